from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cab_report.results.runs import read
from cab_report.site import content, templating
from cab_report.site.content import Cell, Site
from cab_report.site.pages import gallery
from cab_report.site.pages.gallery import choose
from fakes.many_cells import attempt, write


def site(folder: Path, *cells: dict[str, Any]) -> Site:
    contents, _ = content.content(read([write(folder, cells)]))
    return Site(contents=contents, base_url=None, evidence=True, calibrations=None)


def cells(made: Site) -> list[Cell]:
    return list(made.contents["real"].cells.values())


def at(second: int, agent: str, task: str, **given: Any) -> dict[str, Any]:
    return attempt(agent, task, **given) | {"timing": {"started_at": f"2026-01-01T00:00:{second:02}.000000Z"}}


def record(made: Site, text: str) -> None:
    lines = [{"version": 2, "width": 120, "height": 40}, [1, "o", text]]
    for cell in cells(made):
        cast = cell.shown.folder / "terminal.cast"
        cast.write_text("".join(json.dumps(line) + "\n" for line in lines))


def page(made: Site) -> str:
    part = next(gallery.pages(made))
    return templating.render(templating.environment(made), part.template, part.path, part.values())


def test_the_newest_of_each_agent_and_category_come_first(tmp_path: Path) -> None:
    made = site(
        tmp_path,
        *(at(second, "aider", f"mutations/task-{second}") for second in range(5)),
        at(9, "aider", "polyglot/x"),
        at(8, "codex", "mutations/task-1"),
        at(7, "codex", "mutations/task-2"),
    )
    chosen = [(cell.agent, cell.task) for cell in choose(cells(made), 5)]
    assert chosen == [
        ("aider", "polyglot/x"), ("codex", "mutations/task-1"), ("aider", "mutations/task-4"),
        ("codex", "mutations/task-2"), ("aider", "mutations/task-3"),
    ]  # fmt: skip


def test_the_choice_does_not_look_at_the_verdict(tmp_path: Path) -> None:
    def chosen(name: str, *passed: bool) -> list[str]:
        tasks = [at(n, "aider", f"mutations/task-{n}", passed=p) for n, p in enumerate(passed)]
        return [cell.task for cell in choose(cells(site(tmp_path / name, *tasks)), 2)]

    assert chosen("a", True, False, True, False) == chosen("b", False, True, False, True)


def test_the_page_says_how_many_there_are_and_how_they_were_chosen(tmp_path: Path) -> None:
    made = site(tmp_path, *(at(n % 60, "aider", f"mutations/task-{n}") for n in range(70)))
    assert "None of 70 cells has a terminal recording." in page(made)
    record(made, "hello")
    text = page(made)
    assert text.count("<pre>hello</pre>") == gallery.CARDS
    assert "70 of 70 cells have a terminal recording. Here are 60" in text
    assert "however they ended" in text


def test_a_card_shows_the_verdict_and_leads_to_the_recording(tmp_path: Path) -> None:
    made = site(
        tmp_path,
        at(1, "aider", "mutations/good"),
        at(2, "codex", "mutations/bad", passed=False),
        at(3, "goose", "mutations/void", fault="sandbox_error"),
    )
    record(made, "<script>alert(1)</script>\x1b[31m\x07")
    text = page(made)
    assert 'href="../cell/aider/small-1/mutations/good/index.html#recording"' in text
    assert [
        word in text for word in ("✓ passed</span>", "✗ failed</span>", "– void</span>: sandbox error")
    ] == [True] * 3
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;␇" in text
