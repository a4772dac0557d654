"""The gate: whether a task may be trusted, found by reading it and by trying it.

:func:`check` is the whole of it, one :class:`Check` after the other. Reading says what is wrong in words;
trying grades the task's solution, nothing, its own cheats and the common ones in a real grader sandbox.
"""

from cab_runner.admission.gate import Check, check
from cab_runner.admission.trials import grade_script

__all__ = ["Check", "check", "grade_script"]
