"""The relays: what each is, whether it is here, how it is started. One worker each."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from .peers import Peer, Place, Target

PEERS_DIR: Final = Path(__file__).resolve().parents[1] / ".peers"
"""Where those lie that don't come with the system."""


def _printed(*command: str) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except OSError:
        return None
    return (done.stdout + done.stderr).strip() if done.returncode == 0 else None


# --- nginx

_NGINX: Final = """\
daemon off;
worker_processes 1;
error_log stderr;
pid {folder}/nginx.pid;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  client_max_body_size 0;
  {body}
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  tcp_nodelay on;
  keepalive_requests 100000000;
  upstream endpoint {{
    server 127.0.0.1:{upstream};
    keepalive 2048;
    keepalive_requests 100000000;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://endpoint;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 600s;
    }}
  }}
}}
"""


def _nginx_version() -> str | None:
    printed = _printed("nginx", "-v")
    return None if printed is None else printed.rpartition("nginx/")[2]


def _nginx(place: Place, body: str = "") -> list[str]:
    config = place.folder / "nginx.conf"
    config.write_text(
        _NGINX.format(folder=place.folder, port=place.port, upstream=place.upstream_port, body=body)
    )
    if os.geteuid() == 0:  # else its worker is another user, who may not enter this folder
        config.write_text("user root;\n" + config.read_text())
    return ["nginx", "-p", str(place.folder), "-c", str(config)]


NGINX: Final = Peer(
    name="nginx",
    version=_nginx_version,
    command=_nginx,
    does="forwards; takes the request whole first: one over 16 KB into a file, its default",
)
NGINX_TUNED: Final = replace(
    NGINX,
    name="nginx-tuned",
    command=functools.partial(_nginx, body="client_body_buffer_size 1m;"),
    does="as nginx, but requests of up to 1 MB stay in memory",
)

# --- cab-proxy


def cab(name: str = "cab-proxy", source: Path | None = None) -> Peer:
    """Our own; from another folder, to compare two versions."""
    path = str(source) if source else os.environ.get("PYTHONPATH", "")

    def command(place: Place) -> list[str]:
        upstream = f"http://127.0.0.1:{place.upstream_port}/v1"
        return [
            sys.executable, "-m", "cab_proxy", "--upstream", upstream,
            "--listen", f"127.0.0.1:{place.port}", "--ledger", str(place.folder / "calls.jsonl"),
        ]  # fmt: skip

    def version() -> str | None:
        code = "import cab_proxy, importlib.metadata as m; print(m.version('codingagentbench'))"
        environment = {**os.environ, "PYTHONPATH": path}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
        )
        return done.stdout.strip() if done.returncode == 0 else None

    return Peer(
        name=name,
        version=version,
        command=command,
        environment={"PYTHONPATH": path} if path else {},
        does="a ledger line when a call starts and one when it ends: hashes, usage, times; run without a key",
    )


RELAY_ONLY: Final = Peer(
    name="relay-only",
    version=cab().version,
    command=lambda place: [
        sys.executable,
        "-m",
        "cab_bench.relay_only",
        f"http://127.0.0.1:{place.upstream_port}",
        str(place.port),
    ],
    environment={"PYTHONPATH": str(Path(__file__).resolve().parents[1])},
    does="cab-proxy's relay without its meter: what is missing to it is what accounting costs",
)


def ledger_lines(target: Target) -> tuple[int, int] | None:
    """Calls in a relay's ledger, and how many of them have the usage that the endpoint sent; the
    ledger is then emptied, or a benchmark would fill the disk. ``None``: it keeps none.
    """
    ledger = target.folder / "calls.jsonl"
    if not ledger.is_file():
        return None
    calls = metered = 0
    with ledger.open("rb") as lines:
        for line in lines:
            if b'"kind":"call"' in line:
                calls += 1
                metered += b'"prompt_tokens":4210' in line or b'"input":4210' in line
    os.truncate(ledger, 0)
    return calls, metered


# --- mitmproxy


def _mitmproxy_version() -> str | None:
    printed = _printed(str(PEERS_DIR / "mitmproxy/bin/mitmdump"), "--version")
    return None if printed is None else printed.partition("\n")[0].removeprefix("Mitmproxy: ")


def _mitmproxy(place: Place) -> list[str]:
    return [
        str(PEERS_DIR / "mitmproxy/bin/mitmdump"), "--quiet", "--mode",
        f"reverse:http://127.0.0.1:{place.upstream_port}", "--listen-host", "127.0.0.1",
        "--listen-port", str(place.port), "--set", "stream_large_bodies=1", "--set", "flow_detail=0",
        "--set", f"confdir={place.folder}/conf",
    ]  # fmt: skip


MITMPROXY: Final = Peer(
    name="mitmproxy",
    version=_mitmproxy_version,
    command=_mitmproxy,
    does="parses heads, runs its addons' events, streams bodies through; prints and keeps nothing",
)

# --- Portkey

_PORTKEY: Final = PEERS_DIR / "portkey/node_modules/@portkey-ai/gateway"


def _portkey_version() -> str | None:
    try:
        found: str = json.loads((_PORTKEY / "package.json").read_text())["version"]
    except OSError:
        return None
    node = _printed("node", "--version")
    return None if node is None else f"{found} on node {node.removeprefix('v')}"


def _portkey(place: Place) -> list[str]:
    return ["node", str(_PORTKEY / "build/start-server.js"), f"--port={place.port}", "--headless"]


PORTKEY: Final = Peer(
    name="portkey",
    version=_portkey_version,
    command=_portkey,
    environment={"NODE_ENV": "production", "TRUSTED_CUSTOM_HOSTS": "localhost,127.0.0.1"},
    headers=lambda place: {
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": f"http://127.0.0.1:{place.upstream_port}/v1",
    },
    does="parses and writes JSON both ways, provider transforms; no key check, no database",
)

# --- LiteLLM

_LITELLM: Final = """\
model_list:
  - model_name: "*"
    litellm_params:
      model: "openai/*"
      api_base: "http://127.0.0.1:{upstream}/v1"
      api_key: "bench-key"
litellm_settings:
  telemetry: false
  num_retries: 0
general_settings:
  disable_spend_logs: true
"""


def _litellm_version() -> str | None:
    python = PEERS_DIR / "litellm/bin/python"
    if not (PEERS_DIR / "litellm/bin/litellm").is_file():
        return None
    return _printed(str(python), "-c", "import importlib.metadata as m; print(m.version('litellm'))")


def _litellm(place: Place) -> list[str]:
    config = place.folder / "litellm.yaml"
    config.write_text(_LITELLM.format(upstream=place.upstream_port))
    return [
        str(PEERS_DIR / "litellm/bin/litellm"), "--config", str(config), "--host", "127.0.0.1",
        "--port", str(place.port), "--num_workers", "1", "--telemetry", "False",
    ]  # fmt: skip


LITELLM: Final = Peer(
    name="litellm",
    version=_litellm_version,
    command=_litellm,
    environment={
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "ERROR",
        "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",  # it is on the loopback only
    },
    does="parses and writes JSON both ways, routing, cost of each call; no database, no key check",
)


def known() -> tuple[Peer, ...]:
    """All of them, the quickest first."""
    return (NGINX, NGINX_TUNED, RELAY_ONLY, cab(), MITMPROXY, PORTKEY, LITELLM)
