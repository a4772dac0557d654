from __future__ import annotations

from dataclasses import replace

from cab_scoring.latency import latency_axis
from fakes.evidence import RUN, call, failed_call, open_call


def test_parallel_calls_count_once_and_the_rest_is_the_agents() -> None:
    calls = [call(at_s=0, took_ms=2000), call(at_s=1, took_ms=2000)]
    assert latency_axis(RUN, calls) == {
        "wall_clock_ms": 10_000,
        "container_active_ms": 9_500,
        "model_call_ms": 3000,
        "model_call_coverage": 1,
        "model_time_ms": 3000,
        "agent_ms": 6500,
        "agent_cpu_ms": 700,
    }


def test_time_in_which_the_client_did_not_read_is_the_agents() -> None:
    axis = latency_axis(RUN, [call(took_ms=2000, client_wait_ms=1500)])
    assert axis["model_call_ms"] == 500
    assert axis["agent_ms"] == 9000


def test_failed_calls_are_model_time_too() -> None:
    assert latency_axis(RUN, [failed_call(500)])["model_call_ms"] == 500


def test_a_call_that_never_ended_shows_in_the_coverage() -> None:
    axis = latency_axis(RUN, [call(), open_call(at_s=5)])
    assert axis["model_call_ms"] == 500
    assert axis["model_call_coverage"] == 0.5
    assert axis["model_time_ms"] == 500 + 5000, "it is waited for up to the agent's end"


def test_back_off_is_no_time_of_the_agents() -> None:
    axis = latency_axis(RUN, [failed_call(429, retry_after_ms=2000.0), call(at_s=4)])
    assert (axis["model_call_ms"], axis["model_time_ms"]) == (1000, 3000)
    assert axis["agent_ms"] == 6500


def test_a_call_that_outlasts_the_agent_takes_none_of_its_time() -> None:
    axis = latency_axis(RUN, [call(at_s=9, took_ms=30_000)])
    assert (axis["model_call_ms"], axis["model_time_ms"], axis["agent_ms"]) == (30_000, 1000, 8500)


def test_unknown_container_time_leaves_the_agents_time_unknown() -> None:
    assert latency_axis(replace(RUN, container_active_ms=None), [call()])["agent_ms"] is None


def test_clocks_that_disagree_make_no_negative_time() -> None:
    assert latency_axis(replace(RUN, container_active_ms=400.0), [call()])["agent_ms"] == 0


def test_an_agent_that_never_ran_has_no_times() -> None:
    axis = latency_axis(None, [])
    assert set(axis) == set(latency_axis(RUN, []))
    assert set(axis.values()) == {None}
