from __future__ import annotations

from cab_report.results.groups import Family, families, select
from cab_report.results.runs import Run
from cab_scoring.stats.intervals import Tally
from fakes.many_cells import attempt


def runs(*cells: dict[str, object]) -> list[Run]:
    return [Run.from_cell(cell) for cell in cells]


def test_families_part_kinds_and_models_real_ones_first() -> None:
    found = families(
        runs(
            attempt("pi", kind="simulated", model="a"),
            attempt("pi", kind="provisional", model="a"),
            attempt("pi", model="b"),
            attempt("aider", model="b"),
            attempt("aider", model="a"),
        )
    )
    assert [(family, [group.agent for group in groups]) for family, groups in found.items()] == [
        (Family("real", "a"), ["aider"]),
        (Family("real", "b"), ["aider", "pi"]),
        (Family("provisional", "a"), ["pi"]),
        (Family("simulated", "a"), ["pi"]),
    ]


def test_void_attempts_are_apart_and_in_no_sum() -> None:
    [[group]] = families(
        runs(
            attempt(),
            attempt(passed=False),
            attempt(fault="rate_limited"),
            attempt(task="c/void", fault="interrupted"),
        )
    ).values()
    assert (len(group.runs), len(group.void)) == (2, 2)
    assert group.tallies == {"mutations/swap": Tally(2, 1)}
    assert list(group.by_task) == ["mutations/swap"]
    assert group.total.tokens == 2200


def test_what_a_correct_task_cost_is_known_where_every_attempt_is() -> None:
    [[group]] = families(
        runs(
            attempt(task="c/a", usd="0.2"),
            attempt(task="c/a", usd="0.1", neutral="0.3", passed=False),
            attempt(task="c/b", usd="0.5", neutral="0.5"),
            attempt(task="c/b", tokens=(None, None), neutral="0.25"),
            attempt(task="c/c", usd="0.5", passed=False),
        )
    ).values()
    assert group.solved == ("c/a", "c/b")
    assert group.tokens_per_correct == {"c/a": 2200}
    assert group.usd_per_correct == {"c/a": 0.3}
    assert group.usd_neutral_per_correct == {"c/b": 0.375}


def test_an_agent_was_cached_where_any_input_was_billed_as_such() -> None:
    for cached, expected in [(None, False), (0, False), (1, True)]:
        [[group]] = families(runs(attempt(), attempt(cached=cached))).values()
        assert group.cached is expected


def test_globs_choose_attempts() -> None:
    everything = runs(
        attempt("aider", "mutations/go-swap"),
        attempt("codex", "polyglot/go"),
        attempt("codex", model="large-1"),
    )
    assert select(everything) == everything
    assert select(everything, agents=["a*"]) == everything[:1]
    assert select(everything, agents=["a*", "codex"], models=["small-?"]) == everything[:2]
    assert select(everything, tasks=["mutations/*"], models=["large-*"]) == everything[2:]
    assert select(everything, agents=["Codex"]) == []
