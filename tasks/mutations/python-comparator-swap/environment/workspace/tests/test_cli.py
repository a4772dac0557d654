import io
import json
import unittest
from contextlib import redirect_stdout
from pathlib import Path

from podium.__main__ import main

SPRING = str(Path(__file__).parent.parent / "data" / "spring.csv")


def printed(*arguments):
    out = io.StringIO()
    with redirect_stdout(out):
        code = main(list(arguments))
    return code, out.getvalue()


class CommandTest(unittest.TestCase):
    def test_the_spring_table(self):
        code, text = printed("table", SPRING, "--json")
        self.assertEqual(code, 0)
        self.assertEqual(
            [(row["place"], row["team"], row["points"]) for row in json.loads(text)],
            [
                (1, "Riverside", 7),
                (2, "Harbour", 6),
                (3, "Old Town", 5),
                (4, "Mill Lane", 4),
                (5, "Quarry", 2),
                (6, "Station", 0),
            ],
        )

    def test_top_keeps_the_first_lines(self):
        _, text = printed("table", SPRING, "--top", "1")
        self.assertEqual(text.split(), ["1", "Riverside", "3", "2", "1", "0", "4:0", "7"])

    def test_one_team(self):
        code, text = printed("team", SPRING, "Quarry")
        self.assertEqual((code, text.split()[-1]), (0, "2"))
