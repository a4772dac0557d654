import unittest
from decimal import Decimal

from tally.money import round_cents, share, show


class RoundingTest(unittest.TestCase):
    def test_whole_cents_stay_as_they_are(self):
        for amount in ("0", "0.01", "19.99", "-3.50"):
            self.assertEqual(round_cents(Decimal(amount)), Decimal(amount))

    def test_less_than_half_a_cent_is_cut_off(self):
        self.assertEqual(round_cents(Decimal("1.2349")), Decimal("1.23"))

    def test_half_a_cent_rounds_to_even(self):
        """Bookkeeping: over many lines the halves must cancel out."""
        self.assertEqual(round_cents(Decimal("4.225")), Decimal("4.22"))
        self.assertEqual(round_cents(Decimal("0.135")), Decimal("0.14"))

    def test_a_share_is_in_whole_cents(self):
        self.assertEqual(share(Decimal("10.00"), Decimal("19")), Decimal("1.90"))

    def test_amounts_are_shown_with_two_places(self):
        self.assertEqual(show(Decimal("7")), "7.00")
