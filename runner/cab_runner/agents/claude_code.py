"""claude-code, in print mode with JSON events.

It takes a prompt that starts with the name of one of its commands (``/compact``) for that command.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from cab_proxy.records import Tokens
from cab_runner.agents.base import PROMPT_FILE, Adapter, Claim, Install, WireContext, Wiring, on_stdin
from cab_runner.agents.reports import add_up, count, last_event, object_at, of_events, shown_blocks, sum_of

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
    models = object_at(last_event(stdout, "result"), "modelUsage")
    reports = [usage for usage in models.values() if isinstance(usage, dict)]
    if not reports:
        return None
    return Claim(
        source="stdout result.modelUsage",
        raw=(models,),
        raw_input_includes_cache=False,
        tokens=add_up(map(_tokens, reports)),
    )


def _tokens(report: dict[str, Any]) -> Tokens:
    uncached, cached = count(report.get("inputTokens")), count(report.get("cacheReadInputTokens"))
    written = count(report.get("cacheCreationInputTokens"))
    return Tokens(
        input=sum_of(uncached, cached, written),
        cached=cached,
        cache_write=written,
        output=count(report.get("outputTokens")),
        reasoning=count(report.get("thinkingTokens")),
    )


@of_events
def render(event: dict[str, Any]) -> str | None:
    """What a person would have seen of an event: text, tool calls with their output, errors."""
    if event.get("type") == "result":
        return f"error: {event.get('result') or event.get('subtype')}" if event.get("is_error") else None
    return shown_blocks(object_at(event, "message").get("content"))


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
