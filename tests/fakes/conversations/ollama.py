"""Ollama's chat and generate: a JSON object a line, of which the one that is ``done`` has the counts."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from . import words
from .counts import spend
from .parts import MODEL, Dialect, Frame, Plan, Talk, counted

_Piece = tuple[dict[str, Any], tuple[tuple[str, str], ...]]


def _said(plan: Plan, rng: Random, name: str) -> list[_Piece]:
    return [({name: piece}, ((name, piece),)) for piece in words.pieces(rng, plan.size)]


def _calls(plan: Plan, rng: Random) -> _Piece:
    calls, says = [], []
    for number in range(rng.randint(1, 2)):
        args = words.arguments(rng, plan.size)
        calls.append({"function": {"name": "bash", "arguments": args}})
        says += [(f"name {number}", "bash"), (f"arguments {number}", words.compact(args))]
    return {"content": "", "tool_calls": calls}, tuple(says)


def _pieces(plan: Plan, rng: Random) -> list[_Piece]:
    pieces: list[_Piece] = []
    if plan.content in {"thinking", "tools"}:
        pieces += _said(plan, rng, "thinking")
    if plan.content != "nothing":
        pieces += _said(plan, rng, "response" if plan.content == "generate" else "content")
    if plan.content == "tools":
        pieces.append(_calls(plan, rng))
    return pieces


def _line(plan: Plan, piece: dict[str, Any], **more: Any) -> dict[str, Any]:
    base = {"model": MODEL, "created_at": "2026-01-01T00:00:00.000000Z", "done": False}
    said = piece if plan.content == "generate" else {"message": {"role": "assistant", "content": "", **piece}}
    return {**base, **said, **more}


def _end(frame: Frame, plan: Plan, rng: Random) -> None:
    """Make a line the last one."""
    spent = spend(rng)
    reason = rng.choice(("stop", "length"))
    counts: dict[str, Any] = {"prompt_eval_count": spent.input, "eval_count": spent.output}
    frame.tokens = counted(spent.input, spent.output)
    if plan.usage == "cached":
        counts["prompt_eval_cached_count"] = spent.cached
        frame.tokens = counted(spent.input, spent.output, cached=spent.cached)
    elif plan.usage == "no prompt":
        del counts["prompt_eval_count"]
        frame.tokens = counted(None, spent.output)
    elif plan.usage == "prompt 0":
        counts["prompt_eval_count"] = 0
        frame.tokens = counted(None, spent.output)
    elif plan.usage == "absent":
        counts, frame.tokens = {}, None
    elif plan.usage == "zero":
        counts = dict.fromkeys(counts, 0)
        frame.tokens = counted(None, 0)
    frame.value |= {"done": True, "done_reason": reason, "total_duration": 5, "eval_duration": 3, **counts}
    frame.finishes, frame.ends, frame.done, frame.final = {0: reason}, True, True, True


def _talk(plan: Plan, rng: Random) -> Talk:
    pieces = _pieces(plan, rng)
    if plan.stream:
        frames = [Frame(value=_line(plan, piece), says=says) for piece, says in pieces]
        frames.append(Frame(value=_line(plan, {"response": ""} if plan.content == "generate" else {})))
    else:
        whole: dict[str, Any] = {}
        for piece, _ in pieces:
            for name, value in piece.items():
                whole[name] = whole[name] + value if name in whole else value
        frames = [Frame(value=_line(plan, whole), says=tuple(said for _, says in pieces for said in says))]
    _end(frames[-1], plan, rng)
    request: dict[str, Any] = {"model": "asked-model"}
    if not plan.stream or rng.random() < 0.5:  # the default is to stream
        request["stream"] = plan.stream
    if plan.content == "generate":
        request["prompt"] = words.text(rng, 2)
    else:
        request["messages"] = [{"role": "user", "content": words.text(rng, 2)}]
    target = "/api/generate" if plan.content == "generate" else "/api/chat"
    return Talk(target=target, request=request, kind="lines" if plan.stream else "plain", frames=frames)


def _error(plan: Plan, rng: Random) -> list[Frame]:
    frame = _refusal(500)
    frame.ends = not plan.stream
    return [frame]


def _refusal(status: int) -> Frame:
    return Frame(value={"error": f"model failed with {status}"}, error=True, ends=True, model=None)


OLLAMA: Final = Dialect(
    streams=(True, True, False),
    contents=("text", "generate", "thinking", "tools", "nothing"),
    usages=("all", "all", "cached", "no prompt", "prompt 0", "absent", "zero"),
    flavours=("ollama",),
    talk=_talk,
    error=_error,
    refusal=_refusal,
)
