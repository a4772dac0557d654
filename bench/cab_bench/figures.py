"""From rounds to figures. Pure.

A ratio or an addition is taken within each round and the median of the rounds is told, so that a minute
in which the machine was busy weighs on both sides of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from .memory import REQUEST_MB, RESPONSE_MB
from .peers import DIRECT
from .stats import differences, median, of, percentile, ratios
from .wire import EXTRA_EVENTS, behaviour

Data = dict[str, Any]
OURS: Final = "cab-proxy"
REFERENCE: Final = "nginx"
_UNFINISHED: Final = 0.01
"""More streams than this share under way when the time was up, and there is no percentile of gaps: the
longest had not ended.
"""
_FAULTS: Final = ("lost", "doubled", "moved", "foreign", "cut", "broken")


@dataclass(frozen=True, slots=True)
class Aim:
    """One thing that is to be reached, as a ratio or a limit within one run."""

    what: str
    wanted: str
    found: float | None
    """``None``: not measured in this run."""
    met: bool | None


def figures(result: Data) -> Data:
    """Everything that is told about a run, from its rounds."""
    measured = result["measured"]
    derived: Data = {
        "plain": {str(each["bytes"]): _throughput(each, 1) for each in measured.get("plain", ())},
        "latency": {each["model"]: _latency(each["rounds"]) for each in measured.get("latency", ())},
        "streams": {},
        "paced": {str(each["concurrent"]): _paced(each["rounds"]) for each in measured.get("paced", ())},
        "memory": measured.get("memory", {}),
    }
    if "streams" in measured:
        wanted = behaviour(measured["streams"]["model"])
        assert wanted is not None
        derived["streams"] = _throughput(measured["streams"], wanted.count + EXTRA_EVENTS)
        for name, one in measured["integrity"].items():
            derived["streams"][name]["faults"] = sum(one[fault] for fault in _FAULTS)
            derived["streams"][name]["checked"] = one["streams"]
    derived["aims"] = [asdict(aim) for aim in aims(derived)]
    return derived


def _names(rounds: Iterable[Mapping[str, Any]]) -> list[str]:
    """Targets in a fixed order: direct, then as they come."""
    found = {name: None for each in rounds for name in each}
    known = [DIRECT, REFERENCE, f"{REFERENCE}-tuned", OURS]
    return [name for name in known if name in found] + sorted(name for name in found if name not in known)


def _throughput(data: Data, events: int) -> Data:
    rounds = data["rounds"]
    rates = [{name: one["per_s"] for name, one in each.items()} for each in rounds]
    found: Data = {}
    for name in _names(rounds):
        mine = [each[name] for each in rounds if name in each]
        good = sum(one["requests"] - one["failed"] for one in mine)
        found[name] = {
            "per_s": median(of(rates, name)),
            "events_per_s": median(rate * events for rate in of(rates, name)),
            "to_nginx": median(ratios(rates, name, REFERENCE)),
            "ours_to_this": median(ratios(rates, OURS, name)),
            "cpu_us": sum(one["cpu_s"] for one in mine) / good * 1e6 if good else None,
            "p99_ms": median(one["p99_ms"] for one in mine),
            "failed": sum(one["failed"] for one in mine),
            "metered": _metered(data["ledger"].get(name), good),
        }
    return found


def _metered(ledger: Sequence[int] | None, good: int) -> float | None:
    """Of the calls that were answered, the share that the ledger has with usage; may be a little over
    1: wrk doesn't count what it leaves unread at the end.
    """
    return None if ledger is None or not good else ledger[1] / good


def _latency(rounds: Sequence[Mapping[str, float]]) -> Data:
    found: Data = {}
    for name in _names(rounds):
        added = differences(rounds, name, DIRECT)
        found[name] = {
            "rounds": len(of(rounds, name)),
            "p50_us": _us(percentile(of(rounds, name), 50)),
            "p99_us": _us(percentile(of(rounds, name), 99)),
            "added_p50_us": _us(percentile(added, 50)),
            "added_p99_us": _us(percentile(added, 99)),
        }
    base = found.get(REFERENCE, {}).get("added_p50_us")
    for one in found.values():
        one["to_nginx"] = one["added_p50_us"] / base if base else None
    return found


def _us(value_ms: float | None) -> float | None:
    return None if value_ms is None else value_ms * 1000


def _paced(rounds: Sequence[Mapping[str, Data]]) -> Data:
    tell = {
        "ttft_p50_ms": lambda one: percentile(one["ttft_ms"], 50),
        "ttft_p99_ms": lambda one: percentile(one["ttft_ms"], 99),
        "gap_p50_ms": lambda one: one["gap_p50_ms"],
        "gap_p99_ms": lambda one: one["gap_p99_ms"],
    }
    found: Data = {}
    for name in _names(rounds):
        mine = [each[name] for each in rounds if name in each]
        events = sum(one["events"] for one in mine)
        found[name] = {
            "streams": sum(one["streams"] for one in mine),
            "arrived": events / max(1, sum(one["expected"] for one in mine)),
            "unfinished": sum(one["unfinished"] for one in mine),
            "faults": sum(one[fault] for one in mine for fault in _FAULTS),
            "gap_max_ms": max(
                (one["gap_max_ms"] for one in mine if one["gap_max_ms"] is not None), default=None
            ),
            "cpu_ms_per_1000": sum(one["cpu_s"] for one in mine) / events * 1e6 if events else None,
            "rss_mb": max(one["rss_peak_mb"] for one in mine),
        }
        for key, figure in tell.items():
            table = _table(rounds, figure)
            found[name][key] = median(of(table, name))
            found[name][f"added_{key}"] = median(differences(table, name, DIRECT))
    return found


def _table(
    rounds: Sequence[Mapping[str, Data]], figure: Callable[[Data], float | None]
) -> list[dict[str, float]]:
    return [
        {
            name: value
            for name, one in each.items()
            if one["unfinished"] <= _UNFINISHED * one["streams"] and (value := figure(one)) is not None
        }
        for each in rounds
    ]


def aims(derived: Data) -> list[Aim]:
    """What is to be reached, and whether it was."""
    plain = derived["plain"].get("17000", {})
    paced = derived["paced"].get("1000", {}).get(OURS, {})
    latency = derived["latency"].get("plain", {}).get(OURS, {})
    found = [
        _least("plain, 17 KB: × nginx's requests/s", 0.55, plain.get(OURS, {}).get("to_nginx")),
        _most("one connection: × nginx's added p50", 2.0, latency.get("to_nginx")),
        _least("streams, unpaced: × nginx's", 0.9, derived["streams"].get(OURS, {}).get("to_nginx")),
        _most("1,000 paced streams: faults", 0, paced.get("faults")),
        _most("1,000 paced streams: unfinished", 0, paced.get("unfinished")),
        _most("1,000 paced streams: added p99 gap, ms", 10, paced.get("added_gap_p99_ms")),
        _most("1,000 paced streams: peak RSS, MB", 120, paced.get("rss_mb")),
    ]
    for name, times in (("mitmproxy", 20), ("portkey", 25), ("litellm", 150)):
        found.append(_least(f"plain, 17 KB: × {name}'s", times, plain.get(name, {}).get("ours_to_this")))
    both = derived["memory"].get(OURS, {}).get("both", {})
    what = f"{REQUEST_MB} MB request with a {RESPONSE_MB} MB response: growth of RSS, MB"
    found.append(_most(what, 3 * RESPONSE_MB, both.get("growth_mb")))
    return found


def _least(what: str, wanted: float, found: float | None) -> Aim:
    return Aim(what, f"≥ {wanted:g}", found, None if found is None else found >= wanted)


def _most(what: str, wanted: float, found: float | None) -> Aim:
    return Aim(what, f"≤ {wanted:g}", found, None if found is None else found <= wanted)
