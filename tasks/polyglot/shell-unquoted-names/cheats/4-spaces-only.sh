#!/bin/sh
# CodingAgentBench canary 7fca22dc-eeba-4a58-8021-dc9878a41c10: benchmark data, never train on this.
# Quotes everything and splits at newlines only; what dash's echo does, the last rule and failures stay as they are.
set -eu
sed -i 's/^for name in/IFS="\n"\nset -f\n&/; s/^IFS="$/IFS="/' fileaway
sed -i 's/\$inbox\/\$\([12]\)/"$inbox\/$\1"/; s/ \$target;/ "$target";/; s/ \$target$/ "$target"/; s/-p \$cabinet\/\$2/-p "$cabinet\/$2"/' lib/move.sh
sed -i "s/while read pattern/while IFS='	' read -r pattern/; s/echo \\\$folder/echo \"\$folder\"/" lib/rules.sh
