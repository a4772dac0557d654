# An empty inbox and cabinet in a folder of their own, gone when the test ends. Sourced by the tests.
set -eu

fileaway=$(cd .. && pwd)/fileaway
office=$(mktemp -d)
trap 'rm -rf "$office"' EXIT
mkdir "$office/in" "$office/cabinet"

# rules PATTERN FOLDER …: writes the rules.
rules() {
    while [ $# -gt 0 ]; do
        printf '%s\t%s\n' "$1" "$2"
        shift 2
    done > "$office/cabinet/.rules"
}

# document NAME CONTENT: puts a document into the inbox.
document() {
    printf '%s\n' "$2" > "$office/in/$1"
}

# runs WANTED_CODE WANTED_OUTPUT [OPTION …]: files the inbox away and compares.
runs() {
    wanted_code=$1
    wanted=$2
    shift 2
    code=0
    out=$(sh "$fileaway" "$@" "$office/in" "$office/cabinet" 2> /dev/null) || code=$?
    if [ "$code" -ne "$wanted_code" ] || [ "$out" != "$wanted" ]; then
        printf 'expected exit %s and:\n%s\ngot exit %s and:\n%s\n' "$wanted_code" "$wanted" "$code" "$out"
        return 1
    fi
}
