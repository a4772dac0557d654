#!/bin/sh
# go, with the standard library compiled: a first build in a new HOME would take 13 s without.
cache=${GOCACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/go-build}
case $cache in
    /*)
        if [ ! -e "$cache" ] && mkdir -p "${cache%/*}" && cp -r /usr/local/share/go-build "$cache.$$"; then
            mv -T "$cache.$$" "$cache" || rm -rf "$cache.$$" # another go was first
        fi 2>/dev/null
        ;;
esac
exec /usr/bin/go "$@"
