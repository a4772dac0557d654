"""The story of a build: read what was recorded, render every page, put the site in place whole.

A record that can't be shown costs a warning and its own page, which then says so; nothing else. The site is
made beside its place and renamed into it, so that a build that fails leaves the site of before.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from jinja2 import Environment, TemplateError

from cab_report.attempt.evidence import Unreadable
from cab_report.results.runs import NO_RECORD, read
from cab_report.site import content, paths, place, player, templating
from cab_report.site.content import Site
from cab_report.site.pages import (
    agent,
    badges,
    board,
    calibration,
    cell,
    compare,
    gallery,
    methodology,
    model,
    statistics,
    task,
)
from cab_report.site.parts import Copy, Page, Part, Text

MAKERS: Final = (
    board.pages,
    cell.pages,
    statistics.pages,
    methodology.pages,
    calibration.pages,
    badges.pages,
    agent.pages,
    model.pages,
    task.pages,
    compare.pages,
    gallery.pages,
    player.pages,
)
_NOT_SHOWABLE: Final = (OSError, TemplateError, *NO_RECORD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What was made."""

    attempts: int
    pages: int
    warnings: tuple[str, ...]


def build(
    folders: Iterable[Path],
    out: Path,
    *,
    base_url: str | None = None,
    evidence: bool = True,
    calibrations: Path | None = None,
) -> Built:
    """Make the site of the attempts under ``folders`` in ``out``, which is replaced where it is a site.

    Raises :class:`~cab_report.site.place.SiteError`, and OSError when it can't be written.
    """
    folders, out = list(folders), out.resolve()
    place.require(out, [*folders, *([calibrations] if calibrations else ())])
    found = read(folders)
    if not found.runs:
        if found.warnings:
            raise place.SiteError(f"nothing to show: {found.warnings[0]}")
        looked = ", ".join(map(str, folders))
        raise place.SiteError(f"no recorded attempt under {looked}: a folder with a cell.json is one")
    contents, nameless = content.content(found)
    site = Site(
        contents=contents,
        base_url=base_url,
        evidence=evidence,
        calibrations=calibrations,
        warnings=[*found.warnings, *nameless],
    )
    with place.put(out) as staged:
        pages = _write_all(site, staged)
    return Built(attempts=len(found.runs), pages=pages, warnings=tuple(site.warnings))


def _write_all(site: Site, root: Path) -> int:
    """Returns how many pages there are."""
    env = templating.environment(site)
    shutil.copytree(str(files("cab_report.site") / "assets"), root / "assets")
    pages, taken = 0, set()
    for part in _parts(site):
        if part.path in taken:
            site.warnings.append(f"two things would lie at {part.path}: only the first does")
            continue
        taken.add(part.path)
        pages += isinstance(part, Page)
        try:
            _write(root / part.path, part, env, site)
        except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
            # a name with a slash may be the folder of another's file
            site.warnings.append(f"{part.path} is missing: {error.strerror}")
    return pages


def _parts(site: Site) -> Iterator[Part]:
    for maker in MAKERS:
        yield from maker(site)


def _write(path: Path, part: Part, env: Environment, site: Site) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    match part:
        case Page():
            path.write_text(_html(part, env, site), encoding="utf-8", errors="backslashreplace")
        case Text(text=text):
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
        case Copy(source=source):
            try:
                data = source.read_bytes()
            except OSError as error:  # gone meanwhile, or not ours to read
                site.warnings.append(f"{part.path} is missing: {error.strerror}")
            else:
                path.write_bytes(data)


def _html(page: Page, env: Environment, site: Site) -> str:
    try:
        return templating.render(env, page.template, page.path, page.values())
    except _NOT_SHOWABLE as error:
        why = _in_words(error)
        site.warnings.append(f"{page.path} can't be shown: {why}")
        return templating.render(
            env, "unreadable.html", page.path, {"kind": paths.kind(page.path), "why": why}
        )


def _in_words(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__  # its text has a path of this machine
    return str(error) if isinstance(error, Unreadable) else f"{type(error).__name__}: {error}"
