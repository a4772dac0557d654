"""Debian's Chromium on pages that lie on this machine, and all that it has to say about them.

A :class:`Visit` complains of what a good page never causes: a console error or warning, an exception, a
refusal by the Content-Security-Policy (which Chromium reports on the console), a failed load, a dialog, a
request off the site. Playwright has an event loop of its own in the thread while :func:`chromium` lasts:
leave it before a test that wants one.
"""

from __future__ import annotations

import functools
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_ARGUMENTS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
_LONGEST_WAIT_MS: Final = 60_000
"""For a state that never comes; so long that a busy machine doesn't fail."""
_INLINE: Final = ("data:", "blob:", "about:")
_AXE: Final = Path(__file__).parents[2] / ".venv/npm/node_modules/axe-core/axe.min.js"


def _executable() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def no_browser() -> str | None:
    """Why no page can be looked at; None where it can."""
    return None if _executable() else "no chromium on PATH (apt-get install chromium)"


def axe_file() -> Path:
    """Where axe-core is: ``CAB_AXE`` or the virtual environment."""
    return Path(os.environ.get("CAB_AXE") or _AXE)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a fresh profile."""
    from playwright.sync_api import expect, sync_playwright  # noqa: PLC0415  # conftest imports this module

    expect.set_options(timeout=_LONGEST_WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_executable(), args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass(frozen=True, slots=True)
class Visit:
    """A tab, and what was wrong with the pages that it showed."""

    page: Page
    site: str
    """What every URL of the site starts with."""
    complaints: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        """Of a page, from its path as a link has it."""
        return self.site + path

    def go(self, path: str) -> Page:
        """Load a page and let its scripts draw."""
        self.page.goto(self.url(path))
        drawn(self.page)
        return self.page

    def _complain(self, what: str) -> None:
        self.complaints.append(f"{self.page.url.removeprefix(self.site)}: {what}")


@contextmanager
def visit(browser: Browser, site: str, **options: Any) -> Iterator[Visit]:
    """A tab for the site below a URL, with options of Playwright's ``new_context``."""
    with browser.new_context(**options) as context:
        context.set_default_timeout(_LONGEST_WAIT_MS)
        made = Visit(context.new_page(), site)
        complain = made._complain
        context.on("console", lambda m: complain(m.text) if m.type in {"error", "warning"} else None)
        context.on("weberror", lambda e: complain(f"exception: {e.error}"))
        context.on("requestfailed", lambda r: None if _left(r) else complain(f"not loaded: {r.url}"))
        context.on("response", lambda r: complain(f"{r.status}: {r.url}") if r.status >= 400 else None)
        context.on(
            "request",
            lambda r: None if r.url.startswith((site, *_INLINE)) else complain(f"off the site: {r.url}"),
        )

        def dialog(shown: Any) -> None:
            complain(f"dialog: {shown.message}")
            shown.dismiss()

        context.on("dialog", dialog)
        yield made


def _left(request: Any) -> bool:
    """Whether the tab went on to another page before the icon was there."""
    return bool(request.failure == "net::ERR_ABORTED")


def drawn(page: Page) -> None:
    """Wait for two frames: what scripts changed until now is laid out and painted then."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class' own name
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder over HTTP on this machine. Gives the URL of its root, with a slash at its end."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
