from __future__ import annotations

from cab_report.site import paths
from cab_report.site.pages.task import hardness, pages
from cab_scoring.stats.intervals import Tally, pass_interval
from fakes.many_cells import attempt
from fakes.rendered import html, site_of, words

SWAP = paths.task("real", "mutations/swap")


def test_the_interval_of_a_task_is_over_agents_however_many_attempts_each_has() -> None:
    site = site_of(
        *(attempt("aider") for _ in range(4)),
        *(attempt("pi", passed=False) for _ in range(4)),
        attempt("codex", passed=False),
        attempt("void", fault="rate_limited"),
    )
    found = hardness("small-1", site.contents["real"].tasks["mutations/swap"])
    assert (found.agents, found.solved_by, found.passes) == (3, 1, 4)
    assert found.share == 1 / 3
    assert found.interval == pass_interval([Tally(4, 4), Tally(4, 0), Tally(1, 0)])


def test_tokens_and_time_are_of_passes_only_and_say_of_how_many() -> None:
    site = site_of(
        attempt("a", tokens=(1000, 0)),
        attempt("b", tokens=(3000, 0)),
        attempt("c", tokens=(None, None)),
        attempt("d", tokens=(90_000, 0), passed=False),
    )
    found = hardness("small-1", site.contents["real"].tasks["mutations/swap"])
    assert found.tokens is not None
    assert found.wall_s is not None
    assert (found.tokens.known, found.tokens.middle, found.tokens.low, found.tokens.high) == (
        2,
        2000,
        1000,
        3000,
    )
    assert found.wall_s.known == 3
    assert "2.00k 1.00k…3.00k, 2 of 3 known" in words(html(site, pages, SWAP))


def test_unknown_tokens_are_unknown_and_not_nothing() -> None:
    text = words(html(site_of(attempt("a", tokens=(None, None))), pages, SWAP))
    assert "– not known" in text
    assert "The leanest passes" not in text
    assert "– no pass – no pass" in words(html(site_of(attempt("a", passed=False)), pages, SWAP))


def test_the_leanest_passes_come_first_and_lead_to_their_cells() -> None:
    site = site_of(attempt("b", tokens=(9000, 0)), attempt("a", tokens=(2000, 0)))
    text = html(site, pages, SWAP)
    lean = text.partition("The leanest passes")[2]
    assert lean.index("cell/a/small-1/mutations/swap") < lean.index("cell/b/small-1/mutations/swap")


def test_pooled_versions_are_warned_of() -> None:
    old, new = attempt("a", task_hash="sha256:old"), attempt("b", task_hash="sha256:new")
    assert "2 versions of this task are pooled here." in words(html(site_of(old, new), pages, SWAP))
    assert "pooled" not in words(html(site_of(old, old | {"identity": new["identity"]}), pages, SWAP))


def test_void_attempts_are_counted_apart() -> None:
    text = words(html(site_of(attempt("a"), attempt("b", fault="rate_limited")), pages, SWAP))
    assert "1 of 1 agent solved it; 1 of 1 attempt with a verdict passed; 1 void attempt besides." in text


def test_neighbours_are_those_of_its_category() -> None:
    site = site_of(attempt(), attempt(task="mutations/other", passed=False), attempt(task="polyglot/x"))
    text = html(site, pages, SWAP)
    assert '<a href="../other/index.html">mutations/other</a>' in text
    assert "polyglot/x" not in text


def test_the_list_is_by_category() -> None:
    site = site_of(attempt(), attempt(task="polyglot/x", passed=False))
    text = html(site, pages, paths.task("real"))
    assert text.index("<h2>mutations</h2>") < text.index("<h2>polyglot</h2>")
    assert "polyglot/x 0 of 1 agent 0 of 1 0" in words(text)
    assert 'href="../category/polyglot/index.html"' in text
