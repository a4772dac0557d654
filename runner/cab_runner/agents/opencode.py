"""opencode, by its ``run`` command with JSON events.

The prompt comes on stdin, from a file: as an argument opencode would wrap it in quotes and escape
those inside, and the model would be asked something else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cab_proxy.records import Tokens
from cab_runner.agents.base import PROMPT_FILE, Adapter, Claim, Install, WireContext, Wiring, on_stdin
from cab_runner.agents.reports import (
    SHOWN_OUTPUT_CHARS,
    claim_of,
    count,
    json_lines,
    object_at,
    of_events,
    sum_of,
)

DEVIATIONS: Final = {"agent.title.disable=true": "no extra call for a session title"}
BINARIES: Final = """
case "$NODE_ARCH" in x64) variant=x64-baseline ;; *) variant=$NODE_ARCH ;; esac # the other x64 needs AVX2
mv "node_modules/opencode-linux-$variant/bin/opencode" bin/
mv "node_modules/@vscode/ripgrep-linux-$NODE_ARCH/bin/rg" bin/
rm -r node_modules node
"""
"""Both are self-contained, and need no Node."""


def wire(context: WireContext) -> Wiring:
    """One run of opencode, configured by its environment alone."""
    model = f"meter/{context.model}"
    config = {
        "autoupdate": False,
        "share": "disabled",
        "model": model,
        "small_model": model,
        "permission": "allow",
        **({} if context.strict_factory else {"agent": {"title": {"disable": True}}}),
        "provider": {
            "meter": {
                "npm": "@ai-sdk/openai-compatible",
                "name": "meter",
                "options": {"baseURL": context.base_url, "apiKey": context.token},
                "models": {
                    context.model: {
                        "name": context.model,
                        "limit": {
                            "context": context.context_window_tokens,
                            "output": context.max_output_tokens,
                        },
                        "tool_call": True,
                    }
                },
            }
        },
    }
    return Wiring(
        command=on_stdin(context, "opencode", "run", "--format", "json", "--model", model),
        env={
            "OPENCODE_CONFIG_CONTENT": json.dumps(config, separators=(",", ":")),
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
        },
        files={PROMPT_FILE: context.prompt},
    )


def claim(stdout: str, home: Path) -> Claim | None:  # noqa: ARG001  # the signature of Adapter.claim
    """``step_finish`` events: input leaves cached tokens out, output leaves reasoning out.

    Calls outside the conversation (a title) are in none of them.
    """
    reports = [
        tokens
        for event in json_lines(stdout)
        if event.get("type") == "step_finish"
        and isinstance(tokens := object_at(event, "part").get("tokens"), dict)
    ]
    return claim_of(reports, _tokens, source="stdout step_finish.tokens", includes_cache=False)


def _tokens(report: Mapping[str, Any]) -> Tokens:
    cache = object_at(report, "cache")
    cached, written = count(cache.get("read")), count(cache.get("write"))
    uncached, reasoning, visible = (count(report.get(kind)) for kind in ("input", "reasoning", "output"))
    return Tokens(
        input=sum_of(uncached, cached, written),
        cached=cached,
        cache_write=written,
        output=sum_of(visible, reasoning),
        reasoning=reasoning,
        total=count(report.get("total")),
    )


@of_events
def render(event: dict[str, Any]) -> str | None:
    """What a person would have seen of an event: text, tool calls with their output, errors."""
    part = object_at(event, "part")
    if event.get("type") == "text":
        return str(part.get("text", ""))
    if event.get("type") == "tool_use":
        state = object_at(part, "state")
        title = state.get("title") or json.dumps(state.get("input"), ensure_ascii=False)
        shown = str(state.get("output") or state.get("error") or "").rstrip()
        return f"| {part.get('tool')}  {title}\n{shown[:SHOWN_OUTPUT_CHARS]}".rstrip()
    if event.get("type") == "error":
        return f"error: {json.dumps(event.get('error'), ensure_ascii=False)}"
    return None


ADAPTER = Adapter(
    name="opencode",
    version="1.18.33",
    protocol="chat",
    install=Install(
        source="npm",
        # the ripgrep is the one that it would otherwise download
        packages=("opencode-ai@1.18.33", "@vscode/ripgrep@1.18.0"),
        before="2026-11-20",
        commands=("opencode", "rg"),
        setup=BINARIES,
    ),
    verified="2026-11-22",
    own_files=(".opencode/**",),
    deviation=DEVIATIONS,
    wire=wire,
    claim=claim,
    render=render,
)
