"""A simulator in this process, a client that shows the bytes that it got, and one request for a tool call
in each protocol.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

import aiohttp
from hypothesis import strategies as st

from cab_sim.calls import Call
from cab_sim.conversation import Answer, Message, Request, ToolCall
from cab_sim.faults import Fault
from cab_sim.protocols.base import Frame, Reply
from cab_sim.script import Edit, ModelScript, Script
from cab_sim.server import Serving, SimConfig, serving

T = TypeVar("T")

EDIT: Final = Edit(path="src/é.py", before="x\n", after="print('grüße — 漢字')\n" * 5)
SAY: Final = "Fertig — 完了. And that is all that there was to do."
SCRIPT: Final = Script(
    task="mutations/x",
    models={"oracle": ModelScript(edits=(EDIT,), say=SAY), "cheat:1": ModelScript(say="Ha.")},
)
CONFIG: Final = SimConfig(script=SCRIPT)
SCHEMA: Final[Any] = {
    "type": "object",
    "properties": {"command": {"type": "string"}},
    "required": ["command"],
}
TOOL: Final[Any] = {"name": "bash", "description": "Run."}


@dataclass(frozen=True)
class Ask:
    """A request."""

    path: str
    body: Mapping[str, Any]
    stream_path: str = ""
    stream: Mapping[str, Any] = field(default_factory=dict)
    """What to add to the body for a stream with usage."""

    def with_model(self, model: str) -> Ask:
        return replace(self, path=self.path.replace("oracle", model), body={**self.body, "model": model})

    def streamed(self) -> Ask:
        return replace(self, path=self.stream_path or self.path, body={**self.body, **self.stream})


ASKS: Final[Mapping[str, Ask]] = {
    "chat": Ask(
        "/v1/chat/completions",
        {
            "model": "oracle",
            "messages": [
                {"role": "system", "content": "You are an agent."},
                {"role": "user", "content": "Fix it."},
            ],
            "tools": [{"type": "function", "function": {**TOOL, "parameters": SCHEMA}}],
        },
        stream={"stream": True, "stream_options": {"include_usage": True}},
    ),
    "responses": Ask(
        "/v1/responses",
        {
            "model": "oracle",
            "instructions": "You are an agent.",
            "input": "Fix it.",
            "tools": [{"type": "function", **TOOL, "parameters": SCHEMA, "strict": False}],
        },
        stream={"stream": True},
    ),
    "messages": Ask(
        "/v1/messages",
        {
            "model": "oracle",
            "max_tokens": 1000,
            "system": [{"type": "text", "text": "You are an agent.", "cache_control": {"type": "ephemeral"}}],
            "messages": [{"role": "user", "content": "Fix it."}],
            "tools": [{**TOOL, "input_schema": SCHEMA}],
        },
        stream={"stream": True},
    ),
    "gemini": Ask(
        "/v1beta/models/oracle:generateContent",
        {
            "systemInstruction": {"parts": [{"text": "You are an agent."}]},
            "contents": [{"role": "user", "parts": [{"text": "Fix it."}]}],
            "tools": [
                {
                    "functionDeclarations": [
                        {
                            **TOOL,
                            "parameters": {**SCHEMA, "properties": {"command": {"type": "STRING"}}},
                        }
                    ]
                }
            ],
        },
        stream_path="/v1beta/models/oracle:streamGenerateContent?alt=sse",
    ),
    "ollama": Ask(
        "/api/chat",
        {
            "model": "oracle",
            "stream": False,
            "messages": [{"role": "user", "content": "Fix it."}],
            "tools": [{"type": "function", "function": {**TOOL, "parameters": SCHEMA}}],
        },
        stream={"stream": True},
    ),
    "completions": Ask(
        "/v1/completions",
        {"model": "oracle", "prompt": "Answer with one block:\n```bash\ncommands\n```"},
        stream={"stream": True, "stream_options": {"include_usage": True}},
    ),
    "embeddings": Ask("/v1/embeddings", {"model": "oracle", "input": ["One.", "Two."]}),
}
STREAMING: Final = [name for name in ASKS if name != "embeddings"]


def with_server(config: SimConfig, client: Callable[[Serving], Coroutine[Any, Any, T]]) -> T:
    async def run() -> T:
        async with serving(config) as server:
            return await client(server)

    return asyncio.run(run())


def root(server: Serving) -> str:
    """Base URL without a version."""
    return server.url.removesuffix("/v1")


@dataclass(frozen=True)
class Got:
    """A response."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    pieces: tuple[bytes, ...]
    """The chunks of the body as the server wrote them."""
    broken: bool
    """The connection ended before the body did."""

    def json(self) -> Any:
        return json.loads(self.body)


def post(
    config: SimConfig, *asks: Ask | tuple[str, bytes], headers: Mapping[str, str] | None = None
) -> tuple[list[Got], list[Call]]:
    """What each request got, and the calls that the server counted."""

    async def client(server: Serving) -> tuple[list[Got], list[Call]]:
        async with aiohttp.ClientSession(root(server), headers=headers, auto_decompress=False) as session:
            return [await _post(session, ask) for ask in asks], server.log.calls

    return with_server(config, client)


async def _post(session: aiohttp.ClientSession, ask: Ask | tuple[str, bytes]) -> Got:
    path, data = (ask.path, json.dumps(ask.body).encode()) if isinstance(ask, Ask) else ask
    async with session.post(path, data=io.BytesIO(data)) as response:
        pieces, part, broken = [], b"", False
        try:
            async for read, ends in response.content.iter_chunks():
                part += read
                if ends:
                    pieces.append(part)
                    part = b""
        except aiohttp.ClientPayloadError:
            broken = True
    body = b"".join(pieces) + part
    return Got(response.status, dict(response.headers), body, tuple(pieces), broken)


def faulty(*faults: str, **settings: Any) -> SimConfig:
    return SimConfig(script=SCRIPT, faults=tuple(map(Fault.parse, faults)), **settings)


def events(data: bytes) -> Iterator[tuple[str | None, Any]]:
    """Name and data of each server-sent event."""
    for block in data.replace(b"\r\n", b"\n").decode().removesuffix("\n\n").split("\n\n"):
        *names, line = block.split("\n")
        text = line.removeprefix("data: ")
        assert text != line
        yield (
            names[0].removeprefix("event: ") if names else None,
            text if text == "[DONE]" else json.loads(text),
        )


TEXT: Final = st.text(st.characters(codec="utf-8"))
ANSWERS: Final = st.builds(lambda text: Answer(text=text), TEXT) | st.builds(
    lambda text: Answer(
        tool_call=ToolCall(name="bash", arguments=json.dumps({"command": text}, ensure_ascii=False))
    ),
    TEXT,
)


def reply(answer: Answer, size: int = 4, **settings: Any) -> Reply:
    """An answer to a request for a stream of which the usage is wanted."""
    fields = {key: settings.pop(key) for key in ("stream_type", "include_usage", "caches") if key in settings}
    request = Request(model="oracle", messages=(Message(role="user", text="Hi"),), stream=True, **fields)
    usage = replace(request.usage(), completion_tokens=answer.tokens())
    return Reply(
        request=request, answer=answer, usage=usage, n=1, created=7, tokens_per_piece=size, **settings
    )


def joined(frames: Iterable[Frame], tokens: int) -> bytes:
    """All bytes, once their tokens are checked."""
    listed = list(frames)
    assert sum(frame.tokens for frame in listed) == tokens
    return b"".join(frame.data for frame in listed)
