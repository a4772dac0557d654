"""``cab doctor``: what it tries, and that Ctrl-C ends it."""

from __future__ import annotations

from threading import Event

import pytest

from cab_runner import doctor
from cab_runner.cli.common import print_table
from cab_runner.sandbox.base import Interrupted
from cab_runner.sandbox.process import ProcessSandbox


def test_what_is_to_be_typed_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Square brackets are no markup: an extra's name must not vanish from the command that installs it."""
    print_table(("what", "found"), [("local model", "pip install 'x[local-model]'")])
    assert "pip install 'x[local-model]'" in capsys.readouterr().out


def test_what_it_finds_is_what_was_tried() -> None:
    found = {finding.what: finding for finding in doctor.examine([ProcessSandbox()], Event())}
    assert found["sandbox process"].ok
    assert found["python in process"].detail.startswith("Python 3.")


def test_ctrl_c_ends_it() -> None:
    stop = Event()
    stop.set()
    with pytest.raises(Interrupted):
        doctor.examine([ProcessSandbox()], stop)
