import unittest
from decimal import Decimal

from tally.invoice import Invoice, Line
from tally.money import round_cents


class TaxTest(unittest.TestCase):
    def test_tax_is_a_share_of_the_net(self):
        invoice = Invoice((Line("desk", 1, Decimal("100.00")),), Decimal("19"))
        self.assertEqual((invoice.tax, invoice.gross), (Decimal("19.00"), Decimal("119.00")))

    def test_no_tax_without_a_rate(self):
        self.assertEqual(Invoice((Line("book", 2, Decimal("9.90")),)).gross, Decimal("19.80"))

    def test_half_a_cent_rounds_up(self):
        """Tax office, section 4: half a cent is always rounded up."""
        self.assertEqual(round_cents(Decimal("4.225")), Decimal("4.23"))
        self.assertEqual(round_cents(Decimal("0.135")), Decimal("0.14"))
