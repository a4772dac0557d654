"""The default-deny door of a run: which requests may pass to the endpoint.

Contract: pure. The verdict on a request is ``None`` (it may pass) or a ``Problem``. What passes: model calls
and questions about their tokens, with bodies that can be checked, and lists of models. An agent without a
network must not reach the web through the model provider, nor what other runs left there. So tools that the
provider runs, media that it would fetch, files, batches, background calls and all that is stored are refused;
so are models outside the run's list, and what would send the request elsewhere. The run's ``allow`` lifts
single refusals.

A request is judged in parts: its line and headers (:mod:`~cab_proxy.door_line`), and its body
(:mod:`~cab_proxy.door_body`) with its tools (:mod:`~cab_proxy.door_tools`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .door_body import body_objections
from .door_line import header_objections, line_objections
from .errors import Problem
from .exchange import Headers
from .jsonbody import JsonBody
from .protocols.base import Protocol

_LIFTED_BY: Final = {
    "hosted_tool_not_allowed": ("hosted-tools",),
    "remote_media_not_allowed": ("remote-media",),
    "background_not_allowed": ("background",),
    "stored_not_allowed": ("stored",),
    "retrieval_not_allowed": ("background", "stored"),
}
"""Codes of problems, and the names of what lifts them."""

ALLOWANCES: Final = frozenset(name for names in _LIFTED_BY.values() for name in names)
"""What ``allow`` may name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What one run may ask for."""

    models: frozenset[str] | None = None
    """Models that may be called; ``None`` for any."""
    allow: frozenset[str] = frozenset()
    """Problems that are lifted, of :data:`ALLOWANCES`."""

    def check_target(self, method: str, target: str) -> Problem | None:
        """Judge a request's line as the endpoint would get it: its path, the model in it, and its query."""
        return self._first(line_objections(method, target, self.models))

    def check_headers(self, headers: Headers) -> Problem | None:
        """Judge a request's headers."""
        return self._first(header_objections(headers))

    def check_body(self, protocol: Protocol, body: JsonBody) -> Problem | None:
        """Judge the body of a model call, or of a question about one."""
        if body.value is None:
            return Problem(code="body_not_checkable", message=body.problem or "the body can't be checked")
        duplicate = body.duplicate_key()
        if duplicate is not None:
            return Problem(
                code="duplicate_key", message="a key stands twice in the body", param=duplicate[:100]
            )
        return self._first(body_objections(body.value, protocol.name, self.models))

    def _first(self, problems: Iterator[Problem]) -> Problem | None:
        """The first problem that nothing lifts."""
        return next((p for p in problems if self.allow.isdisjoint(_LIFTED_BY.get(p.code, ()))), None)
