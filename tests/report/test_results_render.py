from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from rich.console import Console

from cab_report.results.render import to_csv, to_json, to_markdown, to_terminal
from cab_report.results.report import tables
from cab_report.results.runs import Run
from cab_report.results.table import Table
from fakes.many_cells import attempt, sweep

LONG = "meta/llama-4-maverick-17b-128e-instruct"
WIDE = [
    attempt(agent, f"mutations/{task}", model=LONG, kind="provisional", tokens=(12_345_678, 99), usd=usd,
            neutral=usd, passed=task != "a", claimed=1)
    for task in "abcdef"
    for agent, usd in (("mini-swe-agent", "12345.67"), ("claude-code", "98765.43"))
]  # fmt: skip
TABLES = tables(map(Run.from_cell, WIDE))
BY_NAME = {table.name: table for table in TABLES}


def printed(table: Table[Any], width: int) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(to_terminal(table))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", BY_NAME)
def test_no_figure_is_cut_in_a_terminal(name: str, width: int) -> None:
    table = BY_NAME[name]
    shown = printed(table, width)
    assert max(map(len, shown.splitlines())) <= width
    for figure in (figure for stack in table.figures for figure in stack):
        assert figure.name in shown or not table.rows
        for row in table.rows:
            assert figure.text(row) in shown


def test_names_fold_and_are_whole() -> None:
    shown = "".join(line[:18].strip() for line in printed(BY_NAME["agents"], 80).splitlines())
    assert "mini-swe-a" in shown
    assert "llama-4-" in shown


def test_what_the_figures_are_worth_is_below_the_table() -> None:
    shown = " ".join(printed(BY_NAME["agents"], 200).split())
    assert "What it estimates: how agents do on tasks such as these." in shown
    assert "Smallest difference that it could have detected: not known" in shown


def test_a_terminal_is_not_flooded_and_says_so() -> None:
    differences = tables(map(Run.from_cell, sweep(9, 1, 3)))[1]
    assert "6 more rows: --json or --csv." in printed(differences, 80)
    assert to_markdown(differences).count("agent-") == 2 * 30
    assert len(to_json(differences)["rows"]) == 36
    assert len(to_csv(differences).splitlines()) == 1 + 36


def test_json_is_plain_and_has_every_field() -> None:
    for table in TABLES:
        made = to_json(table)
        assert json.loads(json.dumps(made, allow_nan=False)) == made
        assert [set(row) for row in made["rows"]] == [set(row.__dataclass_fields__) for row in table.rows]
    row = to_json(BY_NAME["agents"])["rows"][0]
    assert row["usd_per_correct"] == "118518.516"
    assert row["pass_at_1_interval"].keys() == {"low", "high"}


def test_csv_has_a_column_for_every_part_of_a_field() -> None:
    text = to_csv(BY_NAME["differences"])
    [row] = csv.DictReader(io.StringIO(text))
    assert (row["a"], row["b"], row["model"], row["usd_refused"]) == (
        "claude-code",
        "mini-swe-agent",
        LONG,
        "False",
    )
    assert {"pass_interval_low", "tokens_per_correct_interval_high"} <= row.keys()
    [one, _] = csv.DictReader(io.StringIO(to_csv(BY_NAME["agents"])))
    assert one["pass_at_k"] == ""
    assert to_csv(BY_NAME["failures"]) == ""


def test_markdown_gives_each_figure_a_column() -> None:
    lines = to_markdown(BY_NAME["agents"]).splitlines()
    assert lines[0] == "## Agents with each model"
    head, rule, first, second = lines[2:6]
    assert head.startswith("| agent | model | tasks | attempts |")
    assert head.count("|") == rule.count("|") == first.count("|") == second.count("|")
    assert f"| claude-code | {LONG} (provisional) | 6 | 6 |" in first
    assert lines[7].startswith("- What it estimates: ")
    assert "None." in to_markdown(BY_NAME["void"])


def test_a_name_cannot_break_markdown() -> None:
    [agents, *_] = tables([Run.from_cell(attempt("a|b\nc"))])
    assert "| a\\|b c |" in to_markdown(agents)
