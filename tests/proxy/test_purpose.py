"""What calls are for, told from their requests."""

from __future__ import annotations

from typing import Any

import pytest

from cab_proxy.protocols import chat, gemini, messages, responses
from cab_proxy.protocols.base import Protocol
from cab_proxy.purpose import Purposes, look_at
from cab_proxy.records import Purpose

BASH = {"type": "function", "function": {"name": "bash", "parameters": {}}}
TASK = {"type": "function", "function": {"description": "Start an agent", "name": "task", "parameters": {}}}
GO = {"role": "user", "content": "Fix the bug."}
DONE = {"role": "assistant", "content": "I did."}
COMPACT = {"role": "user", "content": "You are performing a CONTEXT CHECKPOINT COMPACTION. Create a handoff."}


class Agent:
    """One run, call by call."""

    def __init__(self, protocol: Protocol = chat.PROTOCOL, path: str = "/v1/chat/completions") -> None:
        self.purposes = Purposes()
        self.protocol, self.path = protocol, path

    def asks(self, body: dict[str, Any], *, path: str = "") -> Purpose | None:
        path = path or self.path
        asked = self.protocol.read_request(body, path)
        look = look_at(self.protocol.read_prompt(body), asked, path)
        return self.purposes.of(look)


def call(*said: dict[str, Any], system: str = "You are a coding agent.", **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "system", "content": system}, *said], "tools": [BASH, TASK], **more}


def test_a_task_with_a_title_a_summary_and_a_subagent() -> None:
    agent = Agent()
    title = "You are a title generator. You output ONLY a thread title. Nothing else."
    assert agent.asks(call(GO, system=title, tools=[])) == "title"
    assert agent.asks(call(GO)) == "main"
    assert agent.asks(call(GO)) == "main"
    look = {"role": "user", "content": "Find where it is."}
    explorer = "You are a file search specialist."
    assert agent.asks(call(look, system=explorer, tools=[BASH])) == "subagent"
    assert agent.asks(call(look, DONE, look, system=explorer, tools=[BASH])) == "subagent"
    assert agent.asks(call(GO, DONE, GO, system="It is 12:05. You are a coding agent.")) == "main"
    assert agent.asks(call(GO, DONE, COMPACT)) == "summary"
    summary = {"role": "user", "content": "Up to now: you fixed it."}
    assert agent.asks(call(summary)) == "main"
    assert agent.asks(call(summary, DONE, GO)) == "main"
    assert agent.asks(call(look)) is None


def test_a_subagent_that_has_the_same_prompt_and_fewer_tools() -> None:
    agent = Agent()
    assert agent.asks(call(GO)) == "main"
    assert agent.asks(call(DONE, tools=[BASH])) == "subagent"
    other = {"type": "function", "function": {"name": "other"}}
    assert agent.asks(call(DONE, tools=[BASH, other])) is None


def test_tools_that_come_and_go() -> None:
    agent = Agent()
    other = {"type": "function", "function": {"name": "other"}}
    assert agent.asks(call(GO)) == "main"
    assert agent.asks(call(GO, DONE, tools=[BASH, other])) == "main"
    assert agent.asks(call(DONE, tools=[other])) == "subagent"
    assert agent.asks(call(GO, COMPACT, tools=[BASH, other])) == "summary"
    assert agent.asks(call(DONE, GO, tools=[BASH, other])) == "main"


def test_where_no_tool_starts_agents_there_are_none() -> None:
    agent = Agent()
    assert agent.asks(call(GO, tools=[BASH])) == "main"
    assert agent.asks(call(DONE, tools=[BASH])) == "main"
    assert agent.asks(call(GO, system="Another one.", tools=[BASH])) is None
    talks_of_tasks = {"type": "function", "function": {"name": "bash", "description": '"name":"task"'}}
    agent = Agent()
    assert agent.asks(call(GO, tools=[talks_of_tasks])) == "main"
    assert agent.asks(call(DONE, system="Another one.", tools=[BASH])) is None


def test_an_agent_without_tools() -> None:
    aider = "Act as an expert software developer.\nAlways use best practices when coding."
    commit = (
        "You are an expert software engineer that generates concise, one-line Git commit messages based on "
        "the provided diffs.\nReview the provided context"
    )
    agent = Agent()
    assert agent.asks(call(GO, system=aider, tools=[])) == "main"
    assert agent.asks(call(GO, system=commit, tools=[])) == "commit"
    assert agent.asks(call(GO, tools=[])) is None
    assert agent.asks(call(GO, DONE, GO, tools=[])) == "main"
    shape = {"type": "json_schema", "json_schema": {"name": "verdict"}}
    assert agent.asks(call(GO, DONE, GO, tools=[], response_format=shape)) is None
    assert agent.asks(call(GO, system=aider)) == "main"
    assert agent.asks(call(GO, DONE, GO, tools=[])) is None
    assert agent.asks(call(DONE, system=aider, tools=[BASH])) == "subagent"


@pytest.mark.parametrize(
    ("body", "purpose"),
    [
        ({"messages": [{"role": "user", "content": "quota"}], "max_tokens": 1}, "probe"),
        ({"messages": [], "max_tokens": 1}, "probe"),
        ({"messages": [{"role": "user", "content": "quota"}], "max_tokens": 2}, None),
        ({"messages": [{"role": "user", "content": "Yes or no: " * 10}], "max_tokens": 1}, None),
        ({"messages": [], "tools": [BASH]}, None),
        ({}, None),
    ],
)
def test_probes_and_next_to_nothing(body: dict[str, Any], purpose: Purpose | None) -> None:
    assert Agent().asks(body) == purpose


def test_claude_code() -> None:
    """Blocks of the system prompt, the first of which is never the same."""
    agent = Agent(messages.PROTOCOL, "/v1/messages")
    tools = [{"name": "Bash", "input_schema": {}}, {"name": "Agent", "input_schema": {}}]

    def body(cch: str, *texts: str, system: str = "You are an interactive agent.") -> dict[str, Any]:
        blocks = [f"x-anthropic-billing-header: cc_version=2; cch={cch};", "You are Claude Code.", system]
        return {
            "system": [{"type": "text", "text": text} for text in blocks],
            "messages": [{"role": "user", "content": [{"type": "text", "text": text} for text in texts]}],
            "tools": tools,
        }

    title = "You are naming a coding session so the user can pick it out of a long list of sessions."
    assert agent.asks({**body("0", "<session>", system=title), "tools": []}) == "title"
    assert agent.asks(body("1", "<system-reminder>", "Fix it.")) == "main"
    preamble = "CRITICAL: Respond with TEXT ONLY. Do NOT call any tools.\n" + "- No.\n" * 80
    text = f"{preamble}Your task is to create a detailed summary of the conversation so far, paying"
    assert agent.asks(body("2", "<system-reminder>", "Fix it.", text)) == "summary"
    assert agent.asks(body("3", "This session is being continued.")) == "main"
    agent_tools = {**body("4", "Look.", system="You are an agent for Claude Code."), "tools": tools[:1]}
    assert agent.asks(agent_tools) == "subagent"


def test_codex_whose_agents_are_all_alike() -> None:
    agent = Agent(responses.PROTOCOL, "/v1/responses")
    tools = [{"type": "function", "name": "shell"}, {"type": "function", "name": "spawn_agent"}]

    def body(*texts: str) -> dict[str, Any]:
        asks = [{"type": "message", "role": "user", "content": [{"text": text}]} for text in texts]
        return {"instructions": "You are Codex.", "input": asks, "tools": tools}

    assert agent.asks(body("<environment_context>", "Fix it.")) == "main"
    assert agent.asks(body("<environment_context>", "Find it.")) is None
    assert agent.asks(body("<environment_context>", "Fix it.", "Go on.")) == "main"
    assert agent.asks(body("<environment_context>", "Fix it."), path="/v1/responses/compact") == "summary"
    assert agent.asks(body("<environment_context>", "It is half fixed.")) == "main"


def test_gemini_cli() -> None:
    agent = Agent(gemini.PROTOCOL, "/v1beta/models/m:generateContent")

    def body(system: str, *texts: str) -> dict[str, Any]:
        contents = [{"role": "user", "parts": [{"text": text}]} for text in texts]
        return {"systemInstruction": {"parts": [{"text": system}]}, "contents": contents}

    assert (
        agent.asks(body("\nYou are a specialized Task Routing AI. Your sole function", "Fix it.")) == "router"
    )
    tools = [{"functionDeclarations": [{"name": "run_shell_command"}]}]
    assert agent.asks({**body("You are an agent.", "Fix it."), "tools": tools}) == "main"
    check = "Analyze *only* the content and structure of your immediately preceding response (your last turn"
    assert agent.asks(body("You are an agent.", "Fix it.", check)) == "router"


def test_a_moment_in_the_prompt_makes_no_other_conversation() -> None:
    agent = Agent()
    for n in range(2):
        stamped = {"role": "user", "content": f"<current_datetime>2026-11-22T0{n}</current_datetime>\nGo"}
        assert agent.asks(call(stamped)) == "main"
