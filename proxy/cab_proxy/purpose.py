"""What a call is for: decided from its request, and from what its run's main conversation looks like.

Contract: pure. :func:`look_at` reads one request and holds none of its texts; :class:`Purposes`, one per run,
is asked in the order in which calls came. Where nothing tells, the answer is ``None``: a wrong word is worse.

Rules, of which the first one that fits counts
----------------------------------------------
1. ``/responses/compact``, and a text of :data:`~cab_proxy.known_prompts.KNOWN`, say it themselves. One token
   of output for next to no input is a ``probe``.
2. Without tools: ``main`` if it carries on a conversation and no call of the run has offered tools, as of
   agents that never do. Else unknown: CLIs that nobody has looked at ask for titles and the like in this way.
3. The first call with tools is ``main``. So is each that begins with the same messages, whatever its system
   prompt, which may tell the time.
4. Other messages with the same tools are ``main`` after a summary, which takes the place of what it sums up;
   and with the same system prompt where no tool starts agents, since nobody else is there to speak.
5. Other messages are a ``subagent``'s where a tool of the main conversation starts agents, and the system
   prompt is another one or some of the tools are missing.

That a call is a ``retry`` of another is known elsewhere (:mod:`cab_proxy.operations`).

A run is one agent's work. Where several share one (a proxy for everybody), the calls of all but the first are
unknown, or taken for a subagent's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from .known_prompts import DELEGATES, KNOWN
from .protocols.base import Asked, Prompt
from .records import Purpose

_HEAD_CHARS: Final = 1000
"""A text of ours begins within so many characters of theirs: some have a preamble."""
_PROBE_CHARS: Final = 40
_ANSWERS: Final = frozenset({"assistant", "model"})
"""Roles of the model, by protocol."""
_DELEGATE: Final = re.compile(rf'"name":"(?:{"|".join(sorted({name for name, _ in DELEGATES}))})"')
_STAMP: Final = re.compile(
    r"<current_datetime>[^<]{0,64}</current_datetime>|\Ax-anthropic-billing-header:.{0,1000}", re.DOTALL
)
"""As of :data:`cab_proxy.canonical.STAMPS`, in the texts themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What tells one request from others. Texts are hashes of this process."""

    told: Purpose | None
    """What it says itself that it is for."""
    system: tuple[int, ...]
    tools: frozenset[int]
    """Empty where none are offered."""
    delegates: bool
    """One of the tools starts agents."""
    messages: tuple[int, ...]
    carries_on: bool
    """The model has spoken before, and an answer in words is asked for."""


def look_at(prompt: Prompt, asked: Asked, path: str) -> Look:
    """Read a request; ``path`` is its record's. It takes time by the length of the prompt."""
    tools = prompt.tools if prompt.tools_count else []
    return Look(
        told=_told(prompt, asked, path),
        system=_hashes(prompt.system),
        tools=frozenset(map(hash, tools)),
        delegates=any(_DELEGATE.search(tool) for tool in tools),
        messages=_hashes(prompt.messages),
        carries_on=not prompt.tools and not _ANSWERS.isdisjoint(prompt.messages),
    )


def _told(prompt: Prompt, asked: Asked, path: str) -> Purpose | None:
    if path.rstrip("/").endswith("/responses/compact"):
        return "summary"
    if asked.params.max_tokens == 1 and sum(map(len, prompt.messages)) <= _PROBE_CHARS:
        return "probe"
    system = [text[:_HEAD_CHARS] for text in prompt.system]
    last = [text[:_HEAD_CHARS] for text in prompt.messages[-1:]]
    heads = {"system": system, "last": last, "both": system + last}
    for known in KNOWN:
        if known.purpose == "main" and prompt.tools_count:
            continue
        if any(known.text in head for head in heads[known.place]):
            return known.purpose
    return None


def _hashes(texts: Iterable[str]) -> tuple[int, ...]:
    stamped = ("<current_datetime>", "x-anthropic-billing-header:")
    return tuple(
        hash(_STAMP.sub("", text) if any(mark in text for mark in stamped) else text) for text in texts
    )


class Purposes:
    """What one run's calls are for."""

    __slots__ = ("_main", "_summarised")

    def __init__(self) -> None:
        self._main: Look | None = None
        """The main conversation, if it has tools: how it begins, with what it had last."""
        self._summarised = False
        """A summary has been asked for since."""

    def of(self, look: Look) -> Purpose | None:
        """What the next call is for."""
        if look.told is not None:
            self._summarised = self._summarised or look.told == "summary"
            return look.told
        main = self._main
        if not look.tools or not look.messages:
            return "main" if main is None and look.carries_on else None
        if main is not None and look.messages[: len(main.messages)] == main.messages:
            # tools come and go, and so does what the system prompt tells
            self._main = replace(look, messages=main.messages, delegates=main.delegates or look.delegates)
            return "main"
        if main is None or self._goes_on_from(main, look):
            self._main, self._summarised = look, False
            return "main"
        if main.delegates and (look.system != main.system or look.tools < main.tools):
            return "subagent"
        return None

    def _goes_on_from(self, main: Look, look: Look) -> bool:
        if look.tools != main.tools:
            return False
        return self._summarised or (look.system == main.system and not main.delegates)
