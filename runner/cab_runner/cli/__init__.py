"""The ``cab`` command.

Exit codes: 0 recorded, whatever the verdict; 2 usage; 3 this machine lacks something; 4 endpoint or
infrastructure failed the attempt; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper

import click

from cab_report.text import visible
from cab_runner import __version__
from cab_runner.cli import (
    agents,
    evidence,
    export,
    inventory,
    ledger,
    report,
    results,
    run,
    show,
    sweep,
    tasks,
)
from cab_runner.errors import EXIT_INTERRUPTED, CabError, MachineLacks
from cab_runner.sandbox.base import Interrupted, SandboxError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="cab")
def cab() -> None:
    """Coding agents × models × tasks in sandboxes, with a meter on the wire."""


for commands in (run, sweep, results, show, report, evidence, export, ledger, tasks, inventory, agents):
    for command in commands.COMMANDS:
        cab.add_command(command)


def main() -> None:
    """Parse, run, and turn errors into one line and an exit code."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 has no × and no –
    try:
        code = cab.main(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        code = 0
    except click.ClickException as error:
        code = _fail(error.format_message(), error.exit_code)
    except CabError as error:
        code = _fail(str(error), error.exit_code)
    except (Interrupted, KeyboardInterrupt, click.Abort):
        code = _fail("interrupted", EXIT_INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as error:
        what = f"{error.strerror}: {error.filename}" if error.filename else str(error)
        code = _fail(what, MachineLacks.exit_code)
    except SandboxError as error:
        code = _fail(str(error), MachineLacks.exit_code)
    sys.exit(code)


def _fail(message: str, code: int) -> int:
    one_line = visible(" ".join(message.split()))
    click.echo(f"cab: {one_line}", err=True)
    return code
