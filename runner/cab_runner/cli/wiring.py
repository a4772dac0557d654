"""``cab agents wire``: an installed agent CLI at any endpoint, through the meter."""

from __future__ import annotations

import click

from cab_runner import agents, byo, endpoints
from cab_runner.cli.common import json_option, print_json
from cab_runner.errors import UsageError


@click.command("wire", short_help="How to point an installed agent at your endpoint, metered.")
@click.argument("name")
@click.option("--endpoint", envvar="CAB_ENDPOINT", help="…/v1 URL. Default: CAB_ENDPOINT.")
@click.option("-m", "--model", help="Model id as the endpoint knows it. Default: the text asks for MODEL.")
@click.option(
    "--key-env", metavar="NAME", help="Variable that holds the endpoint's key. Default: CAB_KEY, if set."
)
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="Of the meter, locally."
)
@json_option
def wire(
    *, name: str, endpoint: str | None, model: str | None, key_env: str | None, port: int, as_json: bool
) -> None:
    """Print what points an installed agent CLI at any endpoint through cab-proxy.

    It is text for `sh`: the meter's command, the agent's files, its exact environment, its command.
    """
    adapter = agents.get(name)
    if not endpoint or (url := endpoints.parse(endpoint)) in (endpoints.SIMULATOR, endpoints.LOCAL):
        raise UsageError("give --endpoint the URL of an endpoint, …/v1 (or set CAB_ENDPOINT)")
    made = byo.recipe(adapter, url, model=model, key_env=key_env, port=port)
    if as_json:
        print_json(made.to_json())
    else:
        click.echo(byo.script(made), nl=False)


COMMANDS = (wire,)
