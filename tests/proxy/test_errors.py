"""Errors as clients read them."""

from __future__ import annotations

import json

from cab_proxy.errors import ProxyError, RunError, error_body


def test_the_shape_of_openai() -> None:
    error = json.loads(error_body("it broke", "server_error", "broken"))["error"]
    assert error == {"message": "it broke", "type": "server_error", "param": None, "code": "broken"}


def test_a_run_error_carries_its_status() -> None:
    error = RunError(409, "taken")
    assert isinstance(error, ProxyError)
    assert (error.status, str(error)) == (409, "taken")
