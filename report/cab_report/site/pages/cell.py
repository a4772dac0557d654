"""The page of a cell: one attempt with all of its evidence, the cell's other attempts, its neighbours.

Each attempt has a page; the cell's own is that of the attempt that stands for it, with the embed beside it.
Nothing of a record is taken for granted but what tables take of it; what is missing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any, Final

from cab_report.attempt import breakdown, calls, evidence, scores
from cab_report.attempt.evidence import Evidence
from cab_report.attempt.failure_words import banner
from cab_report.attempt.scores import number, part
from cab_report.results.table import between, share, tokens, usd
from cab_report.site import paths, player
from cab_report.site.badges import plain
from cab_report.site.charts.timeline import timeline
from cab_report.site.commands import commands
from cab_report.site.content import Cell, Content, Recorded, Site
from cab_report.site.parts import Copy, Page
from cab_report.text import many, milliseconds, to_the_second
from cab_scoring.failure import FAILURES
from cab_scoring.stats import intervals
from cab_scoring.stats.intervals import Tally

SPANS_SHOWN: Final = 500
NEIGHBOURS_SHOWN: Final = 50
"""In each list; with all, a page of each of 3,000 tasks would be of 3,000 links."""
EMBED_SIZE: Final = (520, 190)
"""Pixels; the frame that the code for other pages makes."""
_BROKEN_DOWN: Final = ("meter", "claim", "grading", "network", "left_in_home", "failure")
"""Parts of a record that are shown key by key after its scores."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something about the attempt."""

    name: str
    value: str | None
    note: str | None = None
    """What the value is, or why there is none."""
    whole: str | None = None
    """What ``value`` says less exactly."""


def pages(site: Site) -> Iterator[Page | Copy]:
    """Each attempt's page and files; each cell's embed."""
    for content in site.contents.values():
        for cell in content.cells.values():
            yield Page(path=embed_path(cell), template="embed.html", values=partial(_embed, cell))
            for attempt in cell.attempts:
                path = cell.path_of(attempt)
                yield Page(
                    path=path, template="cell.html", values=partial(_values, site, content, cell, attempt)
                )
                if site.evidence:
                    yield from _copies(path, attempt)


def embed_path(cell: Cell) -> str:
    """The page that stands for a cell in a frame elsewhere."""
    return paths.beside(cell.path, "embed.html")


def _copies(page: str, attempt: Recorded) -> Iterator[Copy]:
    for file in evidence.files(attempt.folder):
        if file.path is not None:
            yield Copy(
                path=paths.beside(page, evidence.FOLDER, evidence.PUBLISHED[file.name]), source=file.path
            )


def _values(site: Site, content: Content, cell: Cell, attempt: Recorded) -> Mapping[str, Any]:
    found = evidence.read(attempt.folder)
    of_models = calls.of_models(found.ledger.calls)
    recording = found.recording
    return {
        "kind": content.kind,
        "cell": cell,
        "attempt": attempt,
        "run": attempt.run,
        "rate": rate(cell),
        "banner": banner(attempt.run.cause),
        "rule": FAILURES.get(attempt.run.cause),
        "detail": part(found.cell, "failure").get("detail"),
        "scores": scores.scores(found.cell),
        "composite": scores.composite(found.cell),
        "identity": identity(found),
        "timing": timing(found),
        "trace": found.trace,
        "trace_missing": found.trace_missing,
        "trace_problems": found.trace_problems,
        "spans": [(span, breakdown.items(span.attrs)) for span in found.trace[:SPANS_SHOWN]],
        "drawing": timeline(found.trace) if found.trace else None,
        "cast": player.read(recording) if recording else None,
        "playable": bool(player.files()),
        "recording": paths.beside(cell.path_of(attempt), evidence.FOLDER, player.CAST),
        "recording_missing": found.recording_missing,
        "breakdown": list(_breakdown(found.cell)),
        "ledger": found.ledger,
        "calls": calls.rows(of_models),
        "calls_total": len(of_models),
        "other_requests": len(found.ledger.calls) - len(of_models),
        "outputs": found.outputs,
        "files": found.files,
        "published": evidence.PUBLISHED,
        "commands": commands(
            found.cell, found.lock, attempt.folder, [file.name for file in found.files if file.path]
        ),
        "neighbours": neighbours(content, cell),
        "neighbours_shown": NEIGHBOURS_SHOWN,
        "embed_path": embed_path(cell),
        "frame": frame(cell, site.base_url),
        "evidence_folder": evidence.FOLDER,
    }


def rate(cell: Cell) -> str:
    """How many of its attempts passed; of several the share, with its interval on exactly this task."""
    attempts, graded = len(cell.attempts), cell.graded
    void = attempts - len(cell.counted)
    said = many(attempts, "attempt") + (f", {void} void" if void else "")
    for what, seen in (
        ("the task", {run.task_hash for run in cell.counted}),
        ("the agent", {run.agent_version for run in cell.counted}),
    ):
        if len(seen) > 1:
            said += f", of {len(seen)} versions of {what}"
    if not graded:
        return f"{said}: no verdict"
    said += f": {cell.passed} of {graded} graded passed"
    if graded == 1:
        return f"{said}; from a single one there is no interval"
    tally = Tally(graded, cell.passed)
    interval = between(intervals.pass_interval([tally], "these tasks"))
    return f"{said}, {share(tally.rate)} (95 % {interval}, on this task)"


def identity(found: Evidence) -> list[Fact]:
    """What ran, in what, against what."""
    of, provenance = part(found.cell, "identity"), part(found.cell, "provenance")
    digest, chain = _digest_note(of), _chain(found, provenance.get("ledger_head"))
    no_exit = "not known: the agent did not end by itself, or never ran"
    return [
        _fact(of, "agent version", "agent_version", "not recorded: brought by its command line"),
        _fact(of, "mode", "behavior_mode"),
        _fact(of, "model build", "model_build_id", "not known: the endpoint named none, or several"),
        _fact(of, "endpoint", "endpoint"),
        _fact(of, "sandbox", "sandbox", note=_not_isolated(found.cell)),
        _fact(of, "image", "container_image", "none: it ran in no image"),
        _fact(of, "image digest", "image_digest", digest, digest),
        _fact(of, "grader's image", "grader_image", "none: it was graded in no image"),
        _fact(of, "exit code", "exit_code", no_exit if "exit_code" in of else "not recorded"),
        _fact(of, "sweep", "sweep_id"),
        _fact(of, "attempt", "attempt"),
        _fact(of, "run", "run_id"),
        _fact(provenance, "task hash", "task_hash"),
        _fact(provenance, "prompt hash", "prompt_hash"),
        _fact(provenance, "hash of its stdout", "agent_stdout_hash"),
        _fact(provenance, "ledger head", "ledger_head", chain, chain),
        _fact(provenance, "meter", "proxy_version"),
        _fact(provenance, "price list", "price_snapshot", "none: no cost was worked out from a price list"),
        _fact(provenance, "methodology", "methodology_version"),
    ]  # fmt: skip


def timing(found: Evidence) -> list[Fact]:
    """When, how long, and on which clock."""
    of, latency = part(found.cell, "timing"), part(found.cell, "scores", "latency")
    lengths = (
        ("wall clock", "wall_clock_ms", "the agent's run, with starting and ending its sandbox"),
        ("container active", "container_active_ms", "in which its sandbox ran"),
        ("model calls", "model_call_ms", "the union of the calls: those at the same time count once"),
        ("waiting for the model", "model_time_ms", "the calls, and back-off that the endpoint asked for"),
        ("agent", "agent_ms", "container active without waiting for the model"),
        ("agent CPU", "agent_cpu_ms", None),
    )
    ran = number(latency.get("wall_clock_ms")) is not None
    return [
        *(
            Fact(name, None, "not recorded" if ran else "not recorded: the agent never ran")
            if (at := of.get(f"{name}_at")) is None
            else Fact(name, f"{to_the_second(at)} UTC", whole=str(at))
            for name in ("started", "ended")
        ),
        *(
            Fact(name, None if number(value := latency.get(key)) is None else milliseconds(number(value)),
                 "not recorded" if value is None else note if number(value) is not None else "can't be shown")
            for name, key, note in lengths
        ),
        _fact(of, "time limit is on", "timeout_on"),
    ]  # fmt: skip


def neighbours(content: Content, cell: Cell) -> list[tuple[str, list[tuple[str, Cell]], str]]:
    """What else there is of the task, the agent and the category: headings, cells by what differs, and the
    page that has those beyond the first :data:`NEIGHBOURS_SHOWN`.
    """
    category = cell.task.partition("/")[0]
    others = [each for each in content.tasks[cell.task] if each is not cell]
    of_agent = [each for each in content.agents[cell.agent] if each is not cell and each.model == cell.model]
    return [
        (
            "Other agents on this task, with this model",
            [(each.agent, each) for each in others if each.model == cell.model],
            paths.task(cell.kind, cell.task),
        ),
        (
            "Other models with this agent, on this task",
            [(each.model, each) for each in others if each.agent == cell.agent],
            paths.agent(cell.kind, cell.agent),
        ),
        (
            f"Other tasks in {category}, with this agent and model",
            [(each.task, each) for each in of_agent if each.task.partition("/")[0] == category],
            paths.agent(cell.kind, cell.agent),
        ),
    ]


def frame(cell: Cell, base_url: str | None) -> str:
    """HTML that shows the cell elsewhere. Without an address, from the site's root."""
    name = f"{cell.agent}, {cell.model}, {cell.task}"
    width, height = EMBED_SIZE
    path = embed_path(cell)
    address = paths.link(path, "index.html") if base_url is None else paths.absolute(path, base_url)
    return (
        f'<iframe src="{escape(address)}" title="CodingAgentBench: {plain(name)}" '
        f'width="{width}" height="{height}" loading="lazy"></iframe>'
    )


def _embed(cell: Cell) -> Mapping[str, Any]:
    run = cell.shown.run
    estimated = "~" if run.estimated and run.sums.tokens is not None else ""
    return {
        "kind": cell.kind,
        "cell": cell,
        "run": run,
        "rate": rate(cell),
        "banner": banner(run.cause),
        "figures": {
            "tokens": estimated + tokens(run.sums.tokens, complete=run.sums.tokens_complete),
            "USD": usd(run.sums.cost_usd, complete=run.sums.cost_complete),
            "wall time": milliseconds(run.wall_ms),
        },
    }


def _breakdown(record: Mapping[str, Any]) -> Iterator[tuple[str, list[breakdown.Item]]]:
    """Each axis, and each other part of the record that has figures."""
    for axis, of in part(record, "scores").items():
        yield f"scores.{axis}", breakdown.items(of)
    for key in _BROKEN_DOWN:
        if record.get(key) is not None:
            yield key, breakdown.items(record[key])


def _fact(
    record: Mapping[str, Any], name: str, key: str, missing: str = "not recorded", note: str | None = None
) -> Fact:
    value = record.get(key)
    return Fact(name, None, missing) if value is None else Fact(name, str(value), note)


def _not_isolated(record: Mapping[str, Any]) -> str | None:
    found = record.get("not_isolated")
    return f"not isolated: {'; '.join(map(str, found))}" if isinstance(found, list) and found else None


def _digest_note(of: Mapping[str, Any]) -> str:
    digest = of.get("image_digest")
    if digest is None:
        return (
            "none: it ran in no image"
            if of.get("container_image") is None
            else "not recorded by this sandbox"
        )
    return "as its registry has it" if "@" in str(digest) else "the id of an image built on that machine"


def _chain(found: Evidence, head: object) -> str:
    """What the ledger beside the record shows of its head."""
    if found.ledger.missing:
        return "can't be checked: there is no ledger beside the record"
    if found.ledger.problems:
        return f"the ledger's chain is broken: {found.ledger.problems[0]}"
    if head != found.ledger.head:
        return "the ledger's chain holds, but does not end in this head"
    return "the ledger's chain holds and ends in it"
