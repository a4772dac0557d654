"""The options that say which agent an attempt is of, and what is laid over it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from cab_runner import agent_command, agents
from cab_runner.agents.base import Adapter, WireProtocol
from cab_runner.cli.common import together
from cab_runner.errors import UsageError

_OPTIONS = (
    click.option("-a", "--agent", "--tui", "agent", help="See `cab agents list`."),
    click.option(
        "--agent-cmd",
        metavar="COMMAND",
        help="Any other agent, by its command line: 'mycli --url {base_url} --model {model} {prompt}'.",
    ),
    click.option("--image", metavar="REF", help="With --agent-cmd: the docker image that holds it."),
    click.option(
        "--agent-name", metavar="NAME", help="With --agent-cmd: its name in records. Default: the program's."
    ),
    click.option(
        "--agent-env", metavar="KEY=TEMPLATE", multiple=True, help="With --agent-cmd: a variable for it."
    ),
    click.option(
        "--agent-file",
        metavar="PATH=FILE",
        multiple=True,
        help="With --agent-cmd: a file for its HOME, made from a local template.",
    ),
    click.option(
        "--agent-protocol",
        type=click.Choice(get_args(WireProtocol)),
        help="With --agent-cmd: what it speaks; only recorded.",
    ),
    click.option(
        "--own-files", metavar="GLOB", multiple=True, help="With --agent-cmd: its own files in a workspace."
    ),
)
_OVERLAYS = (
    click.option(
        "--plugin",
        "plugins",
        metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False),
        multiple=True,
        help="An overlay on the agent (docs/plugins.md); applied in the order given.",
    ),
    click.option(
        "--strict-factory", is_flag=True, help="Leave out what the agent's adapter sets beyond its defaults."
    ),
)
_OF_A_COMMAND = ("image", "agent_name", "agent_env", "agent_file", "agent_protocol", "own_files")


overlay_options = together(*_OVERLAYS)
"""Those that are laid over any agent."""
agent_options = together(*_OPTIONS, overlay_options)


def adapter_of(given: dict[str, Any]) -> Adapter:
    """The adapter that was asked for. Raises :class:`UsageError`."""
    if (given["agent"] is None) == (given["agent_cmd"] is None):
        raise UsageError("give one: --agent NAME (`cab agents list`), or --agent-cmd 'COMMAND' of any other")
    if given["agent"] is not None:
        if misplaced := [name for name in _OF_A_COMMAND if given[name]]:
            raise UsageError(f"--{misplaced[0].replace('_', '-')} works with --agent-cmd only")
        return agents.get(given["agent"])
    return agent_command.adapter(
        given["agent_cmd"],
        name=given["agent_name"],
        image=given["image"],
        protocol=given["agent_protocol"],
        env=agent_command.env_of(given["agent_env"]),
        files=agent_command.files_of(given["agent_file"]),
        own_files=given["own_files"],
    )
