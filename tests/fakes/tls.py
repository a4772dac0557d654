"""The endpoint of :mod:`fakes.endpoint` behind TLS, trusted by those who are told to."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from fakes.endpoint import Endpoint, Script, Step


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that is its own CA, and its key."""
    certificate, key = folder / "endpoint.pem", folder / "endpoint.key"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2",
            "-keyout", key, "-out", certificate,
        ],
        capture_output=True,
        check=True,
    )  # fmt: skip
    return certificate, key


class TlsEndpoint(Endpoint):
    """An endpoint at ``https://localhost:PORT``."""

    def __init__(self, script: Script | Sequence[Step], folder: Path) -> None:
        super().__init__(script)
        self.certificate, key = make_certificate(folder)
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.load_cert_chain(self.certificate, key)

    @property
    def host(self) -> str:
        """``localhost:PORT``."""
        return self.origin.removeprefix("https://")

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self._host, 0, limit=2**26, ssl=self._tls)
        self.origin = f"https://localhost:{self._server.sockets[0].getsockname()[1]}"
        return self
