"""plandex: how its CLI is told a model and a task. That is not enough to run it.

The CLI calls no model: it sends the prompt to a plandex-server, which needs PostgreSQL and calls the models
itself. Attempts work only where an image brings that server along, listening in the sandbox, with the CLI
signed in to it and :data:`MODELS_FILE` taken over by ``plandex models custom``; both ask on a terminal. With
the CLI alone each attempt ends without a model call. plandex's own cloud, the other server, is closed to new
users since 2025-10-03.

Sources: https://docs.plandex.ai/hosting/self-hosting/advanced-self-hosting,
https://docs.plandex.ai/models/custom-models, https://docs.plandex.ai/cli-reference,
https://github.com/plandex-ai/plandex/issues/297 (sign-in asks), and for version 2.2.1
https://github.com/plandex-ai/plandex/blob/main/releases/cli/versions/2.2.1.md.
"""

from __future__ import annotations

import json
from typing import Final

from cab_runner.agents.base import PROMPT_FILE, Adapter, Install, WireContext, Wiring

MODELS_FILE: Final = "cab-plandex-models.json"
RUN: Final = 'plandex new --full && plandex set-model meter && plandex tell --skip-menu --file "$0"'
ROLES: Final = ("planner", "summarizer", "builder", "names", "commitMessages", "autoContinue")


def wire(context: WireContext) -> Wiring:
    """One plan in full-auto mode, with the model in all its roles."""
    models = {
        "providers": [{"name": "meter", "baseUrl": context.base_url, "apiKeyEnvVar": "METER_KEY"}],
        "models": [
            {
                "modelId": "meter/model",
                "publisher": "meter",
                "description": context.model,
                "defaultMaxConvoTokens": context.context_window_tokens // 2,
                "maxTokens": context.context_window_tokens,
                "maxOutputTokens": context.max_output_tokens,
                "reservedOutputTokens": context.max_output_tokens,
                "preferredOutputFormat": "xml",
                "providers": [{"provider": "custom", "customProvider": "meter", "modelName": context.model}],
            }
        ],
        "modelPacks": [
            {"name": "meter", "description": context.model, **dict.fromkeys(ROLES, "meter/model")}
        ],
    }
    return Wiring(
        command=("sh", "-c", RUN, f"{context.layout.home}/{PROMPT_FILE}"),
        env={"METER_KEY": context.token, "PLANDEX_SKIP_UPGRADE": "1"},
        files={PROMPT_FILE: context.prompt, MODELS_FILE: json.dumps(models, indent=1)},
    )


ADAPTER = Adapter(
    name="plandex",
    version="2.2.1",
    protocol="chat",
    install=Install(
        source="binary",
        commands=("plandex",),
        published_at="https://github.com/plandex-ai/plandex/releases/tag/cli%2Fv2.2.1",
    ),
    own_files=(".plandex*/**",),
    failure="not seen; without its server no command works",
    wire=wire,
)
