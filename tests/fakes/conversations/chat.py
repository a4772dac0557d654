"""chat/completions and legacy completions, as OpenAI documents them and others send them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any, Final, NamedTuple

from . import words
from .counts import FLAVOURS, ZERO, Usage, llama_timings, spend
from .parts import MODEL, Dialect, Frame, Plan, Talk, counted

_Says = tuple[tuple[str, str], ...]


class _Delta(NamedTuple):
    """What a chunk adds to a choice."""

    value: dict[str, Any]
    says: _Says = ()


class _Answer(NamedTuple):
    """One choice: piece by piece, and whole."""

    deltas: list[_Delta]
    message: dict[str, Any]
    finish: str

    @property
    def says(self) -> _Says:
        return tuple(piece for delta in self.deltas for piece in delta.says)


def _text(answer: _Answer, plan: Plan, rng: Random, name: str, *also: str) -> None:
    """Say something under a name; also under others, where it is the same text."""
    said = words.pieces(rng, plan.size, halves="escapes" in plan.noise)
    for piece in said:
        answer.deltas.append(_Delta(dict.fromkeys((name, *also), piece), ((name, piece),)))
    answer.message.update(dict.fromkeys((name, *also), "".join(said)))


def _parts(answer: _Answer, plan: Plan, rng: Random) -> None:
    """Mistral's content."""
    said = words.pieces(rng, plan.size)
    for piece in said:
        answer.deltas.append(_Delta({"content": [{"type": "text", "text": piece}]}, (("content", piece),)))
    answer.message["content"] = [{"type": "text", "text": "".join(said)}]


def _tools(answer: _Answer, plan: Plan, rng: Random, kind: str = "function") -> None:
    """Parallel calls, whose arguments come in pieces and in turn."""
    field = "arguments" if kind == "function" else "input"
    calls: list[dict[str, Any]] = []
    queues: list[list[_Delta]] = []
    for index in range(rng.randint(1, 3)):
        name = rng.choice(("bash", "edit_file", "lies"))
        written = json.dumps(words.arguments(rng, plan.size), ensure_ascii=rng.random() < 0.5)
        call = {"index": index, "id": f"call_{index}", "type": kind, kind: {"name": name, field: ""}}
        queue = [_Delta({"tool_calls": [call]}, ((f"name {index}", name),))]
        for piece in words.split(rng, written, plan.size):
            more = {"index": index, kind: {field: piece}}
            queue.append(_Delta({"tool_calls": [more]}, ((f"arguments {index}", piece),)))
        queues.append(queue)
        calls.append({**call, kind: {"name": name, field: written}})
    while queues:
        queue = rng.choice(queues) if rng.random() < 0.2 else queues[0]
        answer.deltas.append(queue.pop(0))
        if not queue:
            queues.remove(queue)
    answer.message["tool_calls"] = calls


def _function(answer: _Answer, plan: Plan, rng: Random) -> None:
    """The one call of older models."""
    written = json.dumps(words.arguments(rng, plan.size))
    answer.deltas.append(_Delta({"function_call": {"name": "bash", "arguments": ""}}, (("name", "bash"),)))
    for piece in words.split(rng, written, plan.size):
        answer.deltas.append(_Delta({"function_call": {"arguments": piece}}, (("arguments", piece),)))
    answer.message["function_call"] = {"name": "bash", "arguments": written}


def _answer(plan: Plan, rng: Random) -> _Answer:
    finish = {"tools": "tool_calls", "custom tool": "tool_calls", "function": "function_call"}
    other = rng.choice(("stop", "length", "content_filter", "eos"))
    answer = _Answer([], {"role": "assistant", "content": None}, finish.get(plan.content, other))
    if plan.content == "legacy":
        _text(answer, plan, rng, "text")
        return answer
    answer.deltas.append(_Delta({"role": "assistant", "content": rng.choice(("", None))}))
    if plan.content in {"reasoning", "tools"} and rng.random() < 0.7:
        both = ("reasoning",) if rng.random() < 0.3 else ()
        _text(answer, plan, rng, rng.choice(("reasoning_content", "reasoning")), *both)
    if plan.content in {"text", "reasoning", "tools", "choices"}:
        _text(answer, plan, rng, "content")
    elif plan.content == "refusal":
        _text(answer, plan, rng, "refusal")
    elif plan.content == "parts":
        _parts(answer, plan, rng)
    elif plan.content == "function":
        _function(answer, plan, rng)
    if plan.content == "tools":
        _tools(answer, plan, rng)
    elif plan.content == "custom tool":
        _tools(answer, plan, rng, "custom")
    if plan.content == "reasoning" and rng.random() < 0.5:  # all keys are always there
        absent = dict.fromkeys(("content", "reasoning_content"), rng.choice(("", None)))
        answer.deltas[:] = [delta._replace(value={**absent, **delta.value}) for delta in answer.deltas]
    return answer


def _named(says: _Says, index: int) -> _Says:
    """The texts of one choice among several."""
    return tuple((f"{index} {name}", piece) for name, piece in says)


def _chunk(
    choices: Sequence[dict[str, Any]], kind: str = "chat.completion.chunk", **more: Any
) -> dict[str, Any]:
    return {
        "id": "c-1",
        "object": kind,
        "created": 1,
        "model": MODEL,
        "system_fingerprint": "fp_1",
        "choices": [*choices],
        **more,
    }


def _streamed(answers: list[_Answer], plan: Plan, rng: Random) -> list[Frame]:
    """The chunks of all choices, in any order among them."""
    legacy = plan.content == "legacy"
    frames: list[Frame] = []
    if rng.random() < 0.2:  # Azure's
        before = {**_chunk([]), "model": "", "prompt_filter_results": [{"prompt_index": 0}]}
        frames.append(Frame(value=before, model=None))
    left = {index: [*answer.deltas, None] for index, answer in enumerate(answers)}
    in_turn = rng.random() < 0.5
    while left:
        index = min(left) if in_turn else rng.choice([*left])
        delta = left[index].pop(0)
        # the reason may come with the last piece
        ends = delta is None or (left[index] == [None] and rng.random() < 0.2)
        if ends:
            del left[index]
        value, says = delta or _Delta({"text": ""} if legacy else {})
        choice: dict[str, Any] = {"index": index, **(value if legacy else {"delta": value})}
        if len(answers) == 1 and rng.random() < 0.1:
            del choice["index"]
        choice |= {"logprobs": None, "finish_reason": answers[index].finish if ends else None}
        frame = Frame(value=_chunk([choice]), says=_named(says, index), ends=not left)
        if ends:
            frame.finishes[index] = answers[index].finish
        if len(answers) > 1 and len(frames) > 1 and rng.random() < 0.2:  # several choices in one chunk
            before = frames[-1].value["choices"]
            if all(other["index"] != index for other in before):
                before.append(choice)
                frames[-1].says += frame.says
                frames[-1].finishes |= frame.finishes
                frames[-1].ends |= frame.ends
                continue
        frames.append(frame)
    return frames


def _plain(answers: list[_Answer], plan: Plan) -> Frame:
    legacy = plan.content == "legacy"
    choices = [
        {
            "index": index,
            **({"text": answer.message.get("text", "")} if legacy else {"message": answer.message}),
            "finish_reason": answer.finish,
        }
        for index, answer in enumerate(answers)
    ]
    says = tuple(piece for index, answer in enumerate(answers) for piece in _named(answer.says, index))
    finishes = {index: answer.finish for index, answer in enumerate(answers)}
    return Frame(value=_chunk(choices, "chat.completion"), says=says, finishes=finishes, ends=True)


def _set(frame: Frame, usage: Usage, *, final: bool, place: str = "usage") -> None:
    """Put a usage object into a frame."""
    if place == "choices":
        frame.value["choices"][0]["usage"] = usage.value
    elif place == "x_groq":
        frame.value["x_groq"] = {"id": "req_1", "usage": usage.value}
    else:
        frame.value[place] = usage.value
    frame.tokens, frame.final, frame.cost_usd = usage.tokens, final, usage.cost_usd


_BLANKS: Final[dict[str, dict[str, int] | None]] = {
    "null": None,
    "nulls, then last": None,
    "zero": ZERO,
    "zeros, then last": ZERO,
}
_WITH_FINISH: Final = {"with finish": "usage", "choices": "choices", "x_groq": "x_groq", "timings": "timings"}


def _count(frames: list[Frame], plan: Plan, rng: Random) -> None:
    """Put usage into an answer's frames, the last of which so far is the one that finishes it."""
    spent, flavour, place, finish = spend(rng), FLAVOURS[plan.flavour], plan.usage, frames[-1]
    for n, frame in enumerate(frames):
        if place == "every":
            _set(frame, flavour(spent.up_to((n + 1) / len(frames))), final=frame is finish)
        elif place in _BLANKS:
            frame.value["usage"] = _BLANKS[place]
            frame.tokens = counted(0, 0) if _BLANKS[place] else None
    if place in _WITH_FINISH:
        usage = llama_timings(spent) if place == "timings" else flavour(spent)
        _set(finish, usage, final=True, place=_WITH_FINISH[place])
    elif place == "before finish" and plan.stream:
        holder = Frame(value=_chunk([]))
        _set(holder, flavour(spent), final=False)
        frames.insert(rng.randint(max(0, len(frames) - 2), len(frames) - 1), holder)
    elif place in {"last", "nulls, then last", "zeros, then last", "before finish", "in parts"}:
        usage = flavour(spent)
        if place == "in parts" and plan.stream:  # what is null later stays as it was
            usage, details = FLAVOURS["openai"](spent), "prompt_tokens_details"
            first = {"prompt_tokens": spent.input, details: usage.value[details]}
            _set(frames[0], Usage(first, counted(spent.input, None, cached=spent.cached)), final=False)
            usage.value[details] = None
        if plan.stream:
            frames.append(Frame(value=_chunk([])))
        _set(frames[-1], usage, final=True)


def _talk(plan: Plan, rng: Random) -> Talk:
    legacy = plan.content == "legacy"
    asked = rng.randint(2, 3) if plan.content == "choices" else 1
    request: dict[str, Any] = {"model": "asked-model", "stream": plan.asks_stream}
    if plan.asks_stream and rng.random() < 0.5:
        request["stream_options"] = {"include_usage": True}
    if asked > 1 or rng.random() < 0.2:
        request["n"] = asked
    prompts = rng.randint(1, 2) if legacy else 1
    if legacy:
        request["prompt"] = "Once" if prompts == 1 else ["Once", "Twice"]
        if rng.random() < 0.3:
            asked = request["n"] = 2
    else:
        request["messages"] = [{"role": "user", "content": words.text(rng, 2)}]
    answers = [_answer(plan, rng) for _ in range(asked * prompts)]
    if plan.stream:
        frames = _streamed(answers, plan, rng)
        _count(frames, plan, rng)
        if "no done" not in plan.noise:
            frames.append(_done())
    else:
        frames = [_plain(answers, plan)]
        _count(frames, plan, rng)
    target = "/v1/completions" if legacy else "/v1/chat/completions"
    return Talk(target=target, request=request, kind="events" if plan.stream else "plain", frames=frames)


def _done() -> Frame:
    return Frame(value="[DONE]", ends=True, done=True, model=None)


def _error(plan: Plan, rng: Random) -> list[Frame]:
    forms: list[tuple[object, str | None]] = [
        ({"message": "Overloaded", "type": "server_error", "code": "overloaded"}, "overloaded"),
        ({"message": "Overloaded", "type": "server_error", "param": None, "code": None}, "server_error"),
        ({"message": "Provider returned error", "code": 502}, None),
        ("overloaded", None),
    ]
    error, code = rng.choice(forms)
    frame = Frame(value={"error": error}, error=True, error_code=code, model=None)
    if not plan.stream:
        frame.ends = True
        return [frame]
    form = rng.random()
    if form < 0.2:
        frame.event = "error"
    elif form < 0.3:
        frame.event, frame.value, frame.error_code = "error", {"message": "Overloaded"}, None
    elif form < 0.5 and plan.protocol == "chat" and plan.content != "choices":  # OpenRouter's
        choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
        frame.value = {**_chunk([choice]), "error": error}
        frame.finishes, frame.ends, frame.model = {0: "error"}, True, MODEL
    return [frame, _done()] if rng.random() < 0.5 else [frame]


def refusal(status: int) -> Frame:
    """An error as OpenAI has it; the embeddings' and the Responses' too."""
    error = {"message": "No", "type": "some_error", "param": None, "code": f"code_{status}"}
    return Frame(value={"error": error}, error=True, error_code=f"code_{status}", ends=True, model=None)


CHAT: Final = Dialect(
    streams=(True, False),
    contents=(
        *("text", "text", "reasoning", "tools", "tools", "choices"),
        *("custom tool", "function", "parts", "refusal", "nothing"),
    ),
    usages=(
        *("last", "with finish", "every", "nulls, then last", "null", "absent", "zero", "zeros, then last"),
        *("choices", "x_groq", "timings", "in parts", "before finish"),
    ),
    flavours=tuple(FLAVOURS),
    talk=_talk,
    error=_error,
    refusal=refusal,
)

COMPLETIONS: Final = Dialect(
    streams=(True, False),
    contents=("legacy",),
    usages=("last", "with finish", "every", "null", "absent", "zero", "choices"),
    flavours=("openai", "bare", "null details", "floats"),
    talk=_talk,
    error=_error,
    refusal=refusal,
)
