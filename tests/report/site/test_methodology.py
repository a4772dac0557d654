"""The methodology page says the numbers that the code works with."""

from __future__ import annotations

import re
from types import MappingProxyType

import pytest

from cab_report.results.axes import AXES
from cab_report.site import content, paths, templating
from cab_report.site.content import Site
from cab_report.site.pages import methodology
from cab_scoring import composite, failure, usage


def page() -> str:
    """Its text, without tags and runs of white space."""
    site = Site(
        contents={"real": content.Content("real", ())}, base_url=None, evidence=False, calibrations=None
    )
    [made] = methodology.pages(site)
    html = templating.render(templating.environment(site), made.template, made.path, made.values())
    assert made.path == paths.METHODOLOGY
    return " ".join(re.sub("<[^>]*>", " ", html).replace("&#39;", "'").split())


def test_every_axis_and_every_cause_with_all_its_columns() -> None:
    text = page()
    for axis in AXES.values():
        better = "higher" if axis.higher_is_better else "lower"
        assert f"{axis.name} {axis.unit} {better} {axis.what}" in text
    for rule in failure.FAILURES.values():
        counted = "yes" if rule.counted else "void"
        row = f"{rule.cause} {rule.evidence} {rule.fault} {counted} {rule.retried} {rule.then or '–'}"
        assert row in text


def test_weights_and_methodologies() -> None:
    text = page()
    for name, weight in composite.WEIGHTS.items():
        assert f" {name} {weight} " in text
    for each in composite.METHODOLOGIES.values():
        assert each.note in text
    assert "must be earned by a pass no yes" in text
    assert f"cached input {usage.CACHED_WEIGHT:g} " in text
    assert "cost_efficiency 1.00 at 1k, 1.00 at 10k, 0.67 at 100k, 0.33 at 1M, 0.00 at 10M" in text
    assert "latency_efficiency 0.96 at 1 s, 0.77 at 10 s" in text


def test_other_numbers_make_another_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composite, "WEIGHTS", MappingProxyType(dict.fromkeys(composite.WEIGHTS, 0.2)))
    monkeypatch.setattr(composite, "LATENCY_SCALE_MS", 20_000)
    monkeypatch.setattr(composite, "CHEAP_TOKENS", 1_000)
    monkeypatch.setattr(composite, "COST_DECADES", 2)
    monkeypatch.setattr(composite, "MISSED_REFUSAL_FACTOR", 0.25)
    monkeypatch.setattr(usage, "OUTPUT_WEIGHT", 4.0)
    text = page()
    assert " pass_rate 0.2 " in text
    assert "wall_clock_ms / 20000" in text
    assert "whose unit is 20 s" in text
    assert "effective_tokens / 1000) / 2, 0, 1)" in text
    assert "0 from 100,000," in text
    assert "multiplied by 0.25 where" in text
    assert " output 4 " in text
    assert "cost_efficiency 1.00 at 1k, 0.50 at 10k, 0.00 at 100k" in text
