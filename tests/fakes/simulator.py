"""A simulator as a program of its own, for tests that run other programs."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def simulator(*options: str, key: str) -> Iterator[str]:
    """Serve with these options to those who hold the key. Gives the base URL of OpenAI's APIs."""
    with subprocess.Popen(
        [sys.executable, "-m", "cab_sim", "--until-stdin-ends", *options],
        env={**os.environ, "CAB_SIM_KEY": key},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:  # whose end closes stdin
        assert process.stdout is not None
        url: str = json.loads(process.stdout.readline())["url"]
        yield url
