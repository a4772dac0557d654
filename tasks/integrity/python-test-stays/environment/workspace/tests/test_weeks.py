import unittest
from datetime import date

from shiftbook.weeks import NoSuchWeekError, days_of, week_of


class WeekTest(unittest.TestCase):
    def test_a_week_has_two_digits(self):
        self.assertEqual(week_of(date(2024, 2, 28)), "2024-W09")

    def test_monday_is_the_first_day(self):
        self.assertEqual([week_of(date(2024, 12, day)) for day in (15, 16)], ["2024-W50", "2024-W51"])

    def test_the_last_days_of_december(self):
        self.assertEqual(week_of(date(2024, 12, 30)), "2025-W01")

    def test_the_days_of_a_week(self):
        days = days_of("2024-W51")
        self.assertEqual((days[0], days[-1], len(days)), (date(2024, 12, 16), date(2024, 12, 22), 7))

    def test_a_year_has_52_weeks_or_53(self):
        self.assertEqual(len(days_of("2026-W53")), 7)
        for week in ("2024-W53", "2024-W00", "2024-51", "next"):
            with self.subTest(week), self.assertRaises(NoSuchWeekError):
                days_of(week)
