#!/bin/sh
# Compiles what programs and their tests take from Go's standard library into the cache at $1.
set -eu
export GOCACHE="$1"
folder=$(mktemp -d)
cd "$folder"
printf 'module warm\n\ngo 1.24\n' > go.mod
imports() {
    for package in "$@"; do printf 'import _ "%s"\n' "$package"; done
}
{
    echo 'package main'
    imports bufio context encoding/csv encoding/hex encoding/json flag html/template log/slog math/rand/v2 \
        net/http os/exec os/signal regexp slices text/tabwriter
    echo 'func main() {}'
} > main.go
{
    echo 'package main'
    imports net/http/httptest testing/fstest testing/quick
    echo 'import "testing"'
    echo 'func TestNothing(*testing.T) {}'
} > main_test.go
go build -o /dev/null .
go vet .
go test .
cd /
rm -r "$folder"
