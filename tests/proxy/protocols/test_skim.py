"""Events that are skimmed say what they would have said if they had been read."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.protocols.skim import Mould, Saying, Skimmer
from cab_proxy.protocols.sse import SseEvent


class Reader:
    """Reads events that say ``{"text": …}``, and keeps what it has read."""

    def __init__(self) -> None:
        self.read: list[bytes] = []
        self.said: list[str] = []
        self.odd: list[str] = []
        """What events of the type ``odd`` said."""

    def __call__(self, event: SseEvent) -> Saying | None:
        self.read.append(event.data)
        try:
            frame = json.loads(event.data)
        except ValueError:
            return None
        text = frame.get("text") if isinstance(frame, dict) else None
        if not isinstance(text, str) or not text:
            return None
        said = self.odd if event.event == "odd" else self.said
        said.append(text)
        return Saying(text, said.append) if frame.get("end") is None else None

    @property
    def text(self) -> str:
        return "".join(self.said)


def skim(*chunks: bytes) -> Reader:
    reader = Reader()
    skimmer = Skimmer(reader)
    for chunk in chunks:
        skimmer.feed(chunk)
    skimmer.finish()
    return reader


def says(text: str, more: str = '"end":null') -> bytes:
    return b'data: {"id":"x","text":%b,%b}\n\n' % (json.dumps(text).encode(), more.encode())


def test_alike_events_are_read_once() -> None:
    words = ["a", "b", "é", 'say "', "\\", "\n", "🎉", "it"]
    reader = skim(b"".join(says(word) for word in words))
    assert reader.text == "".join(words)
    assert reader.read == [says("a")[6:-2]]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("start", [b"data: ", b"data:", b"event: message\ndata: "])
def test_so_they_are_in_other_forms(start: bytes, end: bytes) -> None:
    stream = b"".join(says(word) for word in "abcd").replace(b"data: ", start).replace(b"\n", end)
    reader = skim(stream)
    assert reader.text == "abcd"
    assert len(reader.read) == 1


def test_so_they_are_however_they_come() -> None:
    stream = b"".join(says(word) for word in "abcd")
    reader = skim(*(stream[i : i + 1] for i in range(len(stream))))
    assert reader.text == "abcd"
    assert len(reader.read) == 1


def test_what_differs_in_anything_else_is_read() -> None:
    odd = [
        says("c", '"end":"stop"'),
        says("d", '"end":null,"usage":{}'),
        b": ping\n" + says("e"),
        b'data: {"id":"y","text":"f","end":null}\n\n',
        b"data: [DONE]\n\n",
        b'data: {"id":"x","te\\u0078t":"g","end":null}\n\n',
        b'data: {"id":"x","text":"","end":null}\n\n',
        b'data: {"id":"x","text":"h","end":null,"text":"i"}\n\n',
    ]
    for event in odd:
        events = [says("a"), says("b"), event, says("z")]
        for chunks in (events, [b"".join(events)]):
            reader = skim(*chunks)
            assert event.rpartition(b"data: ")[2][:-2] in reader.read
            assert reader.said[:2] == ["a", "b"]
            assert reader.said[-1] == "z"


@pytest.mark.parametrize("key", ["obfuscation", "p"])
def test_padding_may_differ(key: str) -> None:
    reader = skim(b"".join(says(word, f'"{key}":"{"x" * n}","end":null') for n, word in enumerate("abcd", 1)))
    assert reader.text == "abcd"
    assert len(reader.read) == 1


@pytest.mark.parametrize(
    "form",
    [
        '{"text":%s,"sequence_number":%d,"end":null}',
        '{"text":%s,"end":null,"sequence_number":%d}',
        '{ "text" : %s , "sequence_number" : %d , "p" : "" }',
        '{"sequence_number":9,"text":%s,"sequence_number":%d}',
    ],
)
def test_what_counts_the_events_may_differ(form: str) -> None:
    words = ["a", "b", "9", "é", '"', "10", "\\"]
    stream = "".join(f"data: {form % (json.dumps(word), n)}\n\n" for n, word in enumerate(words, 8))
    for chunks in ([stream.encode()], [one.encode() for one in re.split(r"(?=data)", stream)]):
        reader = skim(*chunks)
        assert reader.text == "".join(words)
        assert len(reader.read) == 1


def test_it_may_come_first() -> None:
    stream = b"".join(b'data: {"sequence_number":%d,"text":"%d"}\n\n' % (n, n) for n in range(8, 12))
    reader = skim(stream)
    assert reader.text == "891011"
    assert len(reader.read) == 1


@pytest.mark.parametrize("number", ["-1", "1.5", "01", "1e3", str(10**19), '"4"', "null", "", "4 5", "[4]"])
def test_only_a_number_may_be_in_its_place(number: str) -> None:
    events = [says(word, f'"sequence_number":{n},"end":null') for n, word in enumerate("abcd")]
    odd = says("e", f'"sequence_number":{number},"end":null')
    reader = skim(b"".join([*events, odd, *events]))
    assert odd[6:-2] in reader.read
    assert (
        reader.text == skim(b"".join(b": %d\n" % n + e for n, e in enumerate([*events, odd, *events]))).text
    )


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_blanks_before_the_last_brace_may_differ(end: bytes) -> None:
    blanks = [3, 0, 15, 1, 0, 2]
    events = [says("a", f'"end":null{" " * n}').replace(b"\n", end) for n in blanks]
    for chunks in (events, [b"".join(events)]):
        reader = skim(*chunks)
        assert reader.text == "aaaaaa"
        assert len(reader.read) == 1
    # the mould of the first one here has no hole for them, the next one's has
    assert len(skim(*events[1:]).read) == 2


def test_an_event_without_its_padding() -> None:
    padded = [says(word, '"p":"zz"') for word in "abcd"]
    bare = b'data: {"id":"x","text":"e"}\n\n'
    reader = skim(b"".join([*padded, bare, *padded]))
    assert reader.text == "abcdeabcd"
    assert bare[6:-2] in reader.read


@pytest.mark.parametrize(
    "more",
    [
        *('"q":"%d"', '"q":["p","%d"]', '"p":%d', '"q":{"a":"%d"}'),
        *(
            '"output_index":%d',
            '"q":["sequence_number",%d,1]',
            '"q":"sequence_number","r":%d',
            '"q":[%d]    ',
        ),
    ],
)
def test_nothing_else_may_differ(more: str) -> None:
    reader = skim(b"".join(says(word, more % n) for n, word in enumerate("abcd")))
    assert reader.text == "abcd"
    assert len(reader.read) == 4


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_an_events_type_is_part_of_it(end: bytes) -> None:
    odd = b"event: odd\n"
    stream = [says("a"), odd + says("b"), says("c"), odd + says("d"), odd + says("e"), says("f"), says("g")]
    whole = b"".join(stream).replace(b"\n", end)
    lines = whole.splitlines(keepends=True)
    for chunks in (
        [whole],
        lines,
        re.split(rb"(?=data)", whole),
        [whole[i : i + 1] for i in range(len(whole))],
    ):
        reader = skim(*chunks)
        assert reader.text == "acfg"
        assert reader.odd == ["b", "d", "e"]


def test_a_text_that_stands_twice() -> None:
    twice = [says(word, f'"again":"{word}"') for word in "abc"]
    reader = skim(b"".join(twice))
    assert reader.text == "abc"
    assert len(reader.read) == 1
    # here only the first event's is its id, too
    reader = skim(*(says(word) for word in "xab"), says("c") + says("x") + says("d"))
    assert reader.text == "xabcxd"
    assert len(reader.read) < 5


@pytest.mark.parametrize(
    "text",
    [
        *("text", "id", "end", ":", ",", "{", "x", "p", "null", "data", '":"', "\0", "\1"),
        "sequence_number",
        "  }",
    ],
)
def test_a_text_that_looks_like_something_else(text: str) -> None:
    words = [text, "b", text, "c"]
    numbered = [says(word, f'"sequence_number":{n},"end":null') for n, word in enumerate(words)]
    assert skim(b"".join(numbered)).text == "".join(words)
    assert skim(b"".join(says(word) for word in words)).said[0] == text
    assert skim(b"".join(says(word) for word in words)).text == "".join(words)


BROKEN = [
    b'"text":"\\x"',
    b'"text":"\xff"',
    b'"text":"a\tb"',
    b'"text":"a\n\ndata: [DONE]\n\n"',
    b'"text":"a\\"},"end":null}\n\n',
    b'"text":"\\"',
]


@pytest.mark.parametrize("broken", BROKEN)
def test_broken_events_among_good_ones(broken: bytes) -> None:
    for after in (says("e"), says("e", '"end":"stop"')):
        events = [*(says(word) for word in "abcd"), after, *(says(word) for word in "fgh")]
        events[3] = events[3].replace(b'"text":"d"', broken)
        expected = skim(*(b": %d\n" % n + event for n, event in enumerate(events)))
        for chunks in (events, [b"".join(events)]):
            reader = skim(*chunks)
            assert reader.text == expected.text
            assert (b"[DONE]" in reader.read) == (b"[DONE]" in broken)


def test_a_broken_event_among_many_makes_only_some_be_read() -> None:
    events = [says("a") for _ in range(1000)]
    events[500] = events[500].replace(b'"a"', b'"\\x"')
    reader = skim(b"".join(events))
    assert reader.text == "a" * 999
    assert len(reader.read) < 100


def test_a_long_event_is_not_held_back() -> None:
    skimmer = Skimmer(Reader())
    skimmer.feed(says("a"))
    for _ in range(1000):
        skimmer.feed(b"data: 12345678")
    assert len(skimmer._rest) < 5000


def test_half_a_surrogate_pair() -> None:
    assert skim(says("a") + says("\ud83d") + says("b")).said == ["a", "\ud83d", "b"]


def test_streams_whose_events_are_never_alike_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bytes] = []
    make = Mould.of

    def of(event: bytes, text: str) -> Mould | None:
        made.append(event)
        return make(event, text)

    monkeypatch.setattr(Mould, "of", of)
    reader = skim(b"".join(says("a", f'"n":{n}') for n in range(100)))
    assert len(reader.read) == 100
    assert len(made) < 10


def test_changes_of_form_are_followed() -> None:
    stream = b"".join(says("a", f'"second":{n // 50}') for n in range(1000))
    reader = skim(stream)
    assert reader.text == "a" * 1000
    assert len(reader.read) == 20


@pytest.mark.parametrize(
    "event",
    [
        b'data: {"id":"x","text":"a\\u0062"}\n\n',
        b'data: {"id":"ab","text":"a\\u0062"}\n\n',
        b'data: {"id":"x",\ndata: "text":"ab"}\n\n',
        b': "\ndata: {"id":"x","text":"ab"}\n\n',
        b'event: "\ndata: {"id":"x","text":"ab"}\n\n',
        b'data: {"id":"x","text":"ab"}\nid: "ab"\n\n',
        b'data: {"id":"x","ab":"ab"}\n\n',
        b'data: {"id":"x","text":"a"}\n\n',
        b'data: {"ab":"x"}\n\n',
        b'data: {"id":"x",\r"text":"ab"}\n\n',
    ],
)
def test_no_mould_where_the_texts_place_is_in_doubt(event: bytes) -> None:
    assert Mould.of(event, "ab") is None


EVENTS = st.one_of(
    st.sampled_from(["a", "b", " it", "é", '"', "\\", "\n", "x", "text"]).map(says),
    st.sampled_from(["a", "b", '"', "x"]).map(lambda text: says(text, f'"p":"{"z" * len(text)}"')),
    st.builds(
        lambda text, form, number: says(text, form % number),
        st.sampled_from(["a", "0", '"', "é"]),
        st.sampled_from(
            ['"sequence_number":%s,"end":null', '"end":null,"sequence_number":%s', '"output_index":%s']
        ),
        st.sampled_from(["0", "7", "12", "-1", "07", "1.0"]),
    ),
    st.tuples(st.sampled_from("ab"), st.integers(0, 3)).map(
        lambda drawn: says(drawn[0], '"q":0' + " " * drawn[1])
    ),
    st.sampled_from(
        [
            says("a", '"end":"stop"'),
            says(""),
            b"data: [DONE]\n\n",
            b": ping\n\n",
            b"\n",
            *(says("a").replace(b'"text":"a"', b) for b in BROKEN),
        ]
    ),
)


@given(
    st.lists(EVENTS, max_size=30),
    st.lists(st.integers(0, 2000), max_size=6),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
)
def test_skimmed_streams_say_the_same(events: list[bytes], cuts: list[int], end: bytes) -> None:
    stream = b"".join(events).replace(b"\n", end)
    # comments that count keep any two events from being alike
    read = skim(b"".join(b": %d\n" % n + event for n, event in enumerate(events)).replace(b"\n", end))
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    assert skim(*(stream[a:b] for a, b in pairwise(edges))).text == read.text
    assert skim(*(stream[i : i + 1] for i in range(len(stream)))).text == read.text
