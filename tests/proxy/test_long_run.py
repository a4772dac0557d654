"""What only many calls show: the overshoot of budgets, and whether memory stays flat."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cab_proxy.control import Budget, RunRequest
from cab_proxy.ledger_files import verify_ledger
from cab_proxy.records import calls_of
from cab_proxy.service import Service
from fakes.endpoint import Endpoint, Seen, Step, as_json, as_sse, completion, delta, usage_chunk
from fakes.metered import ask, chat, connect, parse, read_ledger, request_bytes

RUNS = 200
CONCURRENT = 8
LIMIT_TOKENS = 6_000


def usage(prompt: int, answer: int) -> dict[str, Any]:
    return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}


@pytest.mark.acceptance
def test_the_overshoot_of_200_budgets_is_bounded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The bound of :mod:`cab_proxy.budget`: all calls together take less than the limit, what the call takes
    that began last and alone, and the errors of the estimates.
    """
    seeded = random.Random(4)
    served: Counter[str] = Counter()

    def script(seen: Seen) -> list[Step]:
        body = seen.json()
        # its tokenizer isn't ours, and its answer any length up to what was asked for
        prompt = round(len(body["messages"][0]["content"]) * seeded.uniform(0.1, 0.5)) + 8
        answer = seeded.randint(1, body["max_tokens"])
        served[body["user"]] += prompt + answer
        if seeded.random() < 0.5:
            return as_json(completion(usage=usage(prompt, answer)))
        return as_sse([delta("x", finish="stop"), usage_chunk(usage(prompt, answer)), "[DONE]"])

    async def spend(service: Service, endpoint: Endpoint, name: str) -> None:
        budget = Budget(max_total_tokens=LIMIT_TOKENS)
        run = await service.open_run(
            RunRequest(run_id=name, upstream=endpoint.url, ledger=tmp_path / f"{name}.jsonl", budget=budget)
        )
        drawn = random.Random(name)

        async def call_until_refused() -> None:
            while True:
                body = chat(
                    text="word " * drawn.randint(1, 300),
                    user=name,
                    max_tokens=drawn.randint(1, 1500),
                    stream=drawn.random() < 0.5,
                )
                token = ("Authorization", f"Bearer {run.token}")
                if (await ask(run.socket, body, token)).status == 400:
                    return

        await asyncio.gather(*(call_until_refused() for _ in range(CONCURRENT)))
        await service.close_run(name)

    async def main() -> None:
        async with Endpoint(script) as endpoint:
            service = Service(lambda _: None)
            async with service:
                names = [f"run-{n}" for n in range(RUNS)]
                for start in range(0, RUNS, 20):
                    await asyncio.gather(
                        *(spend(service, endpoint, name) for name in names[start : start + 20])
                    )

    asyncio.run(main())
    worst = largest = 0
    for n in range(RUNS):
        calls = [call for call in calls_of(read_ledger(tmp_path / f"run-{n}.jsonl")) if call.status == 200]
        taken = [(call.tokens.total, call.budget) for call in calls]
        errors = alone = 0
        for total, reserved in taken:
            assert total is not None
            assert reserved is not None
            errors += max(0, total - reserved["reserved_tokens"])
            if reserved["alone"]:
                alone = max(alone, total)
        spent = sum(total or 0 for total, _ in taken)
        assert spent == served[f"run-{n}"]
        assert spent >= LIMIT_TOKENS
        assert spent < LIMIT_TOKENS + alone + errors
        worst, largest = max(worst, spent - LIMIT_TOKENS), max(largest, alone)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{RUNS} runs x {CONCURRENT} calls, {LIMIT_TOKENS} tokens each: "
            f"largest overshoot {worst} tokens, largest call that went alone {largest}\n"
        )


WARM_UP_CALLS = 20_000
CALLS = 100_000
CONNECTIONS = 16


def varied(seen: Seen) -> list[Step]:
    """Plain and streamed, with and without usage, and errors."""
    body = seen.json()
    kind = body["kind"]
    if kind == 0:
        return as_json({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, 429)
    reported = usage(11, 5) if kind % 3 else None
    if body["stream"]:
        last = [] if reported is None else [usage_chunk(reported)]
        return as_sse([*(delta(f"word {n} ") for n in range(8)), delta(finish="stop"), *last, "[DONE]"])
    return as_json(completion(usage=reported))


def resident_mb(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text()
    match = re.search(r"VmRSS:\s+(\d+) kB", text)
    assert match is not None
    return int(match[1]) / 1024


@pytest.mark.acceptance
def test_100000_calls_leave_memory_flat(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> tuple[float, float]:
        async with Endpoint(varied) as endpoint:
            reader, writer = os.pipe()
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "cab_proxy", "--upstream", endpoint.url, "--listen", "127.0.0.1:0",
                "--ready-fd", str(writer), "--rotate-mb", "20", cwd=tmp_path, pass_fds=[writer],
                stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            os.close(writer)
            with open(reader, encoding="ascii") as ready:  # noqa: ASYNC230, PTH123  # one line, from a pipe
                url = (await asyncio.to_thread(ready.readline)).split()[1]
            drawn = random.Random(7)

            async def talk(calls: int) -> None:
                got, out = await connect(url)
                for _ in range(calls):
                    body = chat(
                        text=f"{drawn.random()}", kind=drawn.randrange(10), stream=drawn.random() < 0.5
                    )
                    raw = request_bytes("POST", "/v1/chat/completions", json.dumps(body).encode())
                    out.write(raw.replace(b"Connection: close\r\n", b""))
                    await read_response(got)
                    endpoint.seen.clear()
                out.close()

            await asyncio.gather(*(talk(WARM_UP_CALLS // CONNECTIONS) for _ in range(CONNECTIONS)))
            warm = resident_mb(process.pid)
            await asyncio.gather(*(talk(CALLS // CONNECTIONS) for _ in range(CONNECTIONS)))
            end = resident_mb(process.pid)
            process.send_signal(signal.SIGTERM)
            await process.wait()
            return warm, end

    warm, end = asyncio.run(main())
    with capsys.disabled():
        sys.stdout.write(
            f"\n{CALLS} calls after {WARM_UP_CALLS}: {warm:.1f} MB resident, then {end:.1f} MB\n"
        )
    found = verify_ledger(tmp_path / "calls.jsonl")
    assert found.ok, found.problems[:3]
    assert found.in_flight == ()
    assert end - warm < 10


async def read_response(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    if b"chunked" in head:
        while not (await reader.readuntil(b"\r\n")).startswith(b"0\r"):
            await reader.readuntil(b"\r\n")
        await reader.readline()
    else:
        match = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        assert match is not None
        await reader.readexactly(int(match[1]))
    assert parse(head).status in {200, 429}
