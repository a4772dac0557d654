"""Embeddings."""

import base64
import struct
from typing import Any

import pytest

from cab_sim.conversation import Answer, Request
from cab_sim.errors import RequestError
from cab_sim.protocols import embeddings
from cab_sim.protocols.base import Reply


def body(**fields: Any) -> dict[str, Any]:
    request: Request = embeddings.parse_request({"model": "oracle", **fields}, {})
    made = Reply(request=request, answer=Answer(), usage=request.usage(), n=1, created=7)
    return embeddings.body(made)


def test_every_text_has_its_vector() -> None:
    got = body(input=["a", "b", "a"])
    one, two, three = [entry["embedding"] for entry in got["data"]]
    assert [entry["index"] for entry in got["data"]] == [0, 1, 2]
    assert one == three != two
    assert got["usage"]["total_tokens"] == got["usage"]["prompt_tokens"] > 0
    assert body(input="a")["data"] == got["data"][:1]


def test_vectors_come_in_base64_too() -> None:
    (packed,), (plain,) = (body(input="a", **form)["data"] for form in ({"encoding_format": "base64"}, {}))
    vector = struct.unpack(f"<{embeddings.DIMENSIONS}f", base64.b64decode(packed["embedding"]))
    assert list(vector) == plain["embedding"]


@pytest.mark.parametrize("texts", [None, [], 1, [1, 2], [[1]]])
def test_no_token_ids(texts: Any) -> None:
    with pytest.raises(RequestError, match="'input'"):
        body(input=texts)
