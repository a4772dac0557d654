"""The runs that one simulator serves at once: what each is played, and what it was served.

Each of many has a folder with ``script.json`` and, once it was called, ``calls.jsonl``, and is known for as
long as its script is there. All that a call depends on is in these files and the run's name: a run that was
forgotten meanwhile, or whose simulator died, goes on where it was. So few are kept in memory.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cab_sim.calls import CallLog
from cab_sim.errors import RequestError, ScriptError
from cab_sim.script import NULL_MODEL, ModelScript, Script

SCRIPT: Final = "script.json"
CALLS: Final = "calls.jsonl"
KEPT: Final = 256
"""Runs that are kept in memory, those that were last called; more than are called at once."""

_NAME: Final = re.compile(r"(?!\.+\Z)[A-Za-z0-9._-]{1,255}")


class Run:
    """One run."""

    def __init__(self, script: Script | None, log: CallLog, name: str = "") -> None:
        self.name = name
        self.log = log
        self.models: Mapping[str, ModelScript] = {
            "oracle": ModelScript(),
            **(script.models if script else {}),
            "null": NULL_MODEL,
        }
        """Every model that is served."""
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def model(self, name: str) -> ModelScript:
        """What a model does. Raises :class:`RequestError`."""
        if name not in self.models:
            known = ", ".join(self.models)
            text = f"The model '{name}' does not exist; known are {known}."
            raise RequestError(text, status=404, code="model_not_found")
        return self.models[name]

    @contextmanager
    def call(self) -> Iterator[None]:
        """While a call is served."""
        self._in_flight += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._idle.set()

    async def drained(self) -> None:
        """Return when no call is served any more."""
        await self._idle.wait()


class Runs:
    """The runs whose folders lie in ``folder``. No name is used twice: what is kept may outlast a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, Run] = {}

    def find(self, name: str) -> Run:
        """The run of that name. Raises :class:`RequestError`."""
        folder = self._folder / name
        if not _NAME.fullmatch(name) or not (folder / SCRIPT).exists():
            self.forget(name)
            raise RequestError(f"The run '{name}' does not exist.", status=404, code="run_not_found")
        run = self._kept.pop(name, None) or _opened(folder)
        self._kept[name] = run  # the last one is the one last called
        if len(self._kept) > KEPT:
            self.forget(next(iter(self._kept)))
        return run

    def forget(self, name: str) -> None:
        """Free what is kept of a run; it is read again when it is called again."""
        self._kept.pop(name, None)


def _opened(folder: Path) -> Run:
    try:
        script = Script.parse((folder / SCRIPT).read_bytes())
    except ScriptError as error:
        raise RequestError(f"{SCRIPT} of the run '{folder.name}': {error}", status=500) from None
    return Run(script, CallLog(folder / CALLS, resumes=True), folder.name)
