import unittest
from datetime import date

from keepsake.periods import day_number, is_recent, month_number, week_number


class NumberTest(unittest.TestCase):
    def test_days_run_on(self):
        self.assertEqual(day_number(date(2024, 3, 1)) - day_number(date(2024, 2, 28)), 2)

    def test_weeks_run_on(self):
        self.assertEqual(week_number(date(2024, 1, 2)) - week_number(date(2023, 12, 26)), 1)
        self.assertEqual(week_number(date(2024, 3, 6)), week_number(date(2024, 3, 4)))

    def test_months_run_on(self):
        self.assertEqual(month_number(date(2024, 1, 31)) - month_number(date(2023, 12, 1)), 1)


class RecentTest(unittest.TestCase):
    def test_today_counts(self):
        today = date(2024, 3, 5)
        self.assertTrue(is_recent(today, today, 1, day_number))
        self.assertFalse(is_recent(date(2024, 3, 4), today, 1, day_number))
        self.assertTrue(is_recent(date(2024, 2, 1), today, 2, month_number))
        self.assertFalse(is_recent(date(2024, 1, 31), today, 2, month_number))
