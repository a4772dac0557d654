"""The house is kept: where things are, what is in the tree, and what must never be."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
UNITS = {
    "proxy": ROOT / "proxy/cab_proxy",
    "scoring": ROOT / "scoring/cab_scoring",
    "sim": ROOT / "sim/cab_sim",
    "report": ROOT / "report/cab_report",
    "runner": ROOT / "runner/cab_runner",
}
LARGEST_BYTES = 1_000_000


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_has_tests_and_is_typed(unit: str) -> None:
    assert (UNITS[unit] / "py.typed").is_file()
    assert list((ROOT / "tests" / unit).rglob("test_*.py"))


def test_no_file_is_large_or_a_build_product() -> None:
    for path in tracked():
        assert path.stat().st_size < LARGEST_BYTES, path
        assert path.suffix not in {".pyc", ".whl", ".gguf", ".so"}, path


def test_no_file_names_a_machine_or_holds_a_key() -> None:
    forbidden = re.compile(rb"/work/(main|shared)|/root/\.|sk-[A-Za-z0-9]{32,}|-----BEGIN [A-Z ]*PRIVATE KEY")
    for path in tracked():
        if path != Path(__file__).resolve():
            assert not forbidden.search(path.read_bytes()), path


def test_the_tools_list_the_same_folders() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    for package in UNITS.values():
        folder = package.relative_to(ROOT).as_posix()
        assert text.count(f'"{folder}"') == 3, f"{folder}: wheel packages, mypy files and coverage source"


def test_links_of_the_documents_lead_somewhere() -> None:
    for document in (path for path in tracked() if path.suffix == ".md" and "workspace" not in path.parts):
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document}: {target}"
