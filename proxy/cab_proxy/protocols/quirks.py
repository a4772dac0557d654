"""In what chat endpoints differ from one another when they report usage: data, with who, when and where from.

Of several rows that fit, the first one counts. A row stays once it is there, since recorded bytes stay as
they were; what comes new is a new row. A path is a key of an object, or two joined with a dot, and a list on
the way is looked through.

What needs no row: ``prompt_tokens_details: null`` and usage in every chunk (vLLM, Fireworks), further fields
(Cerebras' ``time_info``, Groq's ``queue_time``). What is billed apart from prompt and completion
(Perplexity's ``citation_tokens`` and ``num_search_queries``) is in ``usage_raw`` only.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal, NamedTuple


class Seen(NamedTuple):
    """Who does something."""

    who: str
    on: str
    """Date of the source, or of the look at it."""
    source: str


class Place(NamedTuple):
    """Where in a response, or a chunk of one, the usage object lies."""

    path: str
    seen: Seen


class Count(NamedTuple):
    """Which field of the usage object is which of the ledger's counts."""

    kind: Literal["input", "cached", "cache_write", "output", "reasoning"]
    path: str
    seen: Seen
    plus: str = ""
    """Path of what is to be added; without it, this count is unknown."""


class Cost(NamedTuple):
    """Where the usage object says what the call cost."""

    path: str
    seen: Seen
    plus: str = ""
    """As of a :class:`Count`."""
    unit_usd: Decimal = Decimal(1)
    """What 1 is worth."""
    only_if: str = ""
    """The row holds where this field of the usage object is true."""


OPENAI: Final = Seen("OpenAI and most others", "2026-11-22", "PyPI openai 3.54.0: types/completion_usage.py")
DATABRICKS: Final = Seen("Databricks", "2026-11-22", "PyPI genai-prices 0.2.3: data")
DEEPSEEK: Final = Seen(
    "DeepSeek", "2026-11-22", "https://docs.stigg.io/documentation/ai-agents/providers/deepseek"
)
GROQ: Final = Seen("Groq", "2026-11-22", "PyPI groq 1.7.0: types/chat/chat_completion_chunk.py")
KIMI: Final = Seen("Kimi", "2026-03-10", "https://github.com/earendil-works/pi/issues/2017")
LITELLM: Final = Seen("LiteLLM", "2025-09-30", "https://github.com/BerriAI/litellm/issues/15056")
LLAMA_CPP: Final = Seen("llama.cpp", "2025-09-06", "https://github.com/ggml-org/llama.cpp/pull/15827")
MISTRAL: Final = Seen("Mistral", "2026-05-01", "https://github.com/vercel/ai/pull/14889")
OPENROUTER: Final = Seen("OpenRouter", "2026-11-22", "https://openrouter.ai/docs/use-cases/usage-accounting")
OPENROUTER_OWN_KEY: Final = Seen(
    "OpenRouter, with the user's own key at the provider: its fee, and what the provider charges",
    "2026-08-18",
    "https://github.com/OpenRouterTeam/ai-sdk-provider/issues/532",
)
PERPLEXITY: Final = Seen("Perplexity", "2026-11-22", "PyPI perplexityai 0.46.1: types/shared/usage_info.py")
QWEN: Final = Seen("Qwen", "2026-10-11", "https://www.alibabacloud.com/help/en/model-studio/context-cache")
TOGETHER: Final = Seen(
    "Together", "2026-11-22", "https://docs.stigg.io/documentation/ai-agents/providers/together"
)
XAI: Final = Seen("xAI", "2026-11-22", "https://docs.x.ai/developers/cost-tracking")
XAI_OLDER: Final = Seen("xAI's older API", "2026-11-22", "PyPI genai-prices 0.2.3: data")

PLACES: Final = (
    Place("usage", OPENAI),
    Place("choices.usage", KIMI),
    Place("x_groq.usage", GROQ),
    Place("timings", LLAMA_CPP),
)

COUNTS: Final = (
    Count("input", "prompt_tokens", OPENAI),
    Count("input", "prompt_n", LLAMA_CPP, plus="cache_n"),  # older versions don't say what was cached
    Count("output", "completion_tokens", OPENAI),
    Count("output", "predicted_n", LLAMA_CPP),
    Count("cached", "prompt_tokens_details.cached_tokens", OPENAI),
    Count("cached", "prompt_cache_hit_tokens", DEEPSEEK),
    Count("cached", "cached_tokens", TOGETHER),
    Count("cached", "num_cached_tokens", MISTRAL),
    Count("cached", "prompt_token_details.cached_tokens", MISTRAL),
    Count("cached", "cache_read_input_tokens", DATABRICKS),
    Count("cached", "cached_prompt_text_tokens", XAI_OLDER),
    Count("cached", "cache_n", LLAMA_CPP),
    Count("cache_write", "prompt_tokens_details.cache_write_tokens", OPENAI),
    Count("cache_write", "prompt_tokens_details.cache_creation_tokens", LITELLM),
    Count("cache_write", "prompt_tokens_details.cache_creation_input_tokens", QWEN),
    Count("cache_write", "cache_creation_input_tokens", LITELLM),
    Count("reasoning", "completion_tokens_details.reasoning_tokens", OPENAI),
    Count("reasoning", "reasoning_tokens", PERPLEXITY),
)

COSTS: Final = (
    Cost("cost", OPENROUTER_OWN_KEY, plus="cost_details.upstream_inference_cost", only_if="is_byok"),
    Cost("cost", OPENROUTER),
    Cost("cost.total_cost", PERPLEXITY),
    Cost("cost_in_usd_ticks", XAI, unit_usd=Decimal("1e-10")),
)

REASONING_OUTSIDE: Final = (
    Seen("xAI", "2026-02-11", "https://github.com/vercel/ai/pull/12425"),
    Seen("Gemini behind gateways", "2026-09-11", "https://github.com/router-for-me/CLIProxyAPI/issues/5733"),
    PERPLEXITY,
)
"""Who leaves reasoning out of ``completion_tokens``. One knows it by the total, which includes it, or by
there being more of it than of completion.
"""

CACHE_OUTSIDE: Final = (LITELLM,)
"""Who left what concerns the cache out of ``prompt_tokens``, in some versions. One knows it by there being
more of it than of prompt.
"""
