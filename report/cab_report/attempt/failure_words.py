"""What a page says of an attempt that went wrong: one sentence for each cause of the failure table."""

from __future__ import annotations

from typing import Final

_NOT_CAPABILITY: Final = "; infrastructure, not capability."

WORDS: Final = {
    "agent_error": "The agent ended with an error of its own. What it left was graded, and counts.",
    "agent_crash": "The agent crashed, or was stopped at a limit on memory, disk or output. It counts.",
    "agent_timeout": "The agent's time ran out. What it left by then was graded, and counts.",
    "no_model_call": "The agent ended without an answer from the model; the endpoint was well. It counts.",
    "handshake": "The endpoint refused every call as malformed: agent and model don't fit. It counts.",
    "budget_exceeded": "The run's budget was spent. What the agent left by then was graded, and counts.",
    "rate_limited": f"The endpoint's rate limit ended this run{_NOT_CAPABILITY}",
    "endpoint_down": f"The endpoint failed and ended this run{_NOT_CAPABILITY}",
    "bad_key": "The endpoint refused the key and ended this run; setup, not capability.",
    "context_overflow": "The conversation outgrew the model's context. It counts.",
    "sandbox_error": f"The sandbox failed and ended this run{_NOT_CAPABILITY}",
    "out_of_disk": f"The machine's disk was full and ended this run{_NOT_CAPABILITY}",
    "image_missing": f"The image to run in was not there{_NOT_CAPABILITY}",
    "proxy_died": f"The meter died during this run{_NOT_CAPABILITY}",
    "interrupted": f"This run was interrupted from outside{_NOT_CAPABILITY}",
    "grader_error": "The grader did not complete, on the solution neither; the task's fault, not capability.",
}
"""By cause; ``none`` has no banner."""


def banner(cause: str) -> str | None:
    """The sentence; None where nothing went wrong."""
    if cause == "none":
        return None
    return WORDS.get(cause, f"The record gives a cause that this program does not know: {cause}.")
