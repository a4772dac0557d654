"""Where consecutive requests of a conversation stop being the same, and so lose the provider's cache.

A provider caches a prompt from its beginning: tool declarations, system prompt, conversation, in an order of
its own (:data:`_ORDER`). A request *keeps* the cache of the one before when all of that one's prompt is the
beginning of its own. Pure: bodies as they were sent in, findings out.

Invariants
----------
* What a provider renders the same compares as equal: a text and a list of that one text, a request with and
  without cache markers. All else counts, the order of keys included: tool schemas are rendered as they come.
* Offsets are bytes of UTF-8. A text counts as it reads, without JSON's quotes and escapes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from typing import Any, Final

MARKER: Final = "cache_control"
SNIPPET_CHARS: Final = 60
_BEFORE_BYTES: Final = 20
_SHOWN_BYTES: Final = 240

_ORDER: Final[dict[str, tuple[str, ...]]] = {
    "chat": ("tools", "functions", "messages"),
    "messages": ("tools", "system", "messages"),
    "responses": ("instructions", "tools", "input"),
    "gemini": ("systemInstruction", "system_instruction", "tools", "contents"),
}
"""Protocol → the parts of a request that make its prompt, in the order in which they are cached."""

_TEXTS: Final = frozenset({"system", "content"})
"""Keys under which a text stands for a list of one text."""
_TEXT_TYPES: Final = frozenset({"text", "input_text", "output_text"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first place where a request's prompt is not what the one before had there."""

    earlier: int
    """Number of the request before, from 1."""
    later: int
    path: str
    """Where in the earlier request's JSON, e.g. ``messages[0].content``."""
    prompt_offset: int
    """Bytes of the prompts that are the same."""
    value_offset: int
    """The place, counted from the beginning of the value at ``path``."""
    kept: float
    """Share of the earlier prompt's bytes that are the same."""
    was: str
    """What the earlier request has around the place; at most :data:`SNIPPET_CHARS` characters."""
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stability:
    """What a conversation's requests were to the provider's cache."""

    requests: int
    compared: int
    """Pairs of consecutive requests; those that go on from a stored response have nothing to compare."""
    stored: int
    """Requests that name a ``previous_response_id``: the provider has the prompt, no prefix is sent."""
    marked: int
    """Requests that mark what is to be cached."""
    differences: tuple[Difference, ...]

    def to_json(self) -> dict[str, Any]:
        """The fields as plain JSON."""
        return {**asdict(self), "differences": [asdict(difference) for difference in self.differences]}


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a prompt. Parts compare by what they hold; ``path`` says where it is from."""

    path: str
    data: bytes
    is_text: bool

    @property
    def says(self) -> tuple[bytes, bool]:
        """What it holds."""
        return self.data, self.is_text


_END: Final = _Part("", b"", False)
"""Where a prompt has ended."""


def stability(protocol: str, bodies: Sequence[bytes]) -> Stability | None:
    """Compare the requests of one conversation, in order; ``None`` for a protocol without such, and where
    a body can't be read.
    """
    if protocol not in _ORDER:
        return None
    try:
        requests = [json.loads(body) for body in bodies]
        if not all(isinstance(request, dict) for request in requests):
            return None
        prompts = [tuple(_prompt(protocol, request)) for request in requests]
        marked = sum(map(_is_marked, requests))
    except (ValueError, RecursionError):
        return None
    stored = [bool(request.get("previous_response_id")) for request in requests]
    pairs = [n for n in range(1, len(requests)) if not stored[n - 1] and not stored[n]]
    found = (_difference(prompts[n - 1], prompts[n], n) for n in pairs)
    return Stability(
        requests=len(requests),
        compared=len(pairs),
        stored=sum(stored),
        marked=marked,
        differences=tuple(difference for difference in found if difference is not None),
    )


def _difference(earlier: Sequence[_Part], later: Sequence[_Part], number: int) -> Difference | None:
    """How the later prompt departs from the one of request ``number``; ``None`` where it only goes on."""
    same = 0
    for part, other in zip_longest(earlier, later[: len(earlier)], fillvalue=_END):
        if part.says == other.says:
            same += len(part.data)
            continue
        alike = _common(part.data, other.data) if part.is_text and other.is_text else 0
        return Difference(
            earlier=number,
            later=number + 1,
            path=part.path,
            prompt_offset=same + alike,
            value_offset=alike,
            kept=(same + alike) / sum(len(part.data) for part in earlier),
            was=_around(earlier, same + alike),
            now=_around(later, same + alike),
        )
    return None


def _common(one: bytes, other: bytes) -> int:
    """Length of the beginning that both have; it ends between characters."""
    length = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    while 0 < length < len(one) and one[length] & 0xC0 == 0x80:
        length -= 1
    return length


def _around(prompt: Sequence[_Part], offset: int) -> str:
    """The characters around a place; control characters are escaped as in JSON."""
    data = b"".join(part.data for part in prompt)[max(0, offset - _BEFORE_BYTES) :][:_SHOWN_BYTES]
    text = json.dumps(data.decode("utf-8", "ignore"), ensure_ascii=False)[1:-1]
    return text.replace('\\"', '"')[:SNIPPET_CHARS]


def _prompt(protocol: str, request: dict[str, Any]) -> Iterator[_Part]:
    for name in _ORDER[protocol]:
        value = request.get(name)
        if value is None:
            continue
        if name == "input" and isinstance(value, str):
            value = [{"role": "user", "content": value}]
        yield _Part(name, json.dumps(name).encode() + b":", False)
        if isinstance(value, list):  # without an end, so that a longer list goes on
            for index, item in enumerate(value):
                yield from _parts(item, f"{name}[{index}]")
        elif isinstance(value, str) and name in _TEXTS:
            yield from _text(value, name)
        else:
            yield from _parts(value, name)


def _value(key: str, value: object, path: str) -> Iterator[_Part]:
    """A value by its key: what may be a text or a list of texts is a list."""
    if key in _TEXTS and isinstance(value, str):
        yield _Part(path, b"[", False)
        yield from _text(value, path)
        yield _Part(path, b"]", False)
    else:
        yield from _parts(value, path)


def _text(value: str, path: str) -> Iterator[_Part]:
    """A text as the one of a list."""
    yield _Part(path, b"{", False)
    yield from _member("text", value, path)
    yield _Part(path, b"}", False)


def _parts(value: object, path: str) -> Iterator[_Part]:
    if isinstance(value, str):
        yield _Part(path, b'"', False)
        yield _Part(path, value.encode("utf-8", "surrogatepass"), True)
        yield _Part(path, b'"', False)
    elif isinstance(value, dict):
        yield _Part(path, b"{", False)
        for key, member in _members(value):
            yield from _member(key, member, f"{path}.{key}")
        yield _Part(path, b"}", False)
    elif isinstance(value, list):
        yield _Part(path, b"[", False)
        for index, item in enumerate(value):
            yield from _parts(item, f"{path}[{index}]")
        yield _Part(path, b"]", False)
    else:
        yield _Part(path, json.dumps(value).encode() + b",", False)


def _member(key: str, value: object, path: str) -> Iterator[_Part]:
    yield _Part(path, json.dumps(key).encode() + b":", False)
    yield from _value(key, value, path)


def _members(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """An object's members, without cache markers, and without the type of what is plainly a text."""
    plain = isinstance(value.get("text"), str) and value.get("type") in _TEXT_TYPES
    for key, member in value.items():
        if not (key == MARKER or (plain and key == "type")):
            yield key, member


def _is_marked(value: object) -> bool:
    if isinstance(value, dict):
        return bool(value.get(MARKER)) or any(map(_is_marked, value.values()))
    return isinstance(value, list) and any(map(_is_marked, value))
