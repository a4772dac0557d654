"""What the commands of ``cab-proxy`` have in common: how they speak, fail, and are told the key.

Exit codes: 0; 2 for a setting that can't be used; 3 where this machine lacks something; for commands that run
another one, that one's own.
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from .bodies import BodyFolder
from .control import Budget
from .errors import ConfigError, LedgerWriteError, MissingError, RunError
from .launch import NotStartedError
from .metering import Metering
from .prices import PriceBook

EXIT_USAGE: Final = 2
EXIT_MISSING: Final = 3
DEFAULT_KEY_ENV: Final = "CAB_KEY"

F = TypeVar("F", bound=Callable[..., Any])


def say(message: str) -> None:
    """Tell people something, on stderr."""
    click.echo(f"cab-proxy: {message}", err=True)


@contextlib.contextmanager
def errors_to_exit_codes() -> Iterator[None]:
    """One line instead of a traceback for what people can do something about."""
    try:
        yield
    except (ConfigError, LedgerWriteError, RunError) as error:
        say(str(error))
        sys.exit(EXIT_USAGE)
    except MissingError as error:
        say(str(error))
        sys.exit(EXIT_MISSING)
    except NotStartedError as error:
        say(str(error))
        sys.exit(error.code)


def read_key(name: str | None, *, from_stdin: bool) -> str | None:
    """The endpoint's key: the first line of stdin, or an environment variable. Raises
    :class:`ConfigError` where the one that was named has none.
    """
    if from_stdin:
        key = sys.stdin.readline().strip()
        where = "stdin's first line"
    else:
        key = os.environ.get(name or DEFAULT_KEY_ENV, "").strip()
        where = f"the environment variable {name}"
    if not key and (from_stdin or name):
        raise ConfigError(f"{where} holds no key")
    if key and not (key.isascii() and key.isprintable()):
        raise ConfigError("the key has characters that no key has")
    return key or None


class Finite(click.FloatRange):
    """A number in a range, which neither ``nan`` nor ``inf`` is."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """See click."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is no amount.", param, ctx)
        return number


key_env_option = click.option("--key-env", metavar="NAME", help="Variable with the endpoint's key (CAB_KEY).")
connect_timeout_option = click.option(
    "--connect-timeout", "connect_timeout_s", type=Finite(min=0.01), default=10.0,
    show_default=True, help="Seconds to reach the endpoint; then the call is a 504.",
)  # fmt: skip

_METERING = (
    click.option(
        "--prices", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
        help="Your own rates, in place of the snapshot's.",
    ),
    click.option(
        "--include-usage", is_flag=True,
        help="Ask streams for their usage where the client doesn't; its event is taken out again.",
    ),
    click.option(
        "--fsync", type=click.Choice(["each", "interval", "off"]), default="interval", show_default=True,
        help="When records are forced to the disk: before a client has its last byte, every second, never.",
    ),
    click.option(
        "--rotate-mb", type=Finite(min=0.01), help="Go on in a new file beyond this size."
    ),
    click.option(
        "--grace", "grace_s", type=Finite(min=0), default=30.0, show_default=True,
        help="Seconds for which a response is read on when its client has left, for its usage.",
    ),
    click.option(
        "--grace-tokens", type=click.IntRange(min=0), default=4096, show_default=True,
        help="About so many tokens at most are read then.",
    ),
    click.option(
        "--record-bodies", metavar="DIR", type=click.Path(path_type=Path, file_okay=False),
        help="Keep requests and responses here; they hold prompts and code.",
    ),
    click.option(
        "--describe-prompts", is_flag=True,
        help="Record what calls are for, and the tokens of system prompt, tools and messages.",
    ),
)  # fmt: skip

_BUDGET = (
    click.option("--budget-tokens", type=click.IntRange(min=0), help="Input and output together."),
    click.option(
        "--budget-usd",
        type=click.UNPROCESSED,
        metavar="USD",
        help="Reported or computed cost; after a call without one, no other begins.",
    ),
    click.option("--budget-calls", type=click.IntRange(min=0), help="Refused ones don't count."),
    click.option("--budget-seconds", type=Finite(min=0), help="No call begins later than this."),
)


def metering_options(command: F) -> F:
    """The options that :func:`metering_of` reads."""
    for option in reversed(_METERING):
        command = option(command)
    return command


def budget_options(command: F) -> F:
    """The options that :func:`budget_of` reads."""
    for option in reversed(_BUDGET):
        command = option(command)
    return command


def metering_of(options: dict[str, Any]) -> Metering:
    """Take the metering's settings out of a command's options. Raises :class:`ConfigError`."""
    prices, bodies = options.pop("prices"), options.pop("record_bodies")
    rotate_mb = options.pop("rotate_mb")
    return Metering(
        prices=PriceBook.shipped() if prices is None else PriceBook.load(prices),
        include_usage=options.pop("include_usage"),
        fsync=options.pop("fsync"),
        rotate_bytes=None if rotate_mb is None else int(rotate_mb * 1_000_000),
        bodies=None if bodies is None else BodyFolder(bodies, say),
        describe_prompts=options.pop("describe_prompts"),
        grace_s=options.pop("grace_s"),
        grace_tokens=options.pop("grace_tokens"),
    )


def budget_of(options: dict[str, Any]) -> Budget:
    """Take the budget out of a command's options. Raises :class:`ConfigError`."""
    try:
        return Budget.from_json(
            {
                "max_total_tokens": options.pop("budget_tokens"),
                "max_cost_usd": options.pop("budget_usd"),
                "max_calls": options.pop("budget_calls"),
                "max_seconds": options.pop("budget_seconds"),
            }
        )
    except ValueError as error:
        raise ConfigError(str(error).replace("budget.max_cost_usd", "--budget-usd")) from None
