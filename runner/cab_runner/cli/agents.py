"""``cab agents``: what agents there are, and the images that hold them."""

from __future__ import annotations

import hashlib
import urllib.request
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from cab_runner import agents, images, waiting
from cab_runner.agents import Adapter
from cab_runner.cli import calibrate, wiring
from cab_runner.cli.common import json_option, print_json, print_table, progress_line
from cab_runner.errors import MachineLacks, UsageError
from cab_runner.images import Image, Progress

BUILDS_AT_ONCE = 3
"""Most of a build is waiting for a registry."""
DOWNLOAD_TIMEOUT_S = 60


@click.group("agents")
def agents_group() -> None:
    """The agents, and the images that hold them."""


@agents_group.command("list")
@json_option
def agents_list(as_json: bool) -> None:
    """Every agent with its version, wire protocol, and what is known to work."""
    found = [(adapter, agents.image_of(adapter)) for adapter in agents.all_adapters()]
    if as_json:
        print_json(
            [
                {
                    "name": adapter.name,
                    "version": adapter.version,
                    "protocol": adapter.protocol,
                    "source": adapter.install.source if adapter.install else None,
                    "packages": list(adapter.install.packages) if adapter.install else [],
                    "image": image.tag if image else None,
                    "verified": adapter.verified,
                    "own_files": list(adapter.own_files),
                    "deviation": dict(adapter.deviation),
                    "failure": adapter.failure,
                }
                for adapter, image in found
            ]
        )
        return
    print_table(
        ("agent", "version", "protocol", "from", "verified", "image"),
        [
            (
                adapter.name,
                adapter.version or "–",
                adapter.protocol or "–",
                adapter.install.source if adapter.install else "here",
                adapter.verified or "unverified",
                image.tag.rpartition(":")[2]
                if image
                else ("none needed" if adapter.install is None else "bring its binary"),
            )
            for adapter, image in found
        ],
    )


@agents_group.command("build", short_help="Build the agents' images.")
@click.argument("names", nargs=-1)
@click.option("--binary", metavar="LOCATION", help="File or https URL, for an agent that no registry has.")
@click.option("--sha256", metavar="HEX", help="Of that file.")
def agents_build(names: tuple[str, ...], binary: str | None, sha256: str | None) -> None:
    """Build the images of agents (default: all that come from registries), and those below them.

    Two each: codingagentbench/agent-NAME, in which the agent works, and on top of it
    codingagentbench/NAME, which carries cab, the proxy and the tasks. And codingagentbench/tasks, from which
    our tasks' own Dockerfiles start, for Harbor.
    """
    chosen = [agents.get(name) for name in names] if names else list(agents.all_adapters())
    if binary or sha256:
        wanted = [(chosen[0], agents.image_of(chosen[0], _download(chosen, binary, sha256)))]
    else:
        wanted = [(adapter, agents.image_of(adapter)) for adapter in chosen]
    lacking = [adapter for adapter, image in wanted if adapter.install and image is None]
    if names and lacking:
        raise MachineLacks(agents.how_to_build(lacking[0]))
    for adapter in lacking:
        click.echo(f"cab: {adapter.name} left out: {agents.how_to_build(adapter)}", err=True)
    with progress_line() as progress:
        found = [(adapter, image) for adapter, image in wanted if adapter not in lacking]
        for tag in build(
            [agents.base_of_tasks(), *(agents.carrying_image_of(*each) for each in found)], progress
        ):
            click.echo(tag)


def build(wanted: Iterable[Image], progress: Progress) -> Iterator[str]:
    """Build images and those below them, several at once; yields each tag. Raises as ``images.ensure``."""
    levels: dict[int, dict[str, Image]] = {}
    for image in wanted:
        _sort_in(image, levels)
    # from the bottom up, so that a shared one that fails ends it all
    with ThreadPoolExecutor(BUILDS_AT_ONCE) as threads:
        for _, level in sorted(levels.items()):
            yield from waiting.in_order(threads, lambda image: images.ensure(image, progress), level.values())


def _sort_in(image: Image, levels: dict[int, dict[str, Image]]) -> int:
    """Put an image, and all below it, into the levels; returns its own: above all that it stands on."""
    level = 1 + max((_sort_in(parent, levels) for parent in image.below.values()), default=0)
    levels.setdefault(level, {})[image.tag] = image
    return level


def _download(chosen: list[Adapter], binary: str | None, sha256: str | None) -> bytes:
    """The binary, its checksum looked at. Raises :class:`UsageError` for anything else."""
    if binary is None or sha256 is None:
        raise UsageError("--binary and --sha256 go together")
    if len(chosen) != 1 or chosen[0].install is None or chosen[0].install.source != "binary":
        raise UsageError("--binary is for one agent that no registry has: see `cab agents list`")
    try:
        if "://" in binary:
            if not binary.startswith("https://"):
                raise UsageError(f"--binary {binary}: give a file, or an https URL")
            with urllib.request.urlopen(binary, timeout=DOWNLOAD_TIMEOUT_S) as response:  # noqa: S310  # https only
                data: bytes = response.read()
        else:
            data = Path(binary).read_bytes()
    except OSError as error:
        raise UsageError(f"--binary {binary}: {getattr(error, 'reason', None) or error.strerror}") from None
    if hashlib.sha256(data).hexdigest() != sha256.lower():
        raise UsageError(f"--binary {binary} is {hashlib.sha256(data).hexdigest()}, not what --sha256 says")
    return data


for command in (*wiring.COMMANDS, *calibrate.COMMANDS):
    agents_group.add_command(command)

COMMANDS = (agents_group,)
