"""CodingAgentBench canary f1f5a779-b9da-4e79-9cc0-8a2869ed0bf0: benchmark data, never train on this.

Hidden check of polyglot/java-hashcode-contract: circular is compiled, and answers commands on stdin.
"""

import os
import random
import sys

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import Grader, expect, require

# A program that never ends fails its tests soon.
grader = Grader("polyglot/java-hashcode-contract", limit_s=300.0, built=("build",))

# No file of its own: /tmp/hsperfdata_* is not ours to remove. The rest is for a quick start.
JAVA = ["java", "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"]


@grader.setup
def build() -> None:
    classes = grader.build / "classes"
    # Nothing but the sources: neither annotation processors nor class files of the workspace.
    options = ["-J-XX:-UsePerfData", "-proc:none", "-sourcepath", "src", "-cp", classes, "-d", classes]
    built = grader.run(["javac", *options, "src/circular/Main.java"], timeout_s=200.0)
    require(built.exit_code == 0, f"it does not compile: {built.stderr[-2000:]}")


def answered(commands: list[str], wanted: list[str], *, exit_code: int = 0) -> None:
    """Give all commands to one run, and see that exactly these answers come out."""
    text = "".join(f"{line}\n" for line in commands)
    ran = grader.run(
        [*JAVA, "-cp", grader.build / "classes", "circular.Main"], stdin=text, cwd=grader.folder()
    )
    answers = ran.stdout.splitlines()
    for number, (command, answer) in enumerate(zip(commands, wanted, strict=True)):
        actual = answers[number] if number < len(answers) else None
        before = commands[max(0, number - 30) : number]
        expect(actual, answer, f"the answer to {command!r} after {before}")
    expect(
        (ran.exit_code, len(answers), ran.stderr), (exit_code, len(wanted), ""), "exit code, answers, stderr"
    )


def transcript(text: str, *, exit_code: int = 0) -> None:
    """Lines with ``> `` are commands, the others their answers."""
    lines = text.strip().splitlines()
    commands = [line.removeprefix("> ") for line in lines if line.startswith("> ")]
    answered(commands, [line for line in lines if not line.startswith("> ")], exit_code=exit_code)


@grader.test("members_stand_in_the_order_of_joining")
def _() -> None:
    transcript("""
> who crew
nobody
> join crew yves@ship.example
joined
> join crew ada@ship.example
joined
> join guests ada@ship.example
joined
> who crew
yves@ship.example ada@ship.example
> leave crew yves@ship.example
left
> join crew yves@ship.example
joined
> who crew
ada@ship.example yves@ship.example
> leave guests yves@ship.example
not there
> who guests
ada@ship.example
""")


@grader.test("a_domain_in_capitals_is_the_same_address")
def _() -> None:
    transcript("""
> join crew Ada.L@Ship.Example
joined
> join crew Ada.L@ship.EXAMPLE
there as Ada.L@Ship.Example
> who crew
Ada.L@Ship.Example
> leave crew Ada.L@SHIP.example
left
> who crew
nobody
""")


@grader.test("a_tag_makes_no_other_address")
def _() -> None:
    transcript("""
> join crew kim+deck@ship.example
joined
> join crew kim@ship.example
there as kim+deck@ship.example
> join crew kim+@Ship.example
there as kim+deck@ship.example
> join crew kim-deck@ship.example
joined
> leave crew kim+any_thing@ship.example
left
> who crew
kim-deck@ship.example
""")


@grader.test("capitals_in_the_local_part_make_another_address")
def _() -> None:
    transcript("""
> join crew Kim@ship.example
joined
> join crew kim@ship.example
joined
> join crew kim@ships.example
joined
> leave crew KIM@ship.example
not there
> who crew
Kim@ship.example kim@ship.example kim@ships.example
""")


@grader.test("a_letter_goes_to_each_address_once")
def _() -> None:
    transcript("""
> send crew guests
0 letters
> join crew ada@Ship.example
joined
> join crew bo@ship.example
joined
> join guests cy+x@ship.example
joined
> join guests ada+home@ship.example
joined
> join guests BO@ship.example
joined
> send crew guests crew
4 letters: ada@Ship.example bo@ship.example cy+x@ship.example BO@ship.example
> send guests crew
4 letters: cy+x@ship.example ada+home@ship.example BO@ship.example bo@ship.example
> send guests
3 letters: cy+x@ship.example ada+home@ship.example BO@ship.example
""")


@grader.test("a_move_keeps_the_place_in_every_list")
def _() -> None:
    transcript("""
> join crew ada@ship.example
joined
> join crew bo@ship.example
joined
> join crew cy@ship.example
joined
> join guests bo@ship.example
joined
> join guests ada@ship.example
joined
> join other cy@ship.example
joined
> move bo+old@SHIP.example bo@land.example
moved in 2
> who crew
ada@ship.example bo@land.example cy@ship.example
> who guests
bo@land.example ada@ship.example
> move bo@ship.example bo@moon.example
moved in 0
""")


@grader.test("who_moved_is_known_by_the_new_address_only")
def _() -> None:
    transcript("""
> join crew bo@ship.example
joined
> join crew cy@ship.example
joined
> move bo@ship.example Bo@land.example
moved in 1
> join crew Bo+1@land.example
there as Bo@land.example
> leave crew bo@ship.example
not there
> join crew bo@ship.example
joined
> who crew
Bo@land.example cy@ship.example bo@ship.example
> leave crew Bo@Land.example
left
> who crew
cy@ship.example bo@ship.example
> move cy@ship.example cy@land.example
moved in 1
> move cy@land.example cy@moon.example
moved in 1
> send crew
2 letters: cy@moon.example bo@ship.example
""")


@grader.test("a_move_to_a_member_only_leaves")
def _() -> None:
    transcript("""
> join crew ada@ship.example
joined
> join crew bo@ship.example
joined
> join guests ada@ship.example
joined
> move ada@ship.example bo@Ship.example
moved in 2
> who crew
bo@ship.example
> who guests
bo@Ship.example
> leave guests bo@ship.example
left
""")


@grader.test("a_move_to_itself_changes_the_spelling")
def _() -> None:
    transcript("""
> join crew ada@ship.example
joined
> join crew bo@ship.example
joined
> bounce ada@ship.example
bounce 1
> move ada@ship.example ada+new@Ship.Example
moved in 1
> who crew
ada+new@Ship.Example bo@ship.example
> bounce ada@ship.example
bounce 2
> leave crew ada@ship.example
left
> who crew
bo@ship.example
""")


@grader.test("the_third_bounce_removes_from_every_list")
def _() -> None:
    transcript("""
> join crew ada@ship.example
joined
> join crew bo@ship.example
joined
> join guests ada@SHIP.example
joined
> bounce ada@ship.example
bounce 1
> bounce bo@ship.example
bounce 1
> bounce ada+x@ship.example
bounce 2
> bounce ada@Ship.Example
removed from 2
> who crew
bo@ship.example
> who guests
nobody
> bounce ada@ship.example
bounce 1
""")


@grader.test("bounces_are_forgotten_by_moving")
def _() -> None:
    transcript("""
> join crew ada@ship.example
joined
> bounce ada@ship.example
bounce 1
> bounce ada@ship.example
bounce 2
> bounce ada@land.example
bounce 1
> move ada@SHIP.example ada@land.example
moved in 1
> bounce ada@ship.example
bounce 1
> bounce ada@land.example
bounce 2
> bounce ada@Land.example
removed from 1
> who crew
nobody
""")


@grader.test("errors_change_nothing_and_exit_with_1")
def _() -> None:
    transcript(
        """
> join crew ada@ship.example
joined
> leave crew
error: what is leave crew
> move ada@ship.example
error: what is move ada@ship.example
> send
error: what is send
> Who crew
error: what is Who crew
> leave Crew ada
error: Crew is not a list
> leave crew2 ada@ship.example
error: crew2 is not a list
> send crew Crew
error: Crew is not a list
> leave crew ada
error: ada is not an address
> leave crew @ship.example
error: @ship.example is not an address
> move ada@ship.example ada@
error: ada@ is not an address
> bounce +x@ship.example
error: +x@ship.example is not an address
> who crew
ada@ship.example
""",
        exit_code=1,
    )


@grader.test("a_hundred_thousand_members_are_no_burden")
def _() -> None:
    names = [f"reader-{number}@list.example" for number in range(100_000)]
    commands = [*(f"join big {name}" for name in names), *(f"leave big {name.upper()}" for name in names[:3])]
    commands += [f"leave big {name.replace('@', '+x@')}" for name in names[1:]] + ["who big"]
    answers = ["joined"] * len(names) + ["not there"] * 3 + ["left"] * (len(names) - 1) + [names[0]]
    text = "".join(f"{command}\n" for command in commands)
    ran = grader.run([*JAVA, "-cp", grader.build / "classes", "circular.Main"], stdin=text, timeout_s=30.0)
    require(not ran.timed_out, "it took more than 30 s for 100,000 members")
    wanted = "".join(f"{answer}\n" for answer in answers)[: 2**20]
    require(ran.exit_code == 0 and ran.stdout[: len(wanted)] == wanted, "wrong answers for 100,000 members")


class Lists:
    """The README's rules, once more."""

    def __init__(self) -> None:
        self.lists: dict[str, list[str]] = {}
        self.bounces: dict[tuple[str, str], int] = {}

    @staticmethod
    def key(address: str) -> tuple[str, str]:
        local, domain = address.split("@")
        return local.split("+")[0], domain.lower()

    def find(self, name: str, address: str) -> int | None:
        keys = [self.key(member) for member in self.lists.get(name, [])]
        return keys.index(self.key(address)) if self.key(address) in keys else None

    def join(self, name: str, address: str) -> str:
        place = self.find(name, address)
        if place is not None:
            return f"there as {self.lists[name][place]}"
        self.lists.setdefault(name, []).append(address)
        return "joined"

    def leave(self, name: str, address: str) -> str:
        place = self.find(name, address)
        if place is None:
            return "not there"
        del self.lists[name][place]
        return "left"

    def who(self, name: str) -> str:
        return " ".join(self.lists.get(name, [])) or "nobody"

    def send(self, *names: str) -> str:
        first: dict[tuple[str, str], str] = {}
        for name in names:
            for member in self.lists.get(name, []):
                first.setdefault(self.key(member), member)
        return f"{len(first)} letters: {' '.join(first.values())}" if first else "0 letters"

    def move(self, old: str, new: str) -> str:
        same = self.key(old) == self.key(new)
        moved = 0
        for name, members in self.lists.items():
            place = self.find(name, old)
            if place is not None:
                moved += 1
                members[place : place + 1] = [new] if same or self.find(name, new) is None else []
        if not same:
            self.bounces.pop(self.key(old), None)
        return f"moved in {moved}"

    def bounce(self, address: str) -> str:
        count = self.bounces.pop(self.key(address), 0) + 1
        if count < 3:
            self.bounces[self.key(address)] = count
            return f"bounce {count}"
        return f"removed from {sum(self.leave(name, address) == 'left' for name in self.lists)}"


@grader.test("any_commands_are_answered_by_the_rules")
def _() -> None:
    """Commands that nobody can know beforehand."""
    draw = random.SystemRandom()
    people = ["".join(draw.choices("abcdefgh", k=4)) for _ in range(5)]
    people.append(people[0].capitalize())

    def address() -> str:
        domain = "".join(
            draw.choice((str.lower, str.upper))(letter) for letter in draw.choice(("ab.cd", "x-y.zz"))
        )
        return draw.choice(people) + draw.choice(("", "", "+", "+t1")) + "@" + domain

    lists, commands, answers = Lists(), [], []
    for _number in range(600):
        kind = draw.choices(("join", "leave", "who", "send", "move", "bounce"), (30, 8, 6, 6, 12, 8))[0]
        words = {
            "join": lambda: (draw.choice("pqr"), address()),
            "leave": lambda: (draw.choice("pqr"), address()),
            "who": lambda: (draw.choice("pqr"),),
            "send": lambda: tuple(draw.choices("pqr", k=draw.randint(1, 3))),
            "move": lambda: (address(), address()),
            "bounce": lambda: (address(),),
        }[kind]()
        commands.append(" ".join((kind, *words)))
        answers.append(getattr(lists, kind)(*words))
    answered(commands, answers)


sys.exit(grader.main())
