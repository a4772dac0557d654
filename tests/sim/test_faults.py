"""Faults: how they are written, when each is due, and what it does."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_sim.errors import SimError
from cab_sim.faults import KINDS, MANGLED, Fault, FaultQueue, refusal
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


def test_without_a_number_every_call_is_hit() -> None:
    queue = FaultQueue([Fault.parse("500")])
    assert [queue.next() for _ in range(3)] == ["500"] * 3


def test_numbered_faults_come_one_after_the_other() -> None:
    queue = FaultQueue(map(Fault.parse, ["429:2", "cut:1", "no-usage:1"]))
    assert [queue.next() for _ in range(6)] == ["429", "429", "cut", "no-usage", None, None]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read(kind: str) -> None:
    assert Fault.parse(f"{kind}:3") == Fault(kind=kind, calls=3)


@pytest.mark.parametrize("text", ["", "418", "429:", "429:0", "429:x", "429:-1", "cut:²"])
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
