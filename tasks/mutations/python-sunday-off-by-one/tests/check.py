"""CodingAgentBench canary 57244aae-8cfc-43c6-81f2-23b396e03533: benchmark data, never train on this.

Hidden check of mutations/python-sunday-off-by-one: keepsake makes plans for lists of our own, and for lists
drawn at random.
"""

import json
import os
import random
import sys
from datetime import date, timedelta

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import CheckFailedError, Grader, Result, expect, require

grader = Grader("mutations/python-sunday-off-by-one")

HEADER = "name,taken,size_mb,base,hold\n"
RULES = ("newest", "daily", "weekly", "monthly", "hold", "future", "base")

Row = tuple[str, str, int, str, str]
Kept = list[tuple[str, str]]


def keepsake(command: str, listed: str, today: str, *options: str) -> Result:
    words = [grader.python, "-m", "keepsake", command, "-", "--today", today, *options]
    return grader.run(words, stdin=listed)


def counts(daily: int = 0, weekly: int = 0, monthly: int = 0) -> list[str]:
    return ["--daily", str(daily), "--weekly", str(weekly), "--monthly", str(monthly)]


def days(*taken: str) -> str:
    """A list with a snapshot at noon of each day, named after it, of 10 MB."""
    return HEADER + "".join(f"{day},{day}T12:00,10,,\n" for day in taken)


def kept(listed: str, today: str, *options: str) -> Kept:
    """Names and rules, newest first, of a plan that must be in order."""
    ran = keepsake("plan", listed, today, "--json", *options)
    expect(ran.exit_code, 0, f"exit code ({ran})")
    try:
        made = json.loads(ran.stdout)
        return [(row["name"], ",".join(row["rules"])) for row in made["keep"]]
    except (ValueError, KeyError, TypeError):
        raise CheckFailedError(f"no plan came out: {ran}") from None


@grader.test("a_sunday_belongs_to_the_week_before")
def _() -> None:
    listed = days("2024-06-12", "2024-06-16", "2024-06-17", "2024-06-20")
    wanted = [("2024-06-20", "newest,weekly"), ("2024-06-16", "weekly")]
    expect(kept(listed, "2024-06-21", *counts(weekly=2)), wanted, "kept of a Sunday and a Monday")


@grader.test("each_of_the_last_weeks_keeps_one")
def _() -> None:
    sundays = [str(date(2025, 1, 5) + timedelta(weeks=week)) for week in range(8)]
    mondays = [str(date.fromisoformat(day) - timedelta(days=6)) for day in sundays]
    wanted = [(day, "weekly") for day in sundays[:3:-1]]
    wanted[0] = (sundays[-1], "newest,weekly")
    listed = days(*sundays, *mondays)
    expect(kept(listed, sundays[-1], *counts(weekly=4)), wanted, "kept of eight Sundays and Mondays")


@grader.test("a_week_begins_on_monday_and_its_oldest_day_counts")
def _() -> None:
    listed = days("2023-12-24", "2023-12-25")
    wanted = [("2023-12-25", "newest,weekly")]
    expect(kept(listed, "2024-01-03", *counts(weekly=2)), wanted, "kept across the end of a year")
    wanted = [("2023-12-25", "newest,weekly"), ("2023-12-24", "weekly")]
    expect(kept(listed, "2023-12-31", *counts(weekly=2)), wanted, "kept on a Sunday")
    listed = days("2023-12-17", "2023-12-18", "2023-12-31")
    wanted = [("2023-12-31", "newest,weekly"), ("2023-12-18", "weekly")]
    expect(kept(listed, "2023-12-31", *counts(weekly=2)), wanted, "kept of two weeks and a day")


@grader.test("days_count_back_from_today")
def _() -> None:
    listed = days("2024-02-27", "2024-02-28", "2024-02-29", "2024-03-02")
    wanted = [("2024-03-02", "newest,daily"), ("2024-02-29", "daily"), ("2024-02-28", "daily")]
    expect(kept(listed, "2024-03-02", *counts(daily=4)), wanted, "kept of four days")
    expect(kept(listed, "2024-03-05", *counts(daily=4)), wanted[:1], "kept three days later")
    expect(kept(listed, "2024-03-06", *counts(daily=4)), [("2024-03-02", "newest")], "kept after that")


@grader.test("months_count_back_from_today")
def _() -> None:
    listed = days("2023-10-31", "2023-11-01", "2023-11-30", "2023-12-31", "2024-01-01", "2024-02-01")
    wanted = [("2024-02-01", "newest,monthly"), ("2024-01-01", "monthly"), ("2023-12-31", "monthly")]
    expect(kept(listed, "2024-02-01", *counts(monthly=3)), wanted, "kept of three months")
    wanted.append(("2023-11-30", "monthly"))
    expect(kept(listed, "2024-02-29", *counts(monthly=4)), wanted, "kept of four months")


@grader.test("the_newer_of_two_is_decided_by_time_then_line")
def _() -> None:
    rows = (
        "late,2024-05-05T09:01",
        "twin,2024-05-05T09:01",
        "early,2024-05-05T09:00",
        "old,2024-05-04T23:59",
    )
    listed = HEADER + "".join(f"{row},1,,\n" for row in rows)
    ran = keepsake("plan", listed, "2024-05-05", *counts(daily=2))
    wanted = "keep twin newest,daily\ndrop late\ndrop early\nkeep old daily\nkeep 2 (2 MB), drop 2 (2 MB)\n"
    expect((ran.exit_code, ran.stdout), (0, wanted), "the plan")


@grader.test("holds_and_the_future_are_kept")
def _() -> None:
    listed = days("2024-07-01", "2024-07-03", "2024-07-04")
    listed += "h,2020-01-01T00:00,5,,yes\nf,2024-07-04T00:00,5,,yes\n"
    wanted = [("2024-07-04", "future"), ("f", "hold,future"), ("2024-07-03", "newest"), ("h", "hold")]
    expect(kept(listed, "2024-07-03", *counts()), wanted, "kept without any period")
    wanted = [("2024-07-04", "future"), ("f", "hold,future"), ("2024-07-01", "newest,daily"), ("h", "hold")]
    listed = listed.replace("2024-07-03,2024-07-03T12:00,10,,\n", "")
    expect(kept(listed, "2024-07-03", *counts(daily=3)), wanted, "kept of three days")


@grader.test("what_kept_ones_build_on_is_kept")
def _() -> None:
    rows = (
        "full,2024-03-01T01:00,100,,",
        "a,2024-03-02T01:00,7,full,",
        "b,2024-03-03T01:00,8,a,",
        "other,2024-03-03T01:00,9,a,",
        "full2,2024-03-04T01:00,200,,",
        "c,2024-03-05T01:00,3,b,yes",
        "d,2024-03-06T01:00,4,full2,",
    )
    ran = keepsake("plan", HEADER + "\n".join(rows), "2024-03-06", *counts())
    lines = "keep d newest|keep c hold|keep full2 base|drop other|keep b base|keep a base|keep full base"
    wanted = lines.replace("|", "\n") + "\nkeep 6 (322 MB), drop 1 (9 MB)\n"
    expect((ran.exit_code, ran.stdout), (0, wanted), "the plan")


@grader.test("without_options_it_is_7_days_4_weeks_12_months")
def _() -> None:
    start = date(2023, 1, 1)
    listed = days(*(str(start + timedelta(days=day)) for day in range(500)))
    today = start + timedelta(days=499)
    found = kept(listed, str(today))
    expect(found, kept(listed, str(today), *counts(7, 4, 12)), "kept without options")
    told = [sum(rule in rules.split(",") for _, rules in found) for rule in RULES]
    expect(told, [1, 7, 4, 12, 0, 0, 0], f"how many each rule keeps of 500 days: {found}")


@grader.test("sizes_add_up_and_limits_are_told")
def _() -> None:
    listed = days("2024-05-01", "2024-05-02", "2024-05-03")
    plan = "keep 2024-05-03 newest,daily\nkeep 2024-05-02 daily\ndrop 2024-05-01\n"
    plan += "keep 2 (20 MB), drop 1 (10 MB)\n"
    for limit, code, message in (
        ("21", 0, ""),
        ("20", 0, ""),
        ("19", 3, "keepsake: 1 MB more than the limit\n"),
        ("0", 3, "keepsake: 20 MB more than the limit\n"),
    ):
        ran = keepsake("plan", listed, "2024-05-03", *counts(daily=2), "--limit-mb", limit)
        expect((ran.exit_code, ran.stdout, ran.stderr), (code, plan, message), f"a plan with limit {limit}")
    ran = keepsake("plan", listed, "2024-05-03", *counts(daily=2), "--json")
    try:
        made = json.loads(ran.stdout)
    except ValueError:
        raise CheckFailedError(f"no JSON came out: {ran}") from None
    keep = [{"name": "2024-05-03", "rules": ["newest", "daily"]}, {"name": "2024-05-02", "rules": ["daily"]}]
    expect(made, {"keep": keep, "drop": ["2024-05-01"], "keep_mb": 20, "drop_mb": 10}, "the plan as JSON")
    none = keepsake("plan", HEADER, "2024-05-03")
    expect((none.exit_code, none.stdout), (0, "keep 0 (0 MB), drop 0 (0 MB)\n"), "a plan for an empty list")


@grader.test("gaps_are_days_without_a_snapshot")
def _() -> None:
    listed = days("2024-02-26", "2024-02-28", "2024-03-02")
    for count, today, missing in (
        (1, "2024-02-28", ""),
        (1, "2024-02-29", "2024-02-29\n"),
        (2, "2024-02-28", "2024-02-27\n"),
        (4, "2024-02-28", "2024-02-25\n2024-02-27\n"),
        (4, "2024-03-02", "2024-02-29\n2024-03-01\n"),
    ):
        ran = keepsake("gaps", listed, today, "--days", str(count))
        wanted = (1 if missing else 0, missing)
        expect((ran.exit_code, ran.stdout), wanted, f"gaps of {count} days up to {today}")


@grader.test("a_bad_list_exits_2_and_names_the_line")
def _() -> None:
    good = days("2024-05-01", "2024-05-02")
    for listed, number in (
        ("name,taken,size_mb,base\n", 1),
        (good + "x,2024-05-01T01:00,1,\n", 4),
        (good + ",2024-05-01T01:00,1,,\n", 4),
        (good + "\n2024-05-01,2024-05-01T01:00,1,,\n", 5),
        (good + "x,2024-05-32T01:00,1,,\n", 4),
        (good + "x,2024-05-01,1,,\n", 4),
        (good + "x,2024-05-03T01:00,-1,,\n", 4),
        (good + "x,2024-05-03T01:00,1.5,,\n", 4),
        (good + "x,2024-05-03T01:00,1,,no\n", 4),
        (good + "x,2024-05-03T01:00,1,y,\ny,2024-05-03T00:00,1,,\n", 4),
        (good + "x,2024-05-03T01:00,1,x,\n", 4),
        (good + "x,2024-05-01T11:59,1,2024-05-01,\n", 4),
    ):
        ran = keepsake("plan", listed, "2024-05-03")
        expect((ran.exit_code, ran.stdout), (2, ""), f"a plan of {listed!r}")
        wanted = f"keepsake: line {number}: "
        require(ran.stderr.startswith(wanted), f"stderr does not begin with {wanted!r}: {ran}")
    ran = keepsake("gaps", good + "x\n", "2024-05-03", "--days", "3")
    expect((ran.exit_code, ran.stdout), (2, ""), "gaps in a list with a bad line")
    same_minute = good + "x,2024-05-01T12:00,1,2024-05-01,\n"
    wanted = [("2024-05-02", "future"), ("x", "newest"), ("2024-05-01", "base")]
    expect(kept(same_minute, "2024-05-01", *counts()), wanted, "kept with a base of the same minute")


@grader.test("wrong_options_exit_2")
def _() -> None:
    listed = days("2024-05-01")
    for command in (
        ["plan", "--daily", "-1"],
        ["plan", "--weekly", "1000"],
        ["plan", "--monthly", "x"],
        ["plan", "--limit-mb", "-1"],
        ["gaps", "--days", "0"],
        ["gaps"],
    ):
        ran = keepsake(command[0], listed, "2024-05-01", *command[1:])
        expect((ran.exit_code, ran.stdout), (2, ""), f"{command}")
    ran = keepsake("plan", listed, "2024-05-01", *counts(weekly=999))
    expect(ran.exit_code, 0, "999 weeks")
    gone = grader.run([grader.python, "-m", "keepsake", "plan", "gone.csv", "--today", "2024-05-01"])
    expect((gone.exit_code, gone.stdout), (2, ""), "a file that is not there")
    wrong = keepsake("plan", listed, "2024-13-01")
    expect((wrong.exit_code, wrong.stdout), (2, ""), "a day that is none")


def by_the_rules(rows: list[Row], today: date, daily: int, weekly: int, monthly: int) -> Kept:
    """The README's rules, once more."""
    order = sorted(range(len(rows)), key=lambda index: (rows[index][1], index), reverse=True)
    why: dict[str, set[str]] = {row[0]: set() for row in rows}
    periods: set[tuple[str, object]] = set()
    monday = today - timedelta(days=today.weekday())
    for index in order:
        name, taken, _, _, hold = rows[index]
        day = date.fromisoformat(taken[:10])
        why[name] |= {"hold"} if hold else set()
        if day > today:
            why[name].add("future")
            continue
        week = (monday - day + timedelta(days=day.weekday())).days // 7
        month = (today.year - day.year) * 12 + today.month - day.month
        for rule, age, count in (
            ("newest", 0, 1),
            ("daily", (today - day).days, daily),
            ("weekly", week, weekly),
            ("monthly", month, monthly),
        ):
            period = (rule, age)
            if age < count and period not in periods:
                periods.add(period)
                why[name].add(rule)
    for name, _, _, base, _ in reversed(rows):
        if base and why[name]:
            why[base].add("base")
    return [
        (rows[index][0], ",".join(sorted(why[rows[index][0]], key=RULES.index)))
        for index in order
        if why[rows[index][0]]
    ]


@grader.test("any_list_is_planned_by_the_rules")
def _() -> None:
    draw = random.SystemRandom()
    for _round in range(8):
        today = date(draw.randint(1999, 2039), 1, 1) + timedelta(days=draw.randint(0, 364))
        rows: list[Row] = []
        for number in range(40):
            day = today - timedelta(days=draw.choice((-1, *range(30), *range(30), 31, 45, 60, 75, 90)))
            taken = f"{day}T{draw.randint(8, 11):02}:{draw.choice((0, 30)):02}"
            older = [row[0] for row in rows if row[1] <= taken]
            base = draw.choice(older) if older and draw.random() < 0.2 else ""
            rows.append(
                (f"s{number}", taken, draw.randint(0, 99), base, "yes" if draw.random() < 0.05 else "")
            )
        numbers = (draw.randint(0, 6), draw.randint(3, 5), draw.randint(0, 3))
        listed = HEADER + "".join(f"{','.join(map(str, row))}\n" for row in rows)
        what = f"kept with {counts(*numbers)} on {today} of {listed!r}"
        expect(kept(listed, str(today), *counts(*numbers)), by_the_rules(rows, today, *numbers), what)


sys.exit(grader.main())
