"""openhands, in its headless mode with JSON events.

It is told of its endpoint as its own settings screen would: by a file, since limits have no variable.
The prompt is an argument: of a file it would tell the model the path, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cab_proxy.records import Tokens
from cab_runner.agents.base import Adapter, Claim, Install, WireContext, Wiring
from cab_runner.agents.reports import (
    SHOWN_OUTPUT_CHARS,
    claim_of,
    count,
    json_object,
    list_of,
    object_at,
    of_events,
    read_reports,
    shown_texts,
)

SETTINGS_FILE: Final = ".openhands/agent_settings.json"
REPORT_FILES: Final = ".openhands/conversations/*/base_state.json"

SETUP: Final = r"""
apt-get update -qq
apt-get install -y -qq --no-install-recommends tmux > /dev/null # else its terminal is a lesser one
cp /usr/bin/tmux bin/
ldd bin/tmux | awk '$3 ~ "^/" && $1 !~ "^lib(c|m|resolv)[.]" {print $3}' | xargs -I {} cp -L {} python/lib/
patchelf --force-rpath --set-rpath '$ORIGIN/../python/lib' bin/tmux
rm -r python/lib/python3.12/site-packages/googleapiclient/discovery_cache/documents # 100 MB, unused
"""


def wire(context: WireContext) -> Wiring:
    """One run of openhands; its agent is the one that it makes of LLM_API_KEY and LLM_MODEL, with limits."""
    llm = {
        "model": f"openai/{context.model}",
        "base_url": context.base_url,
        "api_key": context.token,
        "max_input_tokens": context.context_window_tokens,
        "max_output_tokens": context.max_output_tokens,
    }
    settings = {
        "kind": "Agent",
        "llm": {**llm, "usage_id": "agent"},
        "system_prompt_kwargs": {"cli_mode": True},
        "condenser": {
            "kind": "LLMSummarizingCondenser",
            "llm": {**llm, "usage_id": "condenser"},
            "max_size": 80,
            "keep_first": 4,
        },
    }
    return Wiring(
        command=("openhands", "--headless", "--json", f"--task={context.prompt}"),
        env={"LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        files={SETTINGS_FILE: json.dumps(settings, indent=1)},
    )


def claim(stdout: str, home: Path) -> Claim | None:  # noqa: ARG001  # the signature of Adapter.claim
    """One report a call in its conversation's state: what the endpoint reported, cached tokens included.

    Its condenser's and its sub-agents' calls are among them.
    """
    reports = [
        report
        for text in read_reports(home, REPORT_FILES)
        for metrics in object_at(json_object(text), "stats", "usage_to_metrics").values()
        for report in list_of(object_at(metrics).get("token_usages"))
        if isinstance(report, dict)
    ]
    return claim_of(reports, _tokens, source="base_state.json token_usages", includes_cache=True)


def _tokens(report: Mapping[str, Any]) -> Tokens:
    return Tokens(
        input=count(report.get("prompt_tokens")),
        cached=count(report.get("cache_read_tokens")),
        cache_write=count(report.get("cache_write_tokens")),
        output=count(report.get("completion_tokens")),
        reasoning=count(report.get("reasoning_tokens")),
    )


@of_events
def render(event: dict[str, Any]) -> str | None:
    """What a person would have seen of an event: text, tool calls, their output, errors."""
    match event.get("kind"):
        case "MessageEvent":
            return shown_texts(object_at(event, "llm_message").get("content"))
        case "ActionEvent":
            thought = shown_texts(event.get("thought"))
            arguments = object_at(event, "tool_call").get("arguments")
            return f"{thought}\n| {event.get('tool_name')}  {arguments}".lstrip()
        case "ObservationEvent":
            return shown_texts(object_at(event, "observation").get("content"))[:SHOWN_OUTPUT_CHARS].rstrip()
        case "AgentErrorEvent":
            return f"error: {event.get('error')}"
        case "ConversationErrorEvent":
            return f"error: {event.get('code')}: {event.get('detail')}"
    return None


ADAPTER = Adapter(
    name="openhands",
    version="1.16.0",
    protocol="chat",
    install=Install(
        source="pypi",
        packages=("openhands==1.16.0",),
        before="2026-11-20",
        commands=("openhands",),
        setup=SETUP,
    ),
    verified="2026-11-22",
    failure="a ConversationErrorEvent; the exit code is 0 all the same",
    wire=wire,
    claim=claim,
    render=render,
)
