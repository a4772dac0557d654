"""The real key is nowhere that an agent can look, while the agent's calls go through with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cab_runner import metered, sandbox
from cab_runner.agents.base import Adapter, WireContext, Wiring
from fakes.attempts import PYTHON_TASK, run

KEY = "real-key-5f1d0c7e9b"

SNOOP = r"""
import glob, os, sys, urllib.request

def show(path):
    try:
        with open(path, "rb") as file:
            sys.stdout.buffer.write(b"\n== " + path.encode() + b"\n" + file.read(200_000))
    except OSError:
        pass

request = urllib.request.Request(
    os.environ["URL"], data=b'{"model":"oracle","messages":[{"role":"user","content":"hi"}]}',
    headers={"Authorization": "Bearer " + os.environ["TOKEN"], "Content-Type": "application/json"},
)
print(urllib.request.urlopen(request).read().decode())
for process in glob.glob("/proc/[0-9]*"):
    for name in ("environ", "cmdline", "mountinfo"):
        show(f"{process}/{name}")
for top in ("/home", "/workspace", "/run", "/tmp", "/etc", "/opt/cab", os.environ["HOME"], os.getcwd()):
    for folder, _, names in os.walk(top):
        for name in names:
            if os.path.isfile(os.path.join(folder, name)):
                show(os.path.join(folder, name))
for name, value in os.environ.items():
    print(name, value)
print("looked everywhere")
"""


def wire(context: WireContext) -> Wiring:
    return Wiring(
        command=(context.layout.python, "-c", SNOOP),
        env={"URL": f"{context.base_url}/chat/completions", "TOKEN": context.token},
    )


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("bwrap", marks=pytest.mark.bwrap),
        pytest.param("docker", marks=[pytest.mark.docker, pytest.mark.agents]),
    ],
)
def test_the_key_is_in_no_file_environment_or_process_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    snoop = Adapter(name="bash-loop", version="1", protocol="chat", image=None, wire=wire)
    monkeypatch.setattr(metered, "token_urlsafe", lambda _: KEY)
    monkeypatch.setenv("CAB_KEY", KEY)
    done = run(tmp_path, sandbox.choose(name, simulated=True), PYTHON_TASK, adapter=snoop)
    output = (done.folder / "agent.stdout").read_bytes()
    assert b"looked everywhere" in output
    assert b"/proc/" in output
    assert done.cell["meter"]["calls"] == 1  # the simulator takes this key only, so the proxy used it
    assert done.cell["meter"]["calls_failed"] == 0
    for path in done.folder.rglob("*"):
        assert KEY.encode() not in path.read_bytes(), path.name
