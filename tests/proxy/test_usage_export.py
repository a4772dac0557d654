"""Usage exports of providers."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.usage_export import ExportError, read_export

OPENAI_CSV = """\
start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens
1759622400,1759708800,2025-10-05T00:00:00+00:00,2025-10-06T00:00:00+00:00,proj_a,10.0,user-a,key_a,gpt-4o-2024-08-06,FALSE,default,59200.0,10646.0,5760.0,53440.0
1759708800,1759795200,2025-10-06T00:00:00+00:00,2025-10-07T00:00:00+00:00,,,,,,,,,,,
"""
ANTHROPIC_CSV = """\
usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count,inference_geo,speed
2026-08-05,claude-opus-5,"App, ours",Default,standard,≤ 200k,46981,15969,10,7,16932,0,global,
"""


def test_openais_csv() -> None:
    export = read_export(OPENAI_CSV.encode())
    assert export.name == "OpenAI"
    [row] = export.rows
    assert (row.start, row.end) == (datetime(2025, 10, 5, tzinfo=UTC), datetime(2025, 10, 6, tzinfo=UTC))
    assert row.model == "gpt-4o-2024-08-06"
    assert row.figures == {
        "requests": 10,
        "input": 59200,
        "cached": 5760,
        "cache_write": None,
        "output": 10646,
    }
    assert export.figures == ("requests", "input", "cached", "output")
    assert export.end == datetime(2025, 10, 7, tzinfo=UTC), "a bucket without usage is covered"


def test_anthropics_csv() -> None:
    export = read_export(b"\xef\xbb\xbf" + ANTHROPIC_CSV.replace("\n", "\r\n").encode())
    assert export.name == "Anthropic"
    [row] = export.rows
    assert row.end - row.start == timedelta(days=1)
    assert row.model == "claude-opus-5"
    written = 15969 + 10
    assert row.figures == {
        "input": 46981 + written + 7,
        "cached": 7,
        "cache_write": written,
        "output": 16932,
    }


def test_anthropics_older_csv_and_its_hours() -> None:
    [row] = read_export(
        b"usage_date_utc,model_version,usage_input_tokens_no_cache,usage_input_tokens_cache_write,"
        b"usage_input_tokens_cache_read,usage_output_tokens\n2025-03-01T14:00:00Z,m,1,2,4,8\n"
    ).rows
    assert row.start == datetime(2025, 3, 1, 14, tzinfo=UTC)
    assert row.end - row.start == timedelta(hours=1)
    assert row.figures == {"input": 7, "cached": 4, "cache_write": 2, "output": 8}


def test_openais_json() -> None:
    result = {
        "object": "organization.usage.completions.result",
        "input_tokens": 10,
        "input_cached_tokens": 4,
        "input_cache_write_tokens": 2,
        "output_tokens": 3,
        "num_model_requests": 2,
        "model": "m",
        "project_id": None,
    }
    bucket = {"object": "bucket", "start_time": 1730419200, "end_time": 1730419260, "results": [result]}
    empty = {"object": "bucket", "start_time": 1730419260, "end_time": 1730419320, "results": []}
    page = {"object": "page", "data": [bucket, empty], "has_more": False, "next_page": None}
    for document in (page, [{**page, "has_more": True}, {**page, "data": []}]):
        export = read_export(json.dumps(document).encode())
        [row] = export.rows
        assert row.figures == {"requests": 2, "input": 10, "cached": 4, "cache_write": 2, "output": 3}
        assert export.end - export.start == timedelta(minutes=2)
    with pytest.raises(ExportError, match="more pages follow"):
        read_export(json.dumps({**page, "has_more": True}).encode())


def test_anthropics_json() -> None:
    result = {
        "uncached_input_tokens": 1,
        "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 4},
        "cache_read_input_tokens": 8,
        "output_tokens": 16,
        "server_tool_use": {"web_search_requests": 0},
        "model": "claude",
    }
    bucket = {"starting_at": "2026-08-01T10:00:00Z", "ending_at": "2026-08-01T11:00:00Z", "results": [result]}
    [row] = read_export(json.dumps({"data": [bucket], "has_more": False}).encode()).rows
    assert row.figures == {"input": 15, "cached": 8, "cache_write": 6, "output": 16}
    assert row.start == datetime(2026, 8, 1, 10, tzinfo=UTC)


def test_an_export_without_usage_is_one_all_the_same() -> None:
    export = read_export(b"start_time,end_time,start_time_iso,end_time_iso\n1730419200,1730505600,a,b\n")
    assert export.rows == ()
    assert set(export.figures) == {"requests", "input", "cached", "cache_write", "output"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff\xfe", "not text in UTF-8"),
        (b"", "no rows"),
        (b"a,b\n1,2\n", "no usage export of OpenAI or Anthropic"),
        (b"{", "not the JSON of a usage API"),
        (b"[1]", "not the JSON of a usage API"),
        (b'{"data": [{"results": [1]}]}', "not the JSON of a usage API"),
        (b"start_time,end_time,model\nx,2,m\n", "line 2: 'x' is no time"),
        (b"start_time,end_time,model\n0,864000,m\n", "line 2: a bucket is longer than a day"),
        (b"start_time,end_time,model\n60,60,m\n", "line 2: a bucket"),
        (b"start_time,end_time,model,input_tokens\n0,60,,5\n", "line 2: usage without a model"),
        (b"start_time,end_time,model,input_tokens\n0,60,m,-5\n", "line 2: input_tokens is '-5', not a count"),
        (b"start_time,end_time,model,input_tokens\n0,60,m,1.5\n", "not a count"),
        (b"start_time,end_time,model,input_tokens\n0,60,m,inf\n", "not a count"),
    ],
)
def test_what_is_no_export(data: bytes, message: str) -> None:
    with pytest.raises(ExportError, match=message):
        read_export(data)


header = st.sampled_from([b"", b"start_time,end_time,model,input_tokens\n", b"usage_date_utc\n", b'{"data":'])


@given(header, st.binary(max_size=60))
def test_no_bytes_raise_anything_else(begin: bytes, rest: bytes) -> None:
    with contextlib.suppress(ExportError):
        read_export(begin + rest)
