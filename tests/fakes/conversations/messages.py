"""Anthropic's Messages: named events; input is counted at the beginning, output on the way to the end."""

from __future__ import annotations

import json
from random import Random
from typing import Any, Final

from cab_proxy.records import Tokens

from . import words
from .counts import Spent, spend
from .parts import MODEL, Dialect, Frame, Plan, Talk, counted

_ERROR: Final = {"type": "overloaded_error", "message": "Overloaded"}
_STOPS: Final = ("end_turn", "max_tokens", "stop_sequence", "pause_turn", "refusal")


class _Answer:
    """Blocks, piece by piece and whole."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.content: list[dict[str, Any]] = []
        self.says: list[tuple[str, str]] = []

    def add(
        self, start: dict[str, Any], deltas: list[tuple[dict[str, Any], str]], whole: dict[str, Any]
    ) -> None:
        """Add a block: as it starts, what its deltas say, as it is in a plain answer."""
        index = len(self.content)
        at: dict[str, Any] = {"index": index}
        begun = Frame(value={"type": "content_block_start", **at, "content_block": start})
        begun.says = ((f"{index} name", start.get("name", "")),)
        # what a tool at the provider answers is input
        begun.final = False if start["type"] == "server_tool_use" else None
        said = [(f"{index} text", text) for _, text in deltas]
        self.frames += [
            begun,
            *(
                Frame(value={"type": "content_block_delta", **at, "delta": delta}, says=(piece,))
                for (delta, _), piece in zip(deltas, said, strict=True)
            ),
            Frame(value={"type": "content_block_stop", **at}),
        ]
        self.content.append(whole)
        self.says += [*begun.says, *said]


def _text(answer: _Answer, plan: Plan, rng: Random) -> None:
    pieces = words.pieces(rng, plan.size, halves="escapes" in plan.noise)
    deltas = [({"type": "text_delta", "text": piece}, piece) for piece in pieces]
    answer.add({"type": "text", "text": ""}, deltas, {"type": "text", "text": "".join(pieces)})


def _thinking(answer: _Answer, plan: Plan, rng: Random) -> None:
    pieces = words.pieces(rng, plan.size)
    deltas = [({"type": "thinking_delta", "thinking": piece}, piece) for piece in pieces]
    deltas.append(({"type": "signature_delta", "signature": "EqQBCg=="}, ""))
    whole = {"type": "thinking", "thinking": "".join(pieces), "signature": "EqQBCg=="}
    answer.add({"type": "thinking", "thinking": "", "signature": ""}, deltas, whole)


def _tool(answer: _Answer, plan: Plan, rng: Random, kind: str = "tool_use") -> None:
    given = words.arguments(rng, plan.size)
    base = {"type": kind, "id": "toolu_1", "name": rng.choice(("Bash", "Edit"))}
    written = words.compact(given)
    # in a stream it is text of the model's own
    pieces = words.split(rng, json.dumps(given), plan.size) if plan.stream else [written]
    deltas = [({"type": "input_json_delta", "partial_json": piece}, piece) for piece in pieces]
    answer.add({**base, "input": {}}, deltas, {**base, "input": given})


def _searched(answer: _Answer, plan: Plan, rng: Random) -> None:
    _tool(answer, plan, rng, "server_tool_use")
    found = {"type": "web_search_result", "title": "A", "url": "https://a.example", "encrypted_content": "x"}
    block = {"type": "web_search_tool_result", "tool_use_id": "toolu_1", "content": [found]}
    answer.add(block, [], block)


def _answer(plan: Plan, rng: Random) -> _Answer:
    makers = {
        "text": (_text,),
        "thinking": (_thinking, _text),
        "tools": (_thinking, _text, *(_tool for _ in range(rng.randint(1, 3)))),
        "searches": (_text, _searched, _text),
    }
    answer = _Answer()
    for make in makers.get(plan.content, ()):
        make(answer, plan, rng)
    return answer


class _Counts:
    """Usage objects of one call, in the flavour of its endpoint."""

    def __init__(self, spent: Spent, flavour: str) -> None:
        self.spent = spent
        self._flavour = flavour
        self.cache = flavour not in {"bare", "nulls"}
        """It tells of the cache's parts."""
        self.written_1h = spent.written // 2 if flavour == "hours" else 0

    def triple(self, more: int = 0) -> dict[str, Any]:
        """The three parts of input, of which the fresh one has grown by ``more``."""
        spent = self.spent
        names = ("cache_creation_input_tokens", "cache_read_input_tokens")
        if self._flavour == "nulls":
            return {"input_tokens": spent.input + more, **dict.fromkeys(names)}
        if self._flavour == "bare":
            return {"input_tokens": spent.input + more}
        fresh = spent.input - spent.cached - spent.written + more
        return {"input_tokens": fresh, names[0]: spent.written, names[1]: spent.cached}

    def extras(self) -> dict[str, Any]:
        extras: dict[str, Any] = {"service_tier": "standard"}
        if self._flavour == "hours":
            kept = {"ephemeral_5m_input_tokens": self.spent.written - self.written_1h}
            extras["cache_creation"] = {**kept, "ephemeral_1h_input_tokens": self.written_1h}
        return extras

    def output(self, part: float = 1.0) -> dict[str, Any]:
        spent = self.spent.up_to(part)
        value: dict[str, Any] = {"output_tokens": spent.output}
        if self._flavour == "thinking":
            value["output_tokens_details"] = {"thinking_tokens": spent.reasoning}
        return value

    def truth(self, part: float | None, more: int = 0) -> Tokens:
        """What is known once that part of the output has been counted; ``None``: none of it."""
        spent = self.spent.up_to(part or 0)
        return counted(
            spent.input + more,
            None if part is None else spent.output,
            cached=spent.cached if self.cache else None,
            cache_write=spent.written if self.cache else None,
            reasoning=spent.reasoning if part is not None and self._flavour == "thinking" else None,
        )


def _message(content: list[dict[str, Any]], stop: str | None) -> dict[str, Any]:
    base = {"id": "msg_1", "type": "message", "role": "assistant", "model": MODEL, "content": content}
    return {**base, "stop_reason": stop, "stop_sequence": None}


def _begin(counts: _Counts, plan: Plan) -> Frame:
    """``message_start``."""
    usage: dict[str, Any] | None = {**counts.triple(), **counts.extras(), "output_tokens": 1}
    frame = Frame(value={"type": "message_start"}, final=True, cache_write_1h=counts.written_1h)
    frame.tokens = counts.truth(None)
    if plan.usage in {"late", "zero"}:
        usage = {"input_tokens": 0, "output_tokens": 0}
        frame.tokens, frame.cache_write_1h = counted(0, None), 0
    elif plan.usage == "absent":
        usage, frame.tokens, frame.cache_write_1h = None, None, 0
    message = {**_message([], None), "usage": usage}
    if usage is None:
        del message["usage"]
    frame.value["message"] = message
    return frame


def _end(counts: _Counts, plan: Plan, rng: Random, stop: str) -> list[Frame]:
    """``message_delta``, which may come several times, and ``message_stop``."""
    triple, output, place, grown = counts.triple(), counts.output(), plan.usage, rng.randint(1, 1000)
    usages: dict[str, dict[str, Any] | None] = {
        "repeated": {**triple, **output},
        "late": {**triple, **counts.extras(), **output},
        "grown": {**counts.triple(grown), **output},
        "nulls": {**dict.fromkeys(triple), **output},
        "zeros": {**dict.fromkeys(triple, 0), **output},
        "begun only": None,
        "absent": None,
        "zero": {"input_tokens": 0, "output_tokens": 0},
    }
    truths: dict[str, Tokens | None] = {
        "grown": counts.truth(1.0, grown),
        "begun only": None,
        "absent": None,
        "zero": counted(0, 0),
    }
    if counts.cache and counts.spent.cached:  # a triple without its largest part is none
        usages["in part"] = {"input_tokens": triple["input_tokens"] + counts.spent.written, **output}
    frames = []
    if place == "running":
        for part in sorted(1 - rng.random() for _ in range(rng.randint(1, 3))):
            delta = {"type": "message_delta", "delta": {}, "usage": counts.output(part)}
            frames.append(Frame(value=delta, tokens=counts.truth(part), final=False))
    value = {"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None}}
    frame = Frame(value={**value, "usage": usages.get(place, output)}, finishes={0: stop})
    frame.tokens = truths.get(place, counts.truth(1.0))
    if frame.tokens is not None:
        frame.final, frame.cache_write_1h = True, counts.written_1h if place != "zero" else 0
    return [*frames, frame, Frame(value={"type": "message_stop"}, ends=True, done=True)]


def _plain(answer: _Answer, counts: _Counts, plan: Plan, stop: str) -> Frame:
    usage: dict[str, Any] = {**counts.triple(), **counts.extras(), **counts.output()}
    frame = Frame(value=None, says=tuple(answer.says), finishes={0: stop}, ends=True)
    frame.tokens, frame.cache_write_1h = counts.truth(1.0), counts.written_1h
    if plan.usage == "zero":
        usage = {"input_tokens": 0, "output_tokens": 0}
        frame.tokens = counted(0, 0)
    frame.value = {**_message(answer.content, stop), "usage": usage}
    if plan.usage == "absent":
        del frame.value["usage"]
        frame.tokens = None
    if plan.usage in {"zero", "absent"}:
        frame.cache_write_1h = 0
    return frame


def _talk(plan: Plan, rng: Random) -> Talk:
    counts = _Counts(spend(rng), plan.flavour)
    answer = _answer(plan, rng)
    stop = "tool_use" if plan.content == "tools" else rng.choice(_STOPS)
    if plan.stream:
        ping = [Frame(value={"type": "ping"}, model=None)] if rng.random() < 0.7 else []
        frames = [_begin(counts, plan), *ping, *answer.frames]
        frames += _end(counts, plan, rng, stop)
        _name(frames, rng)
    else:
        frames = [_plain(answer, counts, plan, stop)]
    request = {
        "model": "asked-model",
        "max_tokens": 1024,
        "stream": plan.asks_stream,
        "messages": [{"role": "user", "content": words.text(rng, 2)}],
    }
    kind: Any = "events" if plan.stream else "plain"
    return Talk(target="/v1/messages", request=request, kind=kind, frames=frames)


def _name(frames: list[Frame], rng: Random) -> None:
    """Events have their types as names, mostly."""
    if rng.random() < 0.8:
        for frame in frames:
            frame.event = frame.value["type"]


def _error(plan: Plan, rng: Random) -> list[Frame]:
    frame = Frame(
        value={"type": "error", "error": _ERROR}, error=True, error_code="overloaded_error", model=None
    )
    frame.ends = not plan.stream
    if plan.stream:
        _name([frame], rng)
    return [frame]


def _refusal(status: int) -> Frame:
    value = {"type": "error", "error": {"type": f"code_{status}", "message": "No"}, "request_id": "req_1"}
    return Frame(value=value, error=True, error_code=f"code_{status}", ends=True, model=None)


MESSAGES: Final = Dialect(
    streams=(True, True, False),
    contents=("text", "thinking", "tools", "tools", "searches", "nothing"),
    usages=(
        *("output only", "output only", "repeated", "grown", "zeros", "nulls"),
        *("in part", "running", "begun only", "late", "absent", "zero"),
    ),
    flavours=("cache", "bare", "nulls", "hours", "thinking"),
    talk=_talk,
    error=_error,
    refusal=_refusal,
)
