"""What every protocol offers the server, and the parts that they are made of.

A protocol is one module of this package with a :class:`Protocol`. All of it is pure: JSON values and
records in, records, JSON values and bytes out. What a :class:`Reply` says plain and streamed is the
same, and both carry the same tokens. Unknown fields of a request are ignored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cab_sim import tokens
from cab_sim.conversation import Answer, Request, Tool, Usage
from cab_sim.errors import RequestError

Raw = Mapping[str, Any]
"""A JSON object."""
Where = dict[str, str]
"""What the URL says: the named groups of its path that are there, and ``alt`` of its query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Bytes that are written at once."""

    data: bytes
    tokens: int = 0
    """Tokens of the answer that they bring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of an answer as it is streamed."""

    text: str
    """Of the answer's text, or of the tool call's arguments."""
    tokens: int
    usage: Usage
    """With this piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer on its way to the client."""

    request: Request
    answer: Answer
    usage: Usage
    """Of the whole call."""
    n: int
    """Number of the call; it makes the ids."""
    created: int
    """Unix time in seconds."""
    reports: bool = True
    """The usage is reported."""
    reports_always: bool = False
    """It is reported with every piece of a stream that has a place for it."""
    tokens_per_piece: int = 4

    def name(self, prefix: str) -> str:
        """An id."""
        return f"{prefix}{self.n:06d}"

    def usage_at(self, completion_tokens: int) -> Usage:
        """The usage when the model has made so many tokens."""
        return Usage(
            prompt_tokens=self.usage.prompt_tokens,
            completion_tokens=completion_tokens,
            cached_tokens=self.usage.cached_tokens,
            cache_write_tokens=self.usage.cache_write_tokens,
        )

    def pieces(self) -> Iterator[Piece]:
        """What the answer says; with the called tool's name, the tokens add up to the completion's."""
        made = self.answer.name_tokens()
        for text, number in tokens.pieces(self.answer.spoken, self.tokens_per_piece):
            made += number
            yield Piece(text=text, tokens=number, usage=self.usage_at(made))


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """One way to talk to a model over HTTP."""

    name: str
    """As the meter's records have it."""
    path: re.Pattern[str]
    """The whole path of a model call, a POST; its group ``count`` marks a call that counts tokens."""
    parse_request: Callable[[Raw, Where], Request]
    """Raises :class:`RequestError`."""
    body: Callable[[Reply], Raw]
    """The plain response."""
    error: Callable[[RequestError], Raw]
    """The body of an error."""
    frames: Callable[[Reply], Iterator[Frame]] | None = None
    """The streamed response; ``None`` where nothing is streamed."""
    answers: bool = True
    """A model says something; ``False`` for embeddings."""
    count: Callable[[int], Raw] | None = None
    """The answer to a question for a prompt's tokens."""
    models_path: str | None = None
    models: Callable[[Iterable[str]], Raw] | None = None
    """The list of the models, which a GET of ``models_path`` gets."""


def encode(value: object) -> bytes:
    """Compact JSON; what no UTF-8 can say (half a surrogate pair) is a question mark."""
    return json_text(value).encode(errors="replace")


def json_text(value: object) -> str:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def event(value: Raw) -> bytes:
    """A server-sent event that is named by the ``type`` of its data."""
    return f"event: {value['type']}\n".encode() + data(value)


def data(value: Raw) -> bytes:
    """A server-sent event without a name."""
    return b"data: " + encode(value) + b"\n\n"


def read_object(body: bytes) -> dict[str, Any]:
    """Read a request's body. Raises :class:`RequestError`."""
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        raise RequestError("The request body is not JSON.") from None
    return object_at(raw, "The request body")


def object_at(raw: object, where: str) -> dict[str, Any]:
    """The value as an object. Raises :class:`RequestError`."""
    if not isinstance(raw, dict):
        raise RequestError(f"{where} is not an object.")
    return raw


def objects_at(raw: object, where: str) -> list[dict[str, Any]]:
    """The value as a list of objects; ``null`` is an empty one. Raises :class:`RequestError`."""
    if not isinstance(raw, list | None):
        raise RequestError(f"{where} is not a list.")
    return [object_at(item, f"An entry of {where}") for item in raw or ()]


def model_of(raw: Raw) -> str:
    """The model that a body asks for. Raises :class:`RequestError`."""
    model = raw.get("model")
    if not isinstance(model, str):
        raise RequestError("'model' is missing or not a string.")
    return model


def text_of(content: object, where: str) -> str:
    """All text of a content: a string, or a list of parts. Raises :class:`RequestError`."""
    if isinstance(content, str | None):
        return content or ""
    parts = [part.get("text") for part in objects_at(content, where)]
    return "\n".join(part for part in parts if isinstance(part, str))


def tool(raw: Raw, schema: object, source: Raw) -> Tool:
    """A tool from the object with its name, the schema of its parameters and its whole declaration.
    Raises :class:`RequestError`.
    """
    name = raw.get("name")
    if not isinstance(name, str):
        raise RequestError("A tool has no 'name'.")
    parameters = object_at(schema or {}, "The schema of a tool")
    properties = object_at(parameters.get("properties") or {}, "A tool's 'properties'")
    required = parameters.get("required")
    return Tool(
        name=name,
        description=str(raw.get("description") or ""),
        properties={key: value for key, value in properties.items() if isinstance(value, dict)},
        required=frozenset(map(str, required)) if isinstance(required, list) else frozenset(),
        source=json_text(source),
    )
