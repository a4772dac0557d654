#!/bin/sh
# CodingAgentBench canary 1628bd02-1e8d-40de-88d7-d82aa6209f4e: benchmark data, never train on this.
set -eu
# What take says is what lend says.
sed -i '/^	if err := tool.take(); err != nil {/,/^	}/d' shed/stock.go
sed -i '/^func (s stock) lend(/,/^}/s/^	return nil$/	return tool.take()/' shed/stock.go
