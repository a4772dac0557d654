"""What the proxy wants to know of a call, whatever protocol it is in.

A protocol is one module of this package that offers a :class:`Protocol`: how its paths look, what its
requests ask (:class:`Asked`), what its responses say (:class:`Facts`, read by a
:class:`~cab_proxy.protocols.meter.Meter`), which texts a tokenizer would have to count where no usage is
reported (:class:`Prompt`), and how it tells an error. Nothing outside this package knows one from another.

Contract: pure; nothing here or in a protocol raises for what a client or an endpoint sends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from ..errors import Problem
from ..jsonbody import int_of, text_of
from ..records import NO_PARAMS, Params, Tokens

if TYPE_CHECKING:
    from .meter import Meter


@dataclass(slots=True, kw_only=True)
class Asked:
    """What a request asks."""

    model: str | None = None
    stream: bool | None = None
    """``None`` where the request can't be read."""
    include_usage: bool = False
    """The protocol has usage in the response as it was asked for."""
    choices: int = 1
    """Number of answers asked for."""
    most_output: int | None = None
    """The largest output, over all choices, that any reading of the request allows, if it allows one."""
    background: bool = False
    """The answer, and its usage, is to be fetched later."""
    params: Params = NO_PARAMS


UNREAD: Final = Asked()


@dataclass(slots=True, kw_only=True)
class Facts:
    """What a response said."""

    model: str | None = None
    system_fingerprint: str | None = None
    response_id: str | None = None
    """By which the response can be fetched later, if ``pending``."""
    pending: bool = False
    """The response says that the work has only begun."""
    finish_reasons: tuple[str, ...] = ()
    """One per choice that has finished, in the order of the choices, in the protocol's own words."""
    in_band_error: bool = False
    """The body says that it failed, whatever its status."""
    error_code: str | None = None
    """The endpoint's name for the error."""
    ended: bool = False
    """The protocol came to its own end."""
    usage: Tokens | None = None
    """Reported counts; ``None`` where the endpoint reported none."""
    usage_final: bool = False
    """They are the call's, not those up to where a stream broke off."""
    usage_raw: dict[str, Any] | None = None
    cost_usd: Decimal | None = None
    """What the endpoint says that the call cost."""
    cache_write_1h: int = 0
    """Part of the tokens written to the cache that is kept for an hour, which costs more."""
    said: tuple[str, ...] = ()
    """Everything generated: content, reasoning, names and arguments of tool calls."""
    reasoned: bool = False
    """Reasoning was among it, in full."""
    readable: bool = False
    """The body could be read, so that ``said`` is all of what came."""


@dataclass(slots=True, kw_only=True)
class Prompt:
    """The texts of a request that a tokenizer counts, and the number of things around which a chat
    template puts tokens of its own.
    """

    system: list[str]
    """Instructions: system and developer messages."""
    tools: list[str]
    """Schemas of the tools, each as compact JSON; and the schema of the answer's format."""
    messages: list[str]
    """Roles and contents of all other messages, names and arguments of their tool calls, and results."""
    messages_count: int = 0
    """Messages, system ones included."""
    names_count: int = 0
    tools_count: int = 0
    media: bool = False
    """There are images, audio or files, which are not among the texts."""
    stored: bool = False
    """A part of the prompt lies at the provider (an earlier response, a stored prompt, cached content)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """One way to talk to a model over HTTP."""

    name: str
    """As records have it."""
    path: re.Pattern[str]
    """Matches the end of the path of a model call, a POST, behind any prefix."""
    read_request: Callable[[Mapping[str, Any], str], Asked]
    """The facts of a request, from its body's object and its path."""
    meter: Callable[[Asked, str, str], Meter]
    """The reader of a response, from the request, Content-Type and Content-Encoding."""
    read_prompt: Callable[[Mapping[str, Any]], Prompt]
    """The texts of a request, from its body's object."""
    error_body: Callable[[Problem], bytes]
    """An error in the shape that the protocol's clients read."""
    key_header: str = "Authorization"
    """The header in which the protocol has its key."""
    stream_options: bool = False
    """Streams have usage only if ``stream_options.include_usage`` asks for it."""
    generates: bool = True
    """Responses have output tokens."""
    aside: re.Pattern[str] | None = None
    """Matches the end of the path of a POST that has such a body and is no model call: it counts tokens, or
    shows a model.
    """
    fetch: re.Pattern[str] | None = None
    """Matches the path of a GET that fetches a response later; its group is the ``response_id``."""


def objects(value: object) -> Iterator[Mapping[str, Any]]:
    """The objects in a list; nothing where it is none."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def length_of(value: object) -> int | None:
    """The number of items of a list; anything else has none."""
    return len(value) if isinstance(value, list) else None


def compact(value: object) -> str:
    """A value as JSON without blanks, as a tokenizer gets to see a schema; empty for what is nested too
    deeply.
    """
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    except (RecursionError, ValueError):
        return ""


def code_of(error: object) -> str | None:
    """An error object's name for what went wrong. llama.cpp's ``code`` is the status: its type tells."""
    if not isinstance(error, dict):
        return None
    return text_of(error.get("code"), 64) or text_of(error.get("type"), 64) or None


def object_of(value: object) -> Mapping[str, Any]:
    """An object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def count_of(value: object) -> int | None:
    """A number of tokens; ``None`` for what can't be one."""
    count = int_of(value)
    return count if count is not None and count >= 0 else None
