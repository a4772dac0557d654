"""Pictures of every kind of page, for docs/screenshots: ``python tests/report/site/screenshots.py OUT``.

Each is a PNG below 150 KB, at the width of a phone and of a desk; a long page is cut at its foot.
"""

from __future__ import annotations

import base64
import struct
import sys
import tempfile
import zlib
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

INDEXED: Final = """async png => {
  const image = await createImageBitmap(new Blob([Uint8Array.from(atob(png), byte => byte.charCodeAt())]));
  const {width, height} = image;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const palette = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 256).map(([colour]) => colour);
  const parts = colour => [colour & 255, colour >> 8 & 255, colour >> 16 & 255];
  const apart = (a, b) => parts(a).reduce((sum, part, i) => sum + (part - parts(b)[i]) ** 2, 0);
  const nearest = new Map(palette.map((colour, i) => [colour, i]));
  for (const colour of counts.keys()) {
    if (nearest.has(colour)) continue;
    const distances = palette.map(each => apart(each, colour));
    nearest.set(colour, distances.indexOf(Math.min(...distances)));
  }
  const text = bytes => btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""));
  return [text(palette.flatMap(parts)), text(Uint8Array.from(pixels, pixel => nearest.get(pixel)))];
}"""
"""A picture's palette, and the palette's index of each pixel; in base64."""


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
                                    out / f"{name}-{width}{'-dark' * (scheme == 'dark')}.png",
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
        taken = tab.page.screenshot(full_page=True, clip={"x": 0, "y": top, "width": width, "height": height})
        small = with_a_palette(tab, taken, width, height)
        if len(small) < LARGEST_BYTES:
            break
        height = int(height * 0.8)
    file.write_bytes(small)
    print(f"{file.name}: {width}×{height}, {len(small):,} bytes")  # noqa: T201  # a command's output


def with_a_palette(tab: Visit, png: bytes, width: int, height: int) -> bytes:
    """The picture in its 256 most frequent colours, a third as large; the browser knows its pixels."""
    indexed = tab.page.evaluate(INDEXED, base64.b64encode(png).decode())
    palette, pixels = map(base64.b64decode, indexed)
    rows = b"".join(b"\0" + pixels[y * width : (y + 1) * width] for y in range(height))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", palette),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
