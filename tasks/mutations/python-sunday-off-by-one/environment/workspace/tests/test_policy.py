import unittest
from datetime import date, datetime

from keepsake.policy import Policy, kept
from keepsake.snapshots import Snapshot

TODAY = date(2024, 3, 5)
NOTHING = Policy(daily=0, weekly=0, monthly=0)


def taken(*days, base=None, held=False):
    return [
        Snapshot(day, datetime.fromisoformat(f"{day}T02:00"), 10, base, held, line)
        for line, day in enumerate(days, start=2)
    ]


class PolicyTest(unittest.TestCase):
    def test_the_newest_is_always_kept(self):
        self.assertEqual(kept(taken("2023-01-01", "2023-05-05"), TODAY, NOTHING), {"2023-05-05": {"newest"}})

    def test_one_a_day(self):
        found = kept(taken("2024-03-02", "2024-03-03", "2024-03-05"), TODAY, Policy(3, 0, 0))
        self.assertEqual(found, {"2024-03-03": {"daily"}, "2024-03-05": {"daily", "newest"}})

    def test_one_a_week(self):
        days = ("2024-02-14", "2024-02-20", "2024-02-25", "2024-02-27", "2024-03-01", "2024-03-04")
        self.assertEqual(
            kept(taken(*days), TODAY, Policy(0, 3, 0)),
            {"2024-02-25": {"weekly"}, "2024-03-01": {"weekly"}, "2024-03-04": {"newest", "weekly"}},
        )

    def test_one_a_month(self):
        found = kept(taken("2023-12-31", "2024-01-30", "2024-02-01"), TODAY, Policy(0, 0, 3))
        self.assertEqual(found, {"2024-01-30": {"monthly"}, "2024-02-01": {"monthly", "newest"}})

    def test_holds_and_the_future(self):
        found = kept(taken("2022-01-01", "2024-03-06", held=True), TODAY, NOTHING)
        self.assertEqual(found, {"2022-01-01": {"newest", "hold"}, "2024-03-06": {"hold", "future"}})
