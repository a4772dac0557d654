"""The table of prompts."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from cab_proxy.known_prompts import DELEGATES, KNOWN, Known
from cab_proxy.protocols.base import Asked
from cab_proxy.protocols.chat import read_prompt
from cab_proxy.purpose import look_at
from cab_proxy.records import Purpose


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: f"{known.purpose}: {known.text[:30]}")
def test_each_row_is_found_in_its_place_alone(known: Known) -> None:
    text = f"IMPORTANT: read this first.\n{known.text} and so on"
    places = {
        "system": [{"role": "system", "content": text}, {"role": "user", "content": "Hi"}],
        "last": [{"role": "user", "content": "Hi"}, {"role": "user", "content": text}],
        "elsewhere": [{"role": "user", "content": text}, {"role": "user", "content": "Hi"}],
    }
    for place, messages in places.items():
        told = look_at(read_prompt({"messages": messages}), Asked(), "/v1/chat/completions").told
        places_of = {"both": {"system", "last"}}.get(known.place, {known.place})
        assert told == (known.purpose if place in places_of else None), place
    assert len(known.text) > 25


def test_rows_have_words_that_records_know_and_sources() -> None:
    assert {known.purpose for known in KNOWN} <= set(get_args(Purpose))
    assert len({known.text for known in KNOWN}) == len(KNOWN)
    for seen in (*(known.seen for known in KNOWN), *(seen for _, seen in DELEGATES)):
        assert seen.who
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", seen.on)
        assert seen.source
