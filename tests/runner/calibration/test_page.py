"""The page tells what the documents hold, and the committed one is made from the committed ones."""

from __future__ import annotations

import re
from pathlib import Path

from cab_runner.calibration import documents, page
from cab_runner.calibration.probes import PROBES
from fakes.calibration import DIFFERENCE, PREFIX, document, found

COMMITTED = Path(__file__).resolve().parents[3] / "docs" / "calibration"


def section(text: str, title: str) -> str:
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def row(text: str, agent: str = "some-agent") -> list[str]:
    [line] = [line for line in text.splitlines() if line.startswith(f"| {agent} |")]
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[2:-1]]


def test_the_committed_page_is_made_from_the_committed_documents() -> None:
    found_documents = documents.load(COMMITTED)
    committed = COMMITTED / "README.md"
    assert committed.is_file() == bool(found_documents)
    assert not found_documents or committed.read_text("utf-8") == page.render(found_documents)


def test_every_figure_is_in_its_section() -> None:
    text = page.render([document()])
    assert row(section(text, "Served and metered")) == ["1.2.3", "chat", "33", "0", "12,100", "equal"]
    assert row(section(text, "Tasks and the no-op")) == ["passed", "2.5"] * 3
    assert row(section(text, "The agent's own report")) == ["-10.0 %", "0 %", "–", "–", "stdout"]
    assert row(section(text, "Calls by purpose")) == ["6", "3"]
    strict = ["passed", "2.5", "main × 2, title × 1", "-10.0 %", "0 %"]
    assert row(section(text, "Without our deviations")) == strict
    assert row(section(text, "Harness tax")) == ["1,000", "700", "200", "100", "90 %"]
    assert row(section(text, "Prefix")) == ["6", "6", "0", "0"]
    assert row(section(text, "Hosts")) == ["`registry.example`"]
    assert row(section(text, "Files")) == ["`.agent`", "none", "2", "1,500", "`.cache`"]
    assert "last run on 2026-07-01" in " ".join(text.split())
    assert all(f"| {probe.name} | {probe.about} |" in section(text, "Probes") for probe in PROBES)


def test_a_difference_that_the_meter_made_is_loud() -> None:
    metering = found()["metering"] | {"equal": False, "differences": [{"served": None, "metered": None}]}
    text = page.render([document(probes={"go": found(metering=metering)})])
    assert row(section(text, "Served and metered"))[-1] == "**1 differ**"


def test_each_place_is_told_once_with_how_often_it_changed() -> None:
    again = DIFFERENCE | {"earlier": 2, "later": 3}
    prefix = PREFIX | {"differences": [DIFFERENCE, again]}
    text = section(page.render([document(probes={"go": found(prefix=prefix)})]), "Prefix")
    assert row(text) == ["2", "0", "0", "0"]
    assert [line for line in text.splitlines() if line.startswith("- ")] == [
        "- some-agent, go, request 1 → 2, 2 times: `messages[0].content`, byte 12 of it and 1,234 of the "
        "prompt, 38 % kept: `it is 12:00 | now` became `` it is 12:01 `now` ``"
    ]


def test_a_fault_that_is_never_over() -> None:
    outcome = {"pass": None, "cause": "endpoint_down", "exit_code": None, "timed_out": True, "seconds": 60.0}
    calls = found()["calls"] | {"made": 5, "retries": 4, "statuses": [[500, 4], [None, 1]]}
    text = page.render([document(probes={"500": found(outcome=outcome, calls=calls)})])
    [shown] = [part for part in section(text, "Faults").split("### ") if part.startswith("500:")]
    assert row(shown) == ["5", "4", "500 × 4, none × 1", "–", "≥ 60.0", "endpoint_down"]


def test_what_was_not_probed_is_unknown() -> None:
    text = page.render([document(probes={"429": found(hosts_tried=None)})])
    assert row(section(text, "Tasks and the no-op")) == ["–"] * 6
    assert row(section(text, "The agent's own report")) == ["–"] * 4 + ["none"]
    assert row(section(text, "Harness tax")) == ["–"] * 5
    assert row(section(text, "Prefix")) == ["–"] * 4
    assert row(section(text, "Files")) == ["–"] * 5
    assert row(section(text, "Hosts")) == ["–"]


def test_no_documents_make_a_page_too() -> None:
    assert "last run on" not in page.render([])
