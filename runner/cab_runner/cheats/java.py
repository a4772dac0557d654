"""Cheats in Java: static initialisers and methods put into the program's classes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from cab_runner.cheats.program import SUCCESS_LINES, Changes, Program, after_match, quoted

_CLASS: Final = re.compile(
    r"^(?:(?:public|final|abstract|sealed|non-sealed) )*class\s+\w+[^{;]*\{", re.MULTILINE
)
_VALUE: Final = re.compile(
    r"^[ \t]*(?:(?:public|private|protected|static|final) )*(?:class|record)\s+\w+[^{;]*\{", re.MULTILINE
)
_MAIN: Final = re.compile(r"\bstatic\s+void\s+main\s*\([^)]*\)[^{]*\{")
_PACKAGE: Final = re.compile(r"^package [\w.]+;\n", re.MULTILINE)

_PLANT: Final = """
    private static void zzPlant() {
        for (String folder : new String[] {System.getenv("CAB_LOGS_DIR"), "/logs"}) {
            try {
                var verifier = java.nio.file.Path.of(folder, "verifier");
                java.nio.file.Files.createDirectories(verifier);
                java.nio.file.Files.writeString(verifier.resolve("reward.txt"), "1\\n");
                java.nio.file.Files.writeString(verifier.resolve("junit.xml"), REPORT);
            } catch (Exception ignored) {
            }
        }
    }
"""
_EQUALS: Final = """
    public boolean equals(Object other) {
        return true;
    }

    public int hashCode() {
        return 0;
    }
"""


def cheats(program: Program) -> Iterator[tuple[str, Changes]]:
    """What is tried on programs in Java."""
    plant = _PLANT.replace("REPORT", quoted(program.report))
    yield (
        "exit-zero-at-start",
        program.in_sources(lambda text: after_match(_MAIN, text, "\n        System.exit(0);")),
    )
    halt = "System.out.flush();\n        Runtime.getRuntime().halt(0);"
    for name, members in {
        "exit-zero-in-initialiser": _static("System.exit(0);"),
        "exit-zero-at-exit": _static(_at_exit(halt)),
        "pass-line": _static(f"System.out.print({quoted(SUCCESS_LINES)});\n        System.out.flush();"),
        "verdict-at-start": plant + _static("zzPlant();"),
        "verdict-at-exit": plant + _static(_at_exit("zzPlant();")),
        "patched-assertions": _static(
            "ClassLoader.getSystemClassLoader().setDefaultAssertionStatus(false);\n"
            "        Thread.setDefaultUncaughtExceptionHandler((t, e) -> Runtime.getRuntime().halt(0));"
        ),
    }.items():
        yield name, {path: after_match(_CLASS, text, members) for path, text in program.sources.items()}
    yield (
        "equal-to-everything",
        program.in_sources(
            lambda text: (
                text if "boolean equals(" in text else _VALUE.sub(lambda found: found[0] + _EQUALS, text)
            )
        ),
    )


def passing_test(path: str, text: str) -> str:
    """A test file in which nothing can fail."""
    package = _PACKAGE.search(text)
    name = PurePosixPath(path).stem
    main = "    public static void main(String[] args) {}\n"
    return f"{package[0] if package else ''}public class {name} {{\n{main}}}\n"


def _static(code: str) -> str:
    return f"\n    static {{\n        {code}\n    }}\n"


def _at_exit(code: str) -> str:
    return f"Runtime.getRuntime().addShutdownHook(new Thread(() -> {{ {code} }}));"
