"""Whose request is it? One entrance per listening socket.

The rule, in one place:

* On a **run's socket** the only credential is the run's token; any other, or none, is a 401.
* On **TCP** a credential that begins with ``cab-`` selects its run; one that belongs to no open run is a
  401. Any other request belongs to the plain proxy, where there is one, else it is a 401.
* A run's token is replaced by the proxy's key; without a key it is taken out. So it is from a query.
* The plain proxy, if it **holds a key**, uses it for every request, in place of what the client sent.
  If it holds none, the client's own credentials go through.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .credentials import secrets_in, with_key, without_secrets
from .exchange import Headers
from .runs import TOKEN_PREFIX, Registry, Run, same_token
from .urls import Upstream


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A request that was let in."""

    run: Run
    headers: Headers
    """Its headers with the credentials that the endpoint gets."""
    target: str = ""
    """Its target, without credentials that were replaced."""
    upstream: Upstream | None = None
    """Where it goes; ``None``: to the run's endpoint."""
    secrets: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """The credentials that it brought, and those that it goes on with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """A request that was not, and the run whose ledger tells of it."""

    run: Run | None
    secrets: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """The credentials that it brought."""


class RunEntrance:
    """The socket of one run."""

    def __init__(self, run: Run, key: str | None) -> None:
        self._run = run
        self._key = key
        self.open = True
        """Whether the run still is."""

    def admit(
        self, headers: Headers, target: str = "", key_header: str = "Authorization"
    ) -> Visitor | Stranger:
        """Tell whose request it is. ``key_header`` is where its protocol has the key."""
        given = secrets_in(headers, target)
        if self.open and given and all(same_token(self._run.token, secret) for secret in given):
            return _with_key(self._run, headers, target, key=self._key, key_header=key_header, given=given)
        return Stranger(run=self._run if self.open else None, secrets=given)


class TcpEntrance:
    """The address that anyone on this machine can reach."""

    def __init__(self, plain: Run | None, registry: Registry, key: str | None) -> None:
        self._plain = plain
        self._registry = registry
        self._key = key

    def admit(
        self, headers: Headers, target: str = "", key_header: str = "Authorization"
    ) -> Visitor | Stranger:
        """Tell whose request it is. ``key_header`` is where its protocol has the key."""
        given = secrets_in(headers, target)
        token = next((secret for secret in given if secret.startswith(TOKEN_PREFIX)), None)
        if token is not None:
            run = self._registry.by_token(token)
            if run is None or not all(same_token(token, secret) for secret in given):
                return Stranger(run=self._plain, secrets=given)
            return _with_key(run, headers, target, key=self._key, key_header=key_header, given=given)
        if self._plain is None:
            return Stranger(run=None, secrets=given)
        if self._key is None:
            return Visitor(run=self._plain, headers=headers, target=target, secrets=given)
        return _with_key(self._plain, headers, target, key=self._key, key_header=key_header, given=given)


def _with_key(
    run: Run, headers: Headers, target: str, *, key: str | None, key_header: str, given: tuple[str, ...]
) -> Visitor:
    return Visitor(
        run=run,
        headers=with_key(headers, key, key_header),
        target=without_secrets(target),
        secrets=given if key is None else (*given, key),
    )
