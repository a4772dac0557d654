"""wrk as a load: how many requests a second, of one body, over so many connections."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .errors import BenchError
from .wire import PATH

_SCRIPT: Final = """\
wrk.method = "POST"
local body = io.open("{body}", "rb")
wrk.body = body:read("*a")
body:close()
{headers}
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\\n@{{"requests":%d,"duration_us":%d,"bytes":%d,"connect":%d,"read":%d,"write":%d,"status":%d,' ..
    '"timeout":%d,"p50_us":%d,"p99_us":%d}}\\n',
    summary.requests, summary.duration, summary.bytes, e.connect, e.read, e.write, e.status,
    e.timeout, latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True, slots=True)
class Throughput:
    """What one run of wrk came to."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    failed: int
    """Answers that were no 2xx or 3xx, and connections that broke. wrk counts the answers as requests too."""

    @property
    def per_s(self) -> float:
        """Good answers a second."""
        return max(0, self.requests - self.failed) / self.seconds


def parse(output: str) -> Throughput:
    """Read the line that our script has wrk print. Raises :class:`BenchError` where there is none."""
    line = next((line[1:] for line in output.splitlines() if line.startswith("@{")), None)
    if line is None:
        raise BenchError(f"wrk printed no summary: {output.strip()[-300:] or 'nothing'}")
    found = json.loads(line)
    return Throughput(
        requests=found["requests"],
        seconds=found["duration_us"] / 1e6,
        p50_ms=found["p50_us"] / 1e3,
        p99_ms=found["p99_us"] / 1e3,
        failed=sum(found[kind] for kind in ("connect", "read", "write", "status", "timeout")),
    )


def version() -> str | None:
    """Version of wrk; ``None`` where it isn't installed."""
    if shutil.which("wrk") is None:
        return None
    printed = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False)
    return printed.stdout.split(" [")[0].removeprefix("wrk ").strip()


def run(
    port: int, headers: Mapping[str, str], body: bytes, folder: Path, *, connections: int, seconds: float
) -> Throughput:
    """Load one target. wrk counts whole seconds: ``seconds`` is rounded up."""
    (folder / "wrk.body").write_bytes(body)
    lines = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items())
    script = folder / "wrk.lua"
    script.write_text(_SCRIPT.format(body=folder / "wrk.body", headers=lines))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "30s"]
    command += ["-s", str(script), f"http://127.0.0.1:{port}{PATH}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return parse(done.stdout + done.stderr)
