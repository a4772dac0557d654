"""CodingAgentBench canary 7fca22dc-eeba-4a58-8021-dc9878a41c10: benchmark data, never train on this.

Hidden check of polyglot/shell-unquoted-names: fileaway empties inboxes of our own, and ones whose names
and rules are drawn at random from what shells trip over.
"""

import os
import random
import sys
from pathlib import Path

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import Grader, Result, expect, read_regular, require

grader = Grader("polyglot/shell-unquoted-names")

Tree = dict[str, str]
"""Path below a folder → content; ``-> target`` for a link, ``/`` for an empty folder."""


def put(folder: Path, tree: Tree) -> None:
    """Make these files; tested code may write, move and delete them."""
    for name, content in tree.items():
        path = folder / name
        for parent in reversed(path.relative_to(folder).parents):
            if not (folder / parent).exists():
                (folder / parent).mkdir()
                (folder / parent).chmod(0o777)
        if content == "/":
            path.mkdir()
            path.chmod(0o777)
        elif content.startswith("-> "):
            path.symlink_to(content[3:])
        else:
            path.write_text(content, encoding="utf-8")
            path.chmod(0o666)


def tree(folder: Path) -> Tree:
    """What is there now, but for the rules."""
    found: Tree = {}
    for here, folders, files in os.walk(folder):
        for name in [*files, *folders]:
            path = Path(here, name)
            relative = str(path.relative_to(folder))
            if path.is_symlink():
                found[relative] = f"-> {os.readlink(path)}"
            elif path.is_dir():
                if not any(path.iterdir()):
                    found[relative] = "/"
            elif name != ".rules":
                found[relative] = read_regular(path)
    return found


class Office:
    """An inbox and a cabinet."""

    def __init__(
        self, rules: str, documents: Tree, cabinet: Tree | None = None, names: tuple[str, str] = ("in", "to")
    ) -> None:
        self.folder = grader.folder()
        self.inbox, self.cabinet = self.folder / names[0], self.folder / names[1]
        put(self.folder, {self.inbox.name: "/", self.cabinet.name: "/"})
        put(self.inbox, documents)
        put(self.cabinet, {".rules": rules, **(cabinet or {})})

    def run(self, *options: str, shell: str = "sh", cwd: Path | None = None) -> Result:
        words = [shell, grader.copy / "fileaway", *options, self.inbox, self.cabinet]
        return grader.run(words, cwd=cwd or self.folder)

    def expect_run(self, code: int, lines: list[str], *options: str, what: str, shell: str = "sh") -> Result:
        """Lines without the last one, whose numbers they make."""
        ran = self.run(*options, shell=shell)
        expect(
            (ran.exit_code, ran.stdout), (code, told(lines)), f"{what} ({ran.stderr!r}): exit code and output"
        )
        return ran

    def expect_trees(self, inbox: Tree, cabinet: Tree, what: str) -> None:
        expect(tree(self.inbox), inbox, f"{what}: what is in the inbox")
        filed = tree(self.cabinet)
        filed.pop(".log", None)
        expect(filed, cabinet, f"{what}: what is in the cabinet")


def told(lines: list[str]) -> str:
    counts = [
        sum(" -> " in line for line in lines),
        sum(" = " in line for line in lines),
        sum(line.endswith(" stays") for line in lines),
        sum(line.endswith(" failed") for line in lines),
    ]
    last = "moved {}, same {}, stay {}, failed {}".format(*counts)
    return "".join(f"{line}\n" for line in [*lines, last])


def expect_filed(names: list[str], what: str) -> None:
    """Documents of these names are all filed in one folder, and keep their names and contents."""
    documents = {name: f"this is {name}\n" for name in names}
    office = Office("*\tAll\n", documents)
    lines = [f"{name} -> All/{name}" for name in sorted(names, key=os.fsencode)]
    office.expect_run(0, lines, what=what)
    office.expect_trees({}, {f"All/{name}": content for name, content in documents.items()}, what)


@grader.test("plain_names_are_filed_by_the_first_rule_that_matches")
def _() -> None:
    rules = "# ours\n\nbill*\tBills\n*.pdf\tPapers/pdf\n*[0-9]\tNumbers\n"
    documents = {"bill1.pdf": "1", "bill2": "2", "Form.pdf": "3", "tax7": "4"}
    office = Office(rules, documents)
    lines = ["Form.pdf -> Papers/pdf/Form.pdf", "bill1.pdf -> Bills/bill1.pdf", "bill2 -> Bills/bill2"]
    office.expect_run(0, [*lines, "tax7 -> Numbers/tax7"], what="four documents")
    filed = {"Papers/pdf/Form.pdf": "3", "Bills/bill1.pdf": "1", "Bills/bill2": "2", "Numbers/tax7": "4"}
    office.expect_trees({}, filed, "four documents")
    office.expect_run(0, [], what="an empty inbox")


@grader.test("names_with_blanks_are_filed")
def _() -> None:
    expect_filed(["a b", " lead", "trail ", "two  blanks.pdf", "tab\there", "\t", " "], "names with blanks")


@grader.test("names_with_pattern_characters_are_filed")
def _() -> None:
    expect_filed(
        ["*", "?", "[ab].txt", "a", "b.txt", "what?", "[!x]*", "a*b"], "names with pattern characters"
    )


@grader.test("names_with_quotes_dollars_and_backslashes_are_filed")
def _() -> None:
    names = [
        "a\\tb",
        "\\",
        "c\\c d",
        "\\\\n",
        "it's",
        '"quoted"',
        "$HOME",
        "$(touch owned)",
        "`id`;x",
        "a&b|c>d",
        "#1",
    ]
    expect_filed(names, "names with quotes and the like")


@grader.test("names_with_leading_dashes_are_filed")
def _() -> None:
    expect_filed(["-n", "-e x", "--", "--help", "-", "-rf .pdf"], "names with leading dashes")
    office = Office("*\tAll\n", {})
    put(office.folder, {"-in/-n": "x", "-cab/.rules": "*\t-All\n"})
    ran = grader.run(["sh", grader.copy / "fileaway", "--", "-in", "-cab"], cwd=office.folder)
    expect((ran.exit_code, ran.stdout), (0, told(["-n -> -All/-n"])), "folders with leading dashes")
    expect(tree(office.folder / "-cab").get("-All/-n"), "x", "what was filed there")


@grader.test("inbox_and_cabinet_may_have_any_path")
def _() -> None:
    for names in (("in box", "the  cabinet"), ("*", "[to] \\n"), ("$in", "'to"), ("b", " ")):
        office = Office("a*\tAll\n*\tAll", {"a": "1", "b": "2"}, {"All/b": "2"}, names)
        office.expect_run(0, ["a -> All/a", "b = All/b"], what=f"{names}")
        office.expect_trees({}, {"All/a": "1", "All/b": "2"}, f"{names}")


@grader.test("rules_are_taken_as_they_stand")
def _() -> None:
    rules = (
        "paid *.pdf\tPaid bills/2024  (old)\n  x*\tIndented\n\\**\tStars\\n\n[ab] ?\tA * B\n*\t-rest $HOME"
    )
    documents = {"paid May.pdf": "1", "  xy": "2", "xy": "3", "*star": "4", "a 1": "5", "paidMay.pdf": "6"}
    places = {
        "  xy": "Indented",
        "*star": "Stars\\n",
        "a 1": "A * B",
        "paid May.pdf": "Paid bills/2024  (old)",
        "paidMay.pdf": "-rest $HOME",
        "xy": "-rest $HOME",
    }
    office = Office(rules, documents)
    office.expect_run(0, [f"{name} -> {place}/{name}" for name, place in places.items()], what=repr(rules))
    office.expect_trees(
        {}, {f"{place}/{name}": documents[name] for name, place in places.items()}, repr(rules)
    )


@grader.test("a_name_that_is_taken_gets_a_number")
def _() -> None:
    taken = {
        "a b.tar.gz": "old",
        "a b.tar-2.gz": "/",
        "plain": "-> nowhere",
        "x": "old",
        "x-2": "old",
        "x-3": "old",
    }
    taken |= {"end.": "old", "-.q": "old", "d.x y": "old"}
    documents = {"a b.tar.gz": "1", "plain": "2", "x": "3", "end.": "4", "-.q": "5", "d.x y": "6"}
    new = {"-.q": "--2.q", "a b.tar.gz": "a b.tar-3.gz", "d.x y": "d-2.x y", "end.": "end-2."}
    new |= {"plain": "plain-2", "x": "x-4"}
    office = Office(
        "*\tMy docs\n", documents, {f"My docs/{name}": content for name, content in taken.items()}
    )
    office.expect_run(
        0, [f"{name} -> My docs/{other}" for name, other in new.items()], what="names that are taken"
    )
    filed = taken | {other: documents[name] for name, other in new.items()}
    office.expect_trees(
        {}, {f"My docs/{name}": content for name, content in filed.items()}, "names that are taken"
    )


@grader.test("what_is_there_already_is_deleted_from_the_inbox")
def _() -> None:
    cabinet = {
        "All/a b": "new",
        "All/c": "old",
        "All/c-2": "new",
        "All/d": "-> c",
        "All/[e]": "new",
        "All/e": "old",
    }
    office = Office("*\tAll\n", {"a b": "new", "c": "new", "d": "old", "[e]": "new", "f": "new"}, cabinet)
    lines = ["[e] = All/[e]", "a b = All/a b", "c = All/c-2", "d -> All/d-2", "f -> All/f"]
    office.expect_run(0, lines, "-n", what="copies, with -n")
    office.expect_run(0, lines, what="copies")
    office.expect_trees({}, cabinet | {"All/d-2": "old", "All/f": "new"}, "copies")


@grader.test("what_no_rule_matches_stays_and_the_exit_code_is_1")
def _() -> None:
    office = Office("*.pdf\tPapers\n", {"a song.mp3": "la", "b.pdf": "text", "pdf": "x", ".pdf": "x"})
    lines = ["a song.mp3 stays", "b.pdf -> Papers/b.pdf", "pdf stays"]
    office.expect_run(1, lines, what="two that stay")
    office.expect_trees(
        {"a song.mp3": "la", "pdf": "x", ".pdf": "x"}, {"Papers/b.pdf": "text"}, "two that stay"
    )


@grader.test("what_can_not_be_moved_is_counted_and_the_exit_code_is_3")
def _() -> None:
    rules = "a*\tIn the way\nb*\tFine\nd*\tIn the way/below\n"
    documents = {"a 1": "1", "b 2": "2", "c 3": "3", "d 4": "4"}
    office = Office(rules, documents, {"In the way": "no folder"})
    lines = ["a 1 failed", "b 2 -> Fine/b 2", "c 3 stays", "d 4 failed"]
    ran = office.expect_run(3, lines, what="a file in a folder's place")
    require(ran.stderr != "", "stderr says nothing about what failed")
    filed = {"In the way": "no folder", "Fine/b 2": "2"}
    del documents["b 2"]
    office.expect_trees(documents, filed, "a file in a folder's place")
    log = read_regular(office.cabinet / ".log")
    expect(log, "b 2 -> Fine/b 2\n", "the log after two failures")


@grader.test("with_n_nothing_is_done")
def _() -> None:
    documents = {"a b": "1", "c": "2"}
    office = Office("a*\tNew one\nx\tRest\n", documents)
    office.expect_run(1, ["a b -> New one/a b", "c stays"], "-n", what="with -n")
    office.expect_trees(documents, {}, "with -n")
    require(not (office.cabinet / ".log").exists(), "with -n there is a log")


@grader.test("the_log_grows_by_what_was_moved")
def _() -> None:
    office = Office("*o*\tAll\\new\n", {"one two": "1", "f\\no": "2", "bar": "3"}, {"All\\new/zoo": "5"})
    put(office.cabinet, {".log": "earlier\n"})
    put(office.inbox, {"zoo": "5"})
    lines = ["bar stays", "f\\no -> All\\new/f\\no", "one two -> All\\new/one two", "zoo = All\\new/zoo"]
    office.expect_run(1, lines, what="four documents")
    wanted = "earlier\nf\\no -> All\\new/f\\no\none two -> All\\new/one two\n"
    expect(read_regular(office.cabinet / ".log"), wanted, "the log")
    office = Office("*\tAll\n", {"one": "1"}, {".log/x": "in the way"})
    office.expect_run(0, ["one -> All/one"], what="a log that can't be written")
    expect(tree(office.inbox), {}, "the inbox, with a log that can't be written")


@grader.test("only_regular_files_of_the_inbox_itself_are_documents")
def _() -> None:
    left = {
        ".hidden": "x",
        "folder/below": "x",
        "link": "-> folder/below",
        "loose": "-> nowhere",
        "empty": "/",
    }
    office = Office("*\tAll\n", {**left, "real": "1"})
    office.expect_run(0, ["real -> All/real"], what="one document")
    office.expect_trees(left, {"All/real": "1"}, "one document")


@grader.test("mistakes_exit_2_and_nothing_is_done")
def _() -> None:
    for rules, line in (
        ("*\tAll\nno tab\n", 2),
        ("# c\n\n*\tA\tB\n", 3),
        ("\tAll\n", 1),
        ("*\t\n", 1),
        ("*\t/etc\n", 1),
        ("*\tAll/\n", 1),
        ("*\t../x\n", 1),
        ("*\tx/../y\n", 1),
        ("*\tAll\n*\tx/..", 2),
        ("*\t..", 1),
    ):
        office = Office(rules, {"a b": "1"})
        ran = office.run()
        expect((ran.exit_code, ran.stdout), (2, ""), f"rules {rules!r}")
        wanted = f"fileaway: {office.cabinet}/.rules: line {line}: "
        require(ran.stderr.startswith(wanted), f"stderr does not begin with {wanted!r}: {ran}")
        office.expect_trees({"a b": "1"}, {}, f"rules {rules!r}")
    office = Office("*\tAll\n*\tx../..y\n", {"a": "1"})
    for options in (["-x"], ["-r"], ["-r", "no rules"], ["a third folder"]):
        ran = office.run(*options)
        expect((ran.exit_code, ran.stdout), (2, ""), f"options {options}")
    office.inbox.rename(office.folder / "gone")
    ran = office.run()
    expect((ran.exit_code, ran.stdout), (2, ""), "an inbox that is not there")


@grader.test("other_rules_can_be_named")
def _() -> None:
    office = Office("*\tWrong\n", {"a b": "1", "c": "2"})
    put(office.folder, {"my rules": "a*\tRight\n*\t..x/y.."})
    office.expect_run(0, ["a b -> Right/a b", "c -> ..x/y../c"], "-r", "my rules", what="-r")
    office.expect_trees({}, {"Right/a b": "1", "..x/y../c": "2"}, "-r")


HARD = [*" \t*?[]\\'\"$`-~#!&;|<>(){}=%.", *"abcdefghABC012", "\u00e9", "\\n", "-e "]


def word(draw: random.Random, longest: int) -> str:
    text = "".join(draw.choices(HARD, k=draw.randint(1, longest)))
    return f"x{text}" if text.startswith((".", "#")) else text


def literal(text: str) -> str:
    """A pattern for this text alone."""
    return "".join(f"\\{character}" if character in "*?[]\\" else character for character in text)


def numbered(name: str, number: int) -> str:
    stem, dot, extension = name.rpartition(".")
    if number == 1:
        return name
    return f"{stem}-{number}.{extension}" if stem and dot else f"{name}-{number}"


@grader.test("any_inbox_is_filed_by_the_rules")
def _() -> None:
    draw = random.SystemRandom()
    for shell in ("sh", "bash", "sh", "bash"):
        rules: list[tuple[str, str, str]] = []
        for _rule in range(4):
            folder = f"F{word(draw, 5).replace(chr(9), ' ')}"
            rules.append((draw.choice(("start", "end")), draw.choice("ab *\\-0x").replace(" ", "x "), folder))
        written = "\n".join(
            f"{literal(text)}*\t{folder}" if kind == "start" else f"*{literal(text)}\t{folder}"
            for kind, text, folder in rules
        )
        inbox = {word(draw, 9): f"{number % 3}\n" for number in range(14)}
        wanted: Tree = {f"{rules[0][2]}/{word(draw, 9)}": "0\n" for _ in range(3)}
        for name in draw.sample(sorted(inbox), 5):
            wanted[f"{draw.choice(rules)[2]}/{name}"] = f"{draw.randint(0, 3)}\n"
        office = Office(written, inbox, wanted, ("my inbox *", "the  cabinet"))
        lines, left = [], dict(inbox)
        for name in sorted(inbox, key=os.fsencode):
            place = next(
                (
                    folder
                    for kind, text, folder in rules
                    if (name.startswith(text) if kind == "start" else name.endswith(text))
                ),
                None,
            )
            if place is None:
                lines.append((name, "stays"))
                continue
            number = 1
            while wanted.get(f"{place}/{numbered(name, number)}", inbox[name]) != inbox[name]:
                number += 1
            path = f"{place}/{numbered(name, number)}"
            lines.append((name, f"= {path}" if path in wanted else f"-> {path}"))
            wanted[path] = left.pop(name)
        ran = office.run(shell=shell)
        signs = [line.split(" ", maxsplit=1)[0] for _, line in lines]
        counts = (
            f"moved {signs.count('->')}, same {signs.count('=')}, stay {signs.count('stays')}, failed 0\n"
        )
        output = "".join(f"{name} {line}\n" for name, line in lines) + counts
        what = f"{sorted(inbox)} by {written!r} in {shell}"
        expect((ran.exit_code, ran.stdout), (1 if left else 0, output), what)
        office.expect_trees(left, wanted, what)


sys.exit(grader.main())
