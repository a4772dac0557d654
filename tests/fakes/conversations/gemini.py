"""Google's generateContent: chunks that are answers of their own, each with running totals. A zero is left
out of JSON, as protocol buffers have it.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

from . import words
from .counts import Spent, spend
from .parts import MODEL, Dialect, Frame, Plan, Talk, counted

_PATH: Final = "/v1beta/models/asked-model"

_Part = tuple[dict[str, Any], tuple[tuple[str, str], ...]]


def _texts(plan: Plan, rng: Random, name: str, **more: Any) -> list[_Part]:
    pieces = words.pieces(rng, plan.size, halves="escapes" in plan.noise)
    return [({"text": piece, **more}, ((name, piece),)) for piece in pieces]


def _call(plan: Plan, rng: Random, number: int) -> _Part:
    name = rng.choice(("run_shell_command", "replace"))
    args = words.arguments(rng, plan.size)
    part = {"functionCall": {"name": name, "args": args}, "thoughtSignature": "Cg=="}
    return part, ((f"{number} name", name), (f"{number} args", words.compact(args)))


def _parts(plan: Plan, rng: Random) -> list[_Part]:
    parts: list[_Part] = []
    if plan.content in {"thoughts", "tools"}:
        parts += _texts(plan, rng, "thoughts", thought=True)
    if plan.content != "nothing":
        parts += _texts(plan, rng, "text")
    if plan.content == "tools":
        parts += [_call(plan, rng, number) for number in range(rng.randint(1, 3))]
    return parts


def _count(frame: Frame, spent: Spent, plan: Plan, tools: int) -> None:
    """Put running totals into a frame."""
    candidates = spent.output - spent.reasoning
    thinks = plan.flavour in {"thoughts", "thoughts within"}
    if not thinks:
        candidates = spent.output
    usage = {
        "promptTokenCount": spent.input,
        "candidatesTokenCount": spent.output if plan.flavour == "thoughts within" else candidates,
        "thoughtsTokenCount": spent.reasoning if thinks else 0,
        "toolUsePromptTokenCount": tools,
        "cachedContentTokenCount": spent.cached if plan.flavour == "cached" else 0,
        "totalTokenCount": spent.input + tools + spent.output,
    }
    frame.value["usageMetadata"] = {
        **{name: count for name, count in usage.items() if count},
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": spent.input}],
    }
    frame.tokens = counted(
        spent.input + tools,
        spent.output,
        cached=usage["cachedContentTokenCount"] or None,
        reasoning=usage["thoughtsTokenCount"] or None,
    )


def _chunk(candidates: list[dict[str, Any]]) -> dict[str, Any]:
    base = {"modelVersion": MODEL, "responseId": "r-1"}
    return {"candidates": candidates, **base} if candidates else base


def _answers(plan: Plan, rng: Random) -> list[Frame]:
    """The chunks of all candidates."""
    asked = 2 if plan.content == "candidates" else 1
    left: dict[int, list[_Part | None]] = {index: [*_parts(plan, rng), None] for index in range(asked)}
    frames = []
    while left:
        index = rng.choice([*left])
        part = left[index].pop(0)
        ends = part is None or (left[index] == [None] and rng.random() < 0.6)
        if ends:
            del left[index]
        candidate: dict[str, Any] = {"index": index} if index or rng.random() < 0.5 else {}
        candidate["content"] = {"role": "model", "parts": [part[0]] if part else []}
        frame = Frame(value=_chunk([candidate]), ends=not left)
        frame.says = tuple((f"{index} {name}", text) for name, text in part[1]) if part else ()
        if ends:
            candidate["finishReason"] = frame.finishes[index] = rng.choice(("STOP", "MAX_TOKENS"))
        frames.append(frame)
    if plan.content == "reopened" and len(frames) > 1:  # after a tool that Google runs
        at = rng.randrange(len(frames) - 1)
        frames[at].value["candidates"][0]["finishReason"] = frames[at].finishes[0] = "STOP"
        frames[at].ends, frames[at + 1].reopens = True, 0
    return frames


def _together(frames: list[Frame]) -> Frame:
    """The chunks of an answer as a plain one."""
    if len(frames) == 1:
        return frames[0]
    candidates: dict[int, dict[str, Any]] = {}
    whole = Frame(value=None, ends=True)
    for frame in frames:
        whole.says += frame.says
        whole.finishes |= frame.finishes
        for candidate in frame.value.get("candidates", ()):
            known = candidates.setdefault(candidate.get("index", 0), candidate)
            if known is not candidate:
                known["content"]["parts"] += candidate["content"]["parts"]
                known |= {key: value for key, value in candidate.items() if key != "content"}
    whole.value = _chunk([candidates[index] for index in sorted(candidates)])
    return whole


def _talk(plan: Plan, rng: Random) -> Talk:
    spent = spend(rng)
    tools = rng.choice((0, rng.randint(1, 5000)))
    if plan.content == "blocked":
        spent = spent.up_to(0)
        frames = [Frame(value={**_chunk([]), "promptFeedback": {"blockReason": "SAFETY"}}, ends=True)]
        frames[0].finishes = {0: "SAFETY"}
    else:
        frames = _answers(plan, rng)
    if not plan.stream:
        frames = [_together(frames)]
    if plan.usage == "after the end" and plan.stream:
        frames.append(Frame(value=_chunk([])))
    last = len(frames) - 1
    ended = max(n for n, frame in enumerate(frames) if frame.ends)
    for n, frame in enumerate(frames):
        if plan.usage == "every" or (plan.usage in {"end", "after the end"} and n == last):
            _count(frame, spent.up_to((n + 1) / len(frames)), plan, tools)
            frame.final = n >= ended
        elif plan.usage == "zero":
            frame.value["usageMetadata"] = {"promptTokenCount": 0, "candidatesTokenCount": 0}
            frame.tokens = counted(0, 0)
    method = "streamGenerateContent" if plan.stream else "generateContent"
    request: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": words.text(rng, 2)}]}]}
    if plan.content == "candidates":
        request["generationConfig"] = {"candidateCount": 2}
    events = rng.random() < 0.7
    kind: Any = ("events" if events else "array") if plan.stream else "plain"
    target = f"{_PATH}:{method}{'?alt=sse' if kind == 'events' else ''}"
    return Talk(target=target, request=request, kind=kind, frames=frames)


def _error(plan: Plan, rng: Random) -> list[Frame]:
    frame = _refusal(503)
    frame.ends = not plan.stream
    return [frame]


def _refusal(status: int) -> Frame:
    error = {"code": status, "message": "No", "status": f"CODE_{status}"}
    return Frame(value={"error": error}, error=True, error_code=f"CODE_{status}", ends=True, model=None)


GEMINI: Final = Dialect(
    streams=(True, True, False),
    contents=("text", "thoughts", "tools", "candidates", "reopened", "nothing", "blocked"),
    usages=("every", "every", "every", "end", "after the end", "absent", "zero"),
    flavours=("bare", "cached", "thoughts", "thoughts within"),
    talk=_talk,
    error=_error,
    refusal=_refusal,
)
