"""Ledger records for other tools: OpenTelemetry GenAI spans, and CSV.

Contract: pure, standard library only; the same records give the same text. What is unknown is left out of a
span and is an empty cell, never 0.

Spans follow OpenTelemetry's GenAI conventions as of 2026-11 (repository semantic-conventions-genai, over
semantic conventions 1.41.1; status: development), one OTLP/JSON ``TracesData`` per line, as the collector's
otlpjsonfile receiver reads them. A span is one attempt at the wire, from the request's head to the last byte;
one that was in flight when the proxy died has no length. A run is a trace; an operation is, where there is no
run. A retry links to the attempt before it. What the conventions have no name for is under ``cab.``, the
source of every token figure included. ``time_to_first_chunk`` is ``ttft_ms``: the first chunk that says
something. Requests that are no model calls are no spans.

In CSV a row is a call; those in flight (``kind`` is ``open``), refused and other requests are there. Cells
are the record's fields of the same names; ``input_tokens`` and ``input_source`` are its ``tokens.input`` and
``tokens_source.input``, and so on. Text that a spreadsheet would take for a formula gets an apostrophe.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from .records import TOKEN_KINDS, Params, Record, calls_of, parse_time

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CLIENT: Final = 3
"""``SPAN_KIND_CLIENT``"""
_ERROR: Final = {"code": 2}
"""``STATUS_CODE_ERROR``"""

_OPERATIONS: Final = {
    "chat": ("chat", "openai"),
    "completions": ("text_completion", "openai"),
    "embeddings": ("embeddings", "openai"),
    "responses": ("chat", "openai"),
    "messages": ("chat", "anthropic"),
    "gemini": ("generate_content", "gcp.gen_ai"),
    "ollama": ("chat", "ollama"),
}
"""``gen_ai.operation.name``, and ``gen_ai.provider.name`` where the host doesn't tell: whose format it is."""

_PROVIDERS: Final = {
    "aiplatform.googleapis.com": "gcp.vertex_ai",
    "api.anthropic.com": "anthropic",
    "api.cohere.com": "cohere",
    "api.deepseek.com": "deepseek",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral_ai",
    "api.moonshot.ai": "moonshot_ai",
    "api.openai.com": "openai",
    "api.perplexity.ai": "perplexity",
    "api.x.ai": "x_ai",
    "generativelanguage.googleapis.com": "gcp.gemini",
    "openai.azure.com": "azure.ai.openai",
}
"""``gen_ai.provider.name`` by the end of the host's name; ``-`` or ``.`` may stand before it."""

_API_TYPES: Final = {"chat": "chat_completions", "responses": "responses"}

_USAGE: Final = {
    "input": "gen_ai.usage.input_tokens",
    "cached": "gen_ai.usage.cache_read.input_tokens",
    "cache_write": "gen_ai.usage.cache_creation.input_tokens",
    "output": "gen_ai.usage.output_tokens",
    "reasoning": "gen_ai.usage.reasoning.output_tokens",
}

_OURS: Final = (
    "call_id", "run_id", "operation_id", "attempt", "retry_of", "protocol", "error_type", "retry_after_ms",
    "estimator", "lower_bound", "cost_usd", "cost_source", "cost_neutral_usd", "price_snapshot",
    "ttfb_ms", "client_wait_ms", "proxy_overhead_ms", "request_hash", "request_hash_canonical",
    "request_bytes", "response_bytes", "request_mutated", "purpose", "via",
)  # fmt: skip
"""Fields of the record that become ``cab.`` attributes."""


_PARAMS: Final = tuple(Params.__dataclass_fields__)
CSV_COLUMNS: Final = (
    "call_id", "kind", "run_id", "operation_id", "attempt", "retry_of", "started_at", "protocol", "method",
    "path", "upstream", "model_requested", "model_returned", "stream", *_PARAMS, "status", "error_type",
    "error_code", "retry_after_ms", "finish_reasons", *(f"{kind}_tokens" for kind in TOKEN_KINDS),
    *(f"{kind}_source" for kind in TOKEN_KINDS), "estimator", "lower_bound", "cost_usd", "cost_source",
    "cost_neutral_usd", "price_snapshot", "ttfb_ms", "ttft_ms", "duration_ms", "client_wait_ms",
    "proxy_overhead_ms", "request_bytes", "response_bytes", "request_mutated", "request_hash",
    "request_hash_canonical", "purpose", "via",
)  # fmt: skip


def otel_lines(records: Iterable[Record]) -> Iterator[str]:
    """The model calls as spans, a line of OTLP/JSON each, without its newline."""
    resource = {"attributes": _attributes({"service.name": "cab-proxy"})}
    for call in calls_of(records):
        if call.protocol is not None:
            scope_spans = [{"scope": {"name": "cab_proxy"}, "spans": [_span(call, call.protocol)]}]
            whole = {"resourceSpans": [{"resource": resource, "scopeSpans": scope_spans}]}
            yield json.dumps(whole, separators=(",", ":"), allow_nan=False)


def csv_lines(records: Iterable[Record]) -> Iterator[str]:
    """A header and the calls as CSV rows (RFC 4180), newlines included."""
    yield _row(CSV_COLUMNS)
    for call in calls_of(records):
        cells = {name: getattr(call.params, name) for name in _PARAMS}
        for kind in TOKEN_KINDS:
            cells[f"{kind}_tokens"] = getattr(call.tokens, kind)
            cells[f"{kind}_source"] = getattr(call.tokens_source, kind)
        yield _row(_cell(cells[name] if name in cells else getattr(call, name)) for name in CSV_COLUMNS)


def _row(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _span(call: Record, protocol: str) -> dict[str, Any]:
    operation, provider = _OPERATIONS.get(protocol, (protocol, protocol))
    url = urlsplit(call.upstream or "")
    host = url.hostname
    if host is not None:
        found = (name for end, name in _PROVIDERS.items() if f".{host}".endswith((f".{end}", f"-{end}")))
        provider = next(found, provider)
    error = _error_type(call)
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": call.model_requested,
        "gen_ai.request.stream": call.stream or None,
        "gen_ai.request.seed": call.params.seed,
        "gen_ai.request.max_tokens": call.params.max_tokens,
        "gen_ai.request.temperature": _double(call.params.temperature),
        "gen_ai.request.top_p": _double(call.params.top_p),
        "gen_ai.response.model": call.model_returned,
        "gen_ai.response.finish_reasons": call.finish_reasons or None,
        "gen_ai.response.time_to_first_chunk": None if call.ttft_ms is None else call.ttft_ms / 1000,
        "server.address": host,
        "server.port": url.port or {"http": 80, "https": 443}.get(url.scheme),
        "http.response.status_code": call.status,
        "error.type": error,
    }
    if provider == "openai":
        attributes["openai.api.type"] = _API_TYPES.get(protocol)
        attributes["openai.response.system_fingerprint"] = call.system_fingerprint
    for kind, name in _USAGE.items():
        attributes[name] = value = getattr(call.tokens, kind)
        attributes[f"cab.tokens_source.{kind}"] = None if value is None else getattr(call.tokens_source, kind)
    attributes |= {f"cab.{name}": getattr(call, name) for name in _OURS}
    begun = (parse_time(call.started_at) - _EPOCH) // timedelta(microseconds=1) * 1000
    trace = (
        _id(16, "run", call.run_id)
        if call.run_id
        else _id(16, "operation", call.operation_id or call.call_id)
    )
    return {
        "traceId": trace,
        "spanId": _id(8, "call", call.call_id),
        "name": _clean(f"{operation} {call.model_requested or ''}".rstrip()),
        "kind": _CLIENT,
        "startTimeUnixNano": str(begun),
        "endTimeUnixNano": str(begun + round((call.duration_ms or 0.0) * 1_000_000)),
        "attributes": _attributes(attributes),
        "links": [{"traceId": trace, "spanId": _id(8, "call", call.retry_of)}] if call.retry_of else [],
        "status": _ERROR if error else {},
    }


def _error_type(call: Record) -> str | None:
    """The endpoint's name for its error, else the status, else the ledger's word."""
    if call.kind == "open":
        return "in_flight"
    if call.error_type is None:
        return None
    if call.error_type == "upstream_error" and call.status is not None and call.error_code is None:
        return str(call.status)
    return call.error_code or call.error_type


def _id(size: int, *parts: str) -> str:
    """A trace's or span's id: the same for the same parts, never all zeros but for one in 2**64."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[: 2 * size]


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _any_value(value)} for key, value in values.items() if value is not None]


def _any_value(value: object) -> dict[str, Any]:
    """OTLP's ``AnyValue``; whole numbers are strings in its JSON."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, (float, Decimal)):
        return {"doubleValue": float(value)}
    if isinstance(value, tuple):
        return {"arrayValue": {"values": [_any_value(item) for item in value]}}
    return {"stringValue": _clean(str(value))}


def _double(value: float | None) -> float | None:
    """A whole number is a double where the conventions want one."""
    return None if value is None else float(value)


def _clean(text: str) -> str:
    """Without halves of surrogate pairs, which OTLP's readers don't take."""
    return text.encode("utf-8", "replace").decode()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, tuple):
        value = " ".join(value)
    if isinstance(value, str):
        return _clean(f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value)
    return str(value)
