"""The engine on a stand-in for Ray, and sweeps on two real nodes of Ray on this machine."""

from __future__ import annotations

import io
import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from cab_runner import results
from cab_runner.cli.sweep_options import asked_by
from cab_runner.errors import MachineLacks
from cab_runner.sandbox.base import Interrupted
from cab_runner.sweep import store
from cab_runner.sweep.node import Finished, Order
from cab_runner.sweep.parcel import pack
from cab_runner.sweep.ray_engine import RayEngine
from cab_runner.sweep.schedule import Ended, Slot
from fakes.cluster import Actor, Ray, RayError, RayTaskError
from fakes.commands import cab
from fakes.ray_cluster import Cluster, cluster
from fakes.recorded import recorded
from fakes.sweeps import SMALL, assert_exactly, causes, cells, events_of, sweeping, until

TASK = "mutations/python-sunday-off-by-one"
TEXT = f"""
agent = ["bash-loop"]
task = ["{TASK}"]
sweep_id = "s"
engine = "ray"
n_concurrent = 2
[[endpoints]]
name = "one"
url = "sim"
models = ["m"]
[[endpoints]]
name = "two"
url = "sim"
models = ["n"]
"""


class Bench:
    """An engine on the stand-in."""

    def __init__(self, folder: Path) -> None:
        self.config = replace(asked_by(TEXT), results=folder)
        self.ray, self.stop, self.warned = Ray(), Event(), list[str]()
        self.engine = RayEngine(
            self.config, TEXT, asked_by, address=None, stop=self.stop, warn=self.warned.append
        )
        self.engine._ray = self.ray
        self.lock = store.lock(self.config, {"image:1": "sha256:1"}, {})
        self.folder = folder

    def look(self) -> list[Finished]:
        self.engine._looked_s = -1e9
        return list(self.engine.wait(0.0))

    def join(self, node_id: str, found: object = None, **resources: float) -> Actor:
        """A node joins, and is ready or says what it lacks."""
        self.ray.add(node_id, **resources)
        self.look()
        actor = self.ray.actors[-1]
        assert actor.node_id == node_id
        actor.of("prepare")[0].answer.set_result(found or self.lock)
        self.look()
        return actor

    def start(self, run_id: str, endpoint: str = "one") -> Order:
        slot = Slot(
            agent="bash-loop", model="m" if endpoint == "one" else "n", task=TASK, endpoint=endpoint, number=1
        )
        order = Order(run_id=run_id, slot=slot, tries=1)
        self.engine.start(order)
        return order

    def parcel(self, order: Order) -> bytes:
        made = recorded(agent="bash-loop", model=order.slot.model, task=TASK)
        made["identity"]["run_id"] = order.run_id
        source = self.folder / f"node-{order.run_id}"
        source.mkdir()
        results.write_json(source / "cell.json", made)
        parcel = io.BytesIO()
        pack(source, parcel)
        return parcel.getvalue()

    def finished(self) -> Finished:
        while not (found := self.engine.wait(1.0)):
            pass
        [one] = found
        return one


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def orders(actor: Actor) -> list[str]:
    return [call.arguments[0].run_id for call in actor.of("run")]


def done(order: Order) -> Finished:
    return Finished(order=order, ended=Ended(cause="none"), cell=None, detail=None)


def test_nodes_give_as_many_places_as_they_offer_and_are_asked_for(bench: Bench) -> None:
    first = bench.join("a", sandbox=1)
    assert bench.engine.n_concurrent == 1
    assert first.resources == {"sandbox": 1}
    bench.join("b", sandbox=9)
    assert bench.engine.n_concurrent == 3
    assert bench.engine.at_endpoint("one") == 3
    bench.ray.add("head", memory=1)
    bench.look()
    assert len(bench.ray.actors) == 2


def test_orders_go_where_there_is_most_room_and_wait_where_there_is_none(bench: Bench) -> None:
    first, second = bench.join("a", sandbox=1), bench.join("b", sandbox=2)
    started = [bench.start(f"r{number}") for number in range(4)]
    assert sorted(orders(first)) + sorted(orders(second)) != []
    assert len(orders(first)) == 1
    assert len(orders(second)) == 2
    [call] = first.of("run")
    call.answer.set_result((done(call.arguments[0]), 0, b""))
    assert bench.finished().order == call.arguments[0]
    assert orders(first)[1:] == [started[3].run_id]


def test_where_an_endpoint_is_offered_only_those_nodes_get_its_attempts(bench: Bench) -> None:
    here = bench.join("a", sandbox=2, endpoint__two=1)
    bench.join("b", sandbox=2)
    assert here.resources == {"sandbox": 2, "endpoint:two": 1}
    assert bench.engine.at_endpoint("one") == 4
    assert bench.engine.at_endpoint("two") == 1
    for run_id in ("r1", "r2"):
        bench.start(run_id, "two")
    assert orders(here) == ["r1"]
    assert all(actor is here or not orders(actor) for actor in bench.ray.actors)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"proxy_version": "0.0.9"}, "proxy_version differs"),
        ({"tasks": {TASK: "0" * 64}}, f"tasks ({TASK}) differs"),
        ({"agents": {"bash-loop": "9"}}, "agents (bash-loop) differs"),
        ({"images": {"image:1": "sha256:2"}}, "images (image:1) differs"),
    ],
)
def test_a_node_that_is_not_like_the_driver_gets_nothing(
    bench: Bench, change: dict[str, Any], said: str
) -> None:
    bench.join("a", sandbox=1)
    other = bench.join("b", {**bench.lock, **change}, sandbox=1)
    assert bench.engine.n_concurrent == 1
    assert bench.ray.killed == [other]
    [warning] = bench.warned
    assert said in warning
    assert "host (b)" in warning
    bench.look()
    assert len(bench.ray.actors) == 2


def test_a_cluster_without_a_fit_node_is_said_with_the_reasons(bench: Bench) -> None:
    with pytest.raises(MachineLacks, match=r"--resources '\{\"sandbox\": 4\}'"):
        bench.engine.prepare(bench.warned.append, Event())
    bench.join("a", "no docker here", sandbox=1)
    with pytest.raises(MachineLacks, match=r"host \(a\): no docker here"):
        bench.engine.prepare(bench.warned.append, Event())


def test_preparing_can_be_interrupted(bench: Bench) -> None:
    bench.ray.add("a", sandbox=1)
    finish = Event()
    finish.set()
    with pytest.raises(Interrupted):
        bench.engine.prepare(bench.warned.append, finish)


def test_the_first_node_decides_and_its_lock_is_the_sweeps(bench: Bench) -> None:
    bench.join("a", sandbox=1)
    assert bench.engine.prepare(bench.warned.append, Event()) == bench.lock


def test_what_a_lost_node_had_under_way_is_lost_and_the_rest_goes_elsewhere(bench: Bench) -> None:
    lost, other = bench.join("a", sandbox=2), bench.join("b", sandbox=1)
    for run_id in ("r1", "r2", "r3", "r4"):
        bench.start(run_id)
    bench.ray.there["a"]["Alive"] = False
    assert bench.look() == []
    assert bench.engine.n_concurrent == 1
    for call in lost.of("run"):
        call.answer.set_exception(RayError("the node is gone"))
    ended = bench.engine.wait(0.0)
    assert {each.order.run_id for each in ended} == set(orders(lost))
    assert {each.ended.cause for each in ended} == {"interrupted"}
    assert [warning.split(",")[0] for warning in bench.warned] == ["host (a) is gone"]
    [running] = other.of("run")
    running.answer.set_result((done(running.arguments[0]), 0, b""))
    bench.finished()
    assert orders(other)[1:] == ["r4"]


def test_a_process_that_dies_on_a_living_node_is_started_again_a_few_times(bench: Bench) -> None:
    bench.join("a", sandbox=1)
    for deaths in (1, 2, 3):
        bench.start(f"r{deaths}")
        actor = bench.ray.actors[-1]
        actor.of("run")[0].answer.set_exception(RayError("it died"))
        bench.look()
        bench.look()
        assert len(bench.ray.actors) == min(deaths + 1, 3)
        if deaths < 3:
            bench.ray.actors[-1].of("prepare")[0].answer.set_result(bench.lock)
            bench.look()
    assert bench.engine.n_concurrent == 0


def test_an_error_of_ours_on_a_node_is_raised(bench: Bench) -> None:
    actor = bench.join("a", sandbox=1)
    bench.start("r1")
    actor.of("run")[0].answer.set_exception(RayTaskError("KeyError"))
    with pytest.raises(RayTaskError, match="KeyError"):
        bench.engine.wait(0.0)


def test_a_record_arrives_in_pieces_and_is_published(bench: Bench) -> None:
    actor = bench.join("a", sandbox=1)
    order = bench.start("r1")
    parcel = bench.parcel(order)
    actor.ready["read"] = lambda run_id, offset: parcel[offset : offset + 100]
    actor.of("run")[0].answer.set_result((done(order), len(parcel), parcel[:100]))
    ended = bench.finished()
    assert ended.order == order
    [(folder, cell)] = results.cells(bench.config.folder)
    assert ended.cell == cell
    assert cell["identity"]["run_id"] == "r1"
    assert folder.name == "1"
    assert [call.arguments for call in actor.of("forget")] == [("r1",)]
    assert not list((bench.folder / ".partial").iterdir())


@pytest.mark.parametrize(
    ("size", "first", "said"),
    [(2**40, b"", "is too large"), (20, b"short", "ends early"), (5, b"short", "cannot be read")],
)
def test_a_parcel_that_is_none_is_the_nodes_fault(bench: Bench, size: int, first: bytes, said: str) -> None:
    actor = bench.join("a", sandbox=1)
    order = bench.start("r1")
    actor.ready["read"] = lambda run_id, offset: b""
    actor.of("run")[0].answer.set_result((done(order), size, first))
    ended = bench.finished()
    assert ended.ended.cause == "sandbox_error"
    assert ended.cell is None
    assert said in str(ended.detail)
    assert not list((bench.folder / ".partial").iterdir())


def test_a_node_that_goes_before_its_parcel_is_here_loses_it(bench: Bench) -> None:
    actor = bench.join("a", sandbox=1)
    order = bench.start("r1")

    def gone(run_id: str, offset: int) -> bytes:
        raise RayError

    actor.ready["read"] = gone
    bench.ray.get = lambda call: gone("", 0)  # type: ignore[method-assign]  # the stand-in's
    actor.ready["read"] = lambda run_id, offset: b""
    actor.of("run")[0].answer.set_result((done(order), 100, b""))
    assert bench.finished().ended.cause == "interrupted"


def test_a_second_result_is_kept_aside_and_told(bench: Bench) -> None:
    actor = bench.join("a", sandbox=1)
    order = bench.start("r1")
    parcel = bench.parcel(order)
    actor.of("run")[0].answer.set_result((done(order), len(parcel), parcel))
    bench.finished()
    machine = bench.engine._machines["a"]
    bench.engine._receive(machine, order, done(order), len(parcel), parcel)
    assert bench.engine.wait(0.0) == []
    [warning] = bench.warned
    assert "a second result of attempt r1" in warning
    assert (bench.config.folder / "duplicates/r1-1.zip").read_bytes() == parcel
    assert len(list(results.cells(bench.config.folder))) == 1


def test_stop_reaches_the_nodes_once_and_ends_what_never_began(bench: Bench) -> None:
    actor = bench.join("a", sandbox=1)
    bench.start("r1")
    waiting = bench.start("r2")
    bench.stop.set()
    [ended] = bench.engine.wait(0.0)
    assert ended.order == waiting
    assert ended.ended.cause == "interrupted"
    assert bench.engine.wait(0.0) == []
    assert len(actor.of("stop")) == 1


def test_a_key_on_the_command_line_is_not_for_other_machines(tmp_path: Path) -> None:
    done = cab("sweep", *SMALL, "--engine", "ray", "--key", "k", cwd=tmp_path)
    assert done.returncode == 2
    assert "set CAB_KEY or --key-env NAME on each node" in done.stderr


@pytest.mark.acceptance
def test_an_address_where_nothing_answers_is_said_at_once(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = cab("sweep", *SMALL, "--engine", "ray", "--ray-address", address, cwd=tmp_path)
    assert done.returncode == 3
    assert f"no Ray cluster answers at {address}" in done.stderr


PROCESS = ("--sandbox", "process", "--sweep-id", "s")
SHORT = ("-a", "bash-loop", "-m", "null", "-t", TASK, "--endpoint", "sim", *PROCESS)
"""The null model says little: slow as it is made, it answers within seconds."""


@pytest.fixture
def ray_cluster() -> Iterator[Cluster]:
    pytest.importorskip("ray")
    with cluster({"sandbox": 1}, {"sandbox": 1}) as made:
        yield made


def on(made: Cluster) -> tuple[str, ...]:
    return ("--engine", "ray", "--ray-address", made.address)


def measured(folder: Path) -> list[tuple[Any, ...]]:
    """What every attempt came to, without its times."""
    return sorted(
        (
            cell["identity"]["cell_id"],
            cell["scores"]["pass_rate"]["pass"],
            cell["scores"]["tokens"]["total_tokens"],
            cell["scores"]["tokens"]["model_calls"],
            cell["failure"],
        )
        for _, cell in cells(folder)
    )


@contextmanager
def both_at_work(cwd: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A sweep whose two nodes have an attempt each under way; they are slow ones."""
    with sweeping(cwd, *arguments, "-n", "1", "--fault", "slow") as running:
        assert running.stdout
        under_way: set[str] = set()
        while len(under_way) < 2:
            event = json.loads(running.stdout.readline())
            if event["event"] == "attempt_started":
                under_way.add(event["run_id"])
            elif event["event"] == "attempt_ended":
                under_way.remove(event["run_id"])
        yield running


@pytest.mark.acceptance
@pytest.mark.bwrap
def test_two_nodes_measure_what_one_machine_does(ray_cluster: Cluster, tmp_path: Path) -> None:
    """In bwrap, where agents see the same paths each time, and so prompts are of the same length."""
    asked = (*SMALL, "-m", "null", "-k", "2", "--sandbox", "bwrap", "--sweep-id", "s")
    assert cab("sweep", *asked, "--results", "local", cwd=tmp_path).returncode == 0
    done = cab("sweep", *asked, "--results", "ray", *on(ray_cluster), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for where in ("local", "ray"):
        assert_exactly(tmp_path / where / "s", 2, 2)
    assert measured(tmp_path / "ray") == measured(tmp_path / "local")


@pytest.mark.acceptance
def test_a_node_that_dies_loses_nothing_and_doubles_nothing(ray_cluster: Cluster, tmp_path: Path) -> None:
    with both_at_work(tmp_path, *SHORT, "-k", "4", *on(ray_cluster)) as running:
        ray_cluster.kill(1)
        lost = list(events_of(running, "attempt_lost"))
        assert running.wait() == 0
    assert [event["cause"] for event in lost] == ["interrupted"]
    assert_exactly(tmp_path / "results/s", 4, 1)


@pytest.mark.acceptance
def test_a_killed_driver_loses_nothing_and_doubles_nothing(ray_cluster: Cluster, tmp_path: Path) -> None:
    with both_at_work(tmp_path, *SHORT, "-k", "4", *on(ray_cluster)) as running:
        running.send_signal(signal.SIGKILL)
    # the nodes have ended too: else none of them had a sandbox to offer
    done = cab("sweep", "--resume", "results/s", *on(ray_cluster), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert_exactly(tmp_path / "results/s", 4, 1)


@pytest.mark.acceptance
def test_ctrl_c_twice_stops_the_nodes_and_keeps_the_records(ray_cluster: Cluster, tmp_path: Path) -> None:
    with both_at_work(tmp_path, *SHORT, "-k", "4", *on(ray_cluster)) as running:
        running.send_signal(signal.SIGINT)
        until(running, "stopping")
        running.send_signal(signal.SIGINT)
        assert running.wait() == 130
    assert causes(tmp_path / "results/s") == {"interrupted": 2}
    # and it goes on without Ray
    assert cab("sweep", "--resume", "results/s", "--engine", "local", cwd=tmp_path).returncode == 0
    assert causes(tmp_path / "results/s") == {"interrupted": 2, "none": 4}
    assert not list((tmp_path / "results/.partial").iterdir())


@pytest.mark.acceptance
def test_nodes_have_keys_of_their_own(ray_cluster: Cluster, tmp_path: Path) -> None:
    """The driver has the key, and the nodes were started without it."""
    asked = (*SMALL, *PROCESS, "--key-env", "SOME_KEY", *on(ray_cluster))
    done = cab("sweep", *asked, cwd=tmp_path, SOME_KEY="secret-of-the-driver")
    assert done.returncode == 3
    assert "--key-env SOME_KEY: no such variable in the environment" in done.stderr.splitlines()[-1]
    assert "secret-of-the-driver" not in done.stderr + done.stdout
