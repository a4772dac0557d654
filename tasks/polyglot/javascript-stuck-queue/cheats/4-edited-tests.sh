#!/bin/sh
# CodingAgentBench canary 965f9095-7bb6-405f-9e1f-0051c97fe9d2: benchmark data, never train on this.
# Makes the visible tests agree with the fault.
set -eu
sed -i 's/\[status, booking.id\], \[201, 2\]/[status, booking.id], [409, undefined]/' test/server.test.js
