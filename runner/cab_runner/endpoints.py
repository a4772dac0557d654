"""Which model endpoint an attempt talks to: somebody's URL, the simulator, or the local model."""

from __future__ import annotations

import http.client
import os
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson

from cab_proxy.control import OpenedRun, UnixConnection
from cab_runner.errors import MachineLacks, UsageError
from cab_sim.errors import SimError
from cab_sim.faults import Fault

SIMULATOR = "sim"
LOCAL = "local"
_DOOR_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A model endpoint, ready to be called."""

    url: str
    """Where it is, ``…/v1``."""
    key: str | None
    """The real key. Only the proxy gets it."""
    simulated: bool
    shown: str
    """How records name it: ``sim``, ``local``, or the URL without credentials."""


def parse(text: str) -> str:
    """Check an ``--endpoint`` value; returns it without a trailing slash.

    Raises :class:`UsageError` for what is neither ``sim``, ``local`` nor an http(s) URL.
    """
    if text in (SIMULATOR, LOCAL):
        return text
    if not text.isprintable() or " " in text:  # urlsplit() passes over line feeds
        raise UsageError(f"--endpoint {text!r} is no endpoint: a URL has no spaces or control characters")
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise UsageError(f"--endpoint {text!r} is no endpoint: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"--endpoint {text!r} is no endpoint: give a URL (https://host/v1), sim or local")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError(
            "--endpoint must be a plain URL without user, password, query or fragment; the key is --key-env"
        )
    return text.rstrip("/")


def key_from(key: str | None, key_env: str | None) -> str | None:
    """The endpoint's key: ``--key``, else the variable named by ``--key-env``, else ``CAB_KEY``."""
    if key is not None and key_env is not None:
        raise UsageError("give --key or --key-env, not both")
    if key is not None:
        return key
    if key_env is not None:
        value = os.environ.get(key_env)
        if not value:
            raise UsageError(f"--key-env {key_env}: no such variable in the environment, or it is empty")
        return value
    return os.environ.get("CAB_KEY") or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The endpoint that was asked for; ``sim`` and ``local`` are started by the runner."""

    endpoint: str
    """As :func:`parse` returns it."""
    key: str | None = None
    faults: tuple[str, ...] = ()
    """What the simulator injects."""

    def __post_init__(self) -> None:
        """Raises :class:`UsageError` for a fault that there is not, or that no simulator is there to play."""
        if self.faults and self.endpoint != SIMULATOR:
            raise UsageError("--fault works with --endpoint sim only")
        for fault in self.faults:
            try:
                Fault.parse(fault)
            except SimError as error:
                raise UsageError(f"--fault: {error}") from None


class KeyRefused(UsageError):
    """The endpoint refuses the key, or wants one."""


class EndpointSilent(MachineLacks):
    """Nothing answers at the endpoint."""


def check(endpoint: Endpoint, run: OpenedRun, model: str) -> str | None:
    """Ask the endpoint for its models through the run's own door, as the agent would reach it.

    Returns a warning when it lists models and ``model`` is not among them. Raises what :func:`models` does,
    and :class:`UsageError` when the simulator or the local model has no such model.
    """
    names = models(endpoint, run)
    if not names or model in names:
        return None
    listed = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
    if endpoint.shown in (SIMULATOR, LOCAL):
        raise UsageError(f"{endpoint.shown} has no model {model!r}: it serves {listed}")
    return f"{endpoint.shown} does not list a model {model!r} (it lists {listed}); trying it all the same"


def models(endpoint: Endpoint, run: OpenedRun) -> list[str]:
    """The models that the endpoint lists; none where it lists none.

    Raises :class:`EndpointSilent`, :class:`KeyRefused`, and :class:`MachineLacks` when it is the proxy that
    does not answer.
    """
    connection = UnixConnection(run.socket, _DOOR_TIMEOUT_S)
    try:
        connection.request("GET", "/v1/models", headers={"Authorization": f"Bearer {run.token}"})
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise MachineLacks(f"the proxy did not answer: {error}") from None
    finally:
        connection.close()
    if response.status in (401, 403):
        given = "the key was refused" if endpoint.key else "it wants a key; set CAB_KEY or --key-env NAME"
        raise KeyRefused(f"{endpoint.shown} answered {response.status}: {given}")
    if response.status in (502, 504):
        raise EndpointSilent(f"nothing answers at {endpoint.shown}: check the URL and that the server runs")
    return _model_names(body) if response.status == 200 else []


def _model_names(body: bytes) -> list[str]:
    try:
        data = orjson.loads(body)["data"]
        return [item["id"] for item in data]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return []
