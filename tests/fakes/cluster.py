"""A stand-in for Ray, with what the engine uses of it: nodes that a test adds, answers that a test gives."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any


class RayError(Exception):
    pass


class RayTaskError(RayError):
    pass


@dataclass
class Call:
    """One call of an actor's method; the test answers it."""

    method: str
    arguments: tuple[Any, ...]
    answer: Future[Any] = field(default_factory=Future)

    def future(self) -> Future[Any]:
        return self.answer


@dataclass
class Method:
    name: str
    actor: Actor

    def options(self, **_: object) -> Method:
        return self

    def remote(self, *arguments: object) -> Call:
        self.actor.calls.append(call := Call(self.name, arguments))
        if self.name in self.actor.ready:
            call.answer.set_result(self.actor.ready[self.name](*arguments))
        return call


@dataclass
class Actor:
    node_id: str
    resources: dict[str, float]
    calls: list[Call] = field(default_factory=list)
    ready: dict[str, Callable[..., Any]] = field(default_factory=dict)
    """Methods that are answered at once."""

    def __getattr__(self, name: str) -> Method:
        return Method(name, self)

    def of(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]


class Ray:
    """The module."""

    exceptions = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)
    util = SimpleNamespace(
        scheduling_strategies=SimpleNamespace(NodeAffinitySchedulingStrategy=lambda node_id, soft: node_id)
    )

    def __init__(self) -> None:
        self.there: dict[str, dict[str, Any]] = {}
        self.actors: list[Actor] = []
        self.killed: list[Actor] = []

    def add(self, node_id: str, **resources: float) -> None:
        given = {name.replace("__", ":"): amount for name, amount in resources.items()}
        self.there[node_id] = {
            "NodeID": node_id, "Alive": True, "Resources": given, "NodeManagerHostname": "host",
        }  # fmt: skip

    def nodes(self) -> list[dict[str, Any]]:
        return list(self.there.values())

    def remote(self, **_: object) -> Callable[[type], Any]:
        return lambda _worker: SimpleNamespace(
            options=lambda resources, scheduling_strategy: SimpleNamespace(
                remote=partial(self._start, scheduling_strategy, resources)
            )
        )

    def _start(self, node_id: str, resources: dict[str, float], *_: object) -> Actor:
        self.actors.append(actor := Actor(node_id, resources))
        return actor

    def kill(self, actor: Actor) -> None:
        self.killed.append(actor)

    def get(self, call: Call) -> Any:
        return call.answer.result()
