from __future__ import annotations

import io

import pytest
from rich.console import Console

from cab_report.table import cell_json, cell_table, cell_text
from fakes.cells import cell
from fakes.evidence import call, evidence, failed_call, open_call

CELLS = [
    cell(model="oracle", task="mutations/python-comparator-swap", simulated=True),
    cell(
        evidence(calls=(call(tokens=(1_234_567, 45_678), source="estimated"), open_call(at_s=2))),
        agent="opencode",
        model="meta/llama-4-maverick-17b-128e-instruct",
        task="polyglot/go-http-handler-fix",
        provisional=True,
    ),
    cell(
        evidence(calls=(call(), failed_call(429, at_s=2))), agent="aider", task="integrity/unsolvable-refusal"
    ),
]


def test_at_80_columns() -> None:

    assert cell_text(CELLS[:1], 80).splitlines()[4:7] == [
        "bash-loop · oracle (sim)     yes       1       –      10.0",
        "mutations/                 0.957   1,000    0.00       0.5",
        "python-comparator-swap               100",
    ]


def test_at_120_columns() -> None:
    lines = cell_text(CELLS[:1], 120).splitlines()
    assert " ".join(lines[0].split()) == "agent task pass score calls in out cost wall s model s blast"
    assert " ".join(lines[3].split()) == "bash-loop mutations/ yes 0.957 1 1,000 100 – 10.0 0.5 0.00"
    assert lines[4].split() == ["oracle", "(sim)", "python-comparator-swap"]


@pytest.mark.parametrize("width", [80, 100, 110, 120, 200])
def test_no_figure_is_cut_or_left_out(width: int) -> None:
    text = cell_text(CELLS, width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for figure in ("0.957", "≥~1,234,567", "≥~45,678", "provisional", "rate_limited", "10.0", "0.5", "0.00"):
        assert figure in text


@pytest.mark.parametrize("width", [80, 120])
def test_marks_are_explained_where_they_occur(width: int) -> None:
    text = cell_text(CELLS, width)
    assert "≥  at least" in text
    assert "~  estimated" in text
    assert "(sim)  played by the simulator" in text
    plain = cell_text([cell()], width)
    assert "at least" not in plain
    assert "estimated" not in plain
    assert "simulator" not in plain


def test_the_table_fits_itself_to_the_terminal() -> None:
    def printed(width: int) -> str:
        out = io.StringIO()
        Console(file=out, width=width, color_system=None).print(cell_table(CELLS))
        return out.getvalue()

    assert "agent · model" in printed(80)
    assert "agent · model" not in printed(120)


def test_names_are_text_not_markup() -> None:
    assert "[bold]x" in cell_text([cell(agent="[bold]x")], 120)


def test_no_cells() -> None:
    assert "score" in cell_text([], 80)
    assert cell_json([]) == []


def test_json() -> None:
    [row] = cell_json([cell(provisional=True)])
    assert row == {
        "agent": "bash-loop",
        "model": "small-1",
        "task": "mutations/swap",
        "simulated": False,
        "provisional": True,
        "passed": 1,
        "cause": None,
        "void": False,
        "composite": pytest.approx(0.957, abs=0.001),
        "composite_bounds": [row["composite"], row["composite"]],
        "calls": 1,
        "input_tokens": 1000,
        "output_tokens": 100,
        "input_source": "reported",
        "output_source": "reported",
        "coverage": 1,
        "cost_usd": None,
        "cost_coverage": 0,
        "wall_s": 10,
        "model_s": 0.5,
        "blast_radius": 0,
    }
