"""What takes long does not keep other things waiting."""

from __future__ import annotations

import asyncio
import threading

from cab_proxy.threads import counting, reading, syncing


def test_the_disk_does_not_wait_for_bodies_or_counts() -> None:
    async def main() -> None:
        gate = threading.Event()
        stuck = [asyncio.ensure_future(work(gate.wait)) for work in (reading, counting) for _ in range(50)]
        await asyncio.sleep(0)
        assert await syncing(lambda: "synced") == "synced"
        assert not any(task.done() for task in stuck)
        gate.set()
        await asyncio.gather(*stuck)

    asyncio.run(main())
