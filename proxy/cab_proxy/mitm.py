"""``cab-proxy mitm``: the meter for a command whose endpoint can't be redirected.

mitmproxy runs as a process of its own, in an environment of its own (:mod:`cab_proxy.mitm_addon`). It takes
the command's TLS apart with a CA of this run and hands each request to a relay in this process, as clear HTTP
on loopback. What is metered, refused, bounded and recorded is therefore what it is everywhere: the
:class:`~cab_proxy.call.Call`, of a run per origin, all with one ledger.

* The run's token is the password of the proxy; with it mitmproxy also shows the relay that it is itself.
* The CA's key never leaves mitmproxy; its certificate is put where a sandbox can read it.
* The command's own credentials go through. A key that was given takes the token's place, at the first
  origin only.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import signal
import socket
import ssl
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urlsplit

import click
import uvloop

from . import ledger_files
from .call import Call
from .console import (
    budget_of,
    budget_options,
    connect_timeout_option,
    errors_to_exit_codes,
    metering_of,
    metering_options,
    read_key,
    say,
)
from .control import Budget
from .credentials import secrets_in, with_key
from .entrance import Stranger, Visitor
from .errors import ConfigError, LedgerWriteError, MissingError
from .exchange import Headers
from .headers import first
from .ids import ulid
from .launch import run_child, tell_summary
from .metering import Metering
from .records import Record, format_time
from .relay import Relay
from .runs import Run, new_token, same_token
from .summary import summarise
from .urls import Upstream

PYTHON_ENV: Final = "CAB_MITM_PYTHON"
HOW_TO_INSTALL: Final = (
    "it needs an environment of its own: python3 -m venv ~/.cab-mitm && ~/.cab-mitm/bin/pip install "
    f"'mitmproxy>=11.0.2,<13' && export {PYTHON_ENV}=~/.cab-mitm/bin/python"
)
_HIDDEN: Final = ("CAB_KEY",)
_PROXY_VARIABLES: Final = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_BUNDLE_VARIABLES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO")
"""What reads them: OpenSSL, Go, Rust and Python; Python's requests; curl; git."""
_SYSTEM_BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora
    "/etc/ssl/cert.pem",  # macOS, BSD
)
_START_S: Final = 60.0
_STOP_S: Final = 5.0
_DRAIN_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Interceptor:
    """An interceptor that listens, as those need to know it who are to be behind it."""

    port: int
    """On loopback."""
    token: str
    certificate: Path
    """The run's CA."""
    bundle: Path
    """The system's CAs and the run's."""

    @property
    def url(self) -> str:
        """The proxy, token included."""
        return f"http://cab:{self.token}@127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interception:
    """What to run, and whose calls to meter."""

    origins: tuple[str, ...]
    """``host:port`` each."""
    command: tuple[str, ...]
    """None: serve until told to stop."""
    python: str
    """An interpreter that has mitmproxy."""
    port: int
    """On loopback; 0 for any."""
    ledger: Path | None
    """``None`` for nowhere."""
    ca_dir: Path | None
    """Where the certificates are put; ``None`` for a folder that goes with the run."""
    key: str | None
    as_json: bool
    connect_timeout_s: float
    metering: Metering = field(default_factory=Metering)
    budget: Budget = field(default_factory=Budget)


class MitmEntrance:
    """The relay's entrance, for the interceptor alone: it names the origin in the Host header."""

    def __init__(self, run: Run, upstreams: Mapping[str, Upstream], key: str | None) -> None:
        self._run = run
        self._upstreams = upstreams
        self._key = key
        self._key_for = next(iter(upstreams))

    def admit(
        self, headers: Headers, target: str = "", key_header: str = "Authorization"
    ) -> Visitor | Stranger:
        """Tell whose request it is."""
        origin = first(headers, "host")
        upstream = self._upstreams.get(origin)
        shown = first(headers, "proxy-authorization").removeprefix("Bearer ")
        if upstream is None or not same_token(self._run.token, shown):
            return Stranger(run=None)
        given = secrets_in(headers, target)
        if self._key is not None and origin == self._key_for:
            if given and all(same_token(self._run.token, secret) for secret in given):
                headers = with_key(headers, self._key, key_header)
            given = (*given, self._key)
        return Visitor(
            run=self._run, headers=headers, target=target, upstream=upstream, secrets=(*given, shown)
        )


async def intercept(wanted: Interception, report: Callable[[str], None]) -> int:
    """Run the command behind an interceptor, print the summary, return the exit code; or serve.

    Raises :class:`NotStartedError`, :class:`MissingError`, :class:`ConfigError`.
    """
    with contextlib.ExitStack() as stack:
        path = wanted.ledger
        if path is None:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cab-"))) / "calls.jsonl"
        ledger = stack.enter_context(wanted.metering.ledger(path))
        seen = ledger.lines
        upstreams = upstreams_of(wanted.origins)
        run = wanted.metering.run(
            run_id=ulid(time.time_ns() // 1_000_000),
            upstream=next(iter(upstreams.values())),
            ledger=ledger,
            token=new_token(),
            budget=wanted.budget,
            via="mitm",
        )
        async with intercepting(run, upstreams, wanted, report) as interceptor:
            if not wanted.command:
                report(f"proxy {interceptor.url}, CA {interceptor.certificate}, ledger {path}")
                await _until_told_to_stop()
                return 0
            begun = time.perf_counter()
            code = await run_child(wanted.command, child_environment(os.environ, interceptor, wanted.key))
            wall_ms = (time.perf_counter() - begun) * 1000
        summary = summarise(record for record in ledger_files.read(path) if record.seq >= seen)
    what = ", ".join(upstream.base for upstream in upstreams.values())
    tell_summary(summary, what, wall_ms, code, report if not wanted.as_json else None)
    return code


def upstreams_of(origins: Sequence[str]) -> dict[str, Upstream]:
    """The endpoint of each origin."""
    return {origin: Upstream.parse(f"https://{origin.removesuffix(':443')}") for origin in origins}


@contextlib.asynccontextmanager
async def intercepting(
    run: Run, upstreams: Mapping[str, Upstream], wanted: Interception, report: Callable[[str], None]
) -> AsyncIterator[Interceptor]:
    """An interceptor in front of these endpoints. Raises :class:`MissingError`, :class:`ConfigError`."""
    entrance = MitmEntrance(run, upstreams, wanted.key)
    assert run.token is not None
    with tempfile.TemporaryFile() as stderr:
        async with contextlib.AsyncExitStack() as stack:
            ca_dir = wanted.ca_dir
            if ca_dir is None:
                ca_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cab-ca-")))
                ca_dir.chmod(0o755)
            relay = Relay(report, connect_timeout_s=wanted.connect_timeout_s, grace_s=wanted.metering.grace_s)
            await stack.enter_async_context(relay)
            sock = socket.create_server(("127.0.0.1", 0), backlog=1024)
            listener = await relay.serve(sock, lambda: Call(entrance, report))
            stack.push_async_callback(listener.close, _DRAIN_S)
            orders = {
                "token": run.token,
                "origins": list(upstreams),
                "relay": sock.getsockname(),
                "port": wanted.port,
            }
            process = await _start(wanted.python, stderr)
            ready: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
            hearing = asyncio.create_task(_hear(process, ready, run, report))
            stack.push_async_callback(_stop, process, hearing)
            assert process.stdin is not None
            process.stdin.write(json.dumps(orders).encode() + b"\n")
            try:
                port, ca = await asyncio.wait_for(ready, _START_S)
            except (TimeoutError, EOFError):
                stderr.seek(0)
                raise MissingError(_why(wanted.python, stderr.read())) from None
            certificate, bundle = put_certificates(ca.encode(), ca_dir)
            yield Interceptor(port=port, token=run.token, certificate=certificate, bundle=bundle)


async def _start(python: str, stderr: IO[bytes]) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            python,
            "-I",  # else this package's modules would stand in for top-level ones of the same name
            str(Path(__file__).with_name("mitm_addon.py")),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            env={name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ},
            start_new_session=True,  # Ctrl-C is the command's, which may go on
        )
    except OSError as error:
        raise MissingError(f"{python} can't be run ({error.strerror}); {HOW_TO_INSTALL}") from None


def _why(python: str, stderr: bytes) -> str:
    """What to tell about an interceptor that does not start."""
    lines = stderr.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
    if "No module named 'mitmproxy" in lines[-1]:
        return f"{python} has no mitmproxy; {HOW_TO_INSTALL}"
    by_itself = lines[0].startswith("Error") and len(lines) > 1  # then the reason; else it is a traceback
    return f"mitmproxy does not start with {python}: {lines[1] if by_itself else lines[-1]}"


async def _hear(
    process: asyncio.subprocess.Process,
    ready: asyncio.Future[tuple[int, str]],
    run: Run,
    report: Callable[[str], None],
) -> None:
    """Write down what the interceptor says, to its end."""
    assert process.stdout is not None
    untrusted: set[str] = set()
    async for line in process.stdout:
        said = json.loads(line)
        if "port" in said:
            if not ready.done():
                ready.set_result((said["port"], said["ca"]))
        elif "refused" in said:
            try:
                _record_refusal(run, said["refused"])
            except LedgerWriteError as error:
                report(str(error))
        elif (origin := said["untrusted"]["origin"]) not in untrusted:
            untrusted.add(origin)
            reason = said["untrusted"]["reason"]
            report(f"a client's TLS to {origin} failed, so nothing was metered there: {reason}")
    if not ready.done():
        ready.set_exception(EOFError())
    elif await process.wait() != 0:
        report("mitmproxy has ended: nothing behind it reaches an endpoint any more")


def _record_refusal(run: Run, refused: Mapping[str, str]) -> None:
    now = datetime.now(UTC)
    opened = Record(
        kind="open",
        call_id=ulid(int(now.timestamp() * 1000)),
        run_id=run.run_id,
        started_at=format_time(now),
        method=refused["method"],
        path=refused["path"],
        upstream=refused.get("upstream"),
        via=run.via,
    )
    run.refused(opened, replace(opened, kind="call", status=403, error_type="refused"))


async def _stop(process: asyncio.subprocess.Process, hearing: asyncio.Task[None]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), _STOP_S)
    except TimeoutError:
        process.kill()
    await hearing


# --- certificates and variables ------------------------------------------------------------------


def put_certificates(ca: bytes, folder: Path) -> tuple[Path, Path]:
    """The run's CA, and a bundle of the system's CAs and it, in a folder. Raises :class:`ConfigError`."""
    certificate, bundle = folder / "cab-ca.pem", folder / "cab-ca-bundle.pem"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, data in ((certificate, ca), (bundle, system_bundle() + ca)):
            path.write_bytes(data)
            path.chmod(0o644)
    except OSError as error:
        raise ConfigError(f"certificates can't be put into {folder}: {error.strerror}") from None
    return certificate.absolute(), bundle.absolute()


def system_bundle() -> bytes:
    """The CAs that OpenSSL trusts here: SSL_CERT_FILE's, else the system's; empty where none are found."""
    for name in (ssl.get_default_verify_paths().cafile or "", *_SYSTEM_BUNDLES):
        if Path(name).is_file():
            return Path(name).read_bytes().rstrip() + b"\n"
    return b""


def proxy_variables(interceptor: Interceptor) -> dict[str, str]:
    """What leads a command to the interceptor, and has it trust it."""
    proxies = dict.fromkeys(_PROXY_VARIABLES, interceptor.url)
    return {
        **proxies,
        **{name.lower(): value for name, value in proxies.items()},  # curl reads http_proxy so only
        "NO_PROXY": "",
        "no_proxy": "",
        **dict.fromkeys(_BUNDLE_VARIABLES, str(interceptor.bundle)),
        "NODE_EXTRA_CA_CERTS": str(interceptor.certificate),
        "NODE_USE_ENV_PROXY": "1",  # Node 22.21 and 24 on; before, a CLI has to see to proxies by itself
    }


def child_environment(parent: Mapping[str, str], interceptor: Interceptor, key: str | None) -> dict[str, str]:
    """The command's environment. Where the key was there is the token."""
    token = interceptor.token
    kept = {name: token if value == key else value for name, value in parent.items() if name not in _HIDDEN}
    return {**kept, **proxy_variables(interceptor)}


def find_python(named: str | None) -> str:
    """An interpreter with mitmproxy. Raises :class:`MissingError`."""
    named = named or os.environ.get(PYTHON_ENV)
    if named:
        return named
    if importlib.util.find_spec("mitmproxy") is not None:
        return sys.executable
    raise MissingError(f"cab-proxy mitm runs mitmproxy; {HOW_TO_INSTALL}")


def parse_origin(text: str) -> str:
    """``host:port`` of a ``HOST[:PORT]``. Raises :class:`ConfigError`."""
    try:
        parts = urlsplit(f"//{text}")
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if not parts.hostname or parts.netloc != text or "@" in text:
        raise ConfigError(f"--host {text!r} must look like api.openai.com or localhost:8443")
    return _origin(parts.hostname, port or 443)


def _origin(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def _until_told_to_stop() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


# --- the command ---------------------------------------------------------------------------------


@click.command("mitm", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option(
    "--host", "hosts", metavar="HOST[:PORT]", multiple=True, required=True, help="Let through: TLS to it."
)
@click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep the calls' records here [default without CMD: calls.jsonl].",
)
@click.option(
    "--ca-dir", type=click.Path(path_type=Path, file_okay=False), help="Put the run's CA certificate here."
)
@click.option(
    "--key-env", metavar="NAME", help="Variable with the first --host's key; CMD gets a token instead."
)
@click.option(
    "--python", metavar="PATH", help=f"A Python that has mitmproxy [default: ${PYTHON_ENV}, this one]."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Listen there on 127.0.0.1 [default: any]."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one line of JSON.")
@connect_timeout_option
@metering_options
@budget_options
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def mitm_command(
    *,
    hosts: tuple[str, ...],
    ledger: Path | None,
    ca_dir: Path | None,
    key_env: str | None,
    python: str | None,
    port: int,
    as_json: bool,
    connect_timeout_s: float,
    command: tuple[str, ...],
    **more: Any,
) -> None:
    """Run CMD behind an interceptor that meters its TLS to the hosts named, and refuses it any other.

    For a CLI that won't be told where its endpoint is. It is led here by HTTPS_PROXY, and trusts a CA made
    for this run by the variables that Node, Python, Go, Rust, curl and git read. Without CMD: serve until
    Ctrl-C.
    """
    with errors_to_exit_codes():
        wanted = Interception(
            origins=tuple(dict.fromkeys(map(parse_origin, hosts))),
            command=command,
            python=find_python(python),
            port=port,
            ledger=ledger if ledger or command else Path("calls.jsonl"),
            ca_dir=ca_dir,
            key=read_key(key_env, from_stdin=False) if key_env else None,
            as_json=as_json,
            connect_timeout_s=connect_timeout_s,
            metering=metering_of(more),
            budget=budget_of(more),
        )
        sys.exit(uvloop.run(intercept(wanted, say)))
