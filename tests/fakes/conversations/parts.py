"""What a conversation is made of: its plan, the frames of the answer, and what is true of them.

A dialect (one module for each protocol) turns a plan into frames, each a JSON value with what it tells
about the call. Whatever is cut off: the truth is what the frames tell that came through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any, Final, Literal

from cab_proxy.records import ErrorType, Tokens

MODEL: Final = "model-2026-01"

NOISE: Final = (
    "bom",
    "broken events",
    "comments",
    "disobeys",  # streams though a plain answer was asked for, or the other way round
    "escapes",  # no byte above ASCII, pairs of surrogates split
    "fields",
    "lines",  # JSON over several lines
    "no done",
    "padding",
    "shuffled",
    "spaced",
    "typed oddly",
    "unclosed",  # the last event has no blank line
)
"""What no reader may stumble over."""

CUTS: Final = ("anywhere", "before the end", "before the usage", "after the end")
FAULTS: Final = (
    *("none",) * 16,
    *(f"cut {where}" for where in CUTS),  # the framing tells
    *(f"stop {where}" for where in CUTS),  # the framing is whole
    *("error first", "error later"),
    *("400", "401", "429", "500", "502 html", "garbage", "empty"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that decides on a conversation."""

    protocol: str
    stream: bool
    content: str
    usage: str
    """In which places."""
    flavour: str
    """Under which names."""
    fault: str
    coding: str
    framing: Literal["length", "chunked", "close"]
    line_end: bytes
    size: int
    """About the number of pieces of a text; 0: says nothing."""
    noise: frozenset[str]
    seed: int

    @property
    def obeys(self) -> bool:
        """The answer is of the kind that was asked for."""
        return "disobeys" not in self.noise

    @property
    def asks_stream(self) -> bool:
        return self.stream is self.obeys


@dataclass(slots=True, kw_only=True)
class Frame:
    """An event, a line, an element, or a plain body, and what is known once it has been read."""

    value: Any
    """A JSON value, or a string as it stands on the wire."""
    event: str = ""
    says: tuple[tuple[str, str], ...] = ()
    """Pieces of text, each with the name of the text that it belongs to."""
    finishes: dict[int, str] = field(default_factory=dict)
    tokens: Tokens | None = None
    """All that has been counted up to here."""
    final: bool | None = None
    """These are the call's counts, not those up to here."""
    cost_usd: Decimal | None = None
    cache_write_1h: int = 0
    ends: bool = False
    """The answer can be over."""
    reopens: int | None = None
    """The choice of this number goes on after all, and the answer with it."""
    done: bool = False
    """It surely is."""
    error: bool = False
    error_code: str | None = None
    model: str | None = MODEL


@dataclass(slots=True, kw_only=True)
class Talk:
    """A question, and its answer as yet without bytes."""

    target: str
    request: dict[str, Any]
    kind: Literal["events", "lines", "array", "plain"]
    frames: list[Frame]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a protocol talks."""

    streams: tuple[bool, ...]
    contents: tuple[str, ...]
    usages: tuple[str, ...]
    flavours: tuple[str, ...]
    talk: Callable[[Plan, Random], Talk]
    error: Callable[[Plan, Random], list[Frame]]
    """The end of an answer with status 200 that goes wrong."""
    refusal: Callable[[int], Frame]
    """The body of an answer with another status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a meter must find."""

    tokens: Tokens
    """Those that the endpoint reported."""
    partial: bool
    """It reported them on the way, and never came to the end."""
    cost_usd: Decimal | None
    cache_write_1h: int
    finish_reasons: tuple[str, ...]
    said: tuple[str, ...]
    model: str | None
    readable: bool
    ended: bool
    done: bool
    in_band_error: bool
    error_code: str | None
    error_type: ErrorType | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Bytes, and the truth about them."""

    target: str
    request: bytes
    status: int
    headers: tuple[tuple[str, str], ...]
    """Without those of the framing."""
    body: bytes
    """As it is sent."""
    length: int
    """As it was to be; more than there are bytes of ``body`` where that is cut."""
    ends_cleanly: bool
    """The framing says that the body is whole."""
    truth: Truth


def truth_of(frames: Iterable[Frame], *, status: int, cut: bool, done: bool) -> Truth:
    """What the frames tell that came through. ``cut``: the framing broke off. ``done``: not before the event
    behind which nothing comes.
    """
    said: dict[str, str] = {}
    finished: dict[int, str] = {}
    tokens: Tokens | None = None
    cost = model = code = None
    final = ended = error = readable = False
    written_1h = 0
    for frame in frames:
        readable = readable or isinstance(frame.value, dict)
        for name, text in frame.says:
            said[name] = said.get(name, "") + text
        if frame.reopens is not None:
            finished.pop(frame.reopens, None)
            ended = False
        finished |= frame.finishes
        tokens = frame.tokens or tokens
        final = final if frame.final is None else frame.final
        cost = cost if frame.cost_usd is None else frame.cost_usd
        written_1h = frame.cache_write_1h or written_1h
        ended = ended or frame.ends
        error = error or frame.error
        code = code or frame.error_code
        model = model or frame.model
    said_all = tuple(map(whole, filter(None, said.values())))
    if tokens is not None and not (tokens.input or tokens.output) and (said_all or not ended):
        tokens = None  # zeros are placeholders, unless there was nothing to count
    error_type: ErrorType | None = None
    if status != 200:
        error_type = "upstream_error"
    elif error:
        error_type = "in_band_error"
    elif (cut and not done) or (readable and not ended):
        error_type = "truncated"
    return Truth(
        tokens=tokens or Tokens(),
        partial=tokens is not None and error_type is not None and not (final or ended),
        cost_usd=cost,
        cache_write_1h=written_1h,
        finish_reasons=tuple(finished[index] for index in sorted(finished)),
        said=said_all,
        model=model,
        readable=readable,
        ended=ended,
        done=done,
        in_band_error=error,
        error_code=code,
        error_type=error_type,
    )


def whole(text: str) -> str:
    """A text with its pairs of surrogates joined."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def counted(
    input_tokens: int | None,
    output: int | None,
    *,
    cached: int | None = None,
    cache_write: int | None = None,
    reasoning: int | None = None,
) -> Tokens:
    """Counts with their total."""
    total = None if input_tokens is None or output is None else input_tokens + output
    return Tokens(
        input=input_tokens,
        cached=cached,
        cache_write=cache_write,
        output=output,
        reasoning=reasoning,
        total=total,
    )
