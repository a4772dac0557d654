import unittest

from berthd.harbour import Berth, Harbour, Stay, TakenError, TooLongError, fee_cents

SHORT, LONG = Berth("A1", 600, 200), Berth("B1", 1200, 250)


class FeeTest(unittest.TestCase):
    def test_started_metres_count(self):
        self.assertEqual(fee_cents(SHORT, Stay("Kittiwake", 501, 1)), 6 * 200)

    def test_a_week_is_cheaper(self):
        self.assertEqual(fee_cents(LONG, Stay("Kittiwake", 500, 6)), 5 * 6 * 250)
        self.assertEqual(fee_cents(LONG, Stay("Kittiwake", 500, 7)), 7875)


class HarbourTest(unittest.TestCase):
    def test_a_boat_must_fit(self):
        harbour = Harbour([SHORT, LONG])
        harbour.may_arrive(Stay("Kittiwake", 600, 1), SHORT)
        with self.assertRaises(TooLongError):
            harbour.may_arrive(Stay("Kittiwake", 601, 1), SHORT)

    def test_one_boat_one_berth(self):
        harbour = Harbour([SHORT, LONG])
        harbour.apply({"what": "arrival", "berth": "A1", "boat": "Kittiwake", "length_cm": 500, "nights": 2})
        for stay, berth in ((Stay("Petrel", 500, 1), SHORT), (Stay("Kittiwake", 500, 1), LONG)):
            with self.assertRaises(TakenError):
                harbour.may_arrive(stay, berth)
        self.assertEqual(harbour.free_for(500), [LONG])
