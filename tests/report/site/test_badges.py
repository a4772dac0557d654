"""Badges: what they say, and that nothing in a name can say anything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_report.results.runs import Found, Run
from cab_report.site import content
from cab_report.site.badges import GROUNDS, LONGEST, badge
from cab_report.site.content import Site
from cab_report.site.pages import badges
from cab_report.site.parts import Text
from fakes.many_cells import attempt

SVG = "{http://www.w3.org/2000/svg}"


def said(svg: str) -> str:
    """A badge's title, which is what its texts say."""
    root = ET.fromstring(svg)
    title = root.findtext(f"{SVG}title") or ""
    assert ": ".join(text.text or "" for text in root.iter(f"{SVG}text")) == title
    return title


def titles(*cells: dict[str, Any]) -> dict[str, str]:
    """What each badge of a site says, by its address."""
    found = Found(runs=tuple(map(Run.from_cell, cells)), folders=(Path(),) * len(cells), warnings=())
    site = Site(contents=content.content(found)[0], base_url=None, evidence=False, calibrations=None)
    made = {}
    for part in badges.pages(site):
        assert isinstance(part, Text)
        made[part.path] = said(part.text)
    return made


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_text_on_one_line_within_its_length(label: str, value: str) -> None:
    made = badge(label, value, "plain")
    made.encode()
    root = ET.fromstring(made)
    assert {each.tag.removeprefix(SVG) for each in root.iter()} == {
        "svg",
        "title",
        "clipPath",
        "rect",
        "g",
        "path",
        "text",
    }
    texts = [text.text or "" for text in root.iter(f"{SVG}text")]
    assert max(map(len, texts)) <= LONGEST
    assert "\n" not in "".join(texts)


def test_a_name_is_shown_for_what_it_is() -> None:
    assert said(badge("a", '<script>&"\x1b[31m\ud800', "bad")) == 'a: <script>&"␛[31m\ufffd'


def test_its_size_is_that_of_its_texts() -> None:
    root = ET.fromstring(badge("CodingAgentBench", "wide 漢字 ill", "good"))
    lengths = [int(text.get("textLength", "0")) for text in root.iter(f"{SVG}text")]
    assert int(root.get("width", "0")) == sum(lengths) + 4 * 6
    narrow, wide = (ET.fromstring(badge("x", text, "good")) for text in ("illi", "mmmm"))
    assert int(narrow.get("width", "0")) < int(wide.get("width", "0"))


@pytest.mark.parametrize("colour", [*GROUNDS.values(), "#24292f"])
def test_white_on_each_ground_passes_aa(colour: str) -> None:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    assert 1.05 / (luminance + 0.05) >= 4.5


def test_a_cell_counts_its_verdicts_or_says_why_there_is_none() -> None:
    made = titles(
        attempt(),
        attempt(passed=False),
        attempt(fault="rate_limited"),
        attempt(task="mutations/void", fault="rate_limited"),
        attempt(task="mutations/played", kind="simulated"),
        attempt(task="mutations/own", kind="provisional", passed=False),
    )
    cells = {path: text for path, text in made.items() if "/cell/" in path}
    assert cells == {
        "badge/cell/aider/small-1/mutations/swap.svg": "CodingAgentBench: aider · swap: passed 1/2",
        "badge/cell/aider/small-1/mutations/void.svg": "CodingAgentBench: aider · void: void: rate limited",
        "badge/simulated/cell/aider/small-1/mutations/played.svg": (
            "CodingAgentBench, simulated: aider · played: passed 1/1"
        ),
        "badge/provisional/cell/aider/small-1/mutations/own.svg": (
            "CodingAgentBench, provisional: aider · own: passed 0/1"
        ),
    }


def test_only_what_is_real_has_a_colour_of_its_own() -> None:
    [real] = content.content(_found(attempt()))[0]["real"].cells.values()
    [played] = content.content(_found(attempt(kind="simulated")))[0]["simulated"].cells.values()
    assert GROUNDS["good"] in badges.of_cell(real)
    assert GROUNDS["plain"] in badges.of_cell(played)


def _found(cell: dict[str, Any]) -> Found:
    return Found(runs=(Run.from_cell(cell),), folders=(Path(),), warnings=())


def test_a_share_has_its_interval_and_one_task_a_count() -> None:
    two = [attempt(task=f"mutations/{name}", passed=name == "a") for name in "ab"]
    made = titles(*two, attempt("pi", model="big"), attempt("pi", model="small-1"))
    assert made["badge/agent/aider.svg"] == "CodingAgentBench: aider · small-1: pass 0.50 (0.09…0.91)"
    assert made["badge/agent/pi.svg"] == "CodingAgentBench: pi · 2 models: passed 2/2, 1 task"
    assert made["badge/model/big.svg"] == "CodingAgentBench: big · pi: passed 1/1, 1 task, 1 attempt"
    small = made["badge/model/small-1.svg"]
    assert small.startswith("CodingAgentBench: small-1 · 2 agents: pass 0.67 (")
    assert small.endswith("), 3 attempts")


def test_without_a_verdict_there_is_no_share() -> None:
    made = titles(attempt(fault="rate_limited"))
    assert made["badge/agent/aider.svg"] == "CodingAgentBench: aider · small-1: no verdict"
    assert made["badge/model/small-1.svg"] == "CodingAgentBench: small-1 · aider: no verdict, 0 attempts"
