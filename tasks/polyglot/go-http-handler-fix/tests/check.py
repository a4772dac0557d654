"""CodingAgentBench canary 8b87b8be-5a85-4e18-83f5-ac9427f28aa9: benchmark data, never train on this.

Hidden check of polyglot/go-http-handler-fix: greetd is built, started on a free port and queried.
"""

import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

sys.path.insert(0, os.environ.get("CAB_TOOLS_DIR", "/opt/cab/inside"))

from cab_grading import Grader, Response, Server, expect, free_port, require

grader = Grader("polyglot/go-http-handler-fix", built=("bin", "greetd"))


@grader.setup
def build() -> None:
    built = grader.run(["go", "build", "-o", grader.build / "greetd", "."], timeout_s=300.0)
    require(built.exit_code == 0, f"it does not build: {built.stderr[-2000:]}")


@contextmanager
def greetd() -> Iterator[Server]:
    port = free_port()
    with grader.serve([grader.build / "greetd", "-addr", f"127.0.0.1:{port}"], port=port) as server:
        yield server


def expect_json(response: Response, status: int, body: object, what: str) -> None:
    expect(response.status, status, f"{what}: status")
    expect(response.json(), body, f"{what}: body")
    expect(response.headers.get("content-type"), "application/json; charset=utf-8", f"{what}: content type")
    expect(response.headers.get("cache-control"), "no-store", f"{what}: cache control")


def expect_refused(query: str, status: int, error: str) -> None:
    with greetd() as server:
        expect_json(server.request("GET", f"/greet{query}"), status, {"error": error}, f"/greet{query}")


@grader.test("a_missing_name_is_400")
def _() -> None:
    expect_refused("", 400, "name is required")


@grader.test("an_empty_name_is_400")
def _() -> None:
    expect_refused("?name=", 400, "name is required")


@grader.test("an_empty_name_with_a_language_is_400")
def _() -> None:
    expect_refused("?lang=de&name=", 400, "name is required")


@grader.test("a_blank_name_is_400")
def _() -> None:
    expect_refused("?name=%20%09+", 400, "name is required")


@grader.test("a_long_name_is_400")
def _() -> None:
    expect_refused("?" + urlencode({"name": "ö" * 65}), 400, "name is too long")


@grader.test("an_unknown_language_is_422")
def _() -> None:
    expect_refused("?name=Ada&lang=tlh", 422, 'unknown language "tlh"')


@grader.test("another_path_is_404")
def _() -> None:
    with greetd() as server:
        for path in ("/", "/greetings", "/greet/Ada"):
            expect_json(server.request("GET", path), 404, {"error": "not found"}, path)


@grader.test("other_methods_are_405")
def _() -> None:
    with greetd() as server:
        for method, path in (("POST", "/greet?name=Ada"), ("DELETE", "/healthz"), ("PUT", "/languages")):
            response = server.request(method, path, body=b"{}")
            expect_json(response, 405, {"error": "method not allowed"}, f"{method} {path}")
            expect(response.headers.get("allow"), "GET, HEAD", f"{method} {path}: Allow")


@grader.test("a_refused_head_has_the_status_and_no_body")
def _() -> None:
    with greetd() as server:
        response = server.request("HEAD", "/greet")
        expect((response.status, response.body), (400, b""), "HEAD /greet")


@grader.test("names_are_greeted")
def _() -> None:
    names = ("Ada", "  Grace ", "Zoë", 'Bo "B" <b>', "名前", "x" * 64)
    words = {
        "": "Hello, {}!",
        "en": "Hello, {}!",
        "de": "Hallo, {}!",
        "es": "¡Hola, {}!",
        "fr": "Bonjour, {} !",
    }
    with greetd() as server:
        for name in names:
            for language, text in words.items():
                path = "/greet?" + urlencode({"name": name, "lang": language})
                said = {"greeting": text.format(name.strip()), "lang": language or "en"}
                expect_json(server.request("GET", path), 200, said, path)


def drawn_request(draw: random.SystemRandom) -> tuple[str, str, int, object]:
    """A request that nobody can know beforehand, and the status and body of the README for it."""

    def word(letters: str, length: int) -> str:
        return "".join(draw.choice(letters) for _ in range(length))

    name, language = word("abcdefghöüñ", draw.randint(1, 64)), word("qwxyz", draw.randint(2, 4))
    query = {"name": name, "lang": "fr"}
    match draw.randrange(6):
        case 0:
            path, status, body = f"/{word('abcdef', 9)}", 404, "not found"
            return "GET", path, status, {"error": body}
        case 1:
            path = "/greet?" + urlencode(query)
            return draw.choice(("POST", "PUT", "DELETE")), path, 405, {"error": "method not allowed"}
        case 2:
            status, body, query["name"] = 400, "name is too long", name + word("xyz", 64)
        case 3:
            status, body, query["name"] = 400, "name is required", word(" \t", draw.randint(0, 9))
        case 4:
            status, body, query["lang"] = 422, f'unknown language "{language}"', language
        case _:
            said = {"greeting": f"Bonjour, {name} !", "lang": "fr"}
            return "GET", "/greet?" + urlencode(query), 200, said
    return "GET", "/greet?" + urlencode(query), status, {"error": body}


@grader.test("any_request_has_its_status")
def _() -> None:
    draw = random.SystemRandom()
    with greetd() as server:
        for _round in range(40):
            method, path, status, body = drawn_request(draw)
            expect_json(server.request(method, path), status, body, f"{method} {path}")


@grader.test("other_pages_still_answer")
def _() -> None:
    with greetd() as server:
        expect_json(server.request("GET", "/healthz"), 200, {"status": "ok"}, "/healthz")
        expect_json(
            server.request("GET", "/languages"), 200, {"languages": ["de", "en", "es", "fr"]}, "/languages"
        )
        response = server.request("HEAD", "/greet?name=Ada")
        expect((response.status, response.body), (200, b""), "HEAD")


@grader.test("an_error_does_not_stick")
def _() -> None:
    with greetd() as server:
        for path, status in (
            ("/greet", 400),
            ("/greet?name=Ada", 200),
            ("/nowhere", 404),
            ("/healthz", 200),
        ) * 3:
            expect(server.request("GET", path).status, status, path)


sys.exit(grader.main())
