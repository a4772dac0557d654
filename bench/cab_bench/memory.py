"""How much a relay holds while a large body passes. A fresh relay for each body."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from . import peers, procs, wire
from .check import Dechunker
from .client import Connection
from .measure import Data, Say
from .peers import Peer, Target

REQUEST_MB: Final = 10
RESPONSE_MB: Final = 50
_STREAM_EVENTS: Final = 195_000
_CASES: Final = {
    f"{REQUEST_MB} MB request": ("plain", REQUEST_MB * 1_000_000),
    f"{RESPONSE_MB} MB response": (f"blob-{RESPONSE_MB * 1_000_000}", 2000),
    "both": (f"blob-{RESPONSE_MB * 1_000_000}", REQUEST_MB * 1_000_000),
    f"{RESPONSE_MB} MB stream": (f"stream-{_STREAM_EVENTS}-0", 2000),
}
_PAUSE_S: Final = 1.0
"""The client reads nothing for so long after the first bytes: what is held then is the relay's."""
_WARM: Final = 20


def measure(chosen: Sequence[Peer], say: Say) -> Data:
    """For each relay and body: resident before, the most while it passed, and whether it came whole."""
    found: Data = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as name, peers.endpoint(Path(name)) as direct:
        for peer in chosen:
            cases: Data = {}
            for case, (model, size) in _CASES.items():
                folder = Path(name) / f"{peer.name}-{case.replace(' ', '-')}"
                with peers.running(peer, direct.port, folder) as target:
                    cases[case] = _one(target, model, size)
            found[peer.name] = cases
            grown = ", ".join(f"{case} +{one['growth_mb']:.1f} MB" for case, one in cases.items())
            say(f"memory of {peer.name}: {grown}")
    return found


def _one(target: Target, model: str, size: int) -> Data:
    warm, request = (target.request(wire.request_body(*each)) for each in (("plain", 2000), (model, size)))
    with Connection(target.port) as connection:
        for _ in range(_WARM):
            connection.ask(warm)
        procs.forget_peak(target.pid)
        before = procs.memory(target.pid)
        connection.send(request)
        received, digest = _read(connection)
    peak = procs.memory(target.pid).peak_mb
    return {
        "before_mb": before.now_mb,
        "peak_mb": peak,
        "growth_mb": peak - before.now_mb,
        "received_bytes": received,
        "unchanged": digest == _digest(_expected(model)),
    }


def _read(connection: Connection) -> tuple[int, str]:
    """Bytes of the response's body, and their hash. Nothing of it is kept."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.read()
    time.sleep(_PAUSE_S)
    head, _, data = head.partition(b"\r\n\r\n")
    lines = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
    dechunk = None if b"content-length" in lines else Dechunker()
    length = int(lines.get(b"content-length", b"0"))
    digest = hashlib.sha256()
    received = 0
    while True:
        body = dechunk.feed(data) if dechunk else data
        digest.update(body)
        received += len(body)
        if dechunk.ended if dechunk else received >= length:
            return received, digest.hexdigest()
        data = connection.read()


def _expected(model: str) -> Iterable[bytes]:
    wanted = wire.behaviour(model)
    assert wanted is not None
    if wanted.kind == "stream":
        return wire.events(model, wanted.count)
    before, filler, after = wire.completion(wanted.count)
    return before, b"x" * filler, after


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
