#!/bin/bash
# Runs in the working directory, as root, and writes a reward, as Harbor has it.
[ "$PWD" = /app ] && [ "$(id -u)" = 0 ] && [ -L text ] && [ -d empty ] && [ -f .hidden ] && [ "$LIMIT" = 3 ] || exit 1
if [[ "$(./count.sh text)" == "$(cat /tests/expected.txt)" && "$(cat words.txt)" == "$(cat /tests/expected.txt)" ]]; then
    echo '{"reward": 1.0}' > /logs/verifier/reward.json
else
    echo 0 > /logs/verifier/reward.txt
fi
