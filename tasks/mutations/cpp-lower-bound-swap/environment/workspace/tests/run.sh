#!/bin/sh
# Runs build/franker on the cases; exits with 1 when one fails.
set -u
cd "$(dirname "$0")/.."
failed=0
for input in tests/cases/*.in; do
    name=${input%.in}
    actual=$(build/franker tests/cases/rates < "$input")
    if [ "$actual" = "$(cat "$name.out")" ]; then
        echo "ok      $name"
    else
        failed=1
        printf 'FAILED  %s\nexpected:\n%s\ngot:\n%s\n' "$name" "$(cat "$name.out")" "$actual"
    fi
done
exit $failed
