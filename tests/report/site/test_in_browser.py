"""The site in Chromium: from a disk and a server, by keyboard, without scripts, in both colour schemes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cab_report.site.build import build
from fakes import sites
from fakes.browser import Visit, axe_file, chromium, drawn, served, visit
from fakes.many_cells import sweep, write
from fakes.sites import MARKUP, MadeSite

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

CELL = f"simulated/cell/bash-loop/oracle/{sites.TASKS[0]}/index.html"
PHONE = {"width": 360, "height": 740}
SHIFTS = """() => new Promise(done => {
  let sum = 0;
  const add = entries => { for (const each of entries) if (!each.hadRecentInput) sum += each.value; };
  const seen = new PerformanceObserver(list => add(list.getEntries()));
  seen.observe({type: "layout-shift", buffered: true});
  const end = () => { add(seen.takeRecords()); done(sum); };
  requestAnimationFrame(() => requestAnimationFrame(end));
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture
def tab(browser: Browser, made_site: MadeSite) -> Iterator[Visit]:
    """From the disk; what the pages complain of fails the test."""
    with visit(browser, f"{made_site.root.as_uri()}/") as made:
        yield made
        assert not made.complaints, lines(made.complaints)


def lines(found: list[Any]) -> str:
    return "\n".join(map(str, found))


def href(path: str) -> str:
    """A page's file as a URL has it."""
    return path.replace("%", "%25")


def test_a_visit_sees_what_is_wrong(browser: Browser, tmp_path: Path) -> None:
    policy = '<meta http-equiv="Content-Security-Policy" content="default-src \'self\'">'
    pages = {
        "inline": f"{policy}<script>alert(1)</script>",
        "style": f"{policy}<p style='color: red'>",
        "console": "<script>console.warn('hm'); throw Error('oh')</script>",
        "off": "<img src='http://127.0.0.1:1/x'>",
        "dialog": "<script>alert(1)</script>",
        "missing": "<img src=not-there.png>",
        "good": "<script>console.log('fine')</script><img src='data:image/svg+xml,%3Csvg/%3E'>",
    }
    for name, text in pages.items():
        (tmp_path / f"{name}.html").write_text(f"<!doctype html><link rel=icon href=data:,>{text}")
    for name in pages:
        with visit(browser, f"{tmp_path.as_uri()}/") as made:
            made.go(f"{name}.html")
        assert bool(made.complaints) == (name != "good"), (name, made.complaints)


def test_every_page_from_a_disk(tab: Visit, made_site: MadeSite) -> None:
    """Hostile ones among them: nothing of a record is executed, nor is an element made of it."""
    for page in made_site.pages():
        tab.go(href(page))
        assert tab.page.locator("[onerror], [src=x]").count() == 0, page


def test_every_kind_of_page_below_a_prefix(browser: Browser, made_site: MadeSite) -> None:
    with served(made_site.www) as url, visit(browser, url + made_site.prefix) as tab:
        for page in made_site.kinds():
            tab.go(href(page))
        assert not tab.complaints, lines(tab.complaints)


def test_a_record_is_shown_as_text(tab: Visit, made_site: MadeSite) -> None:
    spoiled = made_site.pages("cell/bash-loop*/**/index.html")[0]
    page = tab.go(href(spoiled))
    assert MARKUP in page.inner_text("main")
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).direction") == "ltr"
    assert MARKUP in tab.go("index.html").inner_text("main")


def test_no_page_scrolls_sideways_on_a_phone(browser: Browser, made_site: MadeSite) -> None:
    wide = []
    with visit(browser, f"{made_site.root.as_uri()}/", viewport=PHONE) as tab:
        for page in made_site.kinds():
            tab.go(href(page))
            width = tab.page.evaluate("document.documentElement.scrollWidth")
            if width > PHONE["width"]:
                wide.append((page, width))
    assert not wide, lines(wide)


def test_nothing_moves_once_it_is_drawn(tab: Visit, made_site: MadeSite) -> None:
    moved = []
    for page in made_site.kinds():
        tab.go(href(page))
        if (shift := tab.page.evaluate(SHIFTS)) > 0.001:
            moved.append((page, shift))
    assert not moved, lines(moved)


WCAG = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}


def test_accessible(browser: Browser, made_site: MadeSite) -> None:
    """WCAG 2.1 A and AA; in the dark what depends on colours."""
    axe = axe_file()
    if not axe.is_file():
        pytest.skip(f"no axe-core at {axe} (make axe, or CAB_AXE)")
    found = []
    with visit(browser, f"{made_site.root.as_uri()}/") as tab:
        for page in made_site.kinds():
            tab.page.emulate_media(color_scheme="light")
            tab.go(href(page))
            tab.page.evaluate(axe.read_text())
            for scheme, rules in (("light", WCAG), ("dark", COLOURS)):
                tab.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # a str here
                drawn(tab.page)
                options = {"runOnly": rules, "resultTypes": ["violations"], "iframes": False}
                shown = tab.page.evaluate("options => axe.run(document, options)", options)
                found += [
                    (page, scheme, each["id"], node["html"][:200], node["failureSummary"])
                    for each in shown["violations"]
                    for node in each["nodes"]
                ]
    assert not found, lines(found)


def test_files_that_are_broken_leave_good_pages(browser: Browser, played: Path, tmp_path: Path) -> None:
    build([sites.broken(tmp_path / "broken", sites.played_attempt(played))], tmp_path / "site")
    with visit(browser, f"{(tmp_path / 'site').as_uri()}/") as tab:
        for page in (tmp_path / "site/simulated/cell").glob("*/*/*/*/index.html"):
            tab.go(page.relative_to(tmp_path / "site").as_posix())
            assert tab.page.locator("h1").inner_text() != "This record can't be shown", page
        assert not tab.complaints, lines(tab.complaints)


def test_without_scripts(browser: Browser, made_site: MadeSite) -> None:
    with visit(browser, f"{made_site.root.as_uri()}/", java_script_enabled=False) as tab:
        tab.page.goto(tab.url("index.html"))
        assert tab.page.locator("#board tbody tr").count() > 3
        tab.page.goto(tab.url(CELL))
        assert tab.page.locator("table").count() > 2
        assert tab.page.get_by_role("columnheader", name="request hash").is_visible()
        assert not tab.complaints, lines(tab.complaints)


def column(page: Page, name: str) -> tuple[Locator, list[float | None]]:
    """Its header, and the figures of the rows that are shown."""
    headers = page.locator("#board thead th")
    names = [header.locator("button").inner_text() for header in headers.all()]
    at = names.index(name)
    texts = page.locator(f"#board tbody tr:visible > :nth-child({at + 1})").evaluate_all(
        "cells => cells.map(cell => [...cell.childNodes].find(node => node.nodeType === 3).data.trim())"
    )
    return headers.nth(at), [figure(text) for text in texts]


def figure(text: str) -> float | None:
    if text == "–":
        return None
    found = re.match(r"[≥~$]*([\d,.]+)\s*(k|M|ms|)", text)
    assert found, text
    return float(found[1].replace(",", "")) * {"": 1, "k": 1e3, "M": 1e6, "ms": 1e-3}[found[2]]


def in_order(figures: list[float | None], *, down: bool) -> bool:
    """Unknown is last, whichever way."""
    known = [each for each in figures if each is not None]
    return figures[len(known) :] == [None] * (len(figures) - len(known)) and known == sorted(
        known, reverse=down
    )


def test_the_board_is_sorted_by_keyboard(tab: Visit) -> None:
    page = tab.go("index.html")
    header, before = column(page, "tokens/correct")
    assert None in before
    assert not in_order(before, down=False)
    for order, down in (("ascending", False), ("descending", True)):
        header.locator("button").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(f'#board th[aria-sort="{order}"]:has-text("tokens/correct")')
        header, after = column(page, "tokens/correct")
        assert page.locator("#board th[aria-sort]").count() == 1
        assert in_order(after, down=down)
        assert sorted(after, key=str) == sorted(before, key=str)
    assert page.evaluate("document.activeElement.textContent") == "tokens/correct"


def test_a_thousand_is_more_than_a_hundred(tab: Visit) -> None:
    page = tab.go("index.html")
    attempts = page.locator("#board tbody td:nth-child(5)")
    for at, text in enumerate(("999", "1,234", "998")):
        attempts.nth(at).evaluate("(cell, text) => { cell.textContent = text; }", text)
    page.locator("#board thead button", has_text="attempts").click()
    page.wait_for_selector('#board th[aria-sort="descending"]:has-text("attempts")')
    assert attempts.all_inner_texts()[:3] == ["1,234", "999", "998"]


def test_a_table_that_goes_on_is_shaded_at_its_edge(browser: Browser, made_site: MadeSite) -> None:
    shaded = "box => !/none|( 0px){4}/.test(getComputedStyle(box).boxShadow)"
    for viewport, wide in ((PHONE, True), ({"width": 1600, "height": 740}, False)):
        with visit(browser, f"{made_site.root.as_uri()}/", viewport=viewport) as tab:
            page = tab.go("model/model-00/index.html")
            box = page.locator(".scroll").first
            assert box.evaluate("box => box.scrollWidth > box.clientWidth") == wide
            assert box.evaluate(shaded) == wide
            box.evaluate("box => { box.scrollLeft = box.scrollWidth; }")
            drawn(page)
            assert not box.evaluate(shaded)


def test_what_the_board_shows_is_in_its_address(tab: Visit) -> None:
    from playwright.sync_api import expect  # noqa: PLC0415

    page = tab.go("index.html")
    controls = page.get_by_role("group", name="What the table shows")
    rows = page.locator("#board tbody tr:visible")
    controls.get_by_role("combobox", name="Axis").select_option(label="wall time")
    expect(page.locator("#board th[aria-sort]")).to_contain_text("wall time")
    assert in_order(column(page, "wall time")[1], down=False)
    controls.get_by_role("searchbox").fill("AGENT-0")
    expect(rows).to_have_count(6)
    controls.get_by_role("combobox", name="Model").select_option(label="model-01")
    expect(rows).to_have_count(3)
    expect(page.get_by_role("status")).to_contain_text("3 of ")
    shown = rows.all_inner_texts()
    page.reload()
    expect(rows).to_have_count(3)
    assert rows.all_inner_texts() == shown
    expect(page.locator("#board th[aria-sort]")).to_contain_text("wall time")
    page.go_back()
    expect(rows).to_have_count(6)


MOMENT = """() => {
  const {left, right, total} = document.querySelector("#replay svg").dataset;
  const x = document.querySelector("#replay .cursor").getAttribute("x1");
  return (x - left) / (right - left) * total;
}"""


def test_the_replay_is_driven_by_keyboard(tab: Visit, played: Path) -> None:
    from playwright.sync_api import expect  # noqa: PLC0415

    trace = (sites.played_attempt(played) / "trace.jsonl").read_text().splitlines()
    spans = sorted(map(json.loads, trace), key=lambda span: str(span["started_at"]))
    begun = [datetime.fromisoformat(span["started_at"]) for span in spans]
    starts = [(each - begun[0]).total_seconds() * 1000 for each in begun]
    page = tab.go(CELL)
    status, button = page.locator("#replay [role=status]"), page.locator("#replay [data-do=play]")

    def moment() -> float:
        return float(page.evaluate(MOMENT))

    page.focus("#replay")
    page.keyboard.press("Home")
    for start in starts[1:]:
        page.keyboard.press("ArrowRight")
        assert moment() == pytest.approx(start, abs=1)
        assert any(
            span["name"] in status.inner_text()
            for span, at in zip(spans, starts, strict=True)
            if at == pytest.approx(start, abs=1)
        )
    page.keyboard.press("ArrowRight")
    assert moment() == pytest.approx(starts[-1], abs=1)
    page.keyboard.press("ArrowLeft")
    assert moment() == pytest.approx(starts[-2], abs=1)
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press(".")
    assert moment() == pytest.approx(300, abs=1)
    page.keyboard.press(",")
    assert moment() == pytest.approx(200, abs=1)

    was_at = page.locator("#replay .cursor").get_attribute("x1") or ""
    page.keyboard.press(" ")
    expect(button).to_have_text("Pause")
    expect(page.locator("#replay .cursor")).not_to_have_attribute("x1", was_at)
    page.keyboard.press(" ")
    expect(button).to_have_text("Play")
    paused_at = moment()
    drawn(page)
    assert moment() == paused_at
    page.get_by_label("Speed").select_option("100")
    page.focus("#replay")
    page.keyboard.press(" ")
    expect(status).to_have_text("The end")
    assert moment() == pytest.approx(
        float(page.evaluate("document.querySelector('#replay svg').dataset.total"))
    )


def test_a_recording_plays_to_its_end(tab: Visit, played: Path) -> None:
    from playwright.sync_api import expect  # noqa: PLC0415

    said = (sites.played_attempt(played) / "agent.stdout").read_text().splitlines()[-1]
    page = tab.go(CELL)
    terminal, button = page.locator("#player .ap-term-text"), page.locator("#player .ap-playback-button")
    button.focus()
    page.keyboard.press("0")
    expect(terminal).not_to_contain_text(said)
    page.keyboard.press(" ")
    expect(terminal).to_contain_text(said)
    expect(button).to_have_attribute("aria-label", "Play")


def test_two_agents_are_chosen_and_compared(tab: Visit) -> None:
    page = tab.go("compare/index.html")
    one, other = page.locator("#choice select").all()
    one.select_option(label="agent-02")
    other.select_option(label="agent-00")
    page.locator("#choice").get_by_role("link").click()
    heading = page.locator("h1")
    heading.filter(has_text="agent-02").wait_for()
    assert "agent-00" in heading.inner_text()


def test_the_codes_to_embed_work_as_they_are_printed(browser: Browser, played: Path, tmp_path: Path) -> None:
    (tmp_path / "blog").mkdir()
    with served(tmp_path / "www") as url, served(tmp_path / "blog") as blog:
        build([played], tmp_path / "www/bench", base_url=f"{url}bench")
        with visit(browser, "http://127.0.0.1:") as tab:
            tab.page.goto(f"{url}bench/{CELL}")
            codes = " ".join(tab.page.locator("#embed pre").all_inner_texts())
            (frame,) = re.findall(r"<iframe.*?</iframe>", codes, re.DOTALL)
            (badge,) = re.findall(r"!\[[^]]*\]\(([^)]+)\)", codes)
            (tmp_path / "blog/index.html").write_text(
                f"<!doctype html><link rel=icon href=data:,>{frame}<img src='{badge}'>"
            )
            tab.page.goto(blog)
            inside = tab.page.frame_locator("iframe")
            assert "bash-loop" in inside.locator("h1").inner_text()
            assert inside.locator("p").first.inner_text().startswith("✓ passed")
            assert tab.page.evaluate("document.images[0].naturalWidth") > 40
            inside.get_by_role("link").click()
            tab.page.wait_for_url(f"{url}bench/{CELL.removesuffix('index.html')}**")
            assert not tab.complaints, lines(tab.complaints)


@pytest.mark.acceptance
def test_a_site_of_3465_cells(
    browser: Browser, played: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each with all files of an attempt. What it takes is printed; only the size is judged here."""
    results = write(tmp_path / "results", sweep(21, 11, 15))
    for cell in results.rglob("cell.json"):
        for file in sites.played_attempt(played).iterdir():
            if file.name != cell.name:
                os.link(file, cell.with_name(file.name))
    command = [
        sys.executable,
        "-m",
        "cab_runner.cli",
        "report",
        str(results),
        "--out",
        str(tmp_path / "site"),
    ]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    with process:
        assert process.stderr
        warnings = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took_s = time.monotonic() - began
    assert process.returncode == 0, warnings
    assert b"warning" not in warnings
    site = tmp_path / "site"
    assert len(list((site / "cell").glob("*/*/*/*/index.html"))) == 21 * 11 * 15
    with visit(browser, f"{site.as_uri()}/") as tab:
        began = time.monotonic()
        tab.page.goto(tab.url("index.html"))
        tab.page.locator("#board thead button", has_text="tokens/correct").click()
        tab.page.wait_for_selector('#board th[aria-sort="ascending"]')
        drawn(tab.page)
        sorted_s = time.monotonic() - began
        assert tab.page.locator("#board tbody tr").count() == 21 * 11
        assert not tab.complaints, lines(tab.complaints)
    size = (site / "index.html").stat().st_size
    with capsys.disabled():
        print(  # noqa: T201  # what this test is for
            f"\n3,465 cells: built in {took_s:.1f} s with {used.ru_maxrss / 1024:.0f} MiB; "
            f"index.html {size:,} bytes, sorted {sorted_s:.2f} s after navigation"
        )
    assert size < 500_000
    assert used.ru_maxrss < 1_000_000  # KiB
