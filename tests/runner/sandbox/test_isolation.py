"""What a job can see and reach from inside docker and bwrap: real jobs that try."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fakes.bench import Bench, Output, serve_echo

PROBE = """
import glob, json, os, socket, sys
wanted = json.loads(os.environ["WANTED"])
reached = []
for host, port in wanted["addresses"]:
    try:
        socket.create_connection((host, port), timeout=5).close()
        reached.append(host)
    except OSError:
        pass
try:
    socket.getaddrinfo("example.com", 80)
    reached.append("dns")
except OSError:
    pass
for path in wanted["sockets"]:
    if os.path.exists(path):
        reached.append(path)
    try:
        socket.socket(socket.AF_UNIX).connect(path)
        reached.append("connected " + path)
    except OSError:
        pass
readable, environs = [], b""
for path in ["/etc/shadow", "/etc/gshadow", "/root", *wanted["host_files"]]:
    try:
        os.listdir(path) if os.path.isdir(path) else open(path).close()
        readable.append(path)
    except OSError:
        pass
for path in glob.glob("/proc/[0-9]*/environ"):
    try:
        environs += open(path, "rb").read()
    except OSError:
        pass
writable = []
for folder in ["/", "/etc", "/usr", "/usr/local/bin", "/opt/cab/inside", "/dev", "/sys", "/var"]:
    try:
        open(folder + "/cab-probe", "w").close()
        writable.append(folder)
    except OSError:
        pass
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
print(json.dumps({
    "reached": reached, "readable": readable, "writable": writable,
    "canary": wanted["yranac"][::-1].encode() in environs, "environs": len(environs),
    "ids": [os.getuid(), os.geteuid(), os.getgid(), *os.getgroups()],
    "caps": {name: status[name].strip() for name in status if name.startswith("Cap") or name == "NoNewPrivs"},
    "env": dict(os.environ),
    "stdin": os.read(0, 1) == b"",
    "interfaces": [name for _, name in socket.if_nameindex()],
}))
"""


def host_addresses() -> list[str]:
    shown = subprocess.run(["ip", "-j", "addr"], capture_output=True, check=False).stdout or b"[]"
    return [
        a["local"] for link in json.loads(shown) for a in link.get("addr_info", ()) if a["family"] == "inet"
    ]


def probe(bench: Bench, wanted: dict[str, Any], door: Path | None = None) -> dict[str, Any]:
    output = Output()
    full = {"addresses": [], "sockets": [], "host_files": [], "yranac": "enon", **wanted}
    outcome = bench.run(PROBE, output=output, env={"WANTED": json.dumps(full)}, door=door)
    assert outcome.exit_code == 0, output.of("stderr").decode()
    found: dict[str, Any] = json.loads(output.of("stdout"))
    return found


def test_nothing_is_reached_but_the_door(isolating: Bench, listener: socket.socket, meter: Path) -> None:
    port = listener.getsockname()[1]
    mine = {*host_addresses(), "127.0.0.1", "172.17.0.1"}
    addresses = [(host, port) for host in mine]
    addresses += [("169.254.169.254", 80), ("1.1.1.1", 53), ("8.8.8.8", 443)]
    other = isolating.staging.folder("other-run") / "door.sock"
    with serve_echo(other):
        sockets = [
            str(other),
            str(meter),
            "/var/run/docker.sock",
            "/run/docker.sock",
            "/run/containerd/containerd.sock",
        ]
        found = probe(isolating, {"addresses": addresses, "sockets": sockets}, door=meter)
    assert found["reached"] == []
    assert found["interfaces"] == ["lo"]


def test_the_host_is_not_in_it(
    isolating: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, meter: Path
) -> None:
    monkeypatch.setenv("CAB_TEST_CANARY", "the-real-key-4711")
    mine = tmp_path / "mine.txt"
    mine.write_text("x")
    host_files = [
        str(mine),
        str(Path(__file__)),
        str(isolating.folders.tests),
        "/proc/kcore",
        "/etc/machine-id",
    ]
    found = probe(isolating, {"yranac": "the-real-key-4711"[::-1], "host_files": host_files}, door=meter)
    assert found["readable"] == []
    assert found["environs"] > 0
    assert found["canary"] is False


def test_an_agent_is_a_plain_user_without_privileges(isolating: Bench) -> None:
    found = probe(isolating, {})
    uid = os.geteuid() or 65532
    assert set(found["ids"][:2]) == {uid}
    assert 0 not in found["ids"]
    assert found["writable"] == []
    assert found["stdin"] is True
    assert found["caps"]["NoNewPrivs"] == "1"
    assert {value for name, value in found["caps"].items() if name != "NoNewPrivs"} == {"0000000000000000"}


def test_the_environment_is_the_given_one(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAB_TEST_CANARY", "inherited")
    env = probe(bench, {})["env"]
    assert "CAB_TEST_CANARY" not in env
    assert env["HOME"] == bench.layout.home
    assert {"PATH", "LANG", "TMPDIR"} <= env.keys()


def test_a_job_without_a_door_has_none(isolating: Bench) -> None:
    found = probe(isolating, {"addresses": [("127.0.0.1", 8080)], "sockets": ["/run/cab/door.sock"]})
    assert found["reached"] == []


ECHO = """
import os, socket, sys, urllib.parse
door = urllib.parse.urlsplit(os.environ["DOOR"])
sent = os.urandom(3_000_000)
with socket.create_connection((door.hostname, door.port)) as s:
    import threading
    received = bytearray()
    def read():
        while data := s.recv(65536):
            received.extend(data)
    reader = threading.Thread(target=read)
    reader.start()
    s.sendall(sent)
    s.shutdown(socket.SHUT_WR)
    reader.join()
sys.exit(received != b"meter:" + sent)
"""


def test_the_door_leads_to_the_meter(bench: Bench, meter: Path) -> None:
    output = Output()
    outcome = bench.run(ECHO, door=meter, output=output)
    assert (outcome.exit_code, output.of("stderr")) == (0, b"")


LINKS = """
import os
os.chdir(os.environ["WORKSPACE"])
victim = os.environ["VICTIM"]
os.symlink(victim, "out")
os.symlink(victim + "/file", "file")
for name in ("out/file", "file", "../../escaped"):
    try:
        open(name, "w").write("changed")
    except OSError:
        pass
"""


def test_a_symlink_out_of_the_workspace_is_harmless(isolating: Bench, tmp_path: Path) -> None:
    victim = isolating.staging.folder("victim")
    (victim / "file").write_text("intact")
    (victim / "file").chmod(0o666)
    outcome = isolating.run(LINKS, env={"VICTIM": str(victim)})
    assert outcome.exit_code == 0
    assert (victim / "file").read_text() == "intact"
    assert (isolating.folders.workspace / "out").is_symlink()
    assert not (isolating.staging.root / "escaped").exists()
