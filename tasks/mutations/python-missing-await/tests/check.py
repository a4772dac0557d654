"""CodingAgentBench canary a0b75241-35c1-4b66-abee-ccdbdcad7f57: benchmark data, never train on this.

Hidden check of mutations/python-missing-await: berthd is run on berths of our own. Its journal is taken away
in several ways, each time when all that was sent before has been answered and read back.
"""

import json
import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import CheckFailedError, Grader, Response, Server, expect, free_port, require

grader = Grader("mutations/python-missing-await")

BERTHS = {"N1": (550, 190), "N2": (900, 205), "S1": (900, 240), "S2": (1450, 315)}
"""Length in cm and rate in cents."""
CSV = "berth,length_cm,rate_cents\n" + "".join(
    f"{name},{length_cm},{rate}\n" for name, (length_cm, rate) in BERTHS.items()
)
FILE_LIMIT_BYTES = 256 * 2**20
"""Tested code can't write beyond this."""


def command(folder: Path, port: int, *, berths: str = "berths.csv", journal: str = "book.jsonl") -> list[str]:
    options = ["--port", str(port), "--berths", str(folder / berths), "--journal", str(folder / journal)]
    return [grader.python, "-m", "berthd", *options]


@contextmanager
def berthd(folder: Path, journal: str = "book.jsonl") -> Iterator[Server]:
    port = free_port()
    with grader.serve(command(folder, port, journal=journal), port=port) as server:
        yield server


@contextmanager
def outage(journal: Path, kind: str) -> Iterator[None]:
    """The journal can't be written for the length of the block; then it is what it was."""
    kept = journal.with_name("kept")
    existed = journal.exists()
    if existed:
        journal.rename(kept)
    if kind == "folder":
        journal.mkdir()
    elif kind == "full":
        journal.symlink_to("/dev/full")
    else:
        journal.touch()
        os.truncate(journal, FILE_LIMIT_BYTES)
        journal.chmod(0o666)
    yield
    journal.rmdir() if kind == "folder" else journal.unlink()
    if existed:
        kept.rename(journal)


def send(server: Server, method: str, path: str, body: object = None) -> Response:
    data = b"" if body is None else json.dumps(body).encode()
    return server.request(method, path, headers={"Content-Type": "application/json"}, body=data)


def expect_answer(response: Response, status: int, body: object, what: str) -> None:
    expect((response.status, response.json()), (status, body), what)
    expect(response.headers.get("content-type"), "application/json", f"{what}: content type")


def expect_refused(response: Response, status: int, what: str) -> None:
    expect(response.status, status, f"{what}: status")
    body = response.json()
    require(
        isinstance(body, dict) and list(body) == ["error"] and isinstance(body["error"], str),
        f"{what}: no error body: {body!r}",
    )


def boat(name: str, length_cm: int = 500, nights: int = 1) -> dict[str, object]:
    return {"boat": name, "length_cm": length_cm, "nights": nights}


def arrive(server: Server, berth: str, stay: dict[str, Any], fee: int | None = None) -> None:
    answer = send(server, "POST", f"/berths/{berth}/stay", stay)
    expect(answer.status, 201, f"arrival of {stay} at {berth}")
    if fee is not None:
        wanted = {"berth": berth, "boat": stay["boat"], "fee_cents": fee}
        expect_answer(answer, 201, wanted, f"arrival of {stay} at {berth}")


def lying(server: Server) -> dict[str, object]:
    """Berth → boat, of those that are taken."""
    answer = send(server, "GET", "/berths")
    expect(answer.status, 200, "GET /berths")
    try:
        boats = {row["berth"]: row["boat"] for row in answer.json()}
    except (KeyError, TypeError):
        raise CheckFailedError(f"GET /berths: {answer.json()!r}") from None
    return {name: boat for name, boat in boats.items() if boat is not None}


def history(server: Server, berth: str) -> object:
    answer = send(server, "GET", f"/berths/{berth}/history")
    expect(answer.status, 200, f"history of {berth}")
    return answer.json()


@grader.test("an_arrival_is_confirmed_with_its_fee")
def _() -> None:
    with berthd(grader.folder({"berths.csv": CSV})) as server:
        arrive(server, "N2", boat("Möwe", 730, 3), 8 * 3 * 205)
        rows = [
            {"berth": name, "length_cm": length_cm, "rate_cents": rate, "boat": {"N2": "Möwe"}.get(name)}
            for name, (length_cm, rate) in BERTHS.items()
        ]
        expect_answer(send(server, "GET", "/berths"), 200, rows, "the berths")


@grader.test("without_a_journal_nothing_is_confirmed")
def _() -> None:
    with berthd(grader.folder({"berths.csv": CSV}), "not-there/book.jsonl") as server:
        expect_refused(send(server, "POST", "/berths/N1/stay", boat("Skua")), 503, "an arrival")
        expect(lying(server), {}, "berths that are taken after it")
        expect_refused(send(server, "POST", "/berths/N1/stay", boat("Skua")), 503, "the same again")
        expect(history(server, "N1"), [], "the history")


@grader.test("an_arrival_on_a_full_disk_changes_nothing")
def _() -> None:
    folder = grader.folder({"berths.csv": CSV})
    with berthd(folder) as server:
        for kind in ("full", "limit"):
            with outage(folder / "book.jsonl", kind):
                expect_refused(send(server, "POST", "/berths/S1/stay", boat("Skua")), 503, f"arrival, {kind}")
                expect(lying(server), {}, f"berths that are taken, {kind}")
        arrive(server, "S1", boat("Skua"))
        expect(history(server, "S1"), [{"what": "arrival", "berth": "S1", **boat("Skua")}], "the history")


@grader.test("departures_and_moves_need_the_journal")
def _() -> None:
    folder = grader.folder({"berths.csv": CSV})
    with berthd(folder) as server:
        arrive(server, "N2", boat("Eider"))
        history(server, "N2")
        for kind in ("folder", "full"):
            with outage(folder / "book.jsonl", kind):
                expect_refused(send(server, "DELETE", "/berths/N2/stay"), 503, f"departure, {kind}")
                move = send(server, "POST", "/moves", {"from": "N2", "to": "S2"})
                expect_refused(move, 503, f"move, {kind}")
                expect(lying(server), {"N2": "Eider"}, f"berths that are taken, {kind}")
        answer = send(server, "DELETE", "/berths/N2/stay")
        expect_answer(answer, 200, {"berth": "N2", "boat": "Eider", "fee_cents": 1025}, "departure, at last")
        expect(lying(server), {}, "berths that are taken at the end")


@grader.test("a_restart_goes_on_from_the_journal")
def _() -> None:
    folder = grader.folder({"berths.csv": CSV})
    with berthd(folder) as server:
        arrive(server, "N1", boat("Tern", 550, 4))
        arrive(server, "S1", boat("Ruff\u2028", 610, 5))
        arrive(server, "S2", boat("Knot", 700, 2))
        expect(send(server, "DELETE", "/berths/S2/stay").status, 200, "departure")
        expect(send(server, "POST", "/moves", {"from": "S1", "to": "N2"}).status, 200, "move")
        history(server, "N1")
    with berthd(folder) as server:
        expect(lying(server), {"N1": "Tern", "N2": "Ruff\u2028"}, "berths that are taken after a restart")
        wanted = {"berth": "N2", "boat": "Ruff\u2028", "fee_cents": 7 * 5 * 205}
        expect_answer(send(server, "DELETE", "/berths/N2/stay"), 200, wanted, "departure after a restart")


@grader.test("the_history_has_what_concerns_a_berth")
def _() -> None:
    with berthd(grader.folder({"berths.csv": CSV})) as server:
        arrive(server, "N2", boat("Plover", 501, 2))
        expect(send(server, "POST", "/moves", {"from": "N2", "to": "S1"}).status, 200, "move")
        expect(send(server, "DELETE", "/berths/S1/stay").status, 200, "departure")
        came = {"what": "arrival", "berth": "N2", **boat("Plover", 501, 2)}
        moved = {"what": "move", "berth": "N2", "boat": "Plover", "to": "S1"}
        left = {"what": "departure", "berth": "S1", "boat": "Plover"}
        for berth, wanted in (("N2", [came, moved]), ("S1", [moved, left]), ("S2", [])):
            expect(history(server, berth), wanted, f"history of {berth}")


@grader.test("an_unreadable_journal_has_no_history")
def _() -> None:
    folder = grader.folder({"berths.csv": CSV})
    with berthd(folder) as server:
        arrive(server, "N1", boat("Dunlin"))
        wanted = history(server, "N1")
        with outage(folder / "book.jsonl", "folder"):
            expect_refused(send(server, "GET", "/berths/N1/history"), 503, "a history")
        expect(history(server, "N1"), wanted, "the history afterwards")


@grader.test("fees_count_started_metres_and_long_stays")
def _() -> None:
    cases = (
        (1, 1, 1 * 315),
        (100, 1, 1 * 315),
        (101, 1, 2 * 315),
        (1400, 6, 14 * 6 * 315),
        (1401, 7, 15 * 7 * 315 * 9 // 10),
        (301, 13, 4 * 13 * 315 * 9 // 10),
        (299, 7, 5953),
        (1450, 90, 15 * 90 * 315 * 9 // 10),
    )
    with berthd(grader.folder({"berths.csv": CSV})) as server:
        for length_cm, nights, fee in cases:
            arrive(server, "S2", boat("Gannet", length_cm, nights), fee)
            wanted = {"berth": "S2", "boat": "Gannet", "fee_cents": fee}
            expect_answer(
                send(server, "DELETE", "/berths/S2/stay"), 200, wanted, f"departure, {length_cm} cm"
            )


@grader.test("a_boat_longer_than_the_berth_is_422")
def _() -> None:
    with berthd(grader.folder({"berths.csv": CSV})) as server:
        answer = send(server, "POST", "/berths/N1/stay", boat("Petrel", 551))
        expect_refused(answer, 422, "551 cm at 550 cm")
        arrive(server, "N1", boat("Petrel", 550))
        arrive(server, "S2", boat("Fulmar", 901))
        answer = send(server, "POST", "/moves", {"from": "S2", "to": "S1"})
        expect_refused(answer, 422, "a move of 901 cm to 900 cm")
        expect(lying(server), {"N1": "Petrel", "S2": "Fulmar"}, "berths that are taken")


@grader.test("what_is_taken_or_free_is_409")
def _() -> None:
    with berthd(grader.folder({"berths.csv": CSV})) as server:
        arrive(server, "N2", boat("Avocet"))
        arrive(server, "S1", boat("Curlew"))
        for berth, stay in (
            ("N2", boat("Dipper")),
            ("S2", boat("Avocet")),
            ("N1", boat("Curlew", 2000)),
            ("N2", boat("Dipper", 2000)),
        ):
            expect_refused(send(server, "POST", f"/berths/{berth}/stay", stay), 409, f"{stay} at {berth}")
        expect_refused(send(server, "DELETE", "/berths/N1/stay"), 409, "departure from a free berth")
        for source, target in (("N1", "S2"), ("N2", "S1"), ("N2", "N2")):
            answer = send(server, "POST", "/moves", {"from": source, "to": target})
            expect_refused(answer, 409, f"move from {source} to {target}")
        expect(lying(server), {"N2": "Avocet", "S1": "Curlew"}, "berths that are taken")


@grader.test("a_move_takes_the_boat_and_its_nights_along")
def _() -> None:
    with berthd(grader.folder({"berths.csv": CSV})) as server:
        arrive(server, "N2", boat("Whimbrel", 880, 8))
        answer = send(server, "POST", "/moves", {"from": "N2", "to": "S2"})
        wanted = {"berth": "S2", "boat": "Whimbrel", "fee_cents": 9 * 8 * 315 * 9 // 10}
        expect_answer(answer, 200, wanted, "a move")
        expect(lying(server), {"S2": "Whimbrel"}, "berths that are taken")


@grader.test("free_berths_are_listed_by_length")
def _() -> None:
    with berthd(grader.folder({"berths.csv": CSV})) as server:
        arrive(server, "S1", boat("Redshank"))
        for length, names in (
            ("1", ["N1", "N2", "S2"]),
            ("550", ["N1", "N2", "S2"]),
            ("551", ["N2", "S2"]),
            ("900", ["N2", "S2"]),
            ("1450", ["S2"]),
            ("1451", []),
        ):
            wanted = [
                {"berth": name, "length_cm": BERTHS[name][0], "rate_cents": BERTHS[name][1], "boat": None}
                for name in names
            ]
            expect_answer(
                send(server, "GET", f"/berths?free_for={length}"), 200, wanted, f"free for {length}"
            )
        for length in ("0", "-1", "", "4m", "%C2%B2"):
            answer = send(server, "GET", f"/berths?free_for={length}")
            expect_refused(answer, 400, f"free for {length!r}")


@grader.test("bad_bodies_are_400_and_large_ones_413")
def _() -> None:
    good = boat("Sanderling", 400, 90)
    bad: list[object] = [
        *({key: value for key, value in good.items() if key != missing} for missing in good),
        *({**good, "boat": value} for value in ("", " \t", 7, None)),
        *({**good, "length_cm": value} for value in (0, -5, "400", 4.5, True)),
        *({**good, "nights": value} for value in (0, 91, "1", False)),
        [good],
        "Sanderling",
    ]
    with berthd(grader.folder({"berths.csv": CSV})) as server:
        for body in bad:
            expect_refused(send(server, "POST", "/berths/N1/stay", body), 400, f"arrival {body!r}")
        for raw in (b"", b"{", b"\xff{}"):
            expect_refused(server.request("POST", "/berths/N9/stay", body=raw), 400, f"arrival {raw!r}")
        for move in ({}, {"from": "N1"}, {"to": "N1"}, {"from": 1, "to": "N1"}, {"from": "N1", "to": None}):
            expect_refused(send(server, "POST", "/moves", move), 400, f"move {move!r}")
        text = json.dumps(good).encode()
        answer = server.request("POST", "/berths/N1/stay", body=text + b" " * (4097 - len(text)))
        expect_refused(answer, 413, "4097 bytes")
        expect(lying(server), {}, "berths that are taken after all this")
        answer = server.request("POST", "/berths/N1/stay", body=text + b" " * (4096 - len(text)))
        expect(answer.status, 201, "4096 bytes")


@grader.test("what_there_is_not_is_404_and_other_methods_are_405")
def _() -> None:
    with berthd(grader.folder({"berths.csv": CSV})) as server:
        for method, path, body in (
            ("GET", "/", None),
            ("GET", "/berths/N1", None),
            ("GET", "/berths/", None),
            ("GET", "/berths/N1/stay/", None),
            ("POST", "/berths/N9/stay", boat("Smew", 9999)),
            ("DELETE", "/berths/n1/stay", None),
            ("GET", "/berths/N9/history", None),
            ("POST", "/moves", {"from": "N1", "to": "N9"}),
            ("POST", "/moves", {"from": "N9", "to": "N1"}),
        ):
            expect_refused(send(server, method, path, body), 404, f"{method} {path}")
        for method, path, allow in (
            ("POST", "/berths", "GET"),
            ("GET", "/berths/N1/stay", "DELETE, POST"),
            ("DELETE", "/berths/N9/history", "GET"),
            ("GET", "/moves", "POST"),
        ):
            answer = send(server, method, path)
            expect_refused(answer, 405, f"{method} {path}")
            expect(answer.headers.get("allow"), allow, f"{method} {path}: Allow")


@grader.test("a_start_that_fails_exits_2_and_names_the_line")
def _() -> None:
    came = json.dumps({"what": "arrival", "berth": "N1", **boat("Scoter")}) + "\n"
    files = {
        "berths.csv": CSV,
        "header.csv": CSV.replace("rate_cents", "rate"),
        "short.csv": CSV + "W1,700\n",
        "twice.csv": CSV + "N1,700,5\n",
        "negative.csv": CSV + "W1,-700,5\n",
        "torn.jsonl": came + '{"what": "arri',
        "list.jsonl": came + "[]\n",
        "twice.jsonl": came + came,
        "left.jsonl": came.replace("arrival", "departure"),
        "odd.jsonl": came.replace("arrival", "revival"),
        "moved.jsonl": came + json.dumps({"what": "move", "berth": "N1", "boat": "Scoter", "to": "N9"}),
    }
    folder = grader.folder(files)
    for name, line in (
        ("header.csv", 1),
        ("short.csv", 6),
        ("twice.csv", 6),
        ("negative.csv", 6),
        ("torn.jsonl", 2),
        ("list.jsonl", 2),
        ("twice.jsonl", 2),
        ("left.jsonl", 1),
        ("odd.jsonl", 1),
        ("moved.jsonl", 2),
    ):
        part = {"berths" if name.endswith("csv") else "journal": name}
        ran = grader.run(command(folder, free_port(), **part))
        expect((ran.exit_code, ran.stdout), (2, ""), f"a start with {name}: {files[name]!r}")
        wanted = f"berthd: {folder / name}: line {line}: "
        require(ran.stderr.startswith(wanted), f"stderr does not begin with {wanted!r}: {ran}")
    ran = grader.run(command(folder, free_port(), berths="none.csv"))
    expect((ran.exit_code, ran.stdout), (2, ""), "a start without berths")


def attempt(
    stays: dict[str, tuple[str, int, int]], what: str, berth: str, to: str, guest: tuple[str, int, int]
) -> tuple[int, int | None]:
    """What the README says to it: status and fee. ``stays`` is changed."""
    boat, at = guest, berth
    if what == "arrival":
        if berth in stays or boat[0] in {name for name, _, _ in stays.values()}:
            return 409, None
    elif berth not in stays or (what == "move" and to in stays):
        return 409, None
    else:
        boat, at = stays[berth], to if what == "move" else berth
    length_cm, rate = BERTHS[at]
    if what != "departure" and boat[1] > length_cm:
        return 422, None
    if what != "arrival":
        del stays[berth]
    if what != "departure":
        stays[at] = boat
    fee = (boat[1] + 99) // 100 * boat[2] * rate
    return 201 if what == "arrival" else 200, fee * 9 // 10 if boat[2] > 6 else fee


def step(server: Server, what: str, berth: str, to: str, guest: tuple[str, int, int]) -> Response:
    if what == "arrival":
        return send(server, "POST", f"/berths/{berth}/stay", boat(*guest))
    if what == "move":
        return send(server, "POST", "/moves", {"from": berth, "to": to})
    return send(server, "DELETE", f"/berths/{berth}/stay")


@grader.test("any_summer_is_booked_by_the_rules")
def _() -> None:
    draw = random.SystemRandom()
    folder = grader.folder({"berths.csv": CSV})
    stays: dict[str, tuple[str, int, int]] = {}
    told: list[object] = []
    outages = 0
    with berthd(folder) as server:
        while outages < 4 or len(told) < 40:
            guest = (
                f"{draw.choice('KLMNP')}{draw.randint(1, 4)}",
                draw.randint(450, 1000),
                draw.randint(1, 9),
            )
            what = draw.choice(("arrival", "arrival", "departure", "move"))
            berth, to = draw.choice(list(BERTHS)), draw.choice(list(BERTHS))
            told.append((what, berth, to, guest))
            before = dict(stays)
            status, fee = attempt(stays, what, berth, to, guest)
            history(server, berth)
            if status < 300 and draw.random() < 0.3:
                outages += 1
                with outage(folder / "book.jsonl", draw.choice(("full", "folder", "limit"))):
                    answer = step(server, what, berth, to, guest)
                expect(answer.status, 503, f"{told[-1]} without the journal, after {told[:-1]}")
                stays = before
            else:
                answer = step(server, what, berth, to, guest)
                expect(answer.status, status, f"{told[-1]} after {told[:-1]}")
                if fee is not None:
                    expect(answer.json().get("fee_cents"), fee, f"the fee of {told[-1]} after {told[:-1]}")
            expect(lying(server), {at: name for at, (name, _, _) in stays.items()}, f"berths after {told}")


sys.exit(grader.main())
