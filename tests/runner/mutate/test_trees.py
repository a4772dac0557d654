"""Each kind of mutation in Go, Rust and JavaScript, by what becomes of a source."""

from __future__ import annotations

import sys

import pytest

from cab_runner.errors import MachineLacks
from cab_runner.mutate import trees
from cab_runner.mutate.mutants import mutants

FRAMES = {
    "go": ("package a\n\nfunc f() {\n\t", "\n}\n"),
    "rust": ("fn f() {\n    ", "\n}\n"),
    "javascript": ("", "\n"),
}


def made(language: str, code: str, kind: str) -> list[str]:
    """The code after each mutant of a kind; it stands in a function where the language wants one."""
    before, after = FRAMES[language]
    source = f"{before}{code}{after}".encode()
    return [
        m.apply(source).decode().removeprefix(before).removesuffix(after)
        for m in mutants(language, "a", source)
        if m.kind == kind
    ]


@pytest.mark.parametrize(
    ("language", "kind", "code", "after"),
    [
        ("go", "operator", "x := a + b // a + b", ["x := a - b // a + b"]),
        ("go", "operator", "x += n", ["x -= n"]),
        ("go", "operator", 'x := a == "é"', ['x := a != "é"']),
        ("rust", "operator", "let x = a && b;", ["let x = a || b;"]),
        ("rust", "operator", "x -= n;", ["x += n;"]),
        ("javascript", "operator", "x = a !== b;", ["x = a === b;"]),
        ("javascript", "operator", "x ??= a % b;", ["x ??= a / b;"]),
        ("go", "boundary", "x := a < b", ["x := a <= b"]),
        ("rust", "boundary", "let x = a >= b;", ["let x = a > b;"]),
        ("javascript", "boundary", "x = a > b;", ["x = a >= b;"]),
        ("go", "negation", "if a || b {}", ["if !(a || b) {}"]),
        ("go", "negation", "if v, ok := m[k]; !ok {}", ["if v, ok := m[k]; ok {}"]),
        ("rust", "negation", "if a.is_b() {}", ["if !a.is_b() {}"]),
        ("rust", "negation", "match n { n if ok(n) => 1 };", ["match n { n if !ok(n) => 1 };"]),
        ("javascript", "negation", "if (!(a && b)) f();", ["if ((a && b)) f();"]),
        ("javascript", "negation", "x = a < b ? c : d;", ["x = !(a < b) ? c : d;"]),
        ("go", "argument-order", "f(a, g(b))", ["f(g(b), a)"]),
        ("rust", "argument-order", "f(&a, b);", ["f(b, &a);"]),
        ("javascript", "argument-order", "f(a /* one */, b);", ["f(b /* one */, a);"]),
        ("go", "off-by-one", "x := 64", ["x := 63", "x := 65"]),
        ("rust", "off-by-one", "let x = 0u8;", ["let x = 1u8;"]),
        ("javascript", "off-by-one", "x = 10;", ["x = 11;", "x = 9;"]),
        ("go", "wrong-status", "os.Exit(2)", ["os.Exit(1)"]),
        ("go", "wrong-status", "const exitUsage = 2", ["const exitUsage = 1"]),
        ("rust", "wrong-status", "const USAGE_ERROR: u8 = 2;", ["const USAGE_ERROR: u8 = 1;"]),
        ("rust", "wrong-status", "ExitCode::from(1);", ["ExitCode::from(2);"]),
        ("javascript", "wrong-status", "res.writeHead(404);", ["res.writeHead(400);"]),
        ("javascript", "wrong-status", "process.exitCode = 2;", ["process.exitCode = 1;"]),
        ("javascript", "wrong-status", "function main() { return 0; }", ["function main() { return 1; }"]),
    ],
)  # fmt: skip
def test_a_mutation(language: str, kind: str, code: str, after: list[str]) -> None:
    assert made(language, code, kind) == after


@pytest.mark.parametrize(
    ("language", "kind", "code"),
    [
        ("go", "operator", 'x := "a" + b + c'),
        ("go", "negation", "for a {}"),
        ("go", "negation", "if a == b {}"),
        ("go", "argument-order", "f(a, b...)"),
        ("go", "argument-order", 'f("x", y)'),
        ("rust", "operator", 'println!("{}", a + b);'),
        ("rust", "negation", "if let Some(x) = y {}"),
        ("rust", "off-by-one", "let x = pair.0;"),
        ("javascript", "operator", "x = `a` + b;"),
        ("javascript", "argument-order", "f(...a, b);"),
        ("javascript", "argument-order", "f(() => {\n}, b);"),
        ("javascript", "wrong-status", "if (status === 0) f();"),
        ("javascript", "wrong-status", "function fare() { return 0; }"),
    ],
)
def test_what_is_left_alone(language: str, kind: str, code: str) -> None:
    assert made(language, code, kind) == []


def test_without_the_parser_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tree_sitter_go", None)
    trees._parser.cache_clear()
    with pytest.raises(MachineLacks, match=r"go needs tree-sitter: pip install 'codingagentbench\[mutate\]'"):
        mutants("go", "a.go", b"package a\n")
