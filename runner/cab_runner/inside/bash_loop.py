"""bash-loop, the reference agent: one bash tool in a loop over chat/completions.

    OPENAI_API_KEY=… python3 bash_loop.py --base-url URL/v1 --model M --prompt "What to do"

With ``--text``, or when the endpoint rejects tools, the model answers with one fenced block a turn. Exit: 0
the model ended (an answer without a command), 3 turns used up, 1 endpoint error. Last line on stdout:
``{"bash_loop": {calls, prompt_tokens, completion_tokens}}``, null where an answer reported none.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

HEAD_BYTES, TAIL_BYTES, GUIDE_BYTES = 8_000, 8_000, 20_000
TRIES, MAX_WAIT_S, CALL_TIMEOUT_S = 6, 60.0, 600.0
GAP = b"\n[... output left out ...]\n"
SYSTEM = """You are a coding agent without a human beside you. You work in {cwd} through bash. {how}
Each command starts in that folder and its background processes end with it. When the task is done, say so in
one sentence without a command.{guide}"""
WITH_TOOL = "Call the tool bash to read and change files and to run programs."
WITH_TEXT = "Answer with exactly one block like\n```bash\ncommands\n```\nYou are then told what it printed."
PARAMETERS = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}
BASH = {"name": "bash", "description": "Run a bash command.", "parameters": PARAMETERS}
BLOCK = re.compile(r"^```(?:bash|sh|shell)[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)


class EndpointError(Exception):
    """The endpoint said no for good, or was not there. Holds one line."""


class NoToolsError(EndpointError):
    """It said no to the offer of a tool."""


class Endpoint:
    """Asks the model, repeats what may pass, and adds up the reported tokens."""

    def __init__(self, base_url: str, model: str, key: str) -> None:
        self.url, self.model = base_url.rstrip("/") + "/chat/completions", model
        self.headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.calls = 0
        self.tokens: dict[str, int | None] = {"prompt_tokens": None, "completion_tokens": None}

    def ask(self, messages: list[dict[str, Any]], with_tool: bool) -> dict[str, Any]:
        """The model's next message. Raises EndpointError."""
        body: dict[str, Any] = {"model": self.model, "messages": messages}
        if with_tool:
            body["tools"] = [{"type": "function", "function": BASH}]
        answer = self._post(json.dumps(body).encode(), fresh=with_tool and not self.calls)
        try:
            message, usage = answer["choices"][0]["message"], answer.get("usage") or {}
            content, calls = message.get("content"), message.get("tool_calls") or []
            calls = [{"id": c["id"], "type": "function", "function": c["function"]} for c in calls]
        except (AttributeError, IndexError, KeyError, TypeError):
            raise EndpointError(f"no chat completion: {json.dumps(answer)[:300]}") from None
        self.calls += 1
        for kind, total in self.tokens.items():
            reported, so_far = usage.get(kind), 0 if self.calls == 1 else total
            self.tokens[kind] = None if so_far is None or not isinstance(reported, int) else so_far + reported
        reply = {"role": "assistant", "content": content if isinstance(content, str) else None}
        return {**reply, "tool_calls": calls} if calls else reply

    def _post(self, body: bytes, fresh: bool) -> Any:
        for attempt in range(1, TRIES + 1):
            wait_s = 0.25 * 2**attempt
            try:
                request = urllib.request.Request(self.url, body, self.headers)
                with self.opener.open(request, timeout=CALL_TIMEOUT_S) as response:
                    return json.load(response)
            except urllib.error.HTTPError as error:
                with error:
                    said = error.read(100_000).decode("utf-8", "replace")
                problem = f"HTTP {error.code}: {' '.join(said.split())[:500]}"
                if fresh and error.code in {400, 422, 500, 501} and "tool" in said.lower():
                    raise NoToolsError(problem) from None
                if error.code < 429 or 429 < error.code < 500 or error.headers["x-should-retry"] == "false":
                    raise EndpointError(problem) from None
                asked = error.headers.get("Retry-After", "")
                wait_s = min(float(asked), MAX_WAIT_S) if asked.isdecimal() else wait_s
            except (OSError, http.client.HTTPException, ValueError) as error:
                problem = f"{type(error).__name__}: {error}"
            if attempt < TRIES:
                print(f"[endpoint] {problem}; again in {wait_s:g} s")
                time.sleep(wait_s)
        raise EndpointError(f"{problem} (given up after {TRIES} tries)")


def run(command: str, timeout_s: float) -> str:
    """What a command printed (head and tail) and how it ended. Its process group ends with it."""
    print(f"$ {command.rstrip()}")
    kept = [b"", b"", b""]  # head, the mark of a gap, tail
    read_end, write_end = os.pipe()

    def read() -> None:
        with open(read_end, "rb", buffering=0) as pipe:
            while data := pipe.read(65_536):
                room = HEAD_BYTES - len(kept[0])
                rest = kept[2] + data[room:]
                kept[0] += data[:room]
                kept[1], kept[2] = kept[1] or (rest[:-TAIL_BYTES] and GAP), rest[-TAIL_BYTES:]

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    with open(write_end, "wb") as pipe, open(os.devnull, "rb") as nothing:
        shell = [shutil.which("bash") or "/bin/sh", "-c", command]
        try:
            process = subprocess.Popen(shell, stdin=nothing, stdout=pipe, stderr=pipe, start_new_session=True)
        except (OSError, ValueError) as error:  # too long, or characters that no command can hold
            return f"[cannot run that: {error}]"
    try:
        how = f"exit code {process.wait(timeout_s)}"
    except subprocess.TimeoutExpired:
        how = f"killed after {timeout_s:g} s"
    finally:
        with contextlib.suppress(ProcessLookupError):  # the whole group has ended
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        reader.join(2.0)  # a process that left the group may hold the pipe open for ever
    result = f"{b''.join(kept).decode('utf-8', 'replace').rstrip()}\n[{how}]".lstrip("\n")
    print(result)
    return result


def answer(call: dict[str, Any], timeout_s: float) -> dict[str, Any]:
    """The message that answers a tool call."""
    try:
        command = json.loads(call["function"]["arguments"])["command"]
        usable = call["function"]["name"] == "bash" and isinstance(command, str)
    except (KeyError, TypeError, ValueError):
        usable = False
    result = run(command, timeout_s) if usable else 'The only tool is bash, with {"command": "..."}.'
    return {"role": "tool", "tool_call_id": call["id"], "content": result}


def work(endpoint: Endpoint, prompt: str, with_tool: bool, max_turns: int, timeout_s: float) -> int:
    """Talk until the model ends or the turns are used up; the exit code."""
    guide, talk = Path("AGENTS.md"), [{"role": "user", "content": prompt}]
    text = guide.read_bytes()[:GUIDE_BYTES].decode("utf-8", "replace") if guide.is_file() else ""
    told = f"\n\nAGENTS.md of this folder:\n{text}" if text else ""
    for _ in range(max_turns):
        system = SYSTEM.format(cwd=Path.cwd(), how=WITH_TOOL if with_tool else WITH_TEXT, guide=told)
        try:
            message = endpoint.ask([{"role": "system", "content": system}, *talk], with_tool)
        except NoToolsError as error:
            print(f"[endpoint] no tools here ({error}); going on with fenced blocks")
            with_tool = False
            continue
        talk.append(message)
        text, calls = message["content"] or "", message.get("tool_calls", [])
        print(text.rstrip(), end="\n" if text else "")
        block = None if with_tool else BLOCK.search(text)
        if calls:
            talk += [answer(call, timeout_s) for call in calls]
        elif block:
            talk.append({"role": "user", "content": run(block[1], timeout_s)})
        else:
            return 0
    return 3


def main() -> int:
    """The command line; the exit code."""
    parser = argparse.ArgumentParser(prog="bash_loop.py")
    for name in ("--base-url", "--model", "--prompt"):
        parser.add_argument(name, required=True)
    parser.add_argument("--max-turns", type=int, default=30)
    parser.add_argument("--timeout-s", type=float, default=120.0, help="limit of one command")
    parser.add_argument("--text", action="store_true", help="fenced blocks instead of a tool")
    args = parser.parse_args()
    endpoint = Endpoint(args.base_url, args.model, os.environ.get("OPENAI_API_KEY", "none"))
    with open(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False) as sys.stdout:
        try:
            code = work(endpoint, args.prompt, not args.text, args.max_turns, args.timeout_s)
        except EndpointError as error:
            print(f"bash-loop: {error}", file=sys.stderr)
            code = 1
        print(json.dumps({"bash_loop": {"calls": endpoint.calls, **endpoint.tokens}}))
    return code


if __name__ == "__main__":
    sys.exit(main())
