#!/bin/sh
# fetch.sh PACKAGE VERSION SHA512 FOLDER: unpack a package of npm's into FOLDER.
set -eu
curl -fsSL --retry 3 -o /build/package.tgz "https://registry.npmjs.org/$1/-/$1-$2.tgz"
echo "$3  /build/package.tgz" | sha512sum --check --quiet
mkdir -p "$4"
tar -xzf /build/package.tgz --strip-components 1 --no-same-owner -C "$4"
rm /build/package.tgz
