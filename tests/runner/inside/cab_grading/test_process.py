"""Tested code as processes: what it gets, what comes out, and that nothing of it lives on."""

from __future__ import annotations

from fakes.grading import Place

GONE = """
def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False

def python(code, **more):
    return grader.run([grader.python, "-c", code], **more)
"""


def test_output_input_and_exit_code(place: Place) -> None:
    graded = place.grade(
        GONE
        + """
@grader.test("comes_out")
def _():
    code = "import sys; print(sys.stdin.read().upper()); print('e', file=sys.stderr); sys.exit(7)"
    ran = python(code, stdin="in")
    expect((ran.exit_code, ran.stdout, ran.stderr, ran.timed_out), (7, "IN\\n", "e\\n", False), "result")

@grader.test("signal")
def _():
    expect(python("import os; os.kill(os.getpid(), 15)").exit_code, -15, "exit code")

@grader.test("bytes_that_are_no_text")
def _():
    expect(python("import os; os.write(1, bytes([255, 10]))").stdout, "\\ufffd\\n", "stdout")

@grader.test("opens_dev_stdout")
def _():
    expect(python("open('/dev/stdout', 'w').write('there')").stdout, "there", "stdout")
"""
    )
    assert (graded.reward, graded.failed) == ("1", {})


def test_a_program_that_can_not_be_started_fails_its_test(place: Place) -> None:
    graded = place.grade("grader.test('t')(lambda: grader.run(['no-such-program']))")
    assert graded.reward == "0"
    assert "no-such-program can't be started" in graded.failed["t"]


def test_the_environment_and_the_folder_are_not_the_harness_s(place: Place) -> None:
    place.env |= {"SECRET": "s3cret", "PYTHONSTARTUP": "x", "PATH": f"{place.workspace}:{place.env['PATH']}"}
    graded = place.grade(
        """
@grader.test("env")
def _():
    ran = grader.run(["env"], env={"ADDED": "1"})
    names = {line.partition("=")[0] for line in ran.stdout.splitlines()}
    require(not names & {"SECRET", "PYTHONSTARTUP", "CAB_LOGS_DIR", "CAB_TESTS_DIR"}, ran.stdout)
    require({"ADDED", "HOME", "PATH"} <= names, ran.stdout)
    require(os.environ["CAB_WORKSPACE"] not in ran.stdout, ran.stdout)

@grader.test("cwd")
def _():
    expect(grader.run(["pwd"]).stdout.strip(), os.path.realpath(grader.copy), "cwd")
    folder = grader.folder()
    expect(grader.run(["pwd"], cwd=folder).stdout.strip(), os.path.realpath(folder), "cwd")

@grader.test("descriptors")
def _():
    ran = grader.run([grader.python, "-c", "import os; print(sorted(os.listdir('/proc/self/fd')))"])
    expect(ran.stdout, "['0', '1', '2', '3']\\n", "open descriptors, the one of listdir included")

@grader.test("no_new_privileges")
def _():
    ran = grader.run(["cat", "/proc/self/status"])
    require("NoNewPrivs:\\t1" in ran.stdout, ran.stdout)
"""
    )
    assert (graded.reward, graded.failed) == ("1", {})


def test_what_hangs_is_killed_and_what_it_left_too(place: Place) -> None:
    graded = place.grade(
        GONE
        + """
DAEMON = '''
import os, signal, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.write(1, str(os.getpid()).encode())
        signal.pause()
    os._exit(0)
os.wait()
'''

@grader.test("hangs")
def _():
    ran = python("import os, signal; print(os.getpid(), flush=True); signal.pause()", timeout_s=1.0)
    require(ran.timed_out, str(ran))

@grader.test("leaves_a_daemon")
def _():
    ran = python(DAEMON + "import time\\nwhile not os.fstat(1).st_size: time.sleep(0.01)")
    expect(ran.exit_code, 0, str(ran))
    require(gone(int(ran.stdout)), "the daemon lives")

@grader.test("hangs_with_a_daemon")
def _():
    ran = python(DAEMON + "signal.pause()", timeout_s=1.0)
    require(ran.timed_out, str(ran))
    require(not ran.stdout or gone(int(ran.stdout)), "the daemon lives")
"""
    )
    assert (graded.reward, graded.failed) == ("1", {})


def test_what_flees_by_forking_is_killed_too(place: Place) -> None:
    graded = place.grade(
        """
FLEEING = "import os\\nwhile True:\\n    if os.fork(): os._exit(0)\\n    os.setsid()"

def fleeing():
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if b"FLEEING=%d" % os.getpid() in path.read_bytes():
                yield path
        except OSError:
            pass

@grader.test("flees")
def _():
    for _ in range(15):
        grader.run([grader.python, "-S", "-c", FLEEING], env={"FLEEING": str(os.getpid())})
        for _look in range(5):
            require(not list(fleeing()), "it lives")
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            continue
        require(False, "a child is left")
"""
    )
    assert (graded.reward, graded.failed) == ("1", {})


def test_output_and_files_are_bounded(place: Place) -> None:
    graded = place.grade(
        GONE
        + """
@grader.test("output")
def _():
    ran = python("import sys; sys.stdout.write('x' * (3 << 20))")
    expect((ran.exit_code, len(ran.stdout)), (0, 1 << 20), "exit code and what is seen")

@grader.test("file")
def _():
    ran = python("open('big', 'wb').truncate(300 << 20)")
    require(ran.exit_code != 0, str(ran))
"""
    )
    assert (graded.reward, graded.failed) == ("1", {})
