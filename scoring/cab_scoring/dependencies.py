"""Packages that a file names: declared in a manifest, imported by a source, or brought along.

Invariants
----------
* Names come as the file has them, without versions: an upgrade is no new dependency.
* What a language brings itself, and what the task holds itself, is no dependency.
* A file that can't be read as what its name says gives ``None``: unknown.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final
from xml.etree import ElementTree

_VENDORED: Final = frozenset({"node_modules", "site-packages", "vendor", "third_party"})
"""Folders in which other people's code lies."""

_NODE_MODULES: Final = (
    "assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns "
    "domain events fs http http2 https inspector module net os path perf_hooks process punycode querystring "
    "readline repl stream string_decoder sys timers tls trace_events tty url util v8 vm wasi worker_threads "
    "zlib"
)
"""What Node 20 has itself: ``require("module").builtinModules``, first words."""

_NAME: Final = re.compile(r"^[A-Za-z0-9][\w.-]*", re.ASCII)
_JS_IMPORT: Final = re.compile(r"""(?:\bfrom|\bimport|\brequire\s*\(|\bimport\s*\()\s*["']([^"'\n]+)["']""")
_GO_REQUIRE: Final = re.compile(r"^\s*(?:require\s+)?([\w.-]+\.[\w-]+(?:/\S+)?)\s+v\d", re.MULTILINE)
_MOST_CHARS: Final = 2**20


def dependencies(path: str, text: str, own: Collection[str]) -> frozenset[str] | None:
    """What a file names; ``own`` are the names that the workspace has itself (:func:`own_names`).

    Empty for a file that can name nothing, ``None`` for one that can't be read.
    """
    file = PurePosixPath(path)
    brought = [part for part in file.parts[:-1] if part in _VENDORED]
    if brought:
        return frozenset({f"{brought[0]}/{file.parts[file.parts.index(brought[0]) + 1]}"})
    read = _MANIFESTS.get(file.name) or _SOURCES.get(file.suffix)
    if read is None and re.fullmatch(r"requirements[\w.-]*\.txt", file.name):
        read = _requirements
    if read is None:
        return frozenset()
    if not text.strip():
        return frozenset()
    if len(text) > _MOST_CHARS:
        return None
    try:
        return frozenset(name for name in read(text) if name not in own)
    except (ValueError, SyntaxError, RecursionError, MemoryError, ElementTree.ParseError):
        return None


def own_names(paths: Collection[str]) -> frozenset[str]:
    """Names by which a workspace's own modules can be imported: of its folders and its files."""
    parts = (part for path in paths for part in PurePosixPath(path).parts)
    return frozenset(part.partition(".")[0] for part in parts)


def _python(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        modules = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom) and node.module and node.level == 0
            else []
        )
        yield from (top for m in modules if (top := m.partition(".")[0]) not in sys.stdlib_module_names)


def _javascript(text: str) -> Iterator[str]:
    for name in _JS_IMPORT.findall(text):
        parts = name.split("/")
        if name[0] not in "./#" and not name.startswith("node:") and parts[0] not in _NODE_MODULES.split():
            yield "/".join(parts[:2]) if name.startswith("@") else parts[0]


def _requirements(text: str) -> Iterator[str]:
    return (found[0] for line in text.splitlines() if (found := _NAME.match(line.strip())))


def _pyproject(text: str) -> Iterator[str]:
    raw = tomllib.loads(text)
    project, poetry = _at(raw, "project"), _at(raw, "tool", "poetry")
    groups = [*_at(project, "optional-dependencies").values(), *_at(raw, "dependency-groups").values()]
    for entries in (project.get("dependencies"), _at(raw, "build-system").get("requires"), *groups):
        if isinstance(entries, list):
            yield from _requirements("\n".join(entry for entry in entries if isinstance(entry, str)))
    yield from (name for name in _at(poetry, "dependencies") if name != "python")


def _cargo(text: str) -> Iterator[str]:
    raw = tomllib.loads(text)
    for table in (raw, _at(raw, "workspace"), *_at(raw, "target").values()):
        for key in ("dependencies", "dev-dependencies", "build-dependencies"):
            yield from _at(table, key)


def _package_json(text: str) -> Iterator[str]:
    raw = json.loads(text)
    for key in ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies"):
        yield from _at(raw, key)


def _pom(text: str) -> Iterator[str]:
    # no entity can be defined here: expat stops at undeclared ones, and a DOCTYPE is not read
    if "<!DOCTYPE" in text:
        raise ValueError("a document type is not read")
    for node in ElementTree.fromstring(text).iter():  # noqa: S314  # without a document type there is nothing to expand
        if node.tag.rpartition("}")[2] == "dependency":
            yield from (child.text or "" for child in node if child.tag.rpartition("}")[2] == "artifactId")


def _at(raw: object, *keys: str) -> Mapping[str, Any]:
    for key in keys:
        raw = raw.get(key) if isinstance(raw, Mapping) else None
    return raw if isinstance(raw, Mapping) else {}


_Reader = Callable[[str], Collection[str] | Iterator[str]]

_MANIFESTS: Final[dict[str, _Reader]] = {
    "Cargo.toml": _cargo,
    "go.mod": _GO_REQUIRE.findall,
    "package.json": _package_json,
    "pom.xml": _pom,
    "pyproject.toml": _pyproject,
}
_SOURCES: Final[dict[str, _Reader]] = {
    ".py": _python,
    **dict.fromkeys((".js", ".mjs", ".cjs", ".ts"), _javascript),
}
"""Go, Rust, Java and C++ can't use a package that no manifest and no vendored folder brings."""
