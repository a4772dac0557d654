"""What wrk printed."""

from __future__ import annotations

import pytest

from cab_bench.errors import BenchError
from cab_bench.wrk import Throughput, parse

PRINTED = """\
Running 2s test @ http://127.0.0.1:8080/v1/chat/completions
  1 threads and 32 connections
Requests/sec:  19800.00

@{"requests":40000,"duration_us":2000000,"bytes":123,"connect":1,"read":2,"write":3,"status":4,"timeout":5,\
"p50_us":1500,"p99_us":9000}
"""


def test_its_summary() -> None:
    found = parse(PRINTED)
    assert found == Throughput(requests=40_000, seconds=2.0, p50_ms=1.5, p99_ms=9.0, failed=15)
    assert found.per_s == (40_000 - 15) / 2


def test_refusals_are_no_answers() -> None:
    assert Throughput(requests=5, seconds=1.0, p50_ms=1, p99_ms=1, failed=9).per_s == 0


@pytest.mark.parametrize("printed", ["", "unable to connect to 127.0.0.1:1 Connection refused\n"])
def test_no_summary(printed: str) -> None:
    with pytest.raises(BenchError, match=r"nothing|refused"):
        parse(printed)
