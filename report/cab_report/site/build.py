"""The story of a build: read what was recorded, render every page, put the site in place whole.

A record that can't be shown costs a warning and its own page, which then says so; nothing else. The site is
made beside its place and renamed into it, so that a build that fails leaves the site of before.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from jinja2 import Environment, TemplateError

from cab_report.results.runs import read
from cab_report.site import content, paths, player, templating
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
from cab_report.site.parts import Copy, Page, Part, Text, Unreadable

MARKER: Final = "cab-site.json"
"""The file by which a folder is known to be a site, which may be replaced."""
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
_NOT_SHOWABLE: Final = (
    Unreadable, OSError, TemplateError, KeyError, TypeError, ValueError, AttributeError, ArithmeticError,
)  # fmt: skip


class SiteError(ValueError):
    """Why there is no site; one line for people."""


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

    Raises :class:`SiteError`, and OSError when it can't be written.
    """
    if out.exists() and not (out / MARKER).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise SiteError(f"{out} is there and is no site made by this command: give another --out")
    found = read(folders)
    if not found.runs:
        looked = ", ".join(map(str, folders))
        raise SiteError(f"no recorded attempt under {looked}: a folder with a cell.json is one")
    contents, nameless = content.content(found)
    site = Site(
        contents=contents,
        base_url=base_url,
        evidence=evidence,
        calibrations=calibrations,
        warnings=[*found.warnings, *nameless],
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f".{out.name}.", dir=out.parent, ignore_cleanup_errors=True
    ) as made:
        staged = Path(made, "site")
        pages = _write_all(site, staged)
        (staged / MARKER).write_text(json.dumps({"schema_version": 1, "pages": pages}) + "\n")
        if out.exists():
            out.rename(Path(made, "before"))
        staged.rename(out)
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
        except (FileExistsError, FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            # a name with a slash may be the folder of another's file, and evidence may have gone meanwhile
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
            shutil.copyfile(source, path)


def _html(page: Page, env: Environment, site: Site) -> str:
    try:
        return templating.render(env, page.template, page.path, page.values())
    except _NOT_SHOWABLE as error:
        why = str(error) if isinstance(error, Unreadable) else f"{type(error).__name__}: {error}"
        site.warnings.append(f"{page.path} can't be shown: {why}")
        return templating.render(
            env, "unreadable.html", page.path, {"kind": paths.kind(page.path), "why": why}
        )
