"""The measurements. Each returns plain data: what was asked, every round, nothing derived.

A round asks every target once, in an order drawn for the round; what differs between two targets in
one round is a pair, and figures are made of pairs. Targets are the endpoint itself (``direct``) and the
relays.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from . import client, procs, wire, wrk
from .errors import BenchError
from .kinds import ledger_lines
from .load import Load, Outcome
from .peers import Target, own_environment
from .stats import percentile

STREAM_EVENTS: Final = 64
PACED_GAP_MS: Final = 20

Say = Callable[[str], None]
Data = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much to measure."""

    seed: int
    rounds: int
    seconds: float
    """Of each target in each round."""
    latency_rounds: int
    connections: int = 32
    sizes: tuple[int, ...] = (2_000, 17_000, 200_000)
    concurrency: tuple[int, ...] = (1, 100, 1000)
    paced_rounds: int = 3
    paced_seconds: float = 4.0


def _rounds(targets: Sequence[Target], count: int, rng: random.Random) -> Iterable[list[Target]]:
    for _ in range(count):
        yield rng.sample(targets, len(targets))


def throughput(targets: Sequence[Target], plan: Plan, model: str, size: int, say: Say) -> Data:
    """Requests a second: wrk, ``plan.connections`` connections, one body."""
    rng = random.Random(f"{plan.seed} {model} {size}")  # noqa: S311  # an order
    body = wire.request_body(model, size)
    rounds: list[Data] = []
    ledger: dict[str, tuple[int, int]] = {}
    for target in targets:  # warm, and not the first of a round
        wrk.run(target.port, target.headers, body, target.folder, connections=plan.connections, seconds=1)
        procs.settle(target.pid)
        ledger_lines(target)
    for number, order in enumerate(_rounds(targets, plan.rounds, rng), 1):
        found: Data = {}
        for target in order:
            before = procs.cpu_s(target.pid)
            done = wrk.run(
                target.port, target.headers, body, target.folder,
                connections=plan.connections, seconds=plan.seconds,
            )  # fmt: skip
            procs.settle(target.pid)
            found[target.name] = {
                **asdict(done), "per_s": done.per_s, "cpu_s": procs.cpu_s(target.pid) - before,
            }  # fmt: skip
            if (lines := ledger_lines(target)) is not None:
                calls, metered = ledger.get(target.name, (0, 0))
                ledger[target.name] = calls + lines[0], metered + lines[1]
        rounds.append(found)
        say(f"{model} {size} bytes, round {number}: " + _line(order, found))
    return {"model": model, "bytes": size, "rounds": rounds, "ledger": ledger}


def _line(order: Sequence[Target], found: Data) -> str:
    return ", ".join(f"{target.name} {found[target.name]['per_s']:,.0f}/s" for target in order)


def latency(targets: Sequence[Target], plan: Plan, model: str, size: int, say: Say) -> Data:
    """Milliseconds of single calls, one connection each, one call after the other, target by target.

    Of a stream, the time to its first event. A slow target takes part in every so-many-th round
    only, so that it doesn't take up the whole run.
    """
    rng = random.Random(f"{plan.seed} latency {model}")  # noqa: S311  # an order
    body = wire.request_body(model, size)
    streamed = model.startswith("stream")
    requests = {target.name: target.request(body) for target in targets}
    connections = {target.name: client.Connection(target.port) for target in targets}
    try:
        every = {}
        for target in targets:
            warm = [_call(connections[target.name], requests[target.name], streamed) for _ in range(30)]
            every[target.name] = max(1, min(50, round((percentile(warm, 50) or 0) / 0.5)))
        rounds = []
        for number in range(plan.latency_rounds):
            found = {}
            for target in rng.sample(targets, len(targets)):
                if number % every[target.name] == 0:
                    found[target.name] = _call(connections[target.name], requests[target.name], streamed)
            rounds.append(found)
    finally:
        for connection in connections.values():
            connection.close()
    for target in targets:
        ledger_lines(target)
    say(f"latency of {model}: {len(rounds)} rounds")
    return {"model": model, "bytes": size, "every": every, "rounds": rounds}


def _call(connection: client.Connection, request: bytes, streamed: bool) -> float:
    start = time.perf_counter_ns()
    if streamed:
        connection.first(request)
        took = time.perf_counter_ns() - start
        answer = connection.rest()
    else:
        answer = connection.ask(request)
        took = time.perf_counter_ns() - start
    if not answer.startswith(b"HTTP/1.1 200"):
        raise BenchError(f"an answer was no 200: {answer[:200]!r}")
    return took / 1e6


def fault(target: Target, model: str, size: int) -> str | None:
    """Why a target doesn't answer such a request as it should; ``None``: it does."""
    try:
        with client.Connection(target.port) as connection:
            answer = connection.ask(target.request(wire.request_body(model, size)))
    except OSError as error:
        return str(error)
    if not answer.startswith(b"HTTP/1.1 200"):
        return answer.partition(b"\r\n")[0].decode(errors="replace")
    wanted = b"data: [DONE]" if model.startswith("stream") else b'"usage"'
    return None if wanted in answer else "the answer is not the endpoint's"


def paced(targets: Sequence[Target], plan: Plan, concurrent: int, say: Say) -> Data:
    """Streams with a pace, ``concurrent`` at once. A target that can't carry half of them leaves."""
    rng = random.Random(f"{plan.seed} paced {concurrent}")  # noqa: S311  # an order
    rounds: list[Data] = []
    going = list(targets)
    for number, order in enumerate(_rounds(targets, plan.paced_rounds, rng), 1):
        found: Data = {}
        for target in order:
            if target not in going:
                continue
            load = Load(
                port=target.port, headers=dict(target.headers), concurrent=concurrent, events=STREAM_EVENTS,
                gap_ms=PACED_GAP_MS, body_bytes=17_000, seconds=plan.paced_seconds, seed=plan.seed + number,
            )  # fmt: skip
            found[target.name] = streams(target, load)
            if found[target.name]["events"] < 0.5 * found[target.name]["expected"]:
                going.remove(target)
        rounds.append(found)
        shown = [target for target in order if target.name in found]
        say(f"{concurrent} streams, round {number}: p99 gap " + ", ".join(
            f"{each.name} {found[each.name]['gap_p99_ms'] or 0:.1f} ms" for each in shown
        ))  # fmt: skip
    return {"concurrent": concurrent, "gap_ms": PACED_GAP_MS, "events": STREAM_EVENTS, "rounds": rounds}


def streams(target: Target, load: Load) -> Data:
    """One load of streams on one target, with what the target used meanwhile."""
    procs.forget_peak(target.pid)
    before = procs.cpu_s(target.pid)
    result = outcome(load)
    memory = procs.memory(target.pid)
    procs.settle(target.pid)
    used = procs.cpu_s(target.pid) - before
    ledger_lines(target)
    return {**asdict(result), "cpu_s": used, "rss_mb": memory.now_mb, "rss_peak_mb": memory.peak_mb}


def outcome(load: Load) -> Outcome:
    """Run a load in a process of its own. Raises :class:`BenchError` when it can't."""
    done = subprocess.run(
        [sys.executable, "-m", "cab_bench.load"],
        input=json.dumps(asdict(load)), capture_output=True, text=True, check=False, env=own_environment(),
    )  # fmt: skip
    if done.returncode:
        raise BenchError(f"the load failed: {done.stderr.strip()[-500:]}")
    return Outcome(**json.loads(done.stdout))


def integrity(targets: Sequence[Target], plan: Plan, say: Say) -> Data:
    """Unpaced streams again, by the client that looks at every event."""
    found = {}
    for target in targets:
        load = Load(
            port=target.port, headers=dict(target.headers), concurrent=plan.connections, events=STREAM_EVENTS,
            gap_ms=0, body_bytes=17_000, seconds=1.0, seed=plan.seed,
        )  # fmt: skip
        found[target.name] = streams(target, load)
        say(f"unpaced, checked: {target.name} {found[target.name]['streams']} streams")
    return found
