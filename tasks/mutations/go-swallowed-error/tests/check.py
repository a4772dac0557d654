"""CodingAgentBench canary 1628bd02-1e8d-40de-88d7-d82aa6209f4e: benchmark data, never train on this.

Hidden check of mutations/go-swallowed-error: lendd is built, started on a free port and asked.
"""

import json
import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import Grader, Response, Server, expect, free_port, require

grader = Grader("mutations/go-swallowed-error", built=("bin", "lendd"))


@grader.setup
def build() -> None:
    built = grader.run(["go", "build", "-o", grader.build / "lendd", "."], timeout_s=300.0)
    require(built.exit_code == 0, f"it does not build: {built.stderr[-2000:]}")


class Desk:
    """A running service, and requests to it that are checked."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def ask(self, method: str, path: str, body: object = None) -> Response:
        data = b"" if body is None else json.dumps(body).encode()
        return self.server.request(method, path, body=data)

    def check(self, method: str, path: str, body: object, status: int, answer: object) -> None:
        what, response = f"{method} {path} {json.dumps(body)}", self.ask(method, path, body)
        expect((response.status, response.json()), (status, answer), what)
        expect(response.headers.get("content-type"), "application/json", f"{what}: content type")

    def add(self, tool: str, copies: int) -> None:
        answer = {"tool": tool, "copies": copies, "free": copies}
        self.check("POST", "/tools", {"tool": tool, "copies": copies}, 201, answer)

    def free(self, tool: str, copies: int, free: int) -> None:
        self.check("GET", f"/tools/{tool}", None, 200, {"tool": tool, "copies": copies, "free": free})

    def lend(self, tool: str, member: str, day: int, *, loan: int, due: int) -> None:
        answer = {"loan": loan, "tool": tool, "member": member, "due": due}
        self.check("POST", "/loans", {"tool": tool, "member": member, "day": day}, 201, answer)

    def not_lent(self, tool: str, member: str, day: int, status: int, error: str) -> None:
        body = {"tool": tool, "member": member, "day": day}
        self.check("POST", "/loans", body, status, {"error": error})

    def take_back(self, loan: int, day: int, *, late: int, fee: int) -> None:
        answer = {"loan": loan, "late": late, "fee": fee}
        self.check("POST", "/returns", {"loan": loan, "day": day}, 200, answer)

    def not_taken_back(self, loan: int, day: int, status: int, error: str) -> None:
        self.check("POST", "/returns", {"loan": loan, "day": day}, status, {"error": error})

    def member(self, name: str, loans: list[tuple[int, str, int]], fees: int) -> None:
        """``loans`` are number, tool and due day."""
        had = [{"loan": n, "tool": tool, "member": name, "due": due} for n, tool, due in loans]
        self.check("GET", f"/members/{name}", None, 200, {"member": name, "loans": had, "fees": fees})


@contextmanager
def lendd(*options: str) -> Iterator[Desk]:
    port = free_port()
    command = [grader.build / "lendd", "-addr", f"127.0.0.1:{port}", *options]
    with grader.serve(command, port=port) as server:
        yield Desk(server)


@grader.test("what_is_lent_is_not_lent_again")
def _() -> None:
    with lendd() as desk:
        desk.add("mixer", 1)
        desk.lend("mixer", "Noa", 3, loan=1, due=17)
        desk.not_lent("mixer", "Per", 3, 409, "every mixer is lent")
        desk.free("mixer", 1, 0)


@grader.test("every_copy_is_lent_once")
def _() -> None:
    with lendd() as desk:
        desk.add("clamp", 2)
        desk.lend("clamp", "Noa", 1, loan=1, due=15)
        desk.free("clamp", 2, 1)
        desk.lend("clamp", "Noa", 2, loan=2, due=16)
        desk.not_lent("clamp", "Eli", 2, 409, "every clamp is lent")
        desk.free("clamp", 2, 0)


@grader.test("a_refused_loan_leaves_nothing_behind")
def _() -> None:
    with lendd() as desk:
        desk.add("mixer", 1)
        desk.add("spade", 5)
        desk.lend("mixer", "Noa", 3, loan=1, due=17)
        desk.ask("POST", "/loans", {"tool": "mixer", "member": "Per", "day": 3})
        desk.member("Per", [], 0)
        desk.lend("spade", "Per", 4, loan=2, due=18)
        desk.member("Per", [(2, "spade", 18)], 0)


@grader.test("what_is_back_is_lent_again")
def _() -> None:
    with lendd() as desk:
        desk.add("mixer", 1)
        desk.lend("mixer", "Noa", 3, loan=1, due=17)
        desk.take_back(1, 5, late=0, fee=0)
        desk.free("mixer", 1, 1)
        desk.lend("mixer", "Per", 5, loan=2, due=19)
        desk.free("mixer", 1, 0)


@grader.test("days_late_cost_a_fee")
def _() -> None:
    with lendd() as desk:
        desk.add("spade", 9)
        for number, (day, late, fee) in enumerate(
            ((24, 0, 0), (25, 1, 20), (48, 24, 480), (49, 25, 500), (50, 26, 500), (999, 975, 500)), start=1
        ):
            desk.lend("spade", f"m{number}", 10, loan=number, due=24)
            desk.take_back(number, day, late=late, fee=fee)


@grader.test("fees_of_a_member_add_up")
def _() -> None:
    with lendd() as desk:
        desk.add("spade", 9)
        desk.lend("spade", "Uma", 0, loan=1, due=14)
        desk.lend("spade", "Uma", 2, loan=2, due=16)
        desk.lend("spade", "Kim", 2, loan=3, due=16)
        desk.take_back(1, 17, late=3, fee=60)
        desk.take_back(3, 18, late=2, fee=40)
        desk.member("Uma", [(2, "spade", 16)], 60)
        desk.take_back(2, 17, late=1, fee=20)
        desk.member("Uma", [], 80)
        desk.member("Kim", [], 40)
        desk.member("Nobody", [], 0)


@grader.test("who_is_late_has_to_return_first")
def _() -> None:
    with lendd() as desk:
        desk.add("spade", 9)
        desk.lend("spade", "Uma", 20, loan=1, due=34)
        desk.lend("spade", "Uma", 10, loan=2, due=24)
        desk.lend("spade", "Uma", 24, loan=3, due=38)
        desk.take_back(3, 25, late=0, fee=0)
        desk.not_lent("spade", "Uma", 25, 403, "Uma has to return loan 2 first")
        desk.not_lent("spade", "Uma", 35, 403, "Uma has to return loan 1 first")
        desk.lend("spade", "Kim", 35, loan=4, due=49)
        desk.take_back(2, 35, late=11, fee=220)
        desk.lend("spade", "Uma", 34, loan=5, due=48)


@grader.test("a_member_has_no_more_loans_than_may_be")
def _() -> None:
    with lendd() as desk:
        desk.add("spade", 1)
        desk.add("rake", 9)
        for number in (1, 2, 3):
            desk.lend("rake", "Ola", 1, loan=number, due=15)
        desk.not_lent("rake", "Ola", 1, 403, "Ola has 3 loans, and may have no more")
        desk.take_back(2, 1, late=0, fee=0)
        desk.lend("spade", "Ola", 1, loan=4, due=15)
        desk.not_lent("spade", "Ola", 1, 403, "Ola has 3 loans, and may have no more")
        desk.free("rake", 9, 7)


@grader.test("limit_and_days_are_options")
def _() -> None:
    with lendd("-limit", "1", "-days", "3") as desk:
        desk.add("rake", 9)
        desk.lend("rake", "Ola", 1, loan=1, due=4)
        desk.not_lent("rake", "Ola", 4, 403, "Ola has 1 loans, and may have no more")
        desk.take_back(1, 5, late=1, fee=20)


@grader.test("tools_are_listed_by_name")
def _() -> None:
    with lendd() as desk:
        desk.check("GET", "/tools", None, 200, {"tools": []})
        for tool, copies in (("spade", 99), ("Axe", 1), ("rake", 2)):
            desk.add(tool, copies)
        desk.lend("rake", "Ola", 1, loan=1, due=15)
        tools = [("Axe", 1, 1), ("rake", 2, 1), ("spade", 99, 99)]
        answer = [{"tool": tool, "copies": copies, "free": free} for tool, copies, free in tools]
        desk.check("GET", "/tools", None, 200, {"tools": answer})


@grader.test("tools_are_added_once_and_in_numbers")
def _() -> None:
    with lendd() as desk:
        desk.add("rake", 2)
        known, copies = {"error": "tool rake is there already"}, {"error": "there are 1 to 99 copies"}
        desk.check("POST", "/tools", {"tool": "rake", "copies": 5}, 409, known)
        desk.check("POST", "/tools", {"tool": " rake ", "copies": 5}, 409, known)
        for count in (0, -1, 100):
            desk.check("POST", "/tools", {"tool": "axe", "copies": count}, 400, copies)
        desk.check("POST", "/tools", {"tool": "rake"}, 400, copies)
        desk.check("GET", "/tools/axe", None, 404, {"error": "there is no tool axe"})
        desk.free("rake", 2, 2)


@grader.test("what_is_not_there_is_404")
def _() -> None:
    with lendd() as desk:
        desk.add("rake", 1)
        desk.lend("rake", "Ola", 1, loan=1, due=15)
        desk.not_lent("Rake", "Ola", 99, 404, "there is no tool Rake")
        for number in (0, 2, -1):
            desk.not_taken_back(number, 2, 404, f"there is no loan {number}")
        for method, path in (("GET", "/"), ("POST", "/lendings"), ("GET", "/tools/rake/copies")):
            desk.check(method, path, None, 404, {"error": "not found"})


@grader.test("a_loan_comes_back_once_and_not_before_it_was_made")
def _() -> None:
    with lendd() as desk:
        desk.add("rake", 2)
        desk.lend("rake", "Ola", 7, loan=1, due=21)
        desk.not_taken_back(1, 6, 409, "loan 1 was made on day 7")
        desk.free("rake", 2, 1)
        desk.take_back(1, 7, late=0, fee=0)
        for day in (3, 7, 90):
            desk.not_taken_back(1, day, 409, "loan 1 is back already")
        desk.free("rake", 2, 2)
        desk.member("Ola", [], 0)


@grader.test("names_have_1_to_40_characters")
def _() -> None:
    error = {"error": "a name has 1 to 40 characters"}
    with lendd() as desk:
        desk.add("ö" * 40, 1)
        rake = {"tool": "rake", "copies": 1, "free": 1}
        desk.check("POST", "/tools", {"tool": "  rake\t", "copies": 1}, 201, rake)
        answer = {"loan": 1, "tool": "rake", "member": "Ola", "due": 15}
        desk.check("POST", "/loans", {"tool": " rake", "member": "Ola ", "day": 1}, 201, answer)
        long = {"tool": "ö" * 40, "copies": 1, "free": 1}
        desk.check("GET", "/tools/" + quote("ö" * 40), None, 200, long)
        for name in ("", " \n", "x" * 41):
            desk.check("POST", "/tools", {"tool": name, "copies": 0}, 400, error)
            desk.check("POST", "/loans", {"tool": name, "member": "Ola", "day": 1}, 400, error)
            desk.check("POST", "/loans", {"tool": "none", "member": name, "day": 1}, 400, error)


@grader.test("other_bodies_and_methods_are_refused")
def _() -> None:
    with lendd() as desk:
        for path in ("/tools", "/loans", "/returns"):
            for body in (b"", b"{", b"[]", b'{"hammer":1}', b'{"day":"1"}', b"{} {}", b'{"copies":1.5}'):
                response = desk.server.request("POST", path, body=body)
                expect(
                    (response.status, response.json()),
                    (400, {"error": "the body is not as it should be"}),
                    f"POST {path} {body!r}",
                )
        for method, path, allowed in (
            ("DELETE", "/tools", "GET, POST"),
            ("POST", "/tools/rake", "GET"),
            ("GET", "/loans", "POST"),
            ("PUT", "/returns", "POST"),
            ("POST", "/members/Ola", "GET"),
        ):
            desk.check(method, path, None, 405, {"error": "method not allowed"})
            expect(desk.ask(method, path).headers.get("allow"), allowed, f"{method} {path}: Allow")


@grader.test("any_days_at_the_desk_end_well")
def _() -> None:
    """Days that nobody can know beforehand; members return in time here."""
    draw = random.SystemRandom()
    for _round in range(3):
        with lendd("-limit", "2", "-days", "30") as desk:
            copies = {f"tool{draw.randint(100, 999)}{kind}": draw.randint(1, 3) for kind in "ab"}
            members = [f"member{draw.randint(100, 999)}{n}" for n in range(5)]
            for tool, count in copies.items():
                desk.add(tool, count)
            out: dict[int, tuple[str, str]] = {}
            made = 0
            for day in range(1, 21):
                tool, member = draw.choice(list(copies)), draw.choice(members)
                had = sum(who == member for _, who in out.values())
                if out and draw.random() < 0.3:
                    loan = draw.choice(list(out))
                    desk.take_back(loan, day, late=0, fee=0)
                    del out[loan]
                elif had == 2:
                    desk.not_lent(tool, member, day, 403, f"{member} has 2 loans, and may have no more")
                elif sum(what == tool for what, _ in out.values()) == copies[tool]:
                    desk.not_lent(tool, member, day, 409, f"every {tool} is lent")
                else:
                    made += 1
                    desk.lend(tool, member, day, loan=made, due=day + 30)
                    out[made] = (tool, member)
            for tool, count in copies.items():
                free = count - sum(what == tool for what, _ in out.values())
                desk.free(tool, count, free)
                for number in range(free):
                    made += 1
                    desk.lend(tool, f"new-{tool}-{number}", 21, loan=made, due=51)
                desk.not_lent(tool, f"last-{tool}", 21, 409, f"every {tool} is lent")


sys.exit(grader.main())
