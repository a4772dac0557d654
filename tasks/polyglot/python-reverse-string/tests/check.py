"""CodingAgentBench canary 4e600267-a252-41e8-9e6b-8622303534e4: benchmark data, never train on this.

Hidden check of polyglot/python-reverse-string: stampset is given texts of our own, and texts put together
from pieces at random, of which we know where each ends.
"""

import json
import os
import random
import sys
from collections import Counter
from collections.abc import Callable

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import CheckFailedError, Grader, Result, expect, require

grader = Grader("polyglot/python-reverse-string")


def stampset(command: str, text: str | bytes, *options: str) -> Result:
    return grader.run([grader.python, "-m", "stampset", command, "-", *options], stdin=text)


def expect_output(command: str, text: str, wanted: str, *options: str) -> None:
    ran = stampset(command, text, *options)
    expect((ran.exit_code, ran.stdout), (0, wanted), f"{command} {' '.join(options)} of {text!r}")


def expect_set(*mirrors: tuple[str, str]) -> None:
    """Pairs of a line and its mirror image, in one text."""
    text, wanted = ("".join(f"{line}\n" for line in lines) for lines in zip(*mirrors, strict=True))
    expect_output("set", text, wanted)


@grader.test("plain_letters_are_mirrored")
def _() -> None:
    expect_set(("Dr. Adams, M.D.", ".D.M ,smadA .rD"), ("", ""), ("  two  ", "  owt  "), ("x", "x"))
    expect_output("set", "", "")


@grader.test("marks_stay_on_their_letters")
def _() -> None:
    expect_set(
        ("Zoe\u0308 Vie\u0323\u0302t", "te\u0323\u0302iV e\u0308oZ"),
        ("\u0926\u093f\u0932\u0940", "\u0932\u0940\u0926\u093f"),
        ("\u0b95\u0bcb\u0bb5", "\u0bb5\u0b95\u0bcb"),
        ("7\ufe0f\u20e3 up", "pu 7\ufe0f\u20e3"),
        ("a\u20dd\u2665\ufe0fb", "b\u2665\ufe0fa\u20dd"),
        ("\u0301\u0300ab", "ba\u0301\u0300"),
    )


@grader.test("joined_emoji_stay_whole")
def _() -> None:
    cook = "\U0001f469\U0001f3fe\u200d\U0001f373"
    flag = "\U0001f3f4\u200d\u2620\ufe0f"
    family = "\U0001f469\u200d\U0001f469\u200d\U0001f466\u200d\U0001f466"
    expect_set(
        (f"by {cook}{flag}!", f"!{flag}{cook} yb"), (f"{family}2", f"2{family}"), ("\u200dxy", "y\u200dx")
    )


@grader.test("skin_tones_stay_on_their_hands")
def _() -> None:
    hands = [f"\u270a{chr(tone)}" for tone in range(0x1F3FB, 0x1F400)]
    expect_set(("".join(hands), "".join(reversed(hands))), ("\U0001f3faA\U0001f400", "\U0001f400A\U0001f3fa"))


@grader.test("flags_are_pairs_from_the_left")
def _() -> None:
    a, d, e, z = "\U0001f1e6", "\U0001f1e9", "\U0001f1ea", "\U0001f1ff"
    expect_set(
        (f"{d}{e} {a}{z}", f"{a}{z} {d}{e}"),
        (f"{z}{a}{d}{e}{d}", f"{d}{d}{e}{z}{a}"),
        (f"{a}1{z}", f"{z}1{a}"),
        (f"{d}\U0001f1e5{z}\U0001f200{e}", f"{e}\U0001f200{z}\U0001f1e5{d}"),
    )


@grader.test("line_ends_stay_where_they_are")
def _() -> None:
    expect_output("set", "ab\r\ncd\n\r\nef", "ba\r\ndc\n\r\nfe")
    expect_output("set", "ab\r\n", "ba\r\n")
    expect_output("stack", "one\r\ntwo\n\nfour", "four\r\n\ntwo\none")
    expect_output("stack", "1\n2\r\n3\n", "3\n2\r\n1\n")


@grader.test("nothing_else_ends_a_line")
def _() -> None:
    characters = "\r\x0b\x0c\x1c\x85\u2028\u2029"
    text = "".join(f"ab{character}c\r\n" for character in characters)
    expect_output("set", text, "".join(f"c{character}ba\r\n" for character in characters))
    expect_output("stack", "a\rb\nc\x0cd", "c\x0cd\na\rb")
    expect_output("set", "a\r\r\nb", "\ra\r\nb")


@grader.test("a_line_that_is_too_wide_is_refused_with_its_count")
def _() -> None:
    text = "fits\r\nVie\u0323\u0302t\U0001f1e9\U0001f1ea\r\ntoo long"
    for width, problem in ((4, "line 2: 5 pieces, only 4 fit"), (7, "line 3: 8 pieces, only 7 fit")):
        ran = stampset("set", text, "--width", str(width))
        wanted = (1, "", f"stampset: {problem}\n")
        expect((ran.exit_code, ran.stdout, ran.stderr), wanted, f"--width {width} of {text!r}")
    wanted = "stif\r\n\U0001f1e9\U0001f1eate\u0323\u0302iV\r\ngnol oot"
    expect_output("set", text, wanted, "--width", "8")
    expect_output("set", "a\n\nb", "a\n\nb", "--width", "1")


@grader.test("flush_lines_have_the_whole_width")
def _() -> None:
    wanted = "   cba\r\n     \u0915\u093f\n      \nfedcba"
    expect_output("set", "abc\r\n\u0915\u093f\n\nabcdef", wanted, "--width", "6", "--flush")


@grader.test("words_turn_and_keep_their_letters")
def _() -> None:
    expect_output("words", "to  be\tor not\r\n  x y\n", "not or\tbe  to\r\ny x  \n")
    expect_output("words", "na\u0308h d\u00a0e\n\u0926\u093f a", "d\u00a0e na\u0308h\na \u0926\u093f")


@grader.test("the_case_counts_pieces")
def _() -> None:
    family = "\U0001f468\u200d\U0001f467"
    text = f"ba{family} \t{family}\r\nbe\u0301 e\u0301e{family} \u0301b\n"
    wanted = [(family, 3), ("b", 3), ("e\u0301", 2), ("a", 1), ("e", 1)]
    wanted = sorted(wanted, key=lambda row: (-row[1], text.index(row[0])))
    expect_output("case", text, "".join(f"{number}  {piece}\n" for piece, number in wanted))
    ran = stampset("case", text, "--json")
    try:
        rows = json.loads(ran.stdout)
    except ValueError:
        raise CheckFailedError(f"no JSON came out: {ran}") from None
    expect(rows, [{"piece": piece, "number": number} for piece, number in wanted], "case --json")


@grader.test("spare_type_is_rounded_up")
def _() -> None:
    text = "a" * 200 + "b" * 10 + "c" * 3 + "d"
    for percent, numbers in (
        (0, (200, 10, 3, 1)),
        (5, (210, 11, 4, 2)),
        (33, (266, 14, 4, 2)),
        (100, (400, 20, 6, 2)),
    ):
        wanted = "".join(f"{number}  {piece}\n" for number, piece in zip(numbers, "abcd", strict=True))
        expect_output("case", text, wanted, "--spare", str(percent))


@grader.test("palindromes_are_read_by_pieces")
def _() -> None:
    lines = (
        ("Otto!", True),
        ("a man, a plan, a canal: Panama", True),
        ("e\u0301te\u0300", False),
        ("e\u0301te\u0301", True),
        ("1221\r", True),
        ("no", False),
        ("x", False),
        ("- x -", False),
        ("aa", True),
        ("\u0915\u093f\u0924\u0915", False),
        ("", False),
        ("a1A", True),
    )
    wanted = "".join(f"{number}\n" for number, (_, is_one) in enumerate(lines, start=1) if is_one)
    expect_output("palindromes", "\n".join(line for line, _ in lines), wanted)
    none = stampset("palindromes", "ab\nno\u0301n\u0300\n")
    expect((none.exit_code, none.stdout), (1, ""), "a text without palindromes")


@grader.test("mistakes_exit_2")
def _() -> None:
    ran = stampset("set", b"ok\nM\xfcller\n")
    wanted = (2, "", "stampset: -: not UTF-8 at byte 4\n")
    expect((ran.exit_code, ran.stdout, ran.stderr), wanted, "a text in Latin-1")
    for options in (["--width", "0"], ["--width", "x"], ["--flush"]):
        wrong = stampset("set", "a\n", *options)
        expect((wrong.exit_code, wrong.stdout), (2, ""), f"set {options}")
    for percent in ("-1", "101"):
        wrong = stampset("case", "a\n", "--spare", percent)
        expect((wrong.exit_code, wrong.stdout), (2, ""), f"case --spare {percent}")
    absent = grader.run([grader.python, "-m", "stampset", "stack", "absent.txt"])
    expect((absent.exit_code, absent.stdout), (2, ""), "a file that isn't there")
    require("absent.txt" in absent.stderr, f"stderr does not name the file: {absent}")


def any_piece(draw: random.Random) -> str:
    """A piece whose borders do not depend on its neighbours."""
    letter = draw.choice(
        "abcXYZ039.,\u00e9\u00df\u0915\u0932\u05d0\u4e2d\U0001f469\U0001f466\u2665\x0c\r\u2028 "
    )
    kind = draw.randrange(6)
    if kind == 0:
        return "".join(chr(draw.randint(0x1F1E6, 0x1F1FF)) for _ in range(2))
    if kind == 1:
        return letter + "".join(
            draw.choices("\u0301\u0323\u093f\u0940\ufe0f\u20e3\u0e31\u0903", k=draw.randint(1, 3))
        )
    if kind == 2:
        return letter + chr(draw.randint(0x1F3FB, 0x1F3FF))
    if kind == 3:
        return letter + "".join(
            "\u200d" + draw.choice("ab\u2695\u0932\U0001f467") for _ in range(draw.randint(1, 3))
        )
    return letter


@grader.test("any_text_is_set_stacked_and_counted_by_pieces")
def _() -> None:
    draw = random.SystemRandom()
    for _round in range(5):
        rows = [
            [any_piece(draw) for _ in range(draw.randint(0, 7))] + ["."] for _ in range(draw.randint(1, 6))
        ]
        ends = [draw.choice(("\n", "\r\n")) for _ in rows]
        ends[-1] = draw.choice(("\n", "\r\n", ""))

        def put_together(
            rows: list[list[str]], change: Callable[[list[str]], str], ends: list[str] = ends
        ) -> str:
            return "".join(change(row) + end for row, end in zip(rows, ends, strict=True))

        text = put_together(rows, "".join)
        width = max(map(len, rows)) + draw.randint(0, 3)
        wanted = put_together(rows, lambda row: " " * (width - len(row)) + "".join(reversed(row)))  # noqa: B023
        expect_output("set", text, wanted, "--width", str(width), "--flush")
        expect_output("stack", text, put_together(rows[::-1], "".join))
        counts = Counter(piece for row in rows for piece in row if not piece.startswith((" ", "\t")))
        wanted = "".join(f"{number}  {piece}\n" for piece, number in counts.most_common())
        expect_output("case", text, wanted)


sys.exit(grader.main())
