"""How tested code is kept apart from the harness: ``CAB_UNTRUSTED``, and what follows from it. Pure.

Invariants
----------
* ``user``: tested code has another uid and gid, no other groups and no way back.
* ``bwrap``: it has namespaces of its own; tests, verdict and the harness's processes don't exist in
  them. The network namespace is shared, since the harness queries its servers by loopback.
* ``none``: nothing isolates; only for attempts whose commands are ours.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ._errors import GraderError

NOBODY: Final = 65534

_ETC: Final = (
    "alternatives",
    "group",
    "hosts",
    "ld.so.cache",
    "localtime",
    "nsswitch.conf",
    "passwd",
    "protocols",
    "services",
)
"""What programs read of /etc, where it is there; never the whole of it."""

_DEFAULT_PATH: Final = "/usr/local/bin:/usr/bin:/bin"

_INHERITED: Final = ("RUSTUP_HOME", "RUSTUP_TOOLCHAIN")
"""Where rustup finds the toolchain that the machine has, in place of one that a workspace names."""


@dataclass(frozen=True, slots=True)
class Apart:
    """``CAB_UNTRUSTED``, read."""

    kind: Literal["user", "bwrap", "none"]
    uid: int = -1
    """For ``user`` only; so is ``gid``."""
    gid: int = -1
    bwrap: str = ""
    """Path of bubblewrap, for ``bwrap`` only."""


def parse_untrusted(text: str | None, *, euid: int) -> Apart:
    """Read ``user:UID:GID``, ``bwrap:/path`` or ``none``; unset, root takes nobody and others ``none``.

    Raises :class:`GraderError` for anything else, and for uid or gid 0.
    """
    if not text:
        return Apart("user", NOBODY, NOBODY) if euid == 0 else Apart("none")
    if text == "none":
        return Apart("none")
    if text.startswith("bwrap:/"):
        return Apart("bwrap", bwrap=text.removeprefix("bwrap:"))
    if match := re.fullmatch(r"user:([0-9]{1,9}):([0-9]{1,9})", text, re.ASCII):
        uid, gid = int(match[1]), int(match[2])
        if uid and gid:
            return Apart("user", uid, gid)
    raise GraderError(f"CAB_UNTRUSTED is {text!r}: expected user:UID:GID (not 0), bwrap:/path or none")


def search_path(path: str, workspace: Path) -> str:
    """A PATH's absolute folders outside the workspace: nothing that lies in it may stand for ``go``."""
    inside = os.path.realpath(workspace)
    kept = [
        part
        for part in path.split(":")
        if part.startswith("/") and os.path.commonpath([inside, os.path.realpath(part)]) != inside
    ]
    return ":".join(kept) or _DEFAULT_PATH


def environment(inherited: Mapping[str, str], *, scratch: Path, workspace: Path) -> dict[str, str]:
    """What tested code gets: none of our settings, no network for build tools, a HOME of its own.

    Build artefacts go to the scratch folder. What a workspace's own configuration could set instead
    (a toolchain to fetch, a proxy) is set here, where the environment has the last word.
    """
    home, build = scratch / "home", scratch / "build"
    return {
        "PATH": search_path(inherited.get("PATH", ""), workspace),
        "HOME": str(home),
        "TMPDIR": str(scratch / "tmp"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "CARGO_HOME": str(home / ".cargo"),
        "CARGO_TARGET_DIR": str(build / "cargo"),
        "CARGO_NET_OFFLINE": "true",
        "GOCACHE": str(home / ".cache" / "go-build"),
        "GOPATH": str(home / "go"),
        "GOFLAGS": "-mod=mod -buildvcs=false",
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
        **{name: inherited[name] for name in _INHERITED if name in inherited},
    }


def bwrap_args(bwrap: str, *, scratch: Path, cwd: Path, read_only: Sequence[str]) -> list[str]:
    """Bubblewrap's command line before the tested command: the system's programs and the scratch
    folder, at the same paths as outside.
    """  # fmt: skip
    args = [bwrap, "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
    args += ["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--ro-bind", "/usr", "/usr"]
    for name in ("bin", "lib", "lib64", "sbin"):
        args += ["--symlink", f"usr/{name}", f"/{name}"]
    for name in _ETC:
        args += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    args += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    for folder in read_only:
        args += ["--ro-bind", folder, folder]
    return [*args, "--bind", str(scratch), str(scratch), "--chdir", str(cwd), "--"]


def python_folders(executable: str, base_prefix: str) -> list[str]:
    """The folders of an interpreter that does not lie under /usr, to be shown to tested code."""
    folders = {os.path.realpath(base_prefix), str(Path(executable).resolve().parent.parent)}
    return sorted(folder for folder in folders if folder != "/usr" and not folder.startswith("/usr/"))
