"""What an agent beside the runner can reach, tried in a container of its image: run by test_in_image.py.

``CAB_KEY`` is set in the container, so the runner's own environment holds the key.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cab_runner import metered, sandbox
from cab_runner.agents.base import Adapter, WireContext, Wiring
from cab_runner.attempt import Recorded
from cab_runner.errors import MachineLacks
from cab_runner.resources import tasks_dir
from cab_runner.sandbox import in_image, landlock, usage
from cab_runner.sandbox.users import users
from fakes import attempts
from fakes.attempts import PYTHON_TASK, run
from fakes.bench import Bench, Output

KEY = os.environ["CAB_KEY"]
PARTS = (KEY[:9], KEY[9:])
"""How the agents are told what to look for, so that they don't find it in themselves."""

CALL = """
import os, urllib.request
def call():
    body = b'{"model":"oracle","messages":[{"role":"user","content":"hi"}]}'
    headers = {"Authorization": "Bearer " + os.environ["TOKEN"], "Content-Type": "application/json"}
    return urllib.request.urlopen(urllib.request.Request(os.environ["URL"], body, headers)).read()
call()
"""


@pytest.fixture
def results() -> Iterator[Path]:
    """As a mount of somebody's folder is: open to all."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def attempt(
    results: Path, monkeypatch: pytest.MonkeyPatch, script: str, **options: Any
) -> tuple[Recorded, str]:
    """An attempt of an agent that makes one call and then does something else; and what it printed."""

    def wire(context: WireContext) -> Wiring:
        return Wiring(
            command=(context.layout.python, "-c", CALL + script),
            env={"URL": f"{context.base_url}/chat/completions", "TOKEN": context.token},
        )

    monkeypatch.setattr(metered, "token_urlsafe", lambda _: KEY)  # the simulator takes this key only
    adapter = Adapter(name="bash-loop", version="1", protocol="chat", wire=wire)
    chosen = sandbox.choose(None, simulated=True)
    done = run(results, chosen, PYTHON_TASK, adapter=adapter, **options)
    for uid in (users().agent, users().tested, users().service):
        assert usage.of_user(uid) == {}
    for place in in_image.OPEN_TO_ALL:
        assert {path.owner() for path in place.iterdir()} <= {"root"}
    return done, (done.folder / "agent.stdout").read_text()


def test_an_attempt_is_recorded_with_what_is_not_isolated(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, _ = attempt(results, monkeypatch, "")
    assert done.cell["identity"]["sandbox"] == "in-image"
    assert done.cell["failure"] is None
    kinds = [line.partition(":")[0] for line in done.cell["not_isolated"]]
    assert kinds == ["network", "network of graders", "kernel", "files", "processes"]
    limits = json.loads((done.folder / "lock.json").read_bytes())["limits"]
    kept = {name: limit["mechanism"] for name, limit in limits.items()}
    assert kept["processes"] == "rlimit"
    assert kept["memory"] == kept["wall"] == kept["disk"] == kept["output"] == "watchdog"


SNOOP = """
import ctypes, glob, json, signal, stat, sys
def tried(action, *arguments):
    try:
        action(*arguments)
        return True
    except OSError:
        return False
def read(path):
    with open(path, "rb") as file:
        return file.read(2_000_000)
found, mine = [], {}
libc = ctypes.CDLL(None, use_errno=True)
for process in glob.glob("/proc/[0-9]*"):
    pid = int(process.rpartition("/")[2])
    try:
        command = read(process + "/cmdline").replace(b"\\0", b" ").decode()
        uid = int(read(process + "/status").partition(b"Uid:")[2].split()[0])
    except OSError:
        continue
    if uid == os.getuid():
        continue
    name = "proxy" if "cab_proxy" in command else "sim" if "cab_sim" in command else "other"
    mine.setdefault(name, []).append(uid)
    for part in ("environ", "mem", "maps", "auxv", "stack", "syscall"):
        if tried(read, f"{process}/{part}"):
            found.append((command, part))
    for part in ("fd", "map_files", "task/%d/fd" % pid):
        if tried(os.listdir, f"{process}/{part}"):
            found.append((command, part))
    for part in ("exe", "cwd", "root"):
        if tried(os.readlink, f"{process}/{part}"):
            found.append((command, part))
    if tried(os.kill, pid, 0) or tried(os.kill, pid, signal.SIGKILL):
        found.append((command, "kill"))
    if libc.ptrace(16, pid, 0, 0) == 0:
        found.append((command, "ptrace"))
    if tried(os.pidfd_open, pid):
        pidfd = os.pidfd_open(pid)
        if libc.syscall(438, pidfd, 0, 0) >= 0:
            found.append((command, "pidfd_getfd"))
    if "--control" in command:
        control = command.split("--control ")[1].split()[0]
        client = __import__("socket").socket(1)
        if tried(client.connect, control) or tried(os.stat, control):
            found.append((command, "control"))
results = json.loads(sys.argv[1])[2]
key, files = "".join(json.loads(sys.argv[1])[:2]).encode(), []
for top in ("/etc", "/home", "/opt/cab", results, "/root", "/run", "/tests", "/tmp", "/var", "/workspace"):
    for folder, folders, names in os.walk(top):
        if "_data" in folders and tried(os.listdir, folder + "/_data"):
            found.append((folder, "_data"))
        for name in names:
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            if stat.S_ISSOCK(mode) and tried(__import__("socket").socket(1).connect, path):
                found.append((path, "socket"))
            if stat.S_ISREG(mode) and "site-packages" not in path and tried(read, path):
                files.append(path)
                if key in read(path):
                    found.append((path, "key"))
                if name in ("test.sh", "solve.sh", "check.py", "calls.jsonl", "agent.stdout"):
                    found.append((path, "file"))
            if tried(lambda: open(path, "ab").close()) and not path.startswith(("/workspace", "/home/cab")):
                found.append((path, "written"))
if tried(os.listdir, results + "/.partial") or not tried(os.listdir, results):
    found.append(results)
if any(key in (name + value).encode() for name, value in os.environ.items()):
    found.append("environment")
call()
print(json.dumps({"found": found, "seen": mine, "files": len(files)}))
"""


def test_neither_the_key_nor_the_runners_files_are_in_reach(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, said = attempt(
        results, monkeypatch, f"import sys\nsys.argv.append({json.dumps([*PARTS, str(results)])!r})\n{SNOOP}"
    )
    seen = json.loads(said)
    assert seen["found"] == []
    assert seen["seen"]["proxy"] == seen["seen"]["sim"] == [users().service], "it saw whom it tried"
    assert seen["files"] > 100
    assert done.cell["meter"]["calls"] == 2
    assert done.cell["meter"]["calls_failed"] == 0, "and the proxy has the key"
    for path in done.folder.rglob("*"):
        assert KEY.encode() not in path.read_bytes(), path.name


DAEMONS = """
import signal, time
for place in ("/tmp", "/var/tmp", "/dev/shm", "/run/lock"):
    os.makedirs(place + "/left/" + "d/" * 200)
    os.symlink("/etc/passwd", place + "/link")
for leave in (os.setsid, lambda: None):
    if os.fork() == 0:
        leave()
        if os.fork() == 0:
            for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
                signal.signal(number, signal.SIG_IGN)
            while True:
                for path in ("/tests/test.sh", "/logs/verifier/reward.txt"):
                    try:
                        open(path, "w").write("1")
                    except OSError:
                        pass
                if os.fork() == 0:  # a new id all the time
                    continue
                os._exit(0)
        os._exit(0)
time.sleep(0.2)
print("left")
"""


def test_daemons_and_files_do_not_outlive_the_agent(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done, said = attempt(results, monkeypatch, DAEMONS)
    assert said == "left\n"
    assert done.cell["failure"] is None
    assert done.cell["scores"]["pass_rate"]["pass"] == 0
    grade = json.loads((done.folder / "grade.json").read_bytes())["grade"]
    assert (grade["completed"], grade["tests_intact"]) == (True, True)


KILLER = """
import signal
while True:
    try:
        os.kill(-1, signal.SIGKILL)
    except OSError:
        pass
"""


def test_who_kills_all_it_can_kills_only_its_own(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done, _ = attempt(results, monkeypatch, KILLER, timeout_s=2.0)
    assert done.cell["failure"]["cause"] == "agent_timeout"
    assert done.cell["provenance"]["ledger_head"] is not None, "the proxy lived to close the run"


KERNEL = """
import ctypes
libc = ctypes.CDLL(None)
print(libc.shmget(7, 4096, 0o1666), libc.msgget(7, 0o1666), libc.semget(7, 1, 0o1666))
"""


def test_nothing_of_it_stays_in_the_kernel(isolating: Bench) -> None:
    output = Output()
    isolating.run(KERNEL, output=output)
    assert min(map(int, output.of("stdout").split())) >= 0, "it made them"
    for kind in ("shm", "msg", "sem"):
        assert len(Path(f"/proc/sysvipc/{kind}").read_text().splitlines()) == 1, "only the heading"


def test_results_that_the_agent_could_write_are_refused(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results.chmod(0o777)
    with pytest.raises(MachineLacks, match=r"could write to .*: `chmod -R o-w`"):
        attempt(results, monkeypatch, "")
    assert list(results.iterdir()) == []


def test_tasks_that_the_agent_could_read_are_refused(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as mounted:
        shutil.copytree(tasks_dir(), mounted, dirs_exist_ok=True)
        Path(mounted).chmod(0o755)
        monkeypatch.setattr(attempts, "tasks_dir", lambda: Path(mounted))
        with pytest.raises(MachineLacks, match=r"could read the tests .* `chmod 700`"):
            attempt(results, monkeypatch, "")


PLAIN = """
import json, os, subprocess
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
names = [name for name in status if name.startswith("Cap")]
writable = subprocess.run(
    "find / -xdev \\\\( -path /proc -o -path /sys -o -path /workspace -o -path /home/cab \\\\) -prune "
    "-o ! -type l -writable -print", shell=True, capture_output=True, text=True).stdout.split()
print(json.dumps({
    "ids": status["Uid"].split() + status["Gid"].split() + status["Groups"].split(),
    "privileges": {int(status[name], 16) for name in names} == {0} and status["NoNewPrivs"].strip() == "1",
    "env": sorted(os.environ), "cwd": os.getcwd(), "name": __import__("pwd").getpwuid(os.getuid()).pw_dir,
    "stdin": os.read(0, 1) == b"", "session": os.getsid(0) == os.getpid(), "writable": writable,
}))
"""


def test_an_agent_is_a_plain_user_at_the_usual_places(isolating: Bench) -> None:
    output = Output()
    isolating.run(PLAIN, output=output)
    found = json.loads(output.of("stdout"))
    assert set(found["ids"]) == {str(users().agent)}
    assert found["privileges"] is found["stdin"] is found["session"] is True
    assert (found["cwd"], found["name"]) == ("/workspace", "/home/cab")
    assert "CAB_KEY" not in found["env"]
    assert {"HOME", "PATH", *in_image.IMAGE_ENV} <= set(found["env"])
    assert set(found["writable"]) <= set(map(str, in_image.OPEN_TO_ALL))


CONNECT = """
import os, socket, sys
for port in (81, int(os.environ["PORT"])):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        print("reached", flush=True)
    except OSError as error:
        print(type(error).__name__, flush=True)
"""


@pytest.mark.parametrize("role", ["agent", "grader"])
def test_low_ports_are_refused_to_agents_where_the_kernel_can(isolating: Bench, role: str) -> None:
    output = Output()
    with socket.create_server(("127.0.0.1", 81)), socket.create_server(("127.0.0.1", 0)) as high:
        isolating.run(CONNECT, output=output, role=role, env={"PORT": str(high.getsockname()[1])})
    refused = role == "agent" and landlock.available()
    assert output.of("stdout").split() == [b"PermissionError" if refused else b"reached", b"reached"]
    assert (
        any("below 1024 is refused" in line for line in isolating.sandbox.not_isolated)
        is landlock.available()
    )


def test_two_jobs_of_two_runners_do_not_meet(isolating: Bench) -> None:
    Path("/workspace").mkdir()
    try:
        Path("/workspace/of-another-runner").touch()
        with pytest.raises(sandbox.base.SandboxError, match="one job at a time"):
            isolating.run("pass")
    finally:
        Path("/workspace/of-another-runner").unlink()
        Path("/workspace").rmdir()
    assert isolating.folders.home.is_dir(), "what was moved before is back"
    assert isolating.run("pass").exit_code == 0
