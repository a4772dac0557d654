"""Records as spans and as CSV."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.export import CSV_COLUMNS, csv_lines, otel_lines
from cab_proxy.records import Params, Record, Tokens, TokensSource

CALL = Record(
    kind="call",
    call_id="B",
    run_id="run",
    operation_id="A",
    attempt=2,
    retry_of="A",
    started_at="2026-01-02T03:04:05.000006Z",
    protocol="chat",
    method="POST",
    path="/v1/chat/completions",
    upstream="https://api.openai.com/v1",
    model_requested="gpt-5",
    model_returned="gpt-5-2025-08-07",
    system_fingerprint="fp",
    params=Params(temperature=1, max_tokens=100, seed=7),
    stream=True,
    status=200,
    finish_reasons=("stop", "length"),
    tokens=Tokens(input=1000, cached=0, output=50, total=1050),
    tokens_source=TokensSource(input="reported", cached="reported", output="estimated", total="estimated"),
    ttft_ms=250.0,
    duration_ms=1500.5,
    cost_usd=Decimal("0.00125"),
    cost_source="computed",
    cost_neutral_usd=Decimal("0.0025"),
)


def span_of(call: Record) -> dict[str, Any]:
    [line] = otel_lines([call])
    [resource] = json.loads(line)["resourceSpans"]
    [scope] = resource["scopeSpans"]
    [span] = scope["spans"]
    assert isinstance(span, dict)
    return span


def attributes_of(call: Record) -> dict[str, Any]:
    pairs = {item["key"]: item["value"] for item in span_of(call)["attributes"]}
    assert len(pairs) == len(span_of(call)["attributes"]), "no key twice"
    return pairs


def test_a_call_is_a_client_span() -> None:
    span = span_of(CALL)
    assert (span["name"], span["kind"], span["status"]) == ("chat gpt-5", 3, {})
    assert span["startTimeUnixNano"] == "1767323045000006000"
    assert span["endTimeUnixNano"] == "1767323046500506000"
    attributes = attributes_of(CALL)
    named = {key: value for key, value in attributes.items() if not key.startswith("cab.")}
    assert named == {
        "gen_ai.operation.name": {"stringValue": "chat"},
        "gen_ai.provider.name": {"stringValue": "openai"},
        "gen_ai.request.model": {"stringValue": "gpt-5"},
        "gen_ai.request.stream": {"boolValue": True},
        "gen_ai.request.seed": {"intValue": "7"},
        "gen_ai.request.max_tokens": {"intValue": "100"},
        "gen_ai.request.temperature": {"doubleValue": 1.0},
        "gen_ai.response.model": {"stringValue": "gpt-5-2025-08-07"},
        "gen_ai.response.finish_reasons": {
            "arrayValue": {"values": [{"stringValue": "stop"}, {"stringValue": "length"}]}
        },
        "gen_ai.response.time_to_first_chunk": {"doubleValue": 0.25},
        "gen_ai.usage.input_tokens": {"intValue": "1000"},
        "gen_ai.usage.cache_read.input_tokens": {"intValue": "0"},
        "gen_ai.usage.output_tokens": {"intValue": "50"},
        "server.address": {"stringValue": "api.openai.com"},
        "server.port": {"intValue": "443"},
        "http.response.status_code": {"intValue": "200"},
        "openai.api.type": {"stringValue": "chat_completions"},
        "openai.response.system_fingerprint": {"stringValue": "fp"},
    }
    assert attributes["cab.tokens_source.input"] == {"stringValue": "reported"}
    assert attributes["cab.tokens_source.output"] == {"stringValue": "estimated"}
    assert "cab.tokens_source.reasoning" not in attributes, "unknown is left out"
    assert attributes["cab.cost_usd"] == {"doubleValue": 0.00125}
    assert attributes["cab.cost_neutral_usd"] == {"doubleValue": 0.0025}
    assert attributes["cab.operation_id"] == {"stringValue": "A"}
    assert attributes["cab.attempt"] == {"intValue": "2"}


def test_ids_hang_together() -> None:
    first = span_of(replace(CALL, call_id="A", attempt=1, retry_of=None))
    second = span_of(CALL)
    assert second == span_of(CALL)
    assert second["traceId"] == first["traceId"]
    assert second["links"] == [{"traceId": first["traceId"], "spanId": first["spanId"]}]
    assert first["links"] == []
    assert (len(second["traceId"]), len(second["spanId"])) == (32, 16)
    alone = [span_of(replace(CALL, run_id=None, operation_id=id_, call_id=id_))["traceId"] for id_ in "AB"]
    assert len({*alone, second["traceId"]}) == 3


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"status": 429, "error_type": "upstream_error"}, "429"),
        ({"status": 429, "error_type": "upstream_error", "error_code": "rate_limit"}, "rate_limit"),
        ({"status": None, "error_type": "upstream_error"}, "upstream_error"),
        ({"error_type": "truncated"}, "truncated"),
        ({"kind": "open", "duration_ms": None, "status": None}, "in_flight"),
    ],
)
def test_errors(changed: dict[str, Any], error: str) -> None:
    call = replace(CALL, **changed)
    assert attributes_of(call)["error.type"] == {"stringValue": error}
    assert span_of(call)["status"] == {"code": 2}


def test_a_call_in_flight_has_no_length() -> None:
    span = span_of(replace(CALL, kind="open", duration_ms=None))
    assert span["startTimeUnixNano"] == span["endTimeUnixNano"]


@pytest.mark.parametrize(
    ("protocol", "upstream", "operation", "provider"),
    [
        ("messages", "http://127.0.0.1:9/x", "chat", "anthropic"),
        ("messages", "https://eu.api.openai.com", "chat", "openai"),
        ("completions", None, "text_completion", "openai"),
        ("embeddings", "https://mine.openai.azure.com", "embeddings", "azure.ai.openai"),
        ("gemini", "https://us-central1-aiplatform.googleapis.com", "generate_content", "gcp.vertex_ai"),
        ("gemini", "https://notaiplatform.googleapis.com", "generate_content", "gcp.gen_ai"),
        ("new", None, "new", "new"),
    ],
)
def test_operations_and_providers(protocol: str, upstream: str | None, operation: str, provider: str) -> None:
    attributes = attributes_of(replace(CALL, protocol=protocol, upstream=upstream))
    assert attributes["gen_ai.operation.name"] == {"stringValue": operation}
    assert attributes["gen_ai.provider.name"] == {"stringValue": provider}
    assert ("openai.api.type" in attributes) is False
    assert ("server.port" in attributes) is ("server.address" in attributes) is (upstream is not None)


def test_what_is_no_model_call_is_no_span() -> None:
    assert list(otel_lines([replace(CALL, protocol=None)])) == []


def rows(*calls: Record) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(csv_lines(calls)), newline="")))


def test_a_row_per_call() -> None:
    opened = replace(CALL, kind="open", tokens=Tokens(), tokens_source=TokensSource(), status=None)
    first, second = rows(opened, CALL, replace(opened, call_id="C", stream=None))
    assert (first["call_id"], first["kind"], second["call_id"], second["kind"]) == ("B", "call", "C", "open")
    assert (first["input_tokens"], first["input_source"]) == ("1000", "reported")
    assert (first["cached_tokens"], first["cache_write_tokens"]) == ("0", "")
    assert (first["cost_usd"], first["finish_reasons"], first["stream"]) == ("0.00125", "stop length", "true")
    assert first["cost_neutral_usd"] == "0.0025"
    assert first["seed"] == "7"
    assert (second["input_tokens"], second["status"], second["stream"]) == ("", "", "")
    assert rows() == []
    assert "".join(csv_lines([])).startswith("call_id,kind,run_id,")


def test_columns_are_the_records_fields() -> None:
    known = {field.name for field in fields(Record)} | {field.name for field in fields(Params)}
    known |= {f"{field.name}_{what}" for field in fields(Tokens) for what in ("tokens", "source")}
    assert set(CSV_COLUMNS) <= known
    assert len(set(CSV_COLUMNS)) == len(CSV_COLUMNS)


def test_a_spreadsheet_runs_nothing() -> None:
    [row] = rows(replace(CALL, model_requested='=HYPERLINK("http://x","y")', error_code="@SUM(1)"))
    assert row["model_requested"] == '\'=HYPERLINK("http://x","y")'
    assert row["error_code"] == "'@SUM(1)"


@given(st.text(max_size=20), st.none() | st.text(max_size=5))
def test_any_text_comes_through(model: str, operation_id: str | None) -> None:
    call = replace(CALL, model_requested=model + "\ud800", operation_id=operation_id, run_id=None)
    value = attributes_of(call)["gen_ai.request.model"]["stringValue"]
    assert value == model + "?"
    [row] = rows(call)
    assert row["model_requested"].removeprefix("'") == (model + "?").removeprefix("'")


def test_readers_need_the_standard_library_only() -> None:
    modules = "cab_proxy.export, cab_proxy.reconcile, cab_proxy.usage_export, cab_proxy.summary"
    code = f"import sys, {modules}; print([m for m in ('aiohttp', 'click', 'orjson') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
