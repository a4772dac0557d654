"""The calibration page: docs/calibration/README.md, made from the documents beside it.

Pure: the same documents make the same page. A figure that an agent has no probe for is a dash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from textwrap import fill
from typing import Final

from cab_runner.calibration import summary
from cab_runner.calibration.documents import Document
from cab_runner.calibration.figures import MAIN
from cab_runner.calibration.markdown import UNKNOWN, code, error, names, number, seconds, share, table
from cab_runner.calibration.probes import PROBES
from cab_runner.calibration.summary import Found

_TOP: Final = """\
# The agents, calibrated

    cab agents calibrate

"""
_ABOUT: Final = (
    "Each agent ran in its container against the simulator, which keeps its own count of what it serves. No "
    "real model was asked: the figures are about CLIs and the meter, not about models. This page is made "
    "from the JSON files beside it{when}. Seconds are of one run on one machine: they tell minutes from "
    f"moments. Tokens are o200k_base tokens, by which the simulator counts. {UNKNOWN} is unknown, or not "
    "probed."
)
_WIDTH: Final = 110


def render(documents: Sequence[Document]) -> str:
    """The whole page."""
    dates = [found["date"] for document in documents for found in document["probes"].values()]
    when = f", last run on {max(dates)}" if dates else ""
    parts = [f"{_TOP}{_filled(_ABOUT.format(when=when))}\n"]
    for title, said, show in _SECTIONS:
        parts.append(f"\n## {title}\n\n{_filled(said)}\n\n{show(documents)}")
    return "".join(parts)


def _filled(text: str) -> str:
    return fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _metering(documents: Sequence[Document]) -> str:
    def row(document: Document) -> tuple[str, ...]:
        found = summary.metering(document)
        verdict = f"**{found.differing} differ**" if found.differing else "equal"
        wire = document["protocol"] or UNKNOWN
        version = document["version"] or UNKNOWN
        figures = map(number, (found.calls, found.cut, found.tokens))
        return (document["agent"], version, wire, *figures, verdict)

    columns = ("agent", "version", "wire", "calls", "cut", "tokens served", "metered")
    return table(columns, map(row, documents))


def _tasks(documents: Sequence[Document]) -> str:
    def row(document: Document) -> Iterator[str]:
        yield document["agent"]
        for name in ("python", "go", "no-op"):
            found = document["probes"].get(name)
            yield _ended(found) if found else UNKNOWN
            yield seconds(found["outcome"]["seconds"]) if found else UNKNOWN

    return table(("agent", "python", "s", "go", "s", "no-op", "s"), (tuple(row(d)) for d in documents))


def _ended(found: Found) -> str:
    outcome = found["outcome"]
    if outcome["pass"] == 1:
        return "passed"
    return f"{outcome['cause'] or 'not passed'}, exit {_exit(outcome)}"


def _exit(outcome: Found) -> str:
    return "–" if outcome["exit_code"] is None else str(outcome["exit_code"])


def _self_report(documents: Sequence[Document]) -> str:
    kinds = ("input", "output", "cached", "total")

    def row(document: Document) -> tuple[str, ...]:
        claims = [found["claim"] for _, found in summary.worked(document)]
        source = next((claim["source"] for claim in claims if claim), None)
        errors = summary.self_report(document)
        return (document["agent"], *(error(errors[kind]) for kind in kinds), source or "none")

    return table(("agent", *kinds, "found in"), map(row, documents))


def _purposes(documents: Sequence[Document]) -> str:
    counted = [summary.purposes(document) for document in documents]
    others = sorted({purpose for each in counted for purpose in each} - {MAIN})
    columns = (MAIN, *others)
    rows = (
        (document["agent"], *(str(each[name]) if each else UNKNOWN for name in columns))
        for document, each in zip(documents, counted, strict=True)
    )
    return table(("agent", *columns), rows)


def _strict(documents: Sequence[Document]) -> str:
    def row(document: Document, found: Found) -> tuple[str, ...]:
        outcome, errors = found["outcome"], found["self_report_error"]
        made = ", ".join(f"{name} × {count}" for name, count in (found["calls"]["purposes"] or {}).items())
        claims = (error(errors[kind]) for kind in ("input", "output"))
        return (document["agent"], _ended(found), seconds(outcome["seconds"]), made or UNKNOWN, *claims)

    found = ((document, document["probes"].get("strict-factory")) for document in documents)
    rows = [row(document, probe) for document, probe in found if probe]
    return table(("agent", "python", "s", "calls by purpose", "claimed input", "claimed output"), rows)


def _tax(documents: Sequence[Document]) -> str:
    def row(document: Document) -> tuple[str, ...]:
        found = document["probes"].get("empty") or {
            "first_prompt": None,
            "harness_tax": {"harness_tax": None},
        }
        first = found["first_prompt"] or {}
        parts = (number(first.get(name)) for name in ("input", "system", "tools", "messages"))
        return (document["agent"], *parts, share(found["harness_tax"]["harness_tax"]))

    columns = ("agent", "first call", "system prompt", "tool schemas", "messages", "harness tax")
    return table(columns, map(row, documents))


def _prefix(documents: Sequence[Document]) -> str:
    def row(document: Document) -> tuple[str, ...]:
        pairs = summary.pairs(document)
        if pairs is None:
            return (document["agent"], *[UNKNOWN] * 4)
        found = [prefix for _, prefix in summary.prefixes(document)]
        sums = (sum(prefix[name] for prefix in found) for name in ("marked", "stored"))
        return (document["agent"], *map(number, (pairs.compared, pairs.kept, *sums)))

    columns = ("agent", "pairs", "kept", "requests with cache markers", "requests on a stored response")
    places = [line for document in documents for line in _places(document)]
    return table(columns, map(row, documents)) + ("\n" + "".join(places) if places else "")


def _places(document: Document) -> Iterator[str]:
    """A line for each place at which the agent's prompts differ, with the first pair that does there."""
    for probe, prefix in summary.prefixes(document):
        seen: dict[str, list[Found]] = {}
        for difference in prefix["differences"]:
            seen.setdefault(difference["path"], []).append(difference)
        for path, found in seen.items():
            first = found[0]
            times = f", {len(found)} times" if len(found) > 1 else ""
            yield (
                f"- {document['agent']}, {probe}, request {first['earlier']} → {first['later']}{times}: "
                f"{code(path)}, byte {first['value_offset']:,} of it and {first['prompt_offset']:,} of the "
                f"prompt, {share(first['kept'])} kept: {code(first['was'])} became {code(first['now'])}\n"
            )


def _disturbed(documents: Sequence[Document]) -> str:
    parts = []
    for probe in (probe for probe in PROBES if probe.is_disturbed):
        rows = [
            _fault_row(document["agent"], found)
            for document in documents
            if (found := document["probes"].get(probe.name))
        ]
        if rows:
            columns = ("agent", "calls", "of these retries", "answers", "exit", "s", "recorded as")
            parts.append(f"### {probe.name}: {probe.about}\n\n{table(columns, rows)}")
    return "\n".join(parts)


def _probes(_: Sequence[Document]) -> str:
    return table(("probe", "what"), ((probe.name, probe.about) for probe in PROBES))


def _fault_row(agent: str, found: Found) -> tuple[str, ...]:
    calls, outcome = found["calls"], found["outcome"]
    answers = ", ".join(f"{status or 'none'} × {times}" for status, times in calls["statuses"])
    recorded = "passed" if outcome["pass"] == 1 else outcome["cause"] or "not passed"
    return (
        agent,
        number(calls["made"]),
        number(calls["retries"]),
        answers or "none",
        _exit(outcome),
        seconds(outcome["seconds"], cut_off=outcome["timed_out"]),
        recorded,
    )


def _hosts(documents: Sequence[Document]) -> str:
    return table(("agent", "hosts"), ((d["agent"], names(summary.hosts(d))) for d in documents))


def _files(documents: Sequence[Document]) -> str:
    def row(document: Document) -> tuple[str, ...]:
        found = document["probes"].get("python")
        if found is None:
            return (document["agent"], *[UNKNOWN] * 5)
        left = found["left"]
        home = left["home"] or {"files": None, "bytes": None, "entries": None}
        entries = home["entries"]
        return (
            document["agent"],
            names(left["agent_files"]),
            names(left["unexpected"]),
            number(home["files"]),
            number(home["bytes"]),
            names(None if entries is None else [entry["name"] for entry in entries]),
        )

    columns = ("agent", "own files in the workspace", "unexpected there", "files in HOME", "bytes", "in HOME")
    return table(columns, map(row, documents))


_SECTIONS: Final[tuple[tuple[str, str, Callable[[Sequence[Document]], str]], ...]] = (
    (
        "Served and metered",
        "Every call of every probe: the simulator's count beside the ledger's. *Equal* means that each "
        "call has the same input, output, cache and status in both. A *cut* call broke off before any "
        "usage was on the wire; it has to be in the ledger, and no more.",
        _metering,
    ),
    (
        "Tasks and the no-op",
        "The oracle plays the solution through the agent's own tools, so a task that is not passed is the "
        "adapter's or the agent's fault. In the no-op the model ends at once: nothing passes, and nothing "
        "may hang.",
        _tasks,
    ),
    (
        "The agent's own report",
        "`claimed / served − 1` over the probes that worked. 0 % is a report that can be believed, −100 % "
        "one that leaves out all of a kind. Our reading of the report may be what is wrong: the claims "
        "are in the JSON files.",
        _self_report,
    ),
    (
        "Calls by purpose",
        "What the calls of the probes that worked were for, told from the requests themselves. All but "
        "*main* come on top of the task.",
        _purposes,
    ),
    (
        "Without our deviations",
        "The Python task as `--strict-factory --include-usage` runs it, for agents whose adapter sets more "
        "than the vendor's defaults: calls that are left out by default, streams that do not ask for usage.",
        _strict,
    ),
    (
        "Harness tax",
        "Tokens of the first call when nothing is asked for, and what they are: what every task starts "
        "with. The tax is the share of system prompt and tool schemas over all calls of that probe. Where "
        "system, tools and messages are not all of the first call, the rest is roles and the form of the "
        "request.",
        _tax,
    ),
    (
        "Prefix",
        "A provider caches a prompt from its first byte to the first one that changes. A pair of "
        "consecutive requests of the main conversation is *kept* when all of the earlier prompt (tools, "
        "system, messages, in the order of its protocol) is the beginning of the later. Below the table "
        "stands each place that changed. Cache markers themselves are left out of the comparison.",
        _prefix,
    ),
    (
        "Hosts",
        "Names that the agent looked up in any probe, besides the model endpoint. The sandbox answers "
        "that none exists.",
        _hosts,
    ),
    (
        "Files",
        "What the agent leaves beside its work on the Python task. HOME is a fresh folder; files that we "
        "wrote there to configure the agent are left out.",
        _files,
    ),
    (
        "Faults",
        "What the agent did when the endpoint failed. *Recorded as* is the cause under which an attempt is "
        "filed; *passed* means that it recovered and solved the task. ≥ marks an agent that was still "
        "trying when its time was up. An exit code of 0 beside a cause hides a failure.",
        _disturbed,
    ),
    ("Probes", "Each is one attempt; those with faults are ended after a time limit.", _probes),
)
"""Title, how to read it, what shows it."""
