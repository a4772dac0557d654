import io
import unittest
from contextlib import redirect_stderr, redirect_stdout
from decimal import Decimal
from pathlib import Path

from tally.__main__ import main
from tally.invoice import Invoice, InvoiceError, read_lines

HEADER = "item,quantity,unit_price\n"
MARCH = str(Path(__file__).parent.parent / "data" / "march.csv")


class ReadingTest(unittest.TestCase):
    def test_lines_are_read(self):
        lines = list(read_lines(HEADER + "\nPaper,12,3.99\n"))
        self.assertEqual([(line.item, line.total) for line in lines], [("Paper", Decimal("47.88"))])

    def test_errors_name_the_line(self):
        for row, problem in (("Paper,0,1", "quantity"), ("Paper,1,x", "not a price"), ("Paper,1", "2 columns")):
            with self.subTest(row), self.assertRaisesRegex(InvoiceError, f"line 2: .*{problem}"):
                list(read_lines(HEADER + row))

    def test_an_empty_invoice_is_nothing(self):
        self.assertEqual(Invoice(()).net, Decimal("0.00"))


class CommandTest(unittest.TestCase):
    def test_march_has_three_lines_and_three_sums(self):
        out = io.StringIO()
        with redirect_stdout(out):
            self.assertEqual(main(["invoice", MARCH]), 0)
        self.assertEqual(len(out.getvalue().splitlines()), 6)

    def test_a_missing_file_is_an_error(self):
        with redirect_stderr(io.StringIO()):
            self.assertEqual(main(["invoice", "nowhere.csv"]), 2)
