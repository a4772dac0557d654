# The rules: which folder is for which name. Sourced by fileaway.

# Ends the program when a rule is wrong.
check_rules() {
    if [ ! -f "$rules" ] || [ ! -r "$rules" ]; then
        refuse "$rules: can't be read"
    fi
    number=0
    while IFS= read -r line || [ -n "$line" ]; do
        number=$((number + 1))
        case $line in
            '' | '#'*) ;;
            *'	'*'	'*) refuse "$rules: line $number: more than one tab" ;;
            '	'*) refuse "$rules: line $number: no pattern" ;;
            *'	' | *'	/'* | *'	../'* | *'	..' | *'	'*/../* | *'	'*/.. | *'	'*/)
                refuse "$rules: line $number: the folder must be below the cabinet"
                ;;
            *'	'*) ;;
            *) refuse "$rules: line $number: no tab" ;;
        esac
    done < "$rules"
}

# folder_for NAME: prints the folder; 1 when no rule matches.
folder_for() {
    while read pattern folder; do
        case $pattern in
            '' | '#'*) continue ;;
        esac
        case $1 in
            $pattern)
                echo $folder
                return 0
                ;;
        esac
    done < "$rules"
    return 1
}
