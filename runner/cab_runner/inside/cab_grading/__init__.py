"""What a task's hidden check is written with: it runs tested code and writes the verdict.

A check (``tests/check.py`` of a task) registers tests with :class:`Grader` and ends with
``sys.exit(grader.main())``; docs/adding-a-task.md walks through one. Standard library only, Python
3.11 or later: it is imported as ``cab_grading`` from ``CAB_TOOLS_DIR`` inside the grader's sandbox.

Invariants
----------
* Nothing that the tested code does in its own process can be the verdict. It runs as a child, under
  another user or in a sandbox of its own (``CAB_UNTRUSTED``), and is judged only by what comes out:
  output, exit status, HTTP responses, files that it was asked to write.
* Before the first test the isolation is tried: tested code can't read the tests or write the
  verdict, or there is no verdict at all (:class:`GraderError`, exit 3).
* Tested code works on a copy of the workspace; the workspace itself stays as the agent left it.
* Every process that it started is dead before :meth:`Grader.run` returns or :meth:`Grader.serve`
  ends, also those that left their process group. Output, file sizes and time are bounded.
* junit.xml is written when all tests have ended, and reward.txt (``1`` or ``0``) after it, each in one
  step. A fault of a test is that test's failure; a harness that can't run leaves no reward.
"""

from ._documents import (
    original,
    record,
    require_document,
    require_named,
    require_nothing_added,
    require_unchanged,
)
from ._errors import CheckFailedError, GraderError, expect, require
from ._files import digests, read_regular
from ._grader import Grader
from ._process import Result
from ._server import Response, Server, free_port

__all__ = [
    "CheckFailedError",
    "Grader",
    "GraderError",
    "Response",
    "Result",
    "Server",
    "digests",
    "expect",
    "free_port",
    "original",
    "read_regular",
    "record",
    "require",
    "require_document",
    "require_named",
    "require_nothing_added",
    "require_unchanged",
]
