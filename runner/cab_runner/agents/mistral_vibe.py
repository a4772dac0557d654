"""mistral-vibe, in its headless mode with streamed JSON.

A path in the prompt that is written ``@path`` it follows up with that file's content.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from cab_proxy.records import Tokens
from cab_runner.agents.base import PROMPT_FILE, Adapter, Claim, Install, WireContext, Wiring
from cab_runner.agents.reports import (
    SHOWN_OUTPUT_CHARS,
    count,
    json_object,
    object_at,
    of_events,
    read_report,
    shown_texts,
)

CONFIG_FILE: Final = ".vibe/config.toml"
REPORT_FOLDER: Final = "cab-vibe"
REPORT_FILE: Final = f"{REPORT_FOLDER}/export.json"

CONFIG: Final = """\
active_model = "meter"
enable_telemetry = false
enable_update_checks = false
enable_auto_update = false

[experiments]
enable = false

[[providers]]
name = "meter"
api_base = {base_url}
api_key_env_var = "METER_KEY"
api_style = "openai"
backend = "generic"

[[models]]
name = {model}
provider = "meter"
alias = "meter"
max_context_length = {context_window_tokens}
max_output_tokens = {max_output_tokens}
"""


def wire(context: WireContext) -> Wiring:
    """One run of vibe; its report is written at every exit."""
    home = context.layout.home
    return Wiring(
        command=(
            *("vibe", f"--prompt-file={home}/{PROMPT_FILE}", "--output=streaming"),
            *("--auto-approve", "--trust"),
            *(() if context.max_turns is None else (f"--max-turns={context.max_turns}",)),
            f"--output-dir={home}/{REPORT_FOLDER}",
        ),
        env={"METER_KEY": context.token},
        files={
            CONFIG_FILE: CONFIG.format(
                base_url=json.dumps(context.base_url),  # TOML has its strings so, too
                model=json.dumps(context.model, ensure_ascii=False),
                context_window_tokens=context.context_window_tokens,
                max_output_tokens=context.max_output_tokens,
            ),
            PROMPT_FILE: context.prompt,
        },
    )


def claim(stdout: str, home: Path) -> Claim | None:  # noqa: ARG001  # the signature of Adapter.claim
    """The session's ``usage`` in its export: what the endpoint reported, cached tokens included."""
    usage = object_at(json_object(read_report(home, REPORT_FILE)), "usage")
    if not usage:
        return None
    return Claim(
        source="export.json usage",
        raw=(usage,),
        raw_input_includes_cache=True,
        tokens=Tokens(
            input=count(usage.get("input_tokens")),
            cached=count(usage.get("cached_input_tokens")),
            output=count(usage.get("output_tokens")),
            total=count(usage.get("total_tokens")),
        ),
    )


@of_events
def render(event: dict[str, Any]) -> str | None:
    """What a person would have seen of an event: text, and tool calls with their output."""
    if event.get("type") == "message":
        return shown_texts(event.get("content"))
    if event.get("type") == "effect":
        detail, state = object_at(event, "detail"), object_at(event, "state")
        called = object_at(detail, "display").get("summary") or event.get("title")
        shown = str(state.get("outputText") or object_at(state, "error").get("message") or "")
        return f"| {called}\n{shown[:SHOWN_OUTPUT_CHARS]}".rstrip()
    return None


ADAPTER = Adapter(
    name="mistral-vibe",
    version="3.0.2",
    protocol="chat",
    install=Install(
        source="pypi", packages=("mistral-vibe==3.0.2",), before="2026-11-20", commands=("vibe",)
    ),
    verified="2026-11-22",
    failure="exit code 1, 2 where the endpoint failed, 3 at a limit of its own; export.json has the outcome",
    wire=wire,
    claim=claim,
    render=render,
)
