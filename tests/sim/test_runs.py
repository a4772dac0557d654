"""Runs: found in their folder, kept while they are called, gone on with."""

import asyncio
import gc
import weakref
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_sim import runs
from cab_sim.calls import CallLog
from cab_sim.errors import RequestError
from cab_sim.runs import Run, Runs

from .play import SCRIPT


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).mkdir()
        SCRIPT.dump(folder / name / "script.json")


def unknown(found: Runs, name: str) -> bool:
    with pytest.raises(RequestError) as caught:
        found.find(name)
    return (caught.value.status, caught.value.code) == (404, "run_not_found")


def test_a_run_is_read_once(tmp_path: Path) -> None:
    make(tmp_path, "a", "b")
    found = Runs(tmp_path)
    one = found.find("a")
    (tmp_path / "a/script.json").write_bytes(b"{")
    assert found.find("a") is one
    assert found.find("b") is not one
    assert list(one.models) == ["oracle", "cheat:1", "null"]


def test_a_script_may_be_a_link(tmp_path: Path) -> None:
    SCRIPT.dump(tmp_path / "s.json")
    (tmp_path / "a").mkdir()
    (tmp_path / "a/script.json").symlink_to(tmp_path / "s.json")
    assert Runs(tmp_path).find("a").models["oracle"] == SCRIPT.models["oracle"]


def test_a_run_without_its_script_is_unknown_and_forgotten(tmp_path: Path) -> None:
    make(tmp_path, "a")
    found = Runs(tmp_path)
    one = weakref.ref(found.find("a"))
    (tmp_path / "a/script.json").unlink()
    assert unknown(found, "a")
    gc.collect()
    assert one() is None


@given(
    st.sampled_from([".", "..", "...", "", "a/../b", "b\n"])
    | st.text(st.characters(codec="utf-8"), max_size=3)
)
def test_a_name_leads_nowhere_else(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    outer = tmp_path_factory.getbasetemp() / "outer"
    if not outer.exists():
        outer.mkdir()
        SCRIPT.dump(outer / "script.json")
        make(outer, "inner")
        make(outer / "inner", "b")
    if name != "b":
        assert unknown(Runs(outer / "inner"), name)


def test_a_name_too_long_for_a_file_is_unknown(tmp_path: Path) -> None:
    assert unknown(Runs(tmp_path), "a" * 256)


def test_a_script_that_cannot_be_played_is_said_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/script.json").write_bytes(b"{}")
    with pytest.raises(RequestError, match=r"script\.json of the run 'a': schema_version is None") as caught:
        Runs(tmp_path).find("a")
    assert caught.value.status == 500
    assert str(tmp_path) not in str(caught.value)


def test_few_runs_are_kept_and_the_last_called_longest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "KEPT", 2)
    make(tmp_path, "a", "b", "c")
    found = Runs(tmp_path)
    a, b = found.find("a"), found.find("b")
    assert found.find("a") is a
    found.find("c")
    assert found.find("a") is a
    assert found.find("b") is not b


def test_a_run_is_drained_when_its_last_call_has_ended() -> None:
    async def play() -> None:
        run = Run(SCRIPT, CallLog())
        await run.drained()
        with run.call():
            with run.call():
                waiting = asyncio.create_task(run.drained())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert not waiting.done()
        await waiting

    asyncio.run(play())
