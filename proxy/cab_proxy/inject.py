"""Asking a stream for its usage on behalf of a client that didn't: ``stream_options.include_usage``.

The only change that the proxy ever makes to bytes, and only where the user switched it on for an upstream.
Contract: pure. A request changes in that one setting; of the response, the one event that the setting adds
is left out again (choices empty, usage there), every other byte stays. The ``usage: null`` that
the setting adds to the other events stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from .jsonbody import read_response_json
from .protocols.sse import SseParser

_SETTING: Final = b'"stream_options":{"include_usage":true}'


def asking_for_usage(data: bytes, body: Mapping[str, Any]) -> bytes | None:
    """The request ``data``, whose object is ``body``, with the setting; ``None`` where it isn't streamed,
    asks for usage already, or has options that are no object.
    """
    options = body.get("stream_options")
    if body.get("stream") is not True:
        return None
    if "stream_options" not in body:
        start = data.index(b"{") + 1
        return data[:start] + _SETTING + b"," + data[start:]  # a streamed request has another key
    if options is not None and (not isinstance(options, dict) or options.get("include_usage") is True):
        return None
    try:
        return orjson.dumps({**body, "stream_options": {**(options or {}), "include_usage": True}})
    except orjson.JSONEncodeError:  # halves of surrogate pairs, or nested too deeply
        return None


class UsageEventFilter:
    """Lets a stream through without the event that was asked for. Holds one unfinished event."""

    def __init__(self) -> None:
        self._sse = SseParser()
        self._held = bytearray()
        """The bytes of the event that has begun."""

    def feed(self, data: bytes) -> bytes:
        """What of ``data``, and of what was held, goes on."""
        out = bytearray()
        at = 0
        while at < len(data):
            event, end = self._sse.next(data, at)
            self._held += data[at:end]
            at = end
            if event is not None or self._sse.between_events:
                if event is None or not _is_added(event.data):
                    out += self._held
                self._held.clear()
        return bytes(out)

    def finish(self) -> bytes:
        """What is still held, once no more will come."""
        events = self._sse.finish()
        held = bytes(self._held)
        self._held.clear()
        return b"" if any(_is_added(event.data) for event in events) else held


def _is_added(data: bytes) -> bool:
    if b'"usage"' not in data:
        return False
    frame = read_response_json(data)
    return frame is not None and frame.get("choices") == [] and isinstance(frame.get("usage"), dict)
