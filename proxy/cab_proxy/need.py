"""The most that a call may take, as far as that is known before it is made. Contract: pure."""

from __future__ import annotations

from .budget import Need
from .estimate import Estimate
from .prices import PriceBook
from .question import Question
from .records import Record, Tokens, parse_time


def need_of(question: Question, prompt: Estimate, record: Record, prices: PriceBook) -> Need:
    """The estimated input; the requested maximum of output over all choices, else the model's known limit;
    and the price of both. A prompt that can't be counted in full has no bound.
    """
    asked = question.asked
    input_tokens = None if prompt.lower_bound else prompt.tokens
    output_tokens = asked.params.max_tokens
    if output_tokens is not None and output_tokens < 0:  # no end, to llama.cpp
        output_tokens = None
    if not question.protocol.generates:
        output_tokens = 0
    elif output_tokens is None:
        window, longest = prices.limits(record.upstream, asked.model)
        if longest is not None:
            output_tokens = longest
        elif window is not None:
            output_tokens = max(0, window - prompt.tokens)
    if output_tokens is not None:
        output_tokens = max(output_tokens * asked.choices, asked.most_output or 0)
    # what is written to a cache can cost more than what isn't
    most = Tokens(input=input_tokens, cache_write=input_tokens, output=output_tokens)
    at = parse_time(record.started_at)
    usd = prices.cost(upstream=record.upstream, model=asked.model, tokens=most, at=at)
    return Need(input_tokens=input_tokens, output_tokens=output_tokens, usd=usd)
