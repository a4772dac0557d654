"""The script: which edits each simulated model makes, and what it says at the end.

A file is JSON::

    {"schema_version": 1, "task": "<category>/<slug>",
     "models": {"oracle": {"edits": [{"path": "src/x.py", "before": "…", "after": "…", "mode": "100644"}],
                           "say": "Fixed.", "prefer": "shell"},
                "cheat:1": {…}}}

Invariants, held by the records themselves, so that whoever makes a script hears of it at once:

* Paths are relative to the workspace, and each file is edited once.
* Only regular text files are played: a symbolic link, a submodule or bytes that are not UTF-8 are a
  :class:`ScriptError`, never a silent omission.
* ``null`` needs no script; it is always there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal

from cab_sim.errors import ScriptError

SCHEMA_VERSION: Final = 1
"""Version of the script file. Older ones are accepted."""

Prefer = Literal["shell", "edit"]

_MODEL: Final = re.compile(r"oracle|cheat:[a-z1-9][a-z0-9-]*")
_TASK: Final = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One file's way from before to after."""

    path: str
    """Relative to the workspace, with forward slashes."""
    before: str | None
    """The file's text now; ``None`` when there is no such file yet."""
    after: str | None
    """The text it is to have; ``None`` when it is to be deleted."""
    mode: str = "100644"
    """Git's mode of the file afterwards: ``100644`` or ``100755``."""

    def __post_init__(self) -> None:
        path = PurePosixPath(self.path)
        if (
            not path.parts
            or path.is_absolute()
            or str(path) != self.path
            or ".." in path.parts
            or not self.path.isprintable()
        ):
            raise ScriptError(f"edit path {self.path!r} is not a plain path relative to the workspace")
        if self.before is None and self.after is None:
            raise ScriptError(f"edit of {self.path}: before and after are both null; leave it out")
        if self.mode not in {"100644", "100755"}:
            raise ScriptError(
                f"edit of {self.path}: mode {self.mode!r} is not played; "
                "the simulator knows regular text files only (100644, 100755)"
            )
        for text in (self.before, self.after):
            if text is not None and not _is_text(text):
                raise ScriptError(
                    f"edit of {self.path}: the simulator plays UTF-8 text files without NUL only"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelScript:
    """What one simulated model does."""

    edits: tuple[Edit, ...] = ()
    """In the order in which they are made."""
    say: str = "Done."
    """The final text."""
    prefer: Prefer = "shell"
    """Which kind of tool to use where an agent offers both."""

    def __post_init__(self) -> None:
        paths = [edit.path for edit in self.edits]
        for path in paths:
            if paths.count(path) > 1:
                raise ScriptError(f"{path} is edited twice; put both changes into one edit")
        if self.prefer not in {"shell", "edit"}:
            raise ScriptError(f"prefer is {self.prefer!r}; it is 'shell' or 'edit'")


NULL_MODEL: Final = ModelScript(say="I leave everything as it is.")
"""The model ``null``: it ends at once and touches nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The models that a simulator plays for one task."""

    task: str
    """``<category>/<slug>``."""
    models: Mapping[str, ModelScript] = field(default_factory=dict)
    """``oracle``, ``cheat:<n>`` and ``cheat:<name>``."""

    def __post_init__(self) -> None:
        if not _TASK.fullmatch(self.task):
            raise ScriptError(f"task {self.task!r} is not <category>/<slug>")
        for name in self.models:
            if not _MODEL.fullmatch(name):
                raise ScriptError(
                    f"model {name!r} cannot be scripted; names are oracle, cheat:<n> and cheat:<name>"
                )

    @classmethod
    def parse(cls, data: bytes) -> Script:
        """Read a script's bytes. Raises :class:`ScriptError`."""
        try:
            raw = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise ScriptError(f"not JSON ({error})") from None
        top = _object(raw, "the script", {"schema_version", "task", "models"})
        version = top.get("schema_version")
        if not isinstance(version, int) or not 1 <= version <= SCHEMA_VERSION:
            raise ScriptError(f"schema_version is {version!r}; this program reads {SCHEMA_VERSION}")
        models = top.get("models", {})
        if not isinstance(models, dict):
            raise ScriptError("models is not an object")
        return cls(
            task=_text(top, "task", "the script"),
            models={name: _model(model, f"model {name}") for name, model in models.items()},
        )

    @classmethod
    def load(cls, path: Path) -> Script:
        """Read a script file. Raises :class:`ScriptError`, which names the file."""
        try:
            return cls.parse(path.read_bytes())
        except OSError as error:
            raise ScriptError(f"cannot read the script {path}: {error.strerror}") from None
        except ScriptError as error:
            raise ScriptError(f"script {path}: {error}") from None

    def encode(self) -> bytes:
        """The script as :meth:`parse` reads it."""
        raw = {
            "schema_version": SCHEMA_VERSION,
            "task": self.task,
            "models": {name: asdict(model) for name, model in self.models.items()},
        }
        return json.dumps(raw, ensure_ascii=False, indent=1).encode() + b"\n"

    def dump(self, path: Path) -> None:
        """Write the script file."""
        path.write_bytes(self.encode())


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _object(raw: object, where: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise ScriptError(f"{where} is not an object")
    if unknown := sorted(set(raw) - known):
        raise ScriptError(f"{where} has an unknown key {unknown[0]!r}; known are {', '.join(sorted(known))}")
    return raw


def _text(raw: dict[str, Any], key: str, where: str) -> str:
    value = raw.get(key)
    if not isinstance(value, str):
        raise ScriptError(f"{where}: {key} is not a string")
    return value


def _model(raw: object, where: str) -> ModelScript:
    model = _object(raw, where, {"edits", "say", "prefer"})
    edits = model.get("edits", [])
    if not isinstance(edits, list):
        raise ScriptError(f"{where}: edits is not a list")
    settings = {key: _text(model, key, where) for key in ("say", "prefer") if key in model}
    parsed = tuple(_edit(edit, f"{where}: edit {number}") for number, edit in enumerate(edits, start=1))
    try:
        return ModelScript(edits=parsed, **settings)  # type: ignore[arg-type]  # prefer is checked there
    except ScriptError as error:
        raise ScriptError(f"{where}: {error}") from None


def _edit(raw: object, where: str) -> Edit:
    edit = _object(raw, where, {"path", "before", "after", "mode"})
    for key in ("before", "after"):
        if key not in edit:
            raise ScriptError(f"{where}: {key} is missing; it is the file's text, or null for no file")
        if not isinstance(edit[key], str | None):
            raise ScriptError(f"{where}: {key} is neither a string nor null; only text files are played")
    mode = _text(edit, "mode", where) if "mode" in edit else "100644"
    return Edit(path=_text(edit, "path", where), before=edit["before"], after=edit["after"], mode=mode)
