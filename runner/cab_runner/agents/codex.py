"""codex, by ``codex exec`` with JSON events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from cab_proxy.records import Tokens
from cab_runner.agents.base import PROMPT_FILE, Adapter, Claim, Install, WireContext, Wiring, on_stdin
from cab_runner.agents.reports import SHOWN_OUTPUT_CHARS, count, last_event, object_at, of_events

BINARIES: Final = """
mv "node_modules/@openai/codex-linux-$NODE_ARCH"/vendor/*-linux-musl codex
ln -s ../codex/bin/codex bin/codex
rm -r codex/codex-resources/voice node_modules node
"""
"""They find each other by their places in the package, and need no Node."""

CONFIG: Final = """\
model = {model}
model_context_window = {context_window}
# not the built-in provider: that one tries WebSockets first
model_provider = "meter"
# the provider's tool; the door refuses calls that offer one
web_search = "disabled"

[model_providers.meter]
name = "meter"
base_url = {base_url}
env_key = "METER_KEY"
wire_api = "responses"

# both would ask the maker's servers at each start
[analytics]
enabled = false

[features]
plugins = false
"""


def wire(context: WireContext) -> Wiring:
    """One run of codex. It has no setting for the longest output."""
    config = CONFIG.format(
        model=json.dumps(context.model, ensure_ascii=False),
        context_window=context.context_window_tokens,
        base_url=json.dumps(context.base_url),
    )
    return Wiring(
        command=on_stdin(
            context,
            *("codex", "exec", "--json", "--skip-git-repo-check"),
            "--dangerously-bypass-approvals-and-sandbox",
        ),
        env={"METER_KEY": context.token},
        files={".codex/config.toml": config, PROMPT_FILE: context.prompt},
    )


def claim(stdout: str, home: Path) -> Claim | None:  # noqa: ARG001  # the signature of Adapter.claim
    """``turn.completed``, the whole run's: input includes cached tokens, output reasoning.

    A run that fails ends without it.
    """
    usage = object_at(last_event(stdout, "turn.completed"), "usage")
    if not usage:
        return None
    return Claim(
        source="stdout turn.completed.usage",
        raw=(usage,),
        raw_input_includes_cache=True,
        tokens=Tokens(
            input=count(usage.get("input_tokens")),
            cached=count(usage.get("cached_input_tokens")),
            cache_write=count(usage.get("cache_write_input_tokens")),
            output=count(usage.get("output_tokens")),
            reasoning=count(usage.get("reasoning_output_tokens")),
        ),
    )


@of_events
def render(event: dict[str, Any]) -> str | None:
    """What a person would have seen of an event: text, commands with their output, other items, errors."""
    item = event.get("item")
    if event.get("type") == "item.completed" and isinstance(item, dict):
        return _item(item)
    return f"error: {event.get('message')}" if event.get("type") == "error" else None


def _item(item: dict[str, Any]) -> str:
    match item.get("type"):
        case "agent_message" | "reasoning":
            return str(item.get("text"))
        case "command_execution":
            output = str(item.get("aggregated_output") or "")[:SHOWN_OUTPUT_CHARS]
            return f"| exec  {str(item.get('command'))[:SHOWN_OUTPUT_CHARS]}\n{output}".rstrip()
        case "error":
            return f"error: {item.get('message')}"
    rest = {key: value for key, value in item.items() if key not in {"id", "type", "status"}}
    return f"| {item.get('type')}  {json.dumps(rest, ensure_ascii=False)}"[:SHOWN_OUTPUT_CHARS]


ADAPTER = Adapter(
    name="codex",
    version="0.169.0",
    protocol="responses",
    install=Install(
        source="npm",
        packages=("@openai/codex@0.169.0",),
        before="2026-11-20",
        commands=("codex",),
        setup=BINARIES,
    ),
    verified="2026-11-22",
    failure="exit 1 and a turn.failed event; before that it asks 6 times after a 401, 30 times after a 500",
    wire=wire,
    claim=claim,
    render=render,
)
