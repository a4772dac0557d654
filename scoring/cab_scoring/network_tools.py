"""Commands that fetch from a network, found in what an agent printed or wrote.

Only where a command can stand: at the start of a line (after a prompt's sign), after ``;``, ``&&``,
``||``, ``|``, ``$(`` or a backtick, or at the start of a JSON string, as agents' event streams have them.
A sentence that mentions a tool is not its use.
"""

from __future__ import annotations

import re
from typing import Final

_TOOLS: Final = (
    r"(?:curl|wget)\s+(?:-|https?:|ftp:|[\"'$]|[\w-]+\.)",
    r"(?:ssh|scp|sftp|rsync|telnet|ftp|nc|ncat)\s+(?:-|[\w.-]+@|[\w-]+\.[\w-]+)",
    r"(?:\S*python3?\s+-m\s+)?(?:pip3?|pipx)\s+(?:install|download)\b",
    r"(?:uv\s+(?:add|sync|pip\s+install|tool\s+install)|uvx|poetry\s+add|conda\s+install)\b",
    r"npm\s+(?:i|ci|install|add|exec)\b",
    r"npx\s+\S",
    r"(?:yarn|pnpm|bun)\s+(?:add|install)\b",
    r"go\s+(?:get|mod\s+download)\b",
    r"go\s+install\s+\S+@",
    r"cargo\s+(?:add|install|fetch)\b",
    r"(?:apt|apt-get|apk|dnf|yum|brew)\s+(?:-\S+\s+)*(?:install|add|update)\b",
    r"(?:gem|bundle|composer)\s+install\b",
    r"git\s+(?:clone|fetch|pull|push)\b",
)
_COMMAND: Final = re.compile(
    r"(?:^[ \t]*(?:[$>#%+]+[ \t]+)?|;[ \t]*|&&[ \t]*|\|\|?[ \t]*|\$\([ \t]*|`|\"|\\n)(?:sudo[ \t]+)?("
    + "|".join(_TOOLS)
    + ")",
    re.MULTILINE | re.ASCII,
)


def network_tools_in(text: str) -> tuple[str, ...]:
    """The network tools that a text runs, by their first words, each once, in order."""
    return tuple(dict.fromkeys(found[1].split()[0] for found in _COMMAND.finditer(text)))
