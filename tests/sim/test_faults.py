"""Faults: how they are written, when each is due, and what it does."""

import gzip
import zlib
from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_sim.errors import SimError
from cab_sim.faults import KINDS, MANGLED, Fault, due, refusal
from cab_sim.protocols.base import Frame

from .play import TEXT

FRAMES = st.lists(
    st.builds(lambda text, tokens: Frame(data=f"{text}\n".encode(), tokens=tokens), TEXT, st.integers(0, 9)),
    min_size=1,
)


def data(frames: list[Frame]) -> bytes:
    return b"".join(frame.data for frame in frames)


def tokens(frames: list[Frame]) -> int:
    return sum(frame.tokens for frame in frames)


def played(*faults: str, calls: int, run: str = "") -> list[str | None]:
    parsed = [Fault.parse(fault) for fault in faults]
    return [due(parsed, n, run) for n in range(1, calls + 1)]


def test_without_a_number_every_call_is_hit() -> None:
    assert played("500", "429:1", calls=3) == ["500"] * 3


@given(st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.integers(1, 4)), max_size=4))
def test_numbered_faults_come_one_after_the_other(numbered: list[tuple[str, int]]) -> None:
    faults = [f"{kind}:{number}" for kind, number in numbered]
    in_order = list(chain.from_iterable(repeat(kind, number) for kind, number in numbered))
    assert played(*faults, calls=len(in_order) + 2) == [*in_order, None, None]


@pytest.mark.parametrize("percent", [1, 50, 99])
def test_so_many_of_a_hundred_calls_are_hit(percent: int) -> None:
    assert played(f"429%{percent}", calls=10_000).count("429") == pytest.approx(percent * 100, abs=100)


def test_a_hundred_percent_is_every_call() -> None:
    assert played("cut%100", calls=300) == played("cut", calls=300)


def test_a_run_has_its_own_draws_and_always_the_same() -> None:
    one, other = (played("429%50", calls=50, run=run) for run in ("one", "other"))
    assert one == played("429%50", calls=50, run="one")
    assert one != other


def test_the_first_fault_that_hits_is_played() -> None:
    assert played("429:2", "500%50", calls=40)[:2] == ["429", "429"]
    assert set(played("429:2", "500%50", calls=40)[2:]) == {"500", None}
    assert set(played("500%50", "429:2", calls=40)[2:]) == {"500", None}
    assert set(played("500%50", "429", calls=40)) == {"500", "429"}


def test_each_fault_is_drawn_for_itself() -> None:
    kinds = played("429%50", "500%50", calls=10_000)
    assert kinds.count("500") == pytest.approx(2_500, abs=150)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read(kind: str) -> None:
    assert Fault.parse(f"{kind}:3") == Fault(kind=kind, calls=3)
    assert Fault.parse(f"{kind}%7") == Fault(kind=kind, percent=7)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "418",
        "429:",
        "429:0",
        "429:x",
        "429:-1",
        "cut:²",
        "429%",
        "429%0",
        "429%101",
        "429%5:2",
        "429:2%5",
    ],
)
def test_says_what_is_wrong(text: str) -> None:
    with pytest.raises(SimError, match=r"unknown fault|how many calls"):
        Fault.parse(text)


@pytest.mark.parametrize(("kind", "status"), [("429", 429), ("500", 500), ("401", 401), ("cut", None)])
def test_some_faults_are_an_error(kind: str, status: int | None) -> None:
    problem = refusal(kind, has_tools=True)
    assert (problem and problem.status) == status


def test_no_tools_refuses_only_tools() -> None:
    assert refusal("no-tools", has_tools=False) is None
    assert refusal("no-tools", has_tools=True)


@given(FRAMES)
def test_a_cut_is_in_the_middle_of_a_frame(frames: list[Frame]) -> None:
    *whole, torn = MANGLED["cut"](frames)
    middle = len(frames) // 2
    assert whole == frames[:middle]
    assert frames[middle].data.startswith(torn.data)
    assert len(torn.data) < len(frames[middle].data)
    assert torn.tokens == 0


@given(FRAMES)
def test_characters_are_split(frames: list[Frame]) -> None:
    split = MANGLED["split-utf8"](frames)
    assert (data(split), tokens(split)) == (data(frames), tokens(frames))
    for character in data(frames).decode():
        assert len(character.encode()) == 1 or not any(character.encode() in frame.data for frame in split)


@given(FRAMES)
def test_compressed_frames_can_be_read_one_by_one(frames: list[Frame]) -> None:
    packed = MANGLED["gzip"](frames)
    unpacker = zlib.decompressobj(wbits=31)
    assert [unpacker.decompress(frame.data) for frame in packed] == [frame.data for frame in frames]
    assert gzip.decompress(data(packed)) == data(frames)
    assert tokens(packed) == tokens(frames)
