from __future__ import annotations

from cab_report.site import paths
from cab_report.site.pages.model import pages, stands
from fakes.many_cells import attempt
from fakes.rendered import html, site_of, words

MODEL = paths.model("real", "small-1")
TASKS = [f"mutations/{number:02}" for number in range(12)]


def versus(tasks: int) -> list[dict[str, object]]:
    """aider passes the first task and pi none; of the others both pass ``tasks`` less."""
    return [
        attempt(agent, task, passed=agent == "aider") for task in TASKS[:tasks] for agent in ("aider", "pi")
    ]


def test_agents_stand_by_pass_rate_with_rank_and_interval() -> None:
    text = words(html(site_of(*versus(12), attempt("pi", fault="rate_limited")), pages, MODEL))
    assert "aider 1.00 0.76…1.00" in text
    assert "pi 0.00 0.00…0.24" in text
    assert " 1 12 12 pi 0.00" in text
    assert " 2 12 12 +1 void " in text


def test_only_differences_beyond_chance_are_listed() -> None:
    site = site_of(*versus(12), *(attempt("codex", task) for task in TASKS))
    assert [(row.a, row.b) for row in site.contents["real"].differences if stands(row)] == [
        ("aider", "pi"),
        ("codex", "pi"),
    ]
    text = html(site, pages, MODEL)
    assert "2 of 3 pairs of agents differ in pass@1 by more than chance explains" in words(text)
    assert '<a href="../../compare/aider/pi/index.html">aider − pi</a>' in text
    assert "aider − codex" not in text


def test_no_difference_is_not_said_to_be_none() -> None:
    text = words(html(site_of(*versus(2)), pages, MODEL))
    assert "None: no pair of agents differs" in text
    assert "That isn't to say that they are alike." in text


def test_a_model_with_one_agent_is_compared_with_nothing() -> None:
    text = words(html(site_of(attempt("aider")), pages, MODEL))
    assert "by 1 agent at 1 task." in text
    assert "Differences that stand" not in text
    assert "What a correct task costs" not in text


def test_the_list_has_every_model_of_the_kind() -> None:
    site = site_of(
        attempt(model="m/1"), attempt(model="m/1", agent="pi"), attempt(model="x", kind="simulated")
    )
    text = html(site, pages, paths.model("real"))
    assert '<a href="./m/1/index.html">m/1</a>' in text
    assert "model agents tasks solved counted attempts void m/1 2 1 of 1 2 0" in words(text)
    assert ">x<" not in text
