from __future__ import annotations

import subprocess
import sys

from cab_runner.sandbox import owner

PRINT = "from cab_runner.sandbox import owner; print(owner.me(), flush=True); input()"


def test_a_mark_is_alive_until_its_process_has_ended() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PRINT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        mark = process.stdout.readline().strip()
        assert not owner.is_gone(mark)
        process.communicate("\n")
    assert owner.is_gone(mark)


def test_an_id_that_is_used_again_is_another_process() -> None:
    boot, namespace, pid, started = owner.me().split(".")
    assert not owner.is_gone(f"{boot}.{namespace}.{pid}.{started}")
    assert owner.is_gone(f"{boot}.{namespace}.{pid}.{int(started) - 1}")


def test_another_boot_is_gone_and_another_namespace_cannot_be_judged() -> None:
    _, namespace, pid, started = owner.me().split(".")
    assert owner.is_gone(f"00000000.{namespace}.{pid}.{started}")
    boot = owner.me().split(".", maxsplit=1)[0]
    assert not owner.is_gone(f"{boot}.1.999999.1")


def test_what_is_no_mark_is_not_ours() -> None:
    for text in ("", "x", "a.b.c.d", "a.b.c", "../../etc"):
        assert not owner.is_gone(text)
