"""The admin address, by raw requests."""

from __future__ import annotations

import asyncio
import contextlib
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from cab_proxy.admin_server import AdminServer, Check
from cab_proxy.control import RunRequest
from cab_proxy.errors import ConfigError
from cab_proxy.metering import Metering
from cab_proxy.records import Record, Tokens, TokensSource
from cab_proxy.watch import MAX_MODELS, Watch
from fakes.endpoint import as_json, completion, serving
from fakes.metered import Got, ask, chat, metered, send

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]

OPENED = Record(
    kind="open",
    call_id="A",
    run_id="secret-run",
    started_at="2026-01-02T03:04:05.000000Z",
    method="POST",
    path="/v1/chat/completions",
    protocol="chat",
    model_requested='a "model"\\n',
)


def ended(**more: Any) -> Record:
    return replace(OPENED, **{"kind": "call", "status": 200, **more})


@contextlib.asynccontextmanager
async def serving_admin(
    watch: Watch, where: tuple[str, int] | Path, check: Check = lambda: None
) -> AsyncIterator[str | Path]:
    server = AdminServer(watch, check)
    url = await server.start(where)
    try:
        yield where if isinstance(where, Path) else url
    finally:
        await server.close()


def get(
    watch: Watch, where: Path, target: str, *headers: tuple[str, str], check: Check = lambda: None
) -> Got:
    async def main() -> Got:
        async with serving_admin(watch, where, check) as admin:
            return await send(admin, "GET", target, None, *headers)

    return asyncio.run(main())


def series(text: str) -> Series:
    """All samples of a text, without the histograms' buckets."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in parse_text(text)
        for sample in family.samples
        if "le" not in sample.labels
    }


def one(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


@pytest.mark.parametrize(
    ("problem", "status", "body"),
    [
        (None, 200, {"status": "ok"}),
        ("the disk is full", 503, {"status": "failing", "problem": "the disk is full"}),
    ],
)
def test_health(tmp_path: Path, problem: str | None, status: int, body: dict[str, str]) -> None:
    got = get(Watch(), tmp_path / "a.sock", "/healthz", check=lambda: problem)
    assert (got.status, got.json()) == (status, body)
    assert got.header("Content-Type") == "application/json; charset=utf-8"
    text = get(Watch(), tmp_path / "a.sock", "/metrics", check=lambda: problem).body.decode()
    assert series(text)[one("cab_ledger_writable")] == (problem is None)


@pytest.mark.parametrize(
    ("method", "target", "status"), [("GET", "/", 404), ("POST", "/metrics", 405), ("GET", "/v1/models", 404)]
)
def test_there_is_nothing_else(tmp_path: Path, method: str, target: str, status: int) -> None:
    async def main() -> None:
        async with serving_admin(Watch(), tmp_path / "a.sock") as admin:
            assert (await send(admin, method, target)).status == status

    asyncio.run(main())


def test_metrics(tmp_path: Path) -> None:
    watch = Watch()
    watch.began(OPENED)
    watch.began(OPENED)
    watch.ended(
        ended(
            tokens=Tokens(input=1000, cached=400, output=500, total=1500),
            tokens_source=TokensSource(
                input="reported", cached="reported", output="estimated", total="estimated"
            ),
            cost_usd=Decimal("0.125"),
            cost_source="estimated",
            ttft_ms=250.0,
            duration_ms=700_000.0,
            proxy_overhead_ms=0.3,
        )
    )
    watch.began(OPENED)
    watch.ended(ended(status=429, error_type="upstream_error"))
    text = get(watch, tmp_path / "a.sock", "/metrics").body.decode()
    model = OPENED.model_requested
    assert model is not None
    assert series(text) == {
        one("cab_calls_total", model=model, protocol="chat", status="2xx", error_type="none"): 1,
        one("cab_calls_total", model=model, protocol="chat", status="4xx", error_type="upstream_error"): 1,
        one("cab_tokens_total", model=model, kind="input", source="reported"): 1000,
        one("cab_tokens_total", model=model, kind="cached", source="reported"): 400,
        one("cab_tokens_total", model=model, kind="output", source="estimated"): 500,
        one("cab_cost_usd_total", model=model, source="estimated"): 0.125,
        one("cab_calls_with_tokens_total", model=model): 1,
        one("cab_calls_with_cost_total", model=model): 1,
        one("cab_ttft_seconds_count", model=model): 1,
        one("cab_ttft_seconds_sum", model=model): 0.25,
        one("cab_duration_seconds_count", model=model): 1,
        one("cab_duration_seconds_sum", model=model): 700,
        one("cab_proxy_overhead_seconds_count", model=model): 1,
        one("cab_proxy_overhead_seconds_sum", model=model): 0.0003,
        one("cab_in_flight"): 1,
        one("cab_ledger_writable"): 1,
    }
    assert "secret-run" not in text


def test_buckets_add_up(tmp_path: Path) -> None:
    watch = Watch()
    for ttft_ms in (50.0, 100.0, 200.0, 61_000.0):
        watch.began(OPENED)
        watch.ended(ended(ttft_ms=ttft_ms))
    text = get(watch, tmp_path / "a.sock", "/metrics").body.decode()
    buckets = {
        sample.labels["le"]: sample.value
        for family in parse_text(text)
        for sample in family.samples
        if sample.name == "cab_ttft_seconds_bucket"
    }
    assert [buckets[bound] for bound in ("0.1", "0.25", "60.0", "+Inf")] == [2, 3, 3, 4]


def test_what_is_unknown_is_absent(tmp_path: Path) -> None:
    watch = Watch()
    watch.began(OPENED)
    watch.ended(ended())
    names = {name for name, _ in series(get(watch, tmp_path / "a.sock", "/metrics").body.decode())}
    assert "cab_calls_total" in names
    assert not names & {"cab_tokens_total", "cab_cost_usd_total"}


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", "text/plain; version=0.0.4"),
        ("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", "application/openmetrics-text"),
    ],
)
def test_openmetrics_for_those_who_accept_it(tmp_path: Path, accept: str, content_type: str) -> None:
    watch = Watch()
    watch.began(OPENED)
    watch.ended(ended(ttft_ms=1.0))
    got = get(watch, tmp_path / "a.sock", "/metrics", ("Accept", accept))
    assert (got.header("Content-Type") or "").startswith(content_type)
    text = got.body.decode()
    parse = parse_openmetrics if "openmetrics" in content_type else parse_text
    families = list(parse(text))
    assert {family.name for family in families} >= {"cab_ttft_seconds", "cab_in_flight"}


def test_a_hostile_client_makes_few_series(tmp_path: Path) -> None:
    watch = Watch()
    for number in range(2000):
        for status in (200, 404):
            model = f"m{number}\ud800\n"
            watch.began(OPENED)
            watch.ended(
                ended(
                    run_id=f"r{number}",
                    model_requested=model,
                    status=status,
                    error_type="upstream_error" if status > 200 else None,
                )
            )
    got = get(watch, tmp_path / "a.sock", "/metrics")
    assert len(series(got.body.decode())) < 12 * MAX_MODELS


def test_on_a_unix_socket_of_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"

    async def main() -> None:
        async with serving_admin(Watch(), path):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert not path.exists()

    asyncio.run(main())


def test_an_address_that_cannot_be_had(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving_admin(Watch(), ("127.0.0.1", 0)) as admin:
            port = int(str(admin).rpartition(":")[2])
            (tmp_path / "file").write_text("")
            for where, name in (
                (("127.0.0.1", port), f"127.0.0.1:{port}"),
                (tmp_path / "file", "something else lies there"),
            ):
                with pytest.raises(ConfigError, match=name) as caught:
                    await AdminServer(Watch(), lambda: None).start(where)
                assert "\n" not in str(caught.value)

    asyncio.run(main())


def test_beside_a_proxy_and_never_on_its_data_port(tmp_path: Path) -> None:
    """A request for the admin's paths goes upstream from the plain proxy, and nowhere from a run's socket."""
    watch = Watch()

    async def main() -> None:
        with serving(as_json(completion(model="m"))) as endpoint:
            async with (
                metered(endpoint.url, tmp_path, metering=Metering(watch=watch)) as proxy,
                serving_admin(watch, ("127.0.0.1", 0), proxy.service.problem) as admin,
            ):
                opened = await proxy.service.open_run(RunRequest(run_id="r", upstream=endpoint.url))
                token = ("Authorization", f"Bearer {opened.token}")
                for target in ("/healthz", "/metrics"):
                    assert b"cab_" not in (await send(proxy.url, "GET", target)).body
                    assert endpoint.seen[-1].target.endswith(target)
                    assert (await send(opened.socket, "GET", target, None, token)).status in {400, 403, 404}
                assert len(endpoint.seen) == 2
                await ask(proxy.url, chat())
                await ask(opened.socket, chat(), token)
                text = (await send(admin, "GET", "/metrics")).body.decode()
                labels = {"model": "m", "protocol": "chat", "status": "2xx", "error_type": "none"}
                assert series(text)[one("cab_calls_total", **labels)] == 2
                assert series(text)[one("cab_tokens_total", model="m", kind="input", source="reported")] == 22
                assert opened.token not in text
                assert (await send(admin, "GET", "/healthz")).json() == {"status": "ok"}

    asyncio.run(main())
