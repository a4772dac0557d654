"""Each kind of mutation in Python, by what becomes of a source."""

from __future__ import annotations

import pytest

from cab_runner.mutate.mutants import mutants


def made(source: str, kind: str) -> list[str]:
    """The whole source after each mutant of a kind."""
    data = source.encode()
    return [m.apply(data).decode() for m in mutants("python", "a.py", data) if m.kind == kind]


@pytest.mark.parametrize(
    ("kind", "source", "after"),
    [
        ("operator", "x = a + b", ["x = a - b"]),
        ("operator", "x = a // b  # a + b", ["x = a * b  # a + b"]),
        ("operator", "x = (a) \\\n  < (b)", ["x = (a) \\\n  > (b)"]),
        ("operator", "n -= 1", ["n += 1"]),
        ("operator", "x = a and b and c", ["x = a or b and c", "x = a and b or c"]),
        ("operator", "x = 'é' == a", ["x = 'é' != a"]),
        ("boundary", "x = 0 <= n < 9", ["x = 0 < n < 9", "x = 0 <= n <= 9"]),
        ("negation", "if a or b: pass", ["if not (a or b): pass"]),
        ("negation", "if not a: pass", ["if a: pass"]),
        ("negation", "if (not (a and b)): pass", ["if (a and b): pass"]),
        ("negation", "x = a if b.c() else d", ["x = a if not b.c() else d"]),
        ("negation", "x = [a for a in b if a.ok]", ["x = [a for a in b if not a.ok]"]),
        ("negation", "if a  in b: pass", ["if a  not in b: pass"]),
        ("negation", "x = a is  not None", ["x = a is None"]),
        ("argument-order", "f(a, (b), c=d)", ["f(b, (a), c=d)"]),
        ("argument-order", "f('x', 'y')", ["f('y', 'x')"]),
        ("missing-await", "async def f():\n    return await  g(await h)", [
            "async def f():\n    return g(await h)",
            "async def f():\n    return await  g(h)",
        ]),
        ("off-by-one", "x = 3", ["x = 2", "x = 4"]),
        ("off-by-one", "x = 0", ["x = 1"]),
        ("off-by-one", "range(n)", ["range(n + 1)", "range(n - 1)"]),
        ("off-by-one", "range(a, b or c)", ["range(a, (b or c) + 1)", "range(a, (b or c) - 1)"]),
        ("off-by-one", "x[a:len(b)]", [
            "x[a + 1:len(b)]", "x[a - 1:len(b)]", "x[a:len(b) + 1]", "x[a:len(b) - 1]",
        ]),
        ("swallowed-error", "try:\n    f()\nexcept E as e:\n    log(e)\n    stop()\n", [
            "try:\n    f()\nexcept E as e:\n    pass\n",
        ]),
        ("swallowed-error", "if a:\n    raise E('x')\n", ["if a:\n    pass\n"]),
        ("wrong-status", "send(404)", ["send(400)"]),
        ("wrong-status", "sys.exit(2)", ["sys.exit(1)"]),
        ("wrong-status", "EXIT_USAGE = 1", ["EXIT_USAGE = 2"]),
        ("wrong-status", "def main():\n    return 0", ["def main():\n    return 1"]),
        ("wrong-status", "x = HTTPStatus.NOT_FOUND", ["x = HTTPStatus.BAD_REQUEST"]),
    ],
)  # fmt: skip
def test_a_mutation(kind: str, source: str, after: list[str]) -> None:
    assert made(source, kind) == after


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("operator", "def f(a: int | None) -> int | None: ...\nb: int | str = c"),
        ("operator", "x = 'a' + b + c"),
        ("operator", "x = '%d' % a"),
        ("operator", "x = f'{a + b}'"),
        ("operator", "x = (a  # left\n     + b)"),
        ("negation", "while a: pass"),
        ("negation", "if a == b: pass"),
        ("argument-order", "f(*a, b)"),
        ("argument-order", "f('x', y)"),
        ("argument-order", "f(a,\n  b)"),
        ("argument-order", "f(a, a)"),
        ("off-by-one", "x = True"),
        ("off-by-one", "x = 0x10"),
        ("swallowed-error", "try:\n    f()\nexcept E:\n    pass\n"),
        ("wrong-status", "def fare():\n    return 0"),
    ],
)
def test_what_is_left_alone(kind: str, source: str) -> None:
    assert made(source, kind) == []
