"""The ``cab-proxy`` command in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from cab_proxy.control import ControlClient, RunRequest
from cab_proxy.records import verify
from fakes.endpoint import (
    CUT,
    LAST_CHUNK,
    SSE_HEAD,
    Gate,
    Step,
    as_json,
    chunk,
    completion,
    delta,
    event,
    serving,
)
from fakes.metered import CHAT, chat, read_ledger, send

PROXY = [sys.executable, "-m", "cab_proxy"]


@dataclass
class Started:
    process: subprocess.Popen[str]
    url: str

    def stop(self, number: int = signal.SIGTERM) -> str:
        self.process.send_signal(number)
        return self.process.communicate()[1]


@contextlib.contextmanager
def started(
    *options: str,
    cwd: Path,
    stdin: str = "",
    command: Sequence[str] = PROXY,
    stderr: int = subprocess.PIPE,
    **variables: str,
) -> Iterator[Started]:
    """A proxy that listens."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "CAB_"))}
    reader, writer = os.pipe()
    with subprocess.Popen(
        [*command, *options, "--ready-fd", str(writer)],
        cwd=cwd,
        env={**kept, **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        pass_fds=[writer],
    ) as process:
        os.close(writer)
        try:
            assert process.stdin is not None
            process.stdin.write(stdin)
            process.stdin.flush()
            with os.fdopen(reader) as ready:
                line = ready.readline()
            if not line:
                process.wait()
                assert process.stderr is not None
                pytest.fail(f"it didn't start: {process.stderr.read()}")
            yield Started(process, line.removeprefix("ready").strip())
        finally:
            process.kill()


def post(url: str, body: object, **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(f"{url}{CHAT}", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_in_front_of_an_endpoint(tmp_path: Path) -> None:
    reply = completion()
    with (
        serving(as_json(reply)) as endpoint,
        started("--upstream", endpoint.url, "--listen", "127.0.0.1:0", cwd=tmp_path) as proxy,
    ):
        assert post(proxy.url, chat()) == (200, json.dumps(reply).encode())
        stderr = proxy.stop()
        assert proxy.process.returncode == 0
    assert stderr == f"cab-proxy: {proxy.url} -> {endpoint.url}, ledger calls.jsonl\n"
    [_, call] = read_ledger(tmp_path / "calls.jsonl")
    assert call.tokens.total == 16


def test_prompts_are_described_if_asked_for(tmp_path: Path) -> None:
    options = ("--listen", "127.0.0.1:0", "--describe-prompts")
    with (
        serving(as_json(completion())) as endpoint,
        started("--upstream", endpoint.url, *options, cwd=tmp_path) as proxy,
    ):
        post(proxy.url, chat(max_tokens=1))
        proxy.stop()
    [_, call] = read_ledger(tmp_path / "calls.jsonl")
    assert call.purpose == "probe"
    assert call.prompt_parts == {"system": 0, "tools": 0, "messages": call.tokens.input}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_lets_calls_in_flight_end(tmp_path: Path, number: signal.Signals) -> None:
    gate = Gate()
    steps: list[Step] = [
        SSE_HEAD,
        chunk(event(delta("Hel"))),
        gate,
        chunk(event(delta("lo", finish="stop"))),
        LAST_CHUNK,
    ]
    with (
        serving(steps) as endpoint,
        started("--upstream", endpoint.url, "--listen", "127.0.0.1:0", cwd=tmp_path) as proxy,
    ):
        request = urllib.request.Request(f"{proxy.url}{CHAT}", json.dumps(chat(stream=True)).encode())
        with urllib.request.urlopen(request) as response:
            gate.reached.result()
            proxy.process.send_signal(number)
            gate.open()
            assert event(delta("lo", finish="stop")) in response.read()
        proxy.process.communicate()
        assert proxy.process.returncode == 0
    assert read_ledger(tmp_path / "calls.jsonl")[-1].error_type is None


def test_kill_9_during_a_stream_leaves_a_ledger_that_verifies(tmp_path: Path) -> None:
    gate = Gate()
    steps: list[Step] = [SSE_HEAD, chunk(event(delta("Hel"))), gate]
    options = ("--listen", "127.0.0.1:0")
    with serving(lambda seen: steps if seen.json().get("stream") else as_json(completion())) as endpoint:
        with started("--upstream", endpoint.url, *options, cwd=tmp_path) as proxy:
            assert post(proxy.url, chat())[0] == 200
            request = urllib.request.Request(f"{proxy.url}{CHAT}", json.dumps(chat(stream=True)).encode())
            with urllib.request.urlopen(request) as response:
                response.readline()
                gate.reached.result()
                proxy.stop(signal.SIGKILL)
                found = verify((tmp_path / "calls.jsonl").read_bytes())
                assert found.ok, found.problems
                assert len(found.records) == 3
                [lost] = found.in_flight
                assert lost.stream is True
                assert lost.model_requested == "m"
        gate.open()
        with started("--upstream", endpoint.url, *options, cwd=tmp_path) as proxy:  # and the chain goes on
            assert post(proxy.url, chat())[0] == 200
            proxy.stop()
    assert len(read_ledger(tmp_path / "calls.jsonl")) == 5


@pytest.mark.parametrize(("option", "drawn"), [("--live", True), (None, True), ("--no-live", False)])
def test_a_table_is_kept_on_a_terminal(tmp_path: Path, option: str | None, *, drawn: bool) -> None:
    master, slave = os.openpty()
    with (
        serving(as_json(completion(text="x" * 100))) as endpoint,
        started(
            "--upstream", endpoint.url, "--listen", "127.0.0.1:0", *filter(None, [option]),
            cwd=tmp_path, stderr=slave, TERM="xterm",
        ) as proxy,
    ):  # fmt: skip
        post(proxy.url, chat())
        proxy.stop()
        assert proxy.process.returncode == 0
    text = os.read(master, 65536).decode()
    os.close(slave)
    os.close(master)
    assert f"cab-proxy: {proxy.url} -> {endpoint.url}, ledger calls.jsonl\r\n" in text
    assert ("calls" in text.replace("calls.jsonl", "")) == drawn


def test_an_admin_address(tmp_path: Path) -> None:
    path = tmp_path / "admin.sock"
    with (
        serving(as_json(completion())) as endpoint,
        started(
            "--upstream", endpoint.url, "--listen", "127.0.0.1:0", "--admin", str(path), cwd=tmp_path
        ) as proxy,
    ):
        post(proxy.url, chat())
        assert asyncio.run(send(path, "GET", "/healthz")).json() == {"status": "ok"}
        assert (
            b'cab_calls_total{error_type="none",model="m"' in asyncio.run(send(path, "GET", "/metrics")).body
        )
        assert proxy.stop().splitlines()[1] == f"cab-proxy: admin {path}"
    assert not path.exists()


@pytest.mark.parametrize("value", ["9090", "127.0.0.1:x", "127.0.0.1:70000"])
def test_what_is_no_admin_address(tmp_path: Path, value: str) -> None:
    command = [*PROXY, "--upstream", "http://h", "--admin", value]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "must look like 127.0.0.1:8080" in done.stderr


LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
os.environ.pop("COVERAGE_PROCESS_CONFIG", None)  # its data file would be cut short too
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_what_clients_and_endpoints_do_wrong_is_no_traceback(tmp_path: Path) -> None:
    def raw(url: str, data: bytes, *, leave: bool = True) -> bytes:
        host, _, port = url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as sock:
            sock.sendall(data)
            if leave:
                sock.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: sock.recv(65536), b""))

    with (
        serving([SSE_HEAD, chunk(event(delta("Hel"))), CUT]) as endpoint,
        started("--upstream", endpoint.url, "--listen", "127.0.0.1:0", cwd=tmp_path) as proxy,
    ):
        assert raw(proxy.url, b"\x16\x03\x01 not HTTP\r\n\r\n", leave=False).startswith(b"HTTP/1.")
        raw(proxy.url, b"POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n{}")
        raw(proxy.url, b"POST /v1/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        with contextlib.suppress(OSError, http.client.HTTPException):
            post(proxy.url, chat(stream=True))
        stderr = proxy.stop()
    assert proxy.process.returncode == 0
    assert stderr.count("\n") == 1, stderr
    assert read_ledger(tmp_path / "calls.jsonl")[-1].error_type == "truncated"


def test_a_full_disk_refuses_calls(tmp_path: Path) -> None:
    limited = [sys.executable, "-c", LIMITED, *PROXY]
    with (
        serving(as_json(completion())) as endpoint,
        started(
            "--upstream", endpoint.url, "--listen", "127.0.0.1:0", cwd=tmp_path, command=limited
        ) as proxy,
    ):
        answers: list[int] = []
        while not answers or answers[-1] == 200:
            answers.append(post(proxy.url, chat())[0])
        stderr = proxy.stop()
    assert answers[0] == 200
    assert set(answers) == {200, 507}
    assert "full" in stderr
    assert "Traceback" not in stderr
    found = verify((tmp_path / "calls.jsonl").read_bytes())
    assert found.ok
    assert len(found.records) == 2 * answers.count(200)
    assert found.in_flight == ()


def test_control_with_the_key_on_stdin(tmp_path: Path) -> None:
    control = tmp_path / "c.sock"
    with (
        serving(as_json(completion())) as endpoint,
        started("--control", str(control), "--key-stdin", cwd=tmp_path, stdin="sk-secret\n") as proxy,
    ):
        client = ControlClient(control)
        run = client.open_run(RunRequest(run_id="r", upstream=endpoint.url, ledger=tmp_path / "run.jsonl"))
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(run.socket))
            body = json.dumps(chat()).encode()
            sock.sendall(
                b"POST %b HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer %b\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (CHAT.encode(), run.token.encode(), len(body), body)
            )
            assert sock.recv(1000).startswith(b"HTTP/1.1 200")
        pid = proxy.process.pid
        for what in ("cmdline", "environ"):
            assert b"sk-secret" not in Path(f"/proc/{pid}/{what}").read_bytes()
        assert client.close_run("r").calls == 1
        stderr = proxy.stop()
    assert proxy.process.returncode == 0
    assert proxy.url == ""
    assert endpoint.seen[0].header("Authorization") == "Bearer sk-secret"
    assert "sk-secret" not in stderr + (tmp_path / "run.jsonl").read_text()
    assert not control.exists()
    assert not run.socket.exists()


def test_control_says_ready_on_stdout(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*PROXY, "--control", str(tmp_path / "c.sock")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert (tmp_path / "c.sock").exists()
        process.terminate()
        process.communicate()
    assert process.returncode == 0


def test_it_ends_with_its_launcher(tmp_path: Path) -> None:
    options = ("--control", str(tmp_path / "c.sock"), "--key-stdin", "--until-stdin-ends")
    with started(*options, cwd=tmp_path, stdin="sk-secret\n") as proxy:
        assert proxy.process.stdin is not None
        proxy.process.stdin.close()
        assert proxy.process.wait() == 0
        assert proxy.process.stderr is not None
        assert "Traceback" not in proxy.process.stderr.read()
    assert not (tmp_path / "c.sock").exists()


def test_a_key_that_others_can_use_is_warned_of(tmp_path: Path) -> None:
    options = ("--upstream", "http://127.0.0.1:9", "--listen", "0.0.0.0:0")
    with started(*options, cwd=tmp_path, CAB_KEY="sk-secret") as proxy:
        assert "anyone who reaches" in proxy.stop()
    with started(*options, cwd=tmp_path) as proxy:
        assert "anyone" not in proxy.stop()


def test_a_run_of_its_own_for_compose(tmp_path: Path) -> None:
    options = ("--run", f"mine={tmp_path / 'mine.sock'}", "--model", "m")
    with (
        serving(as_json(completion())) as endpoint,
        started(
            "--upstream", endpoint.url, *options, cwd=tmp_path, CAB_TOKEN="cab-mine-mine", CAB_KEY="sk"
        ) as proxy,
    ):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(tmp_path / "mine.sock"))
            sock.sendall(
                b"GET /v1/models HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                b"Authorization: Bearer cab-mine-mine\r\n\r\n"
            )
            assert sock.recv(1000).startswith(b"HTTP/1.1 200")
        proxy.stop()
    assert (tmp_path / "mine.calls.jsonl").exists()


@pytest.mark.parametrize(
    ("options", "variables", "message"),
    [
        ([], {}, "--upstream URL is needed"),
        (["--upstream", "nope"], {}, "must look like"),
        (["--upstream", "http://u:sk-p@h/v1"], {}, "put the key in CAB_KEY"),
        (["--upstream", "http://h", "--listen", "8080"], {}, "must look like 127.0.0.1:8080"),
        (["--upstream", "http://h", "--listen", "256.0.0.1:1"], {}, "can't listen on 256.0.0.1:1"),
        (["--upstream", "http://h", "--ledger", "/dev/full"], {}, "not a regular file"),
        (["--upstream", "http://h", "--key-env", "NOT_SET"], {}, "NOT_SET holds no key"),
        (["--upstream", "http://h", "--key-stdin"], {}, "stdin's first line holds no key"),
        (["--upstream", "http://h", "--run", "x"], {}, "must look like ID=SOCKET"),
        (["--upstream", "http://h", "--run", "x=/tmp/x"], {}, "CAB_TOKEN"),
        (["--upstream", "http://h", "--run", "a b=/tmp/x"], {"CAB_TOKEN": "cab-12345678"}, "run_id"),
        (["--upstream", "http://h", "--allow", "stored"], {}, "--allow are for runs"),
        (["--upstream", "http://h", "--budget-usd", "-1"], {}, "--budget-usd must be an amount"),
        (["--control", "/nonexistent/c.sock"], {}, "can't be made"),
        (["--upstream", "http://h", "--ready-fd", "99", "--listen", "127.0.0.1:0"], {}, "--ready-fd 99"),
        (["nonsense"], {}, "No such command"),
    ],
)
def test_settings_that_can_not_be_used(
    tmp_path: Path, options: list[str], variables: dict[str, str], message: str
) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "CAB_"))}
    done = subprocess.run(
        [*PROXY, *options],
        cwd=tmp_path,
        env={**kept, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "sk-p" not in done.stderr
