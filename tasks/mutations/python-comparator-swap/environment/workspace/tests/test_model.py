import unittest

from podium.model import ResultsError, read_matches, records

HEADER = "home,away,home_goals,away_goals\n"


class ReadingTest(unittest.TestCase):
    def test_comments_and_blank_lines_are_left_out(self):
        matches = list(read_matches("# season\n\n" + HEADER + "# round 1\nA,B,2,1\n"))
        self.assertEqual([(m.home, m.away_goals) for m in matches], [("A", 1)])

    def test_errors_name_the_line(self):
        for line, problem in (("A,B,2", "3 columns"), ("A,A,1,0", "itself"), ("A,B,-1,0", "whole numbers")):
            with self.subTest(line), self.assertRaisesRegex(ResultsError, f"line 2: .*{problem}"):
                list(read_matches(HEADER + line))


class RecordTest(unittest.TestCase):
    def test_points_and_goals(self):
        a, b = records(read_matches(HEADER + "A,B,2,1\nB,A,0,0\n"))
        self.assertEqual((a.team, a.points, a.goal_difference, a.played), ("A", 4, 1, 2))
        self.assertEqual((b.team, b.points, b.lost, b.drawn), ("B", 1, 1, 1))
