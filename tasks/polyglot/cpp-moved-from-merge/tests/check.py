"""CodingAgentBench canary 05cbb3bd-9acb-4e9d-9587-70e7b542d98d: benchmark data, never train on this.

Hidden check of polyglot/cpp-moved-from-merge: gloss is compiled, and merges glossaries.
"""

import os
import random
import string
import sys

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import Grader, expect, require

# A program that never ends fails its tests soon.
grader = Grader("polyglot/cpp-moved-from-merge", limit_s=300.0, built=("build",))


@grader.setup
def build() -> None:
    # By hand: what the Makefile says is not asked.
    command = 'exec g++ -std=c++20 -O1 -o "$0/gloss" src/*.cpp'
    built = grader.run(["sh", "-c", command, str(grader.build)], timeout_s=200.0)
    require(built.exit_code == 0, f"it does not compile: {built.stderr[-2000:]}")


def merged(lines: list[str], wanted: list[str], *, counts: str) -> None:
    """See that exactly these lines come out, and the line that counts."""
    text = "".join(f"{line}\n" for line in lines)
    ran = grader.run([grader.build / "gloss"], stdin=text, cwd=grader.folder())
    expect(ran.stdout.split("\n"), [*wanted, counts, ""], f"the glossary of {lines} ({ran.stderr[:300]!r})")
    expect((ran.exit_code, ran.stderr), (0, ""), "exit code and stderr")


def refused(lines: list[str], messages: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    ran = grader.run([grader.build / "gloss"], stdin=text, cwd=grader.folder())
    wanted = (1, "", "".join(f"gloss: {message}\n" for message in messages))
    expect((ran.exit_code, ran.stdout, ran.stderr), wanted, f"what came of {lines}")


@grader.test("terms_are_in_order")
def _() -> None:
    lines = [
        "mast: a pole",
        "Boom: a spar",
        "anchor: what holds",
        "mast-head: its top",
        "mast 2: the other pole",
    ]
    wanted = ["Boom", "  1. a spar", "anchor", "  1. what holds", "mast", "  1. a pole"]
    wanted += ["mast 2", "  1. the other pole", "mast-head", "  1. its top"]
    merged(lines, wanted, counts="5 meanings, 5 terms, 0 aliases")
    merged([], [], counts="0 meanings, 0 terms, 0 aliases")


@grader.test("all_meanings_of_a_term_are_kept_in_order")
def _() -> None:
    lines = [
        "sheet: a rope",
        "tack: a corner",
        "sheet: a layer of ice",
        "sheet: what a bed has",
        "tack: a course",
    ]
    wanted = ["sheet", "  1. a rope", "  2. a layer of ice", "  3. what a bed has"]
    merged(
        lines, [*wanted, "tack", "  1. a corner", "  2. a course"], counts="5 meanings, 2 terms, 0 aliases"
    )


@grader.test("the_same_meaning_twice_counts_once")
def _() -> None:
    lines = ["sheet: a rope", "sheet:  a   rope", "sheet: A rope", "sheet: a rope #rig"]
    merged(
        lines, ["sheet", "  1. a rope", "  2. A rope", "  tags: rig"], counts="2 meanings, 1 terms, 0 aliases"
    )


@grader.test("the_tags_of_all_meanings_are_put_together")
def _() -> None:
    lines = ["luff: an edge #sail #rig", "luff: to turn up #helm #rig", "luff: to flap #sail"]
    wanted = ["luff", "  1. an edge", "  2. to turn up", "  3. to flap", "  tags: helm, rig, sail"]
    merged(lines, wanted, counts="3 meanings, 1 terms, 0 aliases")


@grader.test("only_words_at_the_end_are_tags")
def _() -> None:
    lines = [
        "knot: see #three: a bend #rope",
        "hitch: number #4",
        "bight: a loop #Rope",
        "eye: a loop #a #B #c",
    ]
    wanted = [
        "bight",
        "  1. a loop #Rope",
        "eye",
        "  1. a loop #a #B",
        "  tags: c",
        "hitch",
        "  1. number #4",
    ]
    wanted += ["knot", "  1. see #three: a bend", "  tags: rope"]
    merged(lines, wanted, counts="4 meanings, 4 terms, 0 aliases")


@grader.test("an_alias_is_shown_with_its_term")
def _() -> None:
    lines = ["line -> rope", "rope: what sailors call line", "cord -> rope", "zip -> rope"]
    wanted = ["cord -> rope", "line -> rope", "rope", "  1. what sailors call line", "zip -> rope"]
    merged(lines, wanted, counts="1 meanings, 1 terms, 3 aliases")


@grader.test("an_alias_of_an_alias_is_shown_with_the_end")
def _() -> None:
    lines = ["a -> b", "c -> d", "b -> c", "d: the last one", "e -> a"]
    wanted = ["a -> d", "b -> d", "c -> d", "d", "  1. the last one", "e -> d"]
    merged(lines, wanted, counts="1 meanings, 1 terms, 4 aliases")


@grader.test("a_term_of_which_nothing_is_said_is_there")
def _() -> None:
    lines = ["yarn -> long rope name", "twine -> yarn"]
    wanted = ["long rope name", "twine -> long rope name", "yarn -> long rope name"]
    merged(lines, wanted, counts="0 meanings, 1 terms, 2 aliases")


@grader.test("what_is_said_of_an_alias_belongs_to_its_term")
def _() -> None:
    lines = [
        "b -> rope",
        "a -> b",
        "b: of b #two",
        "a: of a #one",
        "rope: of rope #three",
        "b: more of b",
        "a: of b",
    ]
    wanted = ["a -> rope", "b -> rope", "rope", "  1. of rope", "  2. of a", "  3. of b", "  4. more of b"]
    merged(lines, [*wanted, "  tags: one, three, two"], counts="4 meanings, 1 terms, 2 aliases")


@grader.test("the_last_alias_of_a_term_counts")
def _() -> None:
    lines = ["line -> rope", "line -> wire", "rope: thick"]
    wanted = ["line -> wire", "rope", "  1. thick", "wire"]
    merged(lines, wanted, counts="1 meanings, 2 terms, 1 aliases")


@grader.test("space_and_blank_lines_make_no_difference")
def _() -> None:
    lines = [
        "",
        "  bow   line :  a\tknot   #rope  ",
        "   ",
        "bow line:a knot",
        " bow line  ->   bowline ",
        "bowline : a:b",
    ]
    wanted = ["bow line -> bowline", "bowline", "  1. a:b", "  2. a knot", "  tags: rope"]
    merged(lines, wanted, counts="2 meanings, 1 terms, 1 aliases")
    merged([f"{'t' * 40}: long"], ["t" * 40, "  1. long"], counts="1 meanings, 1 terms, 0 aliases")


@grader.test("all_wrong_lines_are_told_and_nothing_is_put_out")
def _() -> None:
    wrong = [
        "rope",
        ": no term",
        "rope: ",
        "rope: #tag #only",
        "to_p: underlined",
        f"{'t' * 41}: long",
        "a -> b -> c",
    ]
    wrong += ["rope: thick -> thin", " -> rope", "rope -> ", "rope ->thin"]
    lines = ["line: fine", "", *wrong, "line: fine, too", "a -> a"]
    refused(lines, [f"line {number}: {line}" for number, line in enumerate(wrong, start=3)])


@grader.test("a_circle_is_told")
def _() -> None:
    refused(
        ["x -> y", "m -> n", "y -> x", "n -> y", "n: said of n", "z: fine"], ["m leads round in a circle"]
    )
    refused(["self -> self"], ["self leads round in a circle"])
    merged(["x -> y", "y -> x", "y -> z"], ["x -> z", "y -> z", "z"], counts="0 meanings, 1 terms, 2 aliases")


def by_the_rules(said: list[tuple[str, str, list[str]]], aliases: dict[str, str]) -> tuple[list[str], str]:
    """The README's rules, once more: the lines of the glossary, and the line that counts. No circles."""

    def end(term: str) -> str:
        return end(aliases[term]) if term in aliases else term

    terms: dict[str, tuple[list[str], set[str]]] = {end(alias): ([], set()) for alias in aliases}
    ordered = [item for item in said if item[0] not in aliases]
    ordered += [item for alias in sorted(aliases) for item in said if item[0] == alias]
    for term, meaning, tags in ordered:
        meanings, all_tags = terms.setdefault(end(term), ([], set()))
        meanings += [meaning] if meaning not in meanings else []
        all_tags.update(tags)
    blocks = {alias: [f"{alias} -> {end(alias)}"] for alias in aliases}
    for term, (meanings, all_tags) in terms.items():
        numbered = [f"  {number}. {meaning}" for number, meaning in enumerate(meanings, start=1)]
        blocks[term] = [term, *numbered, *([f"  tags: {', '.join(sorted(all_tags))}"] if all_tags else [])]
    count = sum(len(meanings) for meanings, _ in terms.values())
    lines = [line for name in sorted(blocks) for line in blocks[name]]
    return lines, f"{count} meanings, {len(terms)} terms, {len(aliases)} aliases"


@grader.test("any_glossary_is_merged_by_the_rules")
def _() -> None:
    """Glossaries that nobody can know beforehand."""
    draw = random.SystemRandom()

    def word(most: int) -> str:
        return "".join(draw.choices(string.ascii_lowercase, k=draw.randint(2, most)))

    for _round in range(8):
        names = sorted({word(25) for _ in range(12)}, key=lambda _name: draw.random())
        tags, meanings = [word(5) for _ in range(4)], [f"{word(9)} {word(30)}" for _ in range(12)]
        aliases = {
            name: draw.choice(names[place + 1 :])  # always onwards: no circle
            for place, name in enumerate(names[:-1])
            if draw.random() < 0.4
        }
        said = [
            (draw.choice(names), draw.choice(meanings), draw.sample(tags, draw.choice((0, 0, 1, 2))))
            for _ in range(draw.randint(5, 40))
        ]
        lines = [
            " ".join([f"{term}: {meaning}", *(f"#{tag}" for tag in marks)]) for term, meaning, marks in said
        ]
        lines += [f"{name} -> {other}" for name, other in aliases.items()]
        wanted, counts = by_the_rules(said, aliases)
        merged(lines, wanted, counts=counts)


sys.exit(grader.main())
