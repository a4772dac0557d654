"""The script file: what it holds, and what is said of one that cannot be played."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_sim.errors import ScriptError
from cab_sim.script import Edit, ModelScript, Script

TEXT = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"))


def raw(**edit: Any) -> dict[str, Any]:
    edit = {"path": "src/x.py", "before": "a\n", "after": "b\n"} | edit
    return {"schema_version": 1, "task": "mutations/x", "models": {"oracle": {"edits": [edit]}}}


def test_reads_what_the_documentation_shows() -> None:
    data = raw(mode="100755")
    data["models"]["cheat:1"] = {"say": "Ha.", "prefer": "edit"}
    script = Script.parse(json.dumps(data).encode())
    edit = Edit(path="src/x.py", before="a\n", after="b\n", mode="100755")
    assert script == Script(
        task="mutations/x",
        models={"oracle": ModelScript(edits=(edit,)), "cheat:1": ModelScript(say="Ha.", prefer="edit")},
    )


@given(before=TEXT, after=TEXT, say=st.text(st.characters(codec="utf-8")))
def test_what_is_written_is_read_back(before: str | None, after: str | None, say: str) -> None:
    edits = () if before is None and after is None else (Edit(path="a/b c", before=before, after=after),)
    script = Script(task="integrity/x-1", models={"oracle": ModelScript(edits=edits, say=say)})
    assert Script.parse(script.encode()) == script


def test_dump_and_load_use_a_file(tmp_path: Path) -> None:
    models = {"cheat:12": ModelScript(say="é"), "cheat:pass-line": ModelScript()}
    script = Script(task="polyglot/go", models=models)
    script.dump(tmp_path / "s.json")
    assert Script.load(tmp_path / "s.json") == script


def test_load_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"cannot read the script .*none\.json: No such file"):
        Script.load(tmp_path / "none.json")
    (tmp_path / "bad.json").write_bytes(b"{")
    with pytest.raises(ScriptError, match=r"script .*bad\.json: not JSON"):
        Script.load(tmp_path / "bad.json")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "the script is not an object"),
        ({"schema_version": 2, "task": "a/b"}, "schema_version is 2; this program reads 1"),
        ({"schema_version": 1, "task": "a/b", "model": {}}, "unknown key 'model'"),
        ({"schema_version": 1}, "task is not a string"),
        ({"schema_version": 1, "task": "x"}, "task 'x' is not <category>/<slug>"),
        ({"schema_version": 1, "task": "a/b", "models": []}, "models is not an object"),
        ({"schema_version": 1, "task": "a/b", "models": {"null": {}}}, "model 'null' cannot be scripted"),
        (
            {"schema_version": 1, "task": "a/b", "models": {"cheat:0": {}}},
            "model 'cheat:0' cannot be scripted",
        ),
        ({"schema_version": 1, "task": "a/b", "models": {"oracle": {"edits": 1}}}, "edits is not a list"),
        ({"schema_version": 1, "task": "a/b", "models": {"oracle": {"prefer": "x"}}}, "prefer is 'x'"),
        (raw(before=None, after=None), "both null"),
        (raw(after={"base64": "AA=="}), "model oracle: edit 1: after is neither a string nor null"),
        (raw(after="a\0b"), "UTF-8 text files without NUL only"),
        (raw(after="\ud800"), "UTF-8 text files without NUL only"),
        (raw(mode="120000"), "mode '120000' is not played"),
        (raw(path="../x"), "not a plain path"),
        (raw(path="/etc/x"), "not a plain path"),
        (raw(path="a//b"), "not a plain path"),
        (raw(path="a\nb"), "not a plain path"),
        (raw(path=""), "not a plain path"),
        (raw(path=3), "path is not a string"),
    ],
)
def test_says_what_is_wrong(data: object, message: str) -> None:
    with pytest.raises(ScriptError) as caught:
        Script.parse(json.dumps(data).encode())
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_edit_without_before_is_incomplete() -> None:
    data = raw()
    del data["models"]["oracle"]["edits"][0]["before"]
    with pytest.raises(ScriptError, match="before is missing"):
        Script.parse(json.dumps(data).encode())


def test_a_file_is_edited_once() -> None:
    edit = Edit(path="x", before=None, after="")
    with pytest.raises(ScriptError, match="x is edited twice"):
        ModelScript(edits=(edit, edit))
