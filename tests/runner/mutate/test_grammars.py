"""Mutations that one language alone has."""

from __future__ import annotations

import pytest

from cab_runner.mutate.grammars import GRAMMARS
from cab_runner.mutate.mutants import LANGUAGES, mutants

GO = "package a\n\nfunc f() error {\n\t%s\n\treturn nil\n}\n"
RUST = "fn f() {\n    %s\n}\n"
ASYNC = "async function f() {\n  %s\n}\n"


def test_every_language_has_a_grammar_or_ast() -> None:
    assert set(LANGUAGES) == {"python", *GRAMMARS}


@pytest.mark.parametrize(
    ("language", "frame", "kind", "code", "after"),
    [
        ("go", GO, "swallowed-error", "if err != nil { log(err); return err }", [
            "if err != nil { _ = err }",
            "if err != nil { log(err); return nil }",
        ]),
        ("go", GO, "swallowed-error", "if parseErr != nil { return 0, wrap(parseErr) }", [
            "if parseErr != nil { _ = parseErr }",
        ]),
        ("go", GO, "swallowed-error", "if value != nil { return value }", []),
        ("go", GO, "wrong-status", "send(http.StatusNotFound)", ["send(http.StatusBadRequest)"]),
        ("go", GO, "wrong-status", "send(http.StatusOK)", ["send(http.StatusCreated)"]),
        ("go", GO, "off-by-one", "s = s[a:len(b)]", [
            "s = s[a + 1:len(b)]", "s = s[a - 1:len(b)]", "s = s[a:len(b) + 1]", "s = s[a:len(b) - 1]",
        ]),
        ("rust", RUST, "swallowed-error", "let x = g(a)?;", ["let x = g(a).unwrap_or_default();"]),
        ("rust", RUST, "swallowed-error", "g(a)?;", ["let _ = g(a);"]),
        ("rust", RUST, "off-by-one", "for i in 0..n {}", [
            "for i in 1..n {}", "for i in 0..=n {}", "for i in 0..n + 1 {}", "for i in 0..n - 1 {}",
        ]),
        ("rust", RUST, "off-by-one", "let x = &s[a..];", []),
        ("javascript", ASYNC, "missing-await", "return await  g(b);", ["return g(b);"]),
        ("javascript", ASYNC, "swallowed-error", "try { g(); } catch (e) { stop(e); }", [
            "try { g(); } catch (e) {}",
        ]),
        ("javascript", ASYNC, "swallowed-error", "try { g(); } catch {}", []),
        ("javascript", ASYNC, "swallowed-error", "if (a) throw new E(b);", ["if (a) return;"]),
        ("javascript", ASYNC, "off-by-one", "s.slice(n);", ["s.slice(n + 1);", "s.slice(n - 1);"]),
        ("javascript", ASYNC, "off-by-one", "s = s.join(n);", []),
    ],
)  # fmt: skip
def test_a_mutation(language: str, frame: str, kind: str, code: str, after: list[str]) -> None:
    source = (frame % code).encode()
    found = [m.apply(source).decode() for m in mutants(language, "a", source) if m.kind == kind]
    assert found == [frame % text for text in after]
