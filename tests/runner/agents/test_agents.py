from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from cab_runner import agents, images
from cab_runner.agents import WireContext
from cab_runner.errors import UsageError
from cab_runner.resources import images_dir
from cab_scoring.globs import compile_glob

from .conftest import CONTEXT

ADAPTERS = pytest.mark.parametrize("adapter", agents.all_adapters(), ids=lambda adapter: adapter.name)


def test_every_module_of_the_package_but_base_is_an_agent() -> None:
    modules = {path.stem for path in Path(agents.__file__).parent.glob("*.py")} - {"__init__", "base"}
    assert agents.names() == tuple(sorted(module.replace("_", "-") for module in modules))
    assert {"aider", "bash-loop", "opencode"} <= set(agents.names())


def test_an_unknown_agent_is_the_users_mistake_and_the_message_lists_what_there_is() -> None:
    with pytest.raises(UsageError, match=r"no agent 'aidr': there are aider, bash-loop, opencode"):
        agents.get("aidr")


@pytest.mark.parametrize("name", ["base", "", "..base", "bash_loop"])
def test_only_agents_names_name_agents(name: str) -> None:
    with pytest.raises(UsageError):
        agents.get(name)


@ADAPTERS
def test_an_adapter_is_named_after_its_module_and_its_image_can_be_built(adapter: agents.Adapter) -> None:
    assert agents.get(adapter.name) == adapter
    assert adapter.image is None or adapter.image in images.names(images_dir())


@ADAPTERS
def test_own_files_are_globs_that_the_scoring_reads(adapter: agents.Adapter) -> None:
    for glob in adapter.own_files:
        compile_glob(glob)


@ADAPTERS
def test_what_every_agent_is_given_reaches_it(adapter: agents.Adapter) -> None:
    wiring = adapter.wire(CONTEXT)
    told = "\n".join((*wiring.command, *wiring.env.values(), *wiring.files.values()))
    for given in (CONTEXT.model, CONTEXT.base_url, CONTEXT.token):
        assert given in told
    assert CONTEXT.prompt in (
        wiring.command[-1].partition("--message=")[2] or wiring.command[-1],
        *wiring.files.values(),
    )
    assert not any(name.startswith(("/", "..")) for name in wiring.files)


@ADAPTERS
def test_wiring_depends_on_its_context_alone(adapter: agents.Adapter) -> None:
    assert adapter.wire(CONTEXT) == adapter.wire(replace(CONTEXT))
    assert {field.name for field in fields(WireContext)} >= {"context_window_tokens", "max_output_tokens"}


@ADAPTERS
def test_the_token_is_on_no_command_line(adapter: agents.Adapter) -> None:
    assert not any(CONTEXT.token in word for word in adapter.wire(CONTEXT).command)
