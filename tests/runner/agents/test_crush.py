from __future__ import annotations

import json
from collections.abc import Callable

from cab_runner.agents import WireContext
from cab_runner.agents.crush import wire


def test_wiring(context: Callable[..., WireContext]) -> None:
    wiring = wire(context(prompt="-v 'x'"))
    assert wiring.command == ("crush", "run", "--", "-v 'x'")
    assert wiring.env == {"METER_KEY": "cab-token"}
    chosen = {"provider": "meter", "model": "vendor/m-1"}
    assert {name: json.loads(text) for name, text in wiring.files.items()} == {
        ".config/crush/crush.json": {
            "options": {"disable_metrics": True, "disable_provider_auto_update": True},
            "providers": {
                "meter": {
                    "type": "openai-compat",
                    "base_url": "http://127.0.0.1:8080/v1",
                    "api_key": "$METER_KEY",
                    "models": [
                        {
                            "id": "vendor/m-1",
                            "name": "vendor/m-1",
                            "context_window": 32_000,
                            "default_max_tokens": 2_000,
                        }
                    ],
                }
            },
            "models": {"large": chosen, "small": chosen},
        }
    }
