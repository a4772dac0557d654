"""goose, by ``goose run``; wired from its documentation, and never run here.

Sources: https://github.com/aaif-goose/goose/blob/main/documentation/docs/guides/environment-variables.md and
goose-cli-commands.md beside it; that version 1.50.0 takes an endpoint so, without a configuration file, is
from https://docs.rs/crate/llmman/0.1.689/source/src/cmd/launch/goose.rs. Its reports have the tokens in all
at best, and are not read.
"""

from __future__ import annotations

from cab_runner.agents.base import PROMPT_FILE, Adapter, Install, WireContext, Wiring, on_stdin


def wire(context: WireContext) -> Wiring:
    """One run of goose, configured by its environment alone."""
    turns = () if context.max_turns is None else ("--max-turns", str(context.max_turns))
    return Wiring(
        command=on_stdin(
            context,
            *("goose", "run", "--no-session", "--with-builtin", "developer", *turns),
            *("--instructions", "-"),
        ),
        env={
            "GOOSE_CONTEXT_LIMIT": str(context.context_window_tokens),
            "GOOSE_DISABLE_KEYRING": "1",
            "GOOSE_MAX_TOKENS": str(context.max_output_tokens),
            "GOOSE_MODE": "auto",
            "GOOSE_MODEL": context.model,
            "GOOSE_PROVIDER": "openai",
            "GOOSE_TELEMETRY_ENABLED": "false",
            "OPENAI_API_KEY": context.token,
            "OPENAI_BASE_PATH": "v1/chat/completions",
            "OPENAI_HOST": context.origin,
        },
        files={PROMPT_FILE: context.prompt},
    )


ADAPTER = Adapter(
    name="goose",
    version="1.50.0",
    protocol="chat",
    install=Install(
        source="binary",
        commands=("goose",),
        published_at="https://github.com/aaif-goose/goose/releases/tag/v1.50.0",
    ),
    failure="not seen",
    wire=wire,
)
