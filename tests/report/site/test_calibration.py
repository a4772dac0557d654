"""The calibration page, from the files that came with the agents and from broken ones."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from cab_report.site import content, templating
from cab_report.site.content import Site
from cab_report.site.pages import calibration
from cab_report.site.pages.calibration import calibrated
from cab_runner.calibration import documents, summary
from cab_runner.calibration.probes import PROBES

DOCUMENTS = Path(__file__).resolve().parents[3] / "docs/calibration"


@pytest.fixture
def aider() -> dict[str, Any]:
    made: dict[str, Any] = json.loads((DOCUMENTS / "aider.json").read_bytes())
    return made


def shown(folder: Path | None) -> tuple[str, list[str]]:
    """The page's text without tags, and the warnings."""
    site = Site(
        contents={"real": content.Content("real", ())}, base_url=None, evidence=False, calibrations=folder
    )
    [page] = calibration.pages(site)
    html = templating.render(templating.environment(site), page.template, page.path, page.values())
    return " ".join(re.sub("<[^>]*>", " ", html).split()), site.warnings


@pytest.mark.parametrize("document", documents.load(DOCUMENTS), ids=lambda each: each["agent"])
def test_figures_are_those_that_calibration_itself_shows(document: dict[str, Any]) -> None:
    found, metered = calibrated(document), summary.metering(document)
    assert (found.calls, found.cut, found.differing, found.served) == (
        metered.calls, metered.cut, metered.differing, metered.tokens,
    )  # fmt: skip
    errors = summary.self_report(document)
    assert found.errors == {kind: errors[kind] for kind in calibration.KINDS}


def test_probes_are_those_of_calibration() -> None:
    assert set(calibration.WORKED) == {probe.name for probe in PROBES if probe.works}


def test_what_it_says_of_an_agent(aider: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "aider.json").write_text(json.dumps(aider))
    text, warnings = shown(tmp_path)
    assert not warnings
    assert "aider 0.86.2 chat 42 1 52,672 equal 0.0% 0.0% – 0.0%" in text
    assert "passed 4 calls, 2 retries exit 0 after 6.2 s" in text
    assert "endpoint_down 24 calls, 23 retries still trying after 60.0 s" in text
    assert "--no-stream its streams do not ask for usage" in text
    for probe in (probe for probe in PROBES if probe.is_disturbed):
        assert f" {probe.name} " in text
        assert f"{probe.name} the " in text or f"{probe.name} every " in text


def test_calls_that_differ_and_claims_that_are_wrong(aider: dict[str, Any], tmp_path: Path) -> None:
    other = copy.deepcopy(aider)
    other["probes"]["go"]["metering"]["differences"] = [{}, {}]
    other["probes"]["python"]["claim"]["tokens"]["output"] = None
    (tmp_path / "aider.json").write_text(json.dumps(other))
    text, _ = shown(tmp_path)
    assert "2 calls differ 0.0% – – 0.0%" in text


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"schema_version": 2}, "ValueError: schema_version 2: upgrade this program"),
        ({"probes": {"python": {}}}, "KeyError: 'metering'"),
        ({"probes": []}, "AttributeError"),
        ({"deviation": None}, "AttributeError"),
        ({"schema_version": "<b>"}, "TypeError: '<b>' is no number"),
    ],
)
def test_a_broken_file_is_a_warning_and_a_line(
    aider: dict[str, Any], tmp_path: Path, change: dict[str, Any], why: str
) -> None:
    (tmp_path / "aider.json").write_text(json.dumps(aider))
    (tmp_path / "broken.json").write_text(json.dumps(aider | change))
    (tmp_path / "half.json").write_text("{")
    text, warnings = shown(tmp_path)
    assert "aider 0.86.2 chat 42" in text
    assert "broken.json can't be read and is left out: " in text
    assert "half.json can't be read and is left out: " in text
    first, second = warnings
    assert first.startswith(f"{tmp_path / 'broken.json'} is left out: no calibration ({why}")
    assert second.startswith(f"{tmp_path / 'half.json'} is left out: ")


def test_without_any_it_says_how_to_make_one(tmp_path: Path) -> None:
    assert "No calibration was given to this site. cab agents calibrate makes one" in shown(None)[0]
    assert "holds none. cab agents calibrate makes one" in shown(tmp_path)[0]
