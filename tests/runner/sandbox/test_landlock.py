"""Low ports are refused to a process and its children, high ones are not."""

from __future__ import annotations

import subprocess
import sys

from cab_runner.sandbox import landlock

CONNECT = """
import os, socket
os.fork() and os.wait()
for port in (1, 1023, 1024, 65535):
    with socket.socket() as client:
        try:
            client.connect(("127.0.0.1", port))
        except OSError as error:
            print(type(error).__name__, flush=True)
"""


def test_low_ports() -> None:
    command = [sys.executable, "-I", "-S", landlock.__file__, sys.executable, "-I", "-S", "-c", CONNECT]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if not landlock.available():
        assert "OSError" in ended.stderr
        return
    once = ["PermissionError"] * 2 + ["ConnectionRefusedError"] * 2
    assert ended.stdout.split() == once * 2, ended.stderr
