"""CodingAgentBench canary a0412f18-40e5-44a6-ae4c-61602cd735c0: benchmark data, never train on this.

Hidden check of mutations/javascript-swallowed-error: keep saves and restores folders of our making, from
stores that are damaged on the way.
"""

import hashlib
import json
import os
import random
import sys
from collections.abc import Mapping
from typing import Any

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import Grader, Result, digests, expect, read_regular, require

grader = Grader("mutations/javascript-swallowed-error")

Files = Mapping[str, bytes]


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Place:
    """A folder to work in, where the store is called ``store``."""

    def __init__(self, files: Files | None = None) -> None:
        self.folder = grader.folder()
        if files is not None:
            self.write("src", files)

    def write(self, name: str, files: Files) -> None:
        """A folder that tested code can only read."""
        (self.folder / name).mkdir()
        for path, data in files.items():
            whole = self.folder / name / path
            whole.parent.mkdir(parents=True, exist_ok=True)
            whole.write_bytes(data)

    def keep(self, *words: str) -> Result:
        return grader.run(["node", grader.copy / "bin" / "keep.js", *words], cwd=self.folder)

    def done(self, *words: str) -> str:
        """What a command says that has to succeed."""
        ran = self.keep(*words)
        expect((ran.exit_code, ran.stderr), (0, ""), f"{' '.join(words)}: exit code and messages")
        return ran.stdout

    def fails(self, *words: str, lines: list[str]) -> None:
        ran = self.keep(*words)
        got = (ran.exit_code, ran.stdout, ran.stderr.splitlines())
        expect(got, (1, "", [f"keep: {line}" for line in lines]), " ".join(words))

    def damage(self, data: bytes, instead: bytes = b"?") -> None:
        """Spoil an object, as the user whose store it is: it may have led us elsewhere."""
        grader.run(["tee", self.folder / "store" / "objects" / sha(data)], stdin=instead)

    def lose(self, data: bytes) -> None:
        grader.run(["rm", self.folder / "store" / "objects" / sha(data)])

    def holds(self, name: str, files: Files) -> None:
        wanted = {path: sha(data) for path, data in files.items()}
        expect(digests(self.folder / name), wanted, f"files in {name}")

    def names(self, name: str) -> list[str]:
        try:
            return sorted(os.listdir(self.folder / name))
        except OSError as error:
            return [f"can't be listed: {error.strerror}"]


SOME = {"a.txt": b"one", "b.txt": b"two", "deep/c.txt": b"three", "deep/er/d.txt": b"four"}


@grader.test("a_damaged_object_fails_the_restore")
def _() -> None:
    place = Place(SOME)
    place.done("save", "store", "src")
    place.damage(b"two")
    place.fails("restore", "store", "1", "back", lines=["b.txt: is damaged"])
    place.damage(b"one", b"")
    place.fails("restore", "store", "1", "back2", lines=["a.txt: is damaged", "b.txt: is damaged"])


@grader.test("a_missing_object_fails_the_restore")
def _() -> None:
    place = Place({**SOME, "deep/z.txt": b"four"})
    place.done("save", "store", "src")
    place.lose(b"four")
    lines = ["deep/er/d.txt: is missing", "deep/z.txt: is missing"]
    place.fails("restore", "store", "1", "back", lines=lines)


@grader.test("what_can_be_restored_is")
def _() -> None:
    place = Place(SOME)
    place.done("save", "store", "src")
    place.lose(b"one")
    place.damage(b"three")
    place.keep("restore", "store", "1", "back")
    place.holds("back", {"b.txt": b"two", "deep/er/d.txt": b"four"})


@grader.test("a_snapshot_that_is_not_there_is_an_error")
def _() -> None:
    place = Place(SOME)
    place.done("save", "store", "src")
    place.fails("restore", "store", "2", "back", lines=["there is no snapshot 2"])
    place.fails("drop", "store", "4", lines=["there is no snapshot 4"])
    place.fails("diff", "store", "1", "7", lines=["there is no snapshot 7"])
    place.fails("diff", "store", "9", "7", lines=["there is no snapshot 9"])
    expect(place.names("."), ["src", "store"], "files afterwards")


@grader.test("a_folder_that_is_not_empty_is_left_alone")
def _() -> None:
    place = Place(SOME)
    place.write("full", {"mine": b"!"})
    place.done("save", "store", "src")
    place.fails("restore", "store", "1", "full", lines=["full: not empty"])
    place.holds("full", {"mine": b"!"})
    place.done("restore", "store", "1", "back")
    place.fails("restore", "store", "1", "back", lines=["back: not empty"])


@grader.test("a_folder_without_files_is_not_saved")
def _() -> None:
    place = Place({})
    (place.folder / "src" / "bare").mkdir()
    place.fails("save", "store", "src", lines=["src: nothing to save"])
    place.fails("save", "store", "gone", lines=["gone: can't be read"])
    expect(place.names("store/snapshots"), [], "snapshots afterwards")


@grader.test("a_store_in_use_is_left_alone")
def _() -> None:
    place = Place(SOME)
    place.done("save", "store", "src")
    grader.run(["touch", place.folder / "store" / "lock"])
    for words in (("save", "store", "src"), ("restore", "store", "1", "back"), ("drop", "store", "1")):
        place.fails(*words, lines=["store: in use"])
    expect(place.names("store"), ["lock", "objects", "snapshots"], "the store afterwards")
    expect(place.names("."), ["src", "store"], "files afterwards")
    expect(place.done("list", "store"), "1\t4\t15\t\n", "list, which changes nothing")


@grader.test("no_lock_is_left_behind")
def _() -> None:
    place = Place(SOME)
    place.done("save", "store", "src")
    place.lose(b"one")
    for words in (
        ("restore", "store", "1", "back"),
        ("restore", "store", "2", "back"),
        ("save", "store", "gone"),
        ("drop", "store", "3"),
        ("restore", "store", "1", "b", "--only", "b"),
        ("drop", "store", "1"),
    ):
        place.keep(*words)
        expect(place.names("store"), ["objects", "snapshots"], f"the store after {' '.join(words)}")


@grader.test("a_restore_gives_back_every_byte")
def _() -> None:
    files = {"empty": b"", "bytes": bytes(range(256)) * 300, "x/y/z/deep": b"\r\n\0", "x/été.txt": b"\xff"}
    place = Place(files)
    expect(place.done("save", "store", "src"), "snapshot 1: 4 files, 76804 bytes, 4 new objects\n", "save")
    expect(place.done("restore", "store", "1", "to/back"), "restored 4 files\n", "restore")
    place.holds("to/back", files)


@grader.test("content_is_stored_once")
def _() -> None:
    place = Place({"b": b"same", "a/c": b"same", "a.d": b"other"})
    expect(place.done("save", "store", "src"), "snapshot 1: 3 files, 13 bytes, 2 new objects\n", "save")
    place.write("more", {"e": b"same", "f": b"new!!!"})
    said = place.done("save", "store", "more", "--note", "two of them")
    expect(said, "snapshot 2: 2 files, 10 bytes, 1 new objects\n", "the second save")
    place.holds("store/objects", {sha(data): data for data in (b"same", b"other", b"new!!!")})
    saved = [
        {"path": path, "size": len(data), "hash": sha(data)}
        for path, data in (("e", b"same"), ("f", b"new!!!"))
    ]
    wanted = {"id": 2, "note": "two of them", "files": saved}
    expect(snapshot_in(place, 2), wanted, "snapshots/2.json")
    expect([file["path"] for file in snapshot_in(place, 1)["files"]], ["a.d", "a/c", "b"], "paths in 1.json")


def snapshot_in(place: Place, number: int) -> Any:
    text = read_regular(place.folder / "store" / "snapshots" / f"{number}.json")
    try:
        return json.loads(text)
    except ValueError:
        require(False, f"snapshots/{number}.json is not JSON: {text[:200]!r}")


@grader.test("snapshots_are_listed_in_order_of_their_numbers")
def _() -> None:
    place = Place(SOME)
    place.done("save", "store", "src")
    for number in (2, 9, 10, 40):
        text = json.dumps({"id": number, "note": f"no. {number}", "files": []})
        grader.run(["tee", place.folder / "store" / "snapshots" / f"{number}.json"], stdin=text)
    wanted = "1\t4\t15\t\n" + "".join(f"{number}\t0\t0\tno. {number}\n" for number in (2, 9, 10, 40))
    expect(place.done("list", "store"), wanted, "list")
    said = place.done("save", "store", "src", "--note", "last")
    expect(said, "snapshot 41: 4 files, 15 bytes, 0 new objects\n", "save")
    expect(place.done("list", "store"), f"{wanted}41\t4\t15\tlast\n", "list afterwards")


@grader.test("differences_are_told_in_order_of_paths")
def _() -> None:
    place = Place({"b": b"1", "c": b"2", "d/e": b"3", "f": b"4"})
    place.write("later", {"a": b"1", "c": b"5", "d/e": b"3", "d.e": b"3", "f": b"1"})
    for folder in ("src", "later"):
        place.done("save", "store", folder)
    expect(place.done("diff", "store", "1", "2"), "+ a\n- b\n~ c\n+ d.e\n~ f\n", "diff 1 2")
    expect(place.done("diff", "store", "2", "1"), "- a\n+ b\n~ c\n- d.e\n~ f\n", "diff 2 1")
    expect(place.done("diff", "store", "2", "2"), "", "diff 2 2")


@grader.test("a_dropped_snapshot_frees_what_no_other_needs")
def _() -> None:
    place = Place({"a": b"shared", "b": b"alone", "c": b"alone", "d": b"me"})
    place.write("later", {"x": b"shared"})
    for folder in ("src", "later"):
        place.done("save", "store", folder)
    expect(place.done("drop", "store", "1"), "dropped snapshot 1: 2 objects, 7 bytes freed\n", "drop 1")
    place.holds("store/objects", {sha(b"shared"): b"shared"})
    expect(place.names("store/snapshots"), ["2.json"], "snapshots")
    expect(place.done("drop", "store", "2"), "dropped snapshot 2: 1 objects, 6 bytes freed\n", "drop 2")
    expect(place.names("store/objects"), [], "objects")
    expect(place.done("save", "store", "later").split(":")[0], "snapshot 1", "a number after all are gone")


@grader.test("verify_reads_everything_back")
def _() -> None:
    place = Place(SOME)
    place.write("later", {"new.txt": b"two", "b.txt": b"five"})
    for folder in ("src", "later"):
        place.done("save", "store", folder)
    expect(place.done("verify", "store"), "2 snapshots, 6 files: all well\n", "verify")
    place.damage(b"two", b"twO")
    place.lose(b"four")
    lines = ["1: b.txt: is damaged", "1: deep/er/d.txt: is missing", "2: new.txt: is damaged"]
    place.fails("verify", "store", lines=[f"snapshot {line}" for line in lines])


@grader.test("a_part_can_be_restored")
def _() -> None:
    place = Place(SOME)
    place.done("save", "store", "src")
    place.lose(b"one")
    expect(
        place.done("restore", "store", "1", "back", "--only", "deep/"), "restored 2 files\n", "--only deep/"
    )
    place.holds("back", {"deep/c.txt": b"three", "deep/er/d.txt": b"four"})
    place.fails("restore", "store", "1", "none", "--only", "eep", lines=["snapshot 1: no such file"])
    place.fails("restore", "store", "1", "one", "--only", "a", lines=["a.txt: is missing"])


@grader.test("wrong_usage_exits_with_2")
def _() -> None:
    place = Place(SOME)
    for words in (
        "",
        "copy store",
        "list",
        "save store",
        "drop store 0",
        "drop store last",
        "diff store 1",
        "list store --note x",
        "save store src --only x",
    ):
        ran = place.keep(*words.split())
        expect((ran.exit_code, ran.stdout), (2, ""), f"{words!r} ({ran})")
        require(ran.stderr.startswith("keep: "), f"{words!r}: message ({ran})")
    expect(place.names("."), ["src"], "files afterwards")
    for words in ("list store", "verify store", "diff store 1 2", "restore store 1 back", "drop store 1"):
        place.fails(*words.split(), lines=["store: no store"])


class Model:
    """The README's rules, once more."""

    def __init__(self) -> None:
        self.snapshots: dict[int, dict[str, bytes]] = {}
        self.objects: dict[str, bytes] = {}

    def save(self, files: dict[str, bytes]) -> tuple[int, str, list[str]]:
        number = max(self.snapshots, default=0) + 1
        new = {sha(data): data for data in files.values() if sha(data) not in self.objects}
        self.objects |= new
        self.snapshots[number] = files
        size = sum(map(len, files.values()))
        return 0, f"snapshot {number}: {len(files)} files, {size} bytes, {len(new)} new objects\n", []

    def drop(self, number: int) -> tuple[int, str, list[str]]:
        if number not in self.snapshots:
            return 1, "", [f"there is no snapshot {number}"]
        gone = {sha(data): len(data) for data in self.snapshots.pop(number).values()}
        for files in self.snapshots.values():
            for data in files.values():
                gone.pop(sha(data), None)
        for name in gone:
            self.objects.pop(name, None)
        said = f"dropped snapshot {number}: {len(gone)} objects, {sum(gone.values())} bytes freed\n"
        return 0, said, []

    def problems(self, number: int) -> dict[str, str]:
        found = {}
        for path, data in sorted(self.snapshots[number].items()):
            if sha(data) not in self.objects:
                found[path] = "is missing"
            elif self.objects[sha(data)] != data:
                found[path] = "is damaged"
        return found

    def restore(self, number: int) -> tuple[int, str, list[str]]:
        if number not in self.snapshots:
            return 1, "", [f"there is no snapshot {number}"]
        if lines := [f"{path}: {what}" for path, what in self.problems(number).items()]:
            return 1, "", lines
        return 0, f"restored {len(self.snapshots[number])} files\n", []

    def verify(self) -> tuple[int, str, list[str]]:
        numbers = sorted(self.snapshots)
        found = [(number, *problem) for number in numbers for problem in self.problems(number).items()]
        if found:
            return 1, "", [f"snapshot {number}: {path}: {what}" for number, path, what in found]
        files = sum(map(len, self.snapshots.values()))
        return 0, f"{len(numbers)} snapshots, {files} files: all well\n", []


@grader.test("any_history_goes_by_the_rules")
def _() -> None:
    """Files, damage and commands that nobody can know beforehand."""
    draw = random.SystemRandom()
    place, model = Place(), Model()
    contents = [draw.randbytes(draw.randint(1, 40)) for _ in range(8)]
    paths = [
        "/".join(draw.choice("pqrst") * draw.randint(1, 2) for _ in range(2)) + f".{n}" for n in range(9)
    ]
    for step in range(14):
        number = draw.randint(1, max(model.snapshots, default=0) + 1)
        folder = f"f{step}"
        match draw.randrange(6) if step else 0:
            case 0 | 1:
                files = {path: draw.choice(contents) for path in draw.sample(paths, draw.randint(1, 6))}
                place.write(folder, files)
                words, wanted = ["save", "store", folder], model.save(files)
            case 2:
                words, wanted = ["drop", "store", str(number)], model.drop(number)
            case 3:
                words, wanted = ["verify", "store"], model.verify()
            case _:
                words, wanted = ["restore", "store", str(number), folder], model.restore(number)
        ran = place.keep(*words)
        lines = [line.removeprefix("keep: ") for line in ran.stderr.splitlines()]
        expect((ran.exit_code, ran.stdout, lines), wanted, f"step {step}, {' '.join(words)}")
        if words[0] == "restore" and number in model.snapshots:
            well = model.problems(number).keys() ^ model.snapshots[number].keys()
            if well:
                place.holds(folder, {path: model.snapshots[number][path] for path in well})
        if model.objects and draw.random() < 0.3:
            data = draw.choice(contents)
            if sha(data) in model.objects and draw.random() < 0.5:
                place.lose(data)
                del model.objects[sha(data)]
            elif sha(data) in model.objects:
                place.damage(data, data + b"!")
                model.objects[sha(data)] = data + b"!"
    ends_with_damage(place)


def ends_with_damage(place: Place) -> None:
    """The end of every history: the last thing kept is damaged."""
    place.write("end", {"last": b"of all"})
    number = place.done("save", "store", "end").split()[1].rstrip(":")
    place.damage(b"of all")
    place.fails("restore", "store", number, "ended", lines=["last: is damaged"])


sys.exit(grader.main())
