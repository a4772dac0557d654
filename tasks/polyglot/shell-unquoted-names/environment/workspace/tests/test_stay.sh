. ./office.sh

rules '*.pdf' Papers
document song.mp3 la
document paper.pdf text
runs 1 'paper.pdf -> Papers/paper.pdf
song.mp3 stays
moved 1, same 0, stay 1, failed 0'
[ -e "$office/in/song.mp3" ]

printf 'no tab here\n' > "$office/cabinet/.rules"
runs 2 ''
