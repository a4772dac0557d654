"""Threads for what takes long, apart from each other: large bodies must not keep the disk waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

T = TypeVar("T")

_READERS: Final = ThreadPoolExecutor(2, thread_name_prefix="cab-read")
"""Few, since each may hold a body of 64 MiB unpacked and parsed."""
_COUNTERS: Final = ThreadPoolExecutor(2, thread_name_prefix="cab-count")
_SYNCERS: Final = ThreadPoolExecutor(4, thread_name_prefix="cab-sync")


async def reading(work: Callable[[], T]) -> T:
    """Read, hash or judge a body."""
    return await asyncio.get_running_loop().run_in_executor(_READERS, work)


async def counting(work: Callable[[], T]) -> T:
    """Count a text's tokens."""
    return await asyncio.get_running_loop().run_in_executor(_COUNTERS, work)


async def syncing(work: Callable[[], T]) -> T:
    """Wait for the disk."""
    return await asyncio.get_running_loop().run_in_executor(_SYNCERS, work)
