"""Plugins: read strictly, laid over an agent's wiring, and never between the agent and its meter."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from cab_runner import plugins
from cab_runner.agents import claude_code, opencode
from cab_runner.agents.base import PROMPT_FILE, Wiring
from cab_runner.errors import UsageError
from cab_runner.plugins import Plugin
from cab_runner.templates import PLACEHOLDERS

from .agents.conftest import CONTEXT

OWN = Wiring(
    command=("mycli", "run"),
    env={
        "OPENAI_BASE_URL": CONTEXT.base_url,
        "OPENAI_API_KEY": CONTEXT.token,
        "HOST": "127.0.0.1:8080",
        "Q": "1",
    },
    files={
        ".my/settings.json": json.dumps({"api": {"url": CONTEXT.base_url, "tries": 3}, "tools": ["a"]}),
        ".my/config.toml": f'model = "m"\n[provider]\nurl = "{CONTEXT.base_url}"\n',
    },
)


def plugin(folder: Path, text: str, name: str = "p") -> Plugin:
    (folder / f"{name}.toml").write_text(f'name = "{name}"\n{text}')
    return plugins.load(folder / f"{name}.toml")


def apply(folder: Path, *texts: str, own: Wiring = OWN) -> Wiring:
    stack = [plugin(folder, text, f"p{number}") for number, text in enumerate(texts)]
    return plugins.apply(stack, own, CONTEXT)


def test_arguments_are_appended_in_order(tmp_path: Path) -> None:
    wiring = apply(tmp_path, 'args = ["--model={model}", "{{model}}"]', 'args = ["last"]')
    assert wiring.command == ("mycli", "run", "--model=vendor/m-1", "{model}", "last")


def test_variables_are_set_and_a_later_plugin_wins(tmp_path: Path) -> None:
    wiring = apply(tmp_path, '[env]\nA = "{origin}"\nQ = "2"', '[env]\nA = "x"')
    assert wiring.env == {**OWN.env, "A": "x", "Q": "2"}


def test_files_are_written_and_a_source_is_no_template(tmp_path: Path) -> None:
    (tmp_path / "skill").mkdir()
    (tmp_path / "skill/SKILL.md").write_text("Ask {model}. – {{x}}")
    wiring = apply(
        tmp_path,
        """
        [[files]]
        path = ".my/skills/SKILL.md"
        source = "skill/SKILL.md"
        [[files]]
        path = "notes.md"
        text = "Ask {model}."
        """,
    )
    assert wiring.files == {
        **OWN.files, ".my/skills/SKILL.md": "Ask {model}. – {{x}}", "notes.md": "Ask vendor/m-1.",
    }  # fmt: skip


def test_tables_are_merged_into_what_the_adapter_and_earlier_plugins_wrote(tmp_path: Path) -> None:
    first = """
        [[files]]
        path = ".my/settings.json"
        merge = {api = {tries = 5}, mcp = {a = {url = "{base_url}"}}, tools = ["b"]}
        [[files]]
        path = ".my/config.toml"
        [files.merge.provider]
        retries = 2
        name = "{model}"
        [[files]]
        path = "new.json"
        merge = {a = true}
        """
    second = '[[files]]\npath = ".my/settings.json"\nmerge = {mcp = {b = 1}}'
    wiring = apply(tmp_path, first, second)
    assert json.loads(wiring.files[".my/settings.json"]) == {
        "api": {"url": CONTEXT.base_url, "tries": 5},
        "tools": ["b"],
        "mcp": {"a": {"url": CONTEXT.base_url}, "b": 1},
    }
    assert tomllib.loads(wiring.files[".my/config.toml"]) == {
        "model": "m", "provider": {"url": CONTEXT.base_url, "retries": 2, "name": "vendor/m-1"},
    }  # fmt: skip
    assert json.loads(wiring.files["new.json"]) == {"a": True}


def test_a_table_is_merged_into_a_variable_that_holds_json(tmp_path: Path) -> None:
    own = opencode.wire(CONTEXT)
    merge = '[[files]]\nenv_key = "OPENCODE_CONFIG_CONTENT"\nmerge = {mcp = {docs = {type = "local"}}}'
    wiring = apply(tmp_path, merge, own=own)
    config = json.loads(wiring.env["OPENCODE_CONFIG_CONTENT"])
    assert config.pop("mcp") == {"docs": {"type": "local"}}
    assert config == json.loads(own.env["OPENCODE_CONFIG_CONTENT"])
    assert plugin(tmp_path, merge).env_keys == {"OPENCODE_CONFIG_CONTENT"}


def test_a_prompt_file_is_there_when_a_plugin_asks_for_it(tmp_path: Path) -> None:
    wiring = apply(tmp_path, 'args = ["--read", "{prompt_file}"]')
    assert wiring.command[-1] == f"/home/cab/{PROMPT_FILE}"
    assert wiring.files[PROMPT_FILE] == CONTEXT.prompt


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[env]\nOPENAI_BASE_URL = "http://elsewhere/v1"', "OPENAI_BASE_URL"),
        ('[env]\nOPENAI_API_KEY = "k"', "OPENAI_API_KEY"),
        ('[env]\nHOST = "elsewhere"', "HOST"),
        ('[[files]]\nenv_key = "OPENAI_API_KEY"\nmerge = {a = 1}', "OPENAI_API_KEY holds no JSON"),
        ('[[files]]\nenv_key = "Q"\nmerge = {a = 1}', "Q holds no JSON"),
        (
            '[[files]]\npath = ".my/settings.json"\ntext = "{}"',
            "settings.json is the agent's own wiring: use merge",
        ),
        (
            '[[files]]\npath = ".my/settings.json"\nmerge = {api = {url = "u"}}',
            "settings.json: api: url leads",
        ),
        ('[[files]]\npath = ".my/settings.json"\nmerge = {api = "u"}', "settings.json: api leads"),
        (
            '[[files]]\npath = ".my/config.toml"\nmerge = {provider = {url = "u"}}',
            "config.toml: provider: url leads",
        ),
    ],
)
def test_the_meter_stays_in_place(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(UsageError, match=named) as raised:
        apply(tmp_path, text)
    assert str(raised.value).startswith("plugin p0: ")
    assert "\n" not in str(raised.value)
    assert CONTEXT.token not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("argz = []", "unknown key 'argz'.*args"),
        ('args = "x"', "args must be a list"),
        ("args = [1]", "args must be a list of strings"),
        ('args = ["{modle}"]', r"args: no placeholder \{modle\}"),
        ('description = ["x"]', "description must be a string"),
        ("agents = [1]", "agents must be a list of strings"),
        ("env = 1", "env must be a table"),
        ("[env]\nA = 1", "A must be a string"),
        ('[env]\n"A-B" = "x"', "'A-B' is no variable"),
        ('[[files]]\nenv_key = "HOME"\nmerge = {a = 1}', "'HOME' is no variable"),
        ('[[files]]\nenv_key = ""\nmerge = {a = 1}', "'' is no variable"),
        ('[env]\nHOME = "x"', "HOME"),
        ('[env]\nA = "{modle}"', r"\[env\] A: no placeholder \{modle\}"),
        ("files = [1]", "files must be tables"),
        ('[[files]]\npath = "a"\nmode = 1', "unknown key 'mode'"),
        ('[[files]]\ntext = "x"', "path or env_key"),
        ('[[files]]\npath = "a"', "one of text, source and merge"),
        ('[[files]]\npath = "a"\ntext = "x"\nsource = "y"', "one of text, source and merge"),
        ('[[files]]\npath = "a"\nenv_key = "A"\nmerge = {}', "path or env_key"),
        ('[[files]]\nenv_key = "A"\ntext = "x"', "env_key takes merge only"),
        ('[[files]]\npath = "/etc/x"\ntext = "x"', "/etc/x.*under HOME"),
        ('[[files]]\npath = "a/../../x"\ntext = "x"', "under HOME"),
        ('[[files]]\npath = "a.yaml"\nmerge = {a = 1}', "a.yaml: merge"),
        ('[[files]]\npath = "a.json"\nmerge = "x"', "merge must be a table"),
        ('[[files]]\npath = "a"\nsource = "nowhere"', "source 'nowhere'"),
        ('[[files]]\npath = "a"\nsource = "/etc/hostname"', "source '/etc/hostname'"),
        ('[[files]]\npath = "a"\nsource = "../secret"', "source '../secret'"),
        ('[[files]]\npath = "a"\nsource = "link"', "source 'link'"),
        ('[[files]]\npath = "a"\nsource = "linked/secret"', "source 'linked/secret'"),
        ('[[files]]\npath = "a"\nsource = "binary"', "source 'binary' is not UTF-8"),
        ("a = ", "not TOML"),
        ("a = " + 3000 * "[", "not TOML"),
    ],
)
def test_what_is_not_understood_is_refused_in_one_line(tmp_path: Path, text: str, named: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret").write_text("s")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "linked").symlink_to(tmp_path)
    (folder / "binary").write_bytes(b"\xff")
    with pytest.raises(UsageError, match=named) as raised:
        plugin(folder, text)
    assert str(raised.value).startswith(f"plugin {folder}/p.toml")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["", 'name = ""', 'name = "a b"', "name = 1"])
def test_a_plugin_has_a_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "p.toml").write_text(text)
    with pytest.raises(UsageError, match="name must be"):
        plugins.load(tmp_path / "p.toml")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.toml: No such file"):
        plugins.load(tmp_path / "nowhere.toml")


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    plugin(tmp_path, "")
    with pytest.raises(UsageError, match="two plugins are named 'p'"):
        plugins.load_all([tmp_path / "p.toml", tmp_path / "p.toml"])


def test_the_hash_is_of_the_toml_and_its_sources(tmp_path: Path) -> None:
    text = '[[files]]\npath = "a"\nsource = "s"'
    (tmp_path / "s").write_text("1")
    first = plugin(tmp_path, text)
    assert plugin(tmp_path, text).sha256 == first.sha256
    assert plugin(tmp_path, f"{text} # again").sha256 != first.sha256
    (tmp_path / "s").write_text("2")
    assert plugin(tmp_path, text).sha256 != first.sha256


def test_a_plugin_is_for_all_agents_or_for_those_that_it_names(tmp_path: Path) -> None:
    assert plugin(tmp_path, "").is_for("opencode")
    named = plugin(tmp_path, 'agents = ["aider"]')
    assert named.is_for("aider")
    assert not named.is_for("opencode")


def test_the_documents_examples(tmp_path: Path) -> None:
    document = (Path(__file__).parents[2] / "docs/plugins.md").read_text()
    for name in ("SKILL.md", "notes.py"):
        (tmp_path / name).write_text("x")
    stack = []
    for number, block in enumerate(re.findall(r"```toml\n(.*?)```", document, re.DOTALL)):
        (tmp_path / f"{number}.toml").write_text(block)
        stack.append(plugins.load(tmp_path / f"{number}.toml"))
    for adapter in (opencode.ADAPTER, claude_code.ADAPTER):
        applied = [plugin for plugin in stack if plugin.is_for(adapter.name)]
        wiring = plugins.apply(applied, adapter.wire(CONTEXT), CONTEXT)
        assert len(applied) == 2
        assert {".claude/skills/small-changes/SKILL.md", "mcp/notes.py"} <= wiring.files.keys()
        configured = f"{wiring.env}{wiring.files}"
        assert "/home/cab/mcp/notes.py" in configured
    assert all(f"`{{{name}}}`" in document for name in PLACEHOLDERS)
