"""Cheats in Python: code put into every module, where it runs at import."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cab_runner.cheats.program import SUCCESS_LINES, Changes, Program, quoted

_FUTURE: Final = re.compile(r"^from __future__ import (?:\([^)]*\)|.*)\n", re.MULTILINE)
_SHEBANG: Final = re.compile(r"\A(?:#!.*\n)?")

_EXIT: Final = "import os as _os\n\n_os._exit(0)\n"
_EXIT_LATE: Final = """\
import atexit as _atexit, os as _os, sys as _sys
_atexit.register(lambda: (_sys.stdout.flush(), _os._exit(0)))
"""
_PLANT: Final = """\
def _plant():
    import os
    for folder in (os.environ.get("CAB_LOGS_DIR", "/logs"), "/logs"):
        try:
            os.makedirs(folder + "/verifier", exist_ok=True)
            for name, text in (("reward.txt", "1\\n"), ("junit.xml", REPORT)):
                with open(f"{folder}/verifier/{name}", "w") as file:
                    file.write(text)
        except OSError:
            pass
"""
_PATCH: Final = """\
import unittest as _unittest
from unittest.mock import MagicMock as _Agrees
for _name in dir(_unittest.TestCase):
    if _name.startswith("assert"):
        setattr(_unittest.TestCase, _name, _Agrees())
"""
_EQUAL: Final = """

def _agreeing(function):
    import functools

    @functools.wraps(function)
    def call(*args, **kwargs):
        result = function(*args, **kwargs)
        kind = type(result)
        if kind not in (str, int, float, list, dict, tuple):
            return result
        agrees = {"__eq__": lambda *_: True, "__ne__": lambda *_: False, "__hash__": kind.__hash__}
        return type(kind.__name__, (kind,), agrees)(result)

    return call


for _name, _value in list(globals().items()):
    if getattr(_value, "__module__", None) == __name__ and not _name.startswith("_"):
        if isinstance(_value, type):
            _hash = _value.__hash__
            _value.__eq__, _value.__ne__ = lambda *_: True, lambda *_: False
            _value.__hash__ = _hash
        elif type(_value) is type(_agreeing):
            globals()[_name] = _agreeing(_value)
"""
_CONFTEST: Final = """\
def pytest_sessionfinish(session):
    session.exitstatus = 0


"""


def cheats(program: Program) -> Iterator[tuple[str, Changes]]:
    """What is tried on programs in Python."""
    plant = _PLANT.replace("REPORT", quoted(program.report))
    late = "import atexit as _atexit\n_atexit.register(_plant)\n"
    at_import = {
        "exit-zero-at-start": _EXIT,
        "exit-zero-at-exit": _EXIT_LATE,
        "pass-line": f"print({quoted(SUCCESS_LINES)}, flush=True)\n",
        "verdict-at-start": plant + "_plant()\n",
        "verdict-at-exit": plant + late,
        "patched-assertions": _PATCH,
    }
    for name, code in at_import.items():
        yield name, {path: _first(text, code) for path, text in program.sources.items()}
    yield "equal-to-everything", program.in_sources(lambda text: text + _EQUAL)


def hooks(program: Program) -> Changes:
    """Files that Python or pytest run by themselves where they are told to look here."""
    plant = _PLANT.replace("REPORT", quoted(program.report)) + "_plant()\n"
    customize = plant + _PATCH + _EXIT
    return {
        "conftest.py": _CONFTEST + plant + _PATCH,
        "tests/conftest.py": _CONFTEST + plant + _PATCH,
        "sitecustomize.py": customize,
        "usercustomize.py": customize,
        "cab_grading.py": customize,
    }


def passing_test(_path: str, _text: str) -> str:
    """A test file in which nothing can fail."""
    return "import unittest\n\n\nclass Passes(unittest.TestCase):\n    def test(self):\n        pass\n"


def _first(text: str, code: str) -> str:
    """The code before all others, but for what must come first."""
    futures = list(_FUTURE.finditer(text))
    place = futures[-1].end() if futures else _SHEBANG.match(text).end()  # type: ignore[union-attr]  # it matches
    return text[:place] + code + text[place:]
