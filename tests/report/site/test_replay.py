"""The replay and the playback on a page of their own: what it says, and in Chromium what it does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from functools import partial
from html import unescape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cab_report.attempt.evidence import Span
from cab_report.site import content, paths, player, templating
from cab_report.site.charts.timeline import timeline
from cab_report.site.content import Site
from fakes.browser import chromium, visit
from fakes.sites import HOSTILE, MARKUP

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PAGE = """{% extends "base.html" %}
{% from "macros.html" import scroll with context %}
{% block title %}One{% endblock %}
{% block csp_script %} 'wasm-unsafe-eval'{% endblock %}
{% block main %}<h1>One</h1><input id="field">
{% include "replay.html" %}
{% include "playback.html" %}
{% endblock %}"""
TOKENS = {"prompt_tokens": 464, "completion_tokens": 1741, "cached_tokens": None}
SPANS: tuple[tuple[str, float, float | None, str | None, dict[str, Any]], ...] = (
    ("task_setup", 0, 1000, None, {}),
    ("container", 1000, 3000, None, {}),
    ("model_call", 1500, 500, None, TOKENS),
    ("model_call", 2500, None, "in_flight", {}),
    ("cleanup", 4000, 1000, None, {}),
)
TRACE = tuple(
    Span(
        span_id=str(number),
        parent_id="1" if kind == "model_call" else None,
        kind=kind,
        name=f"name-{number}",
        start_ms=start,
        duration_ms=duration,
        error=error,
        attrs=attrs,
    )
    for number, (kind, start, duration, error, attrs) in enumerate(SPANS)
)
CAST = (
    {"version": 2, "width": 80, "height": 10},
    [0.1, "o", "first words\r\n"],
    [0.2, "o", f"{MARKUP}\x1b]0;title\x07\r\n"],
    [600, "o", "last words\r\n"],
)


def html(trace: tuple[Span, ...] = TRACE, recording: Path | None = None, *, evidence: bool = True) -> str:
    site = Site(
        contents={"real": content.Content("real", ())}, base_url=None, evidence=evidence, calibrations=None
    )
    here = "index.html"
    return (
        templating.environment(site)
        .from_string(PAGE)
        .render(
            kind="real",
            here=here,
            url=partial(paths.link, here=here),
            drawing=timeline(trace) if trace else None,
            trace_missing="no trace.jsonl",
            cast=player.read(recording) if recording else None,
            playable=bool(player.files()),
            recording="evidence/terminal.cast",
            recording_missing="no terminal.cast",
        )
    )


def cast(folder: Path, *lines: Any) -> Path:
    path = folder / "terminal.cast"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_the_drawing_says_everything_without_a_script() -> None:
    text = unescape(html())
    for said in (
        "Timeline of 5 spans over 5.0 s",
        "container: 1 of 3.0 s together; model calls: 2 of 500 ms together, 1 with an error; cleanup",
        "model call name-2\nstarts at 1.5 s, takes 500 ms\ntokens: prompt 464, completion 1,741</title>",
        "starts at 2.5 s, never ended: it was in flight\ntokens: not known\nerror: in_flight<",
    ):
        assert said in text
    assert "are drawn and replayed" not in text


def test_a_long_trace_is_a_small_page_that_says_what_it_lacks() -> None:
    text = html(TRACE * 400)
    assert "Of 2,000 spans 400 are drawn and replayed" in text
    assert len(text) < 200_000


def test_names_and_errors_of_a_trace_are_text() -> None:
    spoiled = Span(
        span_id=HOSTILE, parent_id=None, kind=HOSTILE, name=HOSTILE, start_ms=0, duration_ms=1, error=HOSTILE,
        attrs={"prompt_tokens": HOSTILE},
    )  # fmt: skip
    text = html((spoiled,))
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "\x1b" not in text


def test_what_there_is_none_of_has_a_reason() -> None:
    text = html(())
    assert "There is no trace to replay (no trace.jsonl)." in text
    assert "There is no recording to play (no terminal.cast)." in text
    assert "Nor is there a trace" in text
    assert "<script" not in text


def test_without_a_recording_the_spans_are_summed_up() -> None:
    text = html()
    assert '<th scope="row">model calls</th><td class="n">2</td><td class="n">500 ms</td>' in text
    assert "asciinema" not in text


def test_a_recording_that_is_none_says_so(tmp_path: Path) -> None:
    text = html(recording=cast(tmp_path, "garbage"))
    assert "nothing that could be played" in text
    assert "<script type=" not in text


def test_what_a_recording_lacks_is_said(tmp_path: Path) -> None:
    long = [[number, "o", "x" * 1000] for number in range(1500)]
    text = html(recording=cast(tmp_path, CAST[0], "garbage", *long))
    assert "1 of its lines is broken and left out." in text
    assert "The page has its first 99" in text
    assert 'href="./evidence/terminal.cast"' in text
    assert "evidence/" not in html(recording=cast(tmp_path, *CAST), evidence=False)


def test_without_a_player_the_page_says_how_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "files", lambda: ())
    text = html(recording=cast(tmp_path, *CAST))
    assert "made without a player" in text
    assert "asciinema play terminal.cast" in text
    assert "assets/player" not in text


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """The page, whose clock stands still until it is told to run."""
    shutil.copytree(str(files("cab_report.site") / "assets"), tmp_path / "assets")
    (tmp_path / "assets/player").mkdir()
    for file in player.files():
        shutil.copy(file, tmp_path / "assets/player")
    (tmp_path / "index.html").write_text(html(recording=cast(tmp_path, *CAST)))
    with visit(browser, f"{tmp_path.as_uri()}/", viewport={"width": 1200, "height": 1000}) as made:
        made.page.clock.install(time=0)
        made.page.goto(made.url("index.html"))
        made.page.clock.pause_at(60_000)
        yield made.page
        assert made.complaints == []


def now(page: Page) -> str:
    return page.locator(".clock").inner_text().partition(" of ")[0]


def listed(page: Page) -> list[str]:
    return [text.partition(" · ")[0] for text in page.locator(".now-list li").all_inner_texts()]


def keys(page: Page, *names: str) -> None:
    for name in names:
        page.keyboard.press(name)


@pytest.mark.browser
def test_keys_step_spans_and_time(page: Page) -> None:
    page.locator("#replay").focus()
    assert (now(page), listed(page)) == ("0 ms", ["setup name-0"])
    keys(page, "ArrowRight", "ArrowRight")
    assert (now(page), listed(page)) == ("1500 ms", ["container name-1", "model call name-2"])
    assert page.locator("rect.now").count() == 2
    assert (
        page.locator("rect.at title").text_content() == page.locator("rect.call title").first.text_content()
    )
    assert "tokens: prompt 464" in page.locator("[role=status]").inner_text()
    keys(page, ".", ".", ",")
    assert now(page) == "1600 ms"
    keys(page, "ArrowLeft")
    assert (now(page), listed(page)) == ("1000 ms", ["container name-1"])
    keys(page, "End")
    assert (now(page), listed(page)) == ("5000 ms", ["model call name-3"])
    keys(page, "Home", "ArrowLeft", ",")
    assert now(page) == "0 ms"


@pytest.mark.browser
def test_space_plays_and_pauses_and_the_status_is_quiet_meanwhile(page: Page) -> None:
    page.locator("#replay").focus()
    page.locator("select").select_option("1")
    page.locator("#replay").focus()
    keys(page, " ")
    page.clock.run_for(1200)
    assert page.get_by_role("status").inner_text() == "Playing"
    assert listed(page) == ["container name-1"]
    keys(page, " ")
    stopped = now(page)
    assert 1100 <= int(stopped.removesuffix(" ms")) <= 1200
    page.clock.run_for(1000)
    assert now(page) == stopped
    keys(page, " ")
    page.clock.run_for(9000)
    assert now(page) == "5000 ms"
    assert page.get_by_role("button", name="Play", exact=True).count() >= 1
    assert page.get_by_role("status").inner_text() == "The end"
    keys(page, " ")
    page.clock.run_for(100)
    assert int(now(page).removesuffix(" ms")) <= 100


@pytest.mark.browser
def test_buttons_do_what_the_keys_do(page: Page) -> None:
    for name, expected in {"span →": "1000 ms", "+100 ms": "1100 ms", "−100 ms": "1000 ms", "← span": "0 ms",
                           "End": "5000 ms", "Start": "0 ms"}.items():  # fmt: skip
        page.get_by_role("button", name=name).click()
        assert now(page) == expected, name
    page.locator("[data-do=next]").focus()
    keys(page, " ")
    assert now(page) == "1000 ms", "space on a button is the button's"


@pytest.mark.browser
def test_keys_elsewhere_are_left_alone(page: Page) -> None:
    page.locator("#field").focus()
    keys(page, " ", ".", ",", "ArrowRight")
    assert (now(page), page.locator("#field").input_value()) == ("0 ms", " .,")
    page.evaluate("document.activeElement.blur()")
    keys(page, "ArrowRight")
    assert now(page) == "1000 ms", "where nothing has the focus, and the drawing is in view"
    page.set_viewport_size({"width": 1200, "height": 300})
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    keys(page, "ArrowRight", ".")
    assert now(page) == "1000 ms"


@pytest.mark.browser
def test_a_click_on_the_drawing_goes_there(page: Page) -> None:
    page.locator("rect.span").last.click()
    assert listed(page) == ["model call name-3", "cleanup name-4"]


@pytest.mark.browser
def test_less_motion_moves_the_cursor_from_span_to_span(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.locator("select").select_option("1")
    page.locator("#replay").focus()
    start = page.locator(".cursor").get_attribute("x1")
    keys(page, " ")
    page.clock.run_for(900)
    assert page.locator(".cursor").get_attribute("x1") == start
    page.clock.run_for(300)
    assert page.locator(".cursor").get_attribute("x1") != start


@pytest.mark.browser
def test_a_recording_plays_and_its_keys_are_its_own(page: Page) -> None:
    terminal = page.locator("#player pre")
    terminal.focus()
    height = page.locator("#player").bounding_box()
    assert "last words" in terminal.inner_text(), "the poster is the end"
    keys(page, " ")
    page.clock.run_for(1500)
    assert "first words" in terminal.inner_text()
    assert MARKUP[:20] in terminal.inner_text()
    assert "last words" not in terminal.inner_text()
    page.clock.run_for(3000)
    assert "last words" in terminal.inner_text(), "ten minutes of waiting are two seconds"
    assert now(page) == "0 ms"
    assert page.locator("#player").bounding_box() == height
