"""Stacks, as py-spy writes them."""

from __future__ import annotations

from cab_bench.profiling import Stack, function, module, parse, self_time, speedscope, whole_time

FOLDED = """\
main (/x/cab_proxy/cli.py:10);serve (/x/cab_proxy/cli.py:20);feed (/x/cab_proxy/sse.py:5) 3
main (/x/cab_proxy/cli.py:10);serve (/x/cab_proxy/cli.py:20) 1
walk (/x/cab_proxy/json.py:1);walk (/x/cab_proxy/json.py:1) 2
"""


def test_stacks() -> None:
    stacks = parse(FOLDED + "nonsense\n")
    assert [stack.count for stack in stacks] == [3, 1, 2]
    assert len(stacks[0].frames) == 3


def test_names() -> None:
    frame = "<lambda> (/x/cab_proxy/cli.py:10)"
    assert (module(frame), function(frame)) == ("cab_proxy.cli", "cab_proxy.cli.<lambda>")
    assert module("__libc_start_main") == "(C)"


def test_times() -> None:
    stacks = parse(FOLDED)
    assert self_time(stacks) == {"cab_proxy.sse.feed": 3, "cab_proxy.cli.serve": 1, "cab_proxy.json.walk": 2}
    assert whole_time(stacks)["cab_proxy.cli.main"] == 4
    assert whole_time(stacks)["cab_proxy.json.walk"] == 2


def test_speedscope() -> None:
    made = speedscope([Stack(("a", "b"), 3), Stack(("a",), 1)], "plain", 2)
    assert made["shared"]["frames"] == [{"name": "a"}, {"name": "b"}]
    (one,) = made["profiles"]
    assert one["samples"] == [[0, 1], [0]]
    assert one["weights"] == [1.5, 0.5]
    assert one["endValue"] == 2.0
