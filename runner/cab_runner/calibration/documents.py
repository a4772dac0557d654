"""Calibration documents: one JSON file an agent, that probes are added to.

Invariants
----------
* A probe's figures stand beside those of the same agent, version and image only: of another, the document
  begins anew.
* A document is written whole after each probe, so an interrupted calibration keeps what was done.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cab_runner import results
from cab_runner.calibration.probes import PROBES
from cab_runner.errors import CabError

SCHEMA_VERSION: Final = 1
Document = dict[str, Any]


def load(folder: Path) -> list[Document]:
    """Every document of a folder, by agent. Raises :class:`CabError` for one that can't be read."""
    return [document for path in sorted(folder.glob("*.json")) if (document := _read(path))]


def open_document(folder: Path, identity: Mapping[str, Any]) -> Document:
    """The document of an agent as ``identity`` has it (``agent, version, image_id, …``): the stored one if
    that is of the same, else an empty one.
    """
    path = folder / f"{identity['agent']}.json"
    stored = _read(path) if path.is_file() else None
    fresh = {"schema_version": SCHEMA_VERSION, **identity, "probes": {}}
    return stored if stored and stored | {"probes": {}} == fresh else fresh


def add(folder: Path, document: Document, probe: str, found: Mapping[str, Any]) -> None:
    """Put a probe's figures into a document, and write it."""
    probes = document["probes"] | {probe: dict(found)}
    document["probes"] = {p.name: probes[p.name] for p in PROBES if p.name in probes}
    folder.mkdir(parents=True, exist_ok=True)
    results.write_json(folder / f"{document['agent']}.json", document)


def _read(path: Path) -> Document:
    try:
        document = json.loads(path.read_bytes())
        if document["schema_version"] > SCHEMA_VERSION:
            raise CabError(f"{path} is of a newer schema_version: upgrade this program")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CabError(f"{path} is no calibration document ({error}): remove it") from None
    assert isinstance(document, dict)
    return document
