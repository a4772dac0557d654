"""One agent's document in a few figures: what the table and the page both show. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cab_proxy.records import TOKEN_KINDS, Tokens
from cab_runner.agents.reports import sum_of
from cab_runner.calibration.documents import Document
from cab_runner.calibration.probes import PROBES
from cab_scoring.honesty import error_of

Found = Mapping[str, Any]
"""The figures of one probe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metering:
    """Served beside metered, over all probes."""

    calls: int
    cut: int
    """Calls whose answer broke off: no usage was on the wire."""
    differing: int
    tokens: int | None
    """Served."""


def metering(document: Document) -> Metering:
    """Served beside metered, over all probes."""
    parts = [found["metering"] for found in document["probes"].values()]
    totals = [total for part in parts if (total := part["served"]["total"]) is not None]
    return Metering(
        calls=sum(part["calls"] for part in parts),
        cut=sum(part["cut"] for part in parts),
        differing=sum(len(part["differences"]) for part in parts),
        tokens=sum(totals) if totals else None,
    )


def worked(document: Document) -> Iterator[tuple[str, Found]]:
    """The probes that had something to do, and nothing in the way."""
    return ((p.name, document["probes"][p.name]) for p in PROBES if p.works and p.name in document["probes"])


def failures(document: Document) -> list[str]:
    """What is wrong with the agent's calibration, a line each."""
    probes = document["probes"]
    found = [
        f"{p.name} was not solved"
        for p in PROBES
        if p.has_to_pass and p.name in probes and probes[p.name]["outcome"]["pass"] != 1
    ]
    found += [
        f"served and metered differ in {name}: {len(probe['metering']['differences'])} calls"
        for name, probe in probes.items()
        if not probe["metering"]["equal"]
    ]
    return found


def self_report(document: Document) -> dict[str, float | None]:
    """``self_report_error`` over the probes that worked; a kind without a claim in one of them has none."""
    claimed: dict[str, int | None] = {}
    served: dict[str, int | None] = {}
    for kind in TOKEN_KINDS:
        claims = [(found["claim"] or {"tokens": {}})["tokens"].get(kind) for _, found in worked(document)]
        counts = [found["metering"]["served"].get(kind) for _, found in worked(document)]
        claimed[kind], served[kind] = sum_of(*claims), sum_of(*counts)
    return error_of(Tokens(**claimed), served)


def purposes(document: Document) -> Counter[str]:
    """Calls by purpose, over the probes that worked."""
    counted: Counter[str] = Counter()
    for _, found in worked(document):
        counted.update(found["calls"]["purposes"] or {})
    return counted


def prefixes(document: Document) -> list[tuple[str, Found]]:
    """The probes that worked whose requests could be compared, with what that showed."""
    return [(name, found["prefix"]) for name, found in worked(document) if found["prefix"] is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Consecutive requests of the main conversation, over the probes that worked."""

    compared: int
    kept: int
    """The later begins with all of the earlier prompt."""


def pairs(document: Document) -> Pairs | None:
    """How many pairs of requests there were; ``None`` where none could be compared."""
    found = [prefix for _, prefix in prefixes(document)]
    compared = sum(prefix["compared"] for prefix in found)
    lost = sum(len(prefix["differences"]) for prefix in found)
    return Pairs(compared=compared, kept=compared - lost) if found else None


def hosts(document: Document) -> list[str] | None:
    """Hosts that it asked for in any probe; ``None`` where nobody watched."""
    watched = [found["hosts_tried"] for found in document["probes"].values()]
    return None if None in watched or not watched else sorted({host for each in watched for host in each})
