import unittest

from stampset.pieces import mirrored, pieces


class PiecesTest(unittest.TestCase):
    def test_letters(self):
        self.assertEqual(pieces("Mill"), ["M", "i", "l", "l"])
        self.assertEqual(mirrored("Mill 12"), "21 lliM")

    def test_an_accent_stays_on_its_letter(self):
        self.assertEqual(mirrored("cafe\u0301s"), "se\u0301fac")

    def test_a_skin_tone_stays_on_its_hand(self):
        self.assertEqual(pieces("\U0001f44b\U0001f3fd!"), ["\U0001f44b\U0001f3fd", "!"])

    def test_a_vowel_sign_stays_on_its_consonant(self):
        self.assertEqual(pieces("\u0915\u093f\u0924"), ["\u0915\u093f", "\u0924"])

    def test_a_family_stays_together(self):
        family = "\U0001f468\u200d\U0001f467"
        self.assertEqual(mirrored(f"us: {family}"), f"{family} :su")

    def test_a_mark_without_a_letter_is_a_piece(self):
        self.assertEqual(pieces("\u0301a"), ["\u0301", "a"])
