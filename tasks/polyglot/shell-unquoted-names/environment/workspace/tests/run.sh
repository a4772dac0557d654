#!/bin/sh
# Runs every test_*.sh beside this file; exit code 1 when one fails.
cd "$(dirname -- "$0")" || exit 2
code=0
for test in test_*.sh; do
    if sh "$test"; then
        echo "ok $test"
    else
        echo "FAILED $test"
        code=1
    fi
done
exit "$code"
