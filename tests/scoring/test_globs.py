from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_scoring.globs import compile_glob, first_match, matches


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("a.py", "a.py"),
        ("*.py", "a.py"),
        ("*.py", ".py"),
        (".aider*", ".aider.chat.history.md"),
        ("tests/**", "tests/a/b.py"),
        ("tests/", "tests/a/b.py"),
        ("**/x.py", "x.py"),
        ("**/x.py", "a/b/x.py"),
        ("a/**/x.py", "a/x.py"),
        ("a/**/x.py", "a/b/c/x.py"),
        ("**", "a/b"),
        ("a?.py", "ab.py"),
        ("[ab].py", "b.py"),
        ("[!ab].py", "c.py"),
        ("[a-c].py", "b.py"),
        ("[^a].py", "^.py"),
        ("[-a].py", "-.py"),
        ("[a-].py", "-.py"),
        ("[[||&&].py", "|.py"),
        ("[\\d].py", "d.py"),
        ("a[.py", "a[.py"),
        ("a+(b).py", "a+(b).py"),
        ("**/__pycache__/**", "src/__pycache__/a.pyc"),
        ("a\nb*", "a\nbc"),
    ],
)
def test_matches(glob: str, path: str) -> None:
    assert matches(path, (glob,))


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("a.py", "src/a.py"),
        ("*.py", "src/a.py"),
        ("tests", "tests/a.py"),
        ("tests/**", "tests"),
        ("tests/**", "src/tests/a.py"),
        ("tests/*", "tests/a/b.py"),
        ("a?b", "a/b"),
        ("a[!x]b", "a/b"),
        ("A.py", "a.py"),
        ("a.py", "aXpy"),
        ("a.py", "a.py\n"),
        ("[^a].py", "b.py"),
        ("[\\d].py", "1.py"),
    ],
)
def test_does_not_match(glob: str, path: str) -> None:
    assert not matches(path, (glob,))


@pytest.mark.parametrize(
    "glob", ["", "  ", "/etc/passwd", "../x", "a//b", "a/./b", "a**/b", "[z-a].py", "[a--b].py", "/"]
)
def test_a_glob_that_could_match_nothing_is_an_error_for_people(glob: str) -> None:
    with pytest.raises(ValueError, match="glob"):
        compile_glob(glob)


def test_first_match_names_the_glob() -> None:
    assert first_match("tests/a.py", ("src/**", "tests/**", "**")) == "tests/**"
    assert first_match("x", ()) is None


NAMES = st.text(st.characters(exclude_characters="/*?[", codec="utf-8"), min_size=1).filter(
    lambda name: name not in {".", ".."} and name.strip()
)


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_a_plain_path_is_a_glob_for_itself_only(names: list[str]) -> None:
    path = "/".join(names)
    assert matches(path, (path,))
    assert not matches(f"{path}x", (path,))
    assert not matches(f"x/{path}", (path,))
    assert matches(f"x/{path}", (f"**/{path}",))


@given(st.text(alphabet="ab*?[]!-/.\\^|&~", max_size=12), st.text(alphabet="ab/.", max_size=8))
def test_any_text_compiles_or_is_a_value_error(glob: str, path: str) -> None:
    try:
        matches(path, (glob,))
    except ValueError:
        return
