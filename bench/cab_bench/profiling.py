"""Where a relay's time goes: py-spy looks at it while a load runs.

What is counted is samples in which it did something; a sample counts for the innermost Python function, and
with what C code that called: system calls and C extensions are their caller's, unless ``native`` is on.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from . import procs, wire, wrk
from .errors import BenchError
from .kinds import PEERS_DIR
from .load import Load
from .measure import PACED_GAP_MS, STREAM_EVENTS, outcome
from .peers import Target
from .report import table

_FRAME: Final = re.compile(r"(?P<function>.*?) \((?P<file>[^()]*?)(?::\d+)?\)$")
_SHOWN: Final = 40
_START_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack, outermost function first, and the samples that had it."""

    frames: tuple[str, ...]
    count: int


def parse(folded: str) -> list[Stack]:
    """Read py-spy's raw format: a stack a line, frames joined by ``;``, then the count."""
    found = []
    for line in folded.splitlines():
        frames, _, count = line.rpartition(" ")
        if frames and count.isdecimal():
            found.append(Stack(tuple(frames.split(";")), int(count)))
    return found


def module(frame: str) -> str:
    """The module of a frame, as its file's last two names; C code by its library."""
    found = _FRAME.fullmatch(frame)
    if found is None:
        return "(C)"
    parts = found["file"].removesuffix(".py").split("/")
    return ".".join(parts[-2:])


def function(frame: str) -> str:
    """Module and name of a frame."""
    return f"{module(frame)}.{frame.partition(' (')[0]}"


def self_time(stacks: Iterable[Stack]) -> Counter[str]:
    """Samples by the function that was innermost."""
    found: Counter[str] = Counter()
    for stack in stacks:
        found[function(stack.frames[-1])] += stack.count
    return found


def whole_time(stacks: Iterable[Stack]) -> Counter[str]:
    """Samples by every function that was under way; one that called itself counts once."""
    found: Counter[str] = Counter()
    for stack in stacks:
        for name in set(map(function, stack.frames)):
            found[name] += stack.count
    return found


def speedscope(stacks: Sequence[Stack], name: str, rate: int) -> dict[str, Any]:
    """The stacks in the format that speedscope opens."""
    frames: dict[str, int] = {}
    samples = [[frames.setdefault(frame, len(frames)) for frame in stack.frames] for stack in stacks]
    weights = [stack.count / rate for stack in stacks]
    return {
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "shared": {"frames": [{"name": frame} for frame in frames]},
        "profiles": [
            {
                "type": "sampled",
                "name": name,
                "unit": "seconds",
                "startValue": 0,
                "endValue": sum(weights),
                "samples": samples,
                "weights": weights,
            }
        ],
    }


def profile(target: Target, seconds: float, rate: int, out: Path, *, native: bool) -> str:
    """Profile a relay under three loads; returns the tables, writes what speedscope opens into ``out``."""
    spy = _spy()
    out.mkdir(parents=True, exist_ok=True)
    parts = []
    with ThreadPoolExecutor(1) as background:
        for name, load in _LOADS.items():
            loading = background.submit(load, target, seconds + 3)
            time.sleep(_START_S)
            before = procs.cpu_s(target.pid)
            stacks = parse(_recorded(spy, target.pid, seconds, rate, native=native))
            used = procs.cpu_s(target.pid) - before
            loading.result()
            (out / f"{name}.speedscope.json").write_text(json.dumps(speedscope(stacks, name, rate)))
            parts.append(_tables(name, stacks, used / seconds))
    text = "\n".join(parts)
    (out / "profile.md").write_text(text)
    return f"{text}\nwritten to {out}; the .speedscope.json files open in speedscope"


def _plain(target: Target, seconds: float) -> None:
    body = wire.request_body("plain", 17_000)
    wrk.run(target.port, target.headers, body, target.folder, connections=32, seconds=seconds)


def _streams(target: Target, seconds: float) -> None:
    body = wire.request_body(f"stream-{STREAM_EVENTS}-0", 17_000)
    wrk.run(target.port, target.headers, body, target.folder, connections=32, seconds=seconds)


def _paced(target: Target, seconds: float) -> None:
    load = Load(
        port=target.port, headers=dict(target.headers), concurrent=1000, events=STREAM_EVENTS,
        gap_ms=PACED_GAP_MS, body_bytes=17_000, seconds=seconds, seed=0,
    )  # fmt: skip
    outcome(load)


_LOADS: Final[dict[str, Callable[[Target, float], None]]] = {
    "plain": _plain,
    "streams": _streams,
    "paced-1000": _paced,
}


def _spy() -> str:
    here = PEERS_DIR / "py-spy/bin/py-spy"
    found = str(here) if here.exists() else shutil.which("py-spy")
    if found is None:
        raise BenchError("py-spy isn't installed: python bench install py-spy, or pip install py-spy")
    return found


def _recorded(spy: str, pid: int, seconds: float, rate: int, *, native: bool) -> str:
    command = [spy, "record", "--pid", str(pid), "--duration", str(round(seconds)), "--rate", str(rate)]
    command += ["--format", "raw", "--function", "--output", "/dev/stdout", *(["--native"] if native else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stderr.strip()
    if "ermission" in said or "not permitted" in said:
        raise BenchError(
            "py-spy may not look into another process here. Run this as root, in a container with "
            "--cap-add SYS_PTRACE, or after sysctl kernel.yama.ptrace_scope=0"
        )
    if done.returncode:
        raise BenchError(f"py-spy failed: {said[-500:]}")
    return done.stdout


def _tables(name: str, stacks: Sequence[Stack], busy: float) -> str:
    total = sum(stack.count for stack in stacks)
    if not total:
        return f"## {name}\n\nno sample\n"
    own, whole = self_time(stacks), whole_time(stacks)
    modules: Counter[str] = Counter()
    for stack in stacks:
        modules[module(stack.frames[-1])] += stack.count
    by_function = [
        (each, f"{count / total:.1%}", f"{whole[each] / total:.1%}")
        for each, count in own.most_common(_SHOWN)
    ]
    by_module = [(each, f"{count / total:.1%}") for each, count in modules.most_common(15)]
    return (
        f"## {name}: {total} samples, {busy:.0%} of a core\n\n"
        f"{table(('function', 'self', 'with callees'), by_function)}\n\n"
        f"{table(('module', 'self'), by_module)}\n"
    )
