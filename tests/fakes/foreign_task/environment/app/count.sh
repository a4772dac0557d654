#!/bin/sh
# count.sh FILE: the three commonest words of a file.
tr -cs 'a-z' '\n' < "$1" | sort | uniq -c | sort -n | head -n 3 | awk '{print $2}'
