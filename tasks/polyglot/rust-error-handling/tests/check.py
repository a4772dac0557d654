"""CodingAgentBench canary b56d6a04-93ae-42a2-b2a3-35d25c957290: benchmark data, never train on this.

Hidden check of polyglot/rust-error-handling: greymap is built, and given images and arguments of ours,
good and bad.
"""

import os
import random
import sys

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import Grader, Result, expect, read_regular, require

grader = Grader("polyglot/rust-error-handling", built=("target",))
PROGRAM = ("cargo", "debug", "greymap")
"""Below the folder for build artefacts."""


@grader.setup
def build() -> None:
    built = grader.run(
        ["cargo", "build", "--offline", "--target-dir", grader.build / "cargo"], timeout_s=300.0
    )
    require(built.exit_code == 0, f"it does not build: {built.stderr[-2000:]}")


def greymap(arguments: str, image: str = "") -> Result:
    """Run on an image, which is on stdin."""
    return grader.run([grader.build.joinpath(*PROGRAM), *arguments.split()], stdin=image)


def expect_made(ran: Result, made: str) -> None:
    expect((ran.exit_code, ran.stdout, ran.stderr), (0, made, ""), "what came out")


def expect_error(ran: Result, exit_code: int, message: str) -> None:
    wanted = (exit_code, "", f"greymap: {message}\n")
    expect((ran.exit_code, ran.stdout, ran.stderr), wanted, "what came out")


def pgm(rows: list[list[int]], white: int) -> str:
    lines = [" ".join(map(str, row)) for row in rows]
    return "\n".join(["P2", f"{len(rows[0])} {len(rows)}", str(white), *lines, ""])


BOAT = [[7, 0, 20, 3], [11, 5, 13, 2], [1, 17, 4, 19]]


@grader.test("an_image_is_described")
def _() -> None:
    expect_made(greymap("info -", pgm(BOAT, 20)), "4 x 3, white is 20: darkest 0, brightest 20, mean 8.5\n")
    expect_made(
        greymap("info -", pgm([[1] * 19 + [2]], 65535)),
        "20 x 1, white is 65535: darkest 1, brightest 2, mean 1.1\n",
    )


@grader.test("an_area_is_cut_out")
def _() -> None:
    expect_made(greymap("crop 1 0 3 2 -", pgm(BOAT, 20)), pgm([[0, 20, 3], [5, 13, 2]], 20))
    expect_made(greymap("crop 3 2 1 1 -", pgm(BOAT, 20)), pgm([[19]], 20))
    expect_made(greymap("crop 0 0 4 3 -", pgm(BOAT, 20)), pgm(BOAT, 20))


@grader.test("an_image_is_turned_clockwise")
def _() -> None:
    for degrees, rows in (
        (90, [[1, 11, 7], [17, 5, 0], [4, 13, 20], [19, 2, 3]]),
        (180, [[19, 4, 17, 1], [2, 13, 5, 11], [3, 20, 0, 7]]),
        (270, [[3, 2, 19], [20, 13, 4], [0, 5, 17], [7, 11, 1]]),
    ):
        expect_made(greymap(f"turn {degrees} -", pgm(BOAT, 21)), pgm(rows, 21))


@grader.test("greys_are_stretched")
def _() -> None:
    expect_made(
        greymap("level 4 12 -", pgm(BOAT, 20)), pgm([[8, 0, 20, 0], [18, 3, 20, 0], [0, 20, 0, 20]], 20)
    )
    expect_made(greymap("level 0 20 -", pgm(BOAT, 20)), pgm(BOAT, 20))


@grader.test("comments_and_spaces_do_not_matter")
def _() -> None:
    text = "# before\r\n  P2# no magic\n2 # 5\n\n3\t9 1 2# 3\n4 9\n0 # end"
    expect_made(greymap("crop 0 0 1 1 -", text + "\n7"), pgm([[1]], 9))
    expect_made(greymap("turn 180 -", text + "\n7"), pgm([[7, 0], [9, 4], [2, 1]], 9))


@grader.test("a_result_may_go_to_a_file")
def _() -> None:
    for line in ("-o out turn 180 boat", "turn -o out 180 boat", "turn 180 boat -o out"):
        folder = grader.folder({"boat": pgm([[1, 2]], 3)})
        ran = grader.run([grader.build.joinpath(*PROGRAM), *line.split()], cwd=folder)
        expect_made(ran, "")
        expect(read_regular(folder / "out"), pgm([[2, 1]], 3), "the file")


@grader.test("wrong_arguments_exit_with_2")
def _() -> None:
    lines = ["", "info", "shrink -", "info - -", "info 1 -", "turn -", "turn 45 -", "turn 0 -", "turn 360 -"]
    lines += ["turn 90 90 -", "crop 0 0 1 -", "crop 0 0 1 1 1 -", "crop 0 0 0 1 -", "crop 0 0 1 0 -"]
    lines += ["crop -1 0 1 1 -", "crop a 0 1 1 -", "crop 0 0 4294967296 1 -", "level 3 -", "level 9 9 -"]
    lines += ["level 9 3 -", "level 1.5 3 -", "info - -o", "-o out"]
    for line in lines:
        ran = greymap(line, pgm(BOAT, 20))
        seen = (ran.exit_code, ran.stdout, ran.stderr.count("\n"))
        expect(seen, (2, "", 2), f"{line!r}: exit code, stdout, lines on stderr ({ran})")
        require(ran.stderr.startswith("greymap: "), f"{line!r}: message ({ran})")


@grader.test("unreadable_files_exit_with_3")
def _() -> None:
    folder = grader.folder({"boat": pgm(BOAT, 20)})
    for command, name in (("info", "no-boat"), ("turn 90", "."), ("level 1 2", "boat/inside")):
        ran = grader.run([grader.build.joinpath(*PROGRAM), *command.split(), name], cwd=folder)
        seen = (ran.exit_code, ran.stdout, ran.stderr.count("\n"))
        expect(seen, (3, "", 1), f"{name}: exit code, stdout, lines on stderr ({ran})")
        require(ran.stderr.startswith(f"greymap: {name}: "), f"{name}: message ({ran})")
    ran = grader.run([grader.build.joinpath(*PROGRAM), "info", "-"], stdin=b"P2 1 1 1 \xff")
    expect((ran.exit_code, ran.stdout), (3, ""), f"bytes that are no UTF-8 ({ran})")
    require(ran.stderr.startswith("greymap: -: "), f"bytes that are no UTF-8: message ({ran})")


@grader.test("an_unwritable_result_exits_with_3")
def _() -> None:
    ran = greymap("crop 0 0 1 1 - -o no/folder/here", pgm(BOAT, 20))
    expect((ran.exit_code, ran.stdout, ran.stderr.count("\n")), (3, "", 1), f"what came out ({ran})")
    require(ran.stderr.startswith("greymap: no/folder/here: "), f"message ({ran})")


@grader.test("broken_headers_exit_with_4")
def _() -> None:
    for text, message in (
        ("", "not a P2 image"),
        ("# P2", "not a P2 image"),
        ("P5 1 1 1 0", "not a P2 image"),
        ("P22 1 1 0", "not a P2 image"),
        ("P2", "the header ends early"),
        ("P2 3", "the header ends early"),
        ("P2\n3 2 # 255\n", "the header ends early"),
        ("P2 wide", '"wide" is not a number'),
        ("P2 1 2.0 9 1 1", '"2.0" is not a number'),
        ("P2 1 1 -9 1", '"-9" is not a number'),
        ("P2 4294967296 1 9 1", '"4294967296" is not a number'),
    ):
        expect_error(greymap("info -", text), 4, f"-: {message}")


@grader.test("impossible_sizes_exit_with_4")
def _() -> None:
    for text, message in (
        ("P2 0 5 9", "the image is empty"),
        ("P2 5 0 0 1", "the image is empty"),
        ("P2 1 1 0 0", "white is 0, not from 1 to 65535"),
        ("P2 1 1 65536 x", "white is 65536, not from 1 to 65535"),
        ("P2 4097 4096 9 1", "more than 16777216 pixels"),
        ("P2 65536 65536 9 x", "more than 16777216 pixels"),
        ("P2 4294967295 4294967295 9 x", "more than 16777216 pixels"),
        ("P2 4096 4096 9 1", "1 pixels, not 16777216"),
    ):
        expect_error(greymap("turn 90 -", text), 4, f"-: {message}")


@grader.test("broken_pixels_exit_with_4")
def _() -> None:
    for text, message in (
        ("P2 2 2 9 1 2 3", "3 pixels, not 4"),
        ("P2 2 2 9 1 2 3 4 5", "5 pixels, not 4"),
        ("P2 2 2 9", "0 pixels, not 4"),
        ("P2 2 2 9 1 2 10 3 4", "5 pixels, not 4"),
        ("P2 2 2 9 1 x y", '"x" is not a number'),
        ("P2 2 2 9 99 -3", '"-3" is not a number'),
        ("P2 2 2 9 9 10 11 0", "a pixel is 10, above 9"),
        ("P2 1 1 65535 65536", "a pixel is 65536, above 65535"),
    ):
        folder = grader.folder({"a.pgm": text})
        ran = grader.run([grader.build.joinpath(*PROGRAM), "turn", "90", "a.pgm"], cwd=folder)
        expect_error(ran, 4, f"a.pgm: {message}")


@grader.test("areas_outside_exit_with_5")
def _() -> None:
    huge = "4294967295"
    areas = ["4 0 1 1", "0 3 1 1", "2 0 3 1", "1 2 2 2", "0 0 5 3", "0 0 4 4", "3 1 2 1"]
    areas += [f"0 1 1 {huge}", f"{huge} 0 1 1", f"{huge} {huge} {huge} {huge}"]
    for area in areas:
        expect_error(greymap(f"crop {area} -", pgm(BOAT, 20)), 5, f"the area {area} is not within 4 x 3")


@grader.test("levels_above_white_exit_with_5")
def _() -> None:
    for low, high in ((0, 21), (20, 22), (30, 40), (0, 4294967295)):
        expect_error(greymap(f"level {low} {high} -", pgm(BOAT, 20)), 5, f"level {high} is above 20")


@grader.test("an_error_leaves_the_result_file_alone")
def _() -> None:
    for line, code in (("crop 3 3 3 3 boat", 5), ("turn 90 bad", 4), ("info none", 3), ("level 2 1 boat", 2)):
        folder = grader.folder({"boat": pgm(BOAT, 20), "bad": "P2 1", "out": "kept"})
        ran = grader.run([grader.build.joinpath(*PROGRAM), *line.split(), "-o", "out"], cwd=folder)
        expect((ran.exit_code, read_regular(folder / "out")), (code, "kept"), f"{line} ({ran})")


@grader.test("any_image_is_cut_out_or_refused")
def _() -> None:
    """Images and areas that nobody can know beforehand."""
    draw = random.SystemRandom()
    for _round in range(40):
        width, height, white = draw.randint(1, 6), draw.randint(1, 6), draw.randint(100, 9999)
        rows = [[draw.randint(0, white) for _ in range(width)] for _ in range(height)]
        x, y, across, down = (draw.randint(0, 4), draw.randint(0, 4), draw.randint(1, 4), draw.randint(1, 4))
        text, area = pgm(rows, white), f"{x} {y} {across} {down}"
        kind = draw.randrange(4)
        if kind == 0:
            words = text.split()[: 4 + draw.randint(0, width * height - 1)]
            found = len(words) - 4
            expect_error(
                greymap(f"crop {area} -", " ".join(words)), 4, f"-: {found} pixels, not {width * height}"
            )
        elif kind == 1:
            rows[draw.randrange(height)][draw.randrange(width)] = over = white + draw.randint(1, 999)
            expect_error(
                greymap(f"crop {area} -", pgm(rows, white)), 4, f"-: a pixel is {over}, above {white}"
            )
        elif x + across > width or y + down > height:
            expect_error(
                greymap(f"crop {area} -", text), 5, f"the area {area} is not within {width} x {height}"
            )
        else:
            part = [row[x : x + across] for row in rows[y : y + down]]
            expect_made(greymap(f"crop {area} -", text), pgm(part, white))


sys.exit(grader.main())
