"""``cab report`` and ``cab view``: recorded attempts as pages."""

from __future__ import annotations

import os
import re
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import click

from cab_report.text import visible
from cab_runner import waiting
from cab_runner.cli.common import DEFAULT_RESULTS, stop_on_signals, together
from cab_runner.errors import MachineLacks, UsageError

if TYPE_CHECKING:
    from cab_report.site.build import Built

_EXTRA = {"jinja2", "markupsafe", "numpy", "scipy"}

_what_goes_in = together(
    click.argument(
        "folders",
        nargs=-1,
        metavar="[FOLDER]...",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
    ),
    click.option(
        "--no-evidence",
        is_flag=True,
        help="Copy no ledgers, traces, recordings and outputs; pages still show what they say.",
    ),
    click.option(
        "--calibration",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Folder of `cab agents calibrate`'s results, for the calibration page.",
    ),
)


@click.command("report", short_help="Make a static site of recorded attempts.")
@_what_goes_in
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("site"),
    show_default=True,
    help="Folder of the site; one that this command made before is replaced.",
)
@click.option("--base-url", metavar="URL", help="Where it will be published: badges and embeds need it.")
def report(
    *,
    folders: tuple[Path, ...],
    no_evidence: bool,
    calibration: Path | None,
    out: Path,
    base_url: str | None,
) -> None:
    """Make a static site: a page a cell, leaderboard, charts, badges, comparisons.

    FOLDER is a results folder or one in it. Default: results. The site needs no server and asks no other host
    for anything.
    """
    if base_url and not re.match(r"https?://[^/\s]", base_url):
        raise UsageError(f"--base-url {base_url} is no URL: give https://…")
    built = _build(folders, out, base_url=base_url, evidence=not no_evidence, calibration=calibration)
    click.echo(f"{built.pages} pages of {built.attempts} attempts: {out / 'index.html'}")


@click.command("view", short_help="Look at recorded attempts in a browser.")
@_what_goes_in
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0: any free one."
)
@click.option("--no-open", is_flag=True, help="Serve only; don't open a browser.")
def view(
    *, folders: tuple[Path, ...], no_evidence: bool, calibration: Path | None, port: int, no_open: bool
) -> None:
    """Make the site of `cab report` for the time being, serve it on this machine, and open it.

    FOLDER is a results folder or one in it. Default: results. Ctrl-C ends it.
    """
    with tempfile.TemporaryDirectory(prefix="cab-view-") as folder:
        site = Path(folder, "site")
        _build(folders, site, base_url=None, evidence=not no_evidence, calibration=calibration)
        with stop_on_signals() as stop, _served(site, port) as url:
            click.echo(f"{url} (Ctrl-C ends it)")
            if not no_open:
                webbrowser.open(url)
            waiting.until(stop)


def _build(
    folders: tuple[Path, ...],
    out: Path,
    *,
    base_url: str | None,
    evidence: bool,
    calibration: Path | None,
) -> Built:
    try:  # templates and statistics are an extra, and take long to import
        from cab_report.site.build import build  # noqa: PLC0415
        from cab_report.site.place import SiteError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        raise MachineLacks(f"{error.name} is not installed: pip install 'codingagentbench[pages]'") from None
    click.echo("making the pages…", err=True)
    try:
        built = build(
            folders or [DEFAULT_RESULTS], out, base_url=base_url, evidence=evidence, calibrations=calibration
        )
    except SiteError as error:
        raise UsageError(str(error)) from None
    for warning in built.warnings:
        click.echo(f"cab: warning: {visible(warning)}", err=True)
    return built


@contextmanager
def _served(folder: Path, port: int) -> Iterator[str]:
    """The folder on the loopback interface; the URL of its index."""
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, directory=str(folder)))
    except OSError as error:
        raise MachineLacks(f"port {port} can't be had ({error.strerror}): give another --port") from None
    with server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


class _Handler(SimpleHTTPRequestHandler):
    """Files as what their names say, and quietly. Evidence is text, to be read rather than kept."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | dict.fromkeys(
        (".json", ".jsonl", ".cast", ".txt"), "text/plain; charset=utf-8"
    )

    def end_headers(self) -> None:
        """With what keeps evidence from being taken for a page."""
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def do_GET(self) -> None:
        """Answer what is asked of this host: a page elsewhere may have had its name lead here."""
        host = self.headers.get("Host", "").rpartition(":")[0]
        if host not in {"127.0.0.1", "localhost"} or "%00" in self.path:
            self.send_error(HTTPStatus.BAD_REQUEST)
        else:
            super().do_GET()

    def list_directory(self, path: str | os.PathLike[str]) -> None:
        """Folders without a page have nothing to show."""
        del path
        self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Nothing: every page would be many lines."""


COMMANDS = (report, view)
