"""CodingAgentBench canary 45ee371e-5c24-4531-b711-b98e5730dd58: benchmark data, never train on this.

Hidden check of polyglot/cpp-view-outlives-buffer: gauges is compiled, and sums up short and long inputs.
"""

import os
import random
import sys

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import Grader, expect, require

# A program that never ends fails its tests soon.
grader = Grader("polyglot/cpp-view-outlives-buffer", limit_s=300.0, built=("build",))

HEAD = "station readings min max last\n"
PADDING = "# nothing to see, and no telegram\n" * 400


@grader.setup
def build() -> None:
    # By hand: what the Makefile says is not asked.
    command = 'exec g++ -std=c++20 -O1 -o "$0/gauges" src/*.cpp'
    built = grader.run(["sh", "-c", command, str(grader.build)], timeout_s=200.0)
    require(built.exit_code == 0, f"it does not compile: {built.stderr[-2000:]}")


def gauges(
    telegrams: str | bytes, stdout: str, *, alarm: int | None = None, stderr: str = "", memory_kib: int = 0
) -> None:
    """Sum up, and see that exactly this comes out; the exit code tells whether lines were skipped."""
    limit = ["sh", "-c", f'ulimit -v {memory_kib} && exec "$@"', "sh"] if memory_kib else []
    options = [] if alarm is None else ["--alarm", str(alarm)]
    ran = grader.run([*limit, grader.build / "gauges", *options], stdin=telegrams, cwd=grader.folder())
    expect(ran.stdout, stdout, f"stdout ({ran.exit_code}, {ran.stderr[:300]!r})")
    expect((ran.exit_code, ran.stderr), (1 if stderr else 0, stderr), "exit code and stderr")


@grader.test("readings_are_summed_up")
def _() -> None:
    text = "isar 120\n\n# noon\nisar -999 low\nisar 9999\ninn 7\nisar 44 back to normal\n"
    gauges(text, f"{HEAD}inn 1 7 7 7\nisar 4 -999 9999 44\n")
    gauges("", HEAD)
    gauges("", f"{HEAD}alarms 0\n", alarm=5)


@grader.test("stations_are_in_the_order_of_their_names")
def _() -> None:
    names = ["spree", "a", "spree-2", "0-havel", "spree-10", "-x", "b" * 30]
    lines = "".join(f"{name} {number}\n" for number, name in enumerate(names))
    rows = "".join(
        f"{name} 1 {names.index(name)} {names.index(name)} {names.index(name)}\n" for name in sorted(names)
    )
    gauges(lines, HEAD + rows)


@grader.test("an_alarm_is_a_rise_to_the_level")
def _() -> None:
    text = (
        "# x\nisar 300\ninn 299\n\ninn 300\ninn 450\ninn 299\ninn 301 again and again\nisar 299\nisar 900\n"
    )
    rows = "inn 5 299 450 301\nisar 3 299 900 900\n"
    alarms = "alarms 4\n2 isar 300\n5 inn 300\n8 inn 301 again and again\n10 isar 900\n"
    gauges(text, f"{HEAD}{rows}{alarms}", alarm=300)
    gauges("inn -20\ninn -10 thaw\n", f"{HEAD}inn 2 -20 -10 -10\nalarms 1\n2 inn -10 thaw\n", alarm=-10)


@grader.test("a_note_is_shown_as_it_came")
def _() -> None:
    text = "inn 5  two  spaces \nisar 6 \nlech 7 Dämme # 20 %\tvoll\n"
    alarms = "alarms 3\n1 inn 5  two  spaces \n2 isar 6\n3 lech 7 Dämme # 20 %\tvoll\n"
    gauges(text, f"{HEAD}inn 1 5 5 5\nisar 1 6 6 6\nlech 1 7 7 7\n{alarms}", alarm=0)


@grader.test("stations_of_a_long_input_keep_their_names")
def _() -> None:
    names = [f"{'river-' * (number % 4)}{number}" for number in range(70)]
    lines = "".join(f"{names[turn * 31 % 70]} {turn}\n" for turn in range(4900))
    rows = "".join(f"{name} 70 {min(t)} {max(t)} {max(t)}\n" for name, t in sorted(turns(names).items()))
    gauges(lines, HEAD + rows)


def turns(names: list[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for turn in range(4900):
        found.setdefault(names[turn * 31 % 70], []).append(turn)
    return found


@grader.test("alarms_of_a_long_input_keep_station_and_note")
def _() -> None:
    text = (
        f"inn 700 water in the cellar of the mill\nisar 1\n{PADDING}isar 701 bridge closed\n{PADDING}inn 2\n"
    )
    alarms = "alarms 2\n1 inn 700 water in the cellar of the mill\n403 isar 701 bridge closed\n"
    gauges(text, f"{HEAD}inn 2 2 700 2\nisar 2 1 701 701\n{alarms}", alarm=700)


@grader.test("the_first_skipped_line_of_a_long_input_is_shown")
def _() -> None:
    start = "Isar rises quickly, we are leaving the station for the hills"
    text = f"inn 7\n{start}, see you\n{PADDING}inn\n{PADDING}inn 8\n"
    message = f"gauges: skipped 2 lines, the first is 2: {start}\n"
    gauges(text, f"{HEAD}inn 2 7 8 8\n", stderr=message)


@grader.test("what_is_no_telegram_is_skipped")
def _() -> None:
    wrong = [
        "inn",
        "inn ",
        "inn x",
        "inn 5cm",
        "inn  5",
        " inn 5",
        "inn 10000",
        "inn -1000",
        "inn 2.5",
        "inn +5",
    ]
    wrong += ["Inn 5", "inn_2 5", f"{'i' * 31} 5", "5", "inn 99999999999999999999", "\t"]
    for line in wrong:
        message = f"gauges: skipped 1 lines, the first is 2: {line}\n"
        gauges(f"inn 6\n{line}\ninn 8\n", f"{HEAD}inn 2 6 8 8\n", stderr=message)


@grader.test("a_line_has_at_most_1000_bytes")
def _() -> None:
    most = f"inn 5 {'n' * 994}"
    gauges(f"{most}\ninn 2\n", f"{HEAD}inn 2 2 5 2\nalarms 1\n1 {most}\n", alarm=4)
    message = f"gauges: skipped 1 lines, the first is 1: {most[:60]}\n"
    gauges(f"{most}n\ninn 2\n", f"{HEAD}inn 1 2 2 2\n", stderr=message)


@grader.test("very_long_lines_are_one_line_each")
def _() -> None:
    for length in (4090, 4095, 4096, 4097, 8192, 50_000):
        line = "inn 5 " + "7" * (length - 6)
        message = f"gauges: skipped 2 lines, the first is 2: {line[:60]}\n"
        text = f"inn 1\n{line}\n{line}\nisar 3\n"
        gauges(text, f"{HEAD}inn 1 1 1 1\nisar 1 3 3 3\nalarms 1\n4 isar 3\n", alarm=2, stderr=message)


@grader.test("the_last_line_needs_no_newline")
def _() -> None:
    gauges("inn 4\ninn 5 end", f"{HEAD}inn 2 4 5 5\nalarms 1\n2 inn 5 end\n", alarm=5)
    gauges(f"{PADDING}inn 5 end", f"{HEAD}inn 1 5 5 5\nalarms 1\n401 inn 5 end\n", alarm=5)


@grader.test("an_input_larger_than_memory_is_read")
def _() -> None:
    """50 MB with 24 MiB of address space, of which a C++ program takes 6 before it begins."""
    block = "".join(f"gauge-{number % 9} {number} {'fair weather ' * 3}\n" for number in range(1000))
    rounds = 50_000_000 // len(block)
    rows = ""
    for station in range(9):
        readings = range(station, 1000, 9)
        rows += f"gauge-{station} {len(readings) * rounds} {readings[0]} {readings[-1]} {readings[-1]}\n"
    alarms = f"alarms 1\n{1000 * rounds + 1} gauge-3 1000\n"
    text = f"{block * rounds}gauge-3 1000"
    last = rows.replace(f"gauge-3 {111 * rounds} 3 993 993", f"gauge-3 {111 * rounds + 1} 3 1000 1000")
    gauges(text, f"{HEAD}{last}{alarms}", alarm=1000, memory_kib=24 * 1024)


@grader.test("wrong_usage_is_2")
def _() -> None:
    for options in (
        ["--alarm"],
        ["--alarm", "high"],
        ["--alarm", "10000"],
        ["--top", "5"],
        ["--alarm", "5", "x"],
        ["x"],
    ):
        ran = grader.run([grader.build / "gauges", *options], stdin="inn 5\n", cwd=grader.folder())
        wanted = (2, "", "usage: gauges [--alarm CM] < telegrams\n")
        expect((ran.exit_code, ran.stdout, ran.stderr), wanted, f"what {options} did")


def by_the_rules(lines: list[tuple[str, str, int, str]], alarm: int) -> tuple[str, str]:
    """By the README: stdout and stderr for (line, station, level, note); no telegram, no station."""
    levels: dict[str, list[int]] = {}
    alarms: list[str] = []
    skipped: list[str] = []
    for number, (line, station, level, note) in enumerate(lines, start=1):
        if not station:
            skipped += [f"{number}: {line[:60]}"] if line and line[0] != "#" else []
            continue
        before = levels.setdefault(station, [])
        if level >= alarm and not (before and before[-1] >= alarm):
            alarms.append(f"{number} {station} {level} {note}".rstrip())
        before.append(level)
    rows = [f"{name} {len(all_)} {min(all_)} {max(all_)} {all_[-1]}" for name, all_ in sorted(levels.items())]
    message = f"gauges: skipped {len(skipped)} lines, the first is {skipped[0]}\n" if skipped else ""
    return HEAD + "\n".join([*rows, f"alarms {len(alarms)}", *alarms]) + "\n", message


@grader.test("any_input_is_summed_up_by_the_rules")
def _() -> None:
    """Telegrams that nobody can know beforehand."""
    draw = random.SystemRandom()
    letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
    for length in (8, 60, 700, 3000):
        names = ["".join(draw.choices(letters, k=draw.randint(1, 30))) for _ in range(draw.randint(1, 20))]
        alarm = draw.randint(-50, 500)
        lines = []
        for _line in range(length):
            kind = draw.choices(("telegram", "note", "wrong", "comment", "empty"), (50, 30, 3, 5, 2))[0]
            station, level = draw.choice(names), draw.randint(-100, 600)
            note = "".join(draw.choices(letters, k=draw.randint(1, 90))) if kind == "note" else ""
            if kind in {"telegram", "note"}:
                lines.append((f"{station} {level} {note}".rstrip(), station, level, note))
            else:
                text = {"wrong": f"{station}! {level} {'w' * draw.randint(0, 80)}", "comment": f"# {station}"}
                lines.append((text.get(kind, ""), "", 0, ""))
        stdout, stderr = by_the_rules(lines, alarm)
        gauges("".join(f"{line[0]}\n" for line in lines), stdout, alarm=alarm, stderr=stderr)


sys.exit(grader.main())
