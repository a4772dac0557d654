"""Attempts on the nodes of a Ray cluster (extra ``ray``), their records in the driver's results.

On each node that offers the resource ``sandbox`` an actor reserves it, and runs a :class:`~.node.Node`: its
own meters, its own images. Which attempt goes to which node is decided here, not by Ray: a node that cannot
run any, because it lacks something or has another version, would otherwise take them all and fail them all.

Invariants
----------
* Nodes are held to the driver's lock: versions, hashes of the tasks, agents, images. One that differs gets no
  attempt, and a warning says in what.
* No key is told to a node. It reads its own environment, as ``--key-env`` and ``CAB_KEY`` say.
* An order ends once: with the record that its node sent, or lost with its node, and then the schedule tries
  its slot again under another run id. Ray repeats a call that did not get through; a node runs an order once
  however often it is told to.
"""

from __future__ import annotations

import importlib
import logging
import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event
from types import TracebackType
from typing import Any, Final, Self

from cab_runner.capture import last_line
from cab_runner.errors import CabError, MachineLacks
from cab_runner.sandbox.base import Interrupted
from cab_runner.sweep import store
from cab_runner.sweep.config import SweepConfig
from cab_runner.sweep.node import Finished, Order, cause_of
from cab_runner.sweep.parcel import LARGEST_BYTES, BadParcel, Inbox
from cab_runner.sweep.ray_worker import CLOSE_S, Worker
from cab_runner.sweep.schedule import Ended

SANDBOX: Final = "sandbox"
"""The resource that a node offers: attempts at once."""
ENDPOINT: Final = "endpoint:"
"""Before an endpoint's name: of these, how many may be at it. Where no node offers it, all may."""
UNLIMITED: Final = 2**20
"""Attempts at once at an endpoint for which nothing was set: as many as there are places."""

_LOOK_S: Final = 5.0
"""Between two looks at which nodes there are."""
_MOST_DEATHS: Final = 3
"""Of our process on a node that itself lives on."""
_ANSWER_S: Final = 10.0
_OBJECT_STORE_BYTES: Final = 200 * 2**20
_CONTROL: Final = "control"
"""Ray's threads for calls that must not wait behind attempts."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Machine:
    """A node of the cluster, as the driver sees it."""

    name: str
    node_id: str
    actor: Any
    places: int
    shares: Mapping[str, int]
    """Endpoint → attempts at once, for those that the node offers."""
    ready: bool = False
    running: list[Order] = field(default_factory=list)


class RayEngine:
    """See :class:`~.engine.Engine`; its ``wait`` may raise what no attempt may raise."""

    def __init__(
        self,
        config: SweepConfig,
        text: str,
        load: Callable[[str], SweepConfig],
        *,
        address: str | None,
        stop: Event,
        warn: Callable[[str], None],
    ) -> None:
        self._config, self._text, self._load = config, text, load
        self._address, self._stop, self._warn = address, stop, warn
        self._inbox = Inbox(config.results, config.sweep_id)
        self._machines: dict[str, _Machine] = {}
        self._left_alone: dict[str, str] = {}
        self._deaths: Counter[str] = Counter()
        self._limited: set[str] = set()
        self._waiting: list[Order] = []
        self._heard: SimpleQueue[Callable[[], Finished | None]] = SimpleQueue()
        """What Ray's threads and ours have to tell, for the one thread that uses the engine."""
        self._receivers = ThreadPoolExecutor(4, thread_name_prefix="cab-receive")
        self._agreed: Mapping[str, Any] | None = None
        """The lock of the first node that was ready."""
        self._stopped = False
        self._looked_s = -_LOOK_S

    def __enter__(self) -> Self:
        """Raises :class:`MachineLacks`."""
        self._ray = _connect(self._address, self._config.n_concurrent)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            closing = [self._call(machine, "close") for machine in self._machines.values()]
            if closing:
                self._ray.wait(closing, num_returns=len(closing), timeout=CLOSE_S)
        finally:
            self._ray.shutdown()
            self._receivers.shutdown()

    @property
    def n_concurrent(self) -> int:
        """See :class:`~.engine.Engine`."""
        return sum(machine.places for machine in self._machines.values() if machine.ready)

    def at_endpoint(self, endpoint: str) -> int:
        """See :class:`~.engine.Engine`."""
        return sum(self._share(machine, endpoint) for machine in self._machines.values() if machine.ready)

    def prepare(self, progress: Callable[[str], None], finish: Event) -> Mapping[str, Any]:
        """Wait for the first node that can run attempts; the others join when they can. Returns the lock.

        Raises :class:`MachineLacks` when there is none, and :class:`Interrupted` when ``finish`` was set.
        """
        said = ""
        while self._agreed is None:
            if finish.is_set():
                raise Interrupted
            self._turn(0.5)
            if not self._machines:
                why = "; ".join(self._left_alone.values())
                raise MachineLacks(
                    f"no node of the Ray cluster can run attempts: {why}"
                    if why
                    else "no node of the Ray cluster offers sandboxes: "
                    "ray start … --resources '{\"sandbox\": 4}'"
                )
            names = ", ".join(machine.name for machine in self._machines.values())
            if names != said:
                progress(f"preparing {names}")
                said = names
        return self._agreed

    def start(self, order: Order) -> None:
        """See :class:`~.engine.Engine`."""
        self._waiting.append(order)
        self._assign()

    def wait(self, timeout_s: float) -> Sequence[Finished]:
        """See :class:`~.engine.Engine`."""
        found = self._turn(timeout_s)
        if self._stop.is_set():
            found += [self._lost(order, "interrupted before it began") for order in self._waiting]
            self._waiting.clear()
            if not self._stopped:
                self._stopped = True
                for machine in self._machines.values():
                    self._call(machine, "stop")
        return found

    def _turn(self, timeout_s: float) -> list[Finished]:
        """Do what there is to do, or wait so long for it."""
        if time.monotonic() >= self._looked_s + _LOOK_S:
            self._look()
        found: list[Finished] = []
        with suppress(Empty):
            tell = self._heard.get(timeout=timeout_s)
            while True:
                if finished := tell():
                    found.append(finished)
                tell = self._heard.get_nowait()
        return found

    def _look(self) -> None:
        """See which nodes there are, and take on the new ones."""
        self._looked_s = time.monotonic()
        alive = {
            node["NodeID"]: node
            for node in self._ray.nodes()
            if node["Alive"] and node["Resources"].get(SANDBOX, 0) >= 1
        }
        offered = {name for node in alive.values() for name in node["Resources"]}
        self._limited |= {name for name in self._config.endpoints if f"{ENDPOINT}{name}" in offered}
        for machine in [each for each in self._machines.values() if each.node_id not in alive]:
            self._gone(machine)
        for node_id, node in alive.items():
            if node_id not in self._machines and node_id not in self._left_alone:
                self._take_on(node_id, node)

    def _take_on(self, node_id: str, node: Mapping[str, Any]) -> None:
        offers = {name: int(amount) for name, amount in node["Resources"].items()}
        places = min(offers[SANDBOX], self._config.n_concurrent)
        shares = {name: min(offers.get(f"{ENDPOINT}{name}", 0), places) for name in self._limited}
        reserved = {SANDBOX: places} | {f"{ENDPOINT}{name}": share for name, share in shares.items() if share}
        strategies = self._ray.util.scheduling_strategies
        actor_class = self._ray.remote(
            num_cpus=0,
            max_concurrency=places + 1,
            concurrency_groups={_CONTROL: 4},
            max_restarts=0,
            max_task_retries=-1,  # of calls that did not get through to a process that lives
        )(Worker)
        actor = actor_class.options(
            resources=reserved,
            scheduling_strategy=strategies.NodeAffinitySchedulingStrategy(node_id, soft=False),
        ).remote(self._load, self._text)
        machine = _Machine(
            name=f"{node['NodeManagerHostname']} ({node_id[:8]})",
            node_id=node_id,
            actor=actor,
            places=places,
            shares=shares,
        )
        self._machines[node_id] = machine
        self._when_done(actor.prepare.options(max_task_retries=0).remote(), partial(self._prepared, machine))

    def _when_done(self, ref: Any, tell: Callable[[Future[Any]], Finished | None]) -> None:
        ref.future().add_done_callback(lambda future: self._heard.put(lambda: tell(future)))

    def _call(self, machine: _Machine, method: str, *arguments: object) -> Any:
        return getattr(machine.actor, method).options(concurrency_group=_CONTROL).remote(*arguments)

    def _prepared(self, machine: _Machine, future: Future[Any]) -> None:
        if self._machines.get(machine.node_id) is not machine:
            return  # it is gone meanwhile
        if error := future.exception():
            self._leave_alone(machine, last_line(str(error)))
            return
        found = future.result()
        if isinstance(found, str):
            self._leave_alone(machine, found)
            return
        wanted = self._agreed or {**store.lock(self._config, {}, {}), "images": found["images"]}
        if difference := store.difference(wanted, found):
            self._leave_alone(machine, f"{difference} differs from the driver's")
            return
        self._agreed = self._agreed or found
        machine.ready = True
        self._assign()

    def _leave_alone(self, machine: _Machine, why: str) -> None:
        del self._machines[machine.node_id]
        self._left_alone[machine.node_id] = f"{machine.name}: {why}"
        self._warn(f"{machine.name} runs no attempts: {why}")
        self._ray.kill(machine.actor)

    def _gone(self, machine: _Machine) -> None:
        """It takes no attempts any more. What it had under way is told as lost by Ray."""
        if self._machines.get(machine.node_id) is machine:
            del self._machines[machine.node_id]
            self._deaths[machine.node_id] += 1
            if self._deaths[machine.node_id] == _MOST_DEATHS:
                self._left_alone[machine.node_id] = f"{machine.name}: its process died {_MOST_DEATHS} times"
            self._warn(f"{machine.name} is gone, with {len(machine.running)} attempts under way")

    def _share(self, machine: _Machine, endpoint: str) -> int:
        return machine.shares.get(endpoint, 0) if endpoint in self._limited else machine.places

    def _free(self, machine: _Machine, endpoint: str) -> int:
        there = sum(order.slot.endpoint == endpoint for order in machine.running)
        return min(machine.places - len(machine.running), self._share(machine, endpoint) - there)

    def _assign(self) -> None:
        """Give waiting orders to the nodes that have most room."""
        for order in list(self._waiting):
            able = [
                (self._free(each, order.slot.endpoint), each)
                for each in self._machines.values()
                if each.ready
            ]
            free, machine = max(able, key=lambda pair: pair[0], default=(0, None))
            if machine and free > 0:
                self._waiting.remove(order)
                machine.running.append(order)
                self._when_done(machine.actor.run.remote(order), partial(self._answered, machine, order))

    def _answered(self, machine: _Machine, order: Order, future: Future[Any]) -> Finished | None:
        error = future.exception()
        if isinstance(error, self._ray.exceptions.RayTaskError):
            raise error  # of ours, on the node
        if error:
            self._gone(machine)
        machine.running.remove(order)
        self._assign()
        if error:
            return self._lost(order, f"{machine.name} is gone")
        self._receivers.submit(self._receive, machine, order, *future.result())
        return None

    def _receive(self, machine: _Machine, order: Order, finished: Finished, size: int, first: bytes) -> None:
        """In a thread of its own: get the rest of the parcel, and publish it."""
        ended: Finished | None
        try:
            ended = self._received(machine, order, finished, size, first)
        except (CabError, OSError) as error:
            ended = Finished(
                order=order, ended=Ended(cause=cause_of(error)), cell=None, detail=f"{machine.name}: {error}"
            )
        except self._ray.exceptions.RayError:
            ended = self._lost(order, f"{machine.name} is gone")
        except BaseException as error:  # noqa: BLE001  # the edge of a thread: raised by wait()
            self._heard.put(partial(_raise, error))
            return
        self._heard.put(lambda: ended)

    def _received(
        self, machine: _Machine, order: Order, finished: Finished, size: int, first: bytes
    ) -> Finished | None:
        cell = None
        if size > LARGEST_BYTES:
            raise BadParcel(f"a parcel of {size} bytes is too large")
        with self._inbox.spool() as parcel:
            parcel.write(first)
            while parcel.tell() < size:
                piece = self._ray.get(self._call(machine, "read", order.run_id, parcel.tell()))
                if not piece:
                    raise BadParcel("the parcel ends early")
                parcel.write(piece)
            if not self._inbox.claim(order.run_id):
                path = self._inbox.keep_aside(order.run_id, parcel)
                self._warn(
                    f"{machine.name} sent a second result of attempt {order.run_id}: it is kept in {path}"
                )
                return None
            if size:
                cell = self._inbox.publish(order, parcel)
        self._call(machine, "forget", order.run_id)
        return replace(finished, order=order, cell=cell)

    def _lost(self, order: Order, why: str) -> Finished:
        self._inbox.claim(order.run_id)  # should its result come after all, its slot is tried again by then
        return Finished(order=order, ended=Ended(cause="interrupted"), cell=None, detail=why)


def _raise(error: BaseException) -> None:
    raise error


def _connect(address: str | None, n_concurrent: int) -> Any:
    """Ray, connected to a cluster: the given one, else ``RAY_ADDRESS``, else this machine's, else a new one.

    Raises :class:`MachineLacks`.
    """
    try:
        ray = importlib.import_module("ray")
        importlib.import_module("ray.util.scheduling_strategies")
    except ImportError:
        raise MachineLacks("--engine ray needs Ray: pip install 'codingagentbench[ray]'") from None
    # no reports to Ray's makers from a cluster that we start, and no GPUs hidden from the nodes
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    ray._private.worker._worker_logs_enabled = False  # noqa: SLF001  # they go to stdout, where events are
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    given = address or os.environ.get("RAY_ADDRESS")
    handler = signal.getsignal(signal.SIGTERM)
    try:
        if given:
            _require_answer(given)
        ray.init(address=given or "auto", **quiet)
    except ConnectionError as error:
        if given:
            raise MachineLacks(f"Ray: {error}; is RAY_AUTH_MODE as on its nodes?") from None
        ray.init(
            address="local",
            num_cpus=1,
            resources={SANDBOX: n_concurrent},
            object_store_memory=_OBJECT_STORE_BYTES,
            include_dashboard=False,
            **quiet,
        )
    except (RuntimeError, ValueError, ray.exceptions.RayError) as error:  # other versions there, say
        raise MachineLacks(f"Ray: {last_line(str(error))}") from None
    finally:
        signal.signal(signal.SIGTERM, handler)  # Ray puts its own in its place
    return ray


def _require_answer(address: str) -> None:
    """Ray itself waits for minutes. What is no HOST:PORT is its to judge."""
    host, _, port = address.rpartition(":")
    if port.isdecimal() and "/" not in host:
        try:
            socket.create_connection((host.strip("[]"), int(port)), _ANSWER_S).close()
        except (OSError, OverflowError) as error:
            raise MachineLacks(f"no Ray cluster answers at {address} ({error})") from None
