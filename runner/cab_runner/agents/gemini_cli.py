"""Gemini CLI, by a prompt on stdin with JSON events.

It expands ``@path`` in a prompt to the file's content (and writes ``a @b`` for ``a@b``), and takes a prompt
that starts with the name of one of its commands (``/init``) for that command.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from cab_proxy.records import Tokens
from cab_runner.agents.base import PROMPT_FILE, Adapter, Claim, Install, WireContext, Wiring, on_stdin
from cab_runner.agents.reports import SHOWN_OUTPUT_CHARS, count, last_event, object_at, of_events, shown_call

SETTINGS_FILE: Final = ".gemini/settings.json"


def wire(context: WireContext) -> Wiring:
    """One run of Gemini CLI.

    Without the overrides its helpers (compression, loop detection, edit correction) and subagents would
    ask for models of Google's by name. It has no setting for the window: it takes every model's to be of
    1,048,576 tokens.
    """
    own = {"model": context.model}
    limit = {"generateContentConfig": {"maxOutputTokens": context.max_output_tokens}}
    settings = {
        "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
        "model": {} if context.max_turns is None else {"maxSessionTurns": context.max_turns},
        "modelConfigs": {
            "customOverrides": [
                {"match": {"overrideScope": "core"}, "modelConfig": own},
                {"match": {"model": "base"}, "modelConfig": own},
                {"match": {"model": "chat-base"}, "modelConfig": limit},
            ]
        },
        "privacy": {"usageStatisticsEnabled": False},
        "security": {"auth": {"selectedType": "gemini-api-key"}},
    }
    return Wiring(
        command=on_stdin(
            context,
            *("gemini", f"--model={context.model}", "--yolo", "--skip-trust"),
            "--output-format=stream-json",
        ),
        env={"GEMINI_API_KEY": context.token, "GOOGLE_GEMINI_BASE_URL": context.origin},
        files={PROMPT_FILE: context.prompt, SETTINGS_FILE: json.dumps(settings, indent=1)},
    )


def claim(stdout: str, home: Path) -> Claim | None:  # noqa: ARG001  # the signature of Adapter.claim
    """The ``result`` event: input includes cached tokens, ``output_tokens`` leaves reasoning out, the total
    does not.

    It writes 0 for what the endpoint did not report, and for a call that failed.
    """
    stats = object_at(last_event(stdout, "result"), "stats")
    total, sent, visible = (
        count(stats.get(kind)) for kind in ("total_tokens", "input_tokens", "output_tokens")
    )
    if not total or sent is None or visible is None or total < sent + visible:
        return None
    return Claim(
        source="stdout result.stats",
        raw=(stats,),
        raw_input_includes_cache=True,
        tokens=Tokens(
            input=sent,
            cached=count(stats.get("cached")),
            output=total - sent,
            reasoning=total - sent - visible,
            total=total,
        ),
    )


@of_events
def render(event: dict[str, Any]) -> str | None:
    """What a person would have seen of an event: text, tool calls with their output, errors."""
    match event.get("type"):
        case "message" if event.get("role") == "assistant":
            return str(event.get("content"))
        case "tool_use":
            return shown_call(event.get("tool_name"), event.get("parameters"))
        case "tool_result":
            return (_message(event) or str(event.get("output") or ""))[:SHOWN_OUTPUT_CHARS].rstrip() or None
        case "error":
            return f"error: {event.get('message')}"
        case "result" if event.get("status") == "error":
            return f"error: {_message(event)}"
    return None


def _message(event: dict[str, Any]) -> str:
    return str(object_at(event, "error").get("message", ""))


ADAPTER = Adapter(
    name="gemini-cli",
    version="0.61.0",
    protocol="gemini",
    install=Install(
        source="npm", packages=("@google/gemini-cli@0.61.0",), before="2026-11-20", commands=("gemini",)
    ),
    verified="2026-11-22",
    own_files=(".gemini/**",),
    failure="exit code 1, or the HTTP status modulo 256, and a result event with status error",
    wire=wire,
    claim=claim,
    render=render,
)
