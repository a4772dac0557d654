#!/bin/sh
# Runs build/gauges on the cases, and on a long input made here; exits with 1 when one fails.
set -u
cd "$(dirname "$0")/.."
failed=0

# check NAME EXPECTED ACTUAL
check() {
    if [ "$2" = "$3" ]; then
        echo "ok      $1"
    else
        failed=1
        printf 'FAILED  %s\nexpected:\n%s\ngot:\n%s\n' "$1" "$2" "$3"
    fi
}

for input in tests/cases/*.in; do
    name=${input%.in}
    check "$name" "$(cat "$name.out")" "$(build/gauges --alarm 600 < "$input" 2>&1)"
done

long=$(i=0; while [ $i -lt 300 ]; do echo "mulde-$((i % 3)) $((i + 100)) reading $i"; i=$((i + 1)); done)
check "stations of a long input" "station readings min max last
mulde-0 100 100 397 397
mulde-1 100 101 398 398
mulde-2 100 102 399 399" "$(echo "$long" | build/gauges)"

check "wrong usage" "usage: gauges [--alarm CM] < telegrams" "$(build/gauges --alarm high 2>&1)"

exit $failed
