"""cab-proxy's relay without its meter: ``python -m cab_bench.relay_only UPSTREAM PORT``.

It shows what the relay costs, and so what accounting does: it forwards what comes, and writes nothing down.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Sequence

import uvloop

from cab_proxy.exchange import Answer, Ending, Failure, Forward, Head, Received
from cab_proxy.headers import request_headers
from cab_proxy.relay import Relay
from cab_proxy.serving import prepare_for_many_calls


class _Through:
    """An exchange that lets everything pass."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream

    async def admit(self, head: Head, body: Received) -> Forward | Answer:  # noqa: ARG002  # the interface's
        url = self._upstream + head.target
        return Forward(method=head.method, url=url, headers=request_headers(head.headers))

    def sent(self, at: float) -> None: ...

    def head(self, status: int, headers: Sequence[tuple[str, str]], at: float) -> None: ...

    def head_written(self, seconds: float) -> None: ...

    def data(self, chunk: bytes, at: float) -> bool:  # noqa: ARG002  # as above
        return True

    def client_waited(self, seconds: float) -> None: ...

    def client_left(self) -> None: ...

    def client_stayed(self) -> None: ...

    async def close(self, ending: Ending, at: float) -> None: ...

    async def failed(self, failure: Failure, reason: str, at: float) -> Answer:  # noqa: ARG002  # as above
        return Answer(status=502, body=reason.encode())


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


async def _serve(upstream: str, port: int) -> None:
    prepare_for_many_calls()
    async with Relay(_say) as relay:
        sock = socket.create_server(("127.0.0.1", port), backlog=1024)
        await relay.serve(sock, lambda: _Through(upstream))
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1], int(sys.argv[2])))
