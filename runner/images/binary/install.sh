#!/bin/sh
# Puts $COMMANDS into /opt/cab/agent/bin from the download: an archive that holds them, or the one command itself.
set -eu
mkdir -p /build/unpacked /opt/cab/agent/bin
if tar -xf /build/download --no-same-owner -C /build/unpacked 2> /dev/null; then
    for command in $COMMANDS; do
        found=$(find /build/unpacked -type f -name "$command" | head -n 1)
        [ -n "$found" ] || { echo "the archive holds no $command" >&2; exit 1; }
        install -m 755 "$found" "/opt/cab/agent/bin/$command"
    done
else
    install -m 755 /build/download "/opt/cab/agent/bin/$COMMANDS"
fi
