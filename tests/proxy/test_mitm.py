"""``cab-proxy mitm``: its parts, and as people use it, with a real mitmproxy where there is one."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cab_proxy.entrance import Stranger, Visitor
from cab_proxy.errors import ConfigError
from cab_proxy.ledger import LedgerWriter
from cab_proxy.mitm import (
    PYTHON_ENV,
    Interceptor,
    MitmEntrance,
    child_environment,
    parse_origin,
    put_certificates,
    system_bundle,
    upstreams_of,
)
from cab_proxy.records import calls_of
from cab_proxy.runs import Run, new_token
from fakes.endpoint import (
    LAST_CHUNK,
    SSE_HEAD,
    Endpoint,
    Gate,
    Seen,
    Step,
    as_json,
    chunk,
    completion,
    delta,
    event,
    stream,
    usage_chunk,
)
from fakes.metered import chat, connect, parse, read_ledger, send_raw
from fakes.tls import TlsEndpoint

ROOT = Path(__file__).resolve().parents[2]
MITM = [sys.executable, "-m", "cab_proxy", "mitm"]
INTERCEPTOR = Interceptor(
    port=1, token="cab-token", certificate=Path("/ca/ca.pem"), bundle=Path("/ca/all.pem")
)


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if "PROXY" not in k.upper() and not k.startswith("CAB_")}
    return {**kept, **more}


# --- the parts -----------------------------------------------------------------------------------


def test_the_commands_environment() -> None:
    parent = {
        "PATH": "/bin",
        "CAB_KEY": "sk-other",
        "MY_KEY": "sk",
        "NO_PROXY": "*",
        "https_proxy": "http://x",
    }
    child = child_environment(parent, INTERCEPTOR, "sk")
    proxies = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")
    assert child == {
        "PATH": "/bin",
        "MY_KEY": "cab-token",
        **dict.fromkeys(proxies, "http://cab:cab-token@127.0.0.1:1"),
        "NO_PROXY": "",
        "no_proxy": "",
        "SSL_CERT_FILE": "/ca/all.pem",
        "REQUESTS_CA_BUNDLE": "/ca/all.pem",
        "CURL_CA_BUNDLE": "/ca/all.pem",
        "GIT_SSL_CAINFO": "/ca/all.pem",
        "NODE_EXTRA_CA_CERTS": "/ca/ca.pem",
        "NODE_USE_ENV_PROXY": "1",
    }
    assert child_environment({"A": "sk"}, INTERCEPTOR, None)["A"] == "sk"


def test_certificates_where_anyone_can_read_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "system.pem").write_bytes(b"SYSTEM\n\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
    certificate, bundle = put_certificates(b"OURS\n", tmp_path / "a/b")
    assert certificate.read_bytes() == b"OURS\n"
    assert bundle.read_bytes() == b"SYSTEM\nOURS\n"
    assert {stat.S_IMODE(path.stat().st_mode) for path in (certificate, bundle)} == {0o644}
    with pytest.raises(ConfigError, match="certificates can't be put into"):
        put_certificates(b"", tmp_path / "system.pem")


def test_the_systems_certificates_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    assert system_bundle().count(b"-----BEGIN CERTIFICATE-----") > 10


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("api.openai.com", "api.openai.com:443"),
        ("API.openai.com:8443", "api.openai.com:8443"),
        ("[::1]:1", "[::1]:1"),
    ],
)
def test_origins(text: str, origin: str) -> None:
    assert parse_origin(text) == origin


@pytest.mark.parametrize(
    "text", ["", ":1", "https://a", "a/b", "a:x", "a:99999", "u@a", "a?b", "a#b", "[::1"]
)
def test_what_is_no_host(text: str) -> None:
    with pytest.raises(ConfigError, match="must look like"):
        parse_origin(text)


def test_the_relays_entrance_is_the_interceptors_alone(tmp_path: Path) -> None:
    with LedgerWriter(tmp_path / "calls.jsonl") as ledger:
        upstreams = upstreams_of(("a:443", "b:8443"))
        assert [upstream.base for upstream in upstreams.values()] == ["https://a", "https://b:8443"]
        token = new_token()
        run = Run(run_id="r", upstream=upstreams["a:443"], ledger=ledger, token=token)
        entrance = MitmEntrance(run, upstreams, "sk-real")
        shown = ("Proxy-Authorization", f"Bearer {token}")
        for headers in [
            (("Host", "a:443"),),
            (("Host", "c:443"), shown),
            (("Host", "a:443"), ("Proxy-Authorization", "Bearer cab-other")),
            (("Host", "a:443"), ("Authorization", f"Bearer {token}")),
        ]:
            assert entrance.admit(headers) == Stranger(run=None)

        def credentials(origin: str, value: str) -> str:
            visitor = entrance.admit((("Host", origin), shown, ("Authorization", value)))
            assert isinstance(visitor, Visitor)
            assert visitor.run is run
            assert visitor.upstream is upstreams[origin]
            return dict(visitor.headers)["Authorization"]

        assert credentials("a:443", f"Bearer {token}") == "Bearer sk-real"
        assert credentials("a:443", "Bearer oauth") == "Bearer oauth"
        assert credentials("b:8443", f"Bearer {token}") == f"Bearer {token}"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--host", "a", "--python", sys.executable, "true"], 3, "has no mitmproxy; it needs an environment"),
        (["--host", "a", "--python", "/nonexistent", "true"], 3, "can't be run (No such file or directory)"),
        (["--host", "a", "true"], 3, "python3 -m venv ~/.cab-mitm && ~/.cab-mitm/bin/pip install"),
        (["--host", "a/b", "true"], 2, "--host 'a/b' must look like"),
        (["--host", "a", "--python", sys.executable, "--key-env", "NONE", "true"], 2, "NONE holds no key"),
        (["true"], 2, "Missing option '--host'"),
    ],
)
def test_what_is_refused(tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    done = subprocess.run(
        [*MITM, *arguments], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


# --- with mitmproxy ------------------------------------------------------------------------------


@pytest.fixture
def mitm() -> list[str]:
    """The command, with a Python that has mitmproxy."""
    python = os.environ.get(PYTHON_ENV) or str(ROOT / ".venv-mitm/bin/python")
    if not Path(python).exists():
        pytest.skip(f"no {python}: `make mitm` installs mitmproxy into an environment of its own")
    return [*MITM, "--python", python]


@contextlib.asynccontextmanager
async def started(*command: str, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdout=pipe, stderr=pipe, env=environment(**more)
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


@contextlib.asynccontextmanager
async def serving(
    mitm: list[str], host: str, folder: Path, **more: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """An interceptor without a command, and its URL. Its temporary files are in ``folder/tmp``."""
    (folder / "tmp").mkdir()
    options = ["--host", host, "--ledger", str(folder / "calls.jsonl"), "--ca-dir", str(folder / "ca")]
    async with started(*mitm, *options, TMPDIR=str(folder / "tmp"), **more) as process:
        assert process.stderr is not None
        said = (await process.stderr.readline()).decode()
        assert f", CA {folder}/ca/cab-ca.pem, ledger {folder}/calls.jsonl\n" in said
        yield process, said.removeprefix("cab-proxy: proxy ").partition(",")[0]


async def run(*command: str, **more: str) -> tuple[int | None, str, str]:
    async with started(*command, **more) as process:
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


def connect_request(url: str, host: str) -> tuple[str, bytes]:
    """An interceptor's address, and a CONNECT that it grants."""
    parts = urlsplit(url)
    proof = base64.b64encode(f"any:{parts.password}".encode()).decode()
    request = f"CONNECT {host} HTTP/1.1\r\nProxy-Authorization: Basic {proof}\r\n\r\n"
    return f"http://127.0.0.1:{parts.port}", request.encode()


def script(seen: Seen) -> list[Step]:
    return stream("str", "eamed") if seen.json().get("stream") else as_json(completion("plain"))


def curl(url: str, body: object, *more: str) -> list[str]:
    return ["curl", "-sSN", "-H", "Content-Type: application/json", "-d", json.dumps(body), *more, url]


def test_curl_is_metered_while_it_streams(mitm: list[str], tmp_path: Path) -> None:
    async def main() -> None:
        gate = Gate()
        events = [event(delta("Hel")), event(delta("lo")), event(usage_chunk()), event("[DONE]")]
        steps: list[Step] = [SSE_HEAD, chunk(events[0]), gate, *map(chunk, events[1:]), LAST_CHUNK]
        ledger = tmp_path / "calls.jsonl"
        async with TlsEndpoint(steps, tmp_path) as endpoint:
            command = curl(f"{endpoint.url}/chat/completions", chat(stream=True), "-H", "X-Api-Key: own")
            async with started(
                *mitm, "--host", endpoint.host, "--ledger", str(ledger), "--", *command,
                SSL_CERT_FILE=str(endpoint.certificate),
            ) as process:  # fmt: skip
                assert process.stdout is not None
                assert await process.stdout.readuntil(b"\n\n") == events[0]
                assert not gate.opened.done()
                gate.open()
                out, err = await process.communicate()
        assert out == b"".join(events[1:]), err
        assert process.returncode == 0
        assert f"cab-proxy: metered {endpoint.origin}" in err.decode()
        assert "total       16 (reported)" in err.decode()
        [seen] = endpoint.seen
        assert seen.json() == chat(stream=True)
        assert seen.header("Host") == endpoint.host
        assert seen.header("X-Api-Key") == "own"
        assert seen.header("Proxy-Authorization") is None
        opened, call = read_ledger(ledger)
        assert (opened.via, call.via) == ("mitm", "mitm")
        assert (call.protocol, call.upstream, call.stream) == ("chat", endpoint.origin, True)
        assert call.tokens.total == 16

    asyncio.run(main())


CALLS = """
import json, os, sys, urllib.request
for stream in (False, True):
    request = urllib.request.Request(
        sys.argv[1] + "/chat/completions",
        json.dumps({"model": "m", "messages": [], "stream": stream}).encode(),
        {"Authorization": "Bearer " + os.environ["MY_KEY"]},
    )
    with urllib.request.urlopen(request) as response:
        print(len(response.read()))
sys.exit(7)
"""


def test_pythons_own_client_and_a_key_that_it_never_sees(mitm: list[str], tmp_path: Path) -> None:
    async def main() -> None:
        ledger = tmp_path / "calls.jsonl"
        async with TlsEndpoint(script, tmp_path) as endpoint:
            code, out, err = await run(
                *mitm, "--host", endpoint.host, "--ledger", str(ledger), "--key-env", "MY_KEY", "--json",
                sys.executable, "-c", CALLS, endpoint.url,
                SSL_CERT_FILE=str(endpoint.certificate), MY_KEY="sk-real",
            )  # fmt: skip
        assert code == 7, err
        sent = [b"".join(step for step in script(seen) if isinstance(step, bytes)) for seen in endpoint.seen]
        assert [int(line) for line in out.split()] == [len(parse(raw).body) for raw in sent]
        assert [seen.header("Authorization") for seen in endpoint.seen] == ["Bearer sk-real"] * 2
        summary = json.loads(err)
        assert summary["calls"] == 2
        assert summary["tokens"]["total"] == {"value": 32, "known": 2, "source": "reported"}
        assert "sk-real" not in ledger.read_text()

    asyncio.run(main())


def test_another_host_is_refused_and_recorded(mitm: list[str], tmp_path: Path) -> None:
    async def main() -> None:
        ledger = tmp_path / "calls.jsonl"
        lines = [
            "curl -s -o /dev/null -w '%{http_connect} ' https://other.invalid/v1/x",
            "curl -s -o /dev/null -w '%{http_code} ' 'http://other.invalid/v1/x?key=secret'",
            "curl -s -d body http://$HOST/v1/x; echo $?",  # what is not TLS is not read
            "curl -s -o /dev/null -w '%{http_connect} ' -x ${HTTPS_PROXY#*@} https://$HOST/",
            "curl -s -o /dev/null -w '%{http_connect} ' -x http://cab:no@${HTTPS_PROXY#*@} https://$HOST/",
            "curl -s -o /dev/null -w '%{http_code} ' -x ${HTTPS_PROXY#*@} http://$HOST/",
            "curl -s -o /dev/null -w '%{http_code}' -H 'Upgrade: websocket' -H 'Connection: Upgrade' https://$HOST/",
        ]
        async with TlsEndpoint(as_json({}), tmp_path) as endpoint:
            code, out, err = await run(
                *mitm, "--host", endpoint.host, "--ledger", str(ledger), "--", "sh", "-c", "; ".join(lines),
                SSL_CERT_FILE=str(endpoint.certificate), HOST=endpoint.host,
            )  # fmt: skip
        assert (code, out.split()) == (0, ["403", "403", "52", "407", "407", "407", "426"]), err
        assert endpoint.seen == []
        assert "calls       0, 3 refused" in err
        calls = calls_of(read_ledger(ledger))
        assert [(call.method, call.path, call.upstream) for call in calls] == [
            ("CONNECT", "other.invalid:443", None),
            ("GET", "/v1/x", "http://other.invalid:80"),
            ("POST", "/v1/x", f"http://{endpoint.host}"),
        ]
        assert {(call.status, call.error_type, call.via) for call in calls} == {(403, "refused", "mitm")}

    asyncio.run(main())


def test_a_client_that_does_not_trust_the_ca_is_told_of(mitm: list[str], tmp_path: Path) -> None:
    async def main() -> None:
        async with TlsEndpoint(as_json({}), tmp_path) as endpoint:
            code, _, err = await run(
                *mitm, "--host", endpoint.host,
                "curl", "-s", "--cacert", str(endpoint.certificate), endpoint.url,
                SSL_CERT_FILE=str(endpoint.certificate),
            )  # fmt: skip
        assert code == 60
        assert f"TLS to {endpoint.host} failed, so nothing was metered there" in err
        assert endpoint.seen == []

    asyncio.run(main())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serving_until_told_to_stop(mitm: list[str], tmp_path: Path, number: signal.Signals) -> None:
    async def main() -> None:
        async with TlsEndpoint(script, tmp_path) as endpoint:
            trust = str(endpoint.certificate)
            async with serving(mitm, endpoint.host, tmp_path, SSL_CERT_FILE=trust) as (process, url):
                ca = str(tmp_path / "ca/cab-ca.pem")
                asked = curl(f"{endpoint.url}/chat/completions", chat(), "-x", url, "--cacert", ca)
                assert json.loads((await run(*asked))[1]) == completion("plain")
                # nothing is anywhere on the disk that could be the CA's key
                assert [path for path in (tmp_path / "tmp").rglob("*") if path.is_file()] == []
                process.send_signal(number)
                assert await process.wait() == 0
        assert list((tmp_path / "tmp").iterdir()) == []
        assert read_ledger(tmp_path / "calls.jsonl")[-1].tokens.total == 16

    asyncio.run(main())


def test_a_port_that_is_taken(mitm: list[str]) -> None:
    async def main() -> None:
        async with Endpoint(as_json({})) as endpoint:
            port = endpoint.origin.rpartition(":")[2]
            code, _, err = await run(*mitm, "--host", "a.invalid", "--port", port, "true")
        assert code == 3
        assert len(err.splitlines()) == 1
        assert f"127.0.0.1:{port}" in err

    asyncio.run(main())


def test_an_interceptor_that_dies_is_told_of(mitm: list[str], tmp_path: Path) -> None:
    kill = "kill -9 $(cut -d' ' -f1 /proc/$PPID/task/$PPID/children)"  # it was started first

    async def main() -> None:
        code, _, err = await run(*mitm, "--host", "a.invalid", "sh", "-c", kill)
        assert code == 0
        assert "mitmproxy has ended: nothing behind it reaches an endpoint any more" in err

    asyncio.run(main())


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (b"POST /v1/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", b"HTTP/1.1 403 "),
        (b"no HTTP\r\n\r\n", b"HTTP/1.1 400 "),
        (b"\0\1\2\3\r\n\r\n", b"HTTP/1.1 400 "),
    ],
)
def test_a_tunnel_carries_tls_only(mitm: list[str], tmp_path: Path, raw: bytes, answer: bytes) -> None:
    async def main() -> None:
        async with Endpoint(as_json({})) as endpoint:
            host = endpoint.origin.removeprefix("http://")
            async with serving(mitm, host, tmp_path) as (_, url):
                where, request = connect_request(url, host)
                granted, _, rest = (await send_raw(where, request + raw)).partition(b"\r\n\r\n")
                assert granted.startswith(b"HTTP/1.1 200 ")
                assert rest.startswith(answer)
            assert endpoint.seen == []

    asyncio.run(main())


def test_it_ends_with_its_launcher(mitm: list[str], tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(mitm, "a.invalid", tmp_path) as (process, url):
            where, request = connect_request(url, "a.invalid:443")
            reader, writer = await connect(where)
            writer.write(request)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            process.kill()
            await process.wait()
            assert await reader.read() == b""
            writer.close()

    asyncio.run(main())
