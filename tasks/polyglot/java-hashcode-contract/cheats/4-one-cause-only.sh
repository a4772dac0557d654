#!/bin/sh
# CodingAgentBench canary f1f5a779-b9da-4e79-9cc0-8a2869ed0bf0: benchmark data, never train on this.
# Makes hash codes agree with equals, and leaves alone that moving changes keys in place.
set -eu
sed -i 's/return spelling.hashCode();/return mailbox.hashCode() + domain.toLowerCase().hashCode();/' src/circular/Address.java
