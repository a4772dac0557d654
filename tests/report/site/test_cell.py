"""The cell page: every section, said or shown; and no record can break it, or out of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cab_proxy.records import Tokens
from cab_report.attempt.evidence import PUBLISHED
from cab_report.site.build import build
from cab_report.site.content import Cell
from cab_report.site.pages import cell as module
from fakes.attempt_folder import CALLS, write
from fakes.evidence import FAILED_GRADE, call, evidence, failed_call
from fakes.many_cells import attempt
from fakes.many_cells import write as write_records

Site = Callable[..., Path]
PAGE = "cell/bash-loop/small-1/mutations/swap/index.html"
SECTIONS = (
    *("scores", "identity", "timing", "replay-section", "terminal", "breakdown", "calls", "spans", "output"),
    *("run", "evidence", "neighbours", "embed"),
)
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\x1b[31m\u202e{{7*7}}]]>--!>"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Builds the site of what lies in ``results``; returns its folder."""

    def made(**options: Any) -> Path:
        build([tmp_path / "results"], tmp_path / "site", **options)
        return tmp_path / "site"

    return made


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def section(page: Path, name: str) -> str:
    [found] = re.findall(rf'<section id="{name}".*?</section>', page.read_text(), re.DOTALL)
    return text_of(found)


def test_a_page_has_all_sections_and_a_way_to_each(results: Path, site: Site) -> None:
    write(results)
    page = (site() / PAGE).read_text()
    assert tuple(re.findall(r'<li><a href="#([\w-]+)"', page)) == SECTIONS
    assert tuple(re.findall(r'<section id="([\w-]+)"', page)) == SECTIONS
    assert len(re.findall("<h1>", page)) == 1
    run = re.findall(r'<section id="run".*?</section>', page, re.DOTALL)
    assert "tabindex" not in run[0], "lines of one command wrap: there is nothing to scroll"


def test_the_headline_has_the_verdict_and_never_a_bare_mean(results: Path, site: Site) -> None:
    write(results)
    write(results, evidence(grade=FAILED_GRADE), attempt=2)
    write(results, evidence(runner_fault="interrupted"), attempt=3)
    page = text_of((site() / PAGE).read_text())
    assert "3 attempts, 1 void: 1 of 2 graded passed, 0.50 (95 % 0.00…1.00, on this task)" in page
    assert "passed 1/2 this attempt: ✗ failed 3 attempts" in page
    assert "All 3 attempts" in page
    said = text_of((site() / PAGE).with_name("embed.html").read_text())
    assert "swap passed 1/2 · 3 attempts" in said
    assert "Last attempt that counted: tokens 1.10k, USD –, wall time 10.0 s" in said


def test_attempts_that_are_all_void_have_no_count_but_a_reason(results: Path, site: Site) -> None:
    for number in (1, 2):
        write(results, evidence(runner_fault="sandbox_error"), attempt=number)
    page = site() / PAGE
    assert "– void this attempt: – void sandbox error 2 attempts, 2 void: no verdict" in text_of(
        page.read_text()
    )
    assert "No components: void (sandbox error): it counts nowhere." in section(page, "scores")
    assert "Last attempt: tokens" in text_of(page.with_name("embed.html").read_text())


def test_attempts_are_listed_with_times_to_the_second(results: Path, site: Site) -> None:
    for number in (1, 2):
        write(results, attempt=number)
    assert (
        '<time title="2026-07-01T12:00:00.000000Z">2026-07-01 12:00:00</time>' in (site() / PAGE).read_text()
    )


def test_the_way_to_a_page_begins_at_the_leaderboard(results: Path, site: Site) -> None:
    for number in (1, 2):
        write(results, attempt=number)
    root = site()
    [other] = (root / PAGE).parent.glob("attempt/*/index.html")
    way = "Leaderboard Tasks mutations mutations/swap bash-loop with small-1"
    for page, end in ((root / PAGE, ""), (other, " attempt 1")):
        [crumbs] = re.findall('<nav class="crumbs".*?</nav>', page.read_text(), re.DOTALL)
        assert text_of(crumbs) == way + end
        assert crumbs.count('aria-current="page"') == 1


def test_a_single_attempt_has_no_interval(results: Path, site: Site) -> None:
    write(results)
    assert (
        "1 attempt: 1 of 1 graded passed; from a single one there is no interval"
        in (site() / PAGE).read_text()
    )


def test_each_attempt_has_a_page_and_they_link_to_each_other(results: Path, site: Site) -> None:
    write(results)
    write(results, evidence(runner_fault="interrupted"), attempt=2)
    root = site()
    [other] = (root / PAGE).parent.glob("attempt/*/index.html")
    assert f"attempt/{other.parent.name}/index.html" in (root / PAGE).read_text()
    assert "../../index.html" in other.read_text()
    assert "interrupted from outside; infrastructure, not capability." in other.read_text()
    assert (other.parent / "evidence/cell.json").is_file()


def test_a_failure_is_said_in_words_with_what_showed_it(results: Path, site: Site) -> None:
    write(results, evidence(calls=(call(), failed_call(429, at_s=2.0))))
    page = text_of((site() / PAGE).read_text())
    assert "The endpoint's rate limit ended this run; infrastructure, not capability." in page
    assert "the endpoint's last word was 429. Fault: endpoint. Retried: with back-off." in page


def test_identity_names_everything_or_says_why_not(results: Path, site: Site) -> None:
    write(results, identity={"container_image": None, "image_digest": None})
    said = section(site() / PAGE, "identity")
    assert "image – none: it ran in no image" in said
    assert "https://llm.example/v1" in said
    assert "the ledger's chain holds and ends in it" in said
    assert "price list – none" in said


def test_what_a_record_leaves_out_is_not_said_to_have_a_reason(results: Path, site: Site) -> None:
    write_records(results, [attempt("bash-loop") | {"timing": {}}])
    page = site() / PAGE
    said = section(page, "identity")
    assert "sandbox – not recorded image" in said
    assert "exit code – not recorded sweep" in said
    said = section(page, "timing")
    assert "started – not recorded ended – not recorded wall clock 10.0 s the agent's run, with" in said


def test_an_agent_that_never_ran_was_never_started(results: Path, site: Site) -> None:
    made = attempt("bash-loop") | {"timing": {"started_at": None}}
    made["scores"]["latency"]["wall_clock_ms"] = None
    made["identity"] |= {"exit_code": None, "sandbox": "bwrap"}
    write_records(results, [made])
    page = site() / PAGE
    assert "started – not recorded: the agent never ran ended" in section(page, "timing")
    assert "exit code – not known: the agent did not end by itself" in section(page, "identity")
    assert "sandbox bwrap image" in section(page, "identity")


@pytest.mark.parametrize(
    ("ledger", "words"),
    [
        (None, "can't be checked: there is no ledger beside the record"),
        ("", "holds, but does not end in this head"),
        ("{}\n", "the ledger's chain is broken: line 1"),
    ],
)
def test_a_ledger_that_does_not_fit_its_record_is_said(
    results: Path, site: Site, ledger: str | None, words: str
) -> None:
    write(results, files={"calls.jsonl": ledger})
    assert words in section(site() / PAGE, "identity")


def test_calls_have_a_row_each_with_their_marks(results: Path, site: Site) -> None:
    write(results)
    said = section(site() / PAGE, "calls")
    assert "1 12:00:00.000 aaaaaaaa " + "a" * 64 + " main 1,000 100 – – 500 ms 80 ms – 200 reported" in said
    assert "2 12:00:02.000 – – ~1,000 ~100 – – 500 ms – – 200 estimated" in said


def test_more_calls_than_fit_are_counted(results: Path, site: Site) -> None:
    calls = (*(call(at_s=number) for number in range(502)), call(at_s=600, protocol=None))
    write(results, evidence(calls=calls))
    said = section(site() / PAGE, "calls")
    assert "These are the first 500 of 502 calls; calls.jsonl has all." in said
    assert "1 other request (lists of models and the like) is in the ledger only." in said


def test_what_was_not_recorded_is_said_in_its_section(results: Path, site: Site) -> None:
    write(results, files={name: None for name in PUBLISHED if name != "cell.json"})
    page = site() / PAGE
    for name, file in (("calls", "calls.jsonl"), ("spans", "trace.jsonl"), ("output", "grade.stderr"),
                       ("terminal", "terminal.cast"), ("evidence", "junit.xml")):  # fmt: skip
        assert f"not recorded: the attempt left no {file}" in section(page, name), name


def test_files_are_beside_the_page_as_no_html(results: Path, site: Site) -> None:
    folder = write(results)
    there = (site() / PAGE).parent / "evidence"
    assert {path.name for path in there.iterdir()} == {*PUBLISHED.values()}
    assert (there / "agent.stdout.txt").read_bytes() == (folder / "agent.stdout").read_bytes()
    page = (there.parent / "index.html").read_text()
    assert all(f'href="./evidence/{name}"' in page for name in PUBLISHED.values())


def test_a_site_without_files_says_so(results: Path, site: Site) -> None:
    write(results)
    root = site(evidence=False)
    assert not (root / PAGE).with_name("evidence").exists()
    assert "This site was made without the attempts' files." in section(root / PAGE, "evidence")


def test_a_link_in_a_folder_is_not_published(results: Path, site: Site, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("not yours")
    (write(results, files={"agent.stdout": None}) / "agent.stdout").symlink_to(tmp_path / "secret")
    root = site()
    assert not (root / PAGE).with_name("evidence").joinpath("agent.stdout.txt").exists()
    assert "is no regular file, and is left alone" in section(root / PAGE, "evidence")


def test_neighbours_are_of_the_same_kind_and_linked(results: Path, site: Site) -> None:
    write_records(results, [
        attempt("bash-loop"), attempt("aider", passed=False), attempt("bash-loop", model="big-2"),
        attempt("bash-loop", "mutations/other"), attempt("bash-loop", "polyglot/elsewhere"),
        attempt("codex", kind="simulated"),
    ])  # fmt: skip
    said = section(site() / PAGE, "neighbours")
    assert re.search(r"Other agents on this task, with this model ✗ aider Other models", said)
    assert re.search(r"with this agent, on this task ✓ big-2 Other tasks", said)
    assert re.search(r"Other tasks in mutations, with this agent and model ✓ mutations/other$", said)


def test_lists_don_t_grow_with_the_results(results: Path, site: Site) -> None:
    """Each of n pages with all of the others would be n² links."""
    tasks = [attempt("bash-loop", f"mutations/{number:02}") for number in range(60)]
    write_records(results, [attempt("bash-loop"), attempt("bash-loop"), *tasks])
    root = site()
    said = section(root / PAGE, "neighbours")
    assert said.count("✓ mutations/") == 50
    assert said.endswith("10 more")
    assert "All 2 attempts" in text_of((root / PAGE).read_text())
    [other] = (root / PAGE).parent.glob("attempt/*/index.html")
    assert "All 2 attempts" not in text_of(other.read_text())


def test_versions_that_are_pooled_are_said(results: Path, site: Site) -> None:
    write_records(results, [
        attempt("bash-loop", agent_version="1"), attempt("bash-loop", agent_version="2", task_hash="f" * 64),
        attempt("bash-loop", agent_version="3", fault="rate_limited"),
    ])  # fmt: skip
    said = "3 attempts, 1 void, of 2 versions of the task, of 2 versions of the agent: 2 of 2 graded passed"
    assert said in text_of((site() / PAGE).read_text())


def test_the_embed_is_a_small_page_that_links_out_of_its_frame(results: Path, site: Site) -> None:
    write(results)
    embed = (site() / PAGE).with_name("embed.html").read_text()
    assert re.search(r'<a href="\./index.html" target="_top" rel="noopener">', embed)
    assert "tokens ~2.20k, USD –, wall time 10.0 s" in text_of(embed)
    assert "script" not in embed


def test_the_code_of_an_embed_is_relative_or_absolute(results: Path, site: Site) -> None:
    write(results)
    said = section(site() / PAGE, "embed")
    assert said.count("Badge") == said.count("[![") == 1
    assert "(./badge/cell/bash-loop/small-1/mutations/swap.svg)](./cell/bash-loop/" in said
    assert "cab report --base-url URL makes them absolute" in said
    said = section(site(base_url="https://b.example/x/") / PAGE, "embed")
    assert "](https://b.example/x/cell/bash-loop/small-1/mutations/swap/)" in said
    assert '<iframe src="https://b.example/x/cell/bash-loop/small-1/mutations/swap/embed.html"' in said


def test_names_in_the_code_of_a_frame_do_not_end_it() -> None:
    name = 'a](javascript:x)"><b>'
    cell = Cell(kind="real", agent=name, model="m", task="t/x", attempts=())
    code = module.frame(cell, None)
    assert name not in code
    assert "<b>" not in code


def hostile(value: Any) -> Any:
    """The record, every text of it hostile."""
    match value:
        case dict():
            return {key: hostile(each) for key, each in value.items()}
        case list():
            return [hostile(each) for each in value]
        case str():
            return HOSTILE
        case _:
            return value


def test_hostile_text_is_text_everywhere(results: Path, site: Site) -> None:
    calls = (call(request_hash=HOSTILE, purpose=HOSTILE, finish_reasons=(HOSTILE,), error_type=HOSTILE),)
    folder = write(results, evidence(calls=calls), files={"agent.stdout": HOSTILE})
    for name in ("cell.json", "lock.json"):
        value = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps({**hostile(value), "failure": None}))
    lines = [json.loads(line) for line in (folder / "trace.jsonl").read_text().splitlines()]
    times = [
        {**hostile(line), "attrs": {HOSTILE: HOSTILE}, "started_at": line["started_at"]} for line in lines
    ]
    (folder / "trace.jsonl").write_text("".join(json.dumps(line) + "\n" for line in times))
    cell = json.loads((folder / "cell.json").read_text())
    cell["scores"]["tokens"]["cost_usd"] = None
    (folder / "cell.json").write_text(json.dumps(cell))
    root = site()
    pages = [path for path in root.rglob("*.html") if "cell" in path.relative_to(root).parts[:1]]
    assert len(pages) == 2
    for page in pages:
        html = page.read_text()
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert not {"\x1b", "\u202e"} & set(html)
        assert "{{7*7}}" in html


STRANGE = (
    ("claim",), ("grading",), ("network",), ("not_isolated",), ("identity", "container_image"),
    ("identity", "image_digest"), ("identity", "exit_code"), ("identity", "grader_image"),
    ("provenance", "ledger_head"), ("timing", "ended_at"), ("scores", "composite", "weights"),
    ("scores", "composite", "components"), ("scores", "composite", "methodology"),
    ("scores", "harness_tax", "coverage"),
    ("scores", "blast_radius", "unexpected_changes"), ("scores", "pass_rate", "reasons"),
)  # fmt: skip


@pytest.mark.parametrize("wrong", ["text", ["list", ["of", {}]], {"an": "object"}, None, 1e300, True])
def test_values_of_wrong_types_cost_no_page(results: Path, site: Site, wrong: Any) -> None:
    folder = write(results)
    cell = json.loads((folder / "cell.json").read_text())
    for *way, last in STRANGE:
        place = cell
        for key in way:
            place = place[key]
        place[last] = wrong
    (folder / "cell.json").write_text(json.dumps(cell))
    assert "This record can't be shown" not in (site() / PAGE).read_text()


@settings(max_examples=15)
@given(st.binary(max_size=300), st.sampled_from([name for name in PUBLISHED if name != "cell.json"]))
def test_any_bytes_beside_a_record_cost_no_page(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    write(folder / "results", evidence(calls=CALLS, claimed=Tokens(total=5)), files={name: data})
    built = build([folder / "results"], folder / "site")
    assert not built.warnings
