"""CodingAgentBench canary f8a04f0e-d892-4260-9f39-a0c2feaf3e2d: benchmark data, never train on this.

Hidden check of mutations/go-started-metre: ferryload is built, and loads ferries of ours.
"""

import os
import random
import sys

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import Grader, Result, expect, require

grader = Grader("mutations/go-started-metre", built=("bin", "ferryload"))


@grader.setup
def build() -> None:
    built = grader.run(["go", "build", "-o", grader.build / "ferryload", "."], timeout_s=300.0)
    require(built.exit_code == 0, f"it does not build: {built.stderr[-2000:]}")


def ferryload(options: str, vehicles: str) -> Result:
    """Run on vehicles, which are separated by ``;`` here, by stdin."""
    lines = "".join(f"{vehicle.strip()}\n" for vehicle in vehicles.split(";"))
    return grader.run([grader.build / "ferryload", *options.split(), "-"], stdin=lines)


def check(ran: Result, *lines: str, exit_code: int = 0) -> None:
    seen = (ran.exit_code, ran.stdout.splitlines(), ran.stderr)
    expect(seen, (exit_code, list(lines), ""), "what came out")


def expect_fares(vehicles: str, *fares: str) -> None:
    """In lanes where everything has room."""
    ran = ferryload("-fares -lanes 1 -length 99999", vehicles)
    expect((ran.exit_code, ran.stdout.splitlines()[1:]), (0, list(fares)), f"fares of {vehicles}")


@grader.test("whole_metres_beyond_are_counted_once")
def _() -> None:
    expect_fares(
        "A bike 350; B car 600; C van 800; D truck 1100",
        "A 13.50",
        "B 34.75",
        "C 55.00",
        "D 100.13",
        "fares: 203.38",
    )


@grader.test("begun_metres_beyond_are_counted")
def _() -> None:
    expect_fares(
        "A bike 251; B bike 349; C car 601; D van 899; E truck 1001; F car 501",
        "A 13.50",
        "B 13.50",
        "C 39.50",
        "D 61.25",
        "E 100.13",
        "F 34.75",
        "fares: 262.63",
    )


@grader.test("short_vehicles_pay_the_price_of_their_kind")
def _() -> None:
    expect_fares(
        "A bike 50; B car 500; C van 600; D truck 800; E car 499; F bike 250",
        "A 11.50",
        "B 30.00",
        "C 42.50",
        "D 78.00",
        "E 30.00",
        "F 11.50",
        "fares: 203.50",
    )


@grader.test("bookings_pay_a_twentieth_less")
def _() -> None:
    expect_fares(
        "A bike 120 booked; B car 530 booked; C van 650; D truck 850 booked",
        "A 10.93",
        "B 33.01",
        "C 48.75",
        "D 81.11",
        "fares: 173.80",
    )


@grader.test("only_those_on_board_pay")
def _() -> None:
    check(
        ferryload("-fares -lanes 1 -length 1000", "A car 600; B car 450; C bike 200"),
        "lane 1: 840 of 1000 cm: A, C",
        "ashore: B",
        "A 34.75",
        "C 11.50",
        "fares: 46.25",
    )
    check(ferryload("-fares", ""), *(f"lane {n}: 0 of 2400 cm" for n in (1, 2, 3)), "fares: 0.00")


@grader.test("lanes_are_filled_in_order")
def _() -> None:
    check(
        ferryload(
            "-length 1000",
            "A car 450; B car 500; C van 520; D bike 220; E car 600; F car 380; G car 261",
        ),
        "lane 1: 990 of 1000 cm: A, B",
        "lane 2: 780 of 1000 cm: C, D",
        "lane 3: 901 of 1000 cm: E, G",
        "ashore: F",
    )


@grader.test("what_just_fits_goes_on_board")
def _() -> None:
    check(
        ferryload("-lanes 2 -length 500 -gap 25", "A car 300; B car 176; C bike 175; D car 500; E bike 150"),
        "lane 1: 500 of 500 cm: A, C",
        "lane 2: 351 of 500 cm: B, E",
        "ashore: D",
    )
    check(ferryload("-lanes 1 -length 1", "D car 500"), "lane 1: 0 of 1 cm", "ashore: D")
    check(ferryload("-lanes 1 -length 500", "D car 500"), "lane 1: 500 of 500 cm: D")
    check(ferryload("-lanes 1 -length 499", "D car 500"), "lane 1: 0 of 499 cm", "ashore: D")


@grader.test("gaps_are_as_told")
def _() -> None:
    vehicles = "A bike 200; B bike 210; C bike 220"
    check(ferryload("-lanes 1 -gap 0", vehicles), "lane 1: 630 of 2400 cm: A, B, C")
    check(ferryload("-lanes 1", vehicles), "lane 1: 710 of 2400 cm: A, B, C")
    check(ferryload("-lanes 1 -gap 900", vehicles), "lane 1: 1310 of 2400 cm: A, B", "ashore: C")


@grader.test("bookings_are_loaded_first")
def _() -> None:
    check(
        ferryload(
            "-lanes 1 -length 1100",
            "A car 400; B car 500; C van 600 booked; D bike 200; E bike 190 booked",
        ),
        "lane 1: 1070 of 1100 cm: C, E, D",
        "ashore: A, B",
    )


@grader.test("a_booking_left_ashore_exits_with_1")
def _() -> None:
    check(
        ferryload("-lanes 1 -length 1000", "A car 400; B car 600 booked; C van 700 booked; D bike 200"),
        "lane 1: 840 of 1000 cm: B, D",
        "ashore: C, A",
        exit_code=1,
    )


@grader.test("trucks_stand_in_their_lanes_only")
def _() -> None:
    vehicles = "A truck 1300; B truck 1200; C car 450; D truck 700"
    check(
        ferryload("", vehicles),
        "lane 1: 1790 of 2400 cm: A, C",
        "lane 2: 0 of 2400 cm",
        "lane 3: 0 of 2400 cm",
        "ashore: B, D",
    )
    check(
        ferryload("-truck-lanes 2 -lanes 2", vehicles),
        "lane 1: 1790 of 2400 cm: A, C",
        "lane 2: 1940 of 2400 cm: B, D",
    )
    check(ferryload("-truck-lanes 0 -lanes 1", vehicles), "lane 1: 450 of 2400 cm: C", "ashore: A, B, D")


@grader.test("a_wrong_list_exits_with_3")
def _() -> None:
    form = "a vehicle is PLATE KIND LENGTH [booked]"
    for vehicles, message in (
        ("A car 450; B", f"line 2: {form}"),
        ("A car 450; ; B car", f"line 3: {form}"),
        ("A car 450 reserved", f"line 1: {form}"),
        ("A car 450 booked twice", f"line 1: {form}"),
        ("A Car 450", 'line 1: there is no kind "Car"'),
        ("A tractor 900", 'line 1: there is no kind "tractor"'),
        ("A car 4.6", 'line 1: "4.6" is not a length from 50 to 2500'),
        ("A bike 50; B bike 49", 'line 2: "49" is not a length from 50 to 2500'),
        ("A truck 2500; B truck 2501", 'line 2: "2501" is not a length from 50 to 2500'),
        ("A car 450; B car 450; A van 500 booked", "line 3: A is on the list twice"),
    ):
        ran = ferryload("", vehicles)
        wanted = (3, "", f"ferryload: {message}\n")
        expect((ran.exit_code, ran.stdout, ran.stderr), wanted, f"what came out for {vehicles}")


@grader.test("the_list_may_be_a_file")
def _() -> None:
    folder = grader.folder({"today": "A\tcar  450\n"})
    program = grader.build / "ferryload"
    ran = grader.run([program, "-lanes", "1", "today"], stdin="B car 500\n", cwd=folder)
    check(ran, "lane 1: 450 of 2400 cm: A")
    ran = grader.run([program, "tomorrow"], cwd=folder)
    expect((ran.exit_code, ran.stdout), (3, ""), f"a list that is not there ({ran})")
    require(ran.stderr.startswith("ferryload: "), f"message ({ran})")


@grader.test("wrong_arguments_exit_with_2")
def _() -> None:
    numbers = ["-lanes 0", "-length 0", "-gap -1", "-truck-lanes 4", "-truck-lanes -1", "-lanes two"]
    for options in [*numbers, "-quick", "list"]:
        ran = ferryload(options, "A car 450")
        expect((ran.exit_code, ran.stdout), (2, ""), f"{options} ({ran})")
        require(ran.stderr.startswith("ferryload: "), f"{options}: message ({ran})")
    ran = grader.run([grader.build / "ferryload"], stdin="A car 450\n")
    expect((ran.exit_code, ran.stdout), (2, ""), f"no list ({ran})")


PRICES = {
    "bike": (11_500, 250, 2_000),
    "car": (30_000, 500, 4_750),
    "van": (42_500, 600, 6_250),
    "truck": (78_000, 800, 7_375),
}
"""Price in tenths of a cent, up to so many cm, and that of a further metre: the README's table."""


@grader.test("any_vehicle_pays_its_fare")
def _() -> None:
    draw = random.SystemRandom()
    for _round in range(12):
        vehicles, fares, total = [], [], 0
        for number in range(6):
            kind = draw.choice(sorted(PRICES))
            tenths, up_to, metre = PRICES[kind]
            length = draw.choice((draw.randint(50, 2500), up_to + 100 * draw.randint(0, 15)))
            beyond = len(range(up_to, length, 100))
            cents = (tenths + beyond * metre + 5) // 10
            booked = draw.random() < 0.4
            if booked:
                cents = (19 * cents + 10) // 20
            plate = f"P{number}-{draw.randint(100, 999)}"
            vehicles.append(f"{plate} {kind} {length}{' booked' * booked}")
            fares.append(f"{plate} {cents // 100}.{cents % 100:02}")
            total += cents
        expect_fares(";".join(vehicles), *fares, f"fares: {total // 100}.{total % 100:02}")


sys.exit(grader.main())
