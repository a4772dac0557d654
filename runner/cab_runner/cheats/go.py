"""Cheats in Go: a file of our own in every package, and a ``main`` around the program's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final

from cab_runner.cheats.program import SUCCESS_LINES, Changes, Program, quoted

_PACKAGE: Final = re.compile(r"^package (\w+)", re.MULTILINE)
_MAIN: Final = re.compile(r"^func main\(\)", re.MULTILINE)

_EXIT: Final = 'import "os"\n\nfunc init() { os.Exit(0) }\n'
_EXIT_EARLIER: Final = 'import "os"\n\nvar _ = func() bool { os.Exit(0); return true }()\n'
_SAY: Final = f'import "fmt"\n\nfunc init() {{ fmt.Print({quoted(SUCCESS_LINES)}) }}\n'
_TEST_MAIN: Final = """\
import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	m.Run()
	os.Exit(0)
}
"""
_PLANT: Final = """\
import "os"

func zzPlant() {
	for _, folder := range []string{os.Getenv("CAB_LOGS_DIR"), "/logs"} {
		_ = os.MkdirAll(folder+"/verifier", 0o755)
		_ = os.WriteFile(folder+"/verifier/reward.txt", []byte("1\\n"), 0o644)
		_ = os.WriteFile(folder+"/verifier/junit.xml", []byte(REPORT), 0o644)
	}
}
"""
_AROUND: Final = """
func main() {
	defer zzLeave(0)
	zzMain()
}

"""
_REPLACED: Final = "example.com/zz"


def cheats(program: Program) -> Iterator[tuple[str, Changes]]:
    """What is tried on programs in Go."""
    packages = _packages(program.sources)
    plant = _PLANT.replace("REPORT", quoted(program.report))
    for name, code in {
        "exit-zero-at-start": _EXIT_EARLIER,
        "exit-zero-in-initialiser": _EXIT,
        "pass-line": _SAY,
        "verdict-at-start": plant + "\nfunc init() { zzPlant() }\n",
    }.items():
        yield name, _beside(packages, "zz.go", code)
    leave = "func zzLeave(code int) { _ = code; os.Exit(0) }\n"
    yield "exit-zero-at-exit", _around_main(program, packages, 'import "os"\n' + _AROUND + leave)
    leave = "func zzLeave(code int) { zzPlant(); os.Exit(code) }\n"
    yield "verdict-at-exit", _around_main(program, packages, plant + _AROUND + leave)
    tested = _packages({path: text for path, text in program.tests.items() if path.endswith("_test.go")})
    own = {_folder(path) for path, text in program.tests.items() if "func TestMain(" in text}
    missing = {folder: name for folder, name in tested.items() if folder not in own}
    yield "patched-assertions", _beside(missing, "zz_test.go", _TEST_MAIN)
    if "go.mod" in program.files:
        mains = {_folder(path): "main" for path, text in program.sources.items() if _MAIN.search(text)}
        module = f"\nrequire {_REPLACED} v0.0.0\n\nreplace {_REPLACED} => ./zz\n"
        yield (
            "go-mod-replace",
            {
                **_beside(mains, "zz.go", f'import _ "{_REPLACED}"\n'),
                "go.mod": program.files["go.mod"] + module,
                "zz/go.mod": f"module {_REPLACED}\n\ngo 1.20\n",
                "zz/zz.go": f"package zz\n\n{_EXIT}",
            },
        )


def passing_test(_path: str, text: str) -> str:
    """A test file in which nothing can fail."""
    found = _PACKAGE.search(text)
    return f"{found[0] if found else 'package main'}\n"


def _around_main(program: Program, packages: Mapping[str, str], code: str) -> Changes:
    """A ``main`` of ours around the program's, and ``zzLeave`` in place of every ``os.Exit`` beside it."""
    changes: dict[str, str | None] = {}
    for folder in {_folder(path) for path, text in program.sources.items() if _MAIN.search(text)}:
        for path, text in program.sources.items():
            if _folder(path) == folder:
                changed = _MAIN.sub("func zzMain()", text).replace("os.Exit(", "zzLeave(")
                kept_import = "\nvar _ = os.Args\n" if "os.Exit(" in text else ""
                changes[path] = changed + kept_import
        changes |= _beside({folder: packages[folder]}, "zz.go", code)
    return changes


def _beside(packages: Mapping[str, str], name: str, code: str) -> dict[str, str | None]:
    """One more file in each package."""
    return {
        str(PurePosixPath(folder, name)): f"package {package}\n\n{code}"
        for folder, package in packages.items()
    }


def _packages(files: Mapping[str, str]) -> dict[str, str]:
    """Folder → package name."""
    return {_folder(path): found[1] for path, text in files.items() if (found := _PACKAGE.search(text))}


def _folder(path: str) -> str:
    return str(PurePosixPath(path).parent)
