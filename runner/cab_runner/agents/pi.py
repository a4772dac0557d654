"""pi, by its print mode with JSON events.

A prompt that starts with the name of one of its prompt templates or skills (``/name``) would be expanded;
a fresh HOME has none. White space around a prompt is lost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cab_proxy.records import Tokens
from cab_runner.agents.base import PROMPT_FILE, Adapter, Claim, Install, WireContext, Wiring
from cab_runner.agents.reports import (
    SHOWN_OUTPUT_CHARS,
    claim_of,
    count,
    json_lines,
    object_at,
    of_events,
    shown_call,
    shown_texts,
)

MODELS_FILE: Final = ".pi/agent/models.json"
WITHOUT_UPDATES: Final = (
    """set -o pipefail; "$@" <"$0" | grep --line-buffered -av '^{"type":"[a-z_]*_update"'"""
)
"""Each update repeats all of its message so far: the output would grow with the square of what is said."""

SLIM: Final = """
find node_modules -name '*.map' -delete
find node_modules -name '*.d.*ts' -delete
rm -r node_modules/koffi # for Windows
"""


def wire(context: WireContext) -> Wiring:
    """One run of pi, with its endpoint and its limits in a models file."""
    provider = {
        "baseUrl": context.base_url,
        "api": "openai-completions",
        "apiKey": "METER_KEY",
        "models": [
            {
                "id": context.model,
                "contextWindow": context.context_window_tokens,
                "maxTokens": context.max_output_tokens,
            }
        ],
    }
    return Wiring(
        command=(
            *("bash", "-c", WITHOUT_UPDATES, f"{context.layout.home}/{PROMPT_FILE}"),
            *("pi", "--provider", "meter", "--model", context.model, "--mode", "json", "--print"),
        ),
        env={"METER_KEY": context.token, "PI_OFFLINE": "1", "PI_TELEMETRY": "0"},
        files={
            PROMPT_FILE: context.prompt,
            MODELS_FILE: json.dumps({"providers": {"meter": provider}}, indent=1),
        },
    )


def claim(stdout: str, home: Path) -> Claim | None:  # noqa: ARG001  # the signature of Adapter.claim
    """``message_end`` events: input leaves cached tokens out, output includes reasoning.

    It writes 0 for what the endpoint did not report, and for a call that failed.
    """
    messages = [
        object_at(event, "message") for event in json_lines(stdout) if event.get("type") == "message_end"
    ]
    reports = [
        object_at(message, "usage")
        for message in messages
        if message.get("role") == "assistant" and message.get("stopReason") != "error"
    ]
    return claim_of(reports, _tokens, source="stdout message_end.usage", includes_cache=False)


def _tokens(report: Mapping[str, Any]) -> Tokens:
    total = count(report.get("totalTokens"))
    uncached, cached, written = (count(report.get(kind)) for kind in ("input", "cacheRead", "cacheWrite"))
    if not total or uncached is None or cached is None or written is None:
        return Tokens()
    return Tokens(
        input=uncached + cached + written,
        cached=cached,
        cache_write=written,
        output=count(report.get("output")),
        total=total,
    )


@of_events
def render(event: dict[str, Any]) -> str | None:
    """What a person would have seen of an event: text, tool calls with their output, errors."""
    match event.get("type"):
        case "message_end" if (message := object_at(event, "message")).get("role") == "assistant":
            if message.get("stopReason") == "error":
                return f"error: {message.get('errorMessage')}"
            return shown_texts(message.get("content")) or None
        case "tool_execution_start":
            return shown_call(event.get("toolName"), event.get("args"))
        case "tool_execution_end":
            return (
                shown_texts(object_at(event, "result").get("content"))[:SHOWN_OUTPUT_CHARS].rstrip() or None
            )
    return None


ADAPTER = Adapter(
    name="pi",
    version="0.73.1",
    protocol="chat",
    install=Install(
        source="npm",
        packages=("@mariozechner/pi-coding-agent@0.73.1",),
        before="2026-11-20",
        commands=("pi",),
        setup=SLIM,
    ),
    verified="2026-11-22",
    own_files=(".pi/**",),
    failure="exit 0 whatever happened; its last message_end says stopReason error",
    wire=wire,
    claim=claim,
    render=render,
)
