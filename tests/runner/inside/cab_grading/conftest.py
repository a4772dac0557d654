from __future__ import annotations

from pathlib import Path

import pytest

from fakes.grading import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A workspace, tests and logs of this test's own."""
    return Place(tmp_path)
