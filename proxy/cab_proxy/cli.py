"""The ``cab-proxy`` command.

``cab-proxy --upstream URL`` is the plain proxy, ``cab-proxy --control PATH`` the one that a runner drives,
``cab-proxy run -- CMD…`` meters one command, ``cab-proxy mitm -- CMD…`` one that can't be redirected. See
:mod:`cab_proxy.console` for exit codes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click
import uvloop

from .console import (
    budget_of,
    budget_options,
    connect_timeout_option,
    errors_to_exit_codes,
    key_env_option,
    metering_of,
    metering_options,
    read_key,
    say,
)
from .door import ALLOWANCES
from .launch import Launch, find_endpoint, launch
from .mitm import mitm_command
from .serving import Settings, serve


def main() -> None:
    """Entry point."""
    cli(prog_name="cab-proxy")


def _address(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[str, int] | None:
    if value is None:
        return None
    host, colon, port = value.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise click.BadParameter("must look like 127.0.0.1:8080")
    return host.strip("[]") or "127.0.0.1", int(port)


def _address_or_path(
    context: click.Context, option: click.Parameter, value: str | None
) -> tuple[str, int] | Path | None:
    return Path(value) if value and "/" in value else _address(context, option, value)


def _sockets(
    _context: click.Context, _option: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, Path], ...]:
    pairs = [value.partition("=") for value in values]
    if not all(name and path for name, _, path in pairs):
        raise click.BadParameter("must look like ID=SOCKET")
    return tuple((name, Path(path)) for name, _, path in pairs)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--upstream", metavar="URL", help="The endpoint, e.g. https://api.openai.com/v1.")
@click.option("--listen", metavar="HOST:PORT", callback=_address, help="[default: 127.0.0.1:8080]")
@click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("calls.jsonl"),
    show_default=True,
    help="Where calls are recorded; ledgers of runs go beside it.",
)
@key_env_option
@click.option("--key-stdin", is_flag=True, help="Read the endpoint's key from stdin's first line.")
@click.option(
    "--control",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Open and close runs by HTTP on this Unix socket.",
)
@click.option(
    "--admin",
    metavar="HOST:PORT|PATH",
    callback=_address_or_path,
    help="Serve /healthz and /metrics (Prometheus) here; with a slash, on a Unix socket.",
)
@click.option(
    "--live/--no-live",
    default=None,
    help="Keep a table of calls, tokens, cost and times on stderr [default: on a terminal].",
)
@click.option(
    "--run",
    "runs",
    metavar="ID=SOCKET",
    multiple=True,
    callback=_sockets,
    help="Open a run on a socket of its own; its token is $CAB_TOKEN.",
)
@click.option("--model", "models", multiple=True, help="A model that --run's runs may call [default: any].")
@click.option(
    "--allow", multiple=True, type=click.Choice(sorted(ALLOWANCES)), help="Lift a refusal for them."
)
@connect_timeout_option
@metering_options
@budget_options
@click.option("--until-stdin-ends", is_flag=True, help="Stop when stdin ends: with its launcher, that is.")
@click.option("--ready-fd", type=int, help="Write a line `ready [URL]` to this descriptor once it listens.")
@click.version_option(package_name="codingagentbench")
@click.pass_context
def cli(
    context: click.Context,
    /,
    *,
    upstream: str | None,
    listen: tuple[str, int] | None,
    ledger: Path,
    key_env: str | None,
    key_stdin: bool,
    control: Path | None,
    admin: tuple[str, int] | Path | None,
    live: bool | None,
    runs: tuple[tuple[str, Path], ...],
    models: tuple[str, ...],
    allow: tuple[str, ...],
    connect_timeout_s: float,
    until_stdin_ends: bool,
    ready_fd: int | None,
    **more: Any,
) -> None:
    """Meter every model call that goes to an endpoint, in the APIs of OpenAI, Anthropic, Gemini and Ollama.

    Calls are forwarded unchanged and recorded in a ledger.

    Credentials: with a key (--key-env, --key-stdin or CAB_KEY) the proxy uses it for every request, whatever
    the client sent; without one, the client's own goes through. Tokens of runs (cab-…) are always replaced.
    """
    if context.invoked_subcommand is not None:
        return
    if upstream is None and (control is None or runs):
        raise click.UsageError("--upstream URL is needed: the endpoint to forward to, e.g. http://host/v1")
    if (models or allow) and not runs:
        raise click.UsageError("--model and --allow are for runs that --run opens")
    with errors_to_exit_codes():
        settings = Settings(
            upstream=upstream,
            listen=listen or (("127.0.0.1", 8080) if upstream and not runs else None),
            ledger=ledger,
            key=read_key(key_env, from_stdin=key_stdin),
            control=control,
            admin=admin,
            live=live,
            runs=runs,
            models=models or None,
            allow=allow,
            connect_timeout_s=connect_timeout_s,
            ready_fd=1 if ready_fd is None and control else ready_fd,
            until_stdin_ends=until_stdin_ends,
            metering=metering_of(more),
            budget=budget_of(more),
        )
        uvloop.run(serve(settings))


@cli.command("run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option(
    "--upstream", metavar="URL", help="The endpoint of all calls [default: $CAB_ENDPOINT, else see above]."
)
@click.option(
    "--ledger", type=click.Path(path_type=Path, dir_okay=False), help="Keep the calls' records here."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one line of JSON.")
@key_env_option
@connect_timeout_option
@metering_options
@budget_options
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run_command(
    *,
    upstream: str | None,
    ledger: Path | None,
    as_json: bool,
    key_env: str | None,
    connect_timeout_s: float,
    command: tuple[str, ...],
    **more: Any,
) -> None:
    """Run CMD behind the meter, then print what its model calls came to, like `time`.

    CMD finds the proxy by the variables that SDKs and CLIs read: OPENAI_BASE_URL, ANTHROPIC_BASE_URL,
    GOOGLE_GEMINI_BASE_URL, OLLAMA_HOST, and their like. With --upstream or CAB_ENDPOINT calls of every API
    are led to that endpoint; without, those of the first provider of OpenAI, Anthropic and Google whose
    variables you have set, to where they go now. Other providers' calls are then not metered: for claude,
    say, with an OpenAI key in the environment too, give --upstream https://api.anthropic.com.

    CMD holds a token, not the key: that is CAB_KEY, or --key-env, or the provider's own variable
    (OPENAI_API_KEY, …), and stays in the proxy. Without a key, a CLI's login with its provider goes through.
    The summary goes to stderr; the exit code is CMD's.
    """
    with errors_to_exit_codes():
        endpoint, apis, key = find_endpoint(os.environ, upstream, read_key(key_env, from_stdin=False))
        wanted = Launch(
            command=command,
            upstream=endpoint,
            apis=apis,
            ledger=ledger,
            key=key,
            as_json=as_json,
            connect_timeout_s=connect_timeout_s,
            metering=metering_of(more),
            budget=budget_of(more),
        )
        sys.exit(uvloop.run(launch(wanted, say)))


cli.add_command(mitm_command)
