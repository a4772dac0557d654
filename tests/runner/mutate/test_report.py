"""The bug report: words of a user, nothing of the code or of the tests."""

from __future__ import annotations

import pytest

from cab_runner.mutate.report import instruction, what_it_is
from cab_runner.tasks import CLOSING_SENTENCE

README = "# greetd\n\nA small greeting\nservice. It says hello.\n\n## Paths\n"


def test_a_report_says_what_should_be_so() -> None:
    assert instruction(README, ["a_blank_name_is_400", "names_are_greeted"]) == (
        "# greetd does not do what it should\n\n"
        'The README of greetd begins: "A small greeting service."\n'
        "Mostly that is so. But this should be so, and is not:\n\n"
        "- a blank name is 400\n"
        "- names are greeted\n\n"
        "`README.md` has the rules in full. Find the cause and repair it in the code. `AGENTS.md` says how\n"
        "this repository is worked on.\n\n"
        f"{CLOSING_SENTENCE}\n"
    )


def test_of_many_symptoms_a_few_are_named() -> None:
    told = instruction(README, [f"rule_{n}_holds" for n in range(7)])
    assert "- rule 3 holds\n- and more that may have to do with it\n" in told
    assert "rule 4 holds" not in told


@pytest.mark.parametrize(
    ("readme", "name", "said"),
    [
        (README, "greetd", "A small greeting service."),
        ("# `podium`\n\nMakes tables, e.g. of v1.2 results! Fast.", "podium", "Makes tables, e.g."),
        ("# again\n\n    again --help\n\nRuns it.", "again", ""),
        ("# t\n\n| a | b |\n", "t", ""),
        ("# t\n\nNo full stop", "t", ""),
        ("", "the program", ""),
    ],
)
def test_what_a_program_is_comes_from_its_readme(readme: str, name: str, said: str) -> None:
    assert what_it_is(readme) == (name, said)


def test_a_program_without_a_description_is_reported_too() -> None:
    assert "Mostly, again works. But this should be so, and is not:\n" in instruction(
        "# again\n", ["it_ends"]
    )
