"""Which packages a file names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_scoring.dependencies import dependencies, own_names

PYPROJECT = """
[build-system]
requires = ["hatchling>=1"]
[project]
dependencies = ["aiohttp>=3.11", "click"]
[project.optional-dependencies]
test = ["pytest>=8"]
[dependency-groups]
dev = ["ruff", {include-group = "test"}]
[tool.poetry.dependencies]
python = "^3.11"
rich = "*"
"""
CARGO = '[dependencies]\nrand = "0.8"\n[target."cfg(unix)".dev-dependencies]\nnix = "1"\n'
POM = (
    "<project><dependencies><dependency><artifactId>junit</artifactId></dependency></dependencies></project>"
)


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        ("requirements-dev.txt", "# x\nrequests==2.0\n-r other.txt\nattrs\n", {"requests", "attrs"}),
        ("pyproject.toml", PYPROJECT, {"hatchling", "aiohttp", "click", "pytest", "ruff", "rich"}),
        ("sub/Cargo.toml", CARGO, {"rand", "nix"}),
        ("go.mod", "module m\n\ngo 1.24\n\nrequire (\n\tgithub.com/a/b v1.2.3\n)\n", {"github.com/a/b"}),
        ("go.mod", "module m\nrequire rsc.io/quote v1.5.2\n", {"rsc.io/quote"}),
        ("package.json", '{"dependencies": {"a": "1"}, "devDependencies": {"@b/c": "*"}}', {"a", "@b/c"}),
        ("pom.xml", POM, {"junit"}),
        ("app/x.py", "import os, requests.api\nfrom app import y\nfrom . import z\n", {"requests"}),
        ("x.py", "try:\n    import numpy as np\nexcept ImportError:\n    np = None\n", {"numpy"}),
        ("x.mjs", 'import a from "left-pad";\nimport fs from "node:fs";\nimport("./b.js");\n', {"left-pad"}),
        ("x.js", 'const { x } = require("@org/pkg/deep"), p = require("fs/promises")', {"@org/pkg"}),
        ("node_modules/lodash/index.js", "module.exports = 1", {"node_modules/lodash"}),
        ("vendor/github.com/x.go", "package x", {"vendor/github.com"}),
        ("notes.md", "import numpy", set()),
        ("package.json", "", set()),
    ],
)
def test_names(path: str, text: str, names: set[str]) -> None:
    assert dependencies(path, text, own_names(["app/x.py"])) == frozenset(names)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("package.json", "{"),
        ("Cargo.toml", "[["),
        ("x.py", "def ("),
        ("pom.xml", "<a>"),
        ("pom.xml", '<!DOCTYPE a [<!ENTITY x "y">]><a/>'),
    ],
)
def test_what_cannot_be_read_is_unknown(path: str, text: str) -> None:
    assert dependencies(path, text, ()) is None


@given(
    path=st.sampled_from(
        ["package.json", "Cargo.toml", "go.mod", "pyproject.toml", "pom.xml", "a.py", "a.js"]
    ),
    text=st.text() | st.sampled_from(["[]", "{}", "null", '{"dependencies": 3}', "dependencies = 3"]),
)
def test_no_text_is_too_odd(path: str, text: str) -> None:
    found = dependencies(path, text, ())
    assert found is None or all(isinstance(name, str) for name in found)
