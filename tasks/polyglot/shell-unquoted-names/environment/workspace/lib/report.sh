# What is said to people, and the exit code. Sourced by fileaway.

moved=0
same=0
stay=0
failed=0

say() {
    echo "$1"
}

# A mistake of the user's: nothing has been done.
refuse() {
    printf 'fileaway: %s\n' "$1" >&2
    exit 2
}

# The last line; then the program ends.
summary() {
    say "moved $moved, same $same, stay $stay, failed $failed"
    [ "$failed" -eq 0 ] || exit 3
    [ "$stay" -eq 0 ] || exit 1
    exit 0
}
