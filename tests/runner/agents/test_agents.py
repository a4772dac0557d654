from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_runner import agents
from cab_runner.agents import WireContext
from cab_runner.errors import UsageError
from cab_scoring.globs import compile_glob

from .conftest import CONTEXT

ADAPTERS = pytest.mark.parametrize("adapter", agents.all_adapters(), ids=lambda adapter: adapter.name)


def test_every_module_of_the_package_is_an_agent_but_two() -> None:
    found = {path.stem for path in Path(agents.__file__).parent.glob("*.py")}
    modules = found - {"__init__", "base", "reports"}
    assert agents.names() == tuple(sorted(module.replace("_", "-") for module in modules))
    assert {"aider", "bash-loop", "opencode"} <= set(agents.names())


def test_an_unknown_agent_is_the_users_mistake_and_the_message_lists_what_there_is() -> None:
    with pytest.raises(UsageError, match=r"no agent 'aidr': there are aider, bash-loop, .*opencode"):
        agents.get("aidr")


@pytest.mark.parametrize("name", ["base", "reports", "", "..base", "bash_loop"])
def test_only_agents_names_name_agents(name: str) -> None:
    with pytest.raises(UsageError):
        agents.get(name)


@ADAPTERS
def test_an_adapter_is_named_after_its_module(adapter: agents.Adapter) -> None:
    assert agents.get(adapter.name) == adapter
    assert adapter.image is None


@ADAPTERS
def test_an_image_has_the_version_that_the_adapter_names_and_dependencies_of_one_day(
    adapter: agents.Adapter,
) -> None:
    install = adapter.install
    if install is None:
        assert agents.image_of(adapter) is None
    elif install.source == "binary":
        assert agents.image_of(adapter) is None
        assert install.published_at
        assert adapter.verified is None
        assert agents.image_of(adapter, b"a") != agents.image_of(adapter, b"b")
        assert install.published_at in agents.how_to_build(adapter)
    else:
        image = agents.image_of(adapter)
        assert image is not None
        assert any(re.search(f"[@=]{re.escape(str(adapter.version))}$", name) for name in install.packages)
        assert all(re.search(r"[@=][0-9]", name) for name in install.packages)
        assert re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", str(install.before))
        assert image.below["TOOLCHAINS"] == agents.toolchains()


def test_the_image_that_agents_work_in_holds_no_task() -> None:
    agent = agents.image_of(agents.get("opencode"))
    assert agent
    carrying = agents.carrying_image_of(agents.get("opencode"), agent)
    assert carrying.below["AGENT"] is agent
    hidden = re.compile("tests/|solution/")
    assert any(hidden.search(path) for path in carrying.below["SELF"].further)
    assert not any(
        hidden.search(path) for image in (agent, *agent.below.values()) for path in image.sources()
    )


@ADAPTERS
def test_own_files_are_globs_that_the_scoring_reads(adapter: agents.Adapter) -> None:
    for glob in adapter.own_files:
        compile_glob(glob)


@ADAPTERS
def test_what_every_agent_is_given_reaches_it(adapter: agents.Adapter) -> None:
    wiring = adapter.wire(CONTEXT)
    told = "\n".join((*wiring.command, *wiring.env.values(), *wiring.files.values()))
    for told_to_all in (CONTEXT.model, CONTEXT.origin, CONTEXT.token):
        assert told_to_all in told
    assert any(CONTEXT.prompt in text for text in (*wiring.command, *wiring.files.values()))
    assert not any(name.startswith(("/", "..")) for name in wiring.files)


@ADAPTERS
def test_wiring_depends_on_its_context_alone(adapter: agents.Adapter) -> None:
    assert adapter.wire(CONTEXT) == adapter.wire(replace(CONTEXT))
    assert {field.name for field in fields(WireContext)} >= {"context_window_tokens", "max_output_tokens"}


@ADAPTERS
def test_the_token_is_on_no_command_line(adapter: agents.Adapter) -> None:
    assert not any(CONTEXT.token in word for word in adapter.wire(CONTEXT).command)


@ADAPTERS
def test_strict_factory_leaves_the_deviations_out_and_nothing_else(adapter: agents.Adapter) -> None:
    strict = adapter.wire(replace(CONTEXT, strict_factory=True))
    assert (strict == adapter.wire(CONTEXT)) == (not adapter.deviation)
    assert all(adapter.deviation.values())


@ADAPTERS
def test_a_line_that_is_no_event_is_recorded_as_it_is(adapter: agents.Adapter) -> None:
    for line in ("Killed", "{", "[1]"):
        assert adapter.render is None or adapter.render(line) == line


@ADAPTERS
@given(stdout=st.text())
def test_any_output_is_read_and_claims_nothing(adapter: agents.Adapter, stdout: str) -> None:
    assert adapter.claim(stdout, Path("/nowhere")) is None
