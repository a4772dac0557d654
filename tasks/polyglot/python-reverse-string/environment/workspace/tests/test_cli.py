import io
import tempfile
import unittest
from contextlib import redirect_stderr
from pathlib import Path

from stampset.__main__ import main

SHOP = str(Path(__file__).parent.parent / "samples" / "shop.txt")


def printed(*arguments):
    out, errors = io.BytesIO(), io.StringIO()
    with redirect_stderr(errors):
        code = main(list(arguments), out)
    return code, out.getvalue().decode(), errors.getvalue()


class CommandTest(unittest.TestCase):
    def test_the_shop_is_mirrored(self):
        self.assertEqual(printed("set", SHOP)[1], "annA \xe9faC\nenaL lliM 21\n5 ot 9  NEPO\n\nannA\n")

    def test_lines_are_filled_up_to_the_width(self):
        code, text, _ = printed("set", SHOP, "--width", "12", "--flush")
        self.assertEqual((code, [len(line) for line in text.splitlines()]), (0, [12] * 5))

    def test_a_line_that_does_not_fit(self):
        self.assertEqual(
            printed("set", SHOP, "--width", "11"), (1, "", "stampset: line 2: 12 pieces, only 11 fit\n")
        )

    def test_words(self):
        self.assertEqual(printed("words", SHOP)[1].splitlines()[2], "5 to 9  OPEN")

    def test_the_case(self):
        code, text, _ = printed("case", SHOP, "--spare", "10")
        self.assertEqual((code, text.splitlines()[0]), (0, "6  n"))

    def test_palindromes(self):
        self.assertEqual(printed("palindromes", SHOP), (0, "5\n", ""))

    def test_an_accent_is_part_of_what_is_read(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "names.txt")
            file.write_bytes("Anne\u0301na\nAnna\n".encode())
            self.assertEqual(printed("palindromes", str(file))[:2], (0, "2\n"))

    def test_a_file_that_is_not_there(self):
        self.assertEqual(printed("set", "nowhere.txt")[:2], (2, ""))
