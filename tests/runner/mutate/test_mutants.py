"""What holds for every mutant of every source."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_runner.languages import BY_NAME
from cab_runner.mutate import python, trees
from cab_runner.mutate.mutants import LANGUAGES, Mutant, mutants
from cab_runner.resources import tasks_dir

SOURCES = {
    language: [
        path.read_bytes()
        for path in sorted(tasks_dir().glob("*/*/environment/workspace/**/*"))
        if path.suffix in BY_NAME[language].suffixes
    ]
    for language in LANGUAGES
}
"""Programs as people write them: those of the tasks."""

NAMES = st.sampled_from(["a", "b", "err", "é", "status"])
EXPRESSIONS = st.recursive(
    NAMES | st.integers(0, 500).map(str),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "<", "<=", "==", "!=", ">"]), inner).map(" ".join),
        st.tuples(inner, inner).map(lambda pair: f"g({pair[0]}, {pair[1]})"),
        inner.map(lambda text: f"({text})"),
    ),
    max_leaves=8,
)
STATEMENTS = {
    "python": EXPRESSIONS.map(lambda x: f"if {x}:\n    c = {x}  # {x}\n"),
    "go": EXPRESSIONS.map(lambda x: f"\tif ok({x}) {{\n\t\tc = {x} // {x}\n\t}}\n"),
    "rust": EXPRESSIONS.map(lambda x: f"    if ok({x}) {{\n        c = ({x}); // {x}\n    }}\n"),
    "javascript": EXPRESSIONS.map(lambda x: f"if ({x}) {{\n  c = {x}; // {x}\n}}\n"),
}
FRAMES = {
    "python": ("", ""),
    "go": ("package a\n\nfunc f() {\n", "}\n"),
    "rust": ("fn f() {\n", "}\n"),
    "javascript": ("", ""),
}


def parses(language: str, source: bytes) -> bool:
    return python.parses(source) if language == "python" else trees.parses(language, source)


def assert_sound(language: str, source: bytes, found: list[Mutant]) -> None:
    """Each parses, changes its span and nothing else, and says where that is; they are in order."""
    for mutant in found:
        changed, end = mutant.apply(source), mutant.start + len(mutant.before.encode())
        assert parses(language, changed)
        assert source[mutant.start : end].decode() == mutant.before != mutant.after
        assert changed == source[: mutant.start] + mutant.after.encode() + source[end:]
        assert mutant.line == source[: mutant.start].count(b"\n") + 1
        assert mutant.last_line == source[:end].count(b"\n") + 1
    assert [m.start for m in found] == sorted(m.start for m in found)
    assert len(found) == len(set(found))
    assert found == mutants(language, "a", source)


@pytest.mark.parametrize("language", LANGUAGES)
@given(data=st.data())
def test_mutants_of_drawn_sources_are_sound(language: str, data: st.DataObject) -> None:
    head, tail = FRAMES[language]
    body = "".join(data.draw(st.lists(STATEMENTS[language], min_size=1, max_size=4)))
    source = f"{head}{body}{tail}".encode()
    if parses(language, source):  # Rust takes no chain of comparisons
        found = mutants(language, "a", source)
        assert found
        assert_sound(language, source, found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_mutants_of_the_tasks_programs_are_sound(language: str) -> None:
    kinds = set()
    for source in SOURCES[language]:
        found = mutants(language, "a", source)
        assert_sound(language, source, found)
        kinds |= {mutant.kind for mutant in found}
    assert {"operator", "boundary", "negation", "argument-order", "off-by-one", "swallowed-error"} <= kinds


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "source", [b"x = 1\r\ny = 2\n", b"\xef\xbb\xbfx = 1\n", b"x = '\xff' + 1\n", b"if ((\n", b"\0"]
)
def test_odd_sources_have_none(language: str, source: bytes) -> None:
    assert mutants(language, "a", source) == []
