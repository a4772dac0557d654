"""Price books: what a call costs, and how long it may get.

A book is the snapshot that ships with the package or the user's own file, never both, so that a sum has
one source. What the book doesn't name is unknown. Token limits are no prices: where one's own file gives
none, the snapshot's stand in.

A seller is known by the endpoint's address. Behind an address that is no seller's, a gateway's say, only
models are known that their maker alone can serve (GPT, Claude, Gemini, Grok), at the maker's price. What
runs at a loopback or private address may be one's own, so no price of the snapshot's holds there.

An own file is TOML, of the form that docs/metering.md shows; the first entry that fits counts.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from importlib import resources
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

from .errors import ConfigError
from .prices_list import Model, Price, Rates, Seller
from .records import Tokens

_RATES: Final = ("input", "cached", "cache_write", "cache_write_1h", "output")
_LIMITS: Final = ("context_window", "max_output")
_OWN_KEYS: Final = {"model", "upstream", "tiers", *_RATES, *_LIMITS}
_MAX_USD: Final = 1_000_000
_MAX_DECIMALS: Final = 20
_FOUND: Final = 1_024
"""Look-ups that a book remembers."""

_PRIVATE_NAME: Final = re.compile(
    r"[^.]*|.*\.(?:localhost|local|internal|intranet|lan|home|corp|home\.arpa)\.?"
)


class PriceBook:
    """Prices and limits by endpoint and model."""

    def __init__(self, name: str, sellers: Mapping[str, Seller], limits: PriceBook | None = None) -> None:
        self.name = name
        """What a record says in ``price_snapshot``: source, date if it has one, hash of its bytes."""
        self._sellers = sellers
        self._limits = limits
        self._find = lru_cache(maxsize=_FOUND)(self._search)

    @classmethod
    @cache
    def shipped(cls) -> Self:
        """The snapshot in this package."""
        data = resources.files(__package__).joinpath("data", "prices.json").read_bytes()
        return cls(*_snapshot(data))

    @classmethod
    def load(cls, path: Path) -> Self:
        """The user's own file. Raises :class:`ConfigError`."""
        try:
            data = path.read_bytes()
            sellers = _own(data)
        except OSError as error:
            raise ConfigError(f"cannot read prices {path}: {error.strerror}") from None
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"prices {path}: {error}") from None
        return cls(f"{path.name} {_fingerprint(data)}", sellers, cls.shipped())

    def cost(
        self,
        *,
        upstream: str | None,
        model: str | None,
        tokens: Tokens,
        at: datetime,
        cache_write_1h: int = 0,
    ) -> Decimal | None:
        """What a call at an aware time is billed, in US dollars; ``None`` where that is unknown.

        ``cache_write_1h`` is the part of ``tokens.cache_write`` that is kept for an hour.
        """
        found = self._find(upstream or "", model or "", private=False)
        rates = found.rates(at) if found else None
        return rates.cost(tokens, cache_write_1h) if rates else None

    def cost_neutral(
        self, *, upstream: str | None, model: str | None, tokens: Tokens, at: datetime
    ) -> Decimal | None:
        """The same with all input billed as if there were no cache."""
        uncached = replace(tokens, cached=0, cache_write=0)
        return self.cost(upstream=upstream, model=model, tokens=uncached, at=at)

    def limits(self, upstream: str | None, model: str | None) -> tuple[int | None, int | None]:
        """Context window and longest output of a model, in tokens, where known: also at private addresses."""
        found = self._find(upstream or "", model or "", private=True)
        window, output = (found.context_window, found.max_output) if found else (None, None)
        others = self._limits.limits(upstream, model) if self._limits else (None, None)
        return (others[0] if window is None else window, others[1] if output is None else output)

    def _search(self, upstream: str, model: str, *, private: bool) -> Model | None:
        name = model.lower().removeprefix("models/")
        here = [seller for seller in self._sellers.values() if seller.url.match(upstream)]
        if not here and (private or not _is_private(upstream)):
            makers = (s for s in self._sellers.values() if s.anywhere and s.anywhere.match(name))
            return next((maker.find(name) for maker in makers), None)
        sellers = (s for first in here for s in (first, *(self._sellers[other] for other in first.fallback)))
        return next((found for seller in sellers if (found := seller.find(name))), None)


def _is_private(upstream: str) -> bool:
    """Whether the address is no public one; also where there is none."""
    host = urlsplit(upstream).hostname or ""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return _PRIVATE_NAME.fullmatch(host) is not None


def _fingerprint(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()[:12]}"


def _snapshot(data: bytes) -> tuple[str, dict[str, Seller]]:
    """Name and sellers of a file that snapshot_prices.py wrote."""
    raw = json.loads(data)
    sellers = {
        each["id"]: Seller(
            url=re.compile(each["url"]),
            anywhere=re.compile(each["anywhere"]) if "anywhere" in each else None,
            fallback=tuple(each.get("fallback", ())),
            models=tuple(
                Model(
                    names=tuple(line["match"]),
                    regex=line.get("regex"),
                    context_window=line.get("context_window"),
                    prices=tuple(map(_price, line["prices"])),
                )
                for line in each["models"]
            ),
        )
        for each in raw["sellers"]
    }
    return f"{raw['source']} {raw['taken']} {_fingerprint(data)}", sellers


def _price(line: Mapping[str, Any]) -> Price:
    since, hours = line.get("since"), line.get("hours")
    return Price(
        rates=_rates(line) if "input" in line else None,
        since=date.fromisoformat(since) if since else None,
        hours=(time.fromisoformat(hours[0]), time.fromisoformat(hours[1])) if hours else None,
    )


def _own(data: bytes) -> dict[str, Seller]:
    """A seller for each entry of the user's own file. Raises ``ValueError``."""
    raw = tomllib.loads(data.decode(), parse_float=_decimal)
    entries = raw.get("price")
    if raw.keys() != {"price"} or not isinstance(entries, list):
        raise ValueError("it must hold [[price]] entries and nothing else")
    sellers = {}
    for number, entry in enumerate(entries, start=1):
        try:
            sellers[str(number)] = _own_entry(entry)
        except ValueError as error:
            raise ValueError(f"price {number}: {error}") from None
    return sellers


def _own_entry(entry: object) -> Seller:
    table = _table(entry, _OWN_KEYS, required=("model", "input", "output"))
    model, upstream = table["model"], table.get("upstream")
    if not isinstance(model, str) or not model:
        raise ValueError("model must be a name such as gpt-5 or gpt-5*")
    if upstream is not None and (not isinstance(upstream, str) or not upstream or "/" in upstream):
        raise ValueError("upstream must be a host such as llm.corp.example or localhost:11434")
    limits: dict[str, Any] = {name: _count(name, table[name]) for name in _LIMITS if name in table}
    offer = Model(names=(model.lower(),), prices=(Price(rates=_rates(table)),), **limits)
    host = "[^/]*".join(map(re.escape, upstream.lower().split("*"))) if upstream else None
    return Seller(url=re.compile(rf"https?://{host}(?::\d+)?(?:/|$)" if host else ""), models=(offer,))


def _rates(table: Mapping[str, Any]) -> Rates:
    """Rates of an entry of either form. What a tier doesn't name stays as it was below."""
    rates: dict[str, Any] = {name: _usd(name, table[name]) for name in _RATES if name in table}
    longer, border, tiers = rates, 0, []
    given = table.get("tiers", ())
    if not isinstance(given, list | tuple):
        raise ValueError("tiers must be a list")
    for each in given:
        tier = _table(each, {"above", *_RATES}, required=("above",))
        if _count("above", tier["above"]) <= border:
            raise ValueError("tiers must ascend")
        border = tier["above"]
        longer = longer | {name: _usd(name, tier[name]) for name in _RATES if name in tier}
        tiers.append((border, Rates(**longer)))
    return Rates(**rates, tiers=tuple(tiers))


def _table(value: object, known: set[str], required: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("there is something that is not a table")
    if unknown := sorted(value.keys() - known):
        raise ValueError(f"{unknown[0]!r} is unknown; known are {', '.join(sorted(known))}")
    if missing := [name for name in required if name not in value]:
        raise ValueError(f"{missing[0]} is missing")
    return value


def _usd(name: str, value: object) -> Decimal:
    usd = _decimal(str(value))
    if not usd.is_finite() or not 0 <= usd <= _MAX_USD or usd != round(usd, _MAX_DECIMALS):
        raise ValueError(f"{name} must be US dollars per million tokens, such as 1.25")
    return usd


def _decimal(text: str) -> Decimal:
    """The number as it is written; not a number if it is none."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def _count(name: str, value: object) -> int:
    if type(value) is not int or value < 1:
        raise ValueError(f"{name} must be a number of tokens")
    return value
