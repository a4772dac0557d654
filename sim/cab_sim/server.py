"""The endpoint: routes, keys, pacing and faults over :mod:`cab_sim.oracle`, in every protocol.

Every model call ends in exactly one :class:`~cab_sim.calls.Call`, recorded before the last byte of its
response is sent. What the record says of tokens is what was really sent, whatever the response reports.

With many runs all this lies below ``/<run>``. ``DELETE /<run>`` ends one: it waits for the calls still being
served, then answers as ``/<run>/sim/calls`` does. Whoever has shut the clients out has the whole count then.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from aiohttp import web

from cab_sim import oracle
from cab_sim.calls import Call, CallLog
from cab_sim.conversation import Answer, Request
from cab_sim.errors import RequestError
from cab_sim.faults import MANGLED, WRONG_KEY, Fault, due, refusal
from cab_sim.protocols import PROTOCOLS, chat, find
from cab_sim.protocols.base import Frame, Protocol, Reply, Where, encode, read_object
from cab_sim.runs import Run, Runs
from cab_sim.script import ModelScript, Script

MAX_BODY_BYTES: Final = 32 * 1024 * 1024
SLOW_TOKENS_PER_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SimConfig:
    """What a simulator plays."""

    script: Script | None = None
    """``None``: the oracle makes no edits."""
    runs: Path | None = None
    """Folder of many runs, each with its script and its count (:mod:`cab_sim.runs`); ``None``: one run."""
    faults: tuple[Fault, ...] = ()
    """Of each run."""
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


SIM_CALLS: Final = web.AppKey("SIM_CALLS", CallLog)
"""Where an application keeps its :class:`CallLog`."""


def make_app(config: SimConfig) -> web.Application:
    """The endpoint as an aiohttp application."""
    endpoint = _Endpoint(config)
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app[SIM_CALLS] = endpoint.log
    below = "/{run}" if config.runs else ""
    app.router.add_get(f"{below}/sim/calls", endpoint.list_calls)
    for protocol in PROTOCOLS:
        if protocol.models_path:
            app.router.add_get(below + protocol.models_path, partial(endpoint.list_models, protocol))
    app.router.add_post(below + "/{path:.*}", endpoint.post)
    if below:
        app.router.add_delete(below, endpoint.list_calls)
    return app


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A simulator that listens."""

    url: str
    """Base URL of OpenAI's APIs, ``http://HOST:PORT/v1``; the other protocols' have no ``/v1``.
    With many runs ``http://HOST:PORT``: a run's is ``http://HOST:PORT/<run>/v1``.
    """
    log: CallLog
    """Of the one run; empty with many."""


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
        version = "" if config.runs else "/v1"
        yield Serving(url=f"http://{shown}:{bound}{version}", log=app[SIM_CALLS])
    finally:
        await runner.cleanup()


def _error(protocol: Protocol, problem: RequestError) -> web.Response:
    headers = {"Retry-After": "1"} if problem.status == 429 else None
    return web.json_response(protocol.error(problem), status=problem.status, headers=headers)


def _refuse(run: Run, protocol: Protocol, call: Call, problem: RequestError) -> web.Response:
    run.log.add(replace(call, status=problem.status))
    return _error(protocol, problem)


class _Endpoint:
    """Handlers of one application."""

    def __init__(self, config: SimConfig) -> None:
        self.config = config
        self.log = CallLog(config.count_path)
        self._only = Run(config.script, self.log)
        self._runs = Runs(config.runs) if config.runs else None

    async def list_models(self, protocol: Protocol, request: web.Request) -> web.Response:
        assert protocol.models is not None
        run = self._run(request)
        if isinstance(run, RequestError):
            return _error(protocol, run)
        return web.json_response(protocol.models(run.models))

    async def list_calls(self, request: web.Request) -> web.Response:
        """A run's calls; of one that is being ended, once there are no more of them."""
        run = self._run(request)
        if isinstance(run, RequestError):
            return _error(chat.PROTOCOL, run)
        if self._runs and request.method == "DELETE":
            await run.drained()
            self._runs.forget(run.name)
        return web.json_response({"calls": run.log.wire()})

    async def post(self, request: web.Request) -> web.StreamResponse:
        """A model call, or a question for a prompt's tokens, in the protocol that the path tells."""
        found = find("/" + request.match_info["path"])
        if found is None:
            raise web.HTTPNotFound
        protocol, where = found
        run = self._run(request)
        if isinstance(run, RequestError):
            return _error(protocol, run)
        where["alt"] = request.query.get("alt", "")
        if "count" in where:
            return await self._count(run, protocol, where, request)
        with run.call():
            return await self._answer(run, protocol, where, request)

    def _run(self, request: web.Request) -> Run | RequestError:
        """The run that a request is of, or why it gets nothing."""
        if not self._knows(request):
            return WRONG_KEY
        if self._runs is None:
            return self._only
        try:
            return self._runs.find(request.match_info["run"])
        except RequestError as error:
            return error

    async def _count(self, run: Run, protocol: Protocol, where: Where, request: web.Request) -> web.Response:
        assert protocol.count is not None
        try:
            asked = await self._asked(protocol, where, request)
            run.model(asked.model)
        except RequestError as error:
            return _error(protocol, error)
        usage = await asyncio.to_thread(asked.usage)
        return web.json_response(protocol.count(usage.prompt_tokens))

    async def _answer(
        self, run: Run, protocol: Protocol, where: Where, request: web.Request
    ) -> web.StreamResponse:
        call = Call(
            n=run.log.number(),
            protocol=protocol.name,
            model=None,
            status=200,
            stream=None,
            completed=True,
            fault=None,
            prompt_tokens=None,
            completion_tokens=None,
            cached_tokens=None,
            cache_write_tokens=None,
        )
        try:
            asked = await self._asked(protocol, where, request)
            call = replace(call, model=asked.model, stream=asked.stream)
            script = run.model(asked.model)
        except RequestError as error:
            return _refuse(run, protocol, call, error)
        call = replace(call, fault=due(self.config.faults, call.n, run.name))
        if problem := refusal(call.fault, has_tools=bool(asked.tools)):
            return _refuse(run, protocol, call, problem)
        reply = await asyncio.to_thread(self._decide, asked, script if protocol.answers else None, call)
        delivery = _Delivery(
            config=self.config, log=run.log, request=request, protocol=protocol, reply=reply, call=call
        )
        return await delivery.send()

    def _decide(self, asked: Request, script: ModelScript | None, call: Call) -> Reply:
        answer = oracle.answer(asked, script) if script else Answer()
        return Reply(
            request=asked,
            answer=answer,
            usage=replace(asked.usage(), completion_tokens=answer.tokens()),
            n=call.n,
            created=int(time.time()),
            reports=call.fault != "no-usage",
            reports_always=call.fault == "usage-always",
            tokens_per_piece=self.config.tokens_per_chunk,
        )

    def _knows(self, request: web.Request) -> bool:
        """Whether the request has the key, in any of the headers in which clients send one."""
        if self.config.key is None:
            return True
        wanted = (
            ("Authorization", f"Bearer {self.config.key}"),
            ("x-api-key", self.config.key),
            ("x-goog-api-key", self.config.key),
        )
        given = ((request.headers.get(name, ""), value) for name, value in wanted)
        return any(
            hmac.compare_digest(text.encode("utf-8", "surrogateescape"), value.encode())
            for text, value in given
        )

    async def _asked(self, protocol: Protocol, where: Where, request: web.Request) -> Request:
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            raise RequestError("The body is over 32 MB.", status=413) from None
        return protocol.parse_request(read_object(body), where)


class _Delivery:
    """One answered call, on its way."""

    def __init__(
        self,
        *,
        config: SimConfig,
        log: CallLog,
        request: web.Request,
        protocol: Protocol,
        reply: Reply,
        call: Call,
    ) -> None:
        self._config = config
        self._log = log
        self._request = request
        self._protocol = protocol
        self._reply = reply
        self._call = call
        self._fault = call.fault
        if call.fault == "gzip" and "gzip" not in request.headers.get("Accept-Encoding", ""):
            self._fault = None
        self._sent_tokens = 0
        self._recorded = False

    async def send(self) -> web.StreamResponse:
        """Send and count, in the form that was asked for."""
        try:
            return await self._write(*self._response())
        finally:
            if not self._recorded:  # the client left, or the simulator is being ended
                self._record(completed=False)

    def _response(self) -> tuple[web.StreamResponse, Sequence[Frame]]:
        response, reply = web.StreamResponse(), self._reply
        stream = self._protocol.frames if reply.request.stream else None
        if stream:
            response.content_type = reply.request.stream_type
            response.headers["Cache-Control"] = "no-cache"
            whole = list(stream(reply))
        else:
            response.content_type = "application/json"
            whole = [Frame(data=encode(self._protocol.body(reply)))]
        frames = MANGLED[self._fault](whole) if self._fault in MANGLED else whole
        if self._fault == "gzip":
            response.headers["Content-Encoding"] = "gzip"
        if not stream:
            # the model has made it all before the first byte, also where the last one is never sent
            frames[0] = replace(frames[0], tokens=reply.usage.completion_tokens)
            sized = whole if self._fault == "cut" else frames
            response.content_length = sum(len(frame.data) for frame in sized)
        return response, frames

    async def _write(self, response: web.StreamResponse, frames: Sequence[Frame]) -> web.StreamResponse:
        is_cut = self._fault == "cut"
        for number, frame in enumerate(frames, start=1):
            await self._pace(frame.tokens)
            if not response.prepared:
                await response.prepare(self._request)
            self._sent_tokens += frame.tokens
            if number == len(frames):
                self._record(completed=not is_cut)
            await response.write(frame.data)
        if not is_cut:
            await response.write_eof()
        elif self._request.transport is not None:
            self._request.transport.close()
        return response

    async def _pace(self, tokens: int) -> None:
        pace = self._config.tokens_per_s
        if self._fault == "slow":
            pace = min(pace or SLOW_TOKENS_PER_S, SLOW_TOKENS_PER_S)
        if pace is not None and tokens:
            await self._config.sleep(tokens / pace)

    def _record(self, *, completed: bool) -> None:
        self._recorded = True
        usage = self._reply.usage
        self._log.add(
            replace(
                self._call,
                completed=completed,
                prompt_tokens=usage.prompt_tokens,
                completion_tokens=self._sent_tokens,
                cached_tokens=usage.cached_tokens,
                cache_write_tokens=usage.cache_write_tokens,
            )
        )
