import io
import unittest
from contextlib import redirect_stderr, redirect_stdout
from datetime import date
from pathlib import Path

from larder.__main__ import main
from larder.lots import Lot
from larder.store import in_stock, pick, to_discard

JUNE = str(Path(__file__).parent.parent / "data" / "june.csv")
TODAY = date(2024, 6, 30)


def lot(name, kilos, packed, delivered, goods="rice"):
    return Lot(name, goods, kilos, "A1", "Mill", date.fromisoformat(packed), date.fromisoformat(delivered))


class AgeTest(unittest.TestCase):
    def test_stock_is_as_old_as_it_has_been_here(self):
        lots = [lot("new", 5, "2023-01-01", "2024-06-20"), lot("old", 5, "2024-06-01", "2024-06-10")]
        self.assertEqual([(one.lot.name, one.days) for one in in_stock(lots, TODAY)], [("old", 20), ("new", 10)])

    def test_discarded_lots_are_as_old_as_their_packing(self):
        lots = [lot("fresh", 5, "2024-06-01", "2024-06-02"), lot("stale", 5, "2024-01-01", "2024-06-20")]
        self.assertEqual([(one.lot.name, one.days) for one in to_discard(lots, TODAY, 90)], [("stale", 181)])


class PickTest(unittest.TestCase):
    def test_the_last_lot_is_taken_in_part(self):
        lots = [lot("a", 5, "2024-01-01", "2024-01-02"), lot("b", 5, "2024-02-01", "2024-02-02")]
        self.assertEqual([(one.lot.name, one.kilos) for one in pick(lots, "rice", 7)], [("a", 5), ("b", 2)])

    def test_other_goods_stay_where_they_are(self):
        lots = [lot("a", 5, "2024-01-01", "2024-01-02", "oats"), lot("b", 5, "2024-02-01", "2024-02-02")]
        self.assertEqual([one.lot.name for one in pick(lots, "rice", 5)], ["b"])

    def test_the_oldest_lot_goes_first(self):
        lots = [lot("young", 5, "2024-05-01", "2024-06-01"), lot("old", 5, "2024-01-01", "2024-02-01")]
        self.assertEqual([one.lot.name for one in pick(lots, "rice", 10)], ["old", "young"])


class CommandTest(unittest.TestCase):
    def test_stock_of_june(self):
        out = io.StringIO()
        with redirect_stdout(out):
            self.assertEqual(main(["stock", JUNE, "--on", "2024-06-30", "--oldest", "1"]), 0)
        self.assertEqual(out.getvalue(), "L104  oats  12  B2  121\n")

    def test_too_much_is_asked_for(self):
        errors = io.StringIO()
        with redirect_stderr(errors):
            self.assertEqual(main(["pick", JUNE, "oats", "13"]), 1)
        self.assertEqual(errors.getvalue(), "larder: only 12 kilos of oats\n")
