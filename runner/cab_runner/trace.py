"""The spans of one attempt: what the runner did and when, with the model calls merged in.

Attribute names are the published ones. Paths in them are the job's own, never the host's.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from cab_proxy.records import Record, format_time
from cab_runner.plugins import Plugin

SpanKind = Literal["task_setup", "tool_call", "container", "adapter_run", "model_call", "grade", "cleanup"]


@dataclass(slots=True, kw_only=True)
class Span:
    """One stretch of time. ``duration_ms`` and ``attrs`` are filled in while it is open."""

    span_id: str
    parent_id: str | None
    kind: SpanKind
    name: str
    started_at: str
    duration_ms: float | None = None
    attrs: dict[str, Any] = field(default_factory=dict)
    error: str | None = None


class Trace:
    """Collects spans in the order in which they were opened."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    @contextmanager
    def span(
        self, kind: SpanKind, name: str, *, parent: Span | None = None, **attrs: object
    ) -> Iterator[Span]:
        """Time a block; an exception is noted by name and goes on."""
        span = self.add(kind, name, parent=parent, started_at=format_time(datetime.now(UTC)), **attrs)
        start = time.monotonic()
        try:
            yield span
        except BaseException as error:
            span.error = type(error).__name__
            raise
        finally:
            if span.duration_ms is None:
                span.duration_ms = (time.monotonic() - start) * 1000.0

    def add(
        self, kind: SpanKind, name: str, *, parent: Span | None, started_at: str, **attrs: object
    ) -> Span:
        """A span whose times are known already, or that has no length."""
        span = Span(
            span_id=uuid.uuid4().hex,
            parent_id=parent.span_id if parent else None,
            kind=kind,
            name=name,
            started_at=started_at,
            attrs=dict(attrs),
        )
        self.spans.append(span)
        return span

    def add_plugins(self, run: Span, agent: str, stack: Sequence[Plugin]) -> None:
        """The published span of a stack of plugins, for this agent or not. Arguments are not filled in."""
        applied = [plugin for plugin in stack if plugin.is_for(agent)]
        self.add(
            "tool_call",
            "applied_plugins",
            parent=run,
            started_at=run.started_at,
            tui=agent,
            count=len(stack),
            applied=[plugin.name for plugin in applied],
            env_keys=sorted({key for plugin in applied for key in plugin.env_keys}),
            extra_args=[argument for plugin in applied for argument in plugin.args],
            applied_count=len(applied),
            skipped_count=len(stack) - len(applied),
        ).duration_ms = 0.0

    def add_calls(self, calls: Iterable[Record], container: Span) -> None:
        """One ``model_call`` span a call of the ledger, inside the container span."""
        for call in calls:
            span = self.add(
                "model_call",
                call.model_requested or call.path,
                parent=container,
                started_at=call.started_at,
                call_id=call.call_id,
                request_hash=call.request_hash,
                prompt_tokens=call.tokens.input,
                cached_tokens=call.tokens.cached,
                completion_tokens=call.tokens.output,
                reasoning_tokens=call.tokens.reasoning,
                tokens_source=call.tokens_source.total,
                ttft_ms=call.ttft_ms,
                status=call.status,
                finish_reasons=list(call.finish_reasons),
            )
            span.duration_ms = call.duration_ms
            span.error = call.error_type or (None if call.kind == "call" else "in_flight")

    def write(self, path: Path) -> None:
        """One JSON line a span, by start."""
        ordered = sorted(self.spans, key=lambda span: span.started_at)
        path.write_text(
            "".join(
                json.dumps({name: getattr(span, name) for name in Span.__slots__}) + "\n" for span in ordered
            ),
            encoding="utf-8",
        )
