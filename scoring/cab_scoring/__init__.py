"""Evidence of one attempt → axes → composite, and many attempts → aggregates. Pure functions, no I/O."""

from cab_scoring.aggregate import Aggregate, Attempt, aggregate
from cab_scoring.composite import METHODOLOGIES
from cab_scoring.evidence import (
    DOCUMENTS,
    AgentRun,
    Change,
    Evidence,
    EvidenceError,
    Grade,
    TaskFacts,
    Workspace,
)
from cab_scoring.failure import FAILURES, RUNNER_CAUSES, Failure, decide_failure
from cab_scoring.forbidden import Forbidden, parse_forbidden
from cab_scoring.globs import compile_glob
from cab_scoring.score import Scored, score
from cab_scoring.verdict import shortfalls

__all__ = [
    "DOCUMENTS",
    "FAILURES",
    "METHODOLOGIES",
    "RUNNER_CAUSES",
    "AgentRun",
    "Aggregate",
    "Attempt",
    "Change",
    "Evidence",
    "EvidenceError",
    "Failure",
    "Forbidden",
    "Grade",
    "Scored",
    "TaskFacts",
    "Workspace",
    "aggregate",
    "compile_glob",
    "decide_failure",
    "parse_forbidden",
    "score",
    "shortfalls",
]
