"""mini-swe-agent, by its ``mini`` command."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cab_proxy.records import Tokens
from cab_runner.agents.base import Adapter, Claim, Install, WireContext, Wiring
from cab_runner.agents.reports import claim_of, count, json_object, list_of, object_at, read_report

CONFIG_FILE: Final = "cab-mini.yaml"
REPORT_FILE: Final = ".config/mini-swe-agent/last_mini_run.traj.json"

SETUP: Final = "uv pip uninstall --quiet --python python/bin/python3.12 datasets pandas pyarrow numpy"
"""270 MB that only its own benchmarks import."""


def wire(context: WireContext) -> Wiring:
    """One run of ``mini``, configured by its own file and one of ours over it."""
    config: dict[str, Any] = {
        "model": {
            "model_name": f"openai/{context.model}",
            "model_kwargs": {"api_base": context.base_url, "max_tokens": context.max_output_tokens},
        }
    }
    if context.max_turns is not None:
        config["agent"] = {"step_limit": context.max_turns}
    return Wiring(
        command=(
            *("mini", "--config=mini.yaml", f"--config={context.layout.home}/{CONFIG_FILE}"),
            *("--yolo", "--exit-immediately", f"--task={context.prompt}"),
        ),
        env={
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "MSWEA_CONFIGURED": "true",  # else it asks for a model and a key
            "MSWEA_COST_TRACKING": "ignore_errors",  # else it ends at a model whose price it does not know
            "OPENAI_API_KEY": context.token,
        },
        files={CONFIG_FILE: json.dumps(config, indent=1, ensure_ascii=False)},
    )


def claim(stdout: str, home: Path) -> Claim | None:  # noqa: ARG001  # the signature of Adapter.claim
    """The ``usage`` of each response that its trajectory keeps, as the endpoint reported it.

    A response that it could not use is kept with the message in which it says so.
    """
    trajectory = object_at(json_object(read_report(home, REPORT_FILE)))
    reports = [
        usage
        for message in list_of(trajectory.get("messages"))
        if (usage := object_at(message, "extra", "response", "usage"))
    ]
    return claim_of(reports, _tokens, source="traj.json response.usage", includes_cache=True)


def _tokens(report: Mapping[str, Any]) -> Tokens:
    return Tokens(
        input=count(report.get("prompt_tokens")),
        cached=count(object_at(report, "prompt_tokens_details").get("cached_tokens")),
        output=count(report.get("completion_tokens")),
        reasoning=count(object_at(report, "completion_tokens_details").get("reasoning_tokens")),
        total=count(report.get("total_tokens")),
    )


ADAPTER = Adapter(
    name="mini-swe-agent",
    version="2.4.6",
    protocol="chat",
    install=Install(
        source="pypi",
        # without mcp, litellm fails at every call
        packages=("mini-swe-agent==2.4.6", "mcp==2.3.0"),
        before="2026-11-20",
        commands=("mini",),
        setup=SETUP,
    ),
    verified="2026-11-22",
    failure="exit code 1; at a limit of its own 0, and an exit_status other than Submitted in its trajectory",
    wire=wire,
    claim=claim,
)
