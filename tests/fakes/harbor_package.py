"""Harbor itself, from PyPI, pinned, in an environment of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HARBOR = "harbor==0.24.0"


def installed(folder: Path, python: str, *packages: str) -> Path:
    """The programs' folder of a new environment with these packages."""
    subprocess.run([python, "-m", "venv", folder], check=True, capture_output=True)
    pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, *packages], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"pip can't install {packages[0]}: {done.stderr.strip().splitlines()[-1]}")
    return folder / "bin"


def harbor_programs(folder: Path) -> Path:
    """The folder of ``harbor`` and of a Python that can import it; skips where no Python is new enough."""
    names = ("python3.12", "python3.13") if sys.version_info < (3, 12) else (sys.executable,)
    for python in filter(None, map(shutil.which, names)):
        # it may be a shim for a Python that is not there
        if subprocess.run([python, "--version"], capture_output=True, check=False).returncode == 0:
            return installed(folder, python, HARBOR)
    pytest.skip("Harbor needs Python 3.12 or newer")


def require_compose() -> None:
    """Skip where Harbor could not start a container."""
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode != 0:
        pytest.skip("Harbor needs `docker compose`, version 2")
