from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from cab_report.site.charts.labels import Box, place

WITHIN = Box(0, 0, 400, 300)
PLACES = st.tuples(st.floats(0, 400), st.floats(0, 300))


def test_a_name_stands_beside_its_point() -> None:
    [label] = place([(100, 100)], ["aider"], WITHIN)
    assert label is not None
    assert (label.near, label.before, label.away) == (110, False, False)
    assert label.box.top < 100 < label.box.bottom


def test_where_there_is_no_room_to_the_right_it_stands_to_the_left() -> None:
    [label] = place([(390, 100)], ["aider"], WITHIN)
    assert label is not None
    assert (label.near, label.before) == (380, True)


def test_a_third_name_at_one_place_goes_to_another_line() -> None:
    labels = place([(200, 100)] * 3, ["a", "b", "c"], WITHIN)
    assert [label and label.away for label in labels] == [False, False, True]


def test_a_name_without_room_has_no_place() -> None:
    assert place([(10, 10)], ["x" * 200], WITHIN) == [None]


@given(
    st.lists(st.tuples(PLACES, st.text("x", min_size=1, max_size=30)), max_size=12),
    st.lists(PLACES, max_size=12),
)
def test_no_name_is_over_another_or_over_a_point(
    points: list[tuple[tuple[float, float], str]], others: list[tuple[float, float]]
) -> None:
    places = [at for at, _ in points]
    labels = place(places, [name for _, name in points], WITHIN, others)
    boxes = [label.box for label in labels if label is not None]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    assert all(WITHIN.holds(box) for box in boxes)
    at_any = (*places, *others)
    assert not any(box.left < x < box.right and box.top < y < box.bottom for box in boxes for x, y in at_any)
