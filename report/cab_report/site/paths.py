"""Where pages lie, and how they link to each other.

A path is from the site's root, with ``/``: ``cell/aider/m-1/mutations/swap/index.html``. Links are relative
and name the file, so that they work from a disk and under any prefix. Attempts of each kind have a tree of
their own: real ones the root, so no other ever lies at a published URL.
"""

from __future__ import annotations

from itertools import takewhile
from typing import Final
from urllib.parse import quote

from cab_report.results.runs import Kind
from cab_report.segments import segment

ROOTS: Final[dict[Kind, str]] = {"real": "", "provisional": "provisional/", "simulated": "simulated/"}
BOARDS: Final[dict[Kind, str]] = {
    "real": "Leaderboard",
    "provisional": "Provisional attempts",
    "simulated": "Simulated attempts",
}
"""What the first page of a tree is called: only real attempts are ranked."""
METHODOLOGY: Final = "methodology/index.html"
CALIBRATION: Final = "calibration/index.html"


def board(kind: Kind, category: str | None = None) -> str:
    """The leaderboard, of all tasks or of a category."""
    return _page(kind) if category is None else _page(kind, "category", category)


def cell(kind: Kind, agent: str, model: str, task: str) -> str:
    """A cell's page, the published URL."""
    return _page(kind, "cell", agent, model, task)


def attempt(kind: Kind, agent: str, model: str, task: str, run_id: str) -> str:
    """An attempt at the cell that is not the one its page shows."""
    return _page(kind, "cell", agent, model, task, "attempt", run_id)


def agent(kind: Kind, name: str | None = None) -> str:
    """An agent's page; without a name, the list of them."""
    return _page(kind, "agent", *_given(name))


def model(kind: Kind, name: str | None = None) -> str:
    """A model's page; without a name, the list of them."""
    return _page(kind, "model", *_given(name))


def task(kind: Kind, name: str | None = None) -> str:
    """A task's page; without a name, the list of them."""
    return _page(kind, "task", *_given(name))


def compare(kind: Kind, *pair: str) -> str:
    """Two agents side by side, in whichever order; without any, the choice of two."""
    return _page(kind, "compare", *sorted(pair))


def gallery(kind: Kind) -> str:
    """Recordings."""
    return _page(kind, "gallery")


def statistics(kind: Kind) -> str:
    """Every table of ``cab results``."""
    return _page(kind, "statistics")


def kind(path: str) -> Kind:
    """Whose tree a page is in."""
    return next((kind for kind, root in ROOTS.items() if root and path.startswith(root)), "real")


def beside(page: str, *names: str) -> str:
    """A file in the folder of a page."""
    return "/".join((page.rpartition("/")[0], *names)).lstrip("/")


def badge(page: str) -> str:
    """The badge that stands for a page: ``badge/agent/aider.svg``."""
    return f"badge/{page.removesuffix('/index.html')}.svg"


def link(target: str, here: str) -> str:
    """``target`` as the page ``here`` links to it."""
    *folders, name = target.split("/")
    above = here.split("/")[:-1]
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(folders, above, strict=False)))
    # a leading ./ keeps a name with a colon from being read as a scheme
    up = "../" * (len(above) - shared) or "./"
    return quote(up + "/".join((*folders[shared:], name)), safe="/:@+")


def absolute(target: str, base_url: str) -> str:
    """``target`` below ``base_url``, without the index.html that a server adds."""
    folder = target.removesuffix("index.html")
    return f"{base_url.rstrip('/')}/{quote(folder, safe='/:@+')}"


def _given(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name,)


def _page(kind: Kind, *names: str) -> str:
    """Slashes of a name are folders."""
    parts = [segment(part) for name in names for part in name.split("/")]
    return ROOTS[kind] + "/".join([*parts, "index.html"])
