. ./office.sh

rules '*.pdf' 'Paid bills' '*' Rest
document 'May rent.pdf' 'rent of May'
document 'notes on  C:\temp' 'some notes'
runs 0 'May rent.pdf -> Paid bills/May rent.pdf
notes on  C:\temp -> Rest/notes on  C:\temp
moved 2, same 0, stay 0, failed 0'
[ "$(cat "$office/cabinet/Paid bills/May rent.pdf")" = 'rent of May' ]
