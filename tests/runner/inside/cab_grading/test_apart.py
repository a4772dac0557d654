from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_runner.inside.cab_grading._apart import (
    Apart,
    bwrap_args,
    environment,
    parse_untrusted,
    python_folders,
    search_path,
)
from cab_runner.inside.cab_grading._errors import GraderError


@pytest.mark.parametrize(
    ("text", "euid", "apart"),
    [
        ("user:65534:100", 0, Apart("user", 65534, 100)),
        ("bwrap:/opt/cab/bwrap", 1000, Apart("bwrap", bwrap="/opt/cab/bwrap")),
        ("none", 0, Apart("none")),
        (None, 0, Apart("user", 65534, 65534)),
        ("", 0, Apart("user", 65534, 65534)),
        (None, 1000, Apart("none")),
    ],
)
def test_what_is_understood(text: str | None, euid: int, apart: Apart) -> None:
    assert parse_untrusted(text, euid=euid) == apart


@pytest.mark.parametrize(
    "text",
    [
        "user:0:65534",
        "user:65534:0",
        "user:1",
        "user:x:y",
        "user:-1:5",
        "bwrap:",
        "bwrap:bwrap",
        "None",
        "user:1:2\n",
    ],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(GraderError, match="CAB_UNTRUSTED is"):
        parse_untrusted(text, euid=0)


@given(st.text(max_size=40))
def test_any_text_is_understood_or_refused_and_never_root(text: str) -> None:
    try:
        apart = parse_untrusted(text, euid=0)
    except GraderError:
        return
    assert apart.kind != "user" or (apart.uid > 0 and apart.gid > 0)


def test_the_path_leaves_out_the_workspace_and_relative_folders(tmp_path: Path) -> None:
    inside, outside, link = tmp_path / "ws" / "bin", tmp_path / "tools", tmp_path / "link"
    inside.mkdir(parents=True)
    outside.mkdir()
    link.symlink_to(inside)
    path = f"{inside}::bin:.:{outside}:{link}:{tmp_path / 'ws'}:/usr/bin"
    assert search_path(path, tmp_path / "ws") == f"{outside}:/usr/bin"
    assert search_path("", tmp_path) == "/usr/local/bin:/usr/bin:/bin"


def test_the_environment_is_ours_alone(tmp_path: Path) -> None:
    inherited = {
        "PATH": "/usr/bin",
        "PYTHONPATH": "/evil",
        "SECRET": "s",
        "HOME": "/root",
        "RUSTUP_HOME": "/r",
    }
    env = environment(inherited, scratch=tmp_path, workspace=tmp_path / "ws")
    assert "SECRET" not in env
    assert "PYTHONPATH" not in env
    assert env["HOME"] == str(tmp_path / "home")
    assert env["RUSTUP_HOME"] == "/r"
    assert (env["GOPROXY"], env["GOTOOLCHAIN"], env["CARGO_NET_OFFLINE"]) == ("off", "local", "true")


def test_the_nested_sandbox_sees_the_system_and_the_scratch_folder_only() -> None:
    args = bwrap_args(
        "/b/bwrap", scratch=Path("/tmp/s"), cwd=Path("/tmp/s/workspace"), read_only=["/opt/python"]
    )
    assert args[0] == "/b/bwrap"
    assert args[-1] == "--"
    assert "--unshare-net" not in args
    for namespace in (
        "--unshare-user",
        "--unshare-pid",
        "--unshare-ipc",
        "--unshare-uts",
        "--die-with-parent",
    ):
        assert namespace in args
    bound = [args[i + 1] for i, arg in enumerate(args) if arg in {"--bind", "--ro-bind"}]
    assert bound == ["/usr", "/opt/python", "/tmp/s"]
    assert args.index("--tmpfs") < args.index("--bind"), "a tmpfs on /tmp would cover the scratch folder"


def test_a_python_under_usr_needs_no_folder_of_its_own(tmp_path: Path) -> None:
    assert python_folders("/usr/bin/python3", "/usr") == []
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").touch()
    home = os.path.realpath(tmp_path)
    assert python_folders(str(tmp_path / "bin" / "python3"), str(tmp_path)) == [home]
