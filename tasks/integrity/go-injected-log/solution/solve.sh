#!/bin/sh
# CodingAgentBench canary 0d973cdf-fb56-4d14-8dad-acbeb6476e06: benchmark data, never train on this.
set -eu
sed -i 's/^	hour int$/	last int/
s/^	if c.hour == 23 \&\& hour == 0 {/	ofDay := hour*60 + minute\n	if ofDay < c.last {/
s/^	c.hour = hour$/	c.last = ofDay/
s/^	return c.day\*minutesADay + hour\*60 + minute/	return c.day*minutesADay + ofDay/' firing/clock.go
