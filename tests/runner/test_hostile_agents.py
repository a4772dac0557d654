"""Agents that misbehave: each costs its own attempt, which is recorded whole, and leaves nothing behind."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cab_proxy import records
from cab_runner import sandbox
from cab_runner.agents.base import Adapter, Claim, WireContext, Wiring
from cab_runner.attempt import Recorded
from cab_runner.sandbox import owner, usage
from cab_runner.sandbox.base import Sandbox
from cab_runner.sandbox.host import MARK
from fakes.attempts import PYTHON_TASK, REFUSAL_TASK, run

CALLING = """
import json, os, signal, socket, sys, time, threading, urllib.error, urllib.request

def call(model="oracle", **more):
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}], **more}
    headers = {"Authorization": "Bearer " + os.environ["TOKEN"], "Content-Type": "application/json"}
    request = urllib.request.Request(os.environ["URL"], json.dumps(body).encode(), headers)
    return urllib.request.urlopen(request)

call().read()
"""
"""Each of these agents begins with one call that succeeds, so that there is something to keep."""

BWRAP = pytest.param("bwrap", marks=pytest.mark.bwrap)
DOCKER = pytest.param("docker", marks=[pytest.mark.docker, pytest.mark.agents])


def agent(script: str, **more: Any) -> Adapter:
    def wire(context: WireContext) -> Wiring:
        return Wiring(
            command=(context.layout.python, "-c", CALLING + script),
            env={"URL": f"{context.base_url}/chat/completions", "TOKEN": context.token},
        )

    return Adapter(name="bash-loop", version="1", protocol="chat", image=None, wire=wire, **more)


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    """No folder and no process of this runner's is there after the attempt."""
    yield
    own = owner.me()
    assert [path for path in Path(tempfile.gettempdir()).glob("cab-*/owner") if path.read_text() == own] == []
    assert [mark for mark in usage.marked(MARK).values() if mark.startswith(f"{own}/")] == []


def attempt(results: Path, box: str, script: str, **options: Any) -> Recorded:
    """Run it; the record is whole, whatever the agent did."""
    task = options.pop("task_id", PYTHON_TASK)
    options.setdefault("timeout_s", 60.0)
    adapter = options.pop("adapter", None) or agent(script)
    chosen: Sandbox = sandbox.choose(box, simulated=True)
    done = run(results, chosen, task, adapter=adapter, **options)
    names = {path.name for path in done.folder.iterdir()}
    assert names >= {
        "cell.json", "calls.jsonl", "trace.jsonl", "agent.stdout", "agent.stderr", "terminal.cast",
        "workspace.patch", "grade.json", "lock.json",
    }  # fmt: skip
    ledger = records.verify((done.folder / "calls.jsonl").read_bytes())
    assert ledger.ok
    assert ledger.in_flight == ()
    assert ledger.head == done.cell["provenance"]["ledger_head"]
    assert done.cell["meter"]["calls"] >= 1
    assert json.loads((done.folder / "cell.json").read_bytes()) == done.cell
    for line in (done.folder / "terminal.cast").read_text("utf-8").splitlines():
        json.loads(line)
    assert list((results / ".partial").iterdir()) == []
    return done


@pytest.mark.parametrize("box", [BWRAP])
@pytest.mark.parametrize(
    ("script", "cause", "exit_code"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "agent_crash", 139),
        ("sys.exit(3)", "agent_error", 3),
        ("while True: os.write(1, b'x' * 65536)", "agent_crash", None),
    ],
)
def test_how_an_agent_ends_is_its_own_failure(
    tmp_path: Path, box: str, script: str, cause: str, exit_code: int | None
) -> None:
    cell = attempt(tmp_path, box, script).cell
    assert cell["failure"]["cause"] == cause
    assert cell["failure"]["counted"] is True
    assert cell["identity"]["exit_code"] == exit_code
    assert cell["scores"]["pass_rate"]["pass"] == 0


FORK_BOMB = """
while True:
    try:
        os.fork()
    except OSError:
        pass
"""


@pytest.mark.parametrize("box", [BWRAP, DOCKER])
def test_an_agent_that_forks_without_end_runs_into_its_clock(tmp_path: Path, box: str) -> None:
    done = attempt(tmp_path, box, FORK_BOMB, timeout_s=2.0)
    assert done.cell["failure"]["cause"] == "agent_timeout"
    assert done.cell["scores"]["pass_rate"]["pass"] == 0, "graded as left"
    spans = [json.loads(line) for line in (done.folder / "trace.jsonl").read_text().splitlines()]
    [container] = [span["attrs"] for span in spans if span["kind"] == "container"]
    assert (container["timed_out"], container["exit_code"]) == (True, None)


MESS = r"""
for name, target in {"passwd": "/etc/passwd", "up": "..", "loop": "loop", "root": "/"}.items():
    os.symlink(target, name)
os.mkfifo("fifo")
listener = socket.socket(socket.AF_UNIX)
listener.bind("socket")
open(b"\xff\n\x1b[31m", "w").write("x")
with open("sparse", "wb") as file:
    file.truncate(2**42)
os.makedirs("nested/.git/hooks")
open(".git/config", "w").write('[core]\n\tfsmonitor = "touch /tmp/ran"\n')
open("closed", "w").write("kept\n")
os.chmod("closed", 0)
os.remove("README.md")
os.write(1, b"\xff\x1b]0;title\x07\x1b[2J\x00\r\n\xe2\x82")
os.write(2, b"\xac\x9b31m")
for name in ["agent.log", ".profile"]:
    os.symlink("/etc/passwd", os.path.join(os.environ["HOME"], name))
os.mkdir("deep")
os.chdir("deep")
for _ in range(3000):
    os.mkdir("d")
    os.chdir("d")
"""


@pytest.mark.parametrize("box", [BWRAP, DOCKER])
def test_a_hostile_workspace_is_described_and_graded(tmp_path: Path, box: str) -> None:
    done = attempt(tmp_path, box, MESS)
    assert done.cell["failure"] is None
    assert done.cell["scores"]["pass_rate"]["pass"] == 0
    blast = done.cell["scores"]["blast_radius"]
    assert blast["extra_git_dir"] is True
    assert blast["removed"] == ["README.md"]
    deepest = "deep" + "/d" * 128
    assert set(blast["added"]) == {
        "passwd", "up", "loop", "root", "fifo", "socket", "\\xff\n\x1b[31m", "sparse", "closed", deepest,
    }  # fmt: skip
    patch = (done.folder / "workspace.patch").read_bytes()
    assert b"+/etc/passwd\n" in patch, "the link, not what it leads to"
    assert b"root:" not in patch
    assert b"+kept\n" in patch
    assert b"content not kept: sparse\n" in patch


ALL_GONE = """
import shutil
here = os.getcwd()
for name in os.listdir():
    shutil.rmtree(name) if os.path.isdir(name) else os.remove(name)
os.chmod(here, 0)
os.chdir("/")
for doing in (lambda: os.rmdir(here), lambda: os.rename(here, here + "-moved")):
    try:
        doing()
        print("gone")
    except OSError:
        pass
"""


@pytest.mark.parametrize("box", [BWRAP, DOCKER])
def test_an_agent_that_removes_everything(tmp_path: Path, box: str) -> None:
    done = attempt(tmp_path, box, ALL_GONE)
    assert done.cell["failure"] is None
    assert (done.folder / "agent.stdout").read_bytes() == b""
    blast = done.cell["scores"]["blast_radius"]
    assert "podium/rules.py" in blast["removed"]
    assert blast["added"] == blast["modified"] == []


@pytest.mark.bwrap
def test_a_huge_refusal_is_a_refusal(tmp_path: Path) -> None:
    script = "open('REFUSAL.md', 'w').write('I refuse: this cannot be done. ' * 1_000_000)"
    cell = attempt(tmp_path, "bwrap", script, task_id=REFUSAL_TASK).cell
    assert cell["scores"]["refusal"]["refusal_produced"] is True
    assert cell["failure"] is None


CALLS = """
try:
    call("another-model")
except urllib.error.HTTPError as error:
    print(error.code, flush=True)
threading.Thread(target=lambda: call(stream=True).read(), daemon=True).start()
if os.fork() == 0:
    os.setsid()
    time.sleep(0.5)
    while True:
        call().read()
time.sleep(0.3)
os._exit(0)
"""


@pytest.mark.parametrize("box", [BWRAP, DOCKER])
def test_calls_that_are_refused_in_flight_or_late_are_accounted_for(tmp_path: Path, box: str) -> None:
    done = attempt(tmp_path, box, CALLS, faults=("slow",))
    assert done.cell["failure"] is None
    assert done.cell["meter"]["calls_refused_by_proxy"] == 1
    assert (done.folder / "agent.stdout").read_text() == "400\n"
    ledger = records.verify((done.folder / "calls.jsonl").read_bytes())
    ends = [call.error_type for call in records.calls_of(ledger.records)]
    assert ends[:2] == [None, "refused"]
    assert set(ends[2:]) <= {None, "client_disconnect"}, "whatever was in flight has an end"


FORWARDER = r"""
for pid in filter(str.isdigit, os.listdir("/proc")):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        if pid != "1" and b"door_" + b"forwarder" in file.read():
            os.kill(int(pid), signal.SIGKILL)
            print("killed")
try:
    call().read()
except OSError as error:
    sys.exit(5)
"""


@pytest.mark.bwrap
def test_who_kills_the_forwarder_has_no_door_any_more(tmp_path: Path) -> None:
    done = attempt(tmp_path, "bwrap", FORWARDER)
    assert (done.folder / "agent.stdout").read_text() == "killed\n"
    assert done.cell["failure"]["cause"] == "agent_error"
    assert done.cell["meter"]["calls"] == 1


def breaks(stdout: str, home: Path) -> Claim | None:
    raise KeyError("a report that nobody has seen yet")


def unwritable(value: object) -> Any:
    def claim(stdout: str, home: Path) -> Claim | None:
        return Claim(source="x", raw=({"v": value},), raw_input_includes_cache=True, tokens=records.Tokens())

    return claim


def nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("claim", "kept"),
    [
        (breaks, False),
        (unwritable(float("nan")), False),
        (unwritable(nested(5000)), False),
        (unwritable(nested(950)), False),
        (unwritable("x" * 2**20), False),
        (unwritable("\ud800"), True),
    ],
    ids=["raises", "nan", "nested", "nested less than the record takes", "long", "half a surrogate pair"],
)
def test_no_token_report_of_an_agent_ends_the_attempt(tmp_path: Path, claim: Any, kept: bool) -> None:
    done = attempt(tmp_path, "process", "", adapter=agent("", claim=claim))
    assert (done.cell["claim"] is not None) is kept
    assert done.cell["failure"] is None


def test_many_files_are_counted_in_one_record(tmp_path: Path) -> None:
    script = "os.mkdir('m')\nfor n in range(1000): open(f'm/{n}', 'w').write('x')"
    cell = attempt(tmp_path, "process", script).cell
    assert cell["scores"]["blast_radius"]["total_changes"] == 1000
