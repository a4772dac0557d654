"""How much of the variance of ``pass`` is agent, model, task, their interaction, and chance.

Of one attempt drawn from the cells at hand, every cell as likely as any other. What is taken apart:

* Between cells, least squares on agent, model and task. Where cells are no full grid, what a factor explains
  depends on which others came before it: it is averaged over all orders (Lindeman, Merenda and Gold 1980).
* The interaction is what the three leave of the cells' rates: an agent that suits one model or one task.
* Noise is what attempts of one cell differ by. It also makes cells' rates differ; each part is reduced by
  what it would have from that alone, and is not below 0.

Not identifiable, and None: a factor with one level, or whose levels come only with certain others' (each
agent with its own model); the interaction where the factors leave no cells over; noise, and the interaction
with it, where no cell has two attempts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from math import fsum
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cab_scoring.stats.intervals import Tally

SINGULAR: Final = 1e-9
"""Below this share of the largest, a singular value is 0."""

Codes = NDArray[np.intp]
"""The level of a factor, by cell."""
Floats = NDArray[np.floating[Any]]


class Cell(NamedTuple):
    """Whose attempts differ by chance alone."""

    agent: str
    model: str
    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Shares of the variance; they sum to 1 where none is None."""

    agent: float | None = None
    model: float | None = None
    task: float | None = None
    interaction: float | None = None
    noise: float | None = None
    """Between attempts of one cell."""


class _Fit(NamedTuple):
    explained: float
    """Sum of squares about the mean."""
    rank: int
    """The mean included."""


def shares(cells: Mapping[tuple[str, str, str], Tally]) -> Shares:
    """Take the variance apart; keys are (agent, model, task), or :class:`Cell`."""
    if not cells:
        return Shares()
    keys, tallies = zip(*sorted(cells.items()), strict=True)
    rates = np.array([tally.rate for tally in tallies])
    centred = rates - rates.mean()
    factors = _factors(keys)
    fits = {
        subset: _fit(centred, [factors[name] for name in subset])
        for size in range(len(factors) + 1)
        for subset in combinations(factors, size)
    }
    full = fits[tuple(factors)]
    left = _Fit(float(centred @ centred) - full.explained, len(keys) - full.rank)
    noise = _noise(tallies)
    if noise is not None:
        error = noise * fsum(1 / tally.attempts for tally in tallies) / len(tallies)
    elif left.rank:
        error = left.explained / left.rank
    else:
        return Shares()
    mains = {name: max(0.0, _main(name, fits, error)) / len(keys) for name in factors}
    interaction = max(0.0, left.explained - left.rank * error) / len(keys)
    rest = interaction + noise if noise is not None else error * (len(keys) - 1) / len(keys)
    whole = fsum(mains.values()) + rest
    if whole == 0:
        return Shares()
    known = {name: part / whole for name, part in mains.items() if _told_apart(name, fits)}
    if noise is not None:
        known["noise"] = noise / whole
        if left.rank:
            known["interaction"] = interaction / whole
    return Shares(**known)


def _factors(keys: Sequence[tuple[str, str, str]]) -> dict[str, Codes]:
    """Those that have two levels or more."""
    columns = {name: np.array([key[place] for key in keys]) for place, name in enumerate(Cell._fields)}
    codes = {name: np.unique(column, return_inverse=True)[1] for name, column in columns.items()}
    return {name: code for name, code in codes.items() if code.max() > 0}


def _noise(tallies: Sequence[Tally]) -> float | None:
    """Variance between attempts of one cell, averaged over the cells with two or more."""
    several = [tally for tally in tallies if tally.attempts > 1]
    variances = [tally.rate * (1 - tally.rate) * tally.attempts / (tally.attempts - 1) for tally in several]
    return fsum(variances) / len(variances) if variances else None


def _fit(centred: Floats, factors: Sequence[Codes]) -> _Fit:
    """Least squares on the levels of ``factors``.

    The factor with the most levels goes first: its fit is the means of its levels. The others are fitted to
    what is within them (Frisch and Waugh), which has few columns also where there are thousands of tasks.
    """
    if not factors:
        return _Fit(0.0, 1)
    first, *others = sorted(factors, key=np.max, reverse=True)
    counts = np.bincount(first)
    means = np.bincount(first, weights=centred) / counts
    fit = _Fit(float(counts @ means**2), len(counts))
    if not others:
        return fit
    columns = np.hstack([np.eye(code.max() + 1)[code] for code in others])
    sums = np.zeros((len(counts), columns.shape[1]))
    np.add.at(sums, first, columns)
    within = columns - (sums / counts[:, None])[first]
    solution, _, rank, _ = np.linalg.lstsq(within, centred, rcond=SINGULAR)
    return _Fit(fit.explained + float(centred @ within @ solution), fit.rank + int(rank))


def _main(name: str, fits: Mapping[tuple[str, ...], _Fit], error: float) -> float:
    """Sum of squares that a factor adds, less what noise alone would, averaged over all orders of adding."""
    everything = max(fits, key=len)
    added = []
    for order in permutations(everything):
        before = order[: order.index(name)]
        without, with_it = (
            fits[tuple(factor for factor in everything if factor in chosen)]
            for chosen in (before, (*before, name))
        )
        added.append(with_it.explained - without.explained - (with_it.rank - without.rank) * error)
    return fsum(added) / len(added)


def _told_apart(name: str, fits: Mapping[tuple[str, ...], _Fit]) -> bool:
    """Every level of the factor can be told from all the others' levels."""
    everything = max(fits, key=len)
    without = fits[tuple(factor for factor in everything if factor != name)]
    return fits[everything].rank - without.rank == fits[(name,)].rank - 1
