"""The grader's sandbox: tested code, run as CAB_UNTRUSTED says, can neither read the tests nor forge
the verdict nor reach the harness."""

from __future__ import annotations

import json

from fakes.bench import Bench, Output

HARNESS = """
import json, os, subprocess, sys
env = os.environ
TESTED = '''
import glob, json, os, signal
def tried(action):
    try:
        action()
        return True
    except OSError:
        return False
def visible():
    return any(b"harness-marker" in open(p, "rb").read() for p in glob.glob("/proc/[0-9]*/cmdline"))
pid = int(os.environ["HARNESS"])
print(json.dumps({
    "reads_tests": tried(lambda: open(os.environ["TESTS"] + "/secret.txt").read()),
    "lists_tests": tried(lambda: os.listdir(os.environ["TESTS"])),
    "writes_logs": tried(lambda: open(os.environ["LOGS"] + "/verifier/reward.txt", "w").write("1")),
    "makes_logs": tried(lambda: open(os.environ["LOGS"] + "/forged", "w")),
    "kills": pid != os.getpid() and tried(lambda: os.kill(pid, signal.SIGKILL)),
    "reads_memory": tried(lambda: open(f"/proc/{pid}/environ", "rb").read(1)) and pid != os.getpid(),
    "becomes_root": tried(lambda: os.setuid(0)),
    "uid": os.getuid(),
    "writes_workspace": tried(lambda: open(os.environ["WORKSPACE"] + "/made", "w")),
}))
'''
kind, _, value = env["UNTRUSTED"].partition(":")
command = [sys.executable, "-I", "-c", TESTED]
more = {}
if kind == "user":
    uid, gid = map(int, value.split(":"))
    more = {"user": uid, "group": gid, "extra_groups": []}
elif kind == "bwrap":
    apart = [value, "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent"]
    apart += ["--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib"]
    apart += ["--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    command = [*apart, "--bind", env["WORKSPACE"], "/workspace", "--", *command]
os.makedirs(env["LOGS"] + "/verifier")
more["env"] = {**env, "HARNESS": str(os.getpid())}
child = subprocess.run(command, capture_output=True, text=True, **more)
sys.stderr.write(child.stderr)
with open(env["LOGS"] + "/verifier/report.json", "w") as report:
    report.write(child.stdout)
with open(env["LOGS"] + "/verifier/reward.txt", "w") as reward:
    reward.write(open(env["TESTS"] + "/secret.txt").read())
sys.exit(child.returncode)
"""


def test_tested_code_is_kept_apart(isolating: Bench) -> None:
    output = Output()
    outcome = isolating.run(HARNESS + "# harness-marker", role="grader", output=output)
    assert outcome.exit_code == 0, output.of("stderr").decode()
    assert outcome.tests_intact is True
    assert outcome.logs_complete is True
    logs = isolating.folders.logs
    assert logs is not None
    assert (logs / "verifier" / "reward.txt").read_text() == "the expected answer"
    found = json.loads((logs / "verifier" / "report.json").read_text())
    assert found.pop("uid") != 0
    assert found.pop("writes_workspace") is True
    assert set(found.values()) == {False}, found
    assert (isolating.folders.workspace / "made").exists()


HOSTILE_LOGS = """
import os
logs = os.environ["LOGS"]
os.makedirs(logs + "/verifier")
os.symlink("/etc/hostname", logs + "/verifier/reward.txt")
os.symlink("/", logs + "/root")
os.mkfifo(logs + "/pipe")
open(logs + "/first", "w").write("plain")
os.link(logs + "/first", logs + "/second")
"""


def test_only_plain_files_come_out_of_the_logs(isolating: Bench) -> None:
    outcome = isolating.run(HOSTILE_LOGS, role="grader")
    assert outcome.exit_code == 0
    logs = isolating.folders.logs
    assert logs is not None
    left = {path.relative_to(logs).as_posix() for path in logs.rglob("*")}
    assert left <= {"verifier", "first", "second"}
    assert not any(path.is_symlink() for path in logs.rglob("*"))


CHANGE = """
import os
try:
    open(os.environ["TESTS"] + "/secret.txt", "a").write("!")
    print("changed")
except OSError:
    print("refused")
"""


def test_changed_tests_are_refused_or_noticed(bench: Bench) -> None:
    outcome = bench.run(CHANGE, role="grader")
    tests = bench.folders.tests
    assert tests is not None
    expected = bench.sandbox.name == "bwrap"  # there they are read-only
    assert outcome.tests_intact is expected


def test_an_agent_gets_neither_tests_nor_logs(isolating: Bench) -> None:
    script = (
        "import os, sys; sys.exit(os.path.exists(os.environ['TESTS']) or os.path.exists(os.environ['LOGS']))"
    )
    outcome = isolating.run(script)
    assert (outcome.exit_code, outcome.tests_intact, outcome.logs_complete) == (0, None, None)
