"""How errors of estimates are told; the tokenizers themselves are not needed."""

from __future__ import annotations

import pytest

from cab_bench.estimates import REFERENCES, bias, cell, corpus, errors, estimated, table
from cab_bench.true_counts import TOKENIZERS

FILES = ("Python", "Go, Rust", "shell", "prose", "JSON")


def test_an_error_is_what_we_say_too_much() -> None:
    assert errors([11, 9, 5], [10, 10, 0]) == pytest.approx([0.1, -0.1])


def test_a_cell_has_the_median_and_the_size_of_most() -> None:
    assert cell([12, 10, 5], [10, 10, 10]) == "+0% (50%)"
    assert cell([12], None) == cell([], []) == "–"


def test_the_bias_is_that_of_the_sum() -> None:
    ours = {kind: [9, 18] for kind in FILES}
    true = {kind: [10, 20] for kind in FILES}
    assert bias(ours, true) == pytest.approx(-0.1)


def test_a_row_for_each_kind_and_a_column_for_each_tokenizer() -> None:
    ours = {kind: [9] for kind in (*FILES, "chats")}
    true = {kind: [10] for kind in FILES}
    lines = table([(REFERENCES[0], ours, true)]).splitlines()
    assert lines[0] == f"| error: median (p95) | {REFERENCES[0].name} |"
    assert lines[3] == "| Python | -10% (10%) |"
    assert lines[-2:] == ["| chats | – |", "| files in all | -10% |"]


def test_the_corpus_is_the_same_for_the_same_files() -> None:
    given = corpus()
    assert given == corpus()
    assert set(FILES) < set(given["texts"])
    assert all(given["texts"].values())
    ours = estimated({**given, "texts": {"tools": given["texts"]["tools"]}}, "m")
    assert len(ours["chats"]) == len(given["chats"])
    assert ours["chats"][-1] > ours["chats"][0] > sum(ours["tools"])


def test_every_reference_can_be_counted() -> None:
    assert {reference.name for reference in REFERENCES} == TOKENIZERS.keys()
