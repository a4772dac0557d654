"""Conversations with model endpoints in all the ways that they can go, and what is true of each.

:func:`plans` draws what decides on one: protocol, stream or plain, content coding, framing, line ends, in
which places and under which names usage is reported, noise, and what goes wrong. :func:`converse` makes its
bytes and the :class:`Truth`, which is known by construction: it comes from what was put into the frames,
and nothing is taken from the meters. Sources are the protocols' documentation and their official clients.

A plan is small, so that a failing one shrinks to the few settings that matter; what fills it (texts, counts,
where things are split and cut) comes from its seed.
"""

from __future__ import annotations

import json
from random import Random
from typing import Final

from hypothesis import strategies as st

from .chat import CHAT, COMPLETIONS
from .embeddings import EMBEDDINGS
from .gemini import GEMINI
from .messages import MESSAGES
from .ollama import OLLAMA
from .parts import FAULTS, NOISE, Conversation, Dialect, Frame, Plan, Talk, Truth, truth_of, whole
from .responses import RESPONSES
from .written import CODINGS, code, decoded_length, write

__all__ = ["DIALECTS", "Conversation", "Plan", "Truth", "converse", "plans", "whole"]

DIALECTS: Final[dict[str, Dialect]] = {
    "chat": CHAT,
    "completions": COMPLETIONS,
    "embeddings": EMBEDDINGS,
    "responses": RESPONSES,
    "messages": MESSAGES,
    "gemini": GEMINI,
    "ollama": OLLAMA,
}

_TYPES: Final = {
    "events": ("text/event-stream", "text/event-stream; charset=utf-8", "Text/Event-Stream;charset=UTF-8"),
    "lines": ("application/x-ndjson", "application/x-ndjson; charset=utf-8", "application/ndjson"),
    "array": ("application/json; charset=UTF-8", "application/json", "application/json"),
    "plain": ("application/json", "application/json; charset=utf-8", "Application/JSON"),
}

_HTML: Final = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body>\r\n</html>\r\n"


_SIZES: Final = (0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 20, 120)


def plans(protocol: str) -> st.SearchStrategy[Plan]:
    dialect = DIALECTS[protocol]
    return st.builds(
        Plan,
        protocol=st.just(protocol),
        stream=st.sampled_from(dialect.streams),
        content=st.sampled_from(dialect.contents),
        usage=st.sampled_from(dialect.usages),
        flavour=st.sampled_from(dialect.flavours),
        fault=st.sampled_from(FAULTS),
        coding=st.sampled_from(CODINGS),
        framing=st.sampled_from(("length", "chunked", "close")),
        line_end=st.sampled_from((b"\n", b"\r\n", b"\r")),
        size=st.sampled_from(_SIZES),
        noise=st.frozensets(st.sampled_from(NOISE), max_size=4),
        seed=st.integers(0, 2**32 - 1),
    )


def converse(plan: Plan) -> Conversation:
    """The conversation of a plan."""
    rng = Random(plan.seed)
    dialect = DIALECTS[plan.protocol]
    talk = dialect.talk(plan, rng)
    status = int(plan.fault[:3]) if plan.fault[0].isdigit() else 200
    if plan.fault == "error first":
        talk.frames = dialect.error(plan, rng)
    elif plan.fault == "error later":
        ending = next(n for n, frame in enumerate(talk.frames) if frame.ends)
        talk.frames = [*talk.frames[: rng.randint(0, ending)], *dialect.error(plan, rng)]
    elif status in {400, 401, 429, 500}:
        talk.frames = [dialect.refusal(status)]
        talk.kind = "plain"
    kind = rng.choice(_TYPES[talk.kind])
    if plan.fault in {"502 html", "garbage", "empty"}:
        talk.frames = []
        body, length = _senseless(plan, rng), None
        kind = "text/html" if status == 502 else kind
        read, done = talk.frames, False
    else:
        body, length, read, done = _sent(talk, plan, rng)
    headers = [("Content-Type", kind)]
    if "typed oddly" in plan.noise and plan.obeys and talk.kind != "lines":
        headers = rng.choice(([], [("Content-Type", "text/plain")]))
    if plan.coding:
        headers.append(("Content-Encoding", plan.coding.partition(" ")[0]))
    cut = plan.fault.startswith("cut") and plan.framing != "close"
    return Conversation(
        target=talk.target,
        request=json.dumps(talk.request).encode(),
        status=status,
        headers=tuple(headers),
        body=body,
        length=len(body) if length is None or not cut else length,
        ends_cleanly=not cut,
        truth=truth_of(read, status=status, cut=cut, done=done),
    )


def _senseless(plan: Plan, rng: Random) -> bytes:
    """A body that is no answer at all."""
    if plan.fault == "empty":
        return b""
    if plan.fault == "502 html":
        return code([_HTML], plan.coding)[0]
    noise = rng.randbytes(rng.randint(1, 200)).translate(None, b"{}")
    value = rng.choice((b"null", b"[]", b'"no"', b"42", b"OK", b"\xff\xfe", b"{", b'{"choices": [', noise))
    return value if value is noise else code([value], plan.coding)[0]


def _sent(talk: Talk, plan: Plan, rng: Random) -> tuple[bytes, int, list[Frame], bool]:
    """What is sent of an answer, the length of all of it, the frames that can be read of what is sent, and
    whether the last one is among them.
    """
    written = write(talk, plan, rng)
    body, ends = code((one.data for one in written), plan.coding)
    length = len(body)
    came = sum(len(one.data) for one in written)
    if plan.fault.startswith(("cut ", "stop ")):
        body = body[: _cut_at(talk.frames, ends, length, plan, rng)]
        length += 1  # at the end, the framing promises more
        came = decoded_length(body, plan.coding)
    read, done, start = [], False, 0
    for frame, one in zip(talk.frames, written, strict=True):
        if start + one.read_at <= came:
            read.append(frame)
        done = done or (frame.done and start + one.done_at <= came)
        start += len(one.data)
    return body, length, read, done


def _cut_at(frames: list[Frame], ends: list[int], length: int, plan: Plan, rng: Random) -> int:
    """Where to cut a body whose frames end there."""
    starts = [0, *ends[:-1]]
    where = plan.fault.partition(" ")[2]
    if where == "before the end":
        return starts[-1]
    if where == "after the end":
        return length
    if where == "before the usage":
        counts = [start for frame, start in zip(frames, starts, strict=True) if frame.tokens is not None]
        return counts[-1] if counts else starts[-1]
    return rng.choice((rng.randint(0, length - 1), rng.choice(starts)))
