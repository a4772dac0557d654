"""Pass rate against what a correct task costs, as a static SVG: which agents are worth choosing from.

    tokens, usd = pareto.both(content.groups, content.summaries)

``{{ pareto(tokens) }}`` of the template pareto.html shows one, with its text alternative. The front is of all
whose figures are known in full, over nearly all tasks, drawn or not. What is not known in full is no point,
and is named with why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from cab_report.results.axes import AXES, Axis, Summary, usd_neutral
from cab_report.site.charts.labels import Box, place
from cab_report.site.charts.scale import Scale, linear, logarithmic, tick_text
from cab_report.text import one_line
from cab_scoring.stats.frontier import front

if TYPE_CHECKING:
    from cab_report.results.groups import Group

NEUTRAL: Final = replace(
    AXES["usd"],
    key="usd_neutral",
    name="cache-neutral USD/correct",
    what="all USD at list prices, as if there were no cache, over the number of attempts that passed",
)
_MIXED: Final = (
    "Only some were served from the endpoint's prompt cache, so bills are not compared: USD are at list "
    "prices, as if there were no cache."
)
_ZERO: Final = "0, for which a logarithmic scale has no place"
WIDTH: Final = 760
HEIGHT: Final = 440
MOST_WITH_WHISKERS: Final = 25
"""Points; the intervals of more hide each other."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, WIDTH - 16, 14, HEIGHT - 46
_RADIUS: Final = 4
_NEARLY_ALL: Final = 0.9
_LONGEST_NAME: Final = 34
_INSIDE: Final = Box(_LEFT, _TOP, _RIGHT, _BOTTOM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One agent with one model."""

    agent: str
    model: str
    passed: Summary
    spent: Summary
    name: str
    """What it is called in the drawing."""
    at_nearly_all: bool = True
    """Whether it was graded at nearly all of the tasks: who was tried at a few may have had the easy ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing, and what it says in words."""

    x_axis: Axis
    said: str
    """What its points are, and may not be taken for."""
    svg: Markup | None
    """None where there is no point."""
    front: tuple[Point, ...]
    """The highest pass rate first."""
    missing: Mapping[str, Sequence[Point]]
    """Points that are not drawn, by the reason."""


def both(
    groups: Sequence[Group], summaries: Mapping[tuple[str, str], Mapping[str, Summary]]
) -> tuple[Chart, Chart]:
    """Against tokens and against USD; ``summaries`` by agent and model.

    Where only some were served from a cache bills are not compared: USD are cache-neutral then.
    """
    found = [summaries[group.agent, group.family.model] for group in groups]
    one_model = len({group.family.model for group in groups}) == 1
    tasks = sorted(len(group.tallies) for group in groups if group.tallies)
    everything = len({task for group in groups for task in group.tallies})
    said = ""
    if tasks and tasks[0] < everything:
        said = f" Each is over the tasks that it has, {tasks[0]} to {tasks[-1]} of {everything}."
    if tasks and tasks[0] < _NEARLY_ALL * everything:
        said += f" The front is of those that have {_NEARLY_ALL:.0%} of the tasks or more."
    if not one_model:
        said += " What differs is the agent with its model, not the agent alone."

    def points(spent: Iterable[Summary]) -> list[Point]:
        return [
            Point(
                agent=group.agent,
                model=group.family.model,
                passed=summary["pass"],
                spent=each,
                name=one_line(
                    group.agent if one_model else f"{group.agent} · {group.family.model}", _LONGEST_NAME
                ),
                at_nearly_all=len(group.tallies) >= _NEARLY_ALL * everything,
            )
            for group, summary, each in zip(groups, found, spent, strict=True)
        ]

    tokens = chart(points(each["tokens"] for each in found), AXES["tokens"], said)
    if len({group.cached for group in groups if group.runs}) > 1:
        return tokens, chart(points(map(usd_neutral, groups)), NEUTRAL, f"{_MIXED}{said}")
    return tokens, chart(points(each["usd"] for each in found), AXES["usd"], said)


def chart(points: Sequence[Point], x_axis: Axis, said: str = "") -> Chart:
    """Draw ``points``. A page has one chart of an axis."""
    drawn: list[Point] = []
    missing: dict[str, list[Point]] = {}
    for point in points:
        if why := _why_not(point, x_axis):
            missing.setdefault(why, []).append(point)
        else:
            drawn.append(point)
    known = {(each.agent, each.model): each for each in (*drawn, *missing.get(_ZERO, ()))}
    best = front(
        {key: (each.passed.value, each.spent.value) for key, each in known.items() if each.at_nearly_all}
    )
    on_front = sorted((known[key] for key in best), key=lambda each: (-_y(each), _x(each), each.name))
    filled = [each for each in on_front if each.spent.value]
    hollow = [each for each in drawn if (each.agent, each.model) not in best]
    return Chart(
        x_axis=x_axis,
        said=said.strip(),
        svg=_svg(filled, hollow, x_axis) if drawn else None,
        front=tuple(on_front),
        missing=missing,
    )


def _why_not(point: Point, x_axis: Axis) -> str | None:
    unit = "USD" if x_axis.unit == "usd" else x_axis.unit
    if point.passed.value is None:
        return "no attempt has a verdict"
    if point.spent.value is None:
        return "nothing passed" if point.passed.value == 0 else f"the {unit} of no attempt are known"
    if not point.spent.complete:
        return f"the {unit} of some attempts are not known, so the figure is a lower bound"
    return _ZERO if point.spent.value == 0 else None


def _x(point: Point) -> float:
    return point.spent.value or 0


def _y(point: Point) -> float:
    return point.passed.value or 0


def _svg(filled: Sequence[Point], hollow: Sequence[Point], x_axis: Axis) -> Markup:
    drawn = [*filled, *hollow]
    x = logarithmic(min(map(_x, drawn)), max(map(_x, drawn)), _LEFT, _RIGHT)
    y = linear(0, 1, _BOTTOM, _TOP)
    parts = [*_frame(x, y, x_axis)]
    if len(drawn) <= MOST_WITH_WHISKERS:
        parts += (whisker for point in drawn for whisker in _whiskers(point, x, y))
    parts += [_front_line(filled, x, y), _dots(hollow, "point", x, y, x_axis)]
    parts += [_dots(filled, "front", x, y, x_axis), *_labels(filled, hollow, x, y)]
    return Markup(
        '<svg class="chart" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img"'
        ' aria-labelledby="pareto-{key}" aria-describedby="pareto-{key}-said">'
        '<title id="pareto-{key}">pass@1 against {name}</title><desc id="pareto-{key}-said">{said}</desc>'
        "{parts}</svg>"
    ).format(
        w=WIDTH,
        h=HEIGHT,
        key=x_axis.key,
        name=x_axis.name,
        said=_said(len(drawn), filled, x_axis),
        parts=Markup("").join(parts),
    )


def _said(drawn: int, filled: Sequence[Point], x_axis: Axis) -> str:
    """A description for those who don't see it."""
    points = "1 point" if drawn == 1 else f"{drawn} points"
    names = "; ".join(_figures(point, x_axis) for point in filled)
    return f"{points}. On the front, the highest pass rate first: {names}."


def _figures(point: Point, x_axis: Axis) -> str:
    return f"{point.name}: {_y(point):.2f} at {_short(_x(point), x_axis)}"


def _short(value: float, x_axis: Axis) -> str:
    return tick_text(float(f"{value:.3g}"), x_axis.unit)


def _frame(x: Scale, y: Scale, x_axis: Axis) -> Iterator[Markup]:
    for tick in y.ticks:
        yield Markup('<path class="grid" d="M{} {}H{}"/>').format(_LEFT, y(tick), _RIGHT)
        yield Markup('<text class="muted" x="{}" y="{}" text-anchor="end">{}</text>').format(
            _LEFT - 8, y(tick) + 4, tick_text(tick, "share")
        )
    for tick in x.ticks:
        yield Markup('<path class="grid" d="M{} {}V{}"/>').format(x(tick), _TOP, _BOTTOM)
        yield Markup('<text class="muted" x="{}" y="{}" text-anchor="middle">{}</text>').format(
            x(tick), _BOTTOM + 18, tick_text(tick, x_axis.unit)
        )
    yield Markup('<path class="axis" d="M{} {}V{}H{}"/>').format(_LEFT, _TOP, _BOTTOM, _RIGHT)
    yield Markup('<text x="{}" y="{}" text-anchor="end">{} (logarithmic) →</text>').format(
        _RIGHT, HEIGHT - 8, x_axis.name
    )
    middle = (_TOP + _BOTTOM) / 2
    yield Markup(
        '<text x="12" y="{0}" text-anchor="middle" transform="rotate(-90 12 {0})">pass@1 →</text>'
    ).format(middle)


def _whiskers(point: Point, x: Scale, y: Scale) -> Iterator[Markup]:
    """Intervals; one without an upper end goes to the edge."""
    passed, spent = point.passed.interval, point.spent.interval
    if passed.low is not None and passed.high is not None:
        yield Markup('<path class="whisker" d="M{} {}V{}"/>').format(
            x(_x(point)), y(passed.low), y(passed.high)
        )
    if spent.low is not None:
        end = x.end if spent.high is None else x(spent.high)
        yield Markup('<path class="whisker" d="M{} {}H{}"/>').format(x(spent.low), y(_y(point)), end)


def _front_line(filled: Sequence[Point], x: Scale, y: Scale) -> Markup:
    """A staircase: between two points nothing is known to be better than the cheaper one."""
    places = sorted({(x(_x(point)), y(_y(point))) for point in filled})
    if len(places) < 2:
        return Markup("")
    (first_x, first_y), *others = places
    steps = "".join(f"H{across}V{up}" for across, up in others)
    return Markup('<path class="front-line" d="M{} {}{}"/>').format(first_x, first_y, steps)


def _dots(points: Sequence[Point], kind: str, x: Scale, y: Scale, x_axis: Axis) -> Markup:
    dots = Markup("").join(
        Markup('<circle cx="{}" cy="{}" r="{}"><title>{}</title></circle>').format(
            x(_x(point)), y(_y(point)), _RADIUS, _figures(point, x_axis)
        )
        for point in points
    )
    return Markup('<g class="{}">{}</g>').format(kind, dots)


def _labels(filled: Sequence[Point], hollow: Sequence[Point], x: Scale, y: Scale) -> Iterator[Markup]:
    """Those names of filled points that there is room for; the table has all."""
    places, others = ([(x(_x(point)), y(_y(point))) for point in points] for points in (filled, hollow))
    labels = place(places, [point.name for point in filled], _INSIDE, others)
    for point, (at_x, at_y), label in zip(filled, places, labels, strict=True):
        if label is None:
            continue
        middle = (label.box.top + label.box.bottom) / 2
        if label.away:
            yield Markup('<path class="whisker" d="M{} {}L{:.1f} {:.1f}"/>').format(
                at_x, at_y, label.near, middle
            )
        yield Markup('<text class="label" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
            label.near, middle + 4, "end" if label.before else "start", point.name
        )
