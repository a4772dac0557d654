"""Every agent for real: its CLI in its image, in the docker sandbox, against the simulator.

Beside the edit, this holds two counts together: what the simulator served and what the agent claims.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import pytest

from cab_runner import agents, workspace
from cab_runner.agents import Adapter
from cab_runner.capture import Capture
from cab_runner.sandbox.base import Folders, Job, Limits, Outcome
from cab_runner.sandbox.docker import DockerSandbox
from cab_runner.sandbox.staging import Staging
from cab_sim.script import Edit, ModelScript, Script
from cab_sim.server import SimConfig, serving

from .conftest import CONTEXT

pytestmark = [pytest.mark.docker, pytest.mark.agents]

PROMPT = 'Make "a.py" print 2.\nNothing else.'
SCRIPT = Script(
    task="test/agent",
    models={"oracle": ModelScript(edits=(Edit(path="a.py", before="print(1)\n", after="print(2)\n"),))},
)


@asynccontextmanager
async def door_to(url: str, path: Path) -> AsyncIterator[None]:
    """A Unix socket that leads to an endpoint, as the meter's does."""
    where = urlsplit(url)

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream = await asyncio.open_connection(where.hostname, where.port)
        await asyncio.gather(copy(reader, upstream), copy(upstream_reader, writer), return_exceptions=True)
        for end in (writer, upstream):
            end.close()

    async with await asyncio.start_unix_server(relay, sock=listening(path)):
        yield


def listening(path: Path) -> socket.socket:
    """A socket that the forwarder can reach as any user."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o666)
    return listener


def start(adapter: Adapter, staging: Staging, door: Path) -> tuple[Outcome, Capture, Folders]:
    folders = Folders(workspace=staging.folder("workspace"), home=staging.folder("home"))
    source = staging.folder("source")
    (source / "a.py").write_text("print(1)\n")
    workspace.prepare(source, folders.workspace)
    sandbox, capture = DockerSandbox(), Capture()
    layout = sandbox.layout(folders)
    wiring = adapter.wire(replace(CONTEXT, prompt=PROMPT, model="oracle", layout=layout))
    for name, text in wiring.files.items():
        (folders.home / name).parent.mkdir(parents=True, exist_ok=True)
        (folders.home / name).write_text(text)
    staging.hand_over(folders.workspace, folders.home)
    job = Job(
        name=f"test-{adapter.name}",
        role="agent",
        command=wiring.command,
        env=wiring.env,
        layout=layout,
        folders=folders,
        limits=Limits(wall_s=180),
        image=(agents.image_of(adapter) or agents.toolchains()).tag,
        door=door,
    )
    return sandbox.run(job, capture, Event()), capture, folders


@pytest.mark.parametrize("adapter", agents.installable(), ids=lambda adapter: adapter.name)
def test_an_agent_edits_a_file_and_claims_what_was_served(adapter: Adapter) -> None:
    async def attempt(staging: Staging) -> None:
        door = staging.folder("door")
        door.chmod(0o777)
        async with serving(SimConfig(script=SCRIPT)) as sim, door_to(sim.url, door / "d.sock"):
            outcome, capture, folders = await asyncio.to_thread(start, adapter, staging, door / "d.sock")
            served = list(sim.log.calls)
        said = f"{capture.stdout.decode()}\n{capture.stderr.decode()}"
        assert outcome.exit_code == 0, said
        assert (folders.workspace / "a.py").read_text() == "print(2)\n", said
        claim = adapter.claim(capture.stdout.decode(), folders.home)
        assert claim, said
        assert claim.tokens.input == sum(call.prompt_tokens or 0 for call in served)
        assert claim.tokens.output == sum(call.completion_tokens or 0 for call in served)
        assert served

    with Staging() as staging:
        asyncio.run(attempt(staging))
