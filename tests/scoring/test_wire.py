from __future__ import annotations

import pytest

from cab_proxy.records import Record
from cab_scoring.wire import last_word, model_calls, served_nothing
from fakes.evidence import call, failed_call, open_call


def test_the_last_word_is_the_last_by_the_clock_not_by_the_start() -> None:
    slow_answer = call(at_s=0, took_ms=9000)
    quick_refusal = failed_call(429, at_s=1, took_ms=10)
    assert last_word([slow_answer, quick_refusal]) == "ok"


def test_a_silent_endpoint_has_no_last_word() -> None:
    assert last_word([]) is None
    assert last_word([open_call()]) is None
    assert last_word([failed_call(500), open_call(at_s=5)]) == "down"


def test_model_calls_are_one_record_each_and_only_those_passed_on() -> None:
    opened, ended = open_call(at_s=1), call(at_s=1)
    refused = call(at_s=2, status=400, error_type="refused")
    other = call(at_s=3, protocol=None)
    assert model_calls([opened, ended, refused, other]) == (ended,)


@pytest.mark.parametrize("status", [400, 401, 429, 500, 502])
def test_an_error_answer_served_nothing(status: int) -> None:
    assert served_nothing(failed_call(status))


@pytest.mark.parametrize(
    "record",
    [
        call(),
        open_call(),
        failed_call(None),
        failed_call(200, error_type="truncated"),
        failed_call(504, error_type="upstream_timeout"),
        failed_call(500, tokens=(10, 2)),
    ],
)
def test_what_may_have_served_tokens_is_not_nothing(record: Record) -> None:
    assert not served_nothing(record)
