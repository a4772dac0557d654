from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from cab_report.site import content, templating
from cab_report.site.content import Site
from cab_scoring.stats.intervals import Interval


@pytest.fixture
def site() -> Site:
    return Site(
        contents={"real": content.Content("real", ())}, base_url=None, evidence=False, calibrations=None
    )


def test_a_template_escapes_and_a_misspelt_name_is_an_error(site: Site) -> None:
    env = templating.environment(site)
    assert env.from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"
    assert env.from_string("{{ x }}{{ x|visible }}").render(x=None) == "––"
    with pytest.raises(UndefinedError):
        env.from_string("{{ y }}").render(x=1)


@given(st.text())
def test_json_in_a_script_element_ends_where_it_should(text: str) -> None:
    made = str(templating.as_json({"text": text}))
    assert json.loads(made) == {"text": text}
    assert not re.search("[<>&\u2028\u2029]", made)
    found: list[str] = []
    parser = HTMLParser(convert_charrefs=False)
    parser.handle_data = found.append  # type: ignore[method-assign, assignment]
    parser.feed(f'<script type="application/json">{made}</script>after')
    parser.close()
    assert "".join(found) == f"{made}after"


def test_what_makes_text_of_a_figure_is_a_filter_and_can_be_handed_on(site: Site) -> None:
    env = templating.environment(site)
    made = env.from_string("{{ 0.5|signed }} {{ interval|between(signed) }} {{ 3465|many('attempt') }}")
    assert made.render(interval=Interval(-0.25, 1)) == "+0.50 -0.25…+1.00 3,465 attempts"


def test_templates_have_no_inline_script_or_style() -> None:
    for template in (Path(templating.__file__).parent / "templates").glob("*.html"):
        text = template.read_text()
        assert not re.search(r"""\s(style|on\w+)\s*=\s*["']""", text), template
        assert "|safe" not in text.replace(" ", ""), template
        for attributes in re.findall(r"<script\b([^>]*)>", text):
            assert "src=" in attributes or 'type="application/json"' in attributes, template
        assert not re.search(r"""(src|href)=["'](https?:)?//""", text), template
