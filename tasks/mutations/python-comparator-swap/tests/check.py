"""CodingAgentBench canary ca6a1c59-6623-4e1a-a343-108b8c42ea15: benchmark data, never train on this.

Hidden check of mutations/python-comparator-swap: podium is run on results of our own, and on seasons that
nobody has seen before.
"""

import json
import os
import random
import sys

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import CheckFailedError, Grader, Result, expect, require

grader = Grader("mutations/python-comparator-swap")

HEADER = "home,away,home_goals,away_goals\n"


def podium(*arguments: str, results: str = "") -> Result:
    return grader.run([grader.python, "-m", "podium", *arguments], stdin=results)


def table(results: str, *arguments: str) -> list[dict[str, object]]:
    ran = podium("table", "-", "--json", *arguments, results=HEADER + results)
    expect(ran.exit_code, 0, f"exit code ({ran})")
    try:
        rows = json.loads(ran.stdout)
    except ValueError:
        raise CheckFailedError(f"no JSON came out: {ran}") from None
    require(
        isinstance(rows, list) and all(isinstance(row, dict) for row in rows), f"no list of objects: {ran}"
    )
    return rows


def places(results: str, *arguments: str) -> list[tuple[object, object]]:
    return [(row.get("place"), row.get("team")) for row in table(results, *arguments)]


@grader.test("goal_difference_parts_two_teams")
def _() -> None:
    results = "Elm,Fir,1,0\nOak,Ash,4,0\n"
    expect(places(results), [(1, "Oak"), (2, "Elm"), (3, "Fir"), (4, "Ash")], "places")


@grader.test("goal_difference_parts_many_teams")
def _() -> None:
    results = "".join(f"T{n},U{n},{n},0\n" for n in (3, 7, 1, 9, 5))
    wanted = ["T9", "T7", "T5", "T3", "T1", "U1", "U3", "U5", "U7", "U9"]
    expect(places(results), list(enumerate(wanted, start=1)), "places")


@grader.test("a_negative_goal_difference_ranks_below_zero")
def _() -> None:
    results = "A,B,0,3\nB,A,0,1\nC,D,2,1\nD,C,1,0\n"
    expect(places(results), [(1, "B"), (2, "C"), (2, "D"), (4, "A")], "places")


@grader.test("the_order_of_matches_does_not_matter")
def _() -> None:
    matches = ["Red,Blue,2,2\n", "Red,Green,0,5\n", "Blue,Grey,3,1\n", "Green,Grey,0,1\n", "Grey,Red,1,2\n"]
    wanted = [(1, "Blue"), (2, "Red"), (3, "Green"), (4, "Grey")]
    for turn in range(len(matches)):
        expect(places("".join(matches[turn:] + matches[:turn])), wanted, f"places, from match {turn}")


@grader.test("points_come_before_goal_difference")
def _() -> None:
    results = "Few,Big,1,0\nFew,Big,1,0\nBig,Low,9,0\n"
    expect(places(results), [(1, "Few"), (2, "Big"), (3, "Low")], "places")


@grader.test("goals_scored_part_equal_differences")
def _() -> None:
    results = "Lot,X,5,4\nOne,Y,1,0\n"
    expect(places(results), [(1, "Lot"), (2, "One"), (3, "X"), (4, "Y")], "places")


@grader.test("equal_teams_share_a_place_by_name")
def _() -> None:
    results = "beta,p,1,0\nAlpha,q,1,0\nGamma,r,1,0\n"
    wanted = [(1, "Alpha"), (1, "beta"), (1, "Gamma"), (4, "p"), (4, "q"), (4, "r")]
    expect(places(results), wanted, "places")


def season() -> list[tuple[str, str, int, int]]:
    """Matches that nobody can know beforehand; with few goals, so that many teams are level."""
    draw = random.SystemRandom()
    teams = [f"{draw.choice('abcdefgHIJKLMN')}{draw.choice('aeiou')}{number:02}" for number in range(8)]
    pairs = (draw.sample(teams, 2) for _ in range(draw.randint(5, 14)))
    return [(home, away, draw.randint(0, 2), draw.randint(0, 2)) for home, away in pairs]


def by_the_rules(matches: list[tuple[str, str, int, int]]) -> list[tuple[int, str]]:
    """The README's ranking rules, once more."""
    merits: dict[str, tuple[int, int, int]] = {}
    for home, away, home_goals, away_goals in matches:
        for team, scored, conceded in ((home, home_goals, away_goals), (away, away_goals, home_goals)):
            points, difference, goals = merits.get(team, (0, 0, 0))
            won = 3 if scored > conceded else 1 if scored == conceded else 0
            merits[team] = (points + won, difference + scored - conceded, goals + scored)
    return sorted(
        (1 + sum(other > merit for other in merits.values()), team) for team, merit in merits.items()
    )


@grader.test("any_season_follows_the_rules")
def _() -> None:
    for _round in range(6):
        matches = season()
        results = "".join(f"{home},{away},{scored},{conceded}\n" for home, away, scored, conceded in matches)
        wanted = sorted(by_the_rules(matches), key=lambda row: (row[0], row[1].casefold()))
        expect(places(results), wanted, f"places of {matches}")


@grader.test("rows_hold_every_figure")
def _() -> None:
    figures = ("place", "team", "played", "won", "drawn", "lost", "goals_for", "goals_against", "points")
    rows = table("N,S,3,1\nS,N,2,2\n")
    expect(
        [tuple(row.get(key) for key in figures) for row in rows],
        [(1, "N", 2, 1, 1, 0, 5, 3, 4), (2, "S", 2, 0, 1, 1, 3, 5, 1)],
        "rows",
    )


@grader.test("text_top_and_team")
def _() -> None:
    results = HEADER + "Elm,Fir,1,0\nOak,Ash,4,0\n"
    top = podium("table", "-", "--top", "2", results=results)
    expect(
        [line.split() for line in top.stdout.splitlines()],
        [["1", "Oak", "1", "1", "0", "0", "4:0", "3"], ["2", "Elm", "1", "1", "0", "0", "1:0", "3"]],
        "the first two lines",
    )
    one = podium("team", "-", "Ash", results=results)
    expect(
        (one.exit_code, one.stdout.split()), (0, ["4", "Ash", "1", "0", "0", "1", "0:4", "0"]), "Ash's line"
    )
    none = podium("team", "-", "Yew", results=results)
    expect((none.exit_code, none.stdout), (1, ""), "a team that isn't there")


@grader.test("bad_results_exit_2_and_name_the_line")
def _() -> None:
    for line, number in (("A,A,1,0\n", 2), ("A,B,1\n", 2), ("A,B,1,0\n\nA,B,x,0\n", 4)):
        ran = podium("table", "-", results=HEADER + line)
        expect((ran.exit_code, ran.stdout), (2, ""), f"results {line!r}")
        require(f"podium: line {number}: " in ran.stderr, f"stderr does not name line {number}: {ran}")


sys.exit(grader.main())
