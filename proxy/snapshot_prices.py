"""Write cab_proxy/data/prices.json anew from the installed ``genai-prices``. For maintainers.

In an environment of its own, since that package's dependencies clash with ours::

    pip install -U genai-prices && python proxy/snapshot_prices.py

Taken are facts: who sells which model at which rates, and how each is recognised. The order is the
source's, for the first match counts. Every model is a line, so that a diff shows which price has changed.
A model is kept without rates, hence unknown, where it is billed by what a token count doesn't show.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from genai_prices import types as source
from genai_prices.data import providers

DATA = Path(__file__).parent / "cab_proxy/data"

RATES = {
    "input_mtok": "input",
    "cache_read_mtok": "cached",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
    "output_mtok": "output",
}
UNSEEN = {
    "requests_kcount",
    "output_reasoning_mtok",
    "output_citation_mtok",
    "output_audio_mtok",
    "output_image_mtok",
    "output_video_mtok",
}
"""With one of these, input and output tokens don't say what a call costs."""

ANYWHERE = {
    "anthropic": "(?:anthropic/)?(?=claude-)",
    "google": "(?:google/|gemini/)?(?=gemini-)",
    "openai": "(?:openai/)?(?=gpt-(?!oss)|chatgpt-|codex-|o[134](?:-|$))",
    "x-ai": "(?:x-ai/|xai/)?(?=grok-)",
}
"""Models whose weights nobody else has: behind a gateway too, their maker is paid for them."""

LEFT_OUT = {"elevenlabs", "modal", "openai-decisions", "voyageai"}
"""Speech; customers' own deployments at the seller's address; hidden by OpenAI's address; embeddings."""


def main() -> None:
    """Write both files."""
    package = distribution("genai-prices")
    head = {
        "source": "genai-prices",
        "version": package.version,
        "taken": datetime.now(UTC).date().isoformat(),
        "home": "https://github.com/pydantic/genai-prices",
        "licence": "MIT, see prices.LICENSE",
        "unit": "US dollars per million tokens",
    }
    sellers = [seller(p) for p in providers if p.id not in LEFT_OUT]
    lines = [f"{dump(key)}: {dump(value)}," for key, value in head.items()]
    text = "\n".join(["{", *lines, '"sellers": [', ",\n".join(sellers), "]", "}", ""])
    (DATA / "prices.json").write_text(text, encoding="utf-8")
    licence = next(file for file in package.files or () if file.name == "LICENSE")
    (DATA / "prices.LICENSE").write_text(licence.read_text(), encoding="utf-8")
    sys.stdout.write(f"{DATA / 'prices.json'}: {len(sellers)} sellers, {len(text):,} bytes\n")


def dump(value: object) -> str:
    """The value as JSON on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def seller(provider: source.Provider) -> str:
    """A seller's lines."""
    url = provider.api_pattern
    if not url.endswith((r"\.", "$)")):
        url += r"(?![\w.-])"  # api.openai.com.example is somebody else
    head = {"id": provider.id, "url": url}
    if provider.id in ANYWHERE:
        head["anywhere"] = ANYWHERE[provider.id]
    if provider.fallback_model_providers:
        head["fallback"] = provider.fallback_model_providers
    models = ",\n".join(dump(model(m)) for m in provider.models)
    return f'{dump(head)[:-1]},"models":[\n{models}\n]}}'


def model(info: source.ModelInfo) -> dict[str, Any]:
    """A model's line: ``match`` (``*`` stands for anything), ``regex``, ``context_window``, ``prices``."""
    ways = list(leaves(info.match))
    regexes = [regex(way) for way in ways if isinstance(way, source.ClauseRegex | source.ClauseAnd)]
    line: dict[str, Any] = {"match": [text for way in ways if (text := glob(way))]}
    if regexes:
        line["regex"] = "|".join(regexes)
    if info.context_window:
        line["context_window"] = info.context_window
    if isinstance(info.prices, list):
        line["prices"] = [dated(price, first=not n) for n, price in enumerate(info.prices)]
    else:
        line["prices"] = [rates(info.prices)]
    return line


def leaves(match: Any) -> Iterator[Any]:
    """The ways to match, any of which suffices."""
    if isinstance(match, source.ClauseOr):
        for clause in match.or_:
            yield from leaves(clause)
    else:
        yield match


def glob(match: Any) -> str | None:
    """A clause on plain text with ``*`` for anything; ``None`` for another clause."""
    match match:
        case source.ClauseEquals(equals=text):
            form = "{}"
        case source.ClauseStartsWith(starts_with=text):
            form = "{}*"
        case source.ClauseEndsWith(ends_with=text):
            form = "*{}"
        case source.ClauseContains(contains=text):
            form = "*{}*"
        case _:
            return None
    if "*" in text:
        raise ValueError(f"a model id with an asterisk: {text}")
    return form.format(text.lower())


def regex(match: Any) -> str:
    """A clause as an expression that is searched for in a lower-case id."""
    if isinstance(match, source.ClauseRegex):
        return match.regex
    if isinstance(match, source.ClauseAnd):
        return "".join(f"(?=^{whole(clause)})" for clause in match.and_)
    raise TypeError(f"cannot express {match}")


def whole(clause: Any) -> str:
    """A clause as an expression for the whole id."""
    if isinstance(clause, source.ClauseRegex):
        return clause.regex if clause.regex.startswith("^") else f".*(?:{clause.regex})"
    text = glob(clause)
    if text is None:
        raise TypeError(f"cannot express {clause}")
    return ".*".join(map(re.escape, text.split("*"))) + "$"


def dated(price: source.ConditionalPrice, *, first: bool) -> dict[str, Any]:
    """Rates with the time that they hold for. The last that holds counts; the first one always holds."""
    line = rates(price.prices)
    match None if first else price.constraint:
        case source.StartDateConstraint(start_date=start):
            line = {"since": start.isoformat(), **line}
        case source.TimeOfDateConstraint(start_time=start, end_time=end):
            if start.utcoffset() or end.utcoffset():
                raise ValueError(f"hours that are not UTC: {price}")
            line = {"hours": [start.strftime("%H:%M"), end.strftime("%H:%M")], **line}
        case None:
            pass
    return line


def rates(prices: source.ModelPrice) -> dict[str, Any]:
    """Rates as decimal strings, and in ``tiers`` those that hold above a size of the prompt."""
    given = {key: value for key, value in vars(prices).items() if value is not None}
    if UNSEEN & given.keys() or "input_mtok" not in given:
        return {}
    line: dict[str, Any] = {}
    tiers: dict[int, dict[str, Any]] = {}
    for key, name in RATES.items():
        value = given.get(key)
        if isinstance(value, source.TieredPrices):
            for tier in value.tiers:
                tiers.setdefault(tier.start, {"above": tier.start})[name] = plain(tier.price)
            value = value.base
        if value is not None:
            line[name] = plain(value)
    if tiers:
        line["tiers"] = [tiers[start] for start in sorted(tiers)]
    return line


def plain(value: Decimal) -> str:
    """Every digit, and no exponent."""
    return format(value, "f")


if __name__ == "__main__":
    main()
