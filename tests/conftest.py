"""What the whole suite shares: which parts of this machine a test needs, and what a skip means.

``CAB_TEST_REQUIRE=docker,agents,local-model`` makes a missing part a failure instead of a skip.
"""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

from cab_runner import agents, images, local_model
from cab_runner.sandbox.bwrap import BwrapSandbox
from cab_runner.sandbox.docker import DockerSandbox
from fakes.browser import no_browser

# the same examples in every run, and no verdict on a busy machine's time
settings.register_profile(
    "suite", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

# in a shell's background SIGINT is ignored, under nohup SIGHUP, and so by all that is started from here
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

REQUIRED = frozenset(filter(None, os.environ.get("CAB_TEST_REQUIRE", "").replace("-", "_").split(",")))


@functools.cache
def _no_docker() -> str | None:
    probe = DockerSandbox().probe()
    return None if probe.ok else probe.detail


@functools.cache
def _no_bwrap() -> str | None:
    probe = BwrapSandbox().probe()
    return None if probe.ok else probe.detail


@functools.cache
def _no_agents() -> str | None:
    if (reason := _no_docker()) is not None:
        return reason
    missing = [image.name for image in agents.sandbox_images() if not images.exists(image.tag)]
    return f"not built: {', '.join(missing)} (cab agents build)" if missing else None


@functools.cache
def _no_local_model() -> str | None:
    missing = local_model.missing_packages()
    return f"not installed: {', '.join(missing)} (make local-model)" if missing else None


NEEDS: dict[str, Callable[[], str | None]] = {
    "docker": _no_docker,
    "bwrap": _no_bwrap,
    "agents": _no_agents,
    "local_model": _no_local_model,
    "browser": no_browser,
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    for name, reason_missing in NEEDS.items():
        if item.get_closest_marker(name) is not None and (reason := reason_missing()) is not None:
            pytest.skip(f"{name}: {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]  # pytest's own wrapper protocol
    report = yield
    if REQUIRED and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, though CAB_TEST_REQUIRE is set: {report.longrepr}"
    return report
