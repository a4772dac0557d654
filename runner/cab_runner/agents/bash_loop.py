"""bash-loop: our own reference agent. It needs no image, only a Python 3.11 in the sandbox."""

from __future__ import annotations

from pathlib import Path

from cab_proxy.records import Tokens
from cab_runner.agents.base import Adapter, Claim, WireContext, Wiring
from cab_runner.agents.reports import count, json_object, object_at, sum_of


def wire(context: WireContext) -> Wiring:
    """One run of the script among the sandbox's tools."""
    turns = () if context.max_turns is None else ("--max-turns", str(context.max_turns))
    return Wiring(
        command=(
            context.layout.python,
            f"{context.layout.tools}/bash_loop.py",
            "--base-url",
            context.base_url,
            "--model",
            context.model,
            *turns,
            f"--prompt={context.prompt}",
        ),
        env={"OPENAI_API_KEY": context.token},
    )


def claim(stdout: str, home: Path) -> Claim | None:  # noqa: ARG001  # the signature of Adapter.claim
    """The last line says ``{"bash_loop": {"calls": …, "prompt_tokens": …, "completion_tokens": …}}``.

    Only the last: commands that it ran print there too.
    """
    report = object_at(json_object(stdout.rstrip().rpartition("\n")[2]), "bash_loop")
    if not report:
        return None
    sent, received = count(report.get("prompt_tokens")), count(report.get("completion_tokens"))
    return Claim(
        source="stdout, last line",
        raw=(report,),
        raw_input_includes_cache=True,
        tokens=Tokens(
            input=sent,
            output=received,
            total=sum_of(sent, received),
        ),
    )


ADAPTER = Adapter(
    name="bash-loop",
    version="1",
    protocol="chat",
    verified="2026-11-22",
    wire=wire,
    claim=claim,
)
