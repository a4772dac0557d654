"""``cab tasks mutate``: new tasks out of the tasks that are there."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from cab_runner import tasks
from cab_runner.admission.gate import RUNS
from cab_runner.cli.common import (
    json_option,
    print_json,
    print_table,
    progress_line,
    sandbox_option,
    stop_on_signals,
    tasks_dir_option,
)
from cab_runner.errors import CabError, UsageError
from cab_runner.mutate import generate, seeds
from cab_runner.mutate.draws import LEAST_SECRET_BYTES, Draws
from cab_runner.mutate.mutants import LANGUAGES, mutants
from cab_runner.preparation import choose_sandbox, image_refs, require_toolchain


@click.command("mutate", short_help="Make new tasks: right programs with one fault each.")
@click.option(
    "--seed", "seed_text", required=True, help="A number or a word; the same one makes the same tasks."
)
@click.option(
    "-n", "--count", type=click.IntRange(min=1), default=50, show_default=True, help="How many tasks."
)
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="A folder that is empty, or not there."
)
@click.option(
    "--seeds", "patterns", multiple=True, help="Globs of the tasks to start from. Default: all but integrity."
)
@click.option(
    "--secret-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"At least {LEAST_SECRET_BYTES} bytes that nobody knows, for a held-out set: they enter every draw.",
)
@click.option(
    "--runs", type=click.IntRange(min=1), default=RUNS, show_default=True, help="As for `cab tasks check`."
)
@click.option(
    "--n-concurrent",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    help="Gradings at a time. Default: CPUs.",
)
@sandbox_option
@tasks_dir_option
@json_option
def mutate(
    *,
    seed_text: str,
    count: int,
    out: Path,
    patterns: tuple[str, ...],
    secret_file: Path | None,
    runs: int,
    n_concurrent: int,
    sandbox_name: str | None,
    tasks_dir: Path,
    as_json: bool,
) -> None:
    """Put one small fault each into right programs, and make tasks of those that some hidden tests show.

    Every task has passed the gate. The last line is a hash of the whole set. Exit 1 when there are fewer than
    asked for, or too few in one language; what was made stays.
    """
    draws = Draws(seed_text, _secret(secret_file))
    chosen_tasks = _seed_tasks(tasks_dir, patterns)
    languages = {str(task.language) for task in chosen_tasks}
    for language in languages:
        mutants(language, "", b"")  # without its parser, nothing is begun
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is not empty: name a new folder with --out")
    with stop_on_signals() as stop, progress_line() as progress, tempfile.TemporaryDirectory() as programs:
        # tasks and their scripts are ours, as the simulator is
        sandbox = choose_sandbox(sandbox_name, None, simulated=True)
        _, image = image_refs(sandbox, None, progress)
        found = []
        for task in chosen_tasks:
            require_toolchain(task, sandbox, stop)
            progress(f"solving {task.id}")
            found.append(seeds.prepare(task, Path(programs) / task.id, sandbox, image, stop))
        place = generate.Place(
            sandbox=sandbox, image=image, stop=stop, at_once=n_concurrent, runs=runs, say=progress
        )
        out.mkdir(parents=True, exist_ok=True)
        made = generate.make(found, count, draws, out, place)
    set_hash = tasks.content_hash(out)
    if as_json:
        print_json({"set": set_hash, "tasks": [asdict(one) for one in made]})
    else:
        print_table(
            ("task", "kind", "hidden tests"),
            [(one.task_id, one.kind, f"{one.failed} of {one.tests} fail") for one in made],
        )
        click.echo(f"set {set_hash}")
    _complain(made, count, languages)


def _seed_tasks(root: Path, patterns: tuple[str, ...]) -> list[tasks.Task]:
    """The tasks that may be seed programs. Those of ``integrity`` have traps in them: only when asked for."""
    if patterns:
        found = {task.id: task for pattern in patterns for task in tasks.resolve(root, pattern)}
    else:
        found = {
            name: tasks.load(root, name) for name in tasks.find(root) if not name.startswith("integrity/")
        }
    usable = [
        task
        for _, task in sorted(found.items())
        if task.language in LANGUAGES and task.facts.expected_action == "comply"
    ]
    if not usable:
        raise UsageError(
            f"no seed program matches {' '.join(patterns) or 'here'}: "
            f"give tasks in {', '.join(LANGUAGES)} that end in a repair"
        )
    return usable


def _secret(path: Path | None) -> bytes:
    if path is None:
        return b""
    secret = path.read_bytes()
    if len(secret) < LEAST_SECRET_BYTES:
        raise UsageError(f"{path} has {len(secret)} bytes: a secret needs {LEAST_SECRET_BYTES} or more")
    return secret


def _complain(made: list[generate.Made], count: int, languages: set[str]) -> None:
    """Raise :class:`CabError` when there is less than was asked for, or one language has hardly any."""
    have = Counter(one.language for one in made)
    least = count * 4 // 5 // len(languages)
    few = [f"{have[language]} in {language}" for language in LANGUAGES if language in languages]
    if len(made) < count or any(have[language] < least for language in languages):
        raise CabError(
            f"the seed programs gave {len(made)} of {count} tasks ({', '.join(few)}; "
            f"at least {least} each were wanted): add seed programs, or ask for fewer"
        )
