"""The gateway: one request a page."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from urllib.parse import urlencode

from pagerelay.config import Config
from pagerelay.masking import mask

BODY_LIMIT_BYTES = 10_000


class GatewayError(Exception):
    """The page was not sent."""


def send(config: Config, number: str, text: str, tell: Callable[[str], None]) -> str:
    """Send a page and return its id; ``tell`` is told of request and answer. Raises GatewayError."""
    url = f"{config.url}?{urlencode({'key': config.key})}"
    body = json.dumps({"to": number, "text": text}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, body, headers, method="POST")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    tell(mask(f"> POST {url}", config.key))
    try:
        with opener.open(request, timeout=config.timeout_s) as response:
            status, answer = response.status, _text(response)
    except urllib.error.HTTPError as error:
        with error:
            status, answer = error.code, _text(error)
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise GatewayError(f"no answer from {url}: {reason}") from None
    tell(f"< {status}")
    if status != 200:
        raise GatewayError(mask(f"the gateway says {status}: {answer}", config.key))
    return _id(answer)


def _text(response: urllib.response.addinfourl) -> str:
    """The body on one line."""
    return " ".join(response.read(BODY_LIMIT_BYTES).decode("utf-8", "replace").split())


def _id(answer: str) -> str:
    try:
        found = json.loads(answer)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("id"), str):
        raise GatewayError(f"the gateway makes no sense: {answer}")
    return found["id"]
