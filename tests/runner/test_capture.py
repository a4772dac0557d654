"""Output of short jobs."""

from __future__ import annotations

import pytest

from cab_runner.capture import Capture


@pytest.mark.parametrize(
    ("stdout", "stderr", "last"),
    [
        (b"one\ntwo\n", b"", "two"),
        (b"one\n", b"warn\nfatal: no\n\n", "fatal: no"),
        (b"", b"", "it printed nothing"),
    ],
)
def test_the_last_line(stdout: bytes, stderr: bytes, last: str) -> None:
    capture = Capture()
    capture.write("stdout", stdout)
    capture.write("stderr", stderr[:3])
    capture.write("stderr", stderr[3:])
    assert (capture.stdout, capture.stderr) == (stdout, stderr)
    assert capture.last_line == last
