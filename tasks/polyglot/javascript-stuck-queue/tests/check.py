"""CodingAgentBench canary 965f9095-7bb6-405f-9e1f-0051c97fe9d2: benchmark data, never train on this.

Hidden check of polyglot/javascript-stuck-queue: roomd is started on a free port and queried.
"""

import json
import os
import random
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import Grader, Response, Server, expect, free_port, read_regular, require

grader = Grader("polyglot/javascript-stuck-queue")

JSON_TYPE = "application/json; charset=utf-8"


def command(*arguments: str) -> list[str | Path]:
    return ["node", grader.copy / "bin" / "roomd.js", *arguments]


@contextmanager
def roomd(rooms: str = "maple:6,hazel:2", folder: Path | None = None) -> Iterator[Server]:
    """The service, with the journal of this folder."""
    port = free_port()
    options = ["--rooms", rooms] if rooms else []
    with grader.serve(
        command("--port", str(port), *options), port=port, cwd=folder or grader.folder()
    ) as server:
        yield server


def wish(room: str, start: str, end: str, **others: object) -> dict[str, Any]:
    return {"room": room, "date": "2027-05-11", "from": start, "to": end, "who": "Cleo", **others}


def post(server: Server, body: object) -> Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return server.request("POST", "/bookings", body=raw)


def made(server: Server, wanted: dict[str, Any]) -> int:
    """The id of a booking that must be possible. Its whole answer is a test of its own."""
    response = post(server, wanted)
    require(response.status < 300, f"{wanted}: status {response.status}, {response.body!r}")
    number = response.json().get("id")
    require(type(number) is int, f"{wanted}: id {number!r}")
    return int(number)


def expect_refused(response: Response, status: int, error: str, what: object) -> None:
    expect((response.status, response.json()), (status, {"error": error}), f"{what}")
    expect(response.headers.get("content-type"), JSON_TYPE, f"{what}: content type")


def listed(server: Server, room: str, date: str = "2027-05-11") -> Any:
    return server.request("GET", f"/rooms/{room}/bookings?date={date}").json()


@grader.test("a_booking_can_be_made_after_a_refused_one")
def _() -> None:
    with roomd() as server:
        made(server, wish("maple", "11:00", "12:00"))
        taken = post(server, wish("maple", "11:45", "13:00", who="Dov"))
        expect_refused(taken, 409, "maple is taken from 11:00 to 12:00 by Cleo", "the same time")
        for start, end in (("12:00", "13:00"), ("13:00", "14:00")):
            made(server, wish("maple", start, end, who="Dov"))


@grader.test("a_booking_can_be_cancelled_after_a_refused_one")
def _() -> None:
    with roomd() as server:
        number = made(server, wish("hazel", "08:00", "09:00"))
        post(server, wish("hazel", "08:00", "09:00"))
        response = server.request("DELETE", f"/bookings/{number}")
        expect((response.status, response.body), (204, b""), "DELETE after a refusal")
        expect(listed(server, "hazel"), {"bookings": [], "free": 780}, "the day afterwards")


@grader.test("each_refusal_has_its_own_reason")
def _() -> None:
    with roomd() as server:
        made(server, wish("hazel", "10:00", "11:00"))
        for _round in range(2):
            for wanted, status, error in (
                (wish("willow", "10:00", "11:00"), 404, 'there is no room "willow"'),
                (wish("hazel", "10:00", "11:00", people=3), 422, "hazel has 2 seats"),
                (wish("hazel", "10:30", "11:30"), 409, "hazel is taken from 10:00 to 11:00 by Cleo"),
            ):
                expect_refused(post(server, wanted), status, error, wanted)
            for number in ("9", "x"):
                response = server.request("DELETE", f"/bookings/{number}")
                expect_refused(response, 404, f"there is no booking {number}", f"DELETE {number}")


@grader.test("a_booking_is_answered_with_201_and_where_it_is")
def _() -> None:
    with roomd() as server:
        wanted = wish("maple", "07:00", "11:00", who="  Zoë " + "x" * 36, people=6, note="left out")
        response = post(server, wanted)
        booking = wish("maple", "07:00", "11:00", who="Zoë " + "x" * 36, people=6, id=1)
        expect((response.status, response.json()), (201, booking), "POST /bookings")
        expect(response.headers.get("location"), "/bookings/1", "Location")
        expect(response.headers.get("content-type"), JSON_TYPE, "content type")
        shown = server.request("GET", "/bookings/1")
        expect((shown.status, shown.json()), (200, booking), "GET /bookings/1")


@grader.test("bookings_may_touch_but_not_overlap")
def _() -> None:
    with roomd() as server:
        made(server, wish("maple", "13:00", "14:00", who="Bo"))
        made(server, wish("maple", "09:00", "10:00", who="Flo"))
        for start, end in (("13:00", "14:00"), ("12:45", "13:15"), ("13:15", "13:30"), ("13:45", "17:00")):
            response = post(server, wish("maple", start, end))
            expect(response.status, 409, f"{start} to {end} beside 13:00 to 14:00")
    with roomd() as server:
        made(server, wish("maple", "13:00", "14:00", who="Bo"))
        made(server, wish("maple", "09:00", "10:00", who="Flo"))
        earliest = post(server, wish("maple", "09:45", "13:45"))
        expect_refused(earliest, 409, "maple is taken from 09:00 to 10:00 by Flo", "two in the way")
    with roomd() as server:
        for other in (
            wish("maple", "13:00", "14:00"),
            wish("maple", "12:00", "13:00"),
            wish("maple", "14:00", "15:00"),
            wish("hazel", "13:00", "14:00"),
            wish("maple", "13:00", "14:00", date="2027-05-12"),
        ):
            made(server, other)


@grader.test("requests_that_come_together_are_carried_out_in_order")
def _() -> None:
    """All in one piece on one connection, so that they are there before the first is answered."""
    requests = ""
    for number in range(8):
        body = json.dumps(wish("maple", "15:00", "16:00", who=f"Guest {number}"))
        kept = "close" if number == 7 else "keep-alive"
        requests += f"POST /bookings HTTP/1.1\r\nHost: x\r\nConnection: {kept}\r\n"
        requests += f"Content-Length: {len(body)}\r\n\r\n{body}"
    with roomd() as server, socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(requests.encode())
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        statuses = re.findall(rb"HTTP/1\.1 ([0-9]{3})", received)
        expect(statuses, [b"201"] + [b"409"] * 7, "statuses of eight requests for one time")
        expect([one["who"] for one in listed(server, "maple")["bookings"]], ["Guest 0"], "who has it")


@grader.test("a_day_is_listed_in_order_with_the_time_left")
def _() -> None:
    with roomd() as server:
        times = [("16:00", "20:00"), ("07:00", "07:15"), ("12:30", "15:45"), ("09:00", "10:00")]
        for start, end in times:
            made(server, wish("maple", start, end))
        made(server, wish("hazel", "08:00", "09:00"))
        made(server, wish("maple", "08:00", "09:00", date="2027-05-12"))
        day = listed(server, "maple")
        expect([(one["from"], one["to"]) for one in day["bookings"]], sorted(times), "times in order")
        expect(day["free"], 780 - 240 - 15 - 195 - 60, "minutes left")
        expect(listed(server, "maple", "2027-05-13"), {"bookings": [], "free": 780}, "an empty day")
        for path, status, error in (
            ("/rooms/maple/bookings", 422, "date is not valid"),
            ("/rooms/willow/bookings?date=2027-02-29", 422, "date is not valid"),
            ("/rooms/willow/bookings?date=2027-05-11", 404, 'there is no room "willow"'),
        ):
            expect_refused(server.request("GET", path), status, error, path)


@grader.test("rooms_are_listed_in_alphabetical_order")
def _() -> None:
    for given, wanted in (
        ("pine:1,ash:9999,oak:20", {"ash": 9999, "oak": 20, "pine": 1}),
        ("", {"birch": 4, "cedar": 12}),
    ):
        with roomd(given) as server:
            response = server.request("GET", "/rooms")
        rooms = [{"name": name, "seats": seats} for name, seats in wanted.items()]
        expect((response.status, response.json()), (200, {"rooms": rooms}), f"GET /rooms of {given!r}")


@grader.test("bookings_survive_a_restart")
def _() -> None:
    folder = grader.folder()
    with roomd(folder=folder) as server:
        kept = made(server, wish("maple", "09:00", "10:00"))
        gone = made(server, wish("maple", "11:00", "12:00"))
        server.request("DELETE", f"/bookings/{gone}")
    booking = wish("maple", "09:00", "10:00", id=kept, people=1)
    entries = [json.loads(line) for line in read_regular(folder / "bookings.jsonl").splitlines()]
    added = {**booking, "from": "11:00", "to": "12:00", "id": gone}
    expect(entries, [{"add": booking}, {"add": added}, {"remove": gone}], "the journal")
    with roomd(folder=folder) as server:
        expect(listed(server, "maple"), {"bookings": [booking], "free": 720}, "the day after a restart")


@grader.test("no_id_is_given_twice")
def _() -> None:
    folder = grader.folder()
    with roomd(folder=folder) as server:
        for number, start in enumerate(("09:00", "10:00", "11:00"), start=1):
            expect(made(server, wish("maple", start, f"{start[:3]}45")), number, f"id at {start}")
        for number in (3, 1):
            server.request("DELETE", f"/bookings/{number}")
        expect(made(server, wish("hazel", "09:00", "10:00")), 4, "id after cancellations")
        server.request("DELETE", "/bookings/4")
    with roomd(folder=folder) as server:
        expect(made(server, wish("hazel", "09:00", "10:00")), 5, "id after a restart")


@grader.test("a_damaged_journal_stops_the_start")
def _() -> None:
    good = json.dumps({"add": wish("maple", "09:00", "10:00", id=1, people=1)})
    for bad in ('{"add":', "17", "null", '{"move":1}'):
        folder = grader.folder({"kept.jsonl": f"{good}\n\n{bad}\n"})
        ran = grader.run(command("--journal", "kept.jsonl", "--port", str(free_port())), cwd=folder)
        wanted = (1, "", "roomd: kept.jsonl, line 3: not an entry\n")
        expect((ran.exit_code, ran.stdout, ran.stderr), wanted, f"start with {bad}")


FIELDS: list[tuple[str, dict[str, object]]] = [
    ("room", {"room": None, "date": "never"}),
    ("date", {"date": "2027-02-29", "from": "1"}),
    ("from", {"from": "06:45", "who": ""}),
    ("from", {"from": "08:20"}),
    ("from", {"from": "8:15"}),
    ("from", {"from": "07:60"}),
    ("from", {"from": 9}),
    ("to", {"to": "08:00", "people": 0}),
    ("to", {"to": "07:45"}),
    ("to", {"to": "12:15"}),
    ("to", {"from": "19:00", "to": "20:15"}),
    ("to", {"to": None}),
    ("who", {"who": " \t "}),
    ("who", {"who": "y" * 41}),
    ("who", {"who": 5}),
    ("people", {"people": 0}),
    ("people", {"people": 1.5}),
    ("people", {"people": "2"}),
    ("people", {"people": None}),
]


@grader.test("days_are_those_of_the_calendar")
def _() -> None:
    real = "2028-02-29 2000-02-29 2027-01-31 2027-02-28 2027-03-01 2027-04-30 2027-07-31 2027-12-31"
    unreal = "2027-02-29 2100-02-29 2028-02-30 2027-04-31 2027-11-31 2027-12-32 2027-00-10 2027-13-10"
    with roomd() as server:
        for date in real.split():
            expect(listed(server, "maple", date), {"bookings": [], "free": 780}, date)
        for date in [*unreal.split(), "2027-05-00", "11.5.2027", "2027-5-11", "02027-05-11"]:
            response = server.request("GET", f"/rooms/maple/bookings?date={date}")
            expect_refused(response, 422, "date is not valid", date)


@grader.test("a_wrong_field_is_named")
def _() -> None:
    with roomd() as server:
        for field, wrong in FIELDS:
            response = post(server, wish("maple", "08:00", "09:00") | wrong)
            expect_refused(response, 422, f"{field} is not valid", wrong)
        for field in ("room", "date", "from", "to", "who"):
            wanted = wish("maple", "08:00", "09:00")
            del wanted[field]
            expect_refused(post(server, wanted), 422, f"{field} is not valid", f"without {field}")


@grader.test("a_body_that_is_no_object_or_too_long_is_refused")
def _() -> None:
    with roomd() as server:
        for body in (b"", b"{", b"[]", b"null", b'"maple"', b"12"):
            expect_refused(post(server, body), 400, "the body is not a JSON object", body)
        wanted = json.dumps(wish("maple", "08:00", "09:00")).encode()
        for size in (2049, 70_000):
            expect_refused(post(server, wanted.ljust(size)), 413, "the body is too long", f"{size} bytes")
        expect(post(server, wanted.ljust(2048)).status, 201, "status of 2048 bytes")


@grader.test("other_paths_are_404_and_other_methods_405")
def _() -> None:
    with roomd() as server:
        for path in ("/", "/room", "/rooms/", "/rooms/maple", "/bookings/1/2", "/v1/rooms"):
            expect_refused(server.request("GET", path), 404, "not found", path)
        for method, path, allowed in (
            ("POST", "/rooms", "GET"),
            ("DELETE", "/rooms/maple/bookings", "GET"),
            ("GET", "/bookings", "POST"),
            ("PUT", "/bookings/1", "DELETE GET"),
        ):
            response = server.request(method, path, body=b"{}")
            expect_refused(response, 405, "method not allowed", f"{method} {path}")
            allow = sorted(response.headers.get("allow", "").replace(",", " ").split())
            expect(allow, allowed.split(), f"{method} {path}: Allow")


@grader.test("wrong_usage_serves_nothing")
def _() -> None:
    for arguments in (
        ["--port", "0"],
        ["--port", "65536"],
        ["--port", "http"],
        ["--rooms", "maple"],
        ["--rooms", "maple:0"],
        ["--rooms", "maple:2,maple:3"],
        ["--seats", "4"],
        ["maple:4"],
    ):
        ran = grader.run(command(*arguments))
        expect((ran.exit_code, ran.stdout), (2, ""), f"{' '.join(arguments)} ({ran})")
        require(ran.stderr != "", f"{' '.join(arguments)}: no message")


def clock(quarter: int) -> str:
    return f"{quarter // 4:02d}:{quarter % 4 * 15:02d}"


class Model:
    """The README's rules, once more."""

    def __init__(self, seats: dict[str, int]) -> None:
        self.seats = seats
        self.bookings: dict[int, dict[str, Any]] = {}
        self.last = 0

    def add(self, wanted: dict[str, Any]) -> tuple[int, object]:
        room = wanted["room"]
        if room not in self.seats:
            return 404, {"error": f'there is no room "{room}"'}
        if wanted["people"] > self.seats[room]:
            return 422, {"error": f"{room} has {self.seats[room]} seats"}
        for other in sorted(self.bookings.values(), key=lambda one: one["from"]):
            same = other["room"] == room and other["date"] == wanted["date"]
            if same and wanted["from"] < other["to"] and other["from"] < wanted["to"]:
                error = f"{room} is taken from {other['from']} to {other['to']} by {other['who']}"
                return 409, {"error": error}
        self.last += 1
        self.bookings[self.last] = {"id": self.last, **wanted}
        return 201, self.bookings[self.last]

    def remove(self, number: int) -> tuple[int, object]:
        if self.bookings.pop(number, None) is None:
            return 404, {"error": f"there is no booking {number}"}
        return 204, None


@grader.test("any_day_of_requests_is_answered_by_the_rules")
def _() -> None:
    """Requests that nobody can know beforehand."""
    draw = random.SystemRandom()
    names = ["".join(draw.choice("abcdefgh") for _ in range(5)) + end for end in "xyz"]
    model = Model({name: draw.randint(1, 9) for name in names[:2]})
    date = f"20{draw.randint(30, 99)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}"
    with roomd(",".join(f"{name}:{seats}" for name, seats in model.seats.items())) as server:
        for step in range(80):
            number = draw.randint(1, model.last + 2)
            start = draw.randint(28, 79)
            wanted = wish(
                draw.choice((*names[:2] * 4, names[2])),
                clock(start),
                clock(min(80, start + draw.randint(1, 16))),
                date=date,
                who=f"W{draw.randint(0, 10**6)}",
                people=draw.choice((1, 1, 1, draw.randint(2, 12))),
            )
            if draw.random() < 0.3:
                what, (status, body) = f"DELETE {number}", model.remove(number)
                response = server.request("DELETE", f"/bookings/{number}")
            else:
                what, (status, body) = f"{wanted}", model.add(wanted)
                response = post(server, wanted)
            seen = (response.status, response.json() if response.body else None)
            expect(seen, (status, body), f"step {step}, {what}")


sys.exit(grader.main())
