#!/bin/sh
# CodingAgentBench canary 7ba546bf-9d4d-43c3-9bc0-ddb0456308ab: benchmark data, never train on this.
# Makes the visible tests agree with the fault.
set -eu
sed -i 's/Zoë,Malmö\\n名前,🏠/Zoe,Malmo\\nA,B/' test/cli.test.js
