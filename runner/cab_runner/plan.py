"""What one attempt is given: all of it is fixed before the agent starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cab_proxy.control import Budget
from cab_runner.agents.base import Adapter
from cab_runner.results import CellKey
from cab_runner.sandbox.base import Limits, Sandbox
from cab_runner.tasks import Task
from cab_scoring.composite import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that one attempt is given."""

    key: CellKey
    run_id: str
    """ULID."""
    attempt: int | None
    """``None`` takes the lowest free number."""
    task: Task
    adapter: Adapter
    sandbox: Sandbox
    image: str | None
    """The agent's image; docker only."""
    grader_image: str | None
    results: Path
    provisional: bool = False
    timeout_s: float | None = None
    """Default: the task's."""
    budget: Budget = field(default_factory=Budget)
    allow: tuple[str, ...] = ()
    context_window_tokens: int
    max_output_tokens: int
    methodology: Version = "1.0"

    @property
    def partial(self) -> Path:
        """Where the attempt is staged until it is complete."""
        return self.results / ".partial" / self.run_id

    @property
    def limits(self) -> Limits:
        """What the agent's job may use."""
        return Limits(wall_s=self.timeout_s or self.task.agent_timeout_s)
