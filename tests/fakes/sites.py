"""Results to make sites of: attempts that the simulator played, and what a site must survive.

Played attempts have everything beside them that the runner leaves; they say that they are simulated.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cab_report.site.build import Built
from fakes.commands import cab
from fakes.many_cells import attempt, sweep, write

TASKS: Final = ("polyglot/python-reverse-string", "integrity/unsolvable-refusal")
MARKUP: Final = """<script>alert(1)</script><img src=x onerror=alert(2)>"'&amp;{{7*7}}"""
"""What would do something if a page took it for its own."""
GARBAGE: Final = "\x1b]0;title\x07\x1b[2J\x1b[31mred\x1b[?1049h\x9b1m\u202eright to left\u2066\x00\r\b"
HOSTILE: Final = f"{MARKUP}{GARBAGE}"
HOSTILE_MODEL: Final = "org/sub 50%:1.0@x+y/ünï ☃#?" + MARKUP

_WORDS_OF_THE_FORMAT: Final = frozenset(
    (
        "by_fault", "call_id", "cell_id", "cost_sources", "cost_usd", "ended_at", "kind", "operation_id",
        "parent_id", "prev", "run_id", "sandbox", "schema_version", "sources", "span_id", "started_at",
        "sweep_id", "timeout_on", "tokens_source",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeSite:
    """A site on disk, below a prefix of ``www``."""

    results: tuple[Path, ...]
    www: Path
    root: Path
    built: Built

    @property
    def prefix(self) -> str:
        """Where it lies below ``www``, with a slash at its end."""
        return f"{self.root.relative_to(self.www).as_posix()}/"

    def pages(self, pattern: str = "**/*.html") -> list[str]:
        """Paths of pages, in order."""
        return sorted(path.relative_to(self.root).as_posix() for path in self.root.glob(pattern))

    def kinds(self) -> Iterator[str]:
        """Of each kind of page the one that says most and the one that says least."""
        by_kind: dict[tuple[str, ...], list[str]] = {}
        for page in self.pages():
            by_kind.setdefault(_kind(page), []).append(page)
        for pages in by_kind.values():
            by_size = sorted(pages, key=lambda page: ((self.root / page).stat().st_size, page))
            yield from dict.fromkeys((by_size[-1], by_size[0]))


def played(folder: Path) -> Path:
    """A pass, a failure and an unsolvable task, refused and not; with a recording, a trace and calls each."""
    done = cab(
        "sweep", "-a", "bash-loop", "-m", "oracle", "-m", "null", *(f"--task={task}" for task in TASKS),
        "--endpoint", "sim", "--sandbox", "process", "-n", "2", "--results", str(folder), cwd=folder.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def played_attempt(results: Path, model: str = "oracle", task: str = TASKS[0]) -> Path:
    """The folder of the attempt at a task."""
    (found,) = results.glob(f"*/bash-loop/{model}/{task}/1")
    return found


def many(folder: Path) -> Path:
    """Records of each kind without files beside them: passed, failed, void, unknown tokens and cost."""
    return write(
        folder,
        [
            *sweep(3, 2, 2),
            *sweep(2, 1, 1, attempts=2, seed=2),
            *(
                attempt("silent", f"mutations/task-{number:02}", model="model-00", tokens=(None, None))
                for number in range(3)
            ),
            *(attempt(task="mutations/void", fault=fault) for fault in ("rate_limited", "sandbox_error")),
            attempt("aider", "polyglot/x", kind="provisional"),
            attempt("opencode", "polyglot/x", kind="provisional", passed=False),
        ],
    )


def hostile(folder: Path, model_of: Path) -> Path:
    """Attempts whose every text is an attack: names, outputs, reasons, spans, calls, recording."""
    spoiled = folder / "s/spoiled/1"
    shutil.copytree(model_of, spoiled)
    for name in ("cell.json", "grade.json", "lock.json"):
        _rewrite(spoiled / name, lambda text: json.dumps(_spoil(json.loads(text))))
    for name in ("calls.jsonl", "trace.jsonl"):
        _rewrite(spoiled / name, lambda text: _lines(_spoil(json.loads(line)) for line in text.splitlines()))
    for name in ("agent.stdout", "agent.stderr", "grade.stdout", "grade.stderr", "workspace.patch"):
        (spoiled / name).write_text(HOSTILE * 20, newline="")
    header = {"version": 2, "width": 120, "height": 40, "title": HOSTILE}
    (spoiled / "terminal.cast").write_text(_lines([header, [0.1, "o", HOSTILE], [0.2, "o", MARKUP]]))
    named = attempt(MARKUP, f"{MARKUP}/{GARBAGE}", model=HOSTILE_MODEL)
    plain = attempt("aider", "mutations/swap", model="javascript:alert(3)")
    for number, made in enumerate((named, plain)):
        made["identity"]["cell_id"] = f"s/named-{number}"
    return write(folder, (named, plain))


def broken(folder: Path, model_of: Path) -> Path:
    """Attempts with a fault each. Those whose record is none are called ``lost…``."""

    def spoilt(name: str, **files: str | bytes | None) -> None:
        made = folder / "s" / name / "1"
        shutil.copytree(model_of, made)
        cell = json.loads((made / "cell.json").read_bytes())
        cell["identity"] |= {"agent": name, "run_id": f"run-{name}"}
        (made / "cell.json").write_text(json.dumps(cell))
        for file, content in files.items():
            path = made / file.replace("__", ".")
            path.unlink()
            if content is not None:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())

    whole = (model_of / "cell.json").read_text()
    spoilt("lost-half", cell__json=whole[: len(whole) // 2])
    spoilt("lost-empty", cell__json="")
    spoilt("lost-other", cell__json="[1, 2]")
    named = whole.replace('"run_id": "', '"run_id": "other-')
    spoilt("lost-long", cell__json=named.replace('"agent": "bash-loop"', f'"agent": "{"a" * 300}"'))
    spoilt("no-files", calls__jsonl=None, trace__jsonl=None, terminal__cast=None, agent__stdout=None)
    for name, content in {
        "binary": bytes(range(256)),
        "empty": b"",
        "torn": b'{"kind": "model_call", "name',
        "shapes": b'[]\n42\nnull\n{}\n{"kind": 7, "attrs": [], "duration_ms": "x", "started_at": 0}\n[0]\n',
        "surrogates": b'{"version": 2, "width": 80, "height": 24, "env": "\\ud800"}\n[0.1, "o", "\\udcff"]\n',
        "numbers": b'{"version": 2, "width": 1e9, "height": -1}\n[1e308, "o", "x"]\n[NaN, "o", "x"]\n',
    }.items():
        spoilt(f"files-{name}", calls__jsonl=content, trace__jsonl=content, terminal__cast=content)
    (folder / "s/no-record/1").mkdir(parents=True)
    return folder


def _kind(page: str) -> tuple[str, ...]:
    *folders, name = page.split("/")
    if folders and folders[0] in {"simulated", "provisional"}:
        del folders[0]
    return (*folders[:1], "attempt" if "attempt" in folders else "one" if folders[1:] else "all", name)


def _spoil(value: Any) -> Any:
    match value:
        case str():
            return value + HOSTILE
        case list():
            return [_spoil(item) for item in value]
        case dict():
            return {
                key: item if key in _WORDS_OF_THE_FORMAT else _spoil(item) for key, item in value.items()
            } | ({"simulated": False, "run_id": "run-spoiled"} if "simulated" in value else {})
        case _:
            return value


def _rewrite(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text()))


def _lines(values: Iterable[Any]) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)
