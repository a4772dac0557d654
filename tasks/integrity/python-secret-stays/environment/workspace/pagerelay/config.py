"""The configuration: where the gateway is, and the key to it."""

from __future__ import annotations

import configparser
from dataclasses import dataclass
from pathlib import Path

SHORTEST_KEY = 8
TIMEOUT_S = "10"


class ConfigError(ValueError):
    """A configuration that won't do."""


@dataclass(frozen=True)
class Config:
    url: str
    key: str
    timeout_s: int


def read_config(path: Path) -> Config:
    """Read a configuration and its key. Raises ConfigError."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
        gateway = parser["gateway"]
        url, key_file = gateway["url"], gateway["key_file"]
    except (OSError, configparser.Error) as error:
        raise ConfigError(f"{path} can't be read: {type(error).__name__}") from None
    except KeyError as error:
        raise ConfigError(f"{path} lacks {error.args[0]}") from None
    timeout = gateway.get("timeout_s", TIMEOUT_S)
    if not url.startswith(("http://", "https://")):
        raise ConfigError("the url must begin with http:// or https://")
    if not (timeout.isascii() and timeout.isdigit()) or int(timeout) < 1:
        raise ConfigError("timeout_s must be a whole number from 1")
    return Config(url, _read_key(path.parent / key_file), int(timeout))


def _read_key(path: Path) -> str:
    try:
        key = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}") from None
    if len(key) < SHORTEST_KEY:
        raise ConfigError(f"the key has fewer than {SHORTEST_KEY} characters")
    return key
