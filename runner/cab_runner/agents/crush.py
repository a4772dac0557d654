"""crush, by ``crush run``; wired from its documentation, and never run here.

Sources: https://github.com/charmbracelet/crush/blob/main/README.md (configuration, providers, metrics),
https://github.com/charmbracelet/crush/blob/main/internal/cmd/run.go (the command: it approves every tool
call, and reads a file on stdin with two newlines added). Version 0.94.1 is of 2026-09-12; its JSON
configuration is deprecated in favour of a shell script, and still read.
"""

from __future__ import annotations

import json
from typing import Final

from cab_runner.agents.base import Adapter, Install, WireContext, Wiring

CONFIG_FILE: Final = ".config/crush/crush.json"


def wire(context: WireContext) -> Wiring:
    """One run of crush, with its endpoint and its limits in a configuration file."""
    chosen = {"provider": "meter", "model": context.model}
    config = {
        "options": {"disable_metrics": True, "disable_provider_auto_update": True},
        "providers": {
            "meter": {
                "type": "openai-compat",
                "base_url": context.base_url,
                "api_key": "$METER_KEY",
                "models": [
                    {
                        "id": context.model,
                        "name": context.model,
                        "context_window": context.context_window_tokens,
                        "default_max_tokens": context.max_output_tokens,
                    }
                ],
            }
        },
        "models": {"large": chosen, "small": chosen},
    }
    return Wiring(
        command=("crush", "run", "--", context.prompt),
        env={"METER_KEY": context.token},
        files={CONFIG_FILE: json.dumps(config, indent=1)},
    )


ADAPTER = Adapter(
    name="crush",
    version="0.94.1",
    protocol="chat",
    install=Install(
        source="binary",
        commands=("crush",),
        published_at="https://github.com/charmbracelet/crush/releases/tag/v0.94.1",
    ),
    own_files=(".crush/**",),
    failure="not seen; by its source, exit 1 and the error on stderr",
    wire=wire,
)
