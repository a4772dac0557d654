"""From a request target to the URL at the endpoint.

Invariant: the result's scheme, host, port and path prefix (but for a ``/v1`` at its end) are the configured
ones, whatever the target says. Only origin-form targets (``/path?query``) without dot segments get that far.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from .errors import ConfigError

_ROOT: Final = re.compile(r"/(?:v1|v1beta|v1alpha|api)(?=[/?]|\Z)")
_TARGET: Final = re.compile(r"/(?!/)[\x21-\x7e]*\Z")


class BadTargetError(ValueError):
    """A request target that is not forwarded to anyone."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """An endpoint's address."""

    base: str
    """Scheme, host, port and path prefix, without a slash at its end."""

    @classmethod
    def parse(cls, url: str) -> Upstream:
        """Read a configured URL. Raises :class:`ConfigError`."""
        try:
            parts = urlsplit(url.strip())
            port = parts.port
        except ValueError as error:
            raise ConfigError(f"upstream {url!r} is no URL ({error})") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigError(f"upstream {url!r} must look like https://host/v1")
        if parts.username is not None or parts.password is not None:
            raise ConfigError("the upstream URL carries credentials: put the key in CAB_KEY instead")
        if parts.query or parts.fragment or not re.fullmatch(r"[\x21-\x7e]*", parts.path):
            raise ConfigError(f"upstream {url!r} must end with its path, without query, fragment or blanks")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        netloc = host if port is None else f"{host}:{port}"
        return cls(f"{parts.scheme}://{netloc}{parts.path.rstrip('/')}")

    def join(self, target: str) -> str:
        """The URL for a checked target. ``…/v1`` and ``/v1/x`` make one ``/v1``; ``…/v1`` and the root of
        another of the same server's APIs (Gemini's ``/v1beta``, Ollama's ``/api``) make that one.
        """
        if self.base.endswith("/v1") and _ROOT.match(target):
            return self.base.removesuffix("/v1") + target
        return self.base + target


def check_target(target: str) -> str:
    """The path of a target that may be forwarded. Raises :class:`BadTargetError`.

    Refused are absolute and authority forms, ``//host``, backslashes, fragments, control characters,
    and dot segments in any encoding: servers disagree about what these mean.
    """
    if not _TARGET.match(target) or "\\" in target or "#" in target:
        raise BadTargetError("the request target must be a plain path such as /v1/chat/completions")
    path = target.partition("?")[0]
    if "%" not in path and "." not in path:
        return path
    decoded = path
    for _ in range(3):  # an encoded encoding is decoded by some gateways too
        decoded = unquote(decoded)
        if "\\" in decoded or {".", ".."} & set(decoded.split("/")):
            raise BadTargetError("the request path has dot segments")
    return path
