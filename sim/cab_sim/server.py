"""The endpoint: routes, keys, pacing and faults over :mod:`cab_sim.oracle`.

Every call ends in exactly one :class:`~cab_sim.calls.Call`, recorded before the last byte of its response is
sent. What the record says of tokens is what was really sent, whatever the response itself reports.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from cab_sim import chat, oracle
from cab_sim.calls import Call, CallLog
from cab_sim.errors import RequestError
from cab_sim.faults import Fault, FaultQueue
from cab_sim.script import NULL_MODEL, ModelScript, Script

MAX_BODY_BYTES: Final = 32 * 1024 * 1024
SLOW_TOKENS_PER_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SimConfig:
    """What a simulator plays."""

    script: Script | None = None
    """``None``: the oracle makes no edits."""
    faults: tuple[Fault, ...] = ()
    tokens_per_s: float | None = None
    """Pace of the answers; ``None``: as fast as possible."""
    tokens_per_chunk: int = 4
    """Size of a stream's deltas."""
    count_path: Path | None = None
    """File to which every call is appended as a JSON line."""
    key: str | None = None
    """The only key that is accepted; ``None``: any, or none."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Waits so many seconds."""

    def models(self) -> dict[str, ModelScript]:
        """Every model that is served."""
        scripted = self.script.models if self.script else {}
        return {"oracle": ModelScript(), **scripted, "null": NULL_MODEL}


SIM_CALLS: Final = web.AppKey("SIM_CALLS", CallLog)
"""Where an application keeps its :class:`CallLog`."""


def make_app(config: SimConfig) -> web.Application:
    """The endpoint as an aiohttp application."""
    endpoint = _Endpoint(config)
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_key_check(config.key)])
    app[SIM_CALLS] = endpoint.log
    app.router.add_post("/v1/chat/completions", endpoint.chat_completions)
    app.router.add_get("/v1/models", endpoint.list_models)
    app.router.add_get("/sim/calls", endpoint.list_calls)
    return app


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A simulator that listens."""

    url: str
    """Base URL of its API, ``http://HOST:PORT/v1``."""
    log: CallLog


@asynccontextmanager
async def serving(config: SimConfig, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Serving]:
    """Serve in the running loop. Raises :class:`OSError` when the address cannot be had."""
    app = make_app(config)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound = runner.addresses[0][1]
        shown = f"[{host}]" if ":" in host else host
        yield Serving(url=f"http://{shown}:{bound}/v1", log=app[SIM_CALLS])
    finally:
        await runner.cleanup()


def _error(
    status: int, message: str, kind: str, code: str | None, headers: Mapping[str, str] | None = None
) -> web.Response:
    body = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    return web.json_response(body, status=status, headers=headers)


def _key_check(key: str | None) -> Middleware:
    wanted = f"Bearer {key}".encode()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if key is not None and not hmac.compare_digest(given, wanted):
            return _wrong_key()
        return await handler(request)

    return check


def _wrong_key() -> web.Response:
    return _error(401, "Incorrect API key provided.", "invalid_request_error", "invalid_api_key")


def _injected(fault: str | None, request: chat.ChatRequest) -> web.Response | None:
    """The error response of a fault, for those faults that are one."""
    match fault:
        case "429":
            text = "Rate limit reached for requests: try again in 1 s."
            return _error(429, text, "requests", "rate_limit_exceeded", {"Retry-After": "1"})
        case "500":
            return _error(500, "The server had an error while processing your request.", "server_error", None)
        case "401":
            return _wrong_key()
        case "no-tools" if request.tools:
            return _error(400, "This model does not support tools.", "invalid_request_error", None)
    return None


class _Endpoint:
    """Handlers of one application."""

    def __init__(self, config: SimConfig) -> None:
        self.config = config
        self.log = CallLog(config.count_path)
        self._models = config.models()
        self._faults = FaultQueue(config.faults)

    async def list_models(self, _request: web.Request) -> web.Response:
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "cab-sim"} for name in self._models]
        return web.json_response({"object": "list", "data": data})

    async def list_calls(self, _request: web.Request) -> web.Response:
        return web.json_response({"calls": [call.wire() for call in self.log.calls]})

    async def chat_completions(self, request: web.Request) -> web.StreamResponse:
        call = Call(
            n=self.log.number(),
            model=None,
            status=200,
            stream=None,
            completed=True,
            fault=None,
            prompt_tokens=None,
            completion_tokens=None,
        )
        try:
            asked = chat.parse_request(await request.read())
            call = replace(call, model=asked.model, stream=asked.stream)
            if asked.model not in self._models:
                known = ", ".join(self._models)
                raise RequestError(
                    f"The model '{asked.model}' does not exist; known are {known}.",
                    status=404,
                    code="model_not_found",
                )
        except web.HTTPRequestEntityTooLarge:
            return self._refuse(call, _error(413, "The body is over 32 MB.", "invalid_request_error", None))
        except RequestError as error:
            text, code = str(error), error.code
            return self._refuse(call, _error(error.status, text, "invalid_request_error", code))
        call = replace(call, fault=self._faults.next())
        if refusal := _injected(call.fault, asked):
            return self._refuse(call, refusal)
        return await _Reply(self, request, asked, call).send()

    def script_of(self, model: str) -> ModelScript:
        return self._models[model]

    def _refuse(self, call: Call, response: web.Response) -> web.Response:
        self.log.add(replace(call, status=response.status))
        return response


class _Reply:
    """One answered call, on its way."""

    def __init__(
        self, endpoint: _Endpoint, request: web.Request, asked: chat.ChatRequest, call: Call
    ) -> None:
        self._config = endpoint.config
        self._log = endpoint.log
        self._script = endpoint.script_of(asked.model)
        self._request = request
        self._asked = asked
        self._call = call
        self._fault = call.fault
        self._sent_tokens = 0
        self._recorded = False
        self._call_id = f"call_sim_{call.n:06d}"
        self._envelope = chat.Envelope(
            response_id=f"chatcmpl-sim-{call.n:06d}",
            created=int(time.time()),
            model=asked.model,
            extra={"usage": None} if asked.include_usage and self._fault != "no-usage" else {},
        )

    async def send(self) -> web.StreamResponse:
        """Decide, count, and send in the form that was asked for."""
        answer, prompt_tokens, completion_tokens = await asyncio.to_thread(self._decide)
        usage = chat.Usage(prompt_tokens=prompt_tokens, completion_tokens=completion_tokens)
        try:
            return await (self._stream(answer, usage) if self._asked.stream else self._plain(answer, usage))
        finally:
            if not self._recorded:  # the client left, or the simulator is being ended
                self._record(usage, completed=False)

    def _decide(self) -> tuple[chat.Answer, int, int]:
        answer = oracle.answer(self._asked, self._script)
        return answer, self._asked.prompt_tokens(), answer.completion_tokens()

    async def _plain(self, answer: chat.Answer, usage: chat.Usage) -> web.StreamResponse:
        await self._pace(usage.completion_tokens)
        self._sent_tokens = usage.completion_tokens
        reported = None if self._fault == "no-usage" else usage
        message = answer.message(self._call_id)
        body = _encode(self._envelope.body(message, answer.finish_reason, reported))
        if self._fault != "cut":
            self._record(usage, completed=True)
            return web.Response(body=body, content_type="application/json")
        self._record(usage, completed=False)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.content_length = len(body)
        await response.prepare(self._request)
        await response.write(body[: len(body) // 2])
        return self._hang_up(response)

    async def _stream(self, answer: chat.Answer, usage: chat.Usage) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        )
        chunks = list(answer.chunks(self._call_id, self._config.tokens_per_chunk))
        kept = chunks[: max(1, len(chunks) // 2)] if self._fault == "cut" else chunks
        await response.prepare(self._request)
        for chunk in kept:
            await self._pace(chunk.tokens)
            await response.write(_event(self._envelope.chunk(chunk.delta)))
            self._sent_tokens += chunk.tokens
        if self._fault == "cut":
            self._record(usage, completed=False)
            return self._hang_up(response)
        await response.write(_event(self._envelope.chunk({}, answer.finish_reason)))
        if self._envelope.extra:
            await response.write(_event(self._envelope.usage_chunk(usage)))
        self._record(usage, completed=True)
        await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response

    async def _pace(self, tokens: int) -> None:
        pace = self._config.tokens_per_s
        if self._fault == "slow":
            pace = min(pace or SLOW_TOKENS_PER_S, SLOW_TOKENS_PER_S)
        if pace is not None and tokens:
            await self._config.sleep(tokens / pace)

    def _record(self, usage: chat.Usage, *, completed: bool) -> None:
        self._recorded = True
        self._log.add(
            replace(
                self._call,
                completed=completed,
                prompt_tokens=usage.prompt_tokens,
                completion_tokens=self._sent_tokens,
            )
        )

    def _hang_up(self, response: web.StreamResponse) -> web.StreamResponse:
        """Close the connection behind what was written, in the middle of the response."""
        if self._request.transport is not None:
            self._request.transport.close()
        return response


def _encode(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _event(value: Mapping[str, Any]) -> bytes:
    return b"data: " + _encode(value) + b"\n\n"
