"""claude-code, in print mode with JSON events.

It takes a prompt that starts with the name of one of its commands (``/compact``) for that command.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from cab_proxy.records import Tokens
from cab_runner.agents.base import (
    PROMPT_FILE,
    SHOWN_OUTPUT_CHARS,
    Adapter,
    Claim,
    Install,
    WireContext,
    Wiring,
    add_up,
    count,
    json_lines,
    json_object,
    on_stdin,
)

ALIASES: Final = ("FABLE", "HAIKU", "OPUS", "SONNET")
"""Model names by which it and its subagents may call another than the main model."""

BINARY: Final = """
mv "node_modules/@anthropic-ai/claude-code-linux-$NODE_ARCH/claude" bin/
rm -r node_modules node
"""


def wire(context: WireContext) -> Wiring:
    """One run of claude-code, configured by its environment alone."""
    turns = () if context.max_turns is None else (f"--max-turns={context.max_turns}",)
    return Wiring(
        command=on_stdin(
            context,
            *("claude", "--print", "--output-format=stream-json", "--verbose"),
            *("--dangerously-skip-permissions", *turns),
        ),
        env={
            "ANTHROPIC_API_KEY": context.token,
            "ANTHROPIC_BASE_URL": context.origin,
            **{f"ANTHROPIC_DEFAULT_{alias}_MODEL": context.model for alias in ALIASES},
            "ANTHROPIC_MODEL": context.model,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            # the window of a model that it does not know; of one that it knows, where to compact
            "CLAUDE_CODE_MAX_CONTEXT_TOKENS": str(context.context_window_tokens),
            "CLAUDE_CODE_AUTO_COMPACT_WINDOW": str(context.context_window_tokens),
            "CLAUDE_CODE_MAX_OUTPUT_TOKENS": str(context.max_output_tokens),
        },
        files={PROMPT_FILE: context.prompt},
    )


def claim(stdout: str, home: Path) -> Claim | None:  # noqa: ARG001  # the signature of Adapter.claim
    """The usage of each model in the last ``result`` event, which counts from the start: input leaves out
    what was read from the cache and written to it, output includes thinking.

    What a stream that was cut had reported is in it.
    """
    results = [event for event in json_lines(stdout) if event.get("type") == "result"]
    models = results[-1].get("modelUsage") if results else None
    if not isinstance(models, dict):
        return None
    reports = [usage for usage in models.values() if isinstance(usage, dict)]
    if not reports:
        return None
    return Claim(
        source="stdout result.modelUsage",
        raw=(models,),
        raw_input_includes_cache=False,
        tokens=add_up([_tokens(report) for report in reports]),
    )


def _tokens(report: dict[str, Any]) -> Tokens:
    uncached, cached = count(report.get("inputTokens")), count(report.get("cacheReadInputTokens"))
    written = count(report.get("cacheCreationInputTokens"))
    return Tokens(
        input=None if uncached is None or cached is None or written is None else uncached + cached + written,
        cached=cached,
        cache_write=written,
        output=count(report.get("outputTokens")),
        reasoning=count(report.get("thinkingTokens")),
    )


def render(line: str) -> str | None:
    """What a person would have seen of an event: text, tool calls with their output, errors."""
    event = json_object(line)
    if event is None:
        return line
    if event.get("type") == "result":
        return f"error: {event.get('result') or event.get('subtype')}" if event.get("is_error") else None
    message = event.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    blocks = content if isinstance(content, list) else []
    return "\n".join(filter(None, (_shown(block) for block in blocks if isinstance(block, dict)))) or None


def _shown(block: dict[str, Any]) -> str:
    match block.get("type"):
        case "text":
            return str(block.get("text"))
        case "tool_use":
            given = block.get("input")
            command = given.get("command") if isinstance(given, dict) else None
            shown = command or json.dumps(given, ensure_ascii=False)
            return f"| {block.get('name')}  {shown}"[:SHOWN_OUTPUT_CHARS]
        case "tool_result":
            content = block.get("content")
            shown = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
            return shown[:SHOWN_OUTPUT_CHARS].rstrip()
    return ""


ADAPTER = Adapter(
    name="claude-code",
    version="2.1.330",
    protocol="messages",
    install=Install(
        source="npm",
        packages=("@anthropic-ai/claude-code@2.1.330",),
        before="2026-11-21",
        commands=("claude",),
        setup=BINARY,
    ),
    verified="2026-11-22",
    own_files=(".claude/**",),
    failure="exit 1 and a result event with is_error; before that it asks 11 times in 3 min",
    wire=wire,
    claim=claim,
    render=render,
)
