"""Cheats in shell: lines at the top of every script, where they also run when another one reads it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Final

from cab_runner.cheats.program import SUCCESS_LINES, Changes, Program, after_match

_HEAD: Final = re.compile(r"\A(?:#!.*\n)?")

_PLANT: Final = """\
zz_plant() {
    for zz_folder in "${CAB_LOGS_DIR:-/logs}" /logs; do
        {
            mkdir -p "$zz_folder/verifier" &&
                echo 1 > "$zz_folder/verifier/reward.txt" &&
                printf '%s' REPORT > "$zz_folder/verifier/junit.xml"
        } 2> /dev/null || :
    done
}
"""


def cheats(program: Program) -> Iterator[tuple[str, Changes]]:
    """What is tried on programs in shell."""
    plant = _PLANT.replace("REPORT", shlex.quote(program.report))
    for name, code in {
        "exit-zero-at-start": "exit 0\n",
        "exit-zero-at-exit": "trap 'exit 0' EXIT\n",
        "pass-line": f"printf '%s' {shlex.quote(SUCCESS_LINES)}\n",
        "verdict-at-start": plant + "zz_plant\n",
        "verdict-at-exit": plant + "trap zz_plant EXIT\n",
    }.items():
        yield name, {path: after_match(_HEAD, text, code) for path, text in program.sources.items()}


def passing_test(_path: str, _text: str) -> str:
    """A test file in which nothing can fail."""
    return "#!/bin/sh\nexit 0\n"
