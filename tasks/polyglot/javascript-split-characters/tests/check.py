"""CodingAgentBench canary 7ba546bf-9d4d-43c3-9bc0-ddb0456308ab: benchmark data, never train on this.

Hidden check of polyglot/javascript-split-characters: sheaf reads small inputs, and large ones in which
letters lie across the ends of the pieces that Node reads (64 KiB).
"""

import json
import os
import random
import sys
from collections.abc import Sequence
from typing import Any

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import Grader, Result, expect, require

grader = Grader("polyglot/javascript-split-characters")

PIECE = 65_536
Rows = list[list[str]]


def sheaf(*arguments: str, stdin: str | bytes = "", file: str | None = None) -> Result:
    """``file`` is the content of ``in.csv`` in the folder in which it runs."""
    folder = grader.folder({} if file is None else {"in.csv": file})
    return grader.run(["node", grader.copy / "bin" / "sheaf.js", *arguments], stdin=stdin, cwd=folder)


def expect_out(ran: Result, wanted: str, what: str) -> None:
    """All of the output. Of a large one only the first difference is shown."""
    expect((ran.exit_code, ran.stderr), (0, ""), f"{what}: exit code and messages")
    got_lines, wanted_lines = ran.stdout.split("\n"), wanted.split("\n")
    for number, (got, line) in enumerate(zip(got_lines, wanted_lines, strict=False), start=1):
        expect(got, line, f"{what}: line {number} of the output")
    expect(len(got_lines), len(wanted_lines), f"{what}: number of lines")


def quoted(field: str) -> str:
    return '"' + field.replace('"', '""') + '"' if set(field) & set(',"\r\n') else field


def text_of(rows: Sequence[Sequence[str]]) -> str:
    return "".join(",".join(map(quoted, row)) + "\n" for row in rows)


def torn(columns: list[str], rows: Rows) -> str:
    """CSV in which a letter lies across the end of the first piece: ``columns[0]`` is made as long as that
    takes.
    """
    for _try in range(60):
        text = text_of([columns, *rows])
        if text.encode()[PIECE] & 0xC0 == 0x80:
            return text
        columns[0] += "x"
    raise AssertionError("no letter lies across the end of the first piece")


def long_rows(letters: str) -> Rows:
    """About 130 kB."""
    return [[f"{number}", letters * 10, str(number % 7)] for number in range(130_000 // len(letters) // 20)]


@grader.test("a_large_file_keeps_every_letter")
def _() -> None:
    columns, rows = ["id", "name", "fee"], long_rows("öéß")
    ran = sheaf("select", "name,fee", "in.csv", file=torn(columns, rows))
    expect_out(ran, text_of([["name", "fee"], *([name, fee] for _, name, fee in rows)]), "two-byte letters")


@grader.test("large_standard_input_keeps_every_letter")
def _() -> None:
    columns, rows = ["id", "name", "fee"], long_rows("語字")
    text = torn(columns, rows)
    for path in ([], ["-"]):
        ran = sheaf("select", ",".join(columns), *path, stdin=text)
        expect_out(ran, text, f"three-byte letters, {path}")


@grader.test("groups_of_a_huge_file_are_not_torn")
def _() -> None:
    """Records of 256 bytes, so that the end of every piece lies within a letter, however large pieces are."""
    names = [letter * 62 for letter in "🏡🌍𝄞"]
    fee = "f" * 119
    lines = [f"{names[number % 3]},{number % 10:06d}" for number in range(9_999)]
    text = "\n".join([f"name,{fee}", *lines, ""])
    assert len(text.encode()) == 125 + 9_999 * 256
    sums = [sum(number % 10 for number in range(first, 9_999, 3)) for first in range(3)]
    wanted = [[name, "3333", f"{total}.00"] for name, total in zip(names, sums, strict=True)]
    for path, given in (([], {"stdin": text}), (["in.csv"], {"file": text})):
        ran = sheaf("sum", fee, "--by", "name", *path, **given)
        expect_out(ran, text_of([["name", "count", fee], *wanted]), f"sum {path}")


@grader.test("conditions_hold_throughout_a_large_file")
def _() -> None:
    rows = long_rows("öéß")
    text = torn(["id", "name", "fee"], rows)
    ran = sheaf("select", "fee", "--where", f"name={rows[0][1]}", stdin=text)
    expect_out(ran, text_of([["fee"], *([fee] for *_, fee in rows)]), "the name as it stands")
    ran = sheaf("select", "fee", "--where", f"name!={rows[0][1]}", stdin=text)
    expect_out(ran, "fee\n", "any other name")


@grader.test("columns_are_selected_in_the_order_asked_for")
def _() -> None:
    text = "a,b,c\n1,2,3\n4,5,6\n7,,9\n"
    expect_out(sheaf("select", "c,a", stdin=text), "c,a\n3,1\n6,4\n9,7\n", "select c,a")
    expect_out(sheaf("select", "b", "in.csv", file=text), "b\n2\n5\n\n", "select b")
    expect_out(sheaf("select", "b", stdin="a,b\n"), "b\n", "no records")


@grader.test("a_field_in_quotes_is_taken_as_it_stands")
def _() -> None:
    text = 'x,"y z"\n"a ""b""",""\n"1\r\n2","3\n\n4,"\n" 5","6""7"\n'
    wanted = 'y z,x\n,"a ""b"""\n"3\n\n4,","1\r\n2"\n"6""7", 5\n'
    expect_out(sheaf("select", "y z,x", stdin=text), wanted, "select y z,x")
    ran = sheaf("sum", "n", "--by", "k,", stdin='"k,",n\n"""a""",1\n"b\n",2\n"""a""",3\n')
    expect_out(ran, '"k,",count,n\n"""a""",2,4.00\n"b\n",1,2.00\n', "sum n by k,")


@grader.test("line_ends_and_empty_lines_make_no_difference")
def _() -> None:
    for text in (
        "a,b\r\n1,2\r\n3,4\r\n",
        "a,b\n1,2\n3,4",
        "\n\r\na,b\n\n1,2\n\n\n3,4\n\n",
        'a,b\r\n1,"2"\r\n3,4',
    ):
        expect_out(sheaf("select", "b,a", stdin=text), "b,a\n2,1\n4,3\n", repr(text))
    expect_out(sheaf("select", "a", stdin='a\n""\n\nx\n'), "a\n\nx\n", "an empty field in quotes")


@grader.test("a_byte_order_mark_is_no_part_of_a_name")
def _() -> None:
    for head in ("name,b", '"name",b'):
        ran = sheaf("select", "name", stdin=f"\ufeff{head}\nZo\u00eb,1\n\ufeffx,2\n")
        expect_out(ran, "name\nZo\u00eb\n\ufeffx\n", f"a mark before {head}")


FEES = """name,city,fee
Flo,Lund,8.50
Gus,Ås,12
Hal,Lund,
Ida,Ås,0.05
Jon,Vik,-3.5
Kim,Ås,0.1
Lea,Rom,
Mia,Lund,999999999999.99
Ned,Vik,003
Oda,Bo,-0.5
"""


@grader.test("sums_are_exact_and_in_order_of_appearance")
def _() -> None:
    sums = "Lund,2,1000000000008.49\nÅs,3,12.15\nVik,2,-0.50\nBo,1,-0.50\n"
    expect_out(sheaf("sum", "fee", "--by", "city", stdin=FEES), f"city,count,fee\n{sums}", "sum by city")
    expect_out(sheaf("sum", "n", "--by", "k", stdin="k,n\n"), "k,count,n\n", "no records")
    tenths = "k,n\n" + "a,0.1\n" * 30 + "b,-0.07\n" * 3
    expect_out(sheaf("sum", "n", "--by", "k", stdin=tenths), "k,count,n\na,30,3.00\nb,3,-0.21\n", "tenths")


@grader.test("top_keeps_the_largest_sums")
def _() -> None:
    text = "k,n\na,5\nb,7\nc,5\nd,100\ne,-1\nf,5\n"
    order = ["d,1,100.00", "b,1,7.00", "a,1,5.00", "c,1,5.00", "f,1,5.00", "e,1,-1.00"]
    for top in (1, 3, 4, 6, 10):
        ran = sheaf("sum", "n", "--by", "k", "--top", str(top), stdin=text)
        expect_out(ran, "\n".join(["k,count,n", *order[:top], ""]), f"--top {top}")


@grader.test("conditions_compare_text_and_amounts")
def _() -> None:
    for conditions, names in (
        (["city=Lund"], "FHM"),
        (["city!=Lund", "city!=Ås"], "JLNO"),
        (["fee="], "HL"),
        (["fee=12.00"], ""),
        (["fee<=0.05"], "IJO"),
        (["fee<0.05"], "JO"),
        (["fee>=8.5"], "FGM"),
        (["fee>8.5"], "GM"),
        (["fee>-0.50", "fee<3.00"], "IK"),
        (["name>1"], ""),
        (["name=Ned", "fee>=3", "fee<=3"], "N"),
    ):
        arguments = [word for condition in conditions for word in ("--where", condition)]
        ran = sheaf("select", "name", *arguments, stdin=FEES)
        expect((ran.exit_code, ran.stderr), (0, ""), f"{conditions}: exit code and messages")
        expect("".join(line[0] for line in ran.stdout.split()[1:]), names, f"first letters, {conditions}")


@grader.test("json_has_one_object_a_line")
def _() -> None:
    ran = sheaf("select", "city,name", "--json", "--where", "fee<0", stdin=FEES)
    expect_json(ran, [{"city": "Vik", "name": "Jon"}, {"city": "Bo", "name": "Oda"}], "select")
    ran = sheaf("sum", "fee", "--by", "city", "--json", "--top", "1", "--where", "city!=Lund", stdin=FEES)
    expect_json(ran, [{"city": "Ås", "count": 3, "fee": "12.15"}], "sum")
    ran = sheaf("select", "a", "--json", stdin='a\n"x\ny"\n7\n')
    expect_json(ran, [{"a": "x\ny"}, {"a": "7"}], "line ends")


def expect_json(ran: Result, wanted: list[dict[str, Any]], what: str) -> None:
    expect((ran.exit_code, ran.stderr), (0, ""), f"{what}: exit code and messages")
    try:
        objects = [json.loads(line) for line in ran.stdout.splitlines()]
    except ValueError:
        objects = [f"not JSON: {ran.stdout[:200]}"]
    expect(len(objects), len(wanted), f"{what}: number of lines")
    for number, (one, other) in enumerate(zip(objects, wanted, strict=True), start=1):
        expect(one, other, f"{what}: line {number}")


@grader.test("errors_in_the_input_name_the_line")
def _() -> None:
    for text, out, message in (
        ("a,b\n1,2\n\n3\n", "a\n1\n", "line 4: 1 fields, not 2"),
        ("a,b\n1,2,3\n", "a\n", "line 2: 3 fields, not 2"),
        ('a,b\n"1\n\n",2\n3,4,\n', 'a\n"1\n\n"\n', "line 5: 3 fields, not 2"),
        ('a,b\n1,2"\n', "a\n", "line 2: a quote in a field without quotes"),
        ('a,b\n\n"1\n"2,3\n', "a\n", "line 3: text after a closing quote"),
        ('a,b\n1,2\n3,"4\n5,6\n', "a\n1\n", "line 3: a quote is not closed"),
        ('a,b,"', "", "line 1: a quote is not closed"),
        ("a,b,a\n1,2,3\n", "", 'line 1: two columns are called "a"'),
        ("b,c\n1,2\n", "", 'there is no column "a"'),
        ("", "", "the input is empty"),
        ("\n\n", "", "the input is empty"),
    ):
        ran = sheaf("select", "a", stdin=text)
        expect((ran.exit_code, ran.stdout, ran.stderr), (1, out, f"sheaf: {message}\n"), repr(text))
    ran = sheaf("select", "a", "gone.csv")
    expect((ran.exit_code, ran.stdout, ran.stderr), (1, "", "sheaf: gone.csv: can't be read\n"), "gone.csv")


@grader.test("what_is_no_amount_is_not_summed")
def _() -> None:
    for field in ("x", "1,5", "1.", ".5", "1.234", "+1", "1234567890123"):
        ran = sheaf("sum", "n", "--by", "k", stdin=f'k,n\na,1\n\nb,"{field}"\n')
        wanted = (1, "", f'sheaf: line 4: "{field}" is not an amount\n')
        expect((ran.exit_code, ran.stdout, ran.stderr), wanted, f"a sum with {field!r}")


@grader.test("wrong_usage_exits_with_2")
def _() -> None:
    for arguments in (
        [],
        ["count", "a"],
        ["toString", "a"],
        ["select"],
        ["select", "a", "-", "-"],
        ["select", "a", "--by", "a"],
        ["select", "a", "--top", "1"],
        ["sum", "a"],
        ["sum", "a", "--by", "b", "--top", "0"],
        ["sum", "a", "--by", "b", "--top", "1.5"],
        ["select", "a", "--where", "a"],
        ["select", "a", "--where", "a<many"],
        ["select", "a", "--fast"],
    ):
        ran = sheaf(*arguments, stdin="a,b\n1,2\n")
        expect((ran.exit_code, ran.stdout), (2, ""), f"{arguments} ({ran})")
        require(ran.stderr.startswith("sheaf: "), f"{arguments}: message ({ran})")


LETTERS = [
    (0xC0, 0x24F),
    (0x3B1, 0x3C9),
    (0x410, 0x44F),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A3),
    (0x1F300, 0x1F5FF),
]


def word(draw: random.SystemRandom, least: int, most: int) -> str:
    return "".join(chr(draw.randint(*draw.choice(LETTERS))) for _ in range(draw.randint(least, most)))


def in_hundredths(fee: str) -> int:
    whole, _, part = fee.partition(".")
    size = int(whole.lstrip("-")) * 100 + int(part.ljust(2, "0"))
    return -size if fee.startswith("-") else size


def summed(rows: Rows, top: int | None) -> list[list[str]]:
    """The README's rules, once more: ``[key, fee]`` → ``[key, count, sum]``."""
    groups: dict[str, list[int]] = {}
    for key, fee in rows:
        if fee:
            groups.setdefault(key, []).append(in_hundredths(fee))
    lines = [(key, len(fees), sum(fees)) for key, fees in groups.items()]
    if top is not None:
        lines = sorted(lines, key=lambda line: -line[2])[:top]
    return [
        [key, str(count), f"{'-' * (total < 0)}{abs(total) // 100}.{abs(total) % 100:02d}"]
        for key, count, total in lines
    ]


@grader.test("any_large_input_is_read_by_the_rules")
def _() -> None:
    """Inputs that nobody can know beforehand."""
    draw = random.SystemRandom()
    for _round in range(2):
        cities = [word(draw, 5, 12) for _ in range(draw.randint(3, 30))]
        rows = [
            [
                word(draw, 15, 30) + draw.choice(("", "", ",", '"', "\n", "\r\n")) + word(draw, 10, 20),
                draw.choice(cities),
                draw.choice(
                    ("", f"{draw.randint(-99, 99)}", f"{draw.randint(-9, 9)}.{draw.randint(0, 99):02d}")
                ),
            ]
            for _ in range(900)
        ]
        columns = [word(draw, 4, 8), word(draw, 9, 12), word(draw, 13, 15)]
        text = torn(columns, rows)
        # A condition or a top may leave out the one damaged field; all of the table does not.
        expect_out(sheaf("select", ",".join(columns), stdin=text), text, f"all of it, columns {columns}")
        note, city, fee = columns
        ran = sheaf("select", f"{fee},{note}", "--where", f"{city}!={cities[0]}", stdin=text)
        kept = [[row[2], row[0]] for row in rows if row[1] != cities[0]]
        expect_out(ran, text_of([[fee, note], *kept]), f"select, columns {columns}")
        top = draw.choice((None, draw.randint(1, 5)))
        options = [] if top is None else ["--top", str(top)]
        ran = sheaf("sum", fee, "--by", note, *options, stdin=text)
        wanted = summed([[row[0], row[2]] for row in rows], top)
        expect_out(ran, text_of([[note, "count", fee], *wanted]), f"sum, columns {columns}, --top {top}")


sys.exit(grader.main())
