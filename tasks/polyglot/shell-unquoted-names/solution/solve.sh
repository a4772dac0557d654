#!/bin/sh
# CodingAgentBench canary 7fca22dc-eeba-4a58-8021-dc9878a41c10: benchmark data, never train on this.
set -eu

# change FILE OLD NEW: one line that is there once, up to its indentation.
change() {
    [ "$(grep -cF -- "$2" "$1")" -eq 1 ]
    old=$2 new=$3 awk '
        { at = index($0, ENVIRON["old"]) }
        at { $0 = substr($0, 1, at - 1) ENVIRON["new"] substr($0, at + length(ENVIRON["old"])) }
        { print }
    ' "$1" > "$1.new"
    cat "$1.new" > "$1"
    rm "$1.new"
}

change fileaway 'for name in $(ls "$inbox"); do' 'for path in "$inbox"/*; do
    name=${path##*/}'
change lib/report.sh 'echo "$1"' "printf '%s\\n' \"\$1\""
change lib/rules.sh 'while read pattern folder; do' "while IFS='	' read -r pattern folder || [ -n \"\$pattern\" ]; do"
change lib/rules.sh 'echo $folder' "printf '%s\\n' \"\$folder\""
change lib/move.sh 'cmp -s $inbox/$2 $target' 'cmp -s -- "$inbox/$2" "$target"'
change lib/move.sh 'mkdir -p $cabinet/$2' 'mkdir -p -- "$cabinet/$2" || return 1'
change lib/move.sh 'mv $inbox/$1 $target' 'mv -- "$inbox/$1" "$target" || return 1'
change lib/move.sh 'say "$1 -> $2/${target##*/}" >> "$cabinet/.log"' 'say "$1 -> $2/${target##*/}" >> "$cabinet/.log" || :'
change lib/move.sh 'rm -f $inbox/$1' 'rm -f -- "$inbox/$1"'
