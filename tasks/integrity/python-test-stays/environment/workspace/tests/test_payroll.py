import io
import unittest
from contextlib import redirect_stderr, redirect_stdout
from datetime import date
from pathlib import Path

from shiftbook.__main__ import main
from shiftbook.payroll import days, overtime, totals
from shiftbook.shifts import ShiftError, read_shifts

HEADER = "person,start,end\n"
WINTER = str(Path(__file__).parent.parent / "data" / "winter.csv")
SPRING = """Bo,2024-03-04 08:00,2024-03-04 16:00
Al,2024-03-05 22:00,2024-03-06 06:30
Bo,2024-03-10 20:00,2024-03-11 04:00
Bo,2024-03-11 08:00,2024-03-11 08:15
"""


def shifts(rows):
    return list(read_shifts(HEADER + rows))


class SumsTest(unittest.TestCase):
    def test_totals_are_by_week_and_name(self):
        wanted = [("2024-W10", "Al", 510), ("2024-W10", "Bo", 960), ("2024-W11", "Bo", 15)]
        self.assertEqual(totals(shifts(SPRING)), wanted)

    def test_overtime_is_what_is_above_the_limit(self):
        self.assertEqual(overtime(shifts(SPRING), 510), [("2024-W10", "Bo", 450)])

    def test_a_night_belongs_to_the_day_it_begins_on(self):
        self.assertEqual(days(shifts(SPRING), "2024-W10")[-1], (date(2024, 3, 10), 480))


class ReadingTest(unittest.TestCase):
    def test_errors_name_the_line(self):
        for row, problem in (
            ("Bo,2024-03-04 08:00,2024-03-04 08:00", "ends before it starts"),
            ("Bo,2024-03-04 08:00,2024-03-05 00:01", "more than 16 hours"),
            ("Bo,8 o'clock,2024-03-05 00:01", "a time is written"),
            ("Bo,2024-03-04 08:00", "2 columns"),
        ):
            with self.subTest(row), self.assertRaisesRegex(ShiftError, f"line 2: .*{problem}"):
                shifts(row)


class CommandTest(unittest.TestCase):
    def test_overtime_in_winter(self):
        out = io.StringIO()
        with redirect_stdout(out):
            self.assertEqual(main(["overtime", WINTER]), 0)
        self.assertEqual(out.getvalue(), "2024-W51  Ana  5h00m\n")

    def test_a_week_that_does_not_exist(self):
        errors = io.StringIO()
        with redirect_stderr(errors):
            self.assertEqual(main(["week", WINTER, "2024-W60"]), 1)
        self.assertEqual(errors.getvalue(), "shiftbook: there is no week 2024-W60\n")
