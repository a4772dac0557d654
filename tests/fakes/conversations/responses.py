"""OpenAI's Responses: numbered, typed events, of which the last one repeats the whole answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any, Final, NamedTuple

from cab_proxy.records import Tokens

from . import words
from .chat import refusal
from .counts import Spent, spend
from .parts import MODEL, Dialect, Frame, Plan, Talk, counted


class _Text(NamedTuple):
    """A text within an item."""

    kind: str
    """As its events name it."""
    part: dict[str, int]
    """Which part of the item it is."""
    pieces: list[str]
    done: str
    """Under which key its last event repeats it."""


class _Item(NamedTuple):
    value: dict[str, Any]
    """As it is when done."""
    begun: dict[str, Any]
    """As it is when added."""
    texts: list[_Text]
    name: str = ""


def _message(plan: Plan, rng: Random, number: int) -> _Item:
    refuses = plan.content == "refusal"
    kind, key = ("refusal", "refusal") if refuses else ("output_text", "text")
    texts, content = [], []
    for index in range(rng.randint(1, 2)):
        pieces = words.pieces(rng, plan.size, halves="escapes" in plan.noise)
        texts.append(_Text(kind, {"content_index": index}, pieces, key))
        part = {"type": kind, key: "".join(pieces)}
        content.append(part if refuses else {**part, "annotations": []})
    base = {"type": "message", "id": f"msg_{number}", "role": "assistant"}
    return _Item(
        {**base, "status": "completed", "content": content},
        {**base, "status": "in_progress", "content": []},
        texts,
    )


def _reasoning(plan: Plan, rng: Random, number: int) -> _Item:
    base = {"type": "reasoning", "id": f"rs_{number}"}
    pieces = words.pieces(rng, plan.size)
    if rng.random() < 0.5:
        text = _Text("reasoning_summary_text", {"summary_index": 0}, pieces, "text")
        summary = [{"type": "summary_text", "text": "".join(pieces)}]
        value = {**base, "summary": summary, "encrypted_content": "gAAAA"}
    else:
        text = _Text("reasoning_text", {"content_index": 0}, pieces, "text")
        value = {**base, "summary": [], "content": [{"type": "reasoning_text", "text": "".join(pieces)}]}
    return _Item(value, {**base, "summary": []}, [text])


def _call(plan: Plan, rng: Random, number: int) -> _Item:
    name = rng.choice(("shell", "apply_patch"))
    custom = rng.random() < 0.3
    kind, key = ("custom_tool_call", "input") if custom else ("function_call", "arguments")
    given = words.text(rng, plan.size) if custom else json.dumps(words.arguments(rng, plan.size))
    base = {"type": kind, "id": f"fc_{number}", "call_id": f"call_{number}", "name": name}
    text = _Text(f"{kind}_{key}", {}, words.split(rng, given, plan.size), key)
    return _Item(
        {**base, "status": "completed", key: given}, {**base, "status": "in_progress", key: ""}, [text], name
    )


def _items(plan: Plan, rng: Random) -> list[_Item]:
    makers = {
        "text": (_message,),
        "refusal": (_message,),
        "reasoning": (_reasoning, _message),
        "tools": (_reasoning, _message, *(_call for _ in range(rng.randint(1, 3)))),
        "whole items": (_reasoning, _message, _call),
        "whole at the end": (_message, _call),
    }
    return [make(plan, rng, number) for number, make in enumerate(makers.get(plan.content, ()))]


def _texts(number: int, item: _Item) -> tuple[tuple[str, str], ...]:
    return tuple((f"{number} {text.kind} {text.part}", "".join(text.pieces)) for text in item.texts)


def _said(items: list[_Item]) -> tuple[tuple[str, str], ...]:
    """All that the items say."""
    return tuple(
        said
        for number, item in enumerate(items)
        for said in ((f"{number} name", item.name), *_texts(number, item))
    )


def _events(items: list[_Item], plan: Plan) -> Iterator[Frame]:
    """The events between the answer's beginning and its end."""
    if plan.content == "whole at the end":
        return
    for number, item in enumerate(items):
        at = {"output_index": number}
        begun = Frame(value={"type": "response.output_item.added", **at, "item": item.begun})
        begun.says = ((f"{number} name", item.name),)
        yield begun
        whole = plan.content == "whole items"
        for text in () if whole else item.texts:
            place = {"item_id": item.value["id"], **at, **text.part}
            for piece in text.pieces:
                value = {"type": f"response.{text.kind}.delta", **place, "delta": piece, "obfuscation": "x7"}
                yield Frame(value=value, says=((f"{number} {text.kind} {text.part}", piece),))
            yield Frame(
                value={"type": f"response.{text.kind}.done", **place, text.done: "".join(text.pieces)}
            )
        done = Frame(value={"type": "response.output_item.done", **at, "item": item.value})
        if whole:
            done.says = _texts(number, item)
        yield done


def _usage(spent: Spent, flavour: str) -> tuple[dict[str, Any], Tokens, Decimal | None]:
    value: dict[str, Any] = {
        "input_tokens": spent.input,
        "output_tokens": spent.output,
        "total_tokens": spent.input + spent.output,
    }
    if flavour == "bare":
        return value, counted(spent.input, spent.output), None
    value["input_tokens_details"] = {"cached_tokens": spent.cached}
    value["output_tokens_details"] = {"reasoning_tokens": spent.reasoning}
    cost = written = None
    if flavour == "writes":
        written = spent.written
        value["input_tokens_details"]["cache_write_tokens"] = written
    elif flavour == "openrouter":
        value["cost"] = spent.price / 10**10
        cost = Decimal(repr(value["cost"]))
    elif flavour == "xai":
        value["cost_in_usd_ticks"] = spent.price
        cost = Decimal(spent.price) / 10**10
    tokens = counted(
        spent.input, spent.output, cached=spent.cached, cache_write=written, reasoning=spent.reasoning
    )
    return value, tokens, cost


def _response(status: str, **more: Any) -> dict[str, Any]:
    base = {"id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": MODEL}
    return {**base, "error": None, "incomplete_details": None, "output": [], "usage": None, **more}


def _end(items: list[_Item], plan: Plan, rng: Random) -> Frame:
    """The whole response."""
    status, reason = rng.choice(
        (("completed", "completed"), ("completed", "completed"), ("incomplete", "max_output_tokens"))
    )
    details = {"reason": reason} if status == "incomplete" else None
    response = _response(status, output=[item.value for item in items], incomplete_details=details)
    frame = Frame(value=response, finishes={0: reason}, ends=True, done=True)
    if plan.usage == "end":
        response["usage"], frame.tokens, frame.cost_usd = _usage(spend(rng), plan.flavour)
        frame.final = True
    elif plan.usage == "zero":
        response["usage"] = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
        frame.tokens = counted(0, 0)
    elif plan.usage == "absent":
        del response["usage"]
    if not plan.stream or plan.content == "whole at the end":
        frame.says = _said(items)
    return frame


def _numbered(frames: list[Frame], plan: Plan, rng: Random) -> list[Frame]:
    """The frames with their numbers, and their types as names of events."""
    named = rng.random() < 0.8
    for number, frame in enumerate(frames):
        frame.value["sequence_number"] = number
        frame.event = frame.value["type"] if named else ""
    return frames


def _talk(plan: Plan, rng: Random) -> Talk:
    request = {"model": "asked-model", "stream": plan.asks_stream, "input": words.text(rng, 2)}
    items = _items(plan, rng)
    frames = [_end(items, plan, rng)]
    if plan.stream:
        end = frames[0]
        end.value = {"type": f"response.{end.value['status']}", "response": end.value}
        begun = [
            Frame(value={"type": f"response.{kind}", "response": _response("in_progress")})
            for kind in ("created", "in_progress")
        ]
        frames = _numbered([*begun, *_events(items, plan), end], plan, rng)
    kind: Any = "events" if plan.stream else "plain"
    return Talk(target="/v1/responses", request=request, kind=kind, frames=frames)


def _error(plan: Plan, rng: Random) -> list[Frame]:
    error = {"code": "server_error", "message": "Overloaded"}
    failed = Frame(value=_response("failed", error=error), error=True, error_code="server_error", ends=True)
    failed.finishes = {0: "failed"}
    if not plan.stream:
        if rng.random() < 0.5:
            return [failed]
        return [refusal(503)]
    form = rng.random()
    if form < 0.4:
        failed.value = {"type": "response.failed", "response": failed.value}
        failed.done = True
        return [failed]
    frame = Frame(value={"type": "error", "param": None, "sequence_number": 99}, error=True, model=None)
    frame.event = "error" if rng.random() < 0.8 else ""
    frame.value |= {"error": error} if form < 0.7 else error
    frame.error_code = "server_error"
    return [frame]


RESPONSES: Final = Dialect(
    streams=(True, False),
    contents=("text", "reasoning", "tools", "tools", "refusal", "whole items", "whole at the end", "nothing"),
    usages=("end", "end", "end", "absent", "null", "zero"),
    flavours=("openai", "bare", "writes", "openrouter", "xai"),
    talk=_talk,
    error=_error,
    refusal=refusal,
)
