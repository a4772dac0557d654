"""Pictures of every kind of page, for docs/screenshots: ``python tests/report/site/screenshots.py OUT``.

Each is a JPEG below 150 KB, at the width of a phone and of a desk; a long page is cut at its foot.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from cab_report.site.build import build
from fakes import sites
from fakes.browser import Visit, chromium, visit
from fakes.many_cells import attempt, sweep, write

WIDTHS: Final = (390, 1440)
TALLEST: Final = 1800
LARGEST_BYTES: Final = 150_000
DARK: Final = "leaderboard"
PAGES: Final = {
    "leaderboard": "index.html",
    "category": "category/mutations/index.html",
    "cell": "simulated/cell/bash-loop/oracle/polyglot/*/index.html",
    "cell-replay": "simulated/cell/bash-loop/oracle/polyglot/*/index.html#replay-section",
    "cell-void": "cell/aider/small-1/mutations/swap/index.html",
    "agents": "agent/index.html",
    "agent": "agent/agent-00/index.html",
    "models": "model/index.html",
    "model": "model/model-00/index.html",
    "tasks": "task/index.html",
    "task": "task/mutations/task-00/index.html",
    "compare": "compare/*/*/index.html",
    "recordings": "simulated/gallery/index.html",
    "statistics": "statistics/index.html",
    "methodology": "methodology/index.html",
    "calibration": "calibration/index.html",
}


def main(out: Path) -> None:
    """Make results, a site of them, and the pictures."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        records = write(Path(made, "many"), [*sweep(6, 3, 8, attempts=2), attempt(fault="rate_limited")])
        site = Path(made, "site")
        build([records, sites.played(Path(made, "played"))], site)
        with chromium() as browser:
            for width in WIDTHS:
                for scheme in ("light", "dark"):
                    size = {"width": width, "height": 900}
                    with visit(browser, f"{site.as_uri()}/", viewport=size, color_scheme=scheme) as tab:
                        for name, pattern in PAGES.items():
                            if scheme == "light" or name == DARK:
                                file, _, part = pattern.partition("#")
                                page = min(site.glob(file)).relative_to(site).as_posix()
                                picture(
                                    tab,
                                    page,
                                    part or "main",
                                    out / f"{name}-{width}{'-dark' * (scheme == 'dark')}.jpg",
                                )


def picture(tab: Visit, page: str, part: str, file: Path) -> None:
    """From a part of the page on, ``main`` being all; cut where the file would be too large."""
    tab.go(page)
    tab.page.locator(".ap-playback-button, body:not(:has(#player))").first.wait_for(state="attached")
    box = tab.page.locator(f"#{part}").bounding_box()
    assert box
    top = 0 if part == "main" else box["y"]
    height = min(TALLEST, tab.page.evaluate("document.documentElement.scrollHeight") - top)
    width = tab.page.evaluate("innerWidth")
    while True:
        taken = tab.page.screenshot(
            full_page=True,
            type="jpeg",
            quality=60,
            clip={"x": 0, "y": top, "width": width, "height": height},
        )
        if len(taken) < LARGEST_BYTES:
            break
        height = int(height * 0.8)
    file.write_bytes(taken)
    print(f"{file.name}: {width}×{height}, {len(taken):,} bytes")  # noqa: T201  # a command's output


if __name__ == "__main__":
    main(Path(sys.argv[1]))
