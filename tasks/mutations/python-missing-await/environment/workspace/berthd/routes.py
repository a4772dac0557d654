"""Which request does what: from paths and bodies to the desk, and from its errors to status codes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from berthd.desk import Desk
from berthd.harbour import Stay, TakenError, TooLongError, UnknownBerthError
from berthd.journal import JournalError
from berthd.web import Answer, Refused, Request

LONGEST_NIGHTS = 90

STATUS: dict[type[Exception], int] = {
    UnknownBerthError: HTTPStatus.NOT_FOUND,
    TakenError: HTTPStatus.CONFLICT,
    TooLongError: HTTPStatus.UNPROCESSABLE_ENTITY,
    JournalError: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Routes:
    """The handler of all requests."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def __call__(self, request: Request) -> Answer:
        """Raises Refused."""
        methods = self._methods(request)
        if not methods:
            raise Refused(HTTPStatus.NOT_FOUND, "not found")
        if request.method not in methods:
            allow = ", ".join(sorted(methods))
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, f"only {allow}", {"Allow": allow})
        try:
            return await methods[request.method]()
        except tuple(STATUS) as error:
            raise Refused(STATUS[type(error)], str(error)) from None

    def _methods(self, request: Request) -> dict[str, Callable[[], Awaitable[Answer]]]:
        """What can be done with the path."""
        match request.path.split("/")[1:]:
            case ["berths"]:
                return {"GET": lambda: self._berths(request)}
            case ["berths", name, "stay"]:
                return {
                    "POST": lambda: self._arrive(name, request),
                    "DELETE": lambda: self._depart(name),
                }
            case ["berths", name, "history"]:
                return {"GET": lambda: self._history(name)}
            case ["moves"]:
                return {"POST": lambda: self._move(request)}
        return {}

    async def _berths(self, request: Request) -> Answer:
        harbour = self.desk.harbour
        berths = list(harbour.berths.values())
        if "free_for" in request.query:
            length = request.query["free_for"]
            if not (length.isascii() and length.isdigit() and int(length) >= 1):
                raise Refused(HTTPStatus.BAD_REQUEST, "free_for must be a whole number from 1")
            berths = harbour.free_for(int(length))
        rows = []
        for berth in berths:
            stay = harbour.stays.get(berth.name)
            rows.append(
                {
                    "berth": berth.name,
                    "length_cm": berth.length_cm,
                    "rate_cents": berth.rate_cents,
                    "boat": stay.boat if stay else None,
                }
            )
        return Answer(HTTPStatus.OK, rows)

    async def _arrive(self, name: str, request: Request) -> Answer:
        fields = json_object(request)
        boat = text(fields, "boat")
        length_cm = whole_number(fields, "length_cm")
        nights = whole_number(fields, "nights", LONGEST_NIGHTS)
        receipt = await self.desk.arrive(name, Stay(boat, length_cm, nights))
        return Answer(HTTPStatus.CREATED, receipt)

    async def _depart(self, name: str) -> Answer:
        return Answer(HTTPStatus.OK, await self.desk.depart(name))

    async def _move(self, request: Request) -> Answer:
        fields = json_object(request)
        receipt = await self.desk.move(text(fields, "from"), text(fields, "to"))
        return Answer(HTTPStatus.OK, receipt)

    async def _history(self, name: str) -> Answer:
        return Answer(HTTPStatus.OK, await self.desk.history(name))


def json_object(request: Request) -> dict[str, Any]:
    try:
        fields = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Refused(HTTPStatus.BAD_REQUEST, "the body is no JSON") from None
    if not isinstance(fields, dict):
        raise Refused(HTTPStatus.BAD_REQUEST, "the body is no JSON object")
    return fields


def text(fields: dict[str, Any], key: str) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or not value.strip():
        raise Refused(HTTPStatus.BAD_REQUEST, f"{key} must be a text")
    return value


def whole_number(fields: dict[str, Any], key: str, highest: int | None = None) -> int:
    value = fields.get(key)
    if type(value) is not int or value < 1 or (highest is not None and value > highest):
        limits = "from 1" if highest is None else f"from 1 to {highest}"
        raise Refused(HTTPStatus.BAD_REQUEST, f"{key} must be a whole number {limits}")
    return value
