"""Tools as real agents declare them, and the calls that are made of them."""

import json
from typing import Any

import pytest

from cab_sim.conversation import Tool, ToolCall
from cab_sim.script import Edit, ModelScript
from cab_sim.tools import patch, plan

NEW = Edit(path="src/new.py", before=None, after="x\n")
OLD = Edit(path="src/old.py", before="a\n", after="b\n")
GONE = Edit(path="gone.py", before="a\n", after=None)


def tool(name: str, *required: str, **properties: Any) -> Tool:
    schemas = {key: {"type": "string"} if kind is str else kind for key, kind in properties.items()}
    return Tool(name=name, description="", properties=schemas, required=frozenset(required), source="")


BASH = tool("bash", "command", "description", command=str, description=str, timeout={"type": "number"})
WRITE = tool("write", "filePath", "content", filePath=str, content=str)
READ = tool("read", "filePath", filePath=str, offset={"type": "number"})
EDIT = tool("edit", "filePath", "oldString", "newString", filePath=str, oldString=str, newString=str)
EDITOR = tool(
    "str_replace_editor",
    "command",
    "path",
    command={"type": "string", "enum": ["view", "create", "str_replace", "insert"]},
    path=str,
    file_text=str,
    old_str=str,
    new_str=str,
)
APPLY_PATCH = tool("apply_patch", "input", input=str)
NOTES = tool("todo_write", "todos", todos={"type": "array"})


def calls(tools: list[Tool], *edits: Edit, root: str | None = None, **settings: Any) -> list[tuple[str, Any]]:
    made = plan(tools, ModelScript(edits=edits, **settings), root)
    assert made is not None
    return [(step.name, json.loads(step.arguments)) for step in made.steps]


def test_the_shell_is_taken_first() -> None:
    (made,) = calls([WRITE, BASH, EDIT], OLD)
    assert made[0] == "bash"
    assert made[1]["command"].startswith("cat > src/old.py")
    assert made[1]["description"] == "Change src/old.py"
    assert "timeout" not in made[1]


@pytest.mark.parametrize(
    ("shell", "arguments"),
    [
        (
            tool("shell", "command", command={"type": "array", "items": {"type": "string"}}),
            {"command": ["sh", "-c"]},
        ),
        (tool("local_shell", "cmd", cmd=str), {}),
        (
            tool(
                "execute_bash",
                "command",
                "security_risk",
                command=str,
                security_risk={"type": "string", "enum": ["UNKNOWN", "LOW", "HIGH"]},
            ),
            {"security_risk": "LOW"},
        ),
        (
            tool(
                "run_shell_command",
                "command",
                "is_background",
                command=str,
                is_background={"type": "boolean"},
            ),
            {"is_background": False},
        ),
        (
            tool(
                "terminal",
                "command",
                "timeout",
                "cwd",
                "env",
                "tags",
                "mode",
                "lines",
                command={"anyOf": [{"type": "null"}, {"type": "string"}]},
                timeout={"type": ["null", "integer"], "description": "in milliseconds"},
                cwd=str,
                env={"type": "object"},
                tags={"type": "array"},
                mode={"enum": ["a", "b"]},
                lines={"type": "integer", "minimum": 3},
            ),
            {"timeout": 60_000, "cwd": "/w", "env": {}, "tags": [], "mode": "a", "lines": 3},
        ),
        (
            tool("execute_command", "command", "timeout", command=str, timeout={"type": "number"}),
            {"timeout": 60},
        ),
        (tool("bash", "command", "x", command=str, x={"type": "integer", "default": 9}), {"x": 9}),
    ],
)
def test_required_parameters_are_filled(shell: Tool, arguments: dict[str, Any]) -> None:
    ((_, made),) = calls([shell], OLD, root="/w")
    command = made.pop("command", made.pop("cmd", None))
    if isinstance(command, list):
        assert command[:2] == arguments.pop("command")
        command = command[2]
    assert command.startswith("cat > src/old.py")
    assert made == arguments


def test_a_command_of_fixed_values_is_no_shell() -> None:
    tracker = tool("command_tracker", "command", command={"type": "string", "enum": ["view", "plan"]})
    assert plan([tracker, NOTES], ModelScript(edits=(OLD,)), None) is None


def test_a_writer_writes_whole_files_and_reads_existing_ones_first() -> None:
    assert calls([READ, EDIT, WRITE], OLD, NEW, root="/w/") == [
        ("read", {"filePath": "/w/src/old.py"}),
        ("write", {"filePath": "/w/src/old.py", "content": "b\n"}),
        ("write", {"filePath": "/w/src/new.py", "content": "x\n"}),
    ]


def test_prefer_edit_passes_the_shell_by() -> None:
    assert calls([BASH, WRITE], NEW, prefer="edit") == [
        ("write", {"filePath": "src/new.py", "content": "x\n"})
    ]
    assert calls([BASH, NOTES], NEW, prefer="edit")[0][0] == "bash"


def test_an_editor_replaces_the_whole_text() -> None:
    assert calls([EDIT], OLD) == [
        ("edit", {"filePath": "src/old.py", "oldString": "a\n", "newString": "b\n"})
    ]


def test_a_create_beside_an_editor_is_for_new_files() -> None:
    create = tool("create", "path", "file_text", path=str, file_text=str)
    made = calls([create, EDIT], OLD, NEW)
    assert [name for name, _ in made] == ["edit", "create"]
    assert calls([create], OLD) == [("create", {"path": "src/old.py", "file_text": "b\n"})]


def test_an_all_in_one_creates_and_replaces() -> None:
    assert calls([EDITOR], OLD, NEW) == [
        (
            "str_replace_editor",
            {"command": "str_replace", "path": "src/old.py", "old_str": "a\n", "new_str": "b\n"},
        ),
        ("str_replace_editor", {"command": "create", "path": "src/new.py", "file_text": "x\n"}),
    ]


def test_a_patch_says_all_three() -> None:
    assert [made["input"] for _, made in calls([APPLY_PATCH], OLD, NEW, GONE)] == [
        "*** Begin Patch\n*** Update File: src/old.py\n@@\n-a\n+b\n*** End Patch",
        "*** Begin Patch\n*** Add File: src/new.py\n+x\n*** End Patch",
        "*** Begin Patch\n*** Delete File: gone.py\n*** End Patch",
    ]


@pytest.mark.parametrize("after", ["no newline", "a\r\n", ""])
def test_a_patch_is_not_bent(after: str) -> None:
    assert patch(Edit(path="x", before="a\n", after=after)) is None


def test_what_no_tool_can_do_is_named() -> None:
    script = ModelScript(
        edits=(
            GONE,
            Edit(path="run.sh", before=None, after="x\n", mode="100755"),
            Edit(path="empty.py", before="", after="x\n"),
            OLD,
        )
    )
    made = plan([EDITOR], script, None)
    assert made is not None
    assert made.left_out == ("gone.py", "run.sh", "empty.py")
    assert len(made.steps) == 1


def test_the_plan_is_the_same_every_time() -> None:
    script = ModelScript(edits=(OLD, NEW))
    assert plan([READ, WRITE], script, "/w") == plan([READ, WRITE], script, "/w")
    assert isinstance(plan([BASH], script, None).steps[0], ToolCall)  # type: ignore[union-attr]  # it has a shell
