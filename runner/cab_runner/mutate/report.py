"""The bug report: what a user sees, in words, and nothing of the code. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from cab_runner.tasks import CLOSING_SENTENCE

_SHOWN: Final = 4
_SENTENCE: Final = re.compile(r"[^\s|`#*>-].*?[.!?](?=\s|$)", re.DOTALL)


def instruction(readme: str, failed: Sequence[str]) -> str:
    """instruction.md: the symptoms are ids of hidden tests, which say in words what should be so."""
    name, said = what_it_is(readme)
    known = f'The README of {name} begins: "{said}"\nMostly that is so.' if said else f"Mostly, {name} works."
    more = [] if len(failed) <= _SHOWN else ["- and more that may have to do with it"]
    symptoms = [f"- {in_words(test_id)}" for test_id in failed[:_SHOWN]]
    lines = [
        f"# {name} does not do what it should",
        "",
        f"{known} But this should be so, and is not:",
        "",
        *symptoms,
        *more,
        "",
        "`README.md` has the rules in full. Find the cause and repair it in the code. `AGENTS.md` says how",
        "this repository is worked on.",
        "",
        CLOSING_SENTENCE,
    ]
    return "\n".join(lines) + "\n"


def in_words(test_id: str) -> str:
    """``a_blank_name_is_400`` as people say it."""
    return test_id.replace("_", " ")


def what_it_is(readme: str) -> tuple[str, str]:
    """A program's name, and the first sentence of its README, which may be empty."""
    title, _, rest = readme.strip().partition("\n")
    name = title.lstrip("#").strip().strip("`") or "the program"
    first = _SENTENCE.match(rest.strip().partition("\n\n")[0])
    return name, " ".join(first[0].split()) if first else ""
