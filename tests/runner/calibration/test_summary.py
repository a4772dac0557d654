from __future__ import annotations

from cab_runner.calibration import summary
from cab_runner.calibration.summary import Metering
from fakes.calibration import DIFFERENCE, PREFIX, SERVED, document, found

CLAIMED = {"source": "stdout", "raw_input_includes_cache": True, "tokens": {"input": 600, "output": 50}}
FAILED = {"pass": 0, "cause": None, "exit_code": 1, "timed_out": False, "seconds": 1.0}


def metered(calls: int, differing: int = 0, total: int | None = 1100) -> dict[str, object]:
    return {
        "calls": calls,
        "cut": 1,
        "equal": not differing,
        "served": SERVED | {"total": total},
        "differences": [{"served": None, "metered": None}] * differing,
    }


def test_metering_is_over_all_probes() -> None:
    probes = {"go": found(metering=metered(3, 2)), "401": found(metering=metered(1, total=None))}
    assert summary.metering(document(probes=probes)) == Metering(calls=4, cut=2, differing=2, tokens=1100)


def test_nothing_served_is_unknown() -> None:
    assert summary.metering(document(probes={})).tokens is None


def test_own_report_is_over_the_probes_that_worked() -> None:
    probes = {"python": found(), "go": found(claim=CLAIMED), "429": found(claim=None)}
    errors = summary.self_report(document(probes=probes))
    assert (errors["input"], errors["output"], errors["cached"]) == (-0.25, -0.25, None)


def test_a_report_that_is_missing_once_is_unknown() -> None:
    probes = {"python": found(), "go": found(claim=None)}
    assert set(summary.self_report(document(probes=probes)).values()) == {None}
    assert set(summary.self_report(document(probes={})).values()) == {None}


def test_purposes_add_up() -> None:
    unknown = found()["calls"] | {"purposes": None}
    probes = {"python": found(), "go": found(), "turns": found(calls=unknown), "429": found()}
    assert summary.purposes(document(probes=probes)) == {"main": 4, "title": 2}


def test_prefixes_of_the_probes_that_worked() -> None:
    lost = PREFIX | {"differences": [DIFFERENCE]}
    probes = {"python": found(prefix=lost), "go": found(prefix=None), "500": found(prefix=lost)}
    assert summary.prefixes(document(probes=probes)) == [("python", lost)]


def test_hosts_are_those_of_all_probes() -> None:
    probes = {"python": found(hosts_tried=["b", "a"]), "401": found(hosts_tried=["a", "c"])}
    assert summary.hosts(document(probes=probes)) == ["a", "b", "c"]
    assert summary.hosts(document(probes=probes | {"go": found(hosts_tried=None)})) is None
    assert summary.hosts(document(probes={})) is None


def test_what_is_wrong() -> None:
    assert summary.failures(document()) == []
    probes = {
        "go": found(outcome=FAILED),
        "no-op": found(outcome=FAILED),
        "turns": found(outcome=FAILED | {"pass": None}),
        "cut": found(metering=metered(3, 2)),
    }
    assert summary.failures(document(probes=probes)) == [
        "go was not solved",
        "served and metered differ in cut: 2 calls",
    ]
