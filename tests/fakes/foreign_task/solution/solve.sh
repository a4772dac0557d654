#!/bin/bash
set -eu
test "$WORD" = the && test "$GREETING" = hello
sed -i 's/sort -n |/sort -rn |/' count.sh
./count.sh "$(dirname "$0")/../app/text" > /app/words.txt
cat "$(dirname "$0")/done.txt"
