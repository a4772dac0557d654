"""The interceptor: mitmproxy, which opens TLS and leads what comes out of it to the relay.

A program of its own, in mitmproxy's environment: standard library and mitmproxy only. stdin's first line is
its orders, in JSON; when stdin ends, so does it. On stdout it says, a JSON object a line, its port and its CA
once it listens, then what it refused and who does not trust it. :mod:`cab_proxy.mitm` is the other side.

Invariants
----------
* It opens connections to the relay and to nothing else: no request, tunnel or upgrade gets past the meter,
  not even where a hook below fails.
* Who has not the run's token gets a 407. Any host but the listed ones, and all that is not TLS, is a 403.
* Its CA is made anew each time, and the CA's key is in its memory only, once it listens.
* Bodies go through as they come, both ways; nobody looks at them here. What is refused is not read.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import json
import resource
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from weakref import WeakSet

from mitmproxy import http
from mitmproxy.addons import errorcheck, next_layer, proxyserver, tlsconfig
from mitmproxy.master import Master
from mitmproxy.options import Options

MAX_MEMORY_BYTES: Final = 4 * 1024**3
"""Of addresses. mitmproxy bounds no head of a request: an endless one costs its own run the interceptor."""

_SETTINGS: Final[dict[str, Any]] = {
    # no server is asked for anything before there is a request, and then it is the relay
    "connection_strategy": "lazy",
    "upstream_cert": False,
    # a connection gets five ways on: the sixth call of an HTTP/2 client would wait for another to end
    "http2": False,
    "rawtcp": False,
}


class Interceptor:
    """The addon. Its public methods are mitmproxy's hooks."""

    def __init__(
        self, orders: dict[str, Any], server: proxyserver.Proxyserver, folder: TemporaryDirectory[str]
    ) -> None:
        self._server = server
        self._folder = folder
        self._token: str = orders["token"]
        self._origins = frozenset(orders["origins"])
        self._relay = tuple(orders["relay"])
        self._tunnels: WeakSet[Any] = WeakSet()
        """Connections of clients that were granted a tunnel."""

    def running(self) -> None:
        """Mitmproxy listens, and has read its CA."""
        [address] = self._server.listen_addrs()
        ca = (Path(self._folder.name) / "mitmproxy-ca-cert.pem").read_text()
        self._folder.cleanup()
        _say({"port": address[1], "ca": ca})

    def http_connect(self, flow: http.HTTPFlow) -> None:
        """A client wants a tunnel."""
        request = flow.request
        origin = _origin(request.host, request.port)
        if self._lets_pass(flow, "https", origin, refused={"path": origin}):
            self._tunnels.add(flow.client_conn)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """The head of a request: the relay learns from Host where it was to go."""
        request = flow.request
        origin = _origin(request.host, request.port)
        path = request.path.partition("?")[0][:2048]
        refused = {"path": path, "upstream": f"{request.scheme}://{origin}"}
        if self._lets_pass(flow, request.scheme, origin, refused):
            request.host, request.port = self._relay
            request.scheme, request.authority = "http", ""
            request.headers["Host"] = origin
            request.headers["Proxy-Authorization"] = f"Bearer {self._token}"
            request.stream = True
        elif request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers:
            flow.kill()  # mitmproxy would hold the whole body before it answers

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """The head of a response."""
        assert flow.response is not None
        flow.response.stream = True

    def server_connect(self, data: Any) -> None:
        """A connection is about to be made."""
        if tuple(data.server.address) != self._relay:
            data.server.error = "the relay is the only way on"

    def tls_failed_client(self, data: Any) -> None:
        """No TLS with a client: mostly it does not trust the run's certificate."""
        origin = _origin(*data.context.server.address[:2])
        _say({"untrusted": {"origin": origin, "reason": str(data.conn.error)[:200]}})

    def _lets_pass(self, flow: http.HTTPFlow, scheme: str, origin: str, refused: dict[str, str]) -> bool:
        """Whether a request may go on; if not, it has its answer."""
        if flow.client_conn not in self._tunnels and not self._has_token(flow.request):
            challenge = {"Proxy-Authenticate": 'Basic realm="cab-proxy"'}
            flow.response = http.Response.make(
                407, b"cab-proxy mitm: the run's token is missing\n", challenge
            )
            return False
        if scheme == "https" and origin in self._origins:
            return True
        _say({"refused": {"method": flow.request.method[:32], **refused}})
        known = ", ".join(sorted(self._origins))
        message = f"cab-proxy mitm passes TLS to {known} on, and nothing else: {origin} needs a --host\n"
        flow.response = http.Response.make(403, message.encode(), {"Content-Type": "text/plain"})
        return False

    def _has_token(self, request: http.Request) -> bool:
        scheme, _, pair = request.headers.get("Proxy-Authorization", "").partition(" ")
        try:
            password = base64.b64decode(pair).partition(b":")[2]
        except ValueError:
            return False
        return scheme.lower() == "basic" and hmac.compare_digest(password, self._token.encode())


def _origin(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host.lower()}:{port}"


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def serve(orders: dict[str, Any]) -> None:
    """Do what the orders say until stdin ends."""
    with contextlib.suppress(ValueError, OSError):  # a lower limit is set, or the system has none
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    folder = TemporaryDirectory(prefix="cab-")
    master = Master(Options(listen_host="127.0.0.1", listen_port=orders["port"], confdir=folder.name))
    server = proxyserver.Proxyserver()
    master.addons.add(
        errorcheck.ErrorCheck(repeat_errors_on_stderr=True),
        server,
        next_layer.NextLayer(),
        tlsconfig.TlsConfig(),
        Interceptor(orders, server, folder),
    )
    master.options.update(**_SETTINGS)
    threading.Thread(target=_shut_down_with_stdin, args=(master,), daemon=True).start()
    await master.run()


def _shut_down_with_stdin(master: Master) -> None:
    sys.stdin.read()
    master.shutdown()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.stdin.readline())))
