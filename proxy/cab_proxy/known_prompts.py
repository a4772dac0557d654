"""By which texts the calls that CLIs make beside their work are known: data, with who, when and where from.

A text is looked for near the beginning of each system prompt, or of what the request says last; it is long
enough to stand in nobody's task. Rows hold for records that are there already: what comes new is a new row.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from .protocols.quirks import Seen
from .records import Purpose


class Known(NamedTuple):
    """A call that is known by its text."""

    purpose: Purpose
    text: str
    seen: Seen
    place: Literal["system", "last", "both"] = "system"
    """In a system prompt, in the last text of the last message, or in either."""


_AIDER: Final = Seen("aider 0.86.2", "2026-11-22", "PyPI aider-chat: prompts.py, coders/*_prompts.py")
_CLAUDE: Final = Seen("claude-code 2.1.330", "2026-11-22", "npm @anthropic-ai/claude-code-linux-x64: claude")
_CODEX: Final = Seen("codex 0.169.0", "2026-11-22", "npm @openai/codex (linux-x64): bin/codex")
_CRUSH: Final = Seen("crush", "2026-11-22", "https://github.com/charmbracelet/crush: internal/agent")
_GEMINI: Final = Seen("gemini-cli 0.61.0", "2026-11-22", "npm @google/gemini-cli: bundle/chunk-JDPZ4CE3.js")
_GOOSE: Final = Seen("goose", "2026-11-22", "https://github.com/block/goose: crates/goose/src")
_OPENCODE: Final = Seen("opencode 1.18.33", "2026-11-22", "npm opencode-linux-x64: bin/opencode")
_OPENHANDS: Final = Seen("openhands 1.16.0", "2026-11-22", "PyPI openhands-sdk 1.21.0")
_PI: Final = Seen("pi 0.73.1", "2026-11-22", "npm @mariozechner/pi-coding-agent: dist/core/compaction")
_QWEN: Final = Seen("qwen-code 0.24.4", "2026-11-22", "npm @qwen-code/qwen-code: chunks")
_VIBE: Final = Seen("mistral-vibe 3.0.2", "2026-11-22", "PyPI mistral-vibe: vibe/core/prompts")

KNOWN: Final = (
    Known("title", "You are a title generator. You output ONLY a thread title.", _OPENCODE),
    Known("title", "You are naming a coding session so the user can pick it out", _CLAUDE),
    Known("title", "Generate a short kebab-case name (2-4 words) that captures", _CLAUDE, "both"),
    Known("title", "Generate a concise, sentence-case title (3-7 words) that captures", _QWEN),
    Known("title", "Generate a concise, single-line task title of at most", _CODEX, "both"),
    Known("title", "You write short, descriptive titles for coding-agent sessions.", _VIBE),
    Known("title", "You name git worktree folders for an AI coding agent.", _VIBE),
    Known("title", "generates concise, descriptive titles for conversations with OpenHands", _OPENHANDS),
    Known("title", "Generate a short title (four words or less)", _GOOSE),
    Known("title", "Reply with only a description in four words or less", _GOOSE),
    Known("title", "Generate a concise title for the following content:", _CRUSH, "last"),
    Known("summary", "You are a context summarization agent.", _OPENCODE),
    Known("summary", "Summarize what was done in this conversation. Write like a pull request", _OPENCODE),
    Known("summary", "You are a helpful AI assistant tasked with summarizing conversations.", _CLAUDE),
    Known("summary", "Your task is to create a detailed summary of th", _CLAUDE, "last"),
    Known("summary", "The user stepped away and is coming back. Recap in under 40", _CLAUDE, "last"),
    Known("summary", "Write a short summary label describing what these tool calls", _CLAUDE),
    Known("summary", "You generate session recaps for a programming assistant CLI.", _QWEN),
    Known("summary", "You are the component that summarizes a conversation when its", _QWEN, "both"),
    Known("summary", "for distilling chat history into a structured XML <state_snapshot>", _GEMINI),
    Known("summary", "Summarize the user's primary intent or goal in this conversation", _GEMINI, "last"),
    Known("summary", "Summarize the following tool output to be a maximum of", _GEMINI, "last"),
    Known("summary", "### State Update: Agent Continuity", _GEMINI, "last"),
    Known("summary", "performing a CONTEXT CHECKPOINT COMPACTION.", _CODEX, "both"),
    Known("summary", "You are a concise turn summarizer for an AI coding agent.", _VIBE),
    Known("summary", "You are a context summarization assistant. Your task is to read", _PI),
    Known("summary", "You are maintaining a context-aware state summary for an", _OPENHANDS, "last"),
    Known("summary", "The messages above are a conversation to summarize.", _GOOSE),
    Known("summary", "The conversation context above needs to be compacted.", _CRUSH, "last"),
    Known("summary", "*Briefly* summarize this partial conversation about programming.", _AIDER),
    Known("commit", "one-line Git commit messages based on the provided diffs.", _AIDER),
    Known("router", "You are a specialized Task Routing AI.", _GEMINI),
    Known("router", "structure of your immediately preceding response", _GEMINI, "last"),
    Known("router", "whether a conversational AI assistant is stuck in an unproductive loop", _GEMINI),
    Known("main", "Act as an expert software developer", _AIDER),
    Known("main", "Act as an expert code analyst", _AIDER),
    Known("main", "Act as an expert architect engineer", _AIDER),
    Known("main", "You are an expert on the AI coding tool called Aider.", _AIDER),
)
"""The first row that fits counts. A text that several CLIs send has one row. Those for ``main`` are for calls
without tools, of a CLI that never offers any.
"""

DELEGATES: Final = (
    ("Agent", _CLAUDE),
    ("Task", Seen("claude-code, earlier", "2026-11-22", "the same file, which knows both names")),
    ("task", _OPENCODE),
    ("task", _VIBE),
    ("task", Seen("copilot 1.0.102", "2026-11-22", "on the wire")),
    ("spawn_agent", _CODEX),
    ("agent", _QWEN),
    ("agent", _CRUSH),
    ("invoke_agent", _GEMINI),
    ("delegate", _OPENHANDS),
)
"""Names of the tools by which an agent starts others."""
