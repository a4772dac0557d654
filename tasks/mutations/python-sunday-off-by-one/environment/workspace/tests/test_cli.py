import io
import json
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from keepsake.__main__ import main

WEB1 = str(Path(__file__).parent.parent / "data" / "web1.csv")


def printed(*arguments):
    out, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(errors):
        code = main(list(arguments))
    return code, out.getvalue(), errors.getvalue()


class CommandTest(unittest.TestCase):
    def test_a_plan(self):
        code, text, _ = printed("plan", WEB1, "--today", "2024-03-05", "--daily", "2", "--weekly", "2", "--monthly", "2")
        self.assertEqual(code, 0)
        self.assertEqual(
            text.splitlines(),
            [
                "keep mar-c newest,daily,weekly,monthly",
                "keep mar-b base",
                "keep mar-a daily,base",
                "keep mar-full weekly,base",
                "keep feb-b monthly",
                "keep feb-a base",
                "keep feb-full base",
                "keep before-move hold",
                "drop jan-full",
                "keep 8 (131070 MB), drop 1 (41000 MB)",
            ],
        )

    def test_a_limit(self):
        code, text, errors = printed("plan", WEB1, "--today", "2024-03-05", "--limit-mb", "131000", "--json")
        self.assertEqual((code, json.loads(text)["keep_mb"]), (3, 131070))
        self.assertEqual(errors, "keepsake: 70 MB more than the limit\n")

    def test_gaps(self):
        self.assertEqual(
            printed("gaps", WEB1, "--today", "2024-03-05", "--days", "5"), (1, "2024-03-02\n2024-03-03\n", "")
        )
