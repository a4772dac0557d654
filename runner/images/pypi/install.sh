#!/bin/sh
# Installs $PACKAGES as of $BEFORE, runs $SETUP, and puts $COMMANDS into /opt/cab/agent/bin.
set -eu
cd /opt/cab/agent
python=/opt/cab/agent/python/bin/python3.12
# shellcheck disable=SC2086  # a list
uv pip install --quiet --python "$python" --exclude-newer "$BEFORE" $PACKAGES
uv pip freeze --python "$python" > packages.txt
sh -eu -c "$SETUP"
"$python" -m compileall -q -j 0 python/lib || true # some packages carry templates that are no Python
for command in $COMMANDS; do
    ln -s "../python/bin/$command" "bin/$command"
    HOME=/tmp/home "bin/$command" --help > /dev/null # not each has a --version
done
rm -rf /tmp/home
