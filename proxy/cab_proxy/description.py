"""What a call's record says of its prompt, where that was asked for: its purpose and its parts.

It means to parse the prompt and to count it, so it is CPU work for the thread that counts, begun while the
endpoint works, and off unless asked for. Purposes are decided in the order in which calls came: an agent may
have sent its next one before the end of the last one's response is recorded.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from .estimate import estimate_parts
from .prompt_parts import Parts
from .purpose import Look, Purposes, look_at
from .question import Question
from .records import Purpose, Record
from .threads import counting


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One request's prompt."""

    purpose: Purpose | None
    """But for ``retry``."""
    parts: Parts

    def into(self, record: Record, *, retried: bool) -> None:
        """Tell a call's record, once its tokens are known; ``retried``: an attempt after one that failed."""
        record.purpose = "retry" if retried else self.purpose
        record.prompt_parts = self.parts.shared_out(record.tokens.input)


class Descriptions:
    """One run's."""

    __slots__ = ("_last", "_purposes")

    def __init__(self) -> None:
        self._purposes = Purposes()
        self._last: asyncio.Task[Description] | None = None

    def begin(self, question: Question, path: str) -> asyncio.Task[Description]:
        """Describe the next call's prompt; ``path`` is its record's."""
        self._last = asyncio.create_task(self._describe(question, path, self._last))
        return self._last

    async def _describe(
        self, question: Question, path: str, before: asyncio.Task[Description] | None
    ) -> Description:
        look, parts = await counting(lambda: _read(question, path))
        if before is not None:
            await asyncio.wait([before])
        return Description(purpose=self._purposes.of(look), parts=parts)


def _read(question: Question, path: str) -> tuple[Look, Parts]:
    prompt, asked = question.prompt(), question.asked
    return look_at(prompt, asked, path), estimate_parts(prompt, asked.model)
