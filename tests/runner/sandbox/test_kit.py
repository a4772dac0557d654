from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from cab_runner.sandbox import kit
from cab_runner.sandbox.base import Folders, Job, Limits
from cab_runner.sandbox.staging import Staging


def job(**more: object) -> Job:
    folders = Folders(workspace=Path("/w"), home=Path("/h"), tests=Path("/t"), logs=Path("/l"))
    given = {"name": "j", "role": "agent", "command": ("true",), "env": {}, "folders": folders, **more}
    return Job(layout=kit.fixed_layout("python3", "none"), limits=Limits(wall_s=1.0), **given)  # type: ignore[arg-type]  # as Job has them


def test_the_kit_is_readable_by_all_and_knows_nobody_of_the_host() -> None:
    before = os.umask(0o077)
    try:
        with Staging() as staging:
            made = kit.make_kit(staging, 1234, 5678)
            for path in (
                made.inside,
                *made.inside.rglob("*"),
                made.passwd,
                made.group,
                made.nsswitch,
                made.hosts,
                made.resolv,
            ):
                wanted = 0o755 if path.is_dir() else 0o644
                assert stat.S_IMODE(path.stat().st_mode) == wanted, path
            assert (made.inside / "door_forwarder.py").is_file()
            assert (made.inside / "cab_grading").is_dir()
            assert not list(made.inside.rglob("__pycache__"))
            assert "cab:x:1234:5678:cab:/home/cab:/bin/sh\n" in made.passwd.read_text()
            names = [line.split(":")[0] for line in made.passwd.read_text().splitlines()]
            assert names == ["root", "cab", "nobody"]
    finally:
        os.umask(before)


def test_the_environment_has_what_programs_expect_and_the_job_has_the_last_word() -> None:
    assert kit.job_env(job(), path="/bin") == {
        "HOME": "/home/cab",
        "LANG": "C.UTF-8",
        "TMPDIR": "/tmp",
        "PATH": "/bin",
    }
    env = kit.job_env(job(env={"HOME": "/elsewhere", "A": "b"}), path=None, tmpdir="/t")
    assert env == {"HOME": "/elsewhere", "LANG": "C.UTF-8", "TMPDIR": "/t", "A": "b"}


@pytest.mark.parametrize("role", ["agent", "script"])
def test_only_graders_get_tests_and_logs(role: str) -> None:
    assert kit.grader_folders(job(role=role)) == (None, None)
    assert kit.grader_folders(job(role="grader")) == (Path("/t"), Path("/l"))


def test_the_door_is_on_loopback() -> None:
    assert kit.fixed_layout("python3", "none").door_url == "http://127.0.0.1:8080"
