"""CodingAgentBench canary e125fcca-ba24-4230-bf79-806e7d0fd0d5: benchmark data, never train on this.

Hidden check of polyglot/rust-owner-borrow-fix: tankbook is built, and keeps books of ours.
"""

import os
import random
import sys

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import Grader, Result, expect, require

grader = Grader("polyglot/rust-owner-borrow-fix", built=("target",))


@grader.setup
def build() -> None:
    built = grader.run(
        ["cargo", "build", "--offline", "--target-dir", grader.build / "cargo"], timeout_s=300.0
    )
    require(built.exit_code == 0, f"it does not build: {built.stderr[-2000:]}")


def tankbook(book: str, *arguments: str) -> Result:
    """Run on a book, whose entries are separated by ``;`` here, by stdin."""
    lines = "".join(f"{entry.strip()}\n" for entry in book.split(";"))
    return grader.run([grader.build / "cargo" / "debug" / "tankbook", *arguments], stdin=lines)


def check(ran: Result, printed: list[str], refused: list[str] | None = None) -> None:
    """``refused`` are messages from the line's number on."""
    messages = [f"tankbook: line {message}" for message in refused or []]
    expect(ran.stdout.splitlines(), printed, "what was printed")
    seen = (ran.exit_code, ran.stderr.splitlines())
    expect(seen, (1 if messages else 0, messages), "exit code and messages")


TANKS = "tank Old 90; tank New 60; fill Old 30 pinot; fill Old 25 gamay"


@grader.test("moved_wine_leaves_the_one_tank_for_the_other")
def _() -> None:
    check(
        tankbook(f"{TANKS}; move Old New 12; show New; show Old"),
        ["New: 12 of 60 l: pinot 12", "Old: 43 of 90 l: pinot 18, gamay 25"],
    )


@grader.test("moved_wine_arrives_in_the_order_in_which_it_was_taken")
def _() -> None:
    check(
        tankbook(f"{TANKS}; fill New 7 merlot; move Old New 40; show New; show Old"),
        ["New: 47 of 60 l: merlot 7, pinot 30, gamay 10", "Old: 15 of 90 l: gamay 15"],
    )


@grader.test("a_racked_tank_is_empty_afterwards")
def _() -> None:
    check(
        tankbook(f"{TANKS}; rack Old New; show Old; show New; rack New Old; show Old; show New"),
        [
            "Old: 0 of 90 l",
            "New: 55 of 60 l: pinot 30, gamay 25",
            "Old: 55 of 90 l: pinot 30, gamay 25",
            "New: 0 of 60 l",
        ],
    )


@grader.test("drawn_wine_is_taken_from_below")
def _() -> None:
    check(
        tankbook(f"{TANKS}; draw Old 29; draw Old 1; draw Old 5; show Old; draw Old 20; show Old"),
        [
            "drawn from Old: pinot 29",
            "drawn from Old: pinot 1",
            "drawn from Old: gamay 5",
            "Old: 20 of 90 l: gamay 20",
            "drawn from Old: gamay 20",
            "Old: 0 of 90 l",
        ],
    )


@grader.test("the_same_lot_in_a_row_is_one")
def _() -> None:
    check(
        tankbook(
            "tank T 50; fill T 5 a; fill T 6 a; fill T 1 b; fill T 2 a; show T;draw T 12; fill T 3 a; show T"
        ),
        ["T: 14 of 50 l: a 11, b 1, a 2", "drawn from T: a 11, b 1", "T: 5 of 50 l: a 5"],
    )


@grader.test("a_tank_may_be_filled_to_the_brim_and_emptied")
def _() -> None:
    check(
        tankbook("tank A 40; fill A 40 x; tank B 40; move A B 40; draw B 40; show A; show B"),
        ["drawn from B: x 40", "A: 0 of 40 l", "B: 0 of 40 l"],
    )


@grader.test("the_report_has_tanks_lots_and_the_sum")
def _() -> None:
    check(
        tankbook(
            "tank Z 20; tank A 7; fill Z 9 rosé; fill A 5 alb; draw A 2; draw Z 1; draw A 1",
            "--report",
        ),
        [
            "drawn from A: alb 2",
            "drawn from Z: rosé 1",
            "drawn from A: alb 1",
            "Z: 8 of 20 l: rosé 8",
            "A: 2 of 7 l: alb 2",
            "drawn: alb 3 l",
            "drawn: rosé 1 l",
            "total: 2 tanks, 10 of 27 l",
        ],
    )
    check(tankbook("tank Z 20", "--report"), ["Z: 0 of 20 l", "total: 1 tank, 0 of 20 l"])
    check(tankbook("", "--report"), ["total: 0 tanks, 0 of 0 l"])


@grader.test("what_does_not_fit_is_refused")
def _() -> None:
    ran = tankbook(
        f"{TANKS}; fill Old 36 x; fill New 6 y; move Old New 55; rack Old New;"
        "fill Old 35 z; show Old; show New",
        "--keep-going",
    )
    check(
        ran,
        ["Old: 90 of 90 l: pinot 30, gamay 25, z 35", "New: 6 of 60 l: y 6"],
        [
            "5: Old has room for 35 l, not 36",
            "7: New has room for 54 l, not 55",
            "8: New has room for 54 l, not 55",
        ],
    )


@grader.test("what_is_not_there_is_not_taken")
def _() -> None:
    ran = tankbook(
        f"{TANKS}; move Old New 56; draw Old 56; rack New Old;draw New 1; move New Old 9; show Old; show New",
        "--keep-going",
    )
    check(
        ran,
        ["Old: 55 of 90 l: pinot 30, gamay 25", "New: 0 of 60 l"],
        [
            "5: Old holds 55 l, not 56",
            "6: Old holds 55 l, not 56",
            "7: New is empty",
            "8: New is empty",
            "9: New is empty",
        ],
    )


@grader.test("tanks_must_be_there_once")
def _() -> None:
    ran = tankbook(
        f"{TANKS}; tank Old 5; move Nix Nox 1; move Old Nox 99; rack Nix Old;"
        "rack New Nox; fill Nix 1 a; draw Nix 1;"
        "show nix; move Old Old 99; rack New New; show Old",
        "--keep-going",
    )
    check(
        ran,
        ["Old: 55 of 90 l: pinot 30, gamay 25"],
        [
            "5: Old is there already",
            "6: there is no tank Nix",
            "7: there is no tank Nox",
            "8: there is no tank Nix",
            "9: there is no tank Nox",
            "10: there is no tank Nix",
            "11: there is no tank Nix",
            "12: there is no tank nix",
            "13: Old can't be moved into itself",
            "14: New can't be moved into itself",
        ],
    )


@grader.test("badly_written_entries_are_refused")
def _() -> None:
    ran = tankbook(
        "tank T 9; pump T 1; tank T; fill T 5; move T T; rack T; draw T 1 2; show; fill T 0 a; fill T 1.5 a;"
        "tank U 4294967296; draw T -1; Show T",
        "--keep-going",
        "--report",
    )
    check(
        ran,
        ["T: 0 of 9 l", "total: 1 tank, 0 of 9 l"],
        [
            '2: there is no entry "pump"',
            "3: tank is written: tank NAME CAPACITY",
            "4: fill is written: fill NAME LITRES LOT",
            "5: move is written: move FROM TO LITRES",
            "6: rack is written: rack FROM TO",
            "7: draw is written: draw NAME LITRES",
            "8: show is written: show NAME",
            '9: "0" is not a number of litres',
            '10: "1.5" is not a number of litres',
            '11: "4294967296" is not a number of litres',
            '12: "-1" is not a number of litres',
            '13: there is no entry "Show"',
        ],
    )


@grader.test("the_book_ends_at_a_refusal")
def _() -> None:
    check(
        tankbook("# cellar 2; ; tank A 5; show A; draw A 1; show A", "--report"),
        ["A: 0 of 5 l"],
        ["5: A is empty"],
    )


@grader.test("the_book_may_be_a_file")
def _() -> None:
    program = grader.build / "cargo" / "debug" / "tankbook"
    folder = grader.folder({"book": "tank A 5\nshow A\n"})
    ran = grader.run([program, "book", "--report"], stdin="show B\n", cwd=folder)
    check(ran, ["A: 0 of 5 l", "A: 0 of 5 l", "total: 1 tank, 0 of 5 l"])
    missing = grader.run([program, "no-book"], cwd=folder)
    expect((missing.exit_code, missing.stdout), (3, ""), f"a book that is not there ({missing})")
    require(missing.stderr.startswith("tankbook: "), f"message ({missing})")


@grader.test("wrong_usage_is_an_error_of_its_own")
def _() -> None:
    for arguments in (["--quiet"], ["a", "b"]):
        ran = tankbook("tank A 5; show A", *arguments)
        expect((ran.exit_code, ran.stdout), (2, ""), f"{arguments} ({ran})")
        require(ran.stderr.startswith("tankbook: "), f"message ({ran})")


class Cellar:
    """The README's rules, once more: every litre by itself, from below."""

    def __init__(self, capacities: dict[str, int]) -> None:
        self.capacities = capacities
        self.tanks: dict[str, list[str]] = {name: [] for name in capacities}

    def line(self, name: str) -> str:
        wine = self.tanks[name]
        text = f"{name}: {len(wine)} of {self.capacities[name]} l"
        return f"{text}: {self.lots(wine)}" if wine else text

    @staticmethod
    def lots(wine: list[str]) -> str:
        layers: list[tuple[str, int]] = []
        for lot in wine:
            if layers and layers[-1][0] == lot:
                layers[-1] = (lot, layers[-1][1] + 1)
            else:
                layers.append((lot, 1))
        return ", ".join(f"{lot} {litres}" for lot, litres in layers)

    def pour(self, source: str, target: str, litres: int | None) -> str | None:
        """Why it is refused, or ``None``."""
        if source == target:
            return f"{source} can't be moved into itself"
        level, room = len(self.tanks[source]), self.capacities[target] - len(self.tanks[target])
        wanted = level if litres is None else litres
        if level == 0:
            return f"{source} is empty"
        if level < wanted:
            return f"{source} holds {level} l, not {wanted}"
        if room < wanted:
            return f"{target} has room for {room} l, not {wanted}"
        self.tanks[target] += self.tanks[source][:wanted]
        del self.tanks[source][:wanted]
        return None


@grader.test("any_book_is_kept")
def _() -> None:
    """Books that nobody can know beforehand."""
    draw = random.SystemRandom()
    for _round in range(10):
        names = [f"T{draw.randrange(1000)}-{n}" for n in range(3)]
        cellar = Cellar({name: draw.randint(20, 60) for name in names})
        book = [f"tank {name} {capacity}" for name, capacity in cellar.capacities.items()]
        refused = []
        for name in names[:2]:
            for lot in draw.sample(["kerner", "dornfelder", "elbling"], 2):
                litres = draw.randint(1, 10)
                book.append(f"fill {name} {litres} {lot}")
                cellar.tanks[name] += [lot] * litres
        for _entry in range(8):
            source, target = draw.choice(names), draw.choice(names)
            litres = draw.choice((None, draw.randint(1, 25)))
            book.append(f"rack {source} {target}" if litres is None else f"move {source} {target} {litres}")
            if message := cellar.pour(source, target, litres):
                refused.append(f"{len(book)}: {message}")
        book += [f"show {name}" for name in names]
        check(tankbook(";".join(book), "--keep-going"), [cellar.line(name) for name in names], refused)


sys.exit(grader.main())
