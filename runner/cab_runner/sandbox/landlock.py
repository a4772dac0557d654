"""Refuses itself TCP connections to ports below 1024, by Landlock (Linux 6.7), then becomes a command.

    python3 landlock.py COMMAND…

That keeps a job that shares the container's network from the web, package registries and remote git, with
all that it starts. Landlock knows ports, not addresses: the ports above stay open, because programs talk to
servers of their own there. UDP, so DNS, passes, and so do multipath TCP and TCP Fast Open: it is for programs
that look for the web, not against one that means to get there. Standard library only.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from typing import Final

FIRST_OPEN: Final = 1024
_NETWORK_SINCE: Final = 4
"""Version of the kernel's interface."""
_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_ASK_VERSION: Final = 1
_CONNECT_TCP: Final = 2
_RULE_NET_PORT: Final = 2
_NO_NEW_PRIVS: Final = 38
_libc: Final = ctypes.CDLL(None, use_errno=True)


def available() -> bool:
    """Whether this kernel can, and the container's seccomp filter lets it."""
    version: int = _libc.syscall(_CREATE, None, 0, _ASK_VERSION)
    return version >= _NETWORK_SINCE


def refuse_low_ports() -> None:
    """For this process, which must have one thread, and its descendants. Raises ``OSError``."""
    rules = _checked(_libc.syscall(_CREATE, struct.pack("=QQ", 0, _CONNECT_TCP), 16, 0))
    for port in range(FIRST_OPEN, 2**16):
        allowed = struct.pack("=QQ", _CONNECT_TCP, port)
        _checked(_libc.syscall(_ADD_RULE, rules, _RULE_NET_PORT, allowed, 0))
    _checked(_libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0))
    _checked(_libc.syscall(_RESTRICT, rules, 0))
    os.close(rules)


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


if __name__ == "__main__":
    refuse_low_ports()
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606  # that is what it is for
