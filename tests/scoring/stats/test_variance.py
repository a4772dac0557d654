from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, replace
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_scoring.stats.intervals import Tally
from cab_scoring.stats.variance import Cell, Shares, shares

NOTHING = Shares(agent=0, model=0, task=0, interaction=0, noise=0)

Cells = dict[tuple[str, str, str], Tally]


def grid(
    passed: Callable[[int, int, int], int],
    attempts: int = 2,
    agents: int = 2,
    models: int = 2,
    tasks: int = 2,
) -> Cells:
    return {
        Cell(f"agent-{a}", f"model-{m}", f"task-{t}"): Tally(attempts, int(passed(a, m, t)))
        for a, m, t in product(range(agents), range(models), range(tasks))
    }


def known(found: Shares) -> list[float]:
    return [part for part in astuple(found) if part is not None]


@pytest.mark.parametrize(
    ("passed", "whole"),
    [
        (lambda a, m, t: 2 * a, replace(NOTHING, agent=1)),
        (lambda a, m, t: 2 * m, replace(NOTHING, model=1)),
        (lambda a, m, t: 2 * t, replace(NOTHING, task=1)),
        (lambda a, m, t: 2 * (a ^ m), replace(NOTHING, interaction=1)),
        (lambda a, m, t: 2 * (a ^ m ^ t), replace(NOTHING, interaction=1)),
        (lambda a, m, t: 1, replace(NOTHING, noise=1)),
    ],
    ids=["agent", "model", "task", "of two", "of three", "noise"],
)
def test_one_reason_has_all_the_variance(passed: Callable[[int, int, int], int], whole: Shares) -> None:
    assert astuple(shares(grid(passed))) == pytest.approx(astuple(whole))


def test_a_full_grid_worked_out() -> None:
    """Rates 1 and 0.5 by agent, less 0.5 for the harder task; of these four, 1.0 is without noise, and 0."""
    found = shares(grid(lambda a, m, t: 8 - 4 * a - 4 * t, attempts=8))
    # Σ squares over eight cells: agents 8 × 0.25², tasks the same. Noise: (0, 2/7, 2/7, 0), a mean of 1/7;
    # a cell's rate varies by an eighth of it, of which a factor has one degree of freedom.
    main = (0.5 - 1 / 56) / 8
    interaction = 0.0  # the factors explain all: less than noise alone would have
    whole = 2 * main + 1 / 7
    assert found.agent == pytest.approx(main / whole)
    assert found.task == pytest.approx(main / whole)
    assert (found.model, found.interaction) == (0, interaction)
    assert found.noise == pytest.approx(1 / 7 / whole)


def test_differences_that_noise_alone_would_make_are_noise() -> None:
    found = shares({("a", "m", "1"): Tally(2, 2), ("a", "m", "2"): Tally(2, 1)})
    assert found == Shares(agent=None, model=None, task=0, interaction=None, noise=1)


def test_shares_found_are_those_that_were_there() -> None:
    rng = np.random.default_rng(3)
    by_agent, by_model, by_task = rng.normal(0, 0.06, 4), rng.normal(0, 0.1, 4), rng.normal(0, 0.2, 20)
    chances = (
        0.5 + by_agent[:, None, None] + by_model[None, :, None] + by_task + rng.normal(0, 0.1, (4, 4, 20))
    )
    chances = chances.clip(0, 1)
    main = [chances.mean(axis=axes).var() for axes in ((1, 2), (0, 2), (0, 1))]
    noise = (chances * (1 - chances)).mean()
    true = np.array([*main, chances.var() - sum(main), noise]) / (chances.var() + noise)
    drawn = [shares(grid(lambda a, m, t: rng.binomial(4, chances[a, m, t]), 4, 4, 4, 20)) for _ in range(100)]
    assert np.mean([astuple(each) for each in drawn], axis=0) == pytest.approx(true, abs=0.004)


def test_cells_that_are_no_grid_are_averaged_over_the_orders_of_adding() -> None:
    """Without noise a share is the mean of what the factor adds to R², computed plainly."""
    rng = np.random.default_rng(5)
    cells = {
        cell: Tally(2, 2 * int(rng.random() < 0.3 + 0.4 * (cell[0] == "agent-1")))
        for cell in grid(lambda a, m, t: 0, 2, 3, 3, 6)
        if rng.random() < 0.6
    }
    rates = np.array([tally.rate for tally in cells.values()])

    def r_squared(places: tuple[int, ...]) -> float:
        columns = [
            [cell[place] == level for cell in cells]
            for place in places
            for level in {c[place] for c in cells}
        ]
        design = np.array([[True] * len(cells), *columns], dtype=float).T
        residual = rates - design @ np.linalg.lstsq(design, rates, rcond=None)[0]
        return 1 - float(residual.var() / rates.var())

    def added(place: int) -> float:
        before = [order[: order.index(place)] for order in permutations(range(3))]
        return float(np.mean([r_squared((*places, place)) - r_squared(places) for places in before]))

    found = shares(cells)
    assert found.noise == 0
    assert (found.agent, found.model, found.task) == pytest.approx((added(0), added(1), added(2)))
    assert found.interaction == pytest.approx(1 - r_squared((0, 1, 2)))


def test_one_attempt_a_cell_leaves_interaction_and_noise_together() -> None:
    rates = np.array([[1, 1, 0, 1], [0, 1, 0, 0], [1, 1, 0, 1]])
    found = shares(grid(lambda a, m, t: rates[a, t], attempts=1, agents=3, models=1, tasks=4))
    # Two-way analysis of variance: 2, 3 and 6 degrees of freedom
    by_agent, by_task = 4 * rates.mean(axis=1).var() * 3, 3 * rates.mean(axis=0).var() * 4
    left = (rates.var() * 12 - by_agent - by_task) / 6
    whole = by_agent - 2 * left + by_task - 3 * left + 11 * left
    assert found.agent == pytest.approx((by_agent - 2 * left) / whole)
    assert found.task == pytest.approx((by_task - 3 * left) / whole)
    assert (found.model, found.interaction, found.noise) == (None, None, None)


def test_what_only_comes_together_is_not_told_apart() -> None:
    each_its_own = {
        cell: tally for cell, tally in grid(lambda a, m, t: 2 * a).items() if cell[0][-1] == cell[1][-1]
    }
    found = shares(each_its_own)
    assert (found.agent, found.model) == (None, None)
    assert (found.task, found.interaction, found.noise) == (0, 0, 0)


def test_nothing_to_take_apart_is_unknown() -> None:
    assert shares({}) == Shares()
    assert shares(grid(lambda a, m, t: 2)) == Shares()
    assert shares(grid(lambda a, m, t: t, attempts=1, agents=1, models=1)) == Shares()


cells = st.dictionaries(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.sampled_from("1234")),
    st.integers(1, 4).flatmap(lambda n: st.builds(Tally, st.just(n), st.integers(0, n))),
    max_size=20,
)


@given(cells)
def test_shares_are_shares_in_whatever_order(every: Cells) -> None:
    found = shares(every)
    assert all(0 <= part <= 1 for part in known(found))
    assert sum(known(found)) <= 1 + 1e-9
    if len(known(found)) == 5:
        assert sum(known(found)) == pytest.approx(1)
    assert shares(dict(reversed(every.items()))) == found
