"""Qwen Code, by a prompt with JSON events.

It expands ``@path`` in a prompt to the file's content, and takes a prompt that starts with the name of one
of its commands (``/init``) for that command.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from cab_proxy.records import Tokens
from cab_runner.agents.base import Adapter, Claim, Install, WireContext, Wiring
from cab_runner.agents.reports import count, last_event, object_at, of_events, shown_blocks

SETTINGS_FILE: Final = ".qwen/settings.json"

SLIM: Final = """
cd node_modules/@qwen-code/qwen-code
find vendor/ripgrep -mindepth 1 -maxdepth 1 -type d ! -name "$NODE_ARCH-linux" -exec rm -r {} +
chmod 755 "vendor/ripgrep/$NODE_ARCH-linux/rg"
"""


def wire(context: WireContext) -> Wiring:
    """One run of Qwen Code, with its endpoint in the environment and its limits beside it."""
    settings = {
        "general": {"enableAutoUpdate": False},
        "model": {"generationConfig": {"contextWindowSize": context.context_window_tokens}},
        "privacy": {"usageStatisticsEnabled": False},
        "security": {"auth": {"selectedType": "openai"}},
    }
    turns = () if context.max_turns is None else (f"--max-session-turns={context.max_turns}",)
    return Wiring(
        command=(
            *("qwen", "--yolo", "--output-format=stream-json", *turns),
            f"--prompt='{context.prompt}'",  # one pair of quotes is taken off; stdin would get two newlines
        ),
        env={
            "OPENAI_API_KEY": context.token,
            "OPENAI_BASE_URL": context.base_url,
            "OPENAI_MODEL": context.model,
            "QWEN_CODE_MAX_OUTPUT_TOKENS": str(context.max_output_tokens),
        },
        files={SETTINGS_FILE: json.dumps(settings, indent=1)},
    )


def claim(stdout: str, home: Path) -> Claim | None:  # noqa: ARG001  # the signature of Adapter.claim
    """The ``result`` event: input includes cached tokens, output includes reasoning.

    It writes 0 for what the endpoint did not report.
    """
    usage = object_at(last_event(stdout, "result"), "usage")
    if not count(usage.get("total_tokens")):
        return None
    return Claim(
        source="stdout result.usage",
        raw=(usage,),
        raw_input_includes_cache=True,
        tokens=Tokens(
            input=count(usage.get("input_tokens")),
            cached=count(usage.get("cache_read_input_tokens")),
            output=count(usage.get("output_tokens")),
            total=count(usage.get("total_tokens")),
        ),
    )


@of_events
def render(event: dict[str, Any]) -> str | None:
    """What a person would have seen of an event: text, tool calls with their output, errors."""
    if event.get("type") == "result" and event.get("is_error"):
        return f"error: {json.dumps(event.get('error'), ensure_ascii=False)}"
    return shown_blocks(object_at(event, "message").get("content"))


ADAPTER = Adapter(
    name="qwen-code",
    version="0.24.4",
    protocol="chat",
    install=Install(
        source="npm",
        packages=("@qwen-code/qwen-code@0.24.4",),
        before="2026-11-20",
        commands=("qwen",),
        setup=SLIM,
    ),
    verified="2026-11-22",
    own_files=(".qwen/**",),
    failure="exit 1 and a result event with is_error; 500s are retried for 95 s first",
    wire=wire,
    claim=claim,
    render=render,
)
