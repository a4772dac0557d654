from __future__ import annotations

import json
from pathlib import Path

from cab_proxy.records import Tokens
from cab_runner.agents.base import Claim, no_claim


def test_a_claim_as_json_keeps_the_raw_report() -> None:
    raw = {"input": 1, "cache": {"read": 2}}
    claim = Claim(
        source="stdout", raw=(raw,), raw_input_includes_cache=False, tokens=Tokens(input=3, cached=2)
    )
    assert claim.to_json() == {
        "source": "stdout",
        "raw": [raw],
        "raw_input_includes_cache": False,
        "tokens": {
            "input": 3,
            "cached": 2,
            "cache_write": None,
            "output": None,
            "reasoning": None,
            "total": None,
        },
    }
    json.dumps(claim.to_json())


def test_an_agent_without_a_report_claims_nothing(tmp_path: Path) -> None:
    assert no_claim('{"tokens": 1}', tmp_path) is None
