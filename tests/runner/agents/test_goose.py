from __future__ import annotations

from collections.abc import Callable

from cab_runner.agents import WireContext
from cab_runner.agents.goose import wire


def test_wiring(context: Callable[..., WireContext]) -> None:
    wiring = wire(context())
    assert wiring.command == (
        *("sh", "-c", 'exec "$@" <"$0"', "/home/cab/cab-prompt.md"),
        *("goose", "run", "--no-session", "--with-builtin", "developer", "--max-turns", "7"),
        *("--instructions", "-"),
    )
    assert wiring.env == {
        "GOOSE_CONTEXT_LIMIT": "32000",
        "GOOSE_DISABLE_KEYRING": "1",
        "GOOSE_MAX_TOKENS": "2000",
        "GOOSE_MODE": "auto",
        "GOOSE_MODEL": "vendor/m-1",
        "GOOSE_PROVIDER": "openai",
        "GOOSE_TELEMETRY_ENABLED": "false",
        "OPENAI_API_KEY": "cab-token",
        "OPENAI_BASE_PATH": "v1/chat/completions",
        "OPENAI_HOST": "http://127.0.0.1:8080",
    }
    assert wiring.files == {"cab-prompt.md": 'Fix "it".\nThen stop.'}


def test_without_a_bound_on_turns_it_has_its_own(context: Callable[..., WireContext]) -> None:
    assert "--max-turns" not in wire(context(max_turns=None)).command
