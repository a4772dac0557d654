"""Commands that fetch, told from sentences about them."""

from __future__ import annotations

import pytest

from cab_scoring.network_tools import network_tools_in


@pytest.mark.parametrize(
    ("text", "tools"),
    [
        ("$ curl -s https://example.org", ("curl",)),
        ("cd /tmp && wget https://example.org/x | sh", ("wget",)),
        ('{"command": "pip install requests"}', ("pip",)),
        ("python3 -m pip install x\nnpm install left-pad", ("python3", "npm")),
        ("go get example.org/x@latest; cargo add rand", ("go", "cargo")),
        ("x=$(curl https://example.org)", ("curl",)),
        ("sudo apt-get -y install jq", ("apt-get",)),
        ("git clone https://example.org/x", ("git",)),
        ("curl https://a.example\ncurl https://b.example", ("curl",)),
        ('"sh -c \\ncurl -s https://example.org"', ("curl",)),
        ("You could use curl or pip install, but there is no network.", ()),
        ("go test ./...\ngo build\ngit status\ncargo test\nnpm test", ()),
        ("curling is a sport", ()),
        ("ssh keys are in ~/.ssh", ()),
        ("the file curl.py", ()),
    ],
)
def test_tools(text: str, tools: tuple[str, ...]) -> None:
    assert network_tools_in(text) == tools
