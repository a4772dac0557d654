"""What calibration found of each agent: three counts of the same tokens, and what it does when refused.

From the JSON files of ``cab agents calibrate``, one an agent. One that can't be read is a warning, and a line
on the page in place of the agent. Unknown is None, never 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import orjson

from cab_proxy.records import Tokens
from cab_report.site import paths
from cab_report.site.content import Site
from cab_report.site.parts import Page
from cab_scoring.honesty import error_of

SCHEMA_VERSION: Final = 1
"""The newest version of a calibration file that is understood."""
WORKED: Final = ("python", "go", "turns")
"""Probes that had something to do, and nothing in the way: claims are compared over these."""
KINDS: Final = ("input", "output", "cached", "total")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What an agent did when it was refused."""

    recorded: str
    """``passed``, or the cause under which the attempt is filed."""
    calls: int
    retries: int | None
    exit_code: int | None
    seconds: float | None
    cut_off: bool
    """It was still trying when its time was up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """One agent."""

    agent: str
    version: str | None
    wire: str | None
    calls: int
    """Of all probes, as are the next three."""
    cut: int
    """Whose answer broke off: no usage was on the wire."""
    differing: int
    """That were not metered as they were served."""
    served: int | None
    """Tokens."""
    errors: Mapping[str, float | None]
    """Claimed / served − 1 by :data:`KINDS`."""
    claims_in: str | None
    """Where its claim was found."""
    refused: Mapping[str, Ended]
    """By probe."""
    deviation: Mapping[str, str]
    """What its adapter sets beyond the vendor's defaults, and why."""


def pages(site: Site) -> Iterator[Page]:
    """The one page, the same for every kind of attempts."""
    yield Page(path=paths.CALIBRATION, template="calibration.html", values=partial(_values, site))


def _values(site: Site) -> Mapping[str, Any]:
    agents, broken = [], []
    for path in sorted(site.calibrations.glob("*.json")) if site.calibrations else ():
        try:
            agents.append(calibrated(orjson.loads(path.read_bytes())))
        except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
            broken.append((path.name, f"{type(error).__name__}: {error}"))
            site.warnings.append(f"{path} is left out: no calibration ({broken[-1][1]})")
    return {
        "kind": site.main_kind,
        "given": site.calibrations is not None,
        "agents": agents,
        "broken": broken,
        "kinds": KINDS,
        "probes": list(dict.fromkeys(name for each in agents for name in each.refused)),
    }


def calibrated(document: Mapping[str, Any]) -> Calibrated:
    """Read a calibration file. Raises AttributeError, KeyError, TypeError or ValueError for what is none."""
    if _number(document["schema_version"]) > SCHEMA_VERSION:
        raise ValueError(f"schema_version {document['schema_version']}: upgrade this program")
    probes = document["probes"]
    metered = [probe["metering"] for probe in probes.values()]
    totals = [_known(each["served"]["total"]) for each in metered]
    worked = [probes[name] for name in WORKED if name in probes]
    return Calibrated(
        agent=str(document["agent"]),
        version=document["version"],
        wire=document["protocol"],
        calls=sum(_number(each["calls"]) for each in metered),
        cut=sum(_number(each["cut"]) for each in metered),
        differing=sum(len(each["differences"]) for each in metered),
        served=sum(known) if (known := [total for total in totals if total is not None]) else None,
        errors=_errors(worked),
        claims_in=next((probe["claim"]["source"] for probe in worked if probe["claim"]), None),
        refused={
            str(name): _ended(probe)
            for name, probe in probes.items()
            if probe["faults"] or probe["dead_token"]
        },
        deviation={str(what): str(why) for what, why in document["deviation"].items()},
    )


def _errors(worked: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """A kind without a claim, or without a count, in one of the probes has none."""
    claimed = {
        kind: _sum([(probe["claim"] or {"tokens": {}})["tokens"].get(kind) for probe in worked])
        for kind in KINDS
    }
    served = {kind: _sum([probe["metering"]["served"].get(kind) for probe in worked]) for kind in KINDS}
    return {kind: error for kind, error in error_of(Tokens(**claimed), served).items() if kind in KINDS}


def _sum(counts: Sequence[Any]) -> int | None:
    known = [count for count in counts if _known(count) is not None]
    return sum(known) if known and len(known) == len(counts) else None


def _ended(probe: Mapping[str, Any]) -> Ended:
    outcome, calls = probe["outcome"], probe["calls"]
    return Ended(
        recorded="passed" if outcome["pass"] == 1 else str(outcome["cause"] or "not passed"),
        calls=_number(calls["made"]),
        retries=_known(calls["retries"]),
        exit_code=_known(outcome["exit_code"]),
        seconds=_known(outcome["seconds"]),
        cut_off=bool(outcome["timed_out"]),
    )


def _known(value: Any) -> Any:
    """A number, or None for what is unknown. Raises TypeError."""
    return None if value is None else _number(value)


def _number(value: Any) -> Any:
    if not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return value
