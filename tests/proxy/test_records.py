"""The ledger's lines, chains and sums."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.records import (
    ZERO_HASH,
    Chain,
    Fault,
    LedgerError,
    Params,
    Record,
    Tokens,
    TokensSource,
    Verifier,
    Word,
    call_time_ms,
    calls_of,
    decode,
    encode,
    fault_of,
    line_hash,
    model_time_ms,
    printable,
    reached_endpoint,
    succeeded,
    total_of,
    verify,
    word_of,
)
from fakes.evidence import START, call, failed_call, open_call

AT = "2026-01-02T03:04:05.000006Z"


def record(call_id: str = "A", kind: str = "call", **more: object) -> Record:
    base = Record(kind="call", call_id=call_id, started_at=AT, method="POST", path="/v1/chat/completions")
    return replace(base, kind=kind, protocol="chat", **more)  # type: ignore[arg-type]  # free-form on purpose


counts = st.none() | st.integers(0, 2**62)
usd = st.none() | st.decimals(0, 10**6, allow_nan=False, allow_infinity=False, places=12)
records = st.builds(
    Record,
    kind=st.sampled_from(["open", "call"]),
    call_id=st.text(max_size=8),
    started_at=st.just(AT),
    method=st.just("POST"),
    path=st.text(max_size=20),
    model_requested=st.none() | st.text(max_size=20),
    params=st.builds(Params, temperature=st.none() | st.floats(allow_nan=False, allow_infinity=False)),
    tokens=st.builds(Tokens, input=counts, cached=counts, output=counts, total=counts),
    tokens_source=st.builds(TokensSource, input=st.sampled_from(["reported", "none"])),
    finish_reasons=st.lists(st.text(max_size=5), max_size=3).map(tuple),
    usage_raw=st.none()
    | st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text(max_size=5)),
    cost_usd=usd,
    cost_neutral_usd=usd,
)


@given(records)
def test_a_record_reads_back_as_written(value: Record) -> None:
    line = encode(value)
    assert b"\n" not in line
    assert decode(line) == value


def chained(*values: Record) -> bytes:
    chain = Chain()
    return b"".join(chain.link(value) for value in values)


def line_with(**changed: object) -> bytes:
    """A line that somebody changed."""
    return json.dumps({**json.loads(encode(record())), **changed}).encode()


LEDGER = chained(record("A", "open"), record("A", model_returned="é"), record("B", "open"), record("B"))


@given(st.integers(0, len(LEDGER) - 1), st.integers(1, 255))
def test_any_flipped_byte_is_noticed(position: int, flip: int) -> None:
    changed = bytearray(LEDGER)
    changed[position] ^= flip
    found = verify(bytes(changed))
    whole = verify(LEDGER)
    # the last line is held by nothing but the head that was handed out
    assert not found.ok or found.torn_bytes or found.head != whole.head


@given(st.lists(records.map(lambda r: replace(r, kind="open")), max_size=5))
def test_a_chain_verifies_and_goes_on_in_another_file(values: list[Record]) -> None:
    chain = Chain()
    first = b"".join(chain.link(value) for value in values)
    found = verify(first)
    assert found.ok, found.problems
    assert [r.seq for r in found.records] == list(range(len(values)))
    assert found.head == chain.head
    seq, head = chain.seq, chain.head
    assert verify(chain.link(record(kind="open")), seq=seq, head=head).ok


@pytest.mark.parametrize("cut", ["line", "swap"])
def test_a_line_cut_out_or_moved_is_noticed(cut: str) -> None:
    lines = LEDGER.splitlines(keepends=True)
    changed = [lines[0], *lines[2:]] if cut == "line" else [lines[0], lines[2], lines[1], lines[3]]
    found = verify(b"".join(changed))
    assert not found.ok
    assert found.problems[0].startswith("line 2: ")


def test_a_gap_is_one_problem_however_much_follows() -> None:
    lines = chained(*(record(str(number), "open") for number in range(100))).splitlines(keepends=True)
    problems = verify(b"".join(lines[:10] + lines[12:])).problems
    assert [problem.partition(":")[2][:9] for problem in problems] == [" prev doe", " seq is 1"]
    assert {problem.partition(":")[0] for problem in problems} == {"line 11"}


def test_a_second_call_line_of_a_call_is_no_problem() -> None:
    """A background call's usage comes later than its answer."""
    found = verify(chained(record("A", "open"), record("A"), record("A", status=200)))
    assert (found.ok, found.in_flight) == (True, ())


def test_a_verifier_goes_on_behind_a_torn_line() -> None:
    verifier = Verifier()
    lines = LEDGER.splitlines(keepends=True)
    assert [verifier.feed(line, "") is None for line in (lines[0], b"torn", *lines[1:])] == [
        False, True, False, False, False,
    ]  # fmt: skip
    found = verifier.found(())
    assert (found.problems, found.torn_bytes) == ((": the line before it has no end",), 0)
    assert found.head == verify(LEDGER).head


def test_a_torn_last_line_is_told_and_accepted() -> None:
    found = verify(LEDGER + b'{"schema_ver')
    assert found.ok
    assert found.torn_bytes == 12
    assert len(found.records) == 4


def test_an_open_record_without_its_call_is_in_flight() -> None:
    found = verify(chained(record("A", "open"), record("B", "open"), record("A")))
    assert found.ok
    assert [r.call_id for r in found.in_flight] == ["B"]


def test_a_call_without_an_open_record_is_a_problem() -> None:
    assert verify(chained(record("A"))).problems == ("call A has no open record",)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "no schema_version"),
        (b'{"schema_version": 99}', "newer"),
        (b'{"schema_version": 1}', "not a ledger record"),
        (b'{"schema_version": 1, "tokens": 3}', "not a ledger record"),
        (line_with(call_id=["A"]), "call_id or seq"),
        (line_with(seq="0"), "call_id or seq"),
    ],
)
def test_what_is_no_record(line: bytes, message: str) -> None:
    with pytest.raises(LedgerError, match=message):
        decode(line)


def test_fields_that_are_absent_or_unknown_are_no_error() -> None:
    line = b'{"schema_version":1,"kind":"open","call_id":"A","started_at":"","method":"","path":"","new":1}'
    assert decode(line).tokens == Tokens()


def test_the_first_line_links_to_zeros() -> None:
    chain = Chain()
    line = chain.link(record())
    assert decode(line).prev == ZERO_HASH
    assert chain.head == line_hash(line[:-1])


def test_money_keeps_every_digit() -> None:
    assert b'"cost_usd":"0.00000012300"' in encode(record(cost_usd=Decimal("0.00000012300")))


def test_a_sum_knows_its_coverage_and_its_weakest_source() -> None:
    calls = [
        record(tokens=Tokens(input=3), tokens_source=TokensSource(input="reported")),
        record(tokens=Tokens(input=4), tokens_source=TokensSource(input="estimated")),
        record(),
    ]
    total = total_of(calls, "input")
    assert (total.value, total.known, total.source) == (7, 2, "estimated")
    nothing = total_of(calls, "output")
    assert (nothing.value, nothing.known, nothing.source) == (None, 0, "none")


def test_calls_of_joins_lines() -> None:
    both = calls_of([record("A", "open"), record("B", "open"), record("A", status=200)])
    assert [(r.call_id, r.kind) for r in both] == [("A", "call"), ("B", "open")]


def test_what_counts_as_reached_and_succeeded() -> None:
    assert reached_endpoint(record())
    assert not reached_endpoint(record(error_type="refused"))
    assert not reached_endpoint(replace(record(), protocol=None))
    assert succeeded(record(status=200))
    assert not succeeded(record(status=500))
    assert not succeeded(record(status=200, error_type="truncated"))
    assert not succeeded(record(kind="open"))


def test_model_time_counts_parallel_calls_once_and_no_waiting_for_the_client() -> None:
    def at(second: str, duration_ms: float, wait_ms: float = 0.0) -> Record:
        call = record(duration_ms=duration_ms, client_wait_ms=wait_ms)
        return replace(call, started_at=f"2026-01-02T03:04:{second}Z")

    calls = [at("05.000000", 1000), at("05.500000", 1000), at("10.000000", 500, 200), record()]
    assert call_time_ms(calls) == model_time_ms(calls) == pytest.approx(1500 + 300, abs=0.01)


@pytest.mark.parametrize(
    ("asked_ms", "next_at_s", "expected_ms"),
    [
        (4000.0, 3, 500 + 2500 + 500),  # it came back before it was asked to
        (4000.0, 9, 500 + 4000 + 500),  # and after: what is over is its own
        (None, 3, 500 + 500),  # back-off that nobody asked for
        (4000.0, None, 500),  # it never came back
    ],
)
def test_back_off_is_model_time_as_far_as_the_endpoint_asked_for_it(
    asked_ms: float | None, next_at_s: int | None, expected_ms: float
) -> None:
    calls = [failed_call(429, retry_after_ms=asked_ms)]
    if next_at_s is not None:
        calls.append(call(at_s=next_at_s))
    assert model_time_ms(calls) == expected_ms
    assert call_time_ms(calls) == 500 * len(calls)


def test_back_off_beside_another_call_counts_once() -> None:
    calls = [failed_call(429, retry_after_ms=4000.0), call(at_s=0.2, took_ms=2000), call(at_s=3)]
    assert model_time_ms(calls) == 500 + 2500 + 500


@pytest.mark.parametrize(
    ("calls", "expected_ms"),
    [
        ([open_call(at_s=4)], 6000),
        ([open_call(at_s=4), call(at_s=3, took_ms=2000)], 7000),
        ([call(at_s=4, kind="open", took_ms=None, budget={"waited_ms": 1000.0})], 5000),
        ([call(at_s=8, took_ms=9000)], 2000),
        ([failed_call(429, at_s=7, retry_after_ms=1500.0)], 500 + 1500),
        ([failed_call(429, at_s=7, retry_after_ms=60_000.0)], 500 + 2500),
        ([failed_call(429, at_s=7, retry_after_ms=60_000.0), open_call(at_s=9)], 3000),
        ([replace(open_call(), error_type="refused")], 0),
        ([replace(open_call(), protocol=None)], 0),
        ([open_call(at_s=11)], 0),
    ],
)
def test_up_to_a_moment_what_is_open_is_model_time_and_what_is_later_is_not(
    calls: list[Record], expected_ms: float
) -> None:
    assert model_time_ms(calls, until=START + timedelta(seconds=10)) == expected_ms


@pytest.mark.parametrize(
    ("record", "word", "fault"),
    [
        (call(), "ok", None),
        (open_call(), "silent", "agent"),
        (call(error_type="client_disconnect"), "cut_short", "agent"),
        (call(error_type="client_disconnect", status=None), "silent", "agent"),
        (failed_call(429), "rate_limited", "endpoint"),
        (failed_call(401), "unauthorized", "user"),
        (failed_call(403), "forbidden", "user"),
        (failed_call(400), "malformed", "agent"),
        (failed_call(404), "malformed", "agent"),
        (failed_call(408), "down", "endpoint"),
        (failed_call(500), "down", "endpoint"),
        (failed_call(502), "down", "endpoint"),
        (failed_call(None), "down", "endpoint"),
        (failed_call(504, error_type="upstream_timeout"), "down", "endpoint"),
        (failed_call(200, error_type="truncated"), "down", "endpoint"),
        (failed_call(200, error_type="in_band_error"), "down", "endpoint"),
        (failed_call(429, error_type="client_disconnect"), "rate_limited", "endpoint"),
    ],
)
def test_what_an_endpoint_made_of_a_call(record: Record, word: Word, fault: Fault | None) -> None:
    assert (word_of(record), fault_of(record)) == (word, fault)


@pytest.mark.parametrize(
    ("text", "shown"), [("gpt-5 ümlaut", "gpt-5 ümlaut"), ("\x1b[2Jx\n\ud800", "?[2Jx??")]
)
def test_what_is_shown_has_no_control_characters(text: str, shown: str) -> None:
    assert printable(text) == shown
