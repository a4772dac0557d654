from __future__ import annotations

from typing import Any

import pytest

from cab_report.site import paths
from cab_report.site.content import Site
from cab_report.site.pages.compare import corrected_for, costs_in_words, duels, in_words, pages
from fakes.many_cells import attempt
from fakes.rendered import html, site_of, words

PAIR = paths.compare("real", "aider", "pi")
TASKS = [f"mutations/{number:02}" for number in range(12)]


def both(*verdicts: tuple[bool, bool], **given: Any) -> list[dict[str, Any]]:
    """One attempt each of aider and pi at as many tasks."""
    return [
        attempt(agent, task, passed=passed, **given)
        for task, pair in zip(TASKS, verdicts, strict=False)
        for agent, passed in zip(("aider", "pi"), pair, strict=True)
    ]


def said(site: Site, *, pairs: int = 1) -> str:
    content = site.contents["real"]
    [row] = content.pairs["aider", "pi"]
    return in_words(row, duels(content, "aider", "pi", [row.model]), pairs)


def costs(site: Site) -> str:
    [row] = site.contents["real"].pairs["aider", "pi"]
    return costs_in_words(row)


def test_a_pair_has_one_page_whichever_is_named_first() -> None:
    site = site_of(*both((True, False)))
    assert paths.compare("real", "pi", "aider") == PAIR
    assert [page.path for page in pages(site)] == [paths.compare("real"), PAIR]


def test_agents_without_a_common_model_are_not_compared() -> None:
    site = site_of(attempt("aider"), attempt("pi", model="other"), attempt("codex"))
    text = html(site, pages, paths.compare("real"))
    assert 'href="./aider/codex/index.html"' in text
    assert "aider/pi" not in text
    assert "No two agents" in words(html(site_of(attempt()), pages, paths.compare("real")))


def test_what_may_be_chance_is_said_to_be() -> None:
    text = said(site_of(*both((True, False), (True, False), (False, True), (True, True))))
    assert text.startswith(
        "aider passed 2 of 4 tasks more often than pi, 1 less often; +0.25 in pass@1 (95 % -"
    )
    assert "is not distinguishable from chance." in text


def test_the_better_one_is_named_first_with_the_interval_turned_round() -> None:
    site = site_of(*both(*[(False, True)] * 8, (True, True), (False, False)))
    [row] = site.contents["real"].pairs["aider", "pi"]
    assert row.pass_interval.low is not None
    assert row.pass_interval.high is not None
    interval = f"(95 % {-row.pass_interval.high:+.2f}…{-row.pass_interval.low:+.2f})"
    assert said(site).startswith(
        f"pi passed 8 of 10 tasks more often than aider, 0 less often; +0.80 in pass@1 {interval} is more"
    )


def test_what_does_not_stand_after_the_correction_is_said_not_to() -> None:
    others = [
        attempt(f"other-{number}", task, passed=(index + number) % 2 == 0)
        for number in range(6)
        for index, task in enumerate(TASKS)
    ]
    site = site_of(*both(*[(True, False)] * 5, *[(True, True)] * 7), *others)
    assert "would be more than chance explains for this pair alone, but not among all" in said(site, pairs=28)
    assert "after Holm's correction for 28 pairs" in said(site, pairs=28)


def test_the_correction_is_for_pairs_that_were_compared() -> None:
    apart = [attempt(f"agent-{n}", f"c/{n}") for n in range(6)]
    site = site_of(*both((True, False), (True, True), (False, True)), *apart)
    content = site.contents["real"]
    assert len(content.differences) == 28
    assert corrected_for(content, "small-1") == 1


def test_one_task_says_nothing_of_chance() -> None:
    assert "whether +1.00 in pass@1 is chance can't be said from 1 task" in said(
        site_of(*both((True, False)))
    )


def test_tasks_without_a_verdict_of_both_are_named_and_not_compared() -> None:
    site = site_of(
        *both((True, False), (True, True)),
        attempt("aider", "mutations/void", fault="rate_limited"),
        attempt("pi", "mutations/void"),
        attempt("pi", "mutations/alone"),
    )
    assert "1 of 2 tasks" in said(site)
    assert "2 more tasks without a verdict of both." in said(site)
    text = words(html(site, pages, PAIR))
    apart = text.partition("Not compared: no verdict of both: 2")[2]
    assert "mutations/alone small-1 not tried ✓" in apart
    assert "mutations/void small-1 – void: rate limited ✓" in apart


def test_void_on_both_sides_leaves_nothing_to_compare() -> None:
    site = site_of(attempt("aider", fault="rate_limited"), attempt("pi"))
    assert said(site) == "no task has a verdict of both, of 1."


def test_where_they_differ_most_comes_first() -> None:
    site = site_of(
        *both((True, True), (True, False), (False, True)),
        *(attempt("aider", TASKS[1], passed=False) for _ in range(1)),
    )
    found = duels(site.contents["real"], "aider", "pi", ["small-1"])
    assert [(duel.task, duel.difference) for duel in found] == [
        (TASKS[2], -1),
        (TASKS[1], 0.5),
        (TASKS[0], 0),
    ]
    text = words(html(site, pages, PAIR))
    assert "Where they differ: 2" in text
    assert "Where they did alike: 1" in text


def test_costs_are_of_tasks_that_both_solve() -> None:
    site = site_of(
        *both(*[(True, True)] * 6, tokens=(1000, 0), usd="0.10"),
        attempt("aider", TASKS[0], tokens=(6000, 0), usd="0.60"),
        attempt("aider", TASKS[8], tokens=(99_000, 0), usd="9.00"),
    )
    assert costs(site).startswith("over the 6 tasks that both solve, aider spent ×1.42 the tokens (95 % ×")
    assert costs(site_of(*both((True, False)))) == "no task was solved by both."


def test_costs_without_an_interval_say_why() -> None:
    assert costs(site_of(*both((True, True), tokens=(1000, 0)))) == (
        "over the 1 task that both solve, aider spent ×1.00 the tokens of pi; too few for an interval."
    )
    unknown = both((True, True), tokens=(None, None))
    assert costs(site_of(*unknown)) == "over the 1 task that both solve, the cost is not known in full."


def test_bills_are_refused_where_only_one_was_served_from_a_cache() -> None:
    site = site_of(
        attempt("aider", usd="1.00", neutral="2.00", cached=500), attempt("pi", usd="1.00", neutral="1.00")
    )
    assert "bills are not compared, since only one was served from a cache" in costs(site)
    text = words(html(site, pages, PAIR))
    assert (
        "refused: only one was served from a cache at list prices, as if there were no cache: ×2.00" in text
    )


def test_with_one_model_it_is_said_and_with_several_it_is_counted() -> None:
    one = both(*[(True, False)] * 12)
    text = words(html(site_of(*one), pages, PAIR))
    assert "With small-1: aider passed 12 of 12 tasks more often than pi" in text
    assert "With small-1: no task was solved by both." in text
    several = [*one, *both((True, True), model="b"), *both(*[(False, True)] * 12, model="c")]
    text = words(html(site_of(*several), pages, PAIR))
    assert (
        "aider passes more often than pi with 1 of 3 models and pi passes more often than aider with 1 of 3 "
        "models, by more than chance explains. With 1 the difference may be chance."
    ) in text
    assert "passed 12 of 12 tasks" not in text
    assert "solved by both" not in text
    alike = site_of(*both((True, False)), *both((True, True), model="b"))
    said = "Neither aider nor pi passes more often with any of 2 models, by more than chance explains. How"
    assert said in words(html(alike, pages, PAIR))


@pytest.mark.parametrize(("one", "shown"), [("aider", "+1"), ("pi", "−1")])
def test_the_choice_shows_with_how_many_models_one_is_better(one: str, shown: str) -> None:
    text = html(site_of(*both(*[(True, False)] * 12)), pages, paths.compare("real"))
    row = text.partition(f'<th scope="row"><a href="../agent/{one}/index.html">')[2].partition("</tr>")[0]
    assert f'<a href="./aider/pi/index.html">{shown}</a>' in row


def test_estimates_are_said() -> None:
    cells = both((True, True))
    assert "are estimates" not in words(html(site_of(*cells), pages, PAIR))
    cells[0]["scores"]["tokens"]["tokens_source"] = "estimated"
    assert "Some tokens are estimates (~)" in words(html(site_of(*cells), pages, PAIR))
