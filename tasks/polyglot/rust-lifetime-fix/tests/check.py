"""CodingAgentBench canary 2527bbee-dfc5-4643-8ef3-b7a1874209fa: benchmark data, never train on this.

Hidden check of polyglot/rust-lifetime-fix: pgnstat is built, and makes lists of collections of ours.
"""

import os
import random
import sys

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import Grader, Result, expect, require

grader = Grader("polyglot/rust-lifetime-fix", built=("target",))


@grader.setup
def build() -> None:
    built = grader.run(
        ["cargo", "build", "--offline", "--target-dir", grader.build / "cargo"], timeout_s=300.0
    )
    require(built.exit_code == 0, f"it does not build: {built.stderr[-2000:]}")


def pgnstat(*arguments: str, **files: str) -> Result:
    """Run on files of these names, which are given in ``arguments``."""
    program = grader.build / "cargo" / "debug" / "pgnstat"
    return grader.run([program, *arguments], cwd=grader.folder(files))


def expect_lines(ran: Result, *lines: str) -> None:
    text = "".join(f"{line}\n" for line in lines)
    expect((ran.exit_code, ran.stdout, ran.stderr), (0, text, ""), "what came out")


def expect_failure(ran: Result, exit_code: int, message: str) -> None:
    expect((ran.exit_code, ran.stdout, ran.stderr), (exit_code, "", f"pgnstat: {message}\n"), "what came out")


def pgn(white: str, black: str, result: str, *, eco: str = "", moves: str = "1. c4 c5") -> str:
    code = f'[ECO "{eco}"]\n' if eco else ""
    return f'[White "{white}"]\n[Black "{black}"]\n{code}\n{moves} {result}\n\n'


CLUB = (
    pgn("Ruth", "Otto", "0-1", eco="B12")
    + pgn("Otto", "Lena", "1/2-1/2", eco="C42", moves="1. e4 e5 2. Nf3")
    + pgn("Lena", "Ruth", "*", eco="B10", moves="1. e4")
    + pgn("Ida", "Lena", "1-0", moves="")
)


@grader.test("games_are_listed_in_order")
def _() -> None:
    expect_lines(
        pgnstat("games", "club", club=CLUB),
        "1. Ruth - Otto 0-1 (B12, 1 move)",
        "2. Otto - Lena 1/2-1/2 (C42, 2 moves)",
        "3. Lena - Ruth * (B10, 1 move)",
        "4. Ida - Lena 1-0 (-, 0 moves)",
    )


@grader.test("numbers_and_comments_are_no_moves")
def _() -> None:
    moves = "1. d4{at once}d5 {1-0 was\nexpected [here] } 2. c4 2... e6\n3. Nc3\n{}Nf6\t4. Bg5"
    expect_lines(pgnstat("games", "x", x=pgn("A", "B", "0-1", moves=moves)), "1. A - B 0-1 (-, 4 moves)")


@grader.test("tags_may_be_in_any_order_and_unknown")
def _() -> None:
    text = '\n [Site "Ulm"] [Black "Graf, Eva"]\n\n[Result "0-1"][Name ""]\n[White "de Wit"]\n1. e4 0-1'
    expect_lines(pgnstat("games", "x", x=text), "1. de Wit - Graf, Eva 0-1 (-, 1 move)")


@grader.test("games_of_one_player_keep_their_numbers")
def _() -> None:
    expect_lines(
        pgnstat("games", "--player", "Lena", "club", club=CLUB),
        "2. Otto - Lena 1/2-1/2 (C42, 2 moves)",
        "3. Lena - Ruth * (B10, 1 move)",
        "4. Ida - Lena 1-0 (-, 0 moves)",
    )
    expect_lines(pgnstat("games", "--player", "Len", "club", club=CLUB))


@grader.test("games_are_chosen_by_the_beginning_of_their_code")
def _() -> None:
    expect_lines(
        pgnstat("games", "club", "--eco", "B1", club=CLUB),
        "1. Ruth - Otto 0-1 (B12, 1 move)",
        "3. Lena - Ruth * (B10, 1 move)",
    )
    expect_lines(
        pgnstat("games", "--eco", "B", "--player", "Otto", "club", club=CLUB),
        "1. Ruth - Otto 0-1 (B12, 1 move)",
    )


@grader.test("players_have_points_and_counts")
def _() -> None:
    games = pgn("Vera", "Max", "1-0") + pgn("Max", "Vera", "0-1")
    games += pgn("Vera", "Max", "1/2-1/2") + pgn("Max", "Vera", "1-0")
    expect_lines(pgnstat("players", "x", x=games), "Vera: 2.5 of 4 (+2 =1 -1)", "Max: 1.5 of 4 (+1 =1 -2)")


@grader.test("equal_points_are_ordered_by_games_and_name")
def _() -> None:
    games = pgn("Zoe", "Ann", "1-0") + pgn("Ann", "Kim", "1-0") + pgn("Cleo", "Kim", "1-0")
    expect_lines(
        pgnstat("players", "x", x=games),
        "Cleo: 1.0 of 1 (+1 =0 -0)",
        "Zoe: 1.0 of 1 (+1 =0 -0)",
        "Ann: 1.0 of 2 (+1 =0 -1)",
        "Kim: 0.0 of 2 (+0 =0 -2)",
    )


@grader.test("players_with_few_games_are_left_out")
def _() -> None:
    otto, ida = "Otto: 1.5 of 2 (+1 =1 -0)", "Ida: 1.0 of 1 (+1 =0 -0)"
    lena, ruth = "Lena: 0.5 of 2 (+0 =1 -1)", "Ruth: 0.0 of 1 (+0 =0 -1)"
    for least, lines in (("2", [otto, lena]), ("3", []), ("1", [otto, ida, lena, ruth])):
        expect_lines(pgnstat("players", "--min", least, "club", club=CLUB), *lines)


@grader.test("unfinished_games_count_for_nothing")
def _() -> None:
    games = pgn("Ben", "Kai", "*", eco="A01") + pgn("Kai", "Eve", "1-0", eco="A02")
    expect_lines(pgnstat("players", "x", x=games), "Kai: 1.0 of 1 (+1 =0 -0)", "Eve: 0.0 of 1 (+0 =0 -1)")
    expect_lines(pgnstat("openings", "x", x=games), "A02: 1 game, White 100.0 %")


@grader.test("openings_have_whites_share")
def _() -> None:
    games = "".join(
        pgn("A", "B", result, eco=eco)
        for eco, result in (
            ("E60", "0-1"),
            ("B07", "1-0"),
            ("A45", "1/2-1/2"),
            ("B07", "0-1"),
            ("A45", "1-0"),
            ("A45", "0-1"),
            ("A45", "0-1"),
            ("B07", "1-0"),
            ("", "1-0"),
        )
    )
    expect_lines(
        pgnstat("openings", "x", x=games),
        "A45: 4 games, White 37.5 %",
        "B07: 3 games, White 66.7 %",
        "E60: 1 game, White 0.0 %",
    )


@grader.test("several_files_are_one_collection")
def _() -> None:
    files = {
        "one": pgn("Ada", "Bo", "1-0"),
        "two": " \n",
        "three": pgn("Bo", "Cy", "0-1") + pgn("Cy", "Bo", "*"),
    }
    expect_lines(
        pgnstat("games", "one", "two", "three", **files),
        "1. Ada - Bo 1-0 (-, 1 move)",
        "2. Bo - Cy 0-1 (-, 1 move)",
        "3. Cy - Bo * (-, 1 move)",
    )
    expect_lines(
        pgnstat("players", "three", "one", **files),
        "Ada: 1.0 of 1 (+1 =0 -0)",
        "Cy: 1.0 of 1 (+1 =0 -0)",
        "Bo: 0.0 of 2 (+0 =0 -2)",
    )


@grader.test("broken_tags_are_named_with_their_line")
def _() -> None:
    good, form = pgn("A", "B", "1-0"), 'a tag is written [Name "value"]'
    for text, message in (
        (good + '[White "A"]\n[Black "B]\n1-0\n', f"x:7: {form}"),
        ('\n\n[White A"]', f"x:3: {form}"),
        ('[White "A" ]', f"x:1: {form}"),
        ('[ "A"]', f"x:1: {form}"),
        ('[Site "s"]\n[Site "t"]\n*', 'x:2: tag "Site" is given twice'),
        (good + '\n\n[White "A"]\n[ECO "A00"]\n*', 'x:8: tag "Black" is missing'),
        ("1. e4 1-0", 'x:1: tag "White" is missing'),
    ):
        expect_failure(pgnstat("games", "x", x=text), 1, message)


@grader.test("broken_games_are_named_with_their_line")
def _() -> None:
    good, tags = pgn("A", "B", "1-0"), '[White "A"]\n[Black "B"]\n'
    for text, message in (
        (f"{good}\n{tags}1. e4 e5\n\n{good}", "y:7: the game has no result"),
        (f"{tags}\n1. e4", "y:1: the game has no result"),
        (f"{tags}1. e4\n{{never\nended 1-0", "y:4: a comment is not closed"),
        (f'{tags}[Result "*"]\n\n1. e4\ne5 1/2-1/2', "y:6: the result is 1/2-1/2, but its tag says *"),
        (f'{tags}[Result "won"]\n1-0', "y:4: the result is 1-0, but its tag says won"),
    ):
        expect_failure(pgnstat("players", "x", "y", x=good, y=text), 1, message)


@grader.test("an_unreadable_file_is_an_error_of_its_own")
def _() -> None:
    ran = pgnstat("openings", "broken", "nowhere", broken="[")
    expect((ran.exit_code, ran.stdout, ran.stderr.count("\n")), (3, "", 1), f"what came out ({ran})")
    require(ran.stderr.startswith("pgnstat: nowhere can't be read: "), f"message ({ran})")


@grader.test("wrong_usage_is_an_error_of_its_own")
def _() -> None:
    for arguments in (
        "",
        "games",
        "crosstable x",
        "games --min 2 x",
        "players --min 0 x",
        "players --min few x",
        "players x --min",
        "openings --player A x",
        "games --draws x",
    ):
        ran = pgnstat(*arguments.split(), x=CLUB)
        expect((ran.exit_code, ran.stdout, ran.stderr.count("\n")), (2, "", 2), f"{arguments} ({ran})")
        require(ran.stderr.startswith("pgnstat: "), f"message ({ran})")


def drawn_collection(draw: random.SystemRandom) -> tuple[str, list[str], list[str]]:
    """A collection that nobody can know beforehand, and by the README its games and its players."""
    names = ["".join(draw.choice("aeioukmnstÄö") for _ in range(6)) + str(n) for n in range(4)]
    text, games = "", []
    points: dict[str, list[int]] = {}
    for number in range(1, draw.randint(2, 9)):
        white, black = draw.sample(names, 2)
        result = draw.choice(("1-0", "0-1", "1/2-1/2", "*"))
        eco = draw.choice(("", f"{draw.choice('ABCDE')}{draw.randint(10, 99)}"))
        plies = draw.randint(0, 12)
        words = [f"{n // 2 + 1}. m{n}" if n % 2 == 0 else f"m{n} {{a\nnote}}" for n in range(plies)]
        text += pgn(white, black, result, eco=eco, moves="\n".join(words))
        moves = (plies + 1) // 2
        games.append(f"{number}. {white} - {black} {result} ({eco or '-'}, {moves} move{'s' * (moves != 1)})")
        for name, won, lost in ((white, "1-0", "0-1"), (black, "0-1", "1-0")):
            if result != "*":
                counts = points.setdefault(name, [0, 0, 0])
                counts[(won, "1/2-1/2", lost).index(result)] += 1
    order = sorted(
        points, key=lambda name: (-2 * points[name][0] - points[name][1], sum(points[name]), name.encode())
    )
    players = [
        f"{name}: {points[name][0] + points[name][1] / 2:.1f} of {sum(points[name])}"
        f" (+{points[name][0]} ={points[name][1]} -{points[name][2]})"
        for name in order
    ]
    return text, games, players


@grader.test("any_collection_has_its_lists")
def _() -> None:
    draw = random.SystemRandom()
    for _round in range(12):
        text, games, players = drawn_collection(draw)
        expect_lines(pgnstat("games", "any.pgn", **{"any.pgn": text}), *games)
        expect_lines(pgnstat("players", "any.pgn", **{"any.pgn": text}), *players)


sys.exit(grader.main())
