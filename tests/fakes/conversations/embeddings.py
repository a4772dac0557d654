"""Embeddings, as OpenAI documents them: one plain answer of long vectors, nothing generated."""

from __future__ import annotations

import base64
from random import Random
from typing import Any, Final

from . import chat, words
from .parts import MODEL, Dialect, Frame, Plan, Talk, counted

_ERROR: Final = {"message": "Overloaded", "type": "server_error", "code": "overloaded"}


def _vector(plan: Plan, rng: Random) -> object:
    dimensions = rng.choice((1, 3, plan.size * 40))
    if plan.content == "base64":
        return base64.b64encode(rng.randbytes(4 * dimensions)).decode()
    return [rng.choice((0, 1.5e-07, rng.uniform(-1, 1))) for _ in range(dimensions)]


def _talk(plan: Plan, rng: Random) -> Talk:
    inputs = [words.text(rng, 2) for _ in range(rng.randint(1, 3))]
    tokens = rng.randint(1, 10 ** rng.randint(1, 5))
    usage: dict[str, Any] | None = {"prompt_tokens": tokens, "total_tokens": tokens}
    frame = Frame(value=None, ends=True)
    if plan.usage == "zero":  # LM Studio's
        usage = {"prompt_tokens": 0, "total_tokens": 0}
    elif plan.usage == "reported":
        frame.tokens = counted(tokens, 0)
    data = [
        {"object": "embedding", "index": index, "embedding": _vector(plan, rng)}
        for index in range(len(inputs))
    ]
    frame.value = {"object": "list", "data": data, "model": MODEL}
    if plan.usage == "null":
        usage = None
    if plan.usage != "absent":
        frame.value["usage"] = usage
        if rng.random() < 0.3:  # before the vectors
            frame.value = {"usage": usage, **frame.value}
    request = {"model": "asked-model", "input": inputs}
    return Talk(target="/v1/embeddings", request=request, kind="plain", frames=[frame])


def _error(plan: Plan, rng: Random) -> list[Frame]:
    return [Frame(value={"error": _ERROR}, error=True, error_code="overloaded", ends=True, model=None)]


EMBEDDINGS: Final = Dialect(
    streams=(False,),
    contents=("numbers", "base64"),
    usages=("reported", "reported", "reported", "absent", "null", "zero"),
    flavours=("openai",),
    talk=_talk,
    error=_error,
    refusal=chat.refusal,
)
