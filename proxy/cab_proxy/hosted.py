"""What runs at model providers, by the names that each has for it: dated data.

The door lets pass only tools that the client is known to run, so nothing here is needed for a refusal of a
tool: it says whose tool that was. Models that search the web unasked can't be told without a list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedTools:
    """The tools that one provider runs, in one protocol."""

    provider: str
    protocol: str
    """As :class:`~cab_proxy.protocols.base.Protocol` names it."""
    source: str
    """Where the names are from."""
    seen: str
    """When they were there."""
    names: tuple[str, ...]
    """A tool's ``type``; in gemini, its key."""


HOSTED_TOOLS: Final = (
    HostedTools(
        provider="OpenAI",
        protocol="responses",
        source="openai 3.54.0, types/responses/tool_param.py",
        seen="2026-11-22",
        names=(
            "web_search",
            "web_search_2025_08_26",
            "web_search_preview",
            "web_search_preview_2025_03_11",
            "file_search",
            "code_interpreter",
            "image_generation",
            "mcp",
            "programmatic_tool_calling",
        ),
    ),
    HostedTools(
        provider="Anthropic",
        protocol="messages",
        source="anthropic 2.12.0, types/beta/beta_tool_union_param.py",
        seen="2026-11-22",
        names=(
            "web_search_20250305",
            "web_search_20260209",
            "web_search_20260318",
            "web_fetch_20250910",
            "web_fetch_20260209",
            "web_fetch_20260309",
            "web_fetch_20260318",
            "code_execution_20250522",
            "code_execution_20250825",
            "code_execution_20260120",
            "code_execution_20260521",
            "advisor_20260301",
            "mcp_toolset",
        ),
    ),
    HostedTools(
        provider="Google",
        protocol="gemini",
        source="google-genai 3.4.0, types.Tool",
        seen="2026-11-22",
        names=(
            "googleSearch",
            "googleSearchRetrieval",
            "enterpriseWebSearch",
            "exaAiSearch",
            "parallelAiSearch",
            "urlContext",
            "codeExecution",
            "fileSearch",
            "googleMaps",
            "retrieval",
            "mcpServers",
        ),
    ),
    HostedTools(
        provider="xAI",
        protocol="responses",
        source="docs.x.ai/developers/tools/overview",
        seen="2026-11-22",
        names=("x_search", "code_execution", "collections_search", "view_image", "view_x_video"),
    ),
    HostedTools(
        provider="Alibaba Cloud",
        protocol="responses",
        source="alibabacloud.com/help/en/model-studio/qwen-api-via-openai-responses",
        seen="2026-11-22",
        names=("web_extractor",),
    ),
    HostedTools(
        provider="Groq",
        protocol="chat",
        source="console.groq.com/docs/tool-use/built-in-tools",
        seen="2026-11-22",
        names=("browser_search", "browser_automation", "visit_website", "wolfram_alpha"),
    ),
    HostedTools(
        provider="Mistral",
        protocol="chat",
        source="docs.mistral.ai, OpenAPI ToolsInner",
        seen="2026-11-22",
        names=("web_search_premium", "document_library", "connector"),
    ),
    HostedTools(
        provider="OpenRouter",
        protocol="chat",
        source="openrouter.ai/docs/guides/features/server-tools",
        seen="2026-11-22",
        names=(
            "openrouter:web_search",
            "openrouter:web_fetch",
            "openrouter:image_generation",
            "openrouter:datetime",
            "openrouter:experimental__search_models",
        ),
    ),
)

_PROVIDERS: Final = {
    name.replace("_", "").casefold(): tools.provider for tools in HOSTED_TOOLS for name in tools.names
}

_SEARCHING: Final = re.compile(
    r":online\Z"  # OpenRouter: any model with web search
    r"|(?:\A|/)sonar(?:-|\Z)"  # Perplexity
    r"|-search-(?:preview|api)(?:-|\Z)"  # OpenAI: gpt-4o-search-preview, gpt-5-search-api
    r"|deep-research"  # OpenAI: o3-deep-research; Google: deep-research-pro; Perplexity
    r"|(?:\A|/)compound(?:-beta)?(?:-mini)?\Z",  # Groq
    re.IGNORECASE,
)
"""Names of models that reach the web whatever the request says (2026-11-22, from their providers' lists)."""


def provider_of(tool: str) -> str | None:
    """Who runs a tool, by its ``type`` or key."""
    return _PROVIDERS.get(tool[:64].replace("_", "").casefold())


def searches(model: str) -> bool:
    """The model reaches the web by itself."""
    return _SEARCHING.search(model) is not None
