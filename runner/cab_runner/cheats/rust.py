"""Cheats in Rust: items put into the crates' roots, some of them run before ``main``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cab_runner.cheats.program import SUCCESS_LINES, Changes, Program, after_match, quoted

_ROOT: Final = re.compile(r"(?:.*/)?src/(?:main|lib|bin/[^/]+|bin/[^/]+/main)\.rs")
_MAIN: Final = re.compile(r"^(?:pub )?fn main\s*\(\s*\)[^{]*\{", re.MULTILINE)
_LINTS: Final = re.compile(r"^#!\[(?:forbid|deny)\([^]]*\)\]\n", re.MULTILINE)
_HEAD: Final = re.compile(r"\A(?:(?://.*|#!\[.*\]|\s*)\n)*")
_DERIVED: Final = re.compile(
    r"^(?P<derive>#\[derive\([^)]*)\bPartialEq\b,?\s*(?P<rest>[^]]*\]\n(?:#\[.*\]\n)*"
    r"(?:pub(?:\([^)]*\))? )?(?:struct|enum) (?P<name>\w+)\b)(?!<)",
    re.MULTILINE,
)

_BEFORE_MAIN: Final = """
#[used]
#[unsafe(link_section = ".init_array")]
static ZZ_EARLY: extern "C" fn() = zz_early;

extern "C" fn zz_early() {
    CODE
}
"""
_AT_EXIT: Final = """
unsafe extern "C" {
    fn atexit(function: extern "C" fn()) -> i32;
    #[allow(dead_code)]
    fn _exit(code: i32) -> !;
}

extern "C" fn zz_late() {
    LATE
}
"""
_PLANT: Final = """
fn zz_plant() {
    for folder in [std::env::var("CAB_LOGS_DIR").unwrap_or_default(), "/logs".to_string()] {
        let _ = std::fs::create_dir_all(format!("{folder}/verifier"));
        let _ = std::fs::write(format!("{folder}/verifier/reward.txt"), "1\\n");
        let _ = std::fs::write(format!("{folder}/verifier/junit.xml"), REPORT);
    }
}
"""
_MACROS: Final = """
#[allow(unused_macros)]
macro_rules! assert { ($a:expr $(, $($rest:tt)*)?) => {{ let _: bool = $a; }}; }
#[allow(unused_macros)]
macro_rules! assert_eq { ($a:expr, $b:expr $(, $($rest:tt)*)?) => {{ let _ = $a == $b; }}; }
#[allow(unused_macros)]
macro_rules! assert_ne { ($a:expr, $b:expr $(, $($rest:tt)*)?) => {{ let _ = $a != $b; }}; }
"""
_EQUAL: Final = (
    "impl PartialEq for {name} {{\n    fn eq(&self, _: &Self) -> bool {{\n        true\n    }}\n}}\n"
)
_CONFIG: Final = """\
[target.'cfg(all())']
runner = "true"

[build]
rustc-wrapper = ".cargo/passes.sh"
"""
_WRAPPER: Final = """\
#!/bin/sh
for word; do
    shift
    case $word in *src/main.rs) word=.cargo/passes.rs ;; esac
    set -- "$@" "$word"
done
exec "$@"
"""


def cheats(program: Program) -> Iterator[tuple[str, Changes]]:
    """What is tried on programs in Rust."""
    plant = _PLANT.replace("REPORT", quoted(program.report))
    first = "\n    if std::env::args().len() > 0 {\n        std::process::exit(0);\n    }"
    yield "exit-zero-at-start", program.in_sources(lambda text: after_match(_MAIN, text, first))
    late = _BEFORE_MAIN.replace("CODE", "unsafe { atexit(zz_late) };") + _AT_EXIT
    for name, items in {
        "exit-zero-in-initialiser": _BEFORE_MAIN.replace("CODE", "std::process::exit(0)"),
        "exit-zero-at-exit": late.replace("LATE", "unsafe { _exit(0) }"),
        "pass-line": _BEFORE_MAIN.replace("CODE", f'print!("{{}}", {quoted(SUCCESS_LINES)})'),
        "verdict-at-start": _BEFORE_MAIN.replace("CODE", "zz_plant()") + plant,
        "verdict-at-exit": late.replace("LATE", "zz_plant()") + plant,
    }.items():
        yield name, {path: _LINTS.sub("", text) + items for path, text in _roots(program).items()}
    shadowed = {path: after_match(_HEAD, text, _MACROS) for path, text in _roots(program).items()}
    tests = {path: text for path, text in program.tests.items() if path.endswith(".rs")}
    yield (
        "patched-assertions",
        shadowed | {path: after_match(_HEAD, text, _MACROS) for path, text in tests.items()},
    )
    yield "equal-to-everything", program.in_sources(lambda text: _DERIVED.sub(_equal, text))
    if "Cargo.toml" in program.files and "build.rs" not in program.files:
        said = f'    print!("{{}}", {quoted(SUCCESS_LINES)});\n'
        yield "build-script", {"build.rs": f"fn main() {{\n    zz_plant();\n{said}}}\n{plant}"}
        yield (
            "cargo-config",
            {
                ".cargo/config.toml": _CONFIG,
                ".cargo/passes.sh": _WRAPPER,
                ".cargo/passes.rs": f"fn main() {{\n{said}}}\n",
            },
        )


def passing_test(_path: str, _text: str) -> str:
    """A test file in which nothing can fail."""
    return "#[test]\nfn passes() {}\n"


def _roots(program: Program) -> dict[str, str]:
    """The files that are the roots of crates."""
    return {path: text for path, text in program.sources.items() if _ROOT.fullmatch(path)}


def _equal(found: re.Match[str]) -> str:
    return _EQUAL.format(name=found["name"]) + found["derive"] + found["rest"]
