"""No secret in what is written."""

from __future__ import annotations

from cab_proxy.records import Params, Record, encode
from cab_proxy.redact import REDACTED, redact_record, redacted, secrets_of

KEY = "sk-secret-0123456789"


def test_a_value_that_holds_a_secret_goes_as_a_whole() -> None:
    value = {"a": [f"x {KEY} y", "fine"], KEY: 1, "n": None, "t": ("b", KEY)}
    assert redacted(value, {KEY}) == {
        "a": [REDACTED, "fine"],
        REDACTED: 1,
        "n": None,
        "t": ("b", REDACTED),
    }


def test_a_record() -> None:
    record = Record(
        kind="call",
        call_id="c",
        started_at="t",
        method="POST",
        path=f"/v1/{KEY}/chat/completions",
        model_requested=KEY,
        params=Params(reasoning_effort=KEY, seed=3),
        finish_reasons=("stop", KEY),
        usage_raw={"prompt_tokens": 1, "echo": {"key": f"Bearer {KEY}"}},
    )
    redact_record(record, secrets_of(KEY))
    assert KEY.encode() not in encode(record)
    assert record.params.seed == 3
    assert record.finish_reasons == ("stop", REDACTED)
    assert record.usage_raw == {"prompt_tokens": 1, "echo": {"key": REDACTED}}


def test_placeholders_are_no_secrets() -> None:
    assert secrets_of("x", "none", "", None, KEY) == {KEY}
