from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cab_report.attempt.evidence import Span
from cab_report.site.charts import timeline
from cab_report.site.charts.timeline import DRAWN, LEFT, RIGHT, Bar, sums


def span(
    kind: str, start_ms: float, duration_ms: float | None, parent: str | None = None, **given: Any
) -> Span:
    return Span(
        **{"span_id": f"{kind}-{start_ms}", "name": kind, "error": None, "attrs": {}}
        | {"kind": kind, "start_ms": start_ms, "duration_ms": duration_ms, "parent_id": parent}
        | given
    )


TRACE = (
    span("task_setup", 0, 20),
    span("adapter_run", 20, 700),
    span("tool_call", 20, 0),
    span("container", 100, 600),
    span("model_call", 150, 200, "container-100"),
    span("model_call", 400, 100, "container-100"),
    span("grade", 720, 280),
)

spans = st.builds(
    span,
    st.sampled_from(["task_setup", "container", "model_call", "grade", "something else"]),
    st.floats(0, 1e8),
    st.none() | st.floats(0, 1e8),
    st.none() | st.just("container-0"),
    attrs=st.dictionaries(st.sampled_from(["prompt_tokens", "x"]), st.none() | st.integers() | st.text()),
)


def bars(*trace: Span) -> list[Bar]:
    return list(timeline.timeline(trace).bars)


def test_a_lane_a_kind_and_time_to_the_right() -> None:
    drawn = timeline.timeline(TRACE)
    names = ["setup", "agent run", "tool calls", "container", "model calls", "grading"]
    assert [lane.name for lane in drawn.lanes] == names
    assert [lane.y for lane in drawn.lanes] == sorted(lane.y for lane in drawn.lanes)
    assert (drawn.total_ms, drawn.left_out) == (1000, 0)
    assert (drawn.bars[0].x, drawn.bars[-1].x + drawn.bars[-1].width) == (LEFT, RIGHT)


def test_model_calls_lie_in_the_box_of_their_container() -> None:
    box, *calls = [bar for bar in bars(*TRACE) if bar.span.kind in {"container", "model_call"}]
    assert box.holds_calls
    for call in calls:
        assert box.x < call.x
        assert call.x + call.width < box.x + box.width
        assert box.y < call.y
        assert call.y + call.height < box.y + box.height
    (empty,) = bars(span("container", 0, 1))
    assert not empty.holds_calls


def test_calls_at_the_same_time_lie_beside_each_other() -> None:
    first, second, third = bars(
        span("model_call", 0, 100), span("model_call", 50, 100), span("model_call", 100, 10)
    )
    assert first.y == third.y != second.y


def test_many_calls_at_the_same_time_need_no_more_rows() -> None:
    assert len({bar.y for bar in bars(*(span("model_call", at, 1000) for at in range(50)))}) == 4


def test_a_span_that_never_ended_reaches_to_the_end() -> None:
    call, _ = bars(span("model_call", 10, None), span("grade", 500, 500))
    assert call.x + call.width == RIGHT


def test_of_a_long_trace_the_first_calls_are_drawn_and_all_else() -> None:
    calls = [span("model_call", 150 + number, 0.5, "container-100") for number in range(2000)]
    drawn = timeline.timeline((*TRACE, *calls))
    assert (len(drawn.bars), drawn.left_out) == (DRAWN, len(TRACE) + 2000 - DRAWN)
    others = [bar for bar in drawn.bars if bar.span.kind != "model_call"]
    assert len(others) == len([each for each in TRACE if each.kind != "model_call"])
    assert max(bar.span.start_ms for bar in drawn.bars if bar.span.kind == "model_call") < 600


def test_ticks_are_round() -> None:
    def texts(total_ms: float) -> list[str]:
        return [text for _, text in timeline.timeline([span("grade", 0, total_ms)]).ticks]

    assert texts(0) == ["0"]
    assert texts(90)[:3] == ["0", "20 ms", "40 ms"]
    assert texts(3000) == ["0", "0.5 s", "1 s", "1.5 s", "2 s", "2.5 s", "3 s"]
    assert texts(7_200_000)[:2] == ["0", "20 min"]


@given(st.lists(spans, min_size=1, max_size=30))
def test_everything_lies_in_the_drawing(trace: list[Span]) -> None:
    drawn = timeline.timeline(trace)
    assert len(drawn.bars) == len(trace)
    for bar in drawn.bars:
        assert LEFT <= bar.x <= bar.x + bar.width <= RIGHT + 2.01
        assert 0 <= bar.y <= bar.y + bar.height <= drawn.bottom
    assert 1 <= len(drawn.ticks) <= 9
    assert all(LEFT <= x <= RIGHT + 0.01 for x, _ in drawn.ticks)


def test_counts_that_are_not_known_are_left_out() -> None:
    attrs = {"prompt_tokens": 464, "completion_tokens": 0, "cached_tokens": None, "reasoning_tokens": "7"}
    (bar,) = bars(span("model_call", 0, 1, attrs=attrs))
    assert bar.tokens == {"prompt": 464, "completion": 0}


def test_sums_say_what_is_not_known() -> None:
    setup, calls, other = sums(
        [
            span("model_call", 0, 10),
            span("model_call", 5, None, error="in_flight"),
            span("task_setup", 0, None),
            span("new", 0, 3),
        ]
    )
    assert (setup.what, setup.spans, setup.total_ms, setup.unfinished) == ("setup", 1, None, 1)
    assert (calls.what, calls.spans, calls.total_ms, calls.errors) == ("model calls", 2, 10, 1)
    assert (other.what, other.total_ms) == ("other", 3)
