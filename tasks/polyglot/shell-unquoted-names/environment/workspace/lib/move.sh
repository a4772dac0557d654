# Moving one document. Sourced by fileaway.

# choose FOLDER NAME: sets target to the first free path for the name there, and twin to nothing; or twin to the path
# of a document with the same content.
choose() {
    target=$1/$2
    twin=
    case $2 in
        ?*.*) stem=${2%.*} extension=.${2##*.} ;;
        *) stem=$2 extension= ;;
    esac
    count=1
    while [ -e "$target" ] || [ -L "$target" ]; do
        if [ -f "$target" ] && [ ! -L "$target" ] && cmp -s $inbox/$2 $target; then
            twin=$target
            return
        fi
        count=$((count + 1))
        target=$1/$stem-$count$extension
    done
}

# move NAME FOLDER: moves a document to target, and notes it in the log.
move() {
    mkdir -p $cabinet/$2
    mv $inbox/$1 $target
    say "$1 -> $2/${target##*/}" >> "$cabinet/.log"
}

# file_away NAME: does with a document of the inbox what the rules say, and tells what became of it.
file_away() {
    if ! folder=$(folder_for "$1"); then
        stay=$((stay + 1))
        say "$1 stays"
        return
    fi
    choose "$cabinet/$folder" "$1"
    if [ -n "$twin" ]; then
        if [ -n "$dry" ] || rm -f $inbox/$1; then
            same=$((same + 1))
            say "$1 = $folder/${twin##*/}"
            return
        fi
    elif [ -n "$dry" ] || move "$1" "$folder"; then
        moved=$((moved + 1))
        say "$1 -> $folder/${target##*/}"
        return
    fi
    failed=$((failed + 1))
    say "$1 failed"
}
