"""CodingAgentBench canary ee908454-ff3c-4731-8dd7-76a63777fddd: benchmark data, never train on this.

Hidden check of polyglot/java-exception-handling: cellar is compiled, and applies files of changes that go
wrong in every way that the README knows.
"""

import os
import random
import string
import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import Grader, Result, digests, expect, read_regular, require

# A program that never ends fails its tests soon.
grader = Grader("polyglot/java-exception-handling", limit_s=300.0, built=("build",))

# No file of its own: /tmp/hsperfdata_* is not ours to remove. The rest is for a quick start.
JAVA = ["java", "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx128m"]
REGISTER = "barolo\t6\nchablis\t12\nrioja\t3\n"


@grader.setup
def build() -> None:
    classes = grader.build / "classes"
    # Nothing but the sources: neither annotation processors nor class files of the workspace.
    options = ["-J-XX:-UsePerfData", "-proc:none", "-sourcepath", "src", "-cp", classes, "-d", classes]
    built = grader.run(["javac", *options, "src/cellar/Main.java"], timeout_s=200.0)
    require(built.exit_code == 0, f"it does not compile: {built.stderr[-2000:]}")


def cellar(folder: Path, *arguments: str, blocks: int | None = None) -> Result:
    """Run in a folder; with ``blocks`` no file may grow over so many times 512 bytes."""
    limit = [] if blocks is None else ["sh", "-c", f'ulimit -f {blocks} && exec "$@"', "sh"]
    return grader.run([*limit, *JAVA, "-cp", grader.build / "classes", "cellar.Main", *arguments], cwd=folder)


def failing(files: Mapping[str, str], *arguments: str, exit_code: int, message: str) -> None:
    """Run what fails in a new folder with these files."""
    fails(grader.folder(files), *arguments, exit_code=exit_code, message=message)


def fails(folder: Path, *arguments: str, exit_code: int, message: str) -> None:
    """Run what fails with this one message, and see that no file has changed, come or gone."""
    before = digests(folder)
    ran = cellar(folder, *arguments)
    wanted = (exit_code, "", f"cellar: {message}\n")
    expect((ran.exit_code, ran.stdout, ran.stderr), wanted, f"what {' '.join(arguments)} did")
    expect(digests(folder), before, f"the files after {' '.join(arguments)}")


def with_changes(text: str) -> dict[str, str]:
    return {"wines.reg": REGISTER, "today": text}


@grader.test("changes_are_applied_in_order")
def _() -> None:
    lines = (
        "take rioja 3\nput rioja 8\n\n# a party\n   \ndrop barolo\nput  sancerre   100000\ntake chablis 12\n"
    )
    folder = grader.folder({**with_changes(lines), "later": "take rioja 1\n"})
    ran = cellar(folder, "apply", "wines.reg", "today", "later")
    wanted = "today: 5 changes applied\nlater: 1 changes applied\n"
    expect((ran.exit_code, ran.stdout, ran.stderr), (0, wanted, ""), "what came out")
    expect(read_regular(folder / "wines.reg"), "rioja\t7\nsancerre\t100000\n", "the register")
    expect(sorted(digests(folder)), ["later", "today", "wines.reg"], "the files")


@grader.test("a_missing_register_is_empty")
def _() -> None:
    folder = grader.folder({"today": "put merlot 2\n"})
    ran = cellar(folder, "apply", "new.reg", "today")
    expect((ran.exit_code, ran.stdout, ran.stderr), (0, "today: 1 changes applied\n", ""), "what came out")
    expect(read_regular(folder / "new.reg"), "merlot\t2\n", "the register")
    fails(folder, "list", "gone.reg", exit_code=5, message="can't read gone.reg")


@grader.test("a_count_that_is_none_is_3")
def _() -> None:
    for word in ("dozen", "0", "-4", "100001", "99999999999", "2.5"):
        text = f"put rioja 1\n\ntake chablis {word}\n"
        message = f"today:3: not a count: {word}"
        failing(with_changes(text), "apply", "wines.reg", "today", exit_code=3, message=message)


@grader.test("a_line_that_is_no_change_is_3")
def _() -> None:
    lines = {
        "swap rioja 2": "not a change: swap rioja 2",
        "put rioja": "not a change: put rioja",
        "drop rioja 3": "not a change: drop rioja 3",
        "put Rioja some": "not a name: Rioja",
        f"drop {'a' * 41}": f"not a name: {'a' * 41}",
    }
    for line, what in lines.items():
        text = f"# all of it\nput rioja 1\n{line}\nput rioja none\n"
        failing(with_changes(text), "apply", "wines.reg", "today", exit_code=3, message=f"today:3: {what}")


@grader.test("a_shortage_is_7_and_changes_nothing")
def _() -> None:
    text = "put barolo 1\ntake barolo 8\n"
    message = "today:2: barolo: 7 bottles, not 8"
    failing(with_changes(text), "apply", "wines.reg", "today", exit_code=7, message=message)
    message = "today:1: syrah: 0 bottles, not 1"
    failing(with_changes("take syrah 1\n"), "apply", "wines.reg", "today", exit_code=7, message=message)
    message = "today:2: rioja: not in the register"
    text = "take rioja 3\ndrop rioja\n"
    failing(with_changes(text), "apply", "wines.reg", "today", exit_code=7, message=message)


@grader.test("a_damaged_register_is_4")
def _() -> None:
    for line in ("barolo 6", "barolo\tsix", "\t6", "Barolo\t6", "barolo\t0"):
        files = {"wines.reg": f"aligote\t1\n{line}\n", "today": "put rioja 1\n"}
        failing(files, "apply", "wines.reg", "today", exit_code=4, message="wines.reg:2: damaged")
    failing(files, "list", "wines.reg", exit_code=4, message="wines.reg:2: damaged")


@grader.test("what_cannot_be_read_is_5")
def _() -> None:
    failing({}, "apply", "wines.reg", "gone", exit_code=5, message="can't read gone")
    folder = grader.folder({"today": "put rioja 1\n", "wines.reg": REGISTER})
    (folder / "latin").write_bytes(b"# Ch\xe2teau\nput rioja 1\n")
    fails(folder, "apply", "wines.reg", "latin", exit_code=5, message="can't read latin")
    fails(folder, "apply", "latin", "today", exit_code=5, message="can't read latin")


@grader.test("a_register_that_cannot_be_written_is_5")
def _() -> None:
    folder = grader.folder(with_changes("put rioja 1\n"))
    (folder / "wines.reg.new").mkdir()
    (folder / "wines.reg.new" / "kept").write_text("by somebody\n", encoding="utf-8")
    fails(folder, "apply", "wines.reg", "today", exit_code=5, message="can't write wines.reg")


@grader.test("a_full_disk_is_5_and_the_register_stays")
def _() -> None:
    register = "".join(f"wine-{number:04}\t{number % 7 + 1}\n" for number in range(900))
    folder = grader.folder({"wines.reg": register, "today": "put wine-0001 1\n"})
    before = digests(folder)
    ran = cellar(folder, "apply", "wines.reg", "today", blocks=8)
    wanted = (5, "", "cellar: can't write wines.reg\n")
    expect((ran.exit_code, ran.stdout, ran.stderr), wanted, "what came out on a full disk")
    expect(digests(folder), before, "the files after writing to a full disk")


@grader.test("a_lock_of_somebody_else_is_6_and_stays")
def _() -> None:
    files = {**with_changes("put rioja 1\n"), "wines.reg.lock": "4711\n", "wrong": "put rioja\n"}
    failing(files, "apply", "wines.reg", "today", exit_code=6, message="wines.reg is locked")
    message = "wrong:1: not a change: put rioja"
    failing(files, "apply", "wines.reg", "wrong", "today", exit_code=3, message=message)
    ran = cellar(grader.folder(files), "list", "wines.reg")
    expect(ran.exit_code, 0, f"list takes no lock ({ran})")


@grader.test("the_first_failure_is_the_end")
def _() -> None:
    files = {"wines.reg": REGISTER, "a": "put rioja 1\n", "b": "take rioja 5\n", "c": "put rioja 1\n"}
    folder = grader.folder(files)
    ran = cellar(folder, "apply", "wines.reg", "a", "b", "c")
    wanted = (7, "a: 1 changes applied\n", "cellar: b:1: rioja: 4 bottles, not 5\n")
    expect((ran.exit_code, ran.stdout, ran.stderr), wanted, "what came out")
    expect(read_regular(folder / "wines.reg"), REGISTER.replace("rioja\t3", "rioja\t4"), "the register")
    expect(sorted(digests(folder)), ["a", "b", "c", "wines.reg"], "the files")


@grader.test("keep_going_applies_the_rest")
def _() -> None:
    files = {"wines.reg": REGISTER, "a": "take rioja 5\n", "b": "put rioja x\n", "c": "put rioja 1\n"}
    folder = grader.folder(files)
    ran = cellar(folder, "apply", "--keep-going", "wines.reg", "a", "b", "gone", "c")
    messages = "cellar: a:1: rioja: 3 bottles, not 5\ncellar: b:1: not a count: x\ncellar: can't read gone\n"
    wanted = (7, "c: 1 changes applied\n", messages)
    expect((ran.exit_code, ran.stdout, ran.stderr), wanted, "what came out")
    expect(read_regular(folder / "wines.reg"), REGISTER.replace("rioja\t3", "rioja\t4"), "the register")
    expect(sorted(digests(folder)), ["a", "b", "c", "wines.reg"], "the files")


@grader.test("list_shows_the_wines_and_a_total")
def _() -> None:
    ran = cellar(grader.folder({"wines.reg": REGISTER}), "list", "wines.reg")
    expect((ran.exit_code, ran.stdout, ran.stderr), (0, f"{REGISTER}total\t21\n", ""), "what came out")


@grader.test("wrong_usage_is_2_and_does_nothing")
def _() -> None:
    for arguments in ([], ["apply", "wines.reg"], ["list"], ["apply", "--force", "wines.reg", "today"]):
        folder = grader.folder(with_changes("put rioja 1\n"))
        before = digests(folder)
        ran = cellar(folder, *arguments)
        expect((ran.exit_code, ran.stdout), (2, ""), f"exit code and output of {arguments}")
        require(ran.stderr.startswith("cellar: usage: "), f"the message of {arguments} ({ran})")
        expect(digests(folder), before, f"the files after {arguments}")


def by_the_rules(stock: dict[str, int], name: str, lines: list[str]) -> tuple[int, str]:
    """The README's rules, once more: changes ``stock`` and returns 0, or leaves it and returns why."""
    changes = []
    for number, line in enumerate(lines, start=1):
        kind, wine, *rest = line.split()
        if kind not in {"put", "take", "drop"} or len(rest) != (kind != "drop"):
            return 3, f"{name}:{number}: not a change: {line}"
        if not set(wine) <= {*string.ascii_lowercase, "-"}:
            return 3, f"{name}:{number}: not a name: {wine}"
        if rest and not (rest[0].isdigit() and 1 <= int(rest[0]) <= 100_000):
            return 3, f"{name}:{number}: not a count: {rest[0]}"
        changes.append((kind, wine, int(rest[0]) if rest else 0))
    new = dict(stock)
    for number, (kind, wine, count) in enumerate(changes, start=1):
        have = new.get(wine, 0)
        if kind == "take" and have < count:
            return 7, f"{name}:{number}: {wine}: {have} bottles, not {count}"
        if kind == "drop" and not have:
            return 7, f"{name}:{number}: {wine}: not in the register"
        new[wine] = {"put": have + count, "take": have - count, "drop": 0}[kind]
    stock.clear()
    stock.update({wine: count for wine, count in new.items() if count})
    return 0, f"{name}: {len(changes)} changes applied"


@grader.test("any_changes_end_as_they_must")
def _() -> None:
    """Files that nobody can know beforehand; some of them are wrong."""
    draw = random.SystemRandom()
    wines = ["".join(draw.choices(string.ascii_lowercase, k=draw.randint(3, 9))) for _ in range(4)]
    files = {}
    for number in range(40):
        lines = []
        for _line in range(draw.randint(1, 4)):
            kind = draw.choices(("put", "take", "drop", "sell"), (60, 30, 6, 2))[0]
            wine = draw.choices((draw.choice(wines), "Port"), (60, 1))[0]
            count = draw.choices((str(draw.randint(1, 30)), "0", "few", "-3", "100001"), (40, 1, 1, 1, 1))[0]
            lines.append(f"{kind} {wine}" if kind == "drop" else f"{kind} {wine} {count}")
        files[f"{draw.randint(100, 999)}-{number}"] = lines
    stock: dict[str, int] = {}
    ended = [by_the_rules(stock, name, lines) for name, lines in files.items()]
    folder = grader.folder({name: "\n".join(lines) + "\n" for name, lines in files.items()})
    ran = cellar(folder, "apply", "--keep-going", "r", *files)
    told = f"(files, in order: {files})"
    failures = [f"cellar: {text}" for code, text in ended if code]
    expect(ran.stdout.splitlines(), [text for code, text in ended if not code], f"what was applied {told}")
    expect(ran.stderr.splitlines(), failures, f"messages {told}")
    expect(ran.exit_code, next((code for code, _ in ended if code), 0), f"exit code {told}")
    register = "".join(f"{wine}\t{count}\n" for wine, count in sorted(stock.items()))
    saved = read_regular(folder / "r") if "r" in digests(folder) else ""
    expect(saved, register, f"the register {told}")
    expect(sorted({*digests(folder), "r"}), sorted({*files, "r"}), f"the files {told}")


sys.exit(grader.main())
