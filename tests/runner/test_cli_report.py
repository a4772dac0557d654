"""``cab report`` and ``cab view``."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from fakes.commands import cab
from fakes.many_cells import sweep, write


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``results``."""
    folder = tmp_path_factory.mktemp("recorded")
    write(folder / "results", sweep(2, 1, 2))
    return folder


def test_a_site_is_made_and_said_where(recorded: Path) -> None:
    done = cab("report", "--out", "public/site", cwd=recorded)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("pages of 4 attempts: public/site/index.html\n")
    assert (recorded / "public/site/index.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--out", "results"), "results, which is read, lie in each other: give another --out"),
        (("--base-url", "x.org"), "--base-url x.org is no URL"),
        (("--base-url", "https://"), "--base-url https:// is no URL"),
        (("nowhere",), "nowhere"),
    ],
)
def test_a_mistake_is_one_line(recorded: Path, arguments: tuple[str, ...], said: str) -> None:
    done = cab("report", *arguments, cwd=recorded)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("cab: ")]) == 1


def test_without_the_extra_it_says_what_to_install(recorded: Path) -> None:
    program = "import sys; sys.modules['jinja2'] = None; from cab_runner.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "report"], cwd=recorded, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert done.stderr == "cab: jinja2 is not installed: pip install 'codingagentbench[pages]'\n"


def status(url: str, **headers: str) -> int:
    try:
        with urlopen(Request(url, headers=headers)) as answer:
            return int(answer.status)
    except HTTPError as refused:
        return refused.code


def test_a_view_is_served_until_it_is_interrupted(recorded: Path) -> None:
    command = [sys.executable, "-m", "cab_runner.cli", "view", "--no-open", "--port", "0"]
    with subprocess.Popen(command, cwd=recorded, stdout=subprocess.PIPE, text=True) as viewing:
        try:
            assert viewing.stdout
            url = viewing.stdout.readline().split()[0]
            assert url.startswith("http://127.0.0.1:")
            with urlopen(url) as answer:
                assert b"<h1>" in answer.read()
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
            with urlopen(f"{url}cab-site.json") as answer:
                assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
            assert status(f"{url}agent/agent-00/") == 200
            assert status(f"{url}badge/") == 404
            assert status(url, host="attacker.example") == 400
            viewing.send_signal(signal.SIGINT)
            assert viewing.wait() == 0
        finally:
            viewing.kill()
