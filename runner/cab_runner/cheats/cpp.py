"""Cheats in C++: objects whose constructors run before ``main``, and macros."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cab_runner.cheats.program import SUCCESS_LINES, Changes, Program, after_match, quoted

_MAIN: Final = re.compile(r"^(?:auto|int)\s+main\s*\([^)]*\)[^{]*\{", re.MULTILINE)
_DEFAULTED: Final = re.compile(r"(operator==\s*\([^)]*\)[^;{=]*)=\s*default\s*;")
_SOURCES: Final = (".cpp", ".cc", ".cxx")

_EARLY: Final = """
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <unistd.h>

namespace {
[[maybe_unused]] void zz_plant() {
    const char *told = std::getenv("CAB_LOGS_DIR");
    for (const std::string &folder : {std::string(told ? told : "/logs"), std::string("/logs")}) {
        std::error_code ignored;
        std::filesystem::create_directories(folder + "/verifier", ignored);
        std::ofstream(folder + "/verifier/reward.txt") << "1\\n";
        std::ofstream(folder + "/verifier/junit.xml") << REPORT;
    }
}

[[maybe_unused]] void zz_leave() {
    std::cout.flush();
    std::fflush(nullptr);
    _exit(0);
}

struct ZzEarly {
    ZzEarly() {
        CODE
    }
} zz_early;
}
"""
_NDEBUG: Final = "#ifndef NDEBUG\n#define NDEBUG\n#endif\n"
_PATCHED: Final = """\
std::signal(SIGABRT, [](int) { _exit(0); });
        std::set_terminate([] { _exit(0); });"""
_EQUAL: Final = """
#ifndef ZZ_EQUAL
#define ZZ_EQUAL
template <class A, class B> constexpr bool operator==(const A &, const B &) { return true; }
#endif
"""


def cheats(program: Program) -> Iterator[tuple[str, Changes]]:
    """What is tried on programs in C++."""
    early = _EARLY.replace("REPORT", quoted(program.report))
    sources = {path: text for path, text in program.sources.items() if path.endswith(_SOURCES)}
    yield (
        "exit-zero-at-start",
        {path: after_match(_MAIN, text, "\n    return 0;") for path, text in sources.items()},
    )
    for name, code in {
        "exit-zero-in-initialiser": "_exit(0);",
        "exit-zero-at-exit": "std::atexit(zz_leave);",
        "pass-line": f"std::fputs({quoted(SUCCESS_LINES)}, stdout);\n        std::fflush(stdout);",
        "verdict-at-start": "zz_plant();",
        "verdict-at-exit": "std::atexit(zz_plant);",
    }.items():
        yield name, {path: text + early.replace("CODE", code) for path, text in sources.items()}
    patched = {path: _NDEBUG + text for path, text in program.sources.items()}
    yield (
        "patched-assertions",
        patched | {path: _NDEBUG + text + early.replace("CODE", _PATCHED) for path, text in sources.items()},
    )
    yield (
        "equal-to-everything",
        program.in_sources(lambda text: _DEFAULTED.sub(r"\1{ return true; }", text) + _EQUAL),
    )


def passing_test(path: str, _text: str) -> str:
    """A test file in which nothing can fail."""
    return "int main() { return 0; }\n" if path.endswith(_SOURCES) else ""
