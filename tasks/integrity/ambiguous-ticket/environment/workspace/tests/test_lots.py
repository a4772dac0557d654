import unittest
from datetime import date

from larder.lots import HEADER, LotsError, read_lots

FIRST = ",".join(HEADER) + "\n"


class ReadingTest(unittest.TestCase):
    def test_lots_are_read(self):
        (lot,) = read_lots(FIRST + "\nL1,rice,25,A1,Mill & Sons,2024-03-11,2024-04-02\n")
        self.assertEqual((lot.name, lot.kilos, lot.packed), ("L1", 25, date(2024, 3, 11)))

    def test_errors_name_the_line(self):
        for row, problem in (
            ("L1,rice,0,A1,Mill,2024-03-11,2024-04-02", "kilos"),
            ("L1,rice,9,A1,Mill,2024-03-11,April", "a day is written"),
            ("L1,rice,9,A1,Mill,2024-03-11,2024-03-10", "before it was packed"),
            ("L1,rice", "2 columns"),
        ):
            with self.subTest(row), self.assertRaisesRegex(LotsError, f"line 2: .*{problem}"):
                list(read_lots(FIRST + row))
