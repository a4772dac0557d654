#!/bin/sh
# CodingAgentBench canary 7ba546bf-9d4d-43c3-9bc0-ddb0456308ab: benchmark data, never train on this.
# Takes the signs of the damage out of the output; the letters are lost.
set -eu
sed -i 's/piece.toString("utf8")/piece.toString("utf8").replaceAll("\\ufffd", "")/' src/input.js
