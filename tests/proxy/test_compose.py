"""compose.yaml comes up, and an agent's container reaches the meter and nothing else."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from pathlib import Path

import pytest

from cab_proxy.records import verify
from fakes.endpoint import as_json, completion, serving

ROOT = Path(__file__).parents[2]

AGENT = """
import json, os, socket, time, urllib.request
request = urllib.request.Request(
    os.environ["OPENAI_BASE_URL"] + "/chat/completions",
    json.dumps({"model": "m", "messages": []}).encode(),
    {
        "Authorization": "Bearer " + os.environ["OPENAI_API_KEY"],
        "Content-Type": "application/json",
    },
)
for pause in (0.1,) * 300:
    try:
        print(json.loads(urllib.request.urlopen(request).read())["choices"][0]["message"]["content"])
        break
    except OSError:
        time.sleep(pause)  # the door opens a moment after its container has started
print(sorted(name for _, name in socket.if_nameindex()))
print(os.environ.get("CAB_KEY"), os.path.exists("/run/cab"))
"""


def compose_command() -> list[str]:
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    return ["docker", "compose"]


@pytest.mark.docker
def test_one_call_is_metered() -> None:
    with serving(as_json(completion("through the door")), host="0.0.0.0") as endpoint:
        port = endpoint.origin.rpartition(":")[2]
        environment = {
            **os.environ,
            "COMPOSE_PROJECT_NAME": f"cabtest{secrets.token_hex(4)}",
            "CAB_ENDPOINT": f"http://host.docker.internal:{port}/v1",
            "CAB_KEY": "sk-real",
        }

        def compose(*arguments: str) -> str:
            done = subprocess.run(
                [*compose_command(), "-f", str(ROOT / "compose.yaml"), *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        try:
            compose("up", "-d", "--build", "proxy", "door")
            answer, interfaces, rest = compose(
                "run", "--rm", "-T", "agent", "python3", "-c", AGENT
            ).splitlines()
            container = compose("ps", "-q", "proxy").strip()
            asked = ["docker", "inspect", "--format", "{{json .Config.Healthcheck.Test}}", container]
            _, *check = json.loads(subprocess.run(asked, capture_output=True, check=True).stdout)
            compose("exec", "-T", "proxy", *check)
            ledger = compose("exec", "-T", "proxy", "cat", "/ledger/agent.calls.jsonl").encode()
        finally:
            compose("down", "-v", "--rmi", "local", "--remove-orphans")
    assert answer == "through the door"
    assert interfaces == "['lo']"
    assert rest == "None False"
    assert [seen.header("Authorization") for seen in endpoint.seen] == ["Bearer sk-real"]
    found = verify(ledger)
    assert found.ok
    assert found.records[-1].tokens.total == 16
    assert b"sk-real" not in ledger
