import unittest

from podium.model import Record
from podium.rules import standings


def team(name, *, won=0, drawn=0, goals=(0, 0)):
    return Record(name, won=won, drawn=drawn, goals_for=goals[0], goals_against=goals[1])


def order(*teams):
    return [(row.place, row.record.team) for row in standings(list(teams))]


class RankingTest(unittest.TestCase):
    def test_more_points_rank_first(self):
        table = order(team("Lower", won=1), team("Upper", won=2))
        self.assertEqual(table, [(1, "Upper"), (2, "Lower")])

    def test_goal_difference_parts_teams_level_on_points(self):
        table = order(team("Close", won=1, goals=(2, 1)), team("Clear", won=1, goals=(5, 0)))
        self.assertEqual(table, [(1, "Clear"), (2, "Close")])

    def test_goals_scored_part_teams_with_equal_difference(self):
        table = order(team("Dull", won=1, goals=(1, 0)), team("Wild", won=1, goals=(6, 5)))
        self.assertEqual(table, [(1, "Wild"), (2, "Dull")])

    def test_equal_teams_share_a_place(self):
        table = order(team("Zeta", won=1), team("alpha", won=1), team("Mid"))
        self.assertEqual(table, [(1, "alpha"), (1, "Zeta"), (3, "Mid")])
