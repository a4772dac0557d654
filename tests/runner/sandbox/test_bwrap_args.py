from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cab_runner.sandbox import bwrap_args, kit
from cab_runner.sandbox.base import Folders, Job, Limits

FOLDERS = Folders(workspace=Path("/s/w"), home=Path("/s/h"), tests=Path("/s/t"), logs=Path("/s/l"))
AGENT = Job(
    name="j",
    role="agent",
    command=("agent", "--go"),
    env={},
    layout=kit.fixed_layout("/usr/bin/python3", "bwrap:x"),
    folders=FOLDERS,
    limits=Limits(wall_s=1.0, memory_bytes=1000, disk_bytes=400),
)
HOST = bwrap_args.Host(
    bwrap=Path("/s/b/bwrap"), bwrap_folder=Path("/s/b"), python_home=None, disable_userns=True
)
FILES = kit.Kit(
    Path("/s/k/inside"),
    Path("/s/k/passwd"),
    Path("/s/k/group"),
    Path("/s/k/nsswitch.conf"),
    Path("/s/k/hosts"),
    Path("/s/k/resolv.conf"),
)


def binds(args: list[str]) -> dict[str, tuple[str, str]]:
    """Destination → how and from where."""
    found = {}
    for i, arg in enumerate(args):
        if arg in ("--bind", "--ro-bind"):
            found[args[i + 2]] = (arg, args[i + 1])
    return found


def test_of_the_host_only_usr_and_named_files_of_etc() -> None:
    bound = binds(bwrap_args.arguments(AGENT, HOST, FILES, 9, None))
    sources = {source for _, source in bound.values()}
    assert not sources & {
        "/",
        "/etc",
        "/var",
        "/home",
        "/root",
        "/run",
        "/proc",
        "/sys",
        "/etc/shadow",
        "/etc/passwd",
    }
    own = {source for source in sources if source.startswith("/s/")}
    assert all(
        s == "/usr" or s.startswith("/etc/") or s in ("/lib", "/lib64", "/bin", "/sbin")
        for s in sources - own
    )
    assert {target for target, (how, _) in bound.items() if how == "--bind"} == {"/workspace", "/home/cab"}


def test_every_tmpfs_is_bounded_and_the_root_read_only() -> None:
    args = bwrap_args.arguments(AGENT, HOST, FILES, 9, None)
    for i, arg in enumerate(args):
        if arg == "--tmpfs":
            assert args[i - 2] == "--size"
    assert args[args.index("/tmp") - 2] == "400"
    last = [args[i + 1] for i, arg in enumerate(args) if arg == "--remount-ro"]
    assert last == ["/dev", "/"]


def test_an_agent_has_no_tests_no_bwrap_and_no_user_namespaces() -> None:
    args = bwrap_args.arguments(AGENT, HOST, FILES, 9, None)
    assert "--disable-userns" in args
    assert not {"/tests", "/logs", bwrap_args.BWRAP_HOME} & binds(args).keys()


def test_a_grader_has_them_and_can_nest() -> None:
    args = bwrap_args.arguments(replace(AGENT, role="grader"), HOST, FILES, 9, None)
    assert "--disable-userns" not in args
    bound = binds(args)
    assert bound["/tests"] == ("--ro-bind", "/s/t")
    assert bound["/logs"] == ("--bind", "/s/l")
    assert bound[bwrap_args.BWRAP_HOME] == ("--ro-bind", "/s/b")


def test_the_command_comes_last_behind_its_bound_and_its_door() -> None:
    plain = bwrap_args.arguments(AGENT, HOST, FILES, 9, None)
    assert plain[plain.index("--") :] == ["--", "/bin/sh", "-c", 'exec "$@"', "sh", "agent", "--go"]
    full = bwrap_args.arguments(replace(AGENT, door=Path("/s/d.sock")), HOST, FILES, 9, 77)
    command = full[full.index("--") + 1 :]
    assert command[:2] == ["/bin/sh", "-c"]
    assert command[3] == "77"
    forwarder = ["/usr/bin/python3", "-I", "/opt/cab/inside/door_forwarder.py"]
    door = ["--socket", "/run/cab/door.sock", "--listen", "127.0.0.1:8080", "--"]
    assert command[4:] == [*forwarder, *door, "agent", "--go"]
    assert binds(full)["/run/cab/door.sock"] == ("--ro-bind", "/s/d.sock")


def test_a_python_from_elsewhere_is_bound_where_it_is() -> None:
    args = bwrap_args.arguments(AGENT, replace(HOST, python_home=Path("/opt/py")), FILES, 9, None)
    assert binds(args)["/opt/py"] == ("--ro-bind", "/opt/py")


def test_of_etc_only_what_is_there_and_nothing_secret(tmp_path: Path) -> None:
    for name in ("shadow", "passwd", "ld.so.cache", "machine-id"):
        (tmp_path / name).write_text("")
    (tmp_path / "java-17-openjdk").mkdir()
    (tmp_path / "ssl" / "certs").mkdir(parents=True)
    (tmp_path / "ssl" / "private").mkdir()
    found = [path.relative_to(tmp_path).as_posix() for path in bwrap_args.etc_files(tmp_path)]
    assert found == ["ld.so.cache", "ssl/certs", "java-17-openjdk"]
