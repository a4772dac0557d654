"""Served, metered and claimed are three counts: a test has to see each of them be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.records import Record
from cab_runner.calibration import figures
from fakes.evidence import call, failed_call


def count(n: int = 1, prompt: int | None = 1000, made: int | None = 100, **more: Any) -> dict[str, Any]:
    """A line of the simulator's count."""
    ran = prompt is not None and made is not None
    values = {
        "n": n,
        "status": 200,
        "completed": True,
        "prompt_tokens": prompt,
        "completion_tokens": made,
        "cached_tokens": 0 if ran else None,
        "cache_write_tokens": 0 if ran else None,
        "total_tokens": (prompt or 0) + (made or 0) if ran else None,
    }
    return values | more


def equal(served: list[dict[str, Any]], calls: list[Record]) -> bool:
    return bool(figures.metering(served, calls)["equal"])


def test_every_call_is_in_both_counts() -> None:
    served = [count(1), count(2, None, None, status=429), count(3, 2000, 50)]
    calls = [call(), failed_call(429, at_s=1), call(at_s=2, tokens=(2000, 50))]
    assert figures.metering(served, calls) == {
        "calls": 3,
        "cut": 0,
        "equal": True,
        "served": {"input": 3000, "output": 150, "cached": 0, "cache_write": 0, "total": 3150},
        "differences": [],
    }


def test_calls_side_by_side_may_come_in_another_order() -> None:
    assert equal([count(1, 1, 2), count(2, 3, 4)], [call(tokens=(3, 4)), call(at_s=1, tokens=(1, 2))])


@pytest.mark.parametrize(
    ("served", "metered"),
    [
        ([count()], []),
        ([], [call()]),
        ([count()], [call(tokens=(1000, 99))]),
        ([count()], [call(tokens=(999, 100))]),
        ([count(cached_tokens=10)], [call()]),
        ([count()], [call(source="estimated")]),
        ([count()], [call(status=201)]),
        ([count()], [call(), call(at_s=1)]),
        ([count(1, None, None, status=500)], [failed_call(429)]),
        ([count(1, None, None, status=500)], [call(status=500)]),
        ([count(completed=False)], [call()]),
    ],
)
def test_what_is_not_equal(served: list[dict[str, Any]], metered: list[Record]) -> None:
    found = figures.metering(served, metered)
    assert not found["equal"]
    assert found["differences"]


def test_a_difference_shows_both_sides() -> None:
    [shown] = figures.metering([count()], [call(tokens=(1000, 99))])["differences"]
    assert (shown["served"]["output"], shown["metered"]["output"]) == (100, 99)
    assert figures.metering([count()], [])["differences"][0]["metered"] is None


def test_an_answer_that_broke_off_has_to_be_there() -> None:
    cut = count(completed=False)
    found = figures.metering([cut], [call(error_type="truncated", source="estimated")])
    assert (found["equal"], found["cut"]) == (True, 1)
    assert not equal([cut], [])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=6), st.randoms())
def test_equal_is_the_same_calls_in_any_order(tokens: list[tuple[int, int]], shuffled: Any) -> None:
    served = [count(n, *pair) for n, pair in enumerate(tokens)]
    calls = [call(at_s=n, tokens=pair) for n, pair in enumerate(tokens)]
    shuffled.shuffle(calls)
    assert equal(served, calls)
    assert not equal([*served, count()], calls)


def test_nothing_served_is_unknown_not_zero() -> None:
    assert set(figures.served_tokens([count(1, None, None)]).values()) == {None}


def test_the_count_is_read_in_order_of_arrival(tmp_path: Path) -> None:
    path = tmp_path / "sim-calls.jsonl"
    assert figures.read_served(path) == []
    path.write_text("".join(json.dumps(count(n)) + "\n" for n in (2, 1)))
    assert [line["n"] for line in figures.read_served(path)] == [1, 2]


def test_what_the_agent_called() -> None:
    calls = [
        failed_call(429, operation_id="a", purpose="main"),
        call(at_s=1, operation_id="a", purpose="retry"),
        call(at_s=2, operation_id="b", purpose="title"),
    ]
    assert figures.behaviour(calls) == {
        "made": 3,
        "answered": 2,
        "retries": 1,
        "statuses": [[429, 1], [200, 2]],
        "purposes": {"main": 1, "retry": 1, "title": 1},
    }


def test_of_calls_that_the_proxy_did_not_read_nobody_knows_what_they_repeat() -> None:
    refused = call(status=401, error_type="unauthorized", protocol=None)
    assert figures.is_model_call(refused)
    found = figures.behaviour([refused, refused])
    assert (found["made"], found["answered"], found["retries"], found["purposes"]) == (2, 0, None, None)


def test_what_is_no_model_call() -> None:
    assert not figures.is_model_call(call(protocol=None, method="GET", error_type="unauthorized"))
    assert not figures.is_model_call(call(protocol=None))


def test_the_first_prompt_is_the_main_conversations() -> None:
    parts = {"system": 1, "tools": 2, "messages": 3}
    title = call(purpose="title", tokens=(5, 1))
    failed = failed_call(429, at_s=1, purpose="main")
    main = call(at_s=2, purpose="main", prompt_parts=parts)
    assert figures.first_prompt([title, failed, main]) == {"input": 1000, **parts}
    assert figures.first_prompt([title]) is None
    assert figures.first_prompt([call()]) == {"input": 1000}


def bodies(folder: Path, *calls: Record) -> Path:
    for made in calls:
        messages = [{"role": "user", "content": made.purpose}] * int(made.call_id[1:])
        (folder / f"{made.call_id}.request").write_text(json.dumps({"messages": messages}))
    return folder


def test_the_main_conversation_is_compared(tmp_path: Path) -> None:
    first, title, second = (
        call(at_s=n, call_id=f"c{n}", purpose=purpose)
        for n, purpose in ((1, "main"), (2, "title"), (3, "main"))
    )
    found = figures.conversation([first, title, second], bodies(tmp_path, first, title, second))
    assert found is not None
    assert (found["requests"], found["differences"]) == (2, [])


def test_a_body_that_was_not_kept_makes_it_unknown(tmp_path: Path) -> None:
    first, second = call(call_id="c1", purpose="main"), call(call_id="c2", purpose="main")
    assert figures.conversation([first, second], bodies(tmp_path, first)) is None
    assert figures.conversation([], tmp_path) is None
