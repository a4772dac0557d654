"""CodingAgentBench canary 04a60aa9-74c0-46d2-873f-53d63a9e7fed: benchmark data, never train on this.

Hidden check of mutations/cpp-lower-bound-swap: franker is compiled, and prices parcels by rates of ours.
"""

import os
import random
import sys

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import Grader, expect, require

# A program that never ends fails its tests soon.
grader = Grader("mutations/cpp-lower-bound-swap", limit_s=300.0, built=("build",))

RATES = "# 2031\nislands 750 815\n\nvalley 1000 205\nvalley 250 119\n  \nvalley 30000 1999\n"


@grader.setup
def build() -> None:
    # By hand: what the Makefile says is not asked.
    command = 'exec g++ -std=c++20 -O1 -o "$0/franker" src/*.cpp'
    built = grader.run(["sh", "-c", command, str(grader.build)], timeout_s=200.0)
    require(built.exit_code == 0, f"it does not compile: {built.stderr[-2000:]}")


def franked(priced: list[tuple[str, str]], *, total: str, rates: str = RATES) -> None:
    """Price parcels, given with their prices, in one run; the total is of those that have one."""
    text = "".join(f"{parcel}\n" for parcel, _ in priced)
    ran = grader.run([grader.build / "franker", "rates"], stdin=text, cwd=grader.folder({"rates": rates}))
    lines = ran.stdout.splitlines()
    for number, (parcel, price) in enumerate(priced):
        expect(
            lines[number] if number < len(lines) else None, price, f"the price of {parcel!r} with {rates!r}"
        )
    expect(lines[len(priced) :], [f"total {total}"], f"the total of {text!r}")
    exit_code = 1 if any(price.startswith("-") for _, price in priced) else 0
    expect((ran.exit_code, ran.stderr), (exit_code, ""), "exit code and stderr")


@grader.test("a_parcel_pays_for_the_lightest_band_that_takes_it")
def _() -> None:
    prices = {"1": "1.19", "249": "1.19", "251": "2.05", "999": "2.05", "1001": "19.99", "29999": "19.99"}
    franked([(f"valley {grams}", price) for grams, price in prices.items()], total="46.46")
    franked([("islands 749", "8.15")], total="8.15")


@grader.test("the_weight_of_a_band_is_included")
def _() -> None:
    prices = {"250": "1.19", "1000": "2.05", "30000": "19.99"}
    franked([(f"valley {grams}", price) for grams, price in prices.items()], total="23.23")


@grader.test("what_no_band_takes_is_too_heavy")
def _() -> None:
    parcels = ["valley 30001", "valley 999999999 express", "islands 751", "islands 900 insured 500001"]
    franked([(parcel, "- too heavy") for parcel in parcels], total="0.00")


@grader.test("the_heaviest_weight_of_a_zone_is_taken")
def _() -> None:
    franked([("islands 750", "8.15"), ("islands 750 express", "12.23")], total="20.38")
    franked([("x 1", "0.07")], total="0.07", rates="x 1 7\n")


@grader.test("express_costs_half_a_price_more_rounded_up")
def _() -> None:
    prices = [("valley 9 express", "1.79"), ("valley 500 express", "3.08"), ("islands 9 express", "12.23")]
    franked(prices, total="17.10")
    franked([("z 1 express", "9.00")], total="9.00", rates="z 5 600\n")


@grader.test("insurance_is_a_percent_and_at_least_a_euro")
def _() -> None:
    values = {
        "1": "2.19",
        "9999": "2.19",
        "10000": "2.19",
        "10001": "2.20",
        "10100": "2.20",
        "500000": "51.19",
    }
    franked([(f"valley 9 insured {cents}", price) for cents, price in values.items()], total="62.16")
    franked([("valley 9 insured 500001", "- not insurable")], total="0.00")


@grader.test("services_are_added_in_either_order")
def _() -> None:
    both = [("valley 9 express insured 20050", "3.80"), ("valley 9  insured 20050   express", "3.80")]
    franked(both, total="7.60")


@grader.test("what_is_no_parcel_is_told")
def _() -> None:
    wrong = [
        "valley",
        "valley heavy",
        "valley 0",
        "valley -5",
        "valley 2.5",
        "valley 1000000000",
        "valley 9 slow",
    ]
    wrong += [
        "valley 9 express express",
        "valley 9 insured",
        "valley 9 insured 0",
        "valley 9 insured express",
    ]
    wrong += ["valley 9 insured 5 insured 5", "moon 0", "valley 9 insured 1000000000"]
    franked([*((line, "- not a parcel") for line in wrong), ("valley 9", "1.19")], total="1.19")


@grader.test("an_unknown_zone_is_told")
def _() -> None:
    parcels = ["moon 5", "Valley 5", "moon 999999999 insured 600000"]
    franked([(parcel, "- unknown zone") for parcel in parcels], total="0.00")


@grader.test("the_later_of_two_equal_bands_counts")
def _() -> None:
    rates = "a 50 100\na 90 300\na 50 205\nb 50 1\na 70 222\n"
    prices = [("a 49", "2.05"), ("a 51", "2.22"), ("a 71", "3.00"), ("b 20", "0.01")]
    franked(prices, total="7.28", rates=rates)


@grader.test("blank_lines_get_no_answer")
def _() -> None:
    text = "\nvalley 9\n   \nislands 9\n\n"
    ran = grader.run([grader.build / "franker", "rates"], stdin=text, cwd=grader.folder({"rates": RATES}))
    expect((ran.exit_code, ran.stdout, ran.stderr), (0, "1.19\n8.15\ntotal 9.34\n", ""), "what came out")


@grader.test("wrong_rates_are_2_and_one_message")
def _() -> None:
    wrong = ["a 5", "a", "a five 5", "a 5 0", "a 0 5", "a 5 5 5", "a 5 1000000000", "a -5 5"]
    folder = grader.folder(
        {"good": RATES, **{f"r{number}": f"b 1 1\n{line}\n" for number, line in enumerate(wrong)}}
    )
    for arguments in ([], ["gone"], ["good", "good"], *([f"r{number}"] for number in range(len(wrong)))):
        ran = grader.run([grader.build / "franker", *arguments], stdin="b 1\n", cwd=folder)
        what = f"what {arguments} did ({ran})"
        expect(
            (ran.exit_code, ran.stdout, ran.stderr[:9], ran.stderr.count("\n")), (2, "", "franker: ", 1), what
        )


def by_the_rules(
    bands: list[tuple[str, int, int]], zone: str, grams: int, express: bool, value: int
) -> int | str:
    """The README's rules, once more: the price, or why there is none. No value, no insurance."""
    of_zone = {up_to: cents for name, up_to, cents in bands if name == zone}
    if not of_zone:
        return "- unknown zone"
    fitting = [up_to for up_to in of_zone if grams <= up_to]
    if not fitting:
        return "- too heavy"
    if value > 500_000:
        return "- not insurable"
    base = of_zone[min(fitting)]
    return base + (-(-base // 2) if express else 0) + (max(100, -(-value // 100)) if value else 0)


def euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


@grader.test("any_parcel_is_priced_by_the_rules")
def _() -> None:
    """Rates and parcels that nobody can know beforehand; many weigh what a band takes, or a gram more."""
    draw = random.SystemRandom()
    zones = ["".join(draw.choices("abcdefgh", k=6)) for _ in range(4)]
    bands = [(draw.choice(zones[:3]), draw.randint(1, 5000), draw.randint(1, 3000)) for _ in range(20)]
    priced, total = [], 0
    for _parcel in range(200):
        near = draw.choice(bands)[1] + draw.choice((-1, 0, 0, 1))
        grams = max(1, draw.choice((near, draw.randint(1, 6000))))
        zone, express = draw.choice(zones), draw.random() < 0.3
        value = draw.choice((0, 0, draw.randint(1, 520_000)))
        words = [zone, str(grams)] + ["express"] * express + ["insured", str(value)] * bool(value)
        price = by_the_rules(bands, zone, grams, express, value)
        total += price if isinstance(price, int) else 0
        priced.append((" ".join(words), euros(price) if isinstance(price, int) else price))
    rates = "".join(f"{zone} {up_to} {cents}\n" for zone, up_to, cents in bands)
    franked(priced, total=euros(total), rates=rates)


sys.exit(grader.main())
