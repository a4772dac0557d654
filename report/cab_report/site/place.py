"""Where a site is put: a folder that is whole at any moment. Nothing but a site is ever replaced."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cab_report.results.runs import SITE_MARKER


class SiteError(ValueError):
    """Why there is no site; one line for people."""


def require(out: Path, inputs: Iterable[Path]) -> None:
    """Raises :class:`SiteError` unless ``out``, resolved, may become a site, or may be replaced by one."""
    for given in (each.resolve() for each in inputs):
        if out == given or out in given.parents or given in out.parents:
            raise SiteError(f"{out} and {given}, which is read, lie in each other: give another --out")
    if not out.exists():
        return
    if not out.is_dir():
        raise SiteError(f"{out} is a file: give another --out")
    there = {path.name for path in out.iterdir()}
    if strange := sorted(there - _made(out)):
        raise SiteError(f"{out} has {strange[0]}, which this command did not make: give another --out")


@contextmanager
def put(out: Path) -> Iterator[Path]:
    """A folder that takes the place of ``out`` when the block ends well, and is removed when it doesn't."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f".{out.name}.", dir=out.parent, ignore_cleanup_errors=True
    ) as made:
        staged = Path(made, "site")
        staged.mkdir()
        yield staged
        entries = sorted(path.name for path in staged.iterdir())
        (staged / SITE_MARKER).write_text(json.dumps({"schema_version": 1, "entries": entries}) + "\n")
        if out.exists():
            out.rename(Path(made, "before"))
        staged.rename(out)


def _made(out: Path) -> set[str]:
    """What a site there is made of; nothing where it is none."""
    try:
        entries = json.loads((out / SITE_MARKER).read_bytes())["entries"]
        return {SITE_MARKER, *map(str, entries)}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return set()
