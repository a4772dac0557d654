"""The peers that don't come with the system, pinned, into ``bench/.peers``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Final

from .kinds import PEERS_DIR

_PYTHON: Final = {
    "mitmproxy": "mitmproxy==11.0.2",
    "litellm": "litellm[proxy]==1.106.1",
    "py-spy": "py-spy==0.4.1",
}
_NODE: Final = {
    "portkey": {
        "private": True,
        "dependencies": {"@portkey-ai/gateway": "1.15.2"},
        # with a later one every stream is a 500: it appends to headers that are immutable there
        "overrides": {"@hono/node-server": "1.14.0"},
    }
}
NAMES: Final = (*_PYTHON, *_NODE)


def install(name: str, say: Callable[[str], None]) -> bool:
    """Install one; whether it could be. A version that is there already stays."""
    folder = PEERS_DIR / name
    folder.mkdir(parents=True, exist_ok=True)
    say(f"installing {name}")
    for command in _commands(name):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            say(f"{name}: {command[0]}: {error.strerror}")
            return False
        if done.returncode:
            say(f"{name}: {done.stderr.strip()[-600:]}")
            return False
    return True


def _commands(name: str) -> list[list[str]]:
    folder = PEERS_DIR / name
    if name in _NODE:
        (folder / "package.json").write_text(json.dumps(_NODE[name], indent=2) + "\n")
        return [["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts"]]
    make = [[sys.executable, "-m", "venv", str(folder)]] if not (folder / "bin/python").exists() else []
    pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return [*make, [*pip, _PYTHON[name]]]
