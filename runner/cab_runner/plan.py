"""What one attempt is given: all of it is fixed before the agent starts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

from cab_proxy.control import Budget
from cab_runner import own_image
from cab_runner.agents.base import Adapter
from cab_runner.own_image import Ground
from cab_runner.plugins import Plugin
from cab_runner.results import CellKey
from cab_runner.sandbox.base import Limits, Sandbox
from cab_runner.tasks import Task
from cab_scoring.composite import Version
from cab_scoring.evidence import Clock

CONTEXT_WINDOW_TOKENS: Final = 128_000
MAX_OUTPUT_TOKENS: Final = 8_192
CEILING_FACTOR: Final = 4.0
"""The wall ceiling above a limit on the agent's own time, as a multiple of that limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What may be set for an attempt besides agent, model and task; the same for all of a sweep."""

    provisional: bool = False
    timeout_s: float | None = None
    """The agent's time limit; default: the task's."""
    timeout_on: Clock = "wall"
    """What the limit is on: ``agent`` leaves out the time in which the agent waited for the model."""
    wall_ceiling_s: float | None = None
    """Under ``agent``, the most by the wall; default: :data:`CEILING_FACTOR` times the limit."""
    budget: Budget = field(default_factory=Budget)
    prices: Path | None = None
    """The user's own rates; default: the proxy's snapshot."""
    allow: tuple[str, ...] = ()
    """Refusals of the door that are lifted."""
    include_usage: bool = False
    """The meter asks streams for usage where the agent doesn't; records say ``request_mutated``."""
    context_window_tokens: int = CONTEXT_WINDOW_TOKENS
    """Told to every agent, so that none plans with another."""
    max_output_tokens: int = MAX_OUTPUT_TOKENS
    """Of one call; told to every agent."""
    methodology: Version = "1.0"
    plugins: tuple[Plugin, ...] = ()
    """In the order in which they are applied; an agent gets those that are for it."""
    strict_factory: bool = False
    """Adapters leave their deviations out."""
    grader_internet: bool = False
    """A task that brings its own image is graded with a network."""
    record_bodies: bool = False
    """Keep what goes over the wire, prompts and code, in the attempt's ``bodies/``."""


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
    ground: Ground | None = None
    """Where the agent works in an image that the task brings along."""
    repository: Path | None = None
    """The workspace as :func:`cab_runner.workspace.prepare` leaves it, to be copied; else it is made."""
    script: Path | None = None
    """What the simulator plays."""
    results: Path
    settings: Settings

    @property
    def partial(self) -> Path:
        """Where the attempt is staged until it is complete."""
        return self.results / ".partial" / self.run_id

    @property
    def limits(self) -> Limits:
        """What the agent's job may use."""
        limit_s = self.settings.timeout_s or self.task.agent_timeout_s
        wall_s, agent_s = limit_s, None
        if self.settings.timeout_on == "agent":
            wall_s, agent_s = self.settings.wall_ceiling_s or CEILING_FACTOR * limit_s, limit_s
        environment = self.task.environment
        limits = Limits(wall_s=wall_s) if environment is None else own_image.limits(environment, wall_s)
        return replace(limits, agent_s=agent_s)

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """Those that this agent gets, in order."""
        return tuple(plugin for plugin in self.settings.plugins if plugin.is_for(self.key.agent))

    @property
    def behavior_mode(self) -> Literal["factory", "plugins"]:
        """``factory``: the vendor's defaults plus wiring, unattended flags and what ``deviation`` says."""
        return "plugins" if self.plugins else "factory"

    @property
    def deviation(self) -> list[str]:
        """What the adapter sets beyond factory mode, each with its reason."""
        if self.settings.strict_factory:
            return []
        return [f"{what}: {why}" for what, why in self.adapter.deviation.items()]
