"""``cab`` run as a program, in an environment without the variables that it reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def cab(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``cab`` in a folder; nothing is raised for its exit code."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("CAB_", "OPENAI_"))}
    return subprocess.run(
        [sys.executable, "-m", "cab_runner.cli", *arguments],
        cwd=cwd, env={**clean, **environment}, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
