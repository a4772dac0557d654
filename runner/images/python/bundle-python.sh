#!/bin/sh
# bundle-python.sh DIR: copy /usr/local's CPython to DIR with the libraries it needs beside glibc.
set -eu
dir=$1
lib=$dir/lib

mkdir -p "$lib" "$dir/bin"
cp /usr/local/bin/python3.12 "$dir/bin/"
ln -s python3.12 "$dir/bin/python3"
cp -P /usr/local/lib/libpython3* "$lib/"
cp -R /usr/local/lib/python3.12 "$lib/"
cd "$lib/python3.12"
rm -rf test idlelib tkinter turtledemo ensurepip config-3.12-*
find . -name __pycache__ -type d -prune -exec rm -rf {} +

# glibc and its loader are the host image's; everything else that ldd names comes along.
for object in "$lib"/libpython3.12.so.1.0 "$lib"/python3.12/lib-dynload/*.so; do
    LD_LIBRARY_PATH=/usr/local/lib ldd "$object"
done | awk '$3 ~ "^/" {print $3}' | sort -u \
    | grep -v -E '/(libc|libm|libdl|libpthread|librt|libutil|libpython3[0-9.]*)\.so' \
    | while read -r library; do cp -L "$library" "$lib/"; done

for library in "$lib"/*.so.*; do
    [ -L "$library" ] || { chmod u+w "$library"; patchelf --set-rpath '$ORIGIN' "$library"; }
done
for extension in "$lib"/python3.12/lib-dynload/*.so; do
    chmod u+w "$extension"
    patchelf --set-rpath '$ORIGIN/../..' "$extension"
done
patchelf --set-rpath '$ORIGIN/../lib' "$dir/bin/python3.12"
"$dir/bin/python3.12" -c 'import ssl, sqlite3, lzma, bz2, ctypes, readline, uuid, zlib'
