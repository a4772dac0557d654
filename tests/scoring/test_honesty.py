from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.records import TOKEN_KINDS, Tokens
from cab_scoring.honesty import error_of, self_report_axis, tax_axis
from cab_scoring.usage import usage_of
from cab_scoring.wire import model_calls
from fakes.evidence import COUNTS, call, failed_call, ledgers

NOTHING = dict.fromkeys(TOKEN_KINDS)


def parts(system: int, tools: int, messages: int) -> dict[str, int]:
    return {"system": system, "tools": tools, "messages": messages}


def test_a_claim_beside_what_was_served() -> None:
    used = usage_of([call(tokens=(1000, 100)), call(at_s=1, tokens=(1000, 100))])
    claimed = Tokens(input=1500, output=200, cached=7)
    assert self_report_axis(claimed, used) == NOTHING | {"input": -0.25, "output": 0.0}


def test_total_is_input_and_output() -> None:
    assert self_report_axis(Tokens(total=2200), usage_of([call(tokens=(1000, 100))]))["total"] == 1.0


def test_no_claim_has_no_error() -> None:
    assert self_report_axis(None, usage_of([call()])) == NOTHING


def test_a_claim_of_what_was_not_served_has_no_ratio() -> None:
    assert error_of(Tokens(input=5, cached=0), {"input": 0, "cached": None}) == NOTHING


def test_what_is_not_known_in_full_judges_nobody() -> None:
    used = usage_of([call(tokens=(10, 1)), call(at_s=1, tokens=(None, None))])
    assert used.tokens["input"] == 10
    assert self_report_axis(Tokens(input=20, output=2), used) == NOTHING


@given(st.builds(Tokens, input=COUNTS, output=COUNTS), ledgers())
def test_an_error_is_known_only_where_both_sides_are(claimed: Tokens, ledger: tuple) -> None:  # type: ignore[type-arg]
    used = usage_of(model_calls(ledger))
    found = self_report_axis(claimed, used)
    assert set(found) == set(TOKEN_KINDS)
    for kind, error in found.items():
        assert error is None or (getattr(claimed, kind) is not None and error >= -1)


def test_the_tax_is_over_all_calls() -> None:
    calls = [call(prompt_parts=parts(60, 30, 10)), call(at_s=1, prompt_parts=parts(60, 30, 110))]
    assert tax_axis(calls) == {
        "harness_tax": 0.6,
        "system_tokens": 120,
        "tools_tokens": 60,
        "messages_tokens": 120,
        "coverage": 1.0,
    }


def test_refused_calls_pay_no_tax() -> None:
    calls = [failed_call(429, prompt_parts=parts(0, 0, 100)), call(at_s=1, prompt_parts=parts(1, 0, 1))]
    assert tax_axis(calls)["harness_tax"] == 0.5


def test_a_prompt_that_was_not_taken_apart_is_unknown() -> None:
    calls = [call(), call(at_s=1, prompt_parts=parts(1, 0, 3))]
    assert tax_axis(calls)["harness_tax"] == 0.25
    assert tax_axis(calls)["coverage"] == 0.5
    assert set(tax_axis([call()]).values()) == {None, 0.0}
    assert set(tax_axis([]).values()) == {None}
    assert tax_axis([call(prompt_parts=parts(0, 0, 0))])["harness_tax"] is None
