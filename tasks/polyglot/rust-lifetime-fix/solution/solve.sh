#!/bin/sh
# CodingAgentBench canary 2527bbee-dfc5-4643-8ef3-b7a1874209fa: benchmark data, never train on this.
set -eu
# What the scanner hands out lives as long as the text, not as long as the scanner is borrowed.
sed -i '/pub fn until(\|pub fn word(\|fn take(/s/&str/\&'\''t str/' src/scanner.rs
# A standing has its name from the text, not from the list of games.
sed -i "s/^pub fn standings<'g>(games: &'g \[Game\]) -> Vec<Standing<'g>> {/pub fn standings<'t>(games: \&[Game<'t>]) -> Vec<Standing<'t>> {/" src/stats.rs
# The texts outlive the games.
sed -i '/^fn lines(/,/^}/{
s/^    let mut games = Vec::new();/    let texts = options.files.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;\n&/
s/^    for path in &options.files {/    for (path, text) in options.files.iter().zip(\&texts) {/
/^        let text = read(path)?;/d
s/game::parse(&text)/game::parse(text)/
}' src/main.rs
