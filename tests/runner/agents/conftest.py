"""What the adapters' tests share: a context to wire with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cab_runner.agents import WireContext
from cab_runner.sandbox.base import Layout

CONTEXT = WireContext(
    prompt='Fix "it".\nThen stop.',
    model="vendor/m-1",
    base_url="http://127.0.0.1:8080/v1",
    origin="http://127.0.0.1:8080",
    token="cab-token",
    layout=Layout(
        workspace="/workspace",
        home="/home/cab",
        tests="/tests",
        logs="/logs",
        tools="/opt/cab/inside",
        python="python3",
        door_port=8080,
        untrusted="user:65532:65532",
    ),
    context_window_tokens=32_000,
    max_output_tokens=2_000,
    max_turns=7,
)


@pytest.fixture
def context() -> Callable[..., WireContext]:
    """Makes a context; keyword arguments replace its fields."""

    def make(**fields: Any) -> WireContext:
        return replace(CONTEXT, **fields)

    return make
