"""``cab agents calibrate``: what each agent does to a model endpoint, measured against the simulator."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from cab_runner import agents, images
from cab_runner.calibration import documents, page, probing, summary
from cab_runner.calibration.documents import Document
from cab_runner.calibration.markdown import UNKNOWN, error, number, share
from cab_runner.calibration.probes import PROBES, Probe
from cab_runner.cli.common import (
    Progress,
    json_option,
    print_json,
    print_table,
    progress_line,
    sandbox_option,
    stop_on_signals,
    tasks_dir_option,
)
from cab_runner.errors import CabError
from cab_runner.preparation import choose_sandbox, image_refs, require_toolchain

DISTURBED_S = 60.0


@click.command("calibrate", short_help="Measure what agents do to an endpoint, against the simulator.")
@click.argument("names", nargs=-1)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("docs/calibration"),
    show_default=True,
    help="Folder of the JSON files and the page.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="PROBE",
    type=click.Choice([probe.name for probe in PROBES]),
    help=f"Run this probe alone: {', '.join(probe.name for probe in PROBES)}.",
)
@click.option(
    "--timeout",
    "disturbed_s",
    type=click.FloatRange(min=1),
    default=DISTURBED_S,
    show_default=True,
    help="Seconds that an agent may try against a faulty endpoint.",
)
@sandbox_option
@tasks_dir_option
@json_option
def calibrate(
    *,
    names: tuple[str, ...],
    out: Path,
    only: tuple[str, ...],
    disturbed_s: float,
    sandbox_name: str | None,
    tasks_dir: Path,
    as_json: bool,
) -> None:
    """Measure what agents do to a model endpoint, in their containers, against the simulator.

    Tokens served, metered and claimed; calls by purpose; what every prompt begins with, and where it stops
    being the same; hosts; files; and what they do when the endpoint fails. Figures go to --out; those of
    probes that are not run again stay there. Exit 1 when served and metered differ, or a task is not solved.
    """
    chosen = [agents.get(name) for name in names] if names else agents.installable()
    probes = [probe for probe in PROBES if not only or probe.name in only]
    done: list[Document] = []
    wrong: list[str] = []
    with stop_on_signals() as stop, progress_line() as progress:
        try:
            for adapter in chosen:
                try:
                    sandbox = choose_sandbox(sandbox_name, adapter, simulated=True)
                    refs = image_refs(sandbox, adapter, progress)
                except CabError as problem:
                    wrong.append(f"{adapter.name}: {problem}")
                    continue
                rig = probing.Rig(
                    adapter=adapter,
                    sandbox=sandbox,
                    image=refs[0],
                    grader_image=refs[1],
                    tasks_root=tasks_dir,
                    disturbed_s=disturbed_s,
                    stop=stop,
                    require=partial(require_toolchain, chosen=sandbox, stop=stop),
                )
                document = documents.open_document(out, _identity(rig))
                done.append(document)
                wrong += [f"{adapter.name}: {text}" for text in _run(probes, rig, document, out, progress)]
        finally:
            _write_page(out)
    if as_json:
        print_json(done)
    else:
        print_table(_COLUMNS, map(_row, done))
    for text in wrong:
        click.echo(f"cab: {text}", err=True)
    if wrong:
        raise CabError("not every agent is calibrated as it should be: see above")


def _identity(rig: probing.Rig) -> dict[str, Any]:
    """What the figures are of."""
    return {
        "agent": rig.adapter.name,
        "version": rig.adapter.version,
        "protocol": rig.adapter.protocol,
        "sandbox": rig.sandbox.name,
        "image": rig.image,
        "image_id": images.image_id(rig.image) if rig.image else None,
        "deviation": dict(rig.adapter.deviation),
    }


def _run(
    probes: Sequence[Probe], rig: probing.Rig, document: Document, out: Path, progress: Progress
) -> list[str]:
    """Run an agent's probes and keep their figures; what is wrong, a line each."""
    progress(f"{rig.adapter.name}: {len(probes)} probes ({rig.sandbox.name})")
    wrong = []
    for probe, found in probing.run_all(probes, rig):
        if isinstance(found, CabError):
            wrong.append(f"{probe.name}: {found}")
            continue
        documents.add(out, document, probe.name, found)
        progress(f"{rig.adapter.name}: {probe.name} took {found['outcome']['seconds']} s")
    return wrong + summary.failures(document)


def _write_page(out: Path) -> None:
    if found := documents.load(out):
        (out / "README.md").write_text(page.render(found), encoding="utf-8")


_COLUMNS = ("agent", "version", "calls", "metered", "claimed", "tax", "prefix", "faults", "hosts")


def _row(document: Document) -> tuple[str, ...]:
    metered, probes = summary.metering(document), document["probes"]
    errors = summary.self_report(document)
    pairs = summary.pairs(document)
    hosts = summary.hosts(document)
    disturbed = [probes[p.name]["outcome"] for p in PROBES if p.is_disturbed and p.name in probes]
    ended = sum(not outcome["timed_out"] for outcome in disturbed)
    tax = probes["empty"]["harness_tax"]["harness_tax"] if "empty" in probes else None
    return (
        document["agent"],
        document["version"] or UNKNOWN,
        number(metered.calls),
        f"{metered.differing} differ" if metered.differing else "equal",
        f"in {error(errors['input'])}, out {error(errors['output'])}",
        share(tax),
        f"{pairs.kept} of {pairs.compared} kept" if pairs else UNKNOWN,
        f"{ended} of {len(disturbed)} ended" if disturbed else UNKNOWN,
        UNKNOWN if hosts is None else str(len(hosts)),
    )


COMMANDS = (calibrate,)
