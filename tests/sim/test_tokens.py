"""Token counts are real, repeatable, and the same whole or in pieces."""

from hypothesis import given
from hypothesis import strategies as st

from cab_sim import tokens


def test_counts_are_those_of_o200k_base() -> None:
    # checked against OpenAI's published tokenizer
    assert tokens.encoding().encode_ordinary("Hello, world!") == [13225, 11, 2375, 0]
    assert tokens.count("") == 0


@given(st.text(), st.integers(1, 7))
def test_pieces_add_up(text: str, size: int) -> None:
    text = text.encode("utf-8", "replace").decode()
    parts = list(tokens.pieces(text, size))
    assert "".join(part for part, _ in parts) == text
    assert sum(number for _, number in parts) == tokens.count(text)
    assert all(1 <= number <= size for _, number in parts)


def test_a_character_of_several_tokens_comes_whole() -> None:
    flag = "\U00013080"  # a hieroglyph: three tokens or more
    assert tokens.count(flag) > 1
    assert [part for part, _ in tokens.pieces(flag, 1) if part] == [flag]


def test_a_long_run_of_one_character_is_counted() -> None:
    text = "a" * (tokens.SLICE_CHARS * 3 + 1)
    assert tokens.count(text) == 3 * tokens.count("a" * tokens.SLICE_CHARS) + 1
