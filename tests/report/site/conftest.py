"""Sites that several tests look at, made once a worker."""

from __future__ import annotations

from pathlib import Path

import pytest

from cab_report.site.build import build
from fakes import sites
from fakes.sites import MadeSite


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results that the simulator played."""
    return sites.played(tmp_path_factory.mktemp("played") / "results")


@pytest.fixture(scope="session")
def made_site(played: Path, tmp_path_factory: pytest.TempPathFactory) -> MadeSite:
    """Of played attempts, many records without files, and hostile ones."""
    folder = tmp_path_factory.mktemp("site")
    one = sites.played_attempt(played)
    results = (played, sites.many(folder / "many"), sites.hostile(folder / "hostile", one))
    root = folder / "www/some/prefix"
    return MadeSite(results=results, www=folder / "www", root=root, built=build(results, root))
