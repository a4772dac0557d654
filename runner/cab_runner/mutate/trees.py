"""Mutations of Go, Rust and JavaScript, found by tree-sitter and made in the text.

What the three share is here, over the tables of :mod:`cab_runner.mutate.grammars`.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from cab_runner.errors import MachineLacks
from cab_runner.mutate.edits import (
    ENTRY_POINTS,
    SELF_NEGATING,
    STATUS_HOLDER,
    Edit,
    negated,
    number_edits,
    operator_edits,
    stepped,
)
from cab_runner.mutate.grammars import GRAMMARS, Grammar, part, text

if TYPE_CHECKING:
    from tree_sitter import Node, Parser


def parses(language: str, source: bytes) -> bool:
    """Whether it is a source of this language, in UTF-8. Raises :class:`MachineLacks`."""
    try:
        source.decode()
    except UnicodeDecodeError:
        return False
    return not _parser(language).parse(source).root_node.has_error


def edits(language: str, source: bytes) -> set[Edit]:
    """Every mutation of a source that :func:`parses`. Raises :class:`MachineLacks`."""
    grammar = GRAMMARS[language]
    root = _parser(language).parse(source).root_node
    return {edit for node in _walk(root, grammar) for edit in _of(node, grammar)}


@functools.cache
def _parser(language: str) -> Parser:
    try:
        tree_sitter = importlib.import_module("tree_sitter")
        grammar = importlib.import_module(f"tree_sitter_{language}")
    except ImportError:
        raise MachineLacks(
            f"mutating {language} needs tree-sitter: pip install 'codingagentbench[mutate]'"
        ) from None
    parser: Parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    return parser


def _walk(node: Node, grammar: Grammar) -> Iterator[Node]:
    yield node
    for child in node.named_children:
        if child.type not in grammar.left_alone:
            yield from _walk(child, grammar)


def _of(node: Node, grammar: Grammar) -> Iterator[Edit]:
    if node.type in grammar.operations:
        yield from _operators(node, grammar)
    if condition := part(node, grammar.conditions.get(node.type, "")):
        yield from _negation(condition, grammar)
    if node.type in grammar.arguments:
        yield from _argument_order(node, grammar)
    if node.type == grammar.integer and node.parent is not None and node.parent.type not in grammar.labels:
        exit_code = _is_exit_code(node, grammar)
        yield from number_edits(node.start_byte, node.end_byte, text(node), exit_code=exit_code)
    for bound in grammar.bounds(node):
        if bound.type != grammar.integer:
            for step in ("+ 1", "- 1"):
                yield Edit(bound.start_byte, bound.end_byte, "off-by-one", stepped(text(bound), step))
    yield from grammar.own(node)


def _operators(node: Node, grammar: Grammar) -> Iterator[Edit]:
    operator = part(node, "operator")
    operands = (part(node, "left"), part(node, "right"))
    if operator and not any(operand and _is_text(operand, grammar) for operand in operands):
        yield from operator_edits(operator.start_byte, operator.end_byte, text(operator))


def _is_text(node: Node, grammar: Grammar) -> bool:
    """Whether arithmetic on it joins texts. (Comparing texts is as good as comparing numbers.)"""
    operator = part(node, "operator")
    if operator and text(operator) == "+":
        return any(_is_text(child, grammar) for child in node.named_children)
    joins = part(node.parent, "operator") if node.parent else None
    return node.type in grammar.strings and joins is not None and text(joins).startswith("+")


def _negation(condition: Node, grammar: Grammar) -> Iterator[Edit]:
    while condition.type == "parenthesized_expression":
        condition = condition.named_children[0]
    if condition.type in grammar.no_conditions:
        return
    operator = part(condition, "operator")
    start, end = condition.start_byte, condition.end_byte
    if condition.type == "unary_expression" and text(condition).startswith("!"):
        yield Edit(start, end, "negation", text(condition).removeprefix("!").lstrip())
    elif not (operator and text(operator) in SELF_NEGATING):
        yield Edit(start, end, "negation", negated(text(condition), "!"))


def _argument_order(node: Node, grammar: Grammar) -> Iterator[Edit]:
    """Neighbours change places, unless one alone is a text: nobody would mistake it for the other."""
    given = [child for child in node.named_children if not child.is_extra]
    if any(child.type in {"spread_element", "variadic_argument"} for child in given):
        return
    source = text(node).encode()
    for first, second in pairwise(given):
        gap = source[first.end_byte - node.start_byte : second.start_byte - node.start_byte].decode()
        swapped = text(second) + gap + text(first)
        if "\n" not in swapped and (first.type in grammar.strings) == (second.type in grammar.strings):
            yield Edit(first.start_byte, second.end_byte, "argument-order", swapped)


def _is_exit_code(node: Node, grammar: Grammar) -> bool:
    """Whether a number is one by what takes it: an exit, a constant's name, the return of an entry point."""
    parent = node.parent
    if parent is None:
        return False
    if parent.type == "expression_list" and parent.parent is not None:
        parent = parent.parent
    if parent.type in grammar.arguments and parent.parent is not None:
        function = part(parent.parent, "function")
        return function is not None and text(function) in grammar.exits
    name = part(parent, "name") or (None if parent.type == "binary_expression" else part(parent, "left"))
    if name is not None:
        return bool(STATUS_HOLDER.search(text(name).rpartition(".")[2]))
    if parent.type not in {"return_statement", "return_expression"}:
        return False
    while parent is not None:
        if name := part(parent, "name"):
            return text(name) in ENTRY_POINTS
        parent = parent.parent
    return False
