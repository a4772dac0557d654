"""Which model endpoint an attempt talks to: somebody's URL, the simulator, or the local model."""

from __future__ import annotations

import http.client
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import urlsplit

import orjson

from cab_proxy.control import OpenedRun, UnixConnection
from cab_runner import services
from cab_runner.errors import MachineLacks, UsageError

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
    parts = urlsplit(text)
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
    """The endpoint that was asked for; ``sim`` and ``local`` are started when it is opened."""

    endpoint: str
    """As :func:`parse` returns it."""
    key: str | None = None
    script: Path | None = None
    """What the simulator plays."""
    faults: tuple[str, ...] = ()
    """What the simulator injects."""

    @contextmanager
    def opened(self, count: Path) -> Iterator[Endpoint]:
        """The endpoint, ready to be called, for one attempt. The simulator's own count goes to ``count``."""
        if self.endpoint == SIMULATOR:
            assert self.script is not None
            secret = token_urlsafe(24)
            with services.simulator(self.script, count, secret, self.faults) as served:
                yield Endpoint(url=served.url, key=secret, simulated=True, shown=SIMULATOR)
        elif self.endpoint == LOCAL:
            with services.local_model() as served:
                yield Endpoint(url=served.url, key=self.key, simulated=False, shown=LOCAL)
        else:
            yield Endpoint(url=self.endpoint, key=self.key, simulated=False, shown=self.endpoint)


def check(endpoint: Endpoint, run: OpenedRun, model: str) -> str | None:
    """Ask the endpoint for its models through the run's own door, as the agent would reach it.

    Returns a warning when it lists models and ``model`` is not among them. Raises
    :class:`MachineLacks` when nothing answers there, :class:`UsageError` when it refuses the key or,
    for the simulator and the local model, has no such model.
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
        raise UsageError(f"{endpoint.shown} answered {response.status}: {given}")
    if response.status in (502, 504):
        raise MachineLacks(f"nothing answers at {endpoint.shown}: check the URL and that the server runs")
    names = _model_names(body) if response.status == 200 else []
    if not names or model in names:
        return None
    listed = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
    if endpoint.shown in (SIMULATOR, LOCAL):
        raise UsageError(f"{endpoint.shown} has no model {model!r}: it serves {listed}")
    return f"{endpoint.shown} does not list a model {model!r} (it lists {listed}); trying it all the same"


def _model_names(body: bytes) -> list[str]:
    try:
        data = orjson.loads(body)["data"]
        return [item["id"] for item in data]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return []
