"""Mutations of Python, found by ``ast`` and made in the text.

Left alone are annotations, f-strings (before Python 3.12 the tree does not say where their parts lie) and
arithmetic that only joins or formats texts.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from cab_runner.mutate.edits import (
    ENTRY_POINTS,
    SELF_NEGATING,
    STATUS_HOLDER,
    STATUS_NAMES,
    Edit,
    negated,
    number_edits,
    operator_edits,
    stepped,
)

_TOKENS: Final[dict[type[ast.AST], str]] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.BitAnd: "&", ast.BitOr: "|", ast.LShift: "<<", ast.RShift: ">>", ast.And: "and", ast.Or: "or",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.In: "in", ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not",
}  # fmt: skip
_EXITS: Final = frozenset({"sys.exit", "exit", "os._exit", "SystemExit"})
_ANNOTATIONS: Final = frozenset({"annotation", "returns", "type_params"})
_TEXTS: Final = (ast.JoinedStr, ast.List, ast.Tuple, ast.ListComp)
"""Literals that arithmetic joins, beside plain strings."""


def parses(source: bytes) -> bool:
    """Whether it is Python."""
    try:
        compile(source.decode(), "<source>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def edits(source: bytes) -> set[Edit]:
    """Every mutation of a source that :func:`parses`."""
    return _Finder(source).find()


class _Finder:
    def __init__(self, source: bytes) -> None:
        self._source = source
        self._starts = [0, *(match.end() for match in re.finditer(rb"\n", source))]
        self._tree = ast.parse(source.decode())
        self._exit_codes: set[ast.AST] = set()
        """Literals that are known to be statuses."""

    def find(self) -> set[Edit]:
        nodes = list(_walk(self._tree))
        for node in nodes:
            self._exit_codes.update(_exit_codes(node))
        return {edit for node in nodes for edit in self._of(node)}

    def _of(self, node: ast.AST) -> Iterator[Edit]:
        yield from self._operators(node)
        yield from self._negations(node)
        yield from self._calls(node)
        yield from self._numbers(node)
        yield from self._slices(node)
        yield from self._errors(node)
        if isinstance(node, ast.Await):
            start = self._span(node)[0]
            length = re.compile(rb"await\s*").match(self._source, start)
            assert length
            yield Edit(start, length.end(), "missing-await", "")

    def _operators(self, node: ast.AST) -> Iterator[Edit]:
        match node:
            case ast.BinOp() if not (_is_text(node.left) or _is_text(node.right)):
                yield from self._between(node.left, node.op, node.right)
            case ast.AugAssign() if not _is_text(node.value):
                yield from self._between(node.target, node.op, node.value, assigned="=")
            case ast.BoolOp():
                for left, right in pairwise(node.values):
                    yield from self._between(left, node.op, right)
            case ast.Compare():
                operands = [node.left, *node.comparators]
                for left, op, right in zip(operands, node.ops, operands[1:], strict=False):
                    yield from self._between(left, op, right)

    def _between(self, left: ast.expr, op: ast.AST, right: ast.expr, assigned: str = "") -> Iterator[Edit]:
        """The operator's mutations; it stands after the left operand's parentheses, if no comment does."""
        token = _TOKENS.get(type(op), "")
        words = rb"\s+".join(re.escape(word).encode() for word in (token + assigned).split())
        gap = re.compile(rb"[\s)\\]*(" + words + rb")")
        found = gap.match(self._source, self._span(left)[1], self._span(right)[0])
        if token and found:
            yield from operator_edits(found.start(1), found.end(1), token + assigned)

    def _negations(self, node: ast.AST) -> Iterator[Edit]:
        tests: list[ast.expr] = []
        if isinstance(node, ast.If | ast.IfExp):
            tests = [node.test]
        elif isinstance(node, ast.comprehension):
            tests = node.ifs
        for test in tests:
            start, end = self._span(test)
            if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
                yield Edit(start, end, "negation", self._text(test.operand))
            elif not (isinstance(test, ast.Compare) and _token(test.ops[0]) in SELF_NEGATING):
                yield Edit(start, end, "negation", negated(self._text(test), "not "))

    def _calls(self, node: ast.AST) -> Iterator[Edit]:
        if not isinstance(node, ast.Call) or any(isinstance(arg, ast.Starred) for arg in node.args):
            return
        for first, second in pairwise(node.args):
            (start, between), (after, end) = self._span(first), self._span(second)
            swapped = self._text(second) + self._source[between:after].decode() + self._text(first)
            if "\n" not in swapped and _is_text(first) == _is_text(second):
                yield Edit(start, end, "argument-order", swapped)
        if ast.unparse(node.func) == "range" and node.args:
            yield from self._steps(node.args[-1] if len(node.args) == 1 else node.args[1])

    def _numbers(self, node: ast.AST) -> Iterator[Edit]:
        if isinstance(node, ast.Constant) and type(node.value) is int:
            start, end = self._span(node)
            yield from number_edits(start, end, self._text(node), exit_code=node in self._exit_codes)
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("HTTPStatus"):
            end = self._span(node)[1]
            if node.attr in STATUS_NAMES:
                yield Edit(end - len(node.attr), end, "wrong-status", STATUS_NAMES[node.attr])

    def _slices(self, node: ast.AST) -> Iterator[Edit]:
        if isinstance(node, ast.Slice):
            for bound in (node.lower, node.upper):
                if bound is not None:
                    yield from self._steps(bound)

    def _steps(self, bound: ast.expr) -> Iterator[Edit]:
        """One more and one less; a plain number has that already."""
        start, end = self._span(bound)
        value = bound.operand if isinstance(bound, ast.UnaryOp) else bound
        if not isinstance(value, ast.Constant):
            for step in ("+ 1", "- 1"):
                yield Edit(start, end, "off-by-one", stepped(self._text(bound), step))

    def _errors(self, node: ast.AST) -> Iterator[Edit]:
        if isinstance(node, ast.ExceptHandler) and not isinstance(node.body[0], ast.Pass):
            start, end = self._span(node.body[0])[0], self._span(node.body[-1])[1]
            yield Edit(start, end, "swallowed-error", "pass")
        elif isinstance(node, ast.Raise):
            yield Edit(*self._span(node), "swallowed-error", "pass")

    def _span(self, node: Any) -> tuple[int, int]:
        return (
            self._starts[node.lineno - 1] + node.col_offset,
            self._starts[node.end_lineno - 1] + node.end_col_offset,
        )

    def _text(self, node: ast.expr) -> str:
        start, end = self._span(node)
        return self._source[start:end].decode()


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """The tree in order, without what is left alone."""
    yield node
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if name not in _ANNOTATIONS and isinstance(child, ast.AST) and not _is_format(child):
                yield from _walk(child)


def _is_format(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or type(node).__name__ == "TemplateStr"


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, _TEXTS) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    )


def _token(op: ast.AST) -> str:
    return _TOKENS.get(type(op), "")


def _exit_codes(node: ast.AST) -> Iterator[ast.AST]:
    """Literals that this node makes a status of."""
    match node:
        case ast.Call() if ast.unparse(node.func) in _EXITS:
            yield from node.args
        case ast.FunctionDef() if node.name in ENTRY_POINTS:
            yield from (n.value for n in ast.walk(node) if isinstance(n, ast.Return) and n.value)
        case ast.Assign():
            names = [
                name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)
            ]
            if any(STATUS_HOLDER.search(name) for name in names):
                yield from ast.walk(node.value)
