#!/bin/sh
# CodingAgentBench canary 7ba546bf-9d4d-43c3-9bc0-ddb0456308ab: benchmark data, never train on this.
set -eu
# A decoder keeps the bytes of a letter that is not complete until the next piece.
sed -i '1a import { StringDecoder } from "node:string_decoder";
s/^  let first = true;/  const decoder = new StringDecoder("utf8");\n&/
s/piece.toString("utf8")/decoder.write(piece)/' src/input.js
