. ./office.sh

rules '*' Papers
document one.pdf text
echo 'not a folder' > "$office/cabinet/Papers"
runs 3 'one.pdf failed
moved 0, same 0, stay 0, failed 1'
[ -e "$office/in/one.pdf" ]
