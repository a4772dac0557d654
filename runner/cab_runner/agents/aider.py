"""aider, by one message from a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cab_proxy.records import Tokens
from cab_runner.agents.base import PROMPT_FILE, Adapter, Claim, Install, WireContext, Wiring
from cab_runner.agents.reports import claim_of, count, json_lines, read_report

ANALYTICS_FILE: Final = "cab-aider-analytics.jsonl"
METADATA_FILE: Final = ".aider.model.metadata.json"

UNATTENDED: Final = (
    "--yes-always",
    "--no-check-update",
    "--no-show-release-notes",
    "--no-show-model-warnings",
    "--no-pretty",
    "--no-gitignore",
    "--no-detect-urls",
    "--no-analytics",
)
DEVIATIONS: Final = {
    "--edit-format=diff": "SEARCH/REPLACE blocks, where aider would choose by the model's name",
    "--no-stream": "its streams do not ask for usage",
    "--no-auto-commits": "no extra call for a commit message",
    "--no-dirty-commits": "the workspace's one commit stays the only one",
    "--no-auto-lint": "no further call for what its linter says",
    "--no-suggest-shell-commands": "unattended, it would run none of them",
}


def wire(context: WireContext) -> Wiring:
    """One run of aider, with its limits in a metadata file and its own report in HOME."""
    model = f"openai/{context.model}"
    limits = {
        "litellm_provider": "openai",
        "mode": "chat",
        "max_tokens": context.max_output_tokens,
        "max_input_tokens": context.context_window_tokens,
        "max_output_tokens": context.max_output_tokens,
    }
    return Wiring(
        command=(
            "aider",
            f"--model={model}",
            f"--weak-model={model}",
            *UNATTENDED,
            *(() if context.strict_factory else DEVIATIONS),
            f"--analytics-log={context.layout.home}/{ANALYTICS_FILE}",
            f"--message-file={context.layout.home}/{PROMPT_FILE}",
        ),
        env={
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "OPENAI_API_BASE": context.base_url,
            "OPENAI_API_KEY": context.token,
        },
        files={
            # aider looks a model that it does not know up on the web, three times, unless this names it
            METADATA_FILE: json.dumps({model: limits}, indent=1),
            # a message that begins with / or ! it would take for one of its own commands
            PROMPT_FILE: f"\n{context.prompt}" if context.prompt.startswith(("/", "!")) else context.prompt,
        },
    )


def claim(stdout: str, home: Path) -> Claim | None:  # noqa: ARG001  # the signature of Adapter.claim
    """``message_send`` events of its analytics log: what the endpoint reported, cached tokens included."""
    reports = [
        properties
        for event in json_lines(read_report(home, ANALYTICS_FILE))
        if event.get("event") == "message_send" and isinstance(properties := event.get("properties"), dict)
    ]
    return claim_of(reports, _tokens, source=f"{ANALYTICS_FILE} message_send", includes_cache=True)


def _tokens(report: Mapping[str, Any]) -> Tokens:
    return Tokens(
        input=count(report.get("prompt_tokens")),
        output=count(report.get("completion_tokens")),
        total=count(report.get("total_tokens")),
    )


ADAPTER = Adapter(
    name="aider",
    version="0.86.2",
    protocol="chat",
    install=Install(
        source="pypi", packages=("aider-chat==0.86.2",), before="2026-11-20", commands=("aider",)
    ),
    verified="2026-11-22",
    own_files=(".aider*", ".aider*/**"),
    deviation=DEVIATIONS,
    failure="words in its output; the exit code is 0 all the same",
    wire=wire,
    claim=claim,
)
