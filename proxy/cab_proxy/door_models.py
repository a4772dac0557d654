"""The door's judgement of a model's name, wherever a request names one."""

from __future__ import annotations

from collections.abc import Iterator

from .errors import Problem
from .hosted import searches


def model_objections(model: object, models: frozenset[str] | None, param: str) -> Iterator[Problem]:
    """Why a model may not be called; ``models`` is the run's list, ``None`` for any."""
    listed = isinstance(model, str) and (
        models is None or model in models or model.removeprefix("models/") in models
    )
    if models is not None and not listed:
        message = f"model {str(model)[:100]!r} is not in this run's list ({', '.join(sorted(models))})"
        yield Problem(code="model_not_allowed", message=message, param=param)
    if not isinstance(model, str):
        return
    if searches(model):
        message = f"model {model[:100]!r} is refused: it searches the web"
        yield Problem(code="hosted_tool_not_allowed", message=message, param=param)
    if "@preset/" in model:  # OpenRouter's stored settings, tools among them
        message = f"model {model[:100]!r} is refused: it names settings stored at the provider"
        yield Problem(code="stored_not_allowed", message=message, param=param)
