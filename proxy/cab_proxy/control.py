"""The client of a proxy's control socket, and the words that both ends of it use.

Standard library only and synchronous: this is what the runner imports. One request per connection;
safe to use from several threads.
"""

from __future__ import annotations

import http.client
import json
import math
import socket
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

DRAIN_S: Final = 30.0
"""How long a closing run waits for its calls, unless told otherwise."""

_TIMEOUT_S: Final = 30.0


class ControlError(Exception):
    """The proxy refused, or can't be reached. The message says what happened."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        """HTTP status of the proxy's answer; ``None`` when there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a run may spend. ``None`` is no limit."""

    max_calls: int | None = None
    max_total_tokens: int | None = None
    """Input and output together; estimates count."""
    max_cost_usd: Decimal | None = None
    """A call of unknown cost counts as all that was left, so it is the last."""
    max_seconds: float | None = None
    """No call begins later than this after the opening of the run."""

    def to_json(self) -> dict[str, Any]:
        """As it goes over the socket; money is a string."""
        cost = self.max_cost_usd
        return {
            "max_calls": self.max_calls,
            "max_total_tokens": self.max_total_tokens,
            "max_cost_usd": None if cost is None else str(cost),
            "max_seconds": self.max_seconds,
        }

    @classmethod
    def from_json(cls, raw: object) -> Budget:
        """Read it back. Raises ``ValueError``."""
        if raw is None:
            return cls()
        names = cls.__dataclass_fields__.keys()
        if not isinstance(raw, dict) or not raw.keys() <= names:
            raise ValueError(f"budget takes {', '.join(sorted(names))}")
        for name in ("max_calls", "max_total_tokens"):
            value = raw.get(name)
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
                raise ValueError(f"budget.{name} must be a whole number")
        cost = raw.get("max_cost_usd")
        try:
            limit = None if cost is None else Decimal(str(cost))
        except InvalidOperation:
            raise ValueError("budget.max_cost_usd must be an amount of US dollars") from None
        if limit is not None and not (limit.is_finite() and limit >= 0):
            raise ValueError("budget.max_cost_usd must be an amount of US dollars")
        seconds = raw.get("max_seconds")
        if seconds is not None and (
            not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds < math.inf
        ):
            raise ValueError("budget.max_seconds must be a number of seconds")
        return cls(
            max_calls=raw.get("max_calls"),
            max_total_tokens=raw.get("max_total_tokens"),
            max_cost_usd=limit,
            max_seconds=seconds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a run is opened with."""

    run_id: str
    upstream: str
    """The endpoint's URL, e.g. ``https://api.openai.com/v1``."""
    models: tuple[str, ...] | None = None
    """Models that it may call; ``None`` for any."""
    budget: Budget = field(default_factory=Budget)
    allow: tuple[str, ...] = ()
    """Refusals that are lifted: ``hosted-tools``, ``remote-media``, ``background``, ``stored``."""
    ledger: Path | None = None
    """Where its ledger lies; ``None`` for ``RUN_ID.calls.jsonl`` beside the proxy's own."""
    socket_dir: Path | None = None
    """Folder for its socket; ``None`` for the proxy's own."""
    socket_owner: tuple[int, int] | None = None
    """User and group id that the socket is given to."""
    record_bodies: Path | None = None
    """Folder for its requests and responses; ``None`` for the proxy's, if it keeps any."""
    describe_prompts: bool = False
    """Its records have ``purpose`` and ``prompt_parts``; so they do where the proxy was told to."""
    include_usage: bool = False
    """Its streams are asked for their usage, also where the client didn't; or where the proxy was told to."""

    def to_json(self) -> dict[str, Any]:
        """As it goes over the socket."""
        return {
            "run_id": self.run_id,
            "upstream": self.upstream,
            "models": None if self.models is None else list(self.models),
            "budget": self.budget.to_json(),
            "allow": list(self.allow),
            "ledger": None if self.ledger is None else str(self.ledger),
            "socket_dir": None if self.socket_dir is None else str(self.socket_dir),
            "socket_owner": None if self.socket_owner is None else list(self.socket_owner),
            "record_bodies": None if self.record_bodies is None else str(self.record_bodies),
            "describe_prompts": self.describe_prompts,
            "include_usage": self.include_usage,
        }

    @classmethod
    def from_json(cls, raw: object) -> RunRequest:
        """Read it back. Raises ``ValueError`` that names the field."""
        if not isinstance(raw, dict):
            raise ValueError("the request must be a JSON object")
        unknown = raw.keys() - cls.__dataclass_fields__.keys()
        if unknown:
            raise ValueError(f"unknown field {min(unknown)}")
        models = raw.get("models")
        owner = raw.get("socket_owner")
        if owner is not None and not (
            isinstance(owner, list) and len(owner) == 2 and all(isinstance(n, int) and n >= 0 for n in owner)
        ):
            raise ValueError("socket_owner must be [uid, gid]")
        return cls(
            run_id=_string(raw, "run_id"),
            upstream=_string(raw, "upstream"),
            models=None if models is None else _strings(models, "models"),
            budget=Budget.from_json(raw.get("budget")),
            allow=_strings(raw.get("allow") or [], "allow"),
            ledger=_path(raw, "ledger"),
            socket_dir=_path(raw, "socket_dir"),
            socket_owner=None if owner is None else (owner[0], owner[1]),
            record_bodies=_path(raw, "record_bodies"),
            describe_prompts=_flag(raw, "describe_prompts"),
            include_usage=_flag(raw, "include_usage"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedRun:
    """Where a run's calls go in, and where they are written."""

    socket: Path
    token: str
    """The only credential that the socket takes; dead once the run is closed."""
    ledger: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """A run up to now."""

    run_id: str
    calls: int
    """Calls in the ledger, those refused and those in flight included."""
    in_flight: int
    ended: int
    """Model calls that the endpoint has answered or lost."""
    with_usage: int
    """Of these, the ones whose ``total_tokens`` is known."""
    total_tokens: int | None
    """Their sum; ``None`` when it is known for none."""
    cost_usd: Decimal | None
    """Sum of the reported costs; ``None`` when none was reported."""
    head: str
    """Hash of the ledger's last line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedRun:
    """A run that has ended."""

    head: str
    """Hash of the ledger's last line."""
    calls: int
    """Calls in the ledger, refused ones included."""


class ControlClient:
    """Opens, watches and closes runs of one proxy."""

    def __init__(self, path: Path, timeout_s: float = _TIMEOUT_S) -> None:
        self.path = path
        self._timeout_s = timeout_s

    def open_run(self, request: RunRequest) -> OpenedRun:
        """Open a run. Raises :class:`ControlError`."""
        raw = self._ask("POST", "/runs", request.to_json())
        return OpenedRun(socket=Path(raw["socket"]), token=raw["token"], ledger=Path(raw["ledger"]))

    def run_state(self, run_id: str) -> RunState:
        """A run's state. Raises :class:`ControlError`, with status 404 when it isn't open."""
        raw = self._ask("GET", f"/runs/{quote(run_id, safe='')}")
        cost = raw["cost_usd"]
        return RunState(**{**raw, "cost_usd": None if cost is None else Decimal(cost)})

    def close_run(self, run_id: str, drain_s: float = DRAIN_S) -> ClosedRun:
        """Close a run: no new calls, up to ``drain_s`` seconds for those in flight, then the ledger is
        whole. Raises :class:`ControlError`.
        """
        path = f"/runs/{quote(run_id, safe='')}?drain_s={drain_s:g}"
        raw = self._ask("DELETE", path, timeout_s=self._timeout_s + drain_s)
        return ClosedRun(head=raw["head"], calls=raw["calls"])

    def _ask(
        self, method: str, path: str, body: object = None, timeout_s: float | None = None
    ) -> dict[str, Any]:
        connection = UnixConnection(self.path, self._timeout_s if timeout_s is None else timeout_s)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"})
            response = connection.getresponse()
            raw = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ControlError(
                f"cab-proxy at {self.path} doesn't answer: {str(error) or type(error).__name__}"
            ) from None
        finally:
            connection.close()
        if response.status >= 400:
            raise ControlError(str(raw.get("error", "refused")), response.status)
        assert isinstance(raw, dict)
        return raw


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket: the control socket, or a run's own."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("cab-proxy", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket. Raises ``OSError``."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _string(raw: dict[str, Any], name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} must be a string")
    return value


def _strings(value: object, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{name} must be a list of strings")
    return tuple(value)


def _flag(raw: dict[str, Any], name: str) -> bool:
    value = raw.get(name, False)
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false")
    return value


def _path(raw: dict[str, Any], name: str) -> Path | None:
    return None if raw.get(name) is None else Path(_string(raw, name))
