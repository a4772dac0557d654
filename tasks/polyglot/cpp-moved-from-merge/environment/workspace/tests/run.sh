#!/bin/sh
# Runs build/gloss on the cases; exits with 1 when one fails.
set -u
cd "$(dirname "$0")/.."
failed=0
for input in tests/cases/*.in; do
    name=${input%.in}
    if actual=$(build/gloss < "$input" 2>&1) && [ "$actual" = "$(cat "$name.out")" ]; then
        echo "ok      $name"
    else
        failed=1
        printf 'FAILED  %s\nexpected:\n%s\ngot:\n%s\n' "$name" "$(cat "$name.out")" "$actual"
    fi
done
exit $failed
