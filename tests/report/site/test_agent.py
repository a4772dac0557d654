from __future__ import annotations

import re
from typing import Any

from cab_report.site import paths
from cab_report.site.pages.agent import failures, pages
from cab_report.site.pages.badges import rate
from cab_report.site.pages.model import pages as model_pages
from fakes.many_cells import attempt
from fakes.rendered import html, site_of, words

AIDER = paths.agent("real", "aider")


def failed(agent: str, cause: str, fault: str, *, counted: bool, **given: Any) -> dict[str, Any]:
    made = attempt(agent, passed=False, **given)
    return {**made, "failure": {"cause": cause, "fault": fault, "counted": counted, "retried": False}}


def test_identity_is_everything_that_was_seen_and_says_what_was_not() -> None:
    site = site_of(
        attempt("aider", agent_version="1.0"),
        attempt("aider", "mutations/other", agent_version="0.9", fault="rate_limited"),
    )
    text = words(html(site, pages, AIDER))
    assert "Versions 0.9, 1.0 Behaviour factory Sandboxes – not recorded" in text
    assert "Attempts 1 counted at 2 tasks, 1 void" in text


def test_each_task_with_each_model_leads_to_its_cell() -> None:
    site = site_of(
        attempt("aider", "mutations/swap", model="org/m"),
        attempt("aider", "mutations/swap", model="org/m"),
        attempt("aider", "mutations/swap", model="org/m", passed=False),
        attempt("aider", "polyglot/x", model="n", fault="rate_limited"),
        attempt("pi", "polyglot/y"),
    )
    text = html(site, pages, AIDER)
    cell = '<a class="{}" href="../../cell/aider/{}/index.html" aria-label="{}">{}</a>'
    assert cell.format("some", "org/m/mutations/swap", "2/3 passed", "◑ 2/3") in text
    assert cell.format("void", "n/polyglot/x", "void: rate limited", "–") in text
    assert "<td></td>" in text  # not tried
    assert "polyglot/y" not in text


def test_failures_are_by_cause_with_void_ones_apart() -> None:
    site = site_of(
        failed("aider", "agent_timeout", "agent", counted=True),
        failed("aider", "agent_timeout", "agent", counted=True, model="m-2"),
        failed("aider", "agent_crash", "agent", counted=True),
        attempt("aider", fault="rate_limited"),
        attempt("aider", passed=False),
    )
    cells = site.contents["real"].agents["aider"]
    assert [(row.cause, len(row.attempts), row.models) for row in failures(cells, void=False)] == [
        ("agent_timeout", 2, ["m-2", "small-1"]),
        ("agent_crash", 1, ["small-1"]),
    ]
    assert [(row.cause, row.fault) for row in failures(cells, void=True)] == [("rate_limited", "endpoint")]


def test_a_failure_leads_to_its_attempts() -> None:
    """Those of a cell that stand behind another among them."""
    void = attempt("aider", fault="rate_limited")
    site = site_of(
        void, attempt("aider"), *(attempt("aider", f"z/{n}", fault="rate_limited") for n in range(4))
    )
    text = html(site, pages, AIDER).partition("<h2>Failures</h2>")[2].partition("</table>")[0]
    run = void["identity"]["run_id"]
    assert f'href="../../cell/aider/small-1/mutations/swap/attempt/{run}/index.html">' in text
    assert text.count("<a ") == 3
    assert "rate limited endpoint 5 small-1 mutations/swap with small-1 z/0 with" in words(
        f"<main>{text}</main>"
    )


def test_a_wrong_answer_is_no_failure() -> None:
    text = words(html(site_of(attempt("aider", passed=False)), pages, AIDER))
    assert "None: every attempt came to its own end." in text


def test_claims_against_what_was_served_and_unknown_without_one() -> None:
    claimed = site_of(attempt("aider", claimed=1650), attempt("pi", "mutations/x"))
    assert "total +50.0 %" in words(html(claimed, pages, AIDER))
    assert "the median of 1 of 1 attempts" in words(html(claimed, pages, AIDER))
    assert "Self-report error – it claims nothing" in words(html(claimed, pages, paths.agent("real", "pi")))


def test_a_figure_says_of_how_many_attempts_it_is_known() -> None:
    site = site_of(attempt("aider", usd="1.00"), attempt("aider", "mutations/other"))
    assert "≥$0.5000 no interval 1 of 2" in words(html(site, pages, AIDER))


def test_what_is_not_known_says_why() -> None:
    text = words(html(site_of(attempt("aider", passed=False)), pages, AIDER))
    assert "small-1 0.00 no interval – nothing passed – not recorded 10.0 s" in text
    void = site_of(attempt("aider", fault="interrupted"))
    assert "small-1 – all void" in words(html(void, pages, AIDER))
    estimated = attempt("aider")
    estimated["scores"]["tokens"]["tokens_source"] = "estimated"
    assert "~1.10k" in words(html(site_of(estimated), pages, AIDER))


def test_what_the_badge_pools_is_said_beside_it() -> None:
    cells = [attempt("aider", f"c/{n}", model=model, passed=n > 0) for n in range(4) for model in ("a", "b")]
    site = site_of(*cells)
    pooled = rate(site.contents["real"].agents["aider"])
    assert re.fullmatch(r"pass 0\.75 \(0\.\d\d…0\.\d\d\)", pooled)
    said = f"together, with whichever model: {pooled}."
    assert said in words(html(site, pages, AIDER))
    model = words(html(site, model_pages, paths.model("real", "a")))
    assert f"together, by whichever agent: {rate(site.contents['real'].models['a'])}." in model


def test_others_with_a_common_model_are_a_link_away_in_one_order() -> None:
    site = site_of(attempt("pi"), attempt("aider"), attempt("codex", model="other"))
    for agent in ("aider", "pi"):
        text = html(site, pages, paths.agent("real", agent))
        assert 'href="../../compare/aider/pi/index.html"' in text
        assert "codex" not in text


def test_the_badge_can_be_embedded_where_the_address_is_known() -> None:
    cell = attempt("aider")
    code = "[![CodingAgentBench: aider](https://x.org/b/badge/agent/aider.svg)](https://x.org/b/agent/aider/)"
    assert code in html(site_of(cell, base_url="https://x.org/b"), pages, AIDER)
    without = html(site_of(cell), pages, AIDER)
    assert 'src="../../badge/agent/aider.svg"' in without
    assert "--base-url" in without


def test_the_list_counts_what_each_solved() -> None:
    site = site_of(
        attempt("aider"), attempt("aider", passed=False), attempt("aider", "mutations/b", passed=False),
        attempt("pi", fault="rate_limited"),
    )  # fmt: skip
    text = words(html(site, pages, paths.agent("real")))
    assert "aider 1 1 1 of 2 3 0" in text
    assert "pi 1 1 0 of 1 0 1" in text
    assert "agent versions models tasks solved" in text


def test_a_site_without_attempts_says_so() -> None:
    assert "No attempts." in words(html(site_of(), pages, paths.agent("real")))
