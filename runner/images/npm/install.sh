#!/bin/sh
# Installs $PACKAGES as of $BEFORE, runs $SETUP, and puts $COMMANDS into /opt/cab/agent/bin.
# Install scripts are not run: what a package needs of them is in the agent's own SETUP.
set -eu
cd /opt/cab/agent
NODE_ARCH=$(cat /build/arch)
export NODE_ARCH
# shellcheck disable=SC2086  # a list
npm install --before "$BEFORE" --ignore-scripts --no-audit --no-fund --no-update-notifier $PACKAGES
npm ls --all > packages.txt || true # optional dependencies of other platforms are missing
sh -eu -c "$SETUP"
for command in $COMMANDS; do
    if [ ! -e "bin/$command" ]; then
        target=$(readlink -f "node_modules/.bin/$command")
        # a script runs on the Node here, not on what the image has on its PATH
        if [ "$(head -c 2 "$target")" = '#!' ]; then
            flags=$(sed -n '1s/^.*node *//p' "$target")
            printf '#!/bin/sh\nexec /opt/cab/agent/node/bin/node %s %s "$@"\n' "$flags" "$target" > "bin/$command"
            chmod 755 "bin/$command"
        else
            chmod 755 "$target"
            ln -s "$target" "bin/$command"
        fi
    fi
    HOME=/tmp/home "bin/$command" --version
done
rm -rf /tmp/home "$HOME/.npm"
