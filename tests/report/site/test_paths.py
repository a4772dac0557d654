from __future__ import annotations

from pathlib import PurePosixPath
from posixpath import normpath
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_report.site import paths

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


def test_the_published_scheme_of_urls() -> None:
    page = paths.cell("real", "aider", "meta/llama-4", "mutations/swap")
    assert page == "cell/aider/meta/llama-4/mutations/swap/index.html"
    assert paths.absolute(page, "https://x.org/bench/") == (
        "https://x.org/bench/cell/aider/meta/llama-4/mutations/swap/"
    )
    assert paths.badge(page) == "badge/cell/aider/meta/llama-4/mutations/swap.svg"
    assert paths.task("real", "mutations/swap") == "task/mutations/swap/index.html"


def test_only_real_attempts_lie_at_published_urls() -> None:
    cell = ("aider", "m", "mutations/swap")
    assert paths.cell("simulated", *cell) == "simulated/" + paths.cell("real", *cell)
    assert paths.board("provisional") == "provisional/index.html"


@given(NAMES, NAMES, NAMES)
def test_a_link_leads_where_the_page_lies(agent: str, model: str, other: str) -> None:
    here, target = paths.cell("real", agent, model, "a/b"), paths.model("simulated", other)
    made = urlsplit(paths.link(target, here))
    assert (made.scheme, made.netloc, made.query, made.fragment) == ("", "", "", "")
    base = PurePosixPath("/prefix", here)
    assert normpath(str(base.parent / unquote(made.path))) == f"/prefix/{target}"


@given(NAMES)
def test_no_name_leads_out_of_the_site(name: str) -> None:
    path = paths.agent("real", name)
    assert normpath(path) == path
    assert path.startswith("agent/")


@pytest.mark.parametrize("name", ["m:1", "http://x", "//x", "javascript:alert(1)", "%2e%2e", "a?b#c"])
def test_a_link_is_never_to_another_host_or_scheme(name: str) -> None:
    for here in ("index.html", paths.agent("real")):
        joined = urlsplit(urljoin(f"https://site.org/p/{here}", paths.link(paths.agent("real", name), here)))
        assert (joined.scheme, joined.netloc) == ("https", "site.org")
        assert joined.path.startswith("/p/agent/")


def test_a_file_beside_a_page() -> None:
    assert paths.beside("cell/a/index.html", "embed.html") == "cell/a/embed.html"
    assert paths.beside("index.html", "x.svg") == "x.svg"
