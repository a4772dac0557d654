"""The runner: sandboxes, agents, tasks, one attempt at a time, and the ``cab`` command."""

from importlib.metadata import version

__version__ = version("codingagentbench")
