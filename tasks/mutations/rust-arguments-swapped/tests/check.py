"""CodingAgentBench canary 08dcb2ca-c15c-4aab-9082-464a502c7fc0: benchmark data, never train on this.

Hidden check of mutations/rust-arguments-swapped: rota is built, and given rosters of ours.
"""

import os
import random
import sys

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import Grader, Result, expect, require

grader = Grader("mutations/rust-arguments-swapped", built=("target",))


@grader.setup
def build() -> None:
    built = grader.run(
        ["cargo", "build", "--offline", "--target-dir", grader.build / "cargo"], timeout_s=300.0
    )
    require(built.exit_code == 0, f"it does not build: {built.stderr[-2000:]}")


def rota(arguments: str, roster: str) -> Result:
    """Run on shifts, which are separated by ``;`` here, by stdin."""
    lines = "".join(f"{shift.strip()}\n" for shift in roster.split(";"))
    return grader.run([grader.build / "cargo" / "debug" / "rota", *arguments.split()], stdin=lines)


def check(ran: Result, *lines: str) -> None:
    """For ``check``, where any line is a complaint."""
    seen = (ran.exit_code, ran.stdout.splitlines(), ran.stderr)
    expect(seen, (1 if lines else 0, list(lines), ""), "what came out")


def expect_hours(roster: str, *lines: str) -> None:
    ran = rota("hours", roster)
    expect((ran.exit_code, ran.stdout.splitlines(), ran.stderr), (0, list(lines), ""), "what came out")


@grader.test("enough_rest_is_no_complaint")
def _() -> None:
    check(rota("check", "Gil 1 7:00-15:00; Gil 2 7:00-15:00; Gil 3 2:00-6:00; Gil 4 22:00-6:00"))
    check(rota("check", "Gil 1 7:00-19:00; Gil 2 6:00-8:00; Gil 20 0:00-4:00"))


@grader.test("too_little_rest_is_told")
def _() -> None:
    check(
        rota("check", "Gil 1 7:00-19:01; Gil 2 6:00-8:00; Gil 2 20:30-4:45; Gil 3 4:45-5:00"),
        "Gil: 10:59 of rest before day 2 6:00, not 11:00",
        "Gil: 0:00 of rest before day 3 4:45, not 11:00",
    )


@grader.test("overlaps_are_told")
def _() -> None:
    check(
        rota("check", "Gil 1 22:30-6:30; Gil 2 5:00-9:00; Gil 4 8:00-16:00; Gil 4 15:59-18:05"),
        "Gil: day 2 5:00 begins before day 1 22:30-6:30 has ended",
        "Gil: day 4 15:59 begins before day 4 8:00-16:00 has ended",
    )


@grader.test("shifts_are_compared_in_the_order_of_their_begin")
def _() -> None:
    check(
        rota("check", "Gil 5 8:00-12:00; Gil 3 8:00-12:00; Gil 3 8:00-9:00; Gil 4 20:00-23:30"),
        "Gil: day 3 8:00 begins before day 3 8:00-9:00 has ended",
        "Gil: 8:30 of rest before day 5 8:00, not 11:00",
    )


@grader.test("people_are_compared_with_themselves_only")
def _() -> None:
    check(rota("check", "Gil 1 7:00-15:00; Abe 1 8:00-16:00; Zoe 1 15:00-23:00"))
    check(
        rota("check", "Zoe 1 7:00-15:00; abe 1 8:00-16:00; Zoe 1 16:00-18:00; abe 1 17:30-18:00"),
        "Zoe: 1:00 of rest before day 1 16:00, not 11:00",
        "abe: 1:30 of rest before day 1 17:30, not 11:00",
    )


@grader.test("the_rest_may_be_chosen")
def _() -> None:
    roster = "Gil 1 8:00-16:00; Gil 2 0:10-4:00; Gil 2 4:00-5:00"
    check(rota("check --rest 0:00", roster))
    check(rota("check --rest 8:10", roster), "Gil: 0:00 of rest before day 2 4:00, not 8:10")
    check(
        rota("check --rest 8:11", roster),
        "Gil: 8:10 of rest before day 2 0:10, not 8:11",
        "Gil: 0:00 of rest before day 2 4:00, not 8:11",
    )


FULL = ";".join(f"Liv {day} 8:00-16:30" for day in (1, 2, 3, 4, 5, 6))
"""48:00 paid in week 1, without the breaks."""


@grader.test("weeks_with_too_many_hours_are_told")
def _() -> None:
    check(rota("check", FULL))
    check(rota("check", f"{FULL}; Liv 7 8:00-8:01"), "Liv: week 1 has 48:01, not 48:00")
    check(rota("check", f"{FULL}; Liv 8 8:00-16:00"))
    check(
        rota("check --week 8:00", "Liv 7 22:00-6:31; Liv 15 6:00-14:31; Liv 21 9:00-9:05"),
        "Liv: week 1 has 8:01, not 8:00",
        "Liv: week 3 has 8:06, not 8:00",
    )


@grader.test("complaints_about_weeks_come_last")
def _() -> None:
    check(
        rota(
            "check --week 10:00",
            "Liv 1 8:00-14:00; Liv 1 15:00-20:00; Liv 9 8:00-12:00; Liv 9 11:00-12:00",
        ),
        "Liv: 1:00 of rest before day 1 15:00, not 11:00",
        "Liv: day 9 11:00 begins before day 9 8:00-12:00 has ended",
        "Liv: week 1 has 11:00, not 10:00",
    )


@grader.test("breaks_are_not_paid")
def _() -> None:
    expect_hours(
        "A 1 8:00-14:00; B 1 8:00-14:01; C 1 8:00-17:00; D 1 8:00-17:01; E 1 8:00-8:00; F 1 8:00-8:09",
        "A: 6:00 paid, 1 shift, 0:00 at night",
        "B: 5:31 paid, 1 shift, 0:00 at night",
        "C: 8:30 paid, 1 shift, 0:00 at night",
        "D: 8:16 paid, 1 shift, 0:00 at night",
        "E: 23:15 paid, 1 shift, 7:00 at night",
        "F: 0:09 paid, 1 shift, 0:00 at night",
    )


@grader.test("nights_are_counted")
def _() -> None:
    expect_hours(
        "A 1 22:00-23:10; B 1 6:00-23:00; C 1 0:00-6:10; D 9 23:30-23:20; E 3 5:59-6:01; F 3 2:00-1:00",
        "A: 1:10 paid, 1 shift, 0:10 at night",
        "B: 16:15 paid, 1 shift, 0:00 at night",
        "C: 5:40 paid, 1 shift, 6:00 at night",
        "D: 23:05 paid, 1 shift, 6:50 at night",
        "E: 0:02 paid, 1 shift, 0:01 at night",
        "F: 22:15 paid, 1 shift, 6:00 at night",
    )


@grader.test("hours_are_summed_up_by_person")
def _() -> None:
    expect_hours(
        "Una 300 20:00-4:00; Ari 1 9:00-12:00; Una 2 6:30-9:00; Una 2 20:00-1:15",
        "Ari: 3:00 paid, 1 shift, 0:00 at night",
        "Una: 15:15 paid, 3 shifts, 7:15 at night",
    )
    expect_hours("")


@grader.test("wrong_lines_exit_with_3")
def _() -> None:
    form = "a shift is NAME DAY BEGIN-END"
    for roster, message in (
        ("Gil 1 7:00-15:00; Gil 2", f"line 2: {form}"),
        ("; ; Gil 1 7:00 15:00", f"line 3: {form}"),
        ("Gil 1 7:00", f"line 1: {form}"),
        ("Gil 0 7:00-15:00", 'line 1: "0" is not a day from 1 to 366'),
        ("Gil 366 7:00-15:00; Gil 367 7:00-15:00", 'line 2: "367" is not a day from 1 to 366'),
        ("Gil Mo 7:00-15:00", 'line 1: "Mo" is not a day from 1 to 366'),
        ("Gil 1 24:00-7:00", 'line 1: "24:00" is not a time of day'),
        ("Gil 1 23:59-7:60", 'line 1: "7:60" is not a time of day'),
        ("Gil 1 7:00-8", 'line 1: "8" is not a time of day'),
        ("Gil 1 7:5-8:00", 'line 1: "7:5" is not a time of day'),
        ("Gil 1 +7:00-8:00", 'line 1: "+7:00" is not a time of day'),
        ("Gil 1 7:+5-8:00", 'line 1: "7:+5" is not a time of day'),
        ("Gil 1 :05-8:00", 'line 1: ":05" is not a time of day'),
    ):
        for command in ("check", "hours"):
            ran = rota(command, roster)
            wanted = (3, "", f"rota: {message}\n")
            expect((ran.exit_code, ran.stdout, ran.stderr), wanted, f"{command} of {roster!r}")


@grader.test("the_roster_may_be_a_file")
def _() -> None:
    program = grader.build / "cargo" / "debug" / "rota"
    folder = grader.folder({"june": "Gil\t1  07:00-9:00\n"})
    ran = grader.run([program, "hours", "june"], stdin="Abe 1 7:00-9:00\n", cwd=folder)
    expect((ran.exit_code, ran.stdout), (0, "Gil: 2:00 paid, 1 shift, 0:00 at night\n"), "a file")
    ran = grader.run([program, "check", "july"], cwd=folder)
    expect((ran.exit_code, ran.stdout), (3, ""), f"a roster that is not there ({ran})")
    require(ran.stderr.startswith("rota: the roster can't be read: "), f"message ({ran})")


@grader.test("wrong_arguments_exit_with_2")
def _() -> None:
    for arguments in (
        "",
        "verify",
        "check --rest",
        "check --rest 11",
        "check --week 48:60",
        "hours --rest 11:00",
        "check --quick",
        "hours a b",
    ):
        ran = rota(arguments, "Gil 1 7:00-15:00")
        seen = (ran.exit_code, ran.stdout, ran.stderr.count("\n"))
        expect(seen, (2, "", 2), f"{arguments!r}: exit code, stdout, lines on stderr ({ran})")
        require(ran.stderr.startswith("rota: "), f"{arguments!r}: message ({ran})")


def clock(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"


@grader.test("any_two_shifts_are_compared_rightly")
def _() -> None:
    draw = random.SystemRandom()
    for _round in range(30):
        least = draw.randint(1, 12 * 60)
        first, length = draw.randint(0, 1439), draw.randint(60, 900)
        end = first + length
        later = draw.choice((end + least, end + draw.randint(0, least - 1), draw.randint(first + 1, end - 1)))
        day = draw.randint(1, 300)
        begins, until = f"day {day + later // 1440} {clock(later % 1440)}", clock(end % 1440)
        roster = [
            f"Pia {day} {clock(first)}-{until}",
            f"Pia {day + later // 1440} {clock(later % 1440)}-{clock((later + 30) % 1440)}",
        ]
        draw.shuffle(roster)
        ran = rota(f"check --rest {clock(least)}", ";".join(roster))
        if later < end:
            check(ran, f"Pia: {begins} begins before day {day} {clock(first)}-{until} has ended")
        elif later - end < least:
            check(ran, f"Pia: {clock(later - end)} of rest before {begins}, not {clock(least)}")
        else:
            check(ran)


sys.exit(grader.main())
