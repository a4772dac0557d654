"""Who is who inside an agent's image, and the command lines that make a process one of them.

An image that carries ``cab`` names its agent in ``CAB_IN_IMAGE``. One container has to do there for what
elsewhere has a sandbox each, so the runner is root and all else is not:

* the agent is one user, tested code another; neither has a capability, or can gain one;
* the services (proxy, simulator, the door's forwarder) are a third, so that an agent can neither read their
  memory, environment and descriptors nor signal them. Proxy and simulator keep what it takes to write the
  ledger where root wants it and to give the door's socket away;
* a fourth ends jobs: it can signal the first two and they can't signal it.
"""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

IN_IMAGE: Final = "CAB_IN_IMAGE"
"""Environment variable of the image: the name of the agent that it carries."""

AGENT_IMAGE: Final = "CAB_AGENT_IMAGE"
"""The one that names the image below it: that in which the agent works elsewhere."""

_SERVICE_KEEPS: Final = ("chown", "dac_override")
_NEEDED: Final = {"chown": 0, "dac_override": 1, "kill": 5, "setgid": 6, "setuid": 7, "setpcap": 8}
"""Capabilities of the runner, as linux/capability.h numbers them."""
_SETPRIV: Final = "/usr/bin/setpriv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """User ids, each also that of the user's group."""

    agent: int
    tested: int
    service: int
    ender: int


def users() -> Users:
    """Those of this container, by its host name.

    The kernel counts a user's processes over all containers of the machine, and no container's agent shall
    run into its limit because of another's. Engines that map users have the numbers below 65536.
    """
    first = 20_000 + zlib.crc32(os.uname().nodename.encode()) % 10_000 * 4
    return Users(agent=first, tested=first + 1, service=first + 2, ender=first + 3)


def image_agent() -> str | None:
    """Name of the agent whose image this is; ``None`` elsewhere."""
    return os.environ.get(IN_IMAGE) or None


def become(uid: int, keep: Sequence[str] = ()) -> list[str]:
    """The beginning of a command line that root runs the rest of as ``uid``, for good.

    ``keep`` are the capabilities that it has then, all that it ever can. For root itself the others go.
    """
    only = ",".join(("-all", *(f"+{name}" for name in keep)))
    inherited = "-all" if uid == 0 else only  # root needs no inheritance
    command = [_SETPRIV, f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs"]
    if uid and keep:
        command.append("--securebits=+no_setuid_fixup")  # else access(2) answers as if there were none
    return [
        *command, f"--bounding-set={only}", f"--inh-caps={inherited}", f"--ambient-caps={inherited}", "--"
    ]  # fmt: skip


def service() -> list[str]:
    """The beginning of a service's command line: its own user inside an image, nothing elsewhere."""
    return become(users().service, _SERVICE_KEEPS) if image_agent() and os.geteuid() == 0 else []


def may_enter(folder: Path) -> bool:
    """Whether every user may pass into a folder, whose contents are reached by name then."""
    return all(info.st_mode & stat.S_IXOTH for info in _way_to(folder))


def may_forge(folder: Path) -> bool:
    """Whether a job's user may write into a folder, or put another one in its place. One that is not there
    yet is as safe as where it would be made.
    """
    jobs = (users().agent, users().tested)
    *above, last = _way_to(folder)
    for info in (*above, last):
        is_theirs = info.st_uid in jobs or info.st_mode & stat.S_IWOTH
        if is_theirs and (info is last or not info.st_mode & stat.S_ISVTX):
            return True
        if not info.st_mode & stat.S_IXOTH:
            return False
    return False


def _way_to(folder: Path) -> list[os.stat_result]:
    """The folders to pass through from the root, this one included, as far as they are there."""
    resolved = folder.resolve()
    return [path.stat() for path in (*reversed(resolved.parents), resolved) if path.exists()]


def lacking() -> str | None:
    """Why the runner cannot make anyone of them, in one line; ``None`` when it can."""
    if os.geteuid() != 0:
        return "it needs root in the container, to drop to others: `docker run` without --user"
    if not Path(_SETPRIV).exists():
        return f"{_SETPRIV} is missing: install util-linux"
    if not os.access("/", os.W_OK):
        return "the container's root is read-only: `docker run` without --read-only"
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    effective = int(status.partition("CapEff:")[2].split()[0], 16)
    missing = [name.upper() for name, bit in _NEEDED.items() if not effective >> bit & 1]
    if missing:
        return f"it lacks the capabilities {', '.join(missing)}: `docker run` without --cap-drop"
    return None
