"""What goes to the disk, and who waits for it."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cab_proxy import syncer
from cab_proxy.errors import LedgerWriteError
from cab_proxy.syncer import Syncer


class Disk:
    """The system's fdatasync, counted; it can be made to wait and to fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.syncs = 0
        self.began = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)
        self.waits = self.fails = False
        self._fdatasync = os.fdatasync
        monkeypatch.setattr(os, "fdatasync", self.fdatasync)

    def fdatasync(self, fd: int) -> None:
        self.syncs += 1
        self.began.release()
        if self.waits:
            self.may_end.acquire()
        if self.fails:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._fdatasync(fd)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@pytest.fixture
def fd(tmp_path: Path) -> Iterator[int]:
    with (tmp_path / "file").open("wb") as file:
        yield file.fileno()


def test_each_waits_for_the_disk(disk: Disk, fd: int, tmp_path: Path) -> None:
    async def main() -> None:
        one = Syncer(fd, tmp_path / "file", "each")
        for count in (1, 2):
            one.wrote()
            await one.durable()
            assert disk.syncs == count
            await one.durable()
            assert disk.syncs == count, "nothing new was written"

    asyncio.run(main())


def test_those_who_wait_share_a_sync(disk: Disk, fd: int, tmp_path: Path) -> None:
    """A sync that has begun may miss what is written after that: whoever comes then waits for the next."""

    async def main() -> None:
        one = Syncer(fd, tmp_path / "file", "each")

        async def write() -> int:
            one.wrote()
            await one.durable()
            return disk.syncs

        disk.waits = True
        first = asyncio.create_task(write())
        await asyncio.to_thread(disk.began.acquire)
        others = [asyncio.create_task(write()) for _ in range(20)]
        others[0].cancel()
        disk.may_end.release()
        assert await first == 1
        await asyncio.to_thread(disk.began.acquire)
        assert not any(task.done() for task in others[1:])
        disk.may_end.release()
        assert await asyncio.gather(*others[1:]) == [2] * 19

    asyncio.run(main())


def test_one_who_goes_away_does_not_take_the_sync_along(disk: Disk, fd: int, tmp_path: Path) -> None:
    async def main() -> None:
        one = Syncer(fd, tmp_path / "file", "each")
        one.wrote()
        disk.waits = True
        gone, stays = asyncio.create_task(one.durable()), asyncio.create_task(one.durable())
        await asyncio.to_thread(disk.began.acquire)
        gone.cancel()
        disk.may_end.release()
        await stays
        assert (gone.cancelled(), disk.syncs) == (True, 1)

    asyncio.run(main())


@pytest.mark.parametrize("mode", ["interval", "off"])
def test_the_others_do_not_wait(disk: Disk, fd: int, tmp_path: Path, mode: syncer.Fsync) -> None:
    disk.waits = True
    one = Syncer(fd, tmp_path / "file", mode)
    one.wrote()
    waiting = one.durable()
    with pytest.raises(StopIteration):
        waiting.send(None)
    disk.waits = False
    disk.may_end.release()
    one.close()
    assert disk.syncs == (0 if mode == "off" else 1)


def test_an_interval_syncs_what_is_new(
    disk: Disk, fd: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncer, "INTERVAL_S", 0.001)
    one = Syncer(fd, tmp_path / "file", "interval")
    assert disk.syncs == 0
    for _ in range(3):
        one.wrote()
        assert disk.began.acquire(timeout=60)
    one.close()
    assert disk.syncs == 3


def test_a_fault_is_told_to_all_and_for_ever(disk: Disk, fd: int, tmp_path: Path) -> None:
    async def main() -> None:
        one = Syncer(fd, tmp_path / "file", "each")
        one.wrote()
        disk.fails = True
        told = await asyncio.gather(one.durable(), one.durable(), return_exceptions=True)
        assert all(isinstance(each, LedgerWriteError) for each in told)
        disk.fails = False
        one.wrote()
        with pytest.raises(LedgerWriteError, match="may not be on the disk: Input/output error; restart"):
            await one.durable()
        assert disk.syncs == 1
        with pytest.raises(LedgerWriteError):
            one.close()

    asyncio.run(main())


def test_a_fault_of_the_thread_is_told_at_the_end(
    disk: Disk, fd: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncer, "INTERVAL_S", 0.001)
    disk.fails = True
    one = Syncer(fd, tmp_path / "file", "interval")
    one.wrote()
    assert disk.began.acquire(timeout=60)
    with pytest.raises(LedgerWriteError):
        one.close()


def test_a_file_s_name_goes_to_the_disk_too(fd: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda each: synced.append(Path(f"/proc/self/fd/{each}").readlink()))
    Syncer(fd, tmp_path / "file", "each").sync(folder=True)
    assert synced == [tmp_path]
    Syncer(fd, tmp_path / "file", "off").sync(folder=True)
    assert len(synced) == 1
