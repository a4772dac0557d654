"""A whole site as files: where its links lead, what no page may hold, and what a broken record costs."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest

from cab_report.site.build import build
from fakes import sites
from fakes.sites import MadeSite

LOADED = {"script", "img", "iframe", "source", "audio", "video", "object", "embed", "use", "image"}


@dataclass
class Read(HTMLParser):
    """What a page holds and where it leads."""

    ids: Counter[str] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)
    links: list[tuple[str, str]] = field(default_factory=list)
    inline: list[str] = field(default_factory=list)
    """What a strict Content-Security-Policy refuses."""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        given = dict(attrs)
        self.links += [(tag, value or "") for name, value in attrs if name in {"href", "src"}]
        self.ids.update(value for name, value in attrs if name == "id" and value)
        self.inline += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and not given.get("src") and "json" not in str(given["type"])):
            self.inline.append(tag)


@pytest.fixture(scope="module")
def read(made_site: MadeSite) -> dict[str, Read]:
    found = {}
    for page in made_site.pages():
        found[page] = Read()
        found[page].feed((made_site.root / page).read_text("utf-8"))
    return found


def leads_to(page: str, link: str) -> tuple[str, str]:
    """The file below the root, and the fragment."""
    parts = urlsplit(link)
    path = unquote(parts.path)
    return (normpath(join(dirname(page), path)) if path else page), unquote(parts.fragment)


def test_every_link_leads_to_something_that_is_there(made_site: MadeSite, read: dict[str, Read]) -> None:
    dead = []
    for page, found in read.items():
        for tag, link in found.links:
            if urlsplit(link).netloc or urlsplit(link).scheme:
                if tag != "a" or urlsplit(link).scheme != "https":
                    dead.append(f"{page}: {tag} leads off the site, to {link}")
                continue
            target, fragment = leads_to(page, link)
            if target.startswith("..") or not (made_site.root / target).is_file():
                dead.append(f"{page}: no file at {link}")
            elif fragment and target in read and not read[target].ids[fragment]:
                dead.append(f"{page}: no place {link}")
    assert dead == []


def test_every_page_can_be_reached_from_the_first(read: dict[str, Read]) -> None:
    seen, ahead = {"index.html"}, ["index.html"]
    while ahead:
        page = ahead.pop()
        new = {leads_to(page, link)[0] for _, link in read[page].links} & read.keys() - seen
        seen |= new
        ahead += new
    assert {page for page in read.keys() - seen if not page.endswith("/embed.html")} == set()


def test_no_page_has_anything_inline_or_twice(read: dict[str, Read]) -> None:
    for page, found in read.items():
        assert found.inline == [], page
        assert [name for name, count in found.ids.items() if count > 1] == [], page
        assert page.endswith("/embed.html") or (found.tags["h1"], found.tags["main"]) == (1, 1), page


def test_no_page_was_given_up(made_site: MadeSite) -> None:
    assert made_site.built.warnings == ()
    assert made_site.built.pages == len(made_site.pages())


def test_every_svg_is_well_formed(made_site: MadeSite) -> None:
    badges = list(made_site.root.glob("badge/**/*.svg"))
    assert badges
    for file in [*badges, *made_site.root.glob("assets/*.svg")]:
        root = ElementTree.parse(file).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg", file
        assert not [each for each in root.iter() if each.tag.endswith(("script", "foreignObject", "image"))]


def test_nothing_hostile_is_in_a_page_as_it_was(made_site: MadeSite) -> None:
    """Neither markup nor a character that turns or hides text, nor one that a terminal obeys.

    The text of a recording is for the terminal on the page, and in JSON.
    """
    for page in made_site.pages():
        text = re.sub(
            r'<script type="application/json".*?</script>', "", (made_site.root / page).read_bytes().decode()
        )
        for harmful in (
            "<script>alert",
            "<img src=x",
            "\x1b",
            "\x00",
            "\x9b",
            "\x07",
            "\r",
            "\u202e",
            "\u2066",
        ):
            assert harmful not in text, (page, harmful)


def test_nothing_names_the_machine(made_site: MadeSite) -> None:
    for file in (path for path in made_site.root.rglob("*") if path.is_file()):
        assert str(made_site.www.parent).encode() not in file.read_bytes(), file


def test_the_same_results_give_the_same_bytes(made_site: MadeSite, tmp_path: Path) -> None:
    build(reversed(made_site.results), tmp_path / "again")
    assert contents(tmp_path / "again") == contents(made_site.root)


def test_a_broken_record_costs_a_warning_and_its_own_page(
    made_site: MadeSite, played: Path, tmp_path: Path
) -> None:
    faulty = sites.broken(tmp_path / "broken", sites.played_attempt(played))
    built = build([*made_site.results, faulty], tmp_path / "site")
    assert set(contents(made_site.root)) <= set(contents(tmp_path / "site"))
    lost = [warning for warning in built.warnings if "is left out" in warning]
    assert {name for name in (path.name for path in (faulty / "s").iterdir()) if name.startswith("lost")} == {
        name for warning in lost for name in warning.split("/") if name.startswith("lost")
    }
    cells = {path.name for path in (tmp_path / "site/simulated/cell").iterdir()}
    assert cells >= {"no-files", "files-binary", "files-torn", "files-shapes", "files-surrogates"}
    assert not [name for name in cells if name.startswith("lost")]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
