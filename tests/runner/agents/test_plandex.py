from __future__ import annotations

import json
from collections.abc import Callable

from cab_runner.agents import WireContext
from cab_runner.agents.plandex import wire


def test_wiring(context: Callable[..., WireContext]) -> None:
    wiring = wire(context())
    assert wiring.command == (
        *("sh", "-c"),
        'plandex new --full && plandex set-model meter && plandex tell --skip-menu --file "$0"',
        "/home/cab/cab-prompt.md",
    )
    assert wiring.env == {"METER_KEY": "cab-token", "PLANDEX_SKIP_UPGRADE": "1"}
    assert wiring.files["cab-prompt.md"] == 'Fix "it".\nThen stop.'
    models = json.loads(wiring.files["cab-plandex-models.json"])
    assert models["providers"] == [
        {"name": "meter", "baseUrl": "http://127.0.0.1:8080/v1", "apiKeyEnvVar": "METER_KEY"}
    ]
    (model,) = models["models"]
    assert (model["maxTokens"], model["maxOutputTokens"]) == (32_000, 2_000)
    assert model["providers"][0]["modelName"] == "vendor/m-1"
    (pack,) = models["modelPacks"]
    assert {pack[role] for role in ("planner", "summarizer", "builder", "names")} == {model["modelId"]}
