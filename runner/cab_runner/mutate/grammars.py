"""What :mod:`~cab_runner.mutate.trees` has to know of each language: its nodes' names, its own mutations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cab_runner.mutate.edits import STATUS_NAMES, Edit

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """One language's names for what all have."""

    integer: str
    labels: frozenset[str] = frozenset()
    """Parents under which an integer is no number (Rust's ``pair.0``)."""
    strings: frozenset[str]
    operations: frozenset[str]
    """Nodes with an ``operator`` field, and ``left`` and ``right``."""
    conditions: Mapping[str, str]
    """Node → its field that is a condition. Loops are not among them: turned round, they never end."""
    no_conditions: frozenset[str] = frozenset()
    """What stands where a condition may, and can't be negated."""
    arguments: frozenset[str]
    exits: frozenset[str]
    """Functions that take an exit code."""
    left_alone: frozenset[str]
    """Nodes that are not entered."""
    bounds: Callable[[Node], list[Node]]
    """The ends of a range or slice that a node has."""
    own: Callable[[Node], Iterator[Edit]]
    """Mutations of this language alone."""


def text(node: Node) -> str:
    """The source of a node."""
    return (node.text or b"").decode()


def part(node: Node, name: str) -> Node | None:
    """The child in a field; ``None`` also for the field ``""``."""
    return node.child_by_field_name(name) if name else None


_ERROR_NAME: Final = re.compile(r"err|err[A-Z]\w*|\w*Err", re.ASCII)
_GO_STATUS: Final = {
    f"Status{name if name == 'OK' else name.title().replace('_', '')}": (
        f"Status{near if near == 'OK' else near.title().replace('_', '')}"
    )
    for name, near in STATUS_NAMES.items()
}


def _go_bounds(node: Node) -> list[Node]:
    if node.type != "slice_expression":
        return []
    return [bound for name in ("start", "end") if (bound := part(node, name))]


def _go(node: Node) -> Iterator[Edit]:
    if node.type == "if_statement":
        condition, consequence = part(node, "condition"), part(node, "consequence")
        tested = re.fullmatch(r"(\w+) != nil", text(condition)) if condition else None
        if tested and _ERROR_NAME.fullmatch(tested[1]) and consequence and consequence.named_children:
            first, last = consequence.named_children[0], consequence.named_children[-1]
            yield Edit(first.start_byte, last.end_byte, "swallowed-error", f"_ = {tested[1]}")
    elif node.type == "return_statement" and node.named_children:
        last = node.named_children[0].named_children[-1]
        if last.type == "identifier" and _ERROR_NAME.fullmatch(text(last)):
            yield Edit(last.start_byte, last.end_byte, "swallowed-error", "nil")
    elif node.type == "selector_expression":
        name = part(node, "field")
        if name and text(name) in _GO_STATUS:
            yield Edit(name.start_byte, name.end_byte, "wrong-status", _GO_STATUS[text(name)])


def _rust_range(node: Node) -> tuple[Node | None, Node | None]:
    """A range's operator and its end."""
    if node.type != "range_expression":
        return None, None
    operator = next((child for child in node.children if child.type in {"..", "..="}), None)
    last = node.children[-1]
    return operator, last if last.is_named and operator and last.start_byte >= operator.end_byte else None


def _rust_bounds(node: Node) -> list[Node]:
    end = _rust_range(node)[1]
    return [end] if end else []


def _rust(node: Node) -> Iterator[Edit]:
    operator, end = _rust_range(node)
    if operator and end:
        other = "..=" if operator.type == ".." else ".."
        yield Edit(operator.start_byte, operator.end_byte, "off-by-one", other)
    if node.type == "try_expression" and node.parent is not None:
        tried = text(node.named_children[0])
        alone = node.parent.type == "expression_statement"
        after = f"let _ = {tried}" if alone else f"{tried}.unwrap_or_default()"
        yield Edit(node.start_byte, node.end_byte, "swallowed-error", after)


def _javascript_bounds(node: Node) -> list[Node]:
    function, arguments = part(node, "function"), part(node, "arguments")
    name = part(function, "property") if function else None
    if not name or not arguments or text(name) not in {"slice", "substring", "subarray"}:
        return []
    return [child for child in arguments.named_children if child.type not in {"comment", "unary_expression"}]


def _javascript(node: Node) -> Iterator[Edit]:
    if node.type == "await_expression":
        yield Edit(node.start_byte, node.named_children[0].start_byte, "missing-await", "")
    elif node.type == "catch_clause":
        body = part(node, "body")
        if body and body.named_children:
            yield Edit(body.start_byte, body.end_byte, "swallowed-error", "{}")
    elif node.type == "throw_statement":
        yield Edit(node.start_byte, node.end_byte, "swallowed-error", "return;")


GRAMMARS: Final[Mapping[str, Grammar]] = {
    "go": Grammar(
        integer="int_literal",
        strings=frozenset({"interpreted_string_literal", "raw_string_literal"}),
        operations=frozenset({"binary_expression", "assignment_statement"}),
        conditions={"if_statement": "condition"},
        arguments=frozenset({"argument_list"}),
        exits=frozenset({"os.Exit"}),
        left_alone=frozenset({"import_declaration", "package_clause", "array_type"}),
        bounds=_go_bounds,
        own=_go,
    ),
    "rust": Grammar(
        integer="integer_literal",
        labels=frozenset({"field_expression"}),
        strings=frozenset({"string_literal", "raw_string_literal"}),
        operations=frozenset({"binary_expression", "compound_assignment_expr"}),
        conditions={"if_expression": "condition", "match_pattern": "condition"},
        no_conditions=frozenset({"let_condition", "let_chain"}),
        arguments=frozenset({"arguments"}),
        exits=frozenset({"std::process::exit", "process::exit", "exit", "ExitCode::from"}),
        left_alone=frozenset(
            {"attribute_item", "inner_attribute_item", "use_declaration", "token_tree", "array_type"}
        ),
        bounds=_rust_bounds,
        own=_rust,
    ),
    "javascript": Grammar(
        integer="number",
        strings=frozenset({"string", "template_string"}),
        operations=frozenset({"binary_expression", "augmented_assignment_expression"}),
        conditions={"if_statement": "condition", "ternary_expression": "condition"},
        arguments=frozenset({"arguments"}),
        exits=frozenset({"process.exit"}),
        left_alone=frozenset({"import_statement"}),
        bounds=_javascript_bounds,
        own=_javascript,
    ),
}
