"""copilot, with a model of one's own instead of GitHub's, by a prompt with JSON events.

It leaves white space at the end of a prompt out, and takes one that starts with the name of one of its
commands (``/compact``) for that command.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from cab_proxy.records import Tokens
from cab_runner.agents.base import (
    AGENT_FOLDER,
    PROMPT_FILE,
    Adapter,
    Claim,
    Install,
    WireContext,
    Wiring,
    on_stdin,
)
from cab_runner.agents.reports import (
    SHOWN_OUTPUT_CHARS,
    add_up,
    count,
    json_object,
    object_at,
    of_events,
    read_report,
    shown_call,
)

USAGE_FILE: Final = "cab-copilot-usage.json"

BINARY: Final = f"""
mv "node_modules/@github/copilot-linux-$NODE_ARCH/copilot" bin/
rm -r node_modules node
# else it would unpack itself into each new HOME
COPILOT_SEA_EXTRACT_ONLY=1 COPILOT_PKG_CACHE_HOME={AGENT_FOLDER} bin/copilot
"""


def wire(context: WireContext) -> Wiring:
    """One run of copilot, configured by its environment alone."""
    longest_prompt = max(context.context_window_tokens - context.max_output_tokens, 1)
    return Wiring(
        command=on_stdin(
            context,
            *("copilot", "--allow-all-tools", "--allow-all-paths", "--no-color", "--output-format=json"),
            f"--usage-output-file={context.layout.home}/{USAGE_FILE}",
        ),
        env={
            "COPILOT_MODEL": context.model,
            "COPILOT_OFFLINE": "true",
            "COPILOT_PKG_CACHE_HOME": AGENT_FOLDER,
            "COPILOT_PROVIDER_API_KEY": context.token,
            "COPILOT_PROVIDER_BASE_URL": context.base_url,
            "COPILOT_PROVIDER_MAX_OUTPUT_TOKENS": str(context.max_output_tokens),
            "COPILOT_PROVIDER_MAX_PROMPT_TOKENS": str(longest_prompt),
        },
        files={PROMPT_FILE: context.prompt},
    )


def claim(stdout: str, home: Path) -> Claim | None:  # noqa: ARG001  # the signature of Adapter.claim
    """The usage of each model in its report: input includes cached tokens, output reasoning.

    It writes 0 for cached tokens that the endpoint did not report, and leaves reasoning out then.
    """
    models = object_at(json_object(read_report(home, USAGE_FILE)), "modelMetrics")
    reports = [usage for metrics in models.values() if (usage := object_at(metrics, "usage"))]
    if not reports:
        return None
    return Claim(
        source=f"{USAGE_FILE} modelMetrics",
        raw=(models,),
        raw_input_includes_cache=True,
        tokens=add_up(map(_tokens, reports)),
    )


def _tokens(report: dict[str, Any]) -> Tokens:
    return Tokens(
        input=count(report.get("inputTokens")),
        cached=count(report.get("cacheReadTokens")),
        cache_write=count(report.get("cacheWriteTokens")),
        output=count(report.get("outputTokens")),
        reasoning=count(report.get("reasoningTokens")),
    )


@of_events
def render(event: dict[str, Any]) -> str | None:
    """What a person would have seen of an event: text, tool calls, their output, errors."""
    data = object_at(event, "data")
    match event.get("type"):
        case "assistant.message" | "assistant.reasoning":
            return str(data.get("content") or "") or None
        case "tool.execution_start":
            return shown_call(data.get("toolName"), data.get("arguments"))
        case "tool.execution_complete":
            result = data.get("result") or data.get("error")
            shown = (result.get("content") or result.get("message")) if isinstance(result, dict) else result
            return str(shown)[:SHOWN_OUTPUT_CHARS].strip()
        case "session.error":
            return f"error: {data.get('message')}"
    return None


ADAPTER = Adapter(
    name="copilot",
    version="1.0.102",
    protocol="chat",
    install=Install(
        source="npm",
        packages=("@github/copilot@1.0.102",),
        before="2026-11-20",
        commands=("copilot",),
        setup=BINARY,
    ),
    verified="2026-11-22",
    failure="exit 1 and a session.error event; before that it asks 3 times after a 401, 6 times after a 500",
    wire=wire,
    claim=claim,
    render=render,
)
