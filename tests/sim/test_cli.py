"""``cab-sim`` as a process: what it prints, how it ends, what it says of bad flags."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from cab_sim.script import Edit, ModelScript, Script

PROGRAM = (sys.executable, "-c", "from cab_sim.cli import main; main()")


def start(*args: str, **env: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*PROGRAM, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **env},
    )


def listening(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    event = json.loads(process.stdout.readline())
    assert event.pop("event") == "listening"
    url: str = event.pop("url")
    assert event == {}
    return url


def post(url: str, body: Any, key: str) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/chat/completions", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    edit = Edit(path="a.py", before=None, after="x\n")
    Script(task="a/b", models={"oracle": ModelScript(edits=(edit,), say="Ok.")}).dump(tmp_path / "s.json")
    count = tmp_path / "count.jsonl"
    args = (
        "--script",
        str(tmp_path / "s.json"),
        "--count",
        str(count),
        "--fault",
        "500:1",
        "--key-env",
        "MY_KEY",
    )
    with start(*args, MY_KEY="secret") as process:
        url = listening(process)
        assert url.startswith("http://127.0.0.1:")
        assert url.endswith("/v1")
        ask = {"model": "oracle", "messages": [{"role": "system", "content": "```bash"}]}
        assert post(url, ask, "wrong")[0] == 401
        assert post(url, ask, "secret")[0] == 500
        status, body = post(url, ask, "secret")
        assert (status, body["usage"]["total_tokens"] > 0) == (200, True)
        assert "cat > a.py" in body["choices"][0]["message"]["content"]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate()
        assert (process.returncode, out, err) == (0, "", "")
    assert [json.loads(line)["status"] for line in count.read_bytes().splitlines()] == [500, 200]


def test_serves_many_runs_and_goes_on_with_them(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        Script(task="a/b", models={"oracle": ModelScript(say=name)}).dump(tmp_path / name / "script.json")
    ask = {"model": "oracle", "messages": [{"role": "system", "content": "```bash"}]}
    seen = []
    for _ in range(2):
        with start("--runs", str(tmp_path), "--fault", "429:1", CAB_SIM_KEY="k") as process:
            url = listening(process)
            assert not url.endswith("/v1")
            for name in ("one", "two"):
                status, body = post(f"{url}/{name}/v1", ask, "k")
                seen.append((status, name in json.dumps(body)))
            process.kill()
    assert seen == [(429, False), (429, False), (200, True), (200, True)]
    for name in ("one", "two"):
        lines = map(json.loads, (tmp_path / name / "calls.jsonl").read_bytes().splitlines())
        assert [(line["n"], line["fault"]) for line in lines] == [(1, "429"), (2, None)]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--fault", "nope"], "unknown fault 'nope'"),
        (["--listen", "8080"], "--listen 8080: expected HOST:PORT"),
        (["--listen", "h:99999"], "expected HOST:PORT"),
        (["--script", "/nonexistent.json"], "cannot read the script /nonexistent.json"),
        (["--count", "/nonexistent/count"], "--count /nonexistent/count: No such file"),
        (["--key-env", "CAB_TEST_UNSET"], "--key-env CAB_TEST_UNSET: that variable is not set"),
        (["--tokens-per-s", "0"], "--tokens-per-s"),
        (["--runs", ".", "--count", "c"], "--runs goes without --script and --count"),
        (["--runs", ".", "--script", "s"], "--runs goes without --script and --count"),
        (["--runs", "/nonexistent"], "--runs /nonexistent: no such folder"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(args: list[str], message: str) -> None:
    with start(*args) as process:
        out, err = process.communicate()
    assert process.returncode == 2
    assert out == ""
    assert message in err
    assert "Traceback" not in err


def test_a_taken_address_is_exit_3() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with start("--listen", address) as process:
            out, err = process.communicate()
    assert (process.returncode, out) == (3, "")
    assert err.startswith(f"cab-sim: cannot listen on {address}")
    assert err.count("\n") == 1
