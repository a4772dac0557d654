. ./office.sh

rules 'scan*' Scans '*.txt' Notes/new '*' Rest
document scan01.pdf one
document hello.txt two
document scan02.txt three
document zebra four

plan='hello.txt -> Notes/new/hello.txt
scan01.pdf -> Scans/scan01.pdf
scan02.txt -> Scans/scan02.txt
zebra -> Rest/zebra
moved 4, same 0, stay 0, failed 0'
runs 0 "$plan" -n
[ ! -e "$office/cabinet/Rest" ]
runs 0 "$plan"
[ "$(cat "$office/cabinet/Notes/new/hello.txt")" = two ]

document zebra four
document hello.txt 'something else'
runs 0 'hello.txt -> Notes/new/hello-2.txt
zebra = Rest/zebra
moved 1, same 1, stay 0, failed 0'
[ -z "$(ls "$office/in")" ]
