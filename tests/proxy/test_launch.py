"""``cab-proxy run -- CMD…``, as people use it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cab_proxy.launch import APIS, Api, Launch, child_environment, find_endpoint
from cab_proxy.urls import Upstream
from fakes.endpoint import Gate, Seen, Step, as_json, completion, serving, stream
from fakes.metered import read_ledger
from fakes.simulator import simulator

PROXY = [sys.executable, "-m", "cab_proxy"]

SDK = """
import os
from openai import OpenAI
assert os.environ["OPENAI_API_KEY"].startswith("cab-"), "the key is in the command's environment"
assert "CAB_KEY" not in os.environ
client = OpenAI()
messages = [{"role": "user", "content": "Hi"}]
print(client.chat.completions.create(model="m", messages=messages).choices[0].message.content)
parts = client.chat.completions.create(
    model="m", messages=messages, stream=True, stream_options={"include_usage": True}
)
print("".join(part.choices[0].delta.content or "" for part in parts if part.choices))
raise SystemExit(7)
"""


CALL = """
import json, os, signal, sys, urllib.error, urllib.request
request = urllib.request.Request(
    os.environ["OPENAI_BASE_URL"] + "/chat/completions",
    json.dumps({"model": "m", "messages": [], "stream": len(sys.argv) > 1}).encode(),
    {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"]},
)
try:
    with urllib.request.urlopen(request) as response:
        response.readline()
        if len(sys.argv) > 1:
            os.kill(os.getpid(), signal.SIGKILL)
        response.read()
except urllib.error.HTTPError as error:
    error.close()
"""


def environment(**more: str) -> dict[str, str]:
    set_by_people = {"CAB_KEY", "CAB_ENDPOINT", *(name for api in APIS for name in (*api.urls, *api.keys))}
    kept = {k: v for k, v in os.environ.items() if k not in set_by_people}
    return {**kept, **more}


def script(seen: Seen) -> list[Step]:
    return stream("str", "eamed") if seen.json().get("stream") else as_json(completion("plain"))


def test_the_sdk_plain_and_streamed_with_exact_totals(tmp_path: Path) -> None:
    ledger = tmp_path / "calls.jsonl"
    with serving(script) as endpoint:
        done = subprocess.run(
            [
                *PROXY,
                "run",
                "--upstream",
                endpoint.url,
                "--ledger",
                str(ledger),
                "--",
                sys.executable,
                "-c",
                SDK,
            ],
            env=environment(CAB_KEY="sk-real"),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stdout == "plain\nstreamed\n", done.stderr
    assert done.returncode == 7
    lines = done.stderr.splitlines()
    assert lines[0] == f"cab-proxy: metered {endpoint.url}"
    assert lines[1:8] == [
        "  calls       2 (m-2026)",
        "  operations  2",
        "  input       22 (reported)",
        "  cached      8 (reported)",
        "  output      10 (reported)",
        "  reasoning   4 (reported)",
        "  total       32 (reported)",
    ]
    assert lines[8] == "  cost        unknown"
    assert lines[9].startswith("  TTFT        ")
    assert " wall, " in lines[10]
    assert lines[11] == "  wasted      none"
    assert [seen.header("Authorization") for seen in endpoint.seen] == ["Bearer sk-real"] * 2
    assert len(read_ledger(ledger)) == 4
    assert "sk-real" not in ledger.read_text() + done.stderr


def test_json_and_the_users_own_settings(tmp_path: Path) -> None:
    """The upstream and the key come from what the user has set already; a ledger is continued."""
    ledger = tmp_path / "calls.jsonl"
    with serving(script) as endpoint:
        for _ in range(2):
            done = subprocess.run(
                [*PROXY, "run", "--json", "--ledger", str(ledger), sys.executable, "-c", CALL],
                env=environment(OPENAI_BASE_URL=endpoint.url, OPENAI_API_KEY="sk-mine"),
                capture_output=True,
                text=True,
                check=False,
            )
    raw = json.loads(done.stderr)
    assert raw["calls"] == 1
    assert raw["tokens"]["total"] == {"value": 16, "known": 1, "source": "reported"}
    assert raw["exit_code"] == done.returncode == 0
    assert raw["wall_ms"] >= raw["model_time_ms"] > 0
    assert endpoint.seen[0].header("Authorization") == "Bearer sk-mine"
    assert len(read_ledger(ledger)) == 4


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        (["true"], 0, "metered"),
        (["sh", "-c", "exit 3"], 3, "metered"),
        (["sh", "-c", "kill -TERM $$"], 128 + signal.SIGTERM, "metered"),
        (["/nonexistent/command"], 127, "command not found"),
        (["/"], 126, "Permission denied"),
        ([], 2, "Missing argument"),
    ],
)
def test_exit_codes(tmp_path: Path, command: list[str], code: int, message: str) -> None:
    done = subprocess.run(
        [*PROXY, "run", "--upstream", "http://127.0.0.1:9/v1", "--", *command],
        env=environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert ("metered" in done.stderr) == (message == "metered")
    assert list(tmp_path.iterdir()) == []  # no ledger unless one is asked for


def test_a_failed_call_is_waste(tmp_path: Path) -> None:
    with serving(as_json({"error": {"message": "no"}}, 500)) as endpoint:
        done = subprocess.run(
            [*PROXY, "run", "--upstream", endpoint.url, sys.executable, "-c", CALL],
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0
    assert "  wasted      1 calls (1 failed, 0 aborted), unknown tokens" in done.stderr.splitlines()
    assert endpoint.seen[0].header("Authorization") is None  # there was no key to send


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_reach_the_command(tmp_path: Path, number: signal.Signals) -> None:
    code = (
        "import signal, sys, time\n"
        "for n in (signal.SIGTERM, signal.SIGINT): signal.signal(n, lambda n, f: sys.exit(40 + n))\n"
        "print('up', flush=True)\n"
        "while True: time.sleep(60)\n"
    )
    with subprocess.Popen(
        [*PROXY, "run", "--upstream", "http://127.0.0.1:9/v1", sys.executable, "-c", code],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(number)
        _, stderr = process.communicate()
    assert process.returncode == 40 + number
    assert "metered" in stderr


def test_a_command_that_is_killed_midstream_leaves_its_call(tmp_path: Path) -> None:
    """What was in flight is recorded once the endpoint has said the rest."""
    gate = Gate()
    ledger = tmp_path / "calls.jsonl"
    head, *rest = stream("Hel", "lo")
    with serving([head, rest[0], gate, *rest[1:]]) as endpoint:
        gate.reached.add_done_callback(lambda _: gate.open())
        done = subprocess.run(
            [
                *PROXY,
                "run",
                "--upstream",
                endpoint.url,
                "--ledger",
                str(ledger),
                sys.executable,
                "-c",
                CALL,
                "kill",
            ],
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 128 + signal.SIGKILL
    [_, call] = read_ledger(ledger)
    assert call.tokens.total == 16


def wanted(upstream: str, key: str | None = None, apis: tuple[Api, ...] = APIS) -> Launch:
    return Launch(
        command=("true",),
        upstream=Upstream.parse(upstream),
        key=key,
        apis=apis,
        ledger=None,
        as_json=False,
        connect_timeout_s=1.0,
    )


def test_the_commands_environment() -> None:
    parent = {
        "PATH": "/bin",
        "CAB_KEY": "sk-other",
        "MY_KEY": "sk",
        "EMPTY": "",
        "OPENAI_API_KEY": "sk",
        "ANTHROPIC_AUTH_TOKEN": "sk-ant",
        "ANTHROPIC_BASE_URL": "https://elsewhere.example",
        "no_proxy": "a",
        "NO_PROXY": "*",
    }
    child = child_environment(parent, "http://127.0.0.1:1", "cab-token", wanted("http://h/v1", "sk"))
    assert child == {
        "PATH": "/bin",
        "MY_KEY": "cab-token",
        "EMPTY": "",
        "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
        "OPENAI_API_BASE": "http://127.0.0.1:1/v1",
        "LLM_BASE_URL": "http://127.0.0.1:1/v1",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:1",
        "ANTHROPIC_API_BASE": "http://127.0.0.1:1",
        "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:1",
        "GOOGLE_BASE_URL": "http://127.0.0.1:1",
        "OLLAMA_HOST": "http://127.0.0.1:1",
        "OLLAMA_API_BASE": "http://127.0.0.1:1",
        "OPENAI_API_KEY": "cab-token",
        "LLM_API_KEY": "cab-token",
        "ANTHROPIC_AUTH_TOKEN": "cab-token",
        "GEMINI_API_KEY": "cab-token",
        "no_proxy": "a,127.0.0.1",
        "NO_PROXY": "*",
    }
    bare = child_environment({"A": ""}, "u", "t", wanted("http://h"))
    assert (bare["A"], bare["NO_PROXY"], bare["OPENAI_BASE_URL"]) == ("", "127.0.0.1", "u/v1")
    assert bare["ANTHROPIC_API_KEY"] == "t"  # nobody logs in to one's own endpoint
    # an endpoint whose OpenAI API lies elsewhere than in /v1
    assert child_environment({}, "u", "t", wanted("http://h/v1beta/openai"))["OPENAI_BASE_URL"] == "u"


def test_a_login_is_left_alone_and_so_are_other_providers() -> None:
    upstream, apis, key = find_endpoint({"ANTHROPIC_BASE_URL": "https://api.anthropic.com/"}, None, None)
    assert (upstream.base, key) == ("https://api.anthropic.com", None)
    parent = {"OPENAI_API_KEY": "sk-open", "NO_PROXY": "*", "no_proxy": "*"}
    child = child_environment(parent, "u", "t", wanted(upstream.base, key, apis))
    assert child == {**parent, "ANTHROPIC_BASE_URL": "u", "ANTHROPIC_API_BASE": "u"}
    # led there by name, a foreign key is not sent there, and does not stay in reach
    _, apis, key = find_endpoint(parent, "https://api.anthropic.com/v1", None)
    assert key is None
    child = child_environment(parent, "u", "t", wanted("https://api.anthropic.com/v1", key, apis))
    assert child["OPENAI_API_KEY"] == "t"
    assert "ANTHROPIC_API_KEY" not in child


@pytest.mark.parametrize(
    ("environ", "url", "base", "key"),
    [
        ({}, None, "https://api.openai.com/v1", None),
        ({"OPENAI_API_KEY": "o", "ANTHROPIC_API_KEY": "a"}, None, "https://api.openai.com/v1", "o"),
        ({"OPENAI_API_BASE": "http://h/v1", "LLM_API_KEY": "l"}, None, "http://h/v1", "l"),
        ({"ANTHROPIC_AUTH_TOKEN": "a"}, None, "https://api.anthropic.com", "a"),
        ({"ANTHROPIC_BASE_URL": "http://h", "ANTHROPIC_API_KEY": "a"}, None, "http://h", "a"),
        ({"GOOGLE_API_KEY": "g"}, None, "https://generativelanguage.googleapis.com", "g"),
        ({"OLLAMA_HOST": "0.0.0.0"}, None, "https://api.openai.com/v1", None),
        ({"CAB_ENDPOINT": "http://h", "OPENAI_BASE_URL": "http://i"}, None, "http://h", None),
        ({"OPENAI_API_KEY": "o", "ANTHROPIC_API_KEY": "a"}, "https://api.anthropic.com",
         "https://api.anthropic.com", "a"),
        ({"ANTHROPIC_API_KEY": "a"}, "http://gateway/v1", "http://gateway/v1", "a"),
    ],
)  # fmt: skip
def test_where_calls_go_and_with_which_key(
    environ: dict[str, str], url: str | None, base: str, key: str | None
) -> None:
    upstream, apis, found = find_endpoint(environ, url, None)
    assert (upstream.base, found) == (base, key)
    assert find_endpoint(environ, url, "given")[2] == "given"
    assert len({api.home for api in apis}) == (4 if url or "CAB_ENDPOINT" in environ else 1)


SDKS = """
import anthropic, openai
from google import genai
hello = [{"role": "user", "content": "Hi"}]
openai.OpenAI().responses.create(model="null", input="Hi")
anthropic.Anthropic().messages.create(model="null", max_tokens=9, messages=hello)
client = genai.Client()
client.models.generate_content(model="null", contents="Hi")
"""


def test_every_sdk_finds_the_proxy_by_itself(tmp_path: Path) -> None:
    with simulator(key="secret") as url:
        done = subprocess.run(
            [*PROXY, "run", "--json", "--upstream", url, "--", sys.executable, "-W", "ignore", "-c", SDKS],
            env=environment(CAB_KEY="secret"),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stderr)["calls"] == 3
    assert json.loads(done.stderr)["tokens"]["total"]["source"] == "reported"
