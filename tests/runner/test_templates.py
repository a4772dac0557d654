"""Templates: one rule, which leaves the braces of JSON and TOML alone."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_runner.agents.base import PROMPT_FILE, Wiring
from cab_runner.errors import UsageError
from cab_runner.templates import (
    PLACEHOLDERS,
    check,
    fill,
    fill_file,
    home_path,
    with_prompt_file,
)

from .agents.conftest import CONTEXT

BRACED = st.text(alphabet="{} ab:$\"'\n")


def test_every_placeholder() -> None:
    filled = fill("|".join(f"{{{name}}}" for name in PLACEHOLDERS), CONTEXT)
    assert filled.split("|") == [
        "http://127.0.0.1:8080/v1", "http://127.0.0.1:8080", "vendor/m-1", 'Fix "it".\nThen stop.',
        f"/home/cab/{PROMPT_FILE}", "cab-token", "/home/cab", "/workspace", "32000", "2000",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{{model}}", "{model}"),
        ("{{anything}}", "{anything}"),
        ('{"a": {"m": "{model}"}}', '{"a": {"m": "vendor/m-1"}}'),
        ("{{ model }} ${HOME} {} {unknown} {env:X}", "{{ model }} ${HOME} {} {unknown} {env:X}"),
    ],
)
def test_the_rule(template: str, filled: str) -> None:
    assert fill(template, CONTEXT) == filled


@given(BRACED)
def test_text_without_names_in_braces_is_left_alone(text: str) -> None:
    if (
        not any(f"{{{name}}}" in text for name in ("a", "b", "ab", "ba"))
        and "{a" not in text
        and "{b" not in text
    ):
        assert fill(text, CONTEXT) == text


def test_what_is_filled_in_is_not_a_template_again() -> None:
    assert fill("{prompt}", replace(CONTEXT, prompt="{token} {{model}}")) == "{token} {{model}}"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_prompt_is_a_string_in_json_and_toml(prompt: str) -> None:
    context = replace(CONTEXT, prompt=prompt)
    assert json.loads(fill_file("a.json", '{"p": "{prompt}"}', context)) == {"p": prompt}
    assert tomllib.loads(fill_file("a.toml", 'p = "{prompt}"', context)) == {"p": prompt}
    assert fill_file("a.md", "{prompt}", context) == prompt


def test_a_typo_is_named_with_all_there_are() -> None:
    with pytest.raises(
        UsageError, match=r"--agent-cmd: no placeholder \{url\}.*\{base_url\}.*\{prompt_file\}"
    ):
        check("--to {url}", "--agent-cmd")
    check('{"a": {"b": "{model}"}} {{url}} ${X:-1}', "--agent-cmd")


def test_the_prompt_is_in_a_file_only_where_that_is_mentioned() -> None:
    path = fill("{prompt_file}", CONTEXT)
    plain = Wiring(command=("a",), env={})
    assert with_prompt_file(plain, CONTEXT) is plain
    for wiring in (
        Wiring(command=("a", f"--file={path}"), env={}),
        Wiring(command=("a",), env={"P": path}),
        Wiring(command=("a",), env={}, files={"c.json": f'["{path}"]'}),
    ):
        assert with_prompt_file(wiring, CONTEXT).files == {**wiring.files, PROMPT_FILE: CONTEXT.prompt}


@pytest.mark.parametrize("path", ["", ".", "/etc/passwd", "../x", "a/../../x", "~/x", "a\0b"])
def test_paths_that_are_not_under_home(path: str) -> None:
    with pytest.raises(ValueError, match="under HOME"):
        home_path(path)


def test_paths_under_home() -> None:
    assert home_path("./.config//a/b.json") == ".config/a/b.json"
