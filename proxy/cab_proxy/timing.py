"""The moments of one call, and what a record tells of them.

Moments are seconds of one monotonic clock, spans are seconds, a record's times milliseconds; see
:class:`~cab_proxy.records.Record` for what each of those is from and to.
"""

from __future__ import annotations

from dataclasses import dataclass

from .records import Record


@dataclass(slots=True)
class Times:
    """What is known up to now."""

    begun_at: float = 0.0
    """The request's head had arrived."""
    body_at: float = 0.0
    """Its body had."""
    sent_at: float | None = None
    """The last of it was written to the endpoint."""
    head_at: float | None = None
    """The response's head had come."""
    delta_at: float | None = None
    """So had the first of its content."""
    ended_at: float = 0.0
    queued_s: float = 0.0
    """The budget made the call wait."""
    head_s: float | None = None
    """It took to hand the response's head on."""
    client_s: float = 0.0
    """The client didn't read."""

    def into(self, record: Record, *, streamed: bool) -> None:
        """Put the times into the record of a call that has ended."""
        asked_at = self.body_at if self.sent_at is None else self.sent_at
        if self.head_at is not None:
            record.ttfb_ms = ms(self.head_at - asked_at)
        if self.delta_at is not None and streamed:
            record.ttft_ms = ms(self.delta_at - asked_at)
        record.duration_ms = ms(self.ended_at - self.begun_at)
        record.client_wait_ms = ms(self.client_s)
        if self.head_s is not None:
            record.proxy_overhead_ms = ms(asked_at - self.body_at - self.queued_s + self.head_s)


def ms(seconds: float) -> float:
    """Seconds as a record's milliseconds."""
    return round(seconds * 1000, 3) if seconds > 0 else 0.0
