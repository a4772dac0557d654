import unittest

from stampset.lines import Line, joined, split, stacked


class LinesTest(unittest.TestCase):
    def test_lines_and_their_ends(self):
        self.assertEqual(split("a\n\nb"), [Line("a", "\n"), Line("", "\n"), Line("b", "")])
        self.assertEqual(split(""), [])

    def test_a_windows_line_end_is_one_end(self):
        self.assertEqual(split("a\r\nb\r\n"), [Line("a", "\r\n"), Line("b", "\r\n")])

    def test_the_last_line_comes_first(self):
        self.assertEqual(joined(stacked(split("a\nb\nc"))), "c\nb\na")
