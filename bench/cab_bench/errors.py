"""What can keep a benchmark from being run."""

from __future__ import annotations


class BenchError(Exception):
    """The machine lacks something, or a program failed. The message says what to do."""
