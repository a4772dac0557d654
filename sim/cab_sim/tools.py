"""How scripted edits go through the tools that an agent offers.

Tools are recognised by their schema first and their name second, since agents agree on neither:
a *shell* takes a ``command``, a *writer* a path and a whole content, an *editor* a path, an old and a
new text, a *patcher* one patch in the ``*** Begin Patch`` form, and an *all-in-one* (``str_replace_editor``)
is writer and editor under a ``command`` with fixed values. Parameters beyond these that a schema requires are
filled with the mildest value that it allows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cab_sim import shell
from cab_sim.conversation import Tool, ToolCall
from cab_sim.script import Edit, ModelScript

_SHELL_NAME: Final = re.compile(r"bash|shell|terminal|exec|command|^sh$|^cmd$", re.IGNORECASE)
_COMMAND: Final = ("command", "cmd")
_PATH: Final = (
    "path",
    "file_path",
    "filePath",
    "filepath",
    "absolute_path",
    "target_file",
    "file",
    "filename",
)
_CONTENT: Final = ("content", "contents", "file_text", "file_content", "text")
_OLD: Final = ("old_string", "oldString", "old_str", "oldText", "old_text")
_NEW: Final = ("new_string", "newString", "new_str", "newText", "new_text")
_PATCH: Final = ("patch", "patchText", "patch_text", "input")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPlan:
    """The calls that make all edits, in order."""

    steps: tuple[ToolCall, ...]
    left_out: tuple[str, ...] = ()
    """Paths of edits that no offered tool can make."""


def plan(
    tools: Sequence[Tool], script: ModelScript, root: str | None, last_command: str | None = None
) -> ToolPlan | None:
    """How to play a script through these tools; ``None`` when none of them can touch a file.

    ``root`` is the workspace's absolute path, where the conversation tells it: some edit tools insist
    on absolute paths. ``last_command`` is the one that ends the work, where an agent wants to be told so by
    one. The same tools and script always give the same plan.
    """
    kit = _Kit(tools, root)
    has_editing = bool(kit.writer or kit.editor or kit.all_in_one or kit.patcher)
    if kit.shell and (script.prefer == "shell" or not has_editing):
        steps = [kit.run(command, edit) for edit in script.edits for command in shell.commands(edit)]
        if last_command:
            steps.append(kit.run(last_command))
        return ToolPlan(steps=tuple(steps))
    if not has_editing:
        return None
    played = [(edit, kit.edit(edit)) for edit in script.edits]
    return ToolPlan(
        steps=tuple(call for _, calls in played for call in calls),
        left_out=tuple(edit.path for edit, calls in played if not calls),
    )


class _Kit:
    """The tools of one request, sorted by what they do."""

    def __init__(self, tools: Iterable[Tool], root: str | None) -> None:
        self.root = root
        self.shell: Tool | None = None
        self.writer: Tool | None = None
        self.editor: Tool | None = None
        self.all_in_one: Tool | None = None
        self.patcher: Tool | None = None
        self.reader: Tool | None = None
        for tool in tools:
            kind = _kind(tool)
            if kind and getattr(self, kind) is None:
                setattr(self, kind, tool)

    def run(self, command: str, edit: Edit | None = None) -> ToolCall:
        """A shell call."""
        assert self.shell is not None
        name = _pick(self.shell, _COMMAND)
        assert name is not None
        is_list = _type(self.shell.properties[name]) == "array"
        return self._call(self.shell, {name: ["sh", "-c", command] if is_list else command}, edit)

    def edit(self, edit: Edit) -> list[ToolCall]:
        """The calls of one edit without a shell; empty when it cannot be made."""
        if edit.mode == "100755" and edit.before is None:
            return []  # no edit tool sets a mode
        change = self._change(edit)
        if change is None:
            return []
        if self.reader is None or edit.before is None:
            return [change]
        # some agents refuse to change a file that the model has not read
        return [self._call(self.reader, {_need(self.reader, _PATH): self._path(edit)}, edit), change]

    def _change(self, edit: Edit) -> ToolCall | None:
        if edit.after is not None and self.writer and not self._is_refused(edit, self.writer):
            path, content = _need(self.writer, _PATH), _need(self.writer, _CONTENT)
            return self._call(self.writer, {path: self._path(edit), content: edit.after}, edit)
        if edit.after is not None and self.all_in_one:
            return self._all_in_one(self.all_in_one, edit)
        if edit.before and edit.after is not None and self.editor:
            tool = self.editor
            texts = {_need(tool, _OLD): edit.before, _need(tool, _NEW): edit.after}
            return self._call(tool, {_need(tool, _PATH): self._path(edit), **texts}, edit)
        if self.patcher and (text := patch(edit)) is not None:
            return self._call(self.patcher, {_need(self.patcher, _PATCH): text}, edit)
        return None

    def _is_refused(self, edit: Edit, writer: Tool) -> bool:
        """A ``create`` beside an editor takes no file that is there already."""
        return edit.before is not None and self.editor is not None and writer.name.lower() == "create"

    def _all_in_one(self, tool: Tool, edit: Edit) -> ToolCall | None:
        path = {_need(tool, _PATH): self._path(edit)}
        if edit.before is None:
            content = {_need(tool, _CONTENT): edit.after}
            return self._call(tool, {"command": "create", **path, **content}, edit)
        if not edit.before:
            return None  # there is nothing in an empty file that could be replaced
        texts = {_need(tool, _OLD): edit.before, _need(tool, _NEW): edit.after}
        return self._call(tool, {"command": "str_replace", **path, **texts}, edit)

    def _path(self, edit: Edit) -> str:
        return f"{self.root.rstrip('/')}/{edit.path}" if self.root else edit.path

    def _call(self, tool: Tool, arguments: Mapping[str, Any], edit: Edit | None) -> ToolCall:
        missing = sorted(tool.required - set(arguments))
        filled = {name: self._fill(name, tool.properties.get(name, {}), edit) for name in missing}
        return ToolCall(name=tool.name, arguments=json.dumps({**arguments, **filled}, ensure_ascii=False))

    def _fill(self, name: str, schema: Mapping[str, Any], edit: Edit | None) -> Any:  # any JSON value
        if "default" in schema:
            return schema["default"]
        if choices := schema.get("enum"):
            return "LOW" if "LOW" in choices else choices[0]
        match _type(schema):
            case "boolean":
                return False
            case "integer" | "number":
                return _number(name, schema)
            case "array":
                return []
            case "object":
                return {}
        is_folder = re.search(r"dir|cwd", name, re.IGNORECASE) is not None
        return (self.root or ".") if is_folder else f"Change {edit.path}" if edit else "Finish"


def _number(name: str, schema: Mapping[str, Any]) -> float:
    if "timeout" in name.lower():
        in_ms = re.search(r"\bms\b|millisecond", f"{name} {schema.get('description')}", re.IGNORECASE)
        return 60_000 if in_ms else 60
    low = schema.get("minimum")
    return low if isinstance(low, int | float) else 0


def _kind(tool: Tool) -> str | None:
    """Which of :class:`_Kit`'s places a tool takes."""
    path, content = _pick(tool, _PATH), _pick(tool, _CONTENT)
    old, new = _pick(tool, _OLD), _pick(tool, _NEW)
    command = _pick(tool, _COMMAND)
    values = tool.properties[command].get("enum", ()) if command else ()
    if path and content and old and new and {"create", "str_replace"} <= set(values):
        return "all_in_one"
    if command and not values and _SHELL_NAME.search(tool.name):
        return "shell"
    if path and old and new:
        return "editor"
    if path and content and re.search(r"write|create", tool.name, re.IGNORECASE):
        return "writer"
    if "patch" in tool.name.lower() and _pick(tool, _PATCH):
        return "patcher"
    return "reader" if path and re.match(r"read|view", tool.name, re.IGNORECASE) else None


def _pick(tool: Tool, names: Iterable[str]) -> str | None:
    return next((name for name in names if name in tool.properties), None)


def _need(tool: Tool, names: Iterable[str]) -> str:
    return next(name for name in names if name in tool.properties)


def _type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((entry for entry in kind if entry != "null"), None)
    if kind is None:
        options = [option for option in schema.get("anyOf", ()) if isinstance(option, dict)]
        return next((found for option in options if (found := _type(option)) != "null"), "string")
    return str(kind)


def patch(edit: Edit) -> str | None:
    """The edit in the ``*** Begin Patch`` form, which ends every file with a newline; ``None`` for
    what it cannot say.
    """
    if edit.after is None:
        body = f"*** Delete File: {edit.path}\n"
    elif not edit.after.endswith("\n") or "\r" in edit.after or edit.before == "":
        return None
    elif edit.before is None:
        body = f"*** Add File: {edit.path}\n{_prefixed('+', edit.after)}"
    else:
        lines = _prefixed("-", edit.before) + _prefixed("+", edit.after)
        body = f"*** Update File: {edit.path}\n@@\n{lines}"
    return f"*** Begin Patch\n{body}*** End Patch"


def _prefixed(sign: str, text: str) -> str:
    return "".join(f"{sign}{line}\n" for line in text.removesuffix("\n").split("\n"))
