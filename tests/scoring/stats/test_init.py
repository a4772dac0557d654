from __future__ import annotations

import subprocess
import sys


def test_scoring_needs_no_scipy() -> None:
    program = "import cab_scoring, sys; print({'scipy', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
