"""bash-loop as a process, against the simulator or an endpoint that says exactly what a test wants."""

import ast
import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from cab_runner.inside import bash_loop
from cab_sim.calls import Call
from cab_sim.faults import Fault
from cab_sim.script import Edit, ModelScript, Script
from cab_sim.server import SimConfig, serving

FILE = Path(bash_loop.__file__)
EDITS = (
    Edit(
        path="src/calc.py",
        before="def less(a, b):\n    return a > b\n",
        after="def less(a, b):\n    return a < b\n",
    ),
    Edit(path="docs/no newline.md", before=None, after="```\nfenced\n```\n\ttab – ü"),
    Edit(path="old.txt", before="x\n", after=None),
)
SCRIPT = Script(task="mutations/x", models={"oracle": ModelScript(edits=EDITS, say="All three are done.")})


@dataclass(frozen=True)
class Run:
    exit_code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """What the last line claims."""
        found: dict[str, Any] = json.loads(self.out.splitlines()[-1])["bash_loop"]
        return found


async def agent(url: str, folder: Path, *args: str, model: str = "oracle") -> Run:
    env = {**os.environ, "OPENAI_API_KEY": "cab-key", "http_proxy": "http://127.0.0.1:9", "PYTHONUTF8": "0"}
    command = (sys.executable, str(FILE), "--base-url", url, "--model", model, *args, "--prompt=Fix less().")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, env=env, stdout=pipe, stderr=pipe)
    out, err = await process.communicate()
    assert process.returncode is not None
    return Run(process.returncode, out.decode(), err.decode())


def simulated(folder: Path, *args: str, model: str = "oracle", **settings: Any) -> tuple[Run, list[Call]]:
    async def go() -> tuple[Run, list[Call]]:
        async with serving(SimConfig(script=SCRIPT, **settings)) as server:
            return await agent(server.url, folder, *args, model=model), server.log.calls

    return asyncio.run(go())


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for edit in EDITS:
        if edit.before is not None:
            (tmp_path / edit.path).parent.mkdir(exist_ok=True)
            (tmp_path / edit.path).write_text(edit.before)
    return tmp_path


def assert_solved(folder: Path) -> None:
    for edit in EDITS:
        path = folder / edit.path
        assert (path.read_bytes() if path.exists() else None) == (edit.after and edit.after.encode())


# --- against the simulator


@pytest.mark.parametrize("args", [(), ("--text",)])
def test_solves_a_task(workspace: Path, args: tuple[str, ...]) -> None:
    run, calls = simulated(workspace, *args)
    assert (run.exit_code, run.err) == (0, "")
    assert_solved(workspace)
    assert "All three are done." in run.out
    assert "$ rm -f -- old.txt\n[exit code 0]" in run.out
    assert run.report == {
        "calls": len(calls),
        "prompt_tokens": sum(call.prompt_tokens or 0 for call in calls),
        "completion_tokens": sum(call.completion_tokens or 0 for call in calls),
    }
    assert len(calls) == 4


def test_falls_back_to_text_where_tools_are_rejected(workspace: Path) -> None:
    run, calls = simulated(workspace, faults=(Fault.parse("no-tools"),))
    assert run.exit_code == 0
    assert_solved(workspace)
    assert "no tools here" in run.out
    assert [call.status for call in calls] == [400, 200, 200, 200, 200]


def test_null_changes_nothing(workspace: Path) -> None:
    run, calls = simulated(workspace, model="null")
    assert (run.exit_code, len(calls)) == (0, 1)
    assert (workspace / "old.txt").exists()


def test_stops_when_the_turns_are_used_up(workspace: Path) -> None:
    run, calls = simulated(workspace, "--max-turns", "2")
    assert (run.exit_code, len(calls), run.report["calls"]) == (3, 2, 2)


@pytest.mark.parametrize("faults", [("500:1", "429:1"), ("cut:1",)])
def test_comes_through_faults_that_pass(workspace: Path, faults: tuple[str, ...]) -> None:
    run, calls = simulated(workspace, faults=tuple(map(Fault.parse, faults)))
    assert run.exit_code == 0
    assert_solved(workspace)
    assert "[endpoint] " in run.out
    assert "; again in 0.5 s" in run.out
    assert len(calls) == len(faults) + run.report["calls"]


def test_a_wrong_key_is_final(workspace: Path) -> None:
    run, calls = simulated(workspace, key="another")
    assert run.exit_code == 1
    assert run.err.startswith("bash-loop: HTTP 401: ")
    assert run.err.count("\n") == 1
    assert run.report == {"calls": 0, "prompt_tokens": None, "completion_tokens": None}
    assert calls == []


def test_tokens_are_unknown_as_soon_as_one_answer_had_none(workspace: Path) -> None:
    run, _ = simulated(workspace, faults=(Fault.parse("no-usage:1"),))
    assert run.report == {"calls": 4, "prompt_tokens": None, "completion_tokens": None}


# --- against an endpoint of the test's own

Say = dict[str, Any] | str
Body = dict[str, Any]


@contextlib.asynccontextmanager
async def endpoint(replies: Iterable[Say | web.Response], asked: list[Body]) -> AsyncIterator[str]:
    coming = iter(replies)

    async def answer(request: web.Request) -> web.Response:
        asked.append(await request.json())
        reply = next(coming)
        if isinstance(reply, web.Response):
            return reply
        message = {"role": "assistant", "content": reply} if isinstance(reply, str) else reply
        return web.json_response({"choices": [{"message": message}]})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1/"
    finally:
        await runner.cleanup()


def talk(
    folder: Path, *replies: Callable[[], web.Response] | Say, args: tuple[str, ...] = ()
) -> tuple[Run, list[Body]]:
    asked: list[Body] = []

    async def go() -> Run:
        made = [reply() if callable(reply) else reply for reply in replies]
        async with endpoint(made, asked) as url:
            return await agent(url, folder, *args)

    return asyncio.run(go()), asked


def call(command: Any, name: str = "bash") -> Say:
    arguments = (
        command if isinstance(command, str) and command.startswith("!") else json.dumps({"command": command})
    )
    function = {"name": name, "arguments": arguments.removeprefix("!")}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c1", "type": "function", "function": function}],
    }


def results(asked: list[Body]) -> list[str]:
    return [message["content"] for message in asked[-1]["messages"] if message["role"] == "tool"]


def test_a_result_is_output_and_exit_code(tmp_path: Path) -> None:
    _, asked = talk(tmp_path, call("echo out; echo err >&2; exit 7"), call("printf 'a\\377b'"), "Done.")
    assert results(asked) == ["out\nerr\n[exit code 7]", "a\ufffdb\n[exit code 0]"]


def test_output_is_bounded_head_and_tail(tmp_path: Path) -> None:
    _, asked = talk(tmp_path, call("echo first; yes middle | head -c 3000000; echo last"), "Done.")
    (result,) = results(asked)
    assert result.startswith("first\nmiddle\n")
    assert "\n[... output left out ...]\n" in result
    assert result.endswith("last\n[exit code 0]")
    assert len(result) < 17_000


def test_output_just_over_the_head_is_whole(tmp_path: Path) -> None:
    _, asked = talk(tmp_path, call("seq 3000"), "Done.")
    (result,) = results(asked)
    assert result == "\n".join(map(str, range(1, 3001))) + "\n[exit code 0]"


def test_a_command_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    _, asked = talk(
        tmp_path, call("sleep 1000 & echo $! > pid; echo begun; wait"), "Done.", args=("--timeout-s", "0.5")
    )
    assert results(asked) == ["begun\n[killed after 0.5 s]"]
    assert_ended(int((tmp_path / "pid").read_text()))


def test_what_is_left_in_the_background_ends_with_its_command(tmp_path: Path) -> None:
    _, asked = talk(tmp_path, call("sleep 1000 & echo $! > pid; echo begun"), "Done.")
    assert results(asked) == ["begun\n[exit code 0]"]
    assert_ended(int((tmp_path / "pid").read_text()))


def assert_ended(pid: int) -> None:
    """Gone, or dead and waiting for init to take note."""
    with contextlib.suppress(FileNotFoundError):
        assert Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"


@pytest.mark.parametrize(
    "bad", [call("!not json"), call("!{}"), call("![]"), call(["ls"]), call("ls", name="python")], ids=str
)
def test_a_malformed_tool_call_is_answered(tmp_path: Path, bad: Say) -> None:
    run, asked = talk(tmp_path, bad, "Sorry.")
    assert run.exit_code == 0
    assert results(asked) == ['The only tool is bash, with {"command": "..."}.']


@pytest.mark.parametrize(
    "command", ["echo a\0b", "echo \ud800", "x" * 200_000], ids=["NUL", "surrogate", "too long"]
)
def test_a_command_that_cannot_be_run_is_answered(tmp_path: Path, command: str) -> None:
    run, asked = talk(tmp_path, call(command), "Sorry.")
    assert (run.exit_code, run.err) == (0, "")
    assert results(asked)[0].startswith("[cannot run that: ")


def test_the_conversation_is_kept_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_text("Use {tabs}. " + "x" * 30_000)
    _, asked = talk(tmp_path, call("true"), "Done.")
    system, user, assistant, tool = asked[-1]["messages"]
    assert system["content"].count("Use {tabs}.") == 1
    assert len(system["content"]) < 21_000
    assert user == {"role": "user", "content": "Fix less()."}
    assert assistant == call("true")
    assert tool["tool_call_id"] == "c1"
    assert asked[-1]["tools"][0]["function"]["name"] == "bash"
    assert "stream" not in asked[-1]


def test_text_mode_runs_the_first_block_only(tmp_path: Path) -> None:
    reply = "First:\n```python\nboom()\n```\n```bash\necho one\n```\n```bash\necho two\n```"
    run, asked = talk(tmp_path, reply, "No more ```bash here", args=("--text",))
    assert run.exit_code == 0
    assert asked[-1]["messages"][-1] == {"role": "user", "content": "one\n[exit code 0]"}
    assert "```bash" in asked[0]["messages"][0]["content"]
    assert "tools" not in asked[0]


@pytest.mark.parametrize(
    "reply", ["", "```bash\nnever closed", "I think ```bash ls``` is", {"role": "assistant"}], ids=str
)
def test_a_reply_without_a_block_ends_the_loop(tmp_path: Path, reply: Say) -> None:
    run, asked = talk(tmp_path, reply, args=("--text",))
    assert (run.exit_code, len(asked), run.err) == (0, 1, "")


def error(status: int, message: str, **headers: str) -> Callable[[], web.Response]:
    return lambda: web.json_response({"error": {"message": message}}, status=status, headers=headers)


@pytest.mark.parametrize(
    "reply",
    [
        error(400, "exceed_context_size_error: the request exceeds the available context"),
        error(500, "Stop.", **{"x-should-retry": "false"}),
        error(429, "The budget is spent.", **{"x-should-retry": "false"}),
        lambda: web.json_response({"error": {"message": "in a 200"}}),
        lambda: web.json_response([]),
    ],
)
def test_a_final_error_ends_it_at_once(tmp_path: Path, reply: Callable[[], web.Response]) -> None:
    run, asked = talk(tmp_path, reply)
    assert (run.exit_code, len(asked)) == (1, 1)
    assert run.err.startswith("bash-loop: ")
    assert run.err.count("\n") == 1
    assert run.report["calls"] == 0


def test_a_complaint_about_tools_later_on_is_an_error(tmp_path: Path) -> None:
    run, asked = talk(tmp_path, call("true"), error(400, "tool message out of place"))
    assert (run.exit_code, len(asked)) == (1, 2)


def test_an_endpoint_that_is_not_there_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    there = bash_loop.Endpoint("http://127.0.0.1:1/v1", "m", "k")
    with pytest.raises(bash_loop.EndpointError, match=r"URLError: .*refused.*\(given up after 6 tries\)"):
        there.ask([], with_tool=True)
    assert waited == [0.5, 1.0, 2.0, 4.0, 8.0]


def test_is_one_short_file_of_the_standard_library() -> None:
    source = FILE.read_text()
    assert source.count("\n") < 200
    nodes = list(ast.walk(ast.parse(source)))
    used = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    used |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in used} <= sys.stdlib_module_names
