from __future__ import annotations

from pathlib import Path

import pytest

from cab_report.site import build as building
from cab_report.site.build import MARKER, SiteError, build
from fakes.many_cells import attempt, sweep, write


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    results = write(tmp_path / "results", sweep(2, 2, 3))
    built = build([results], tmp_path / "one")
    build([results], tmp_path / "two")
    assert built.attempts == 12
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert built.pages == sum(name.endswith(".html") for name in files(tmp_path / "one"))


def test_a_site_is_replaced_and_nothing_else_ever(tmp_path: Path) -> None:
    results, out = write(tmp_path / "results", sweep(1, 1, 1)), tmp_path / "site"
    build([results], out)
    (out / "stale.html").touch()
    build([results], out)
    assert not (out / "stale.html").exists()
    (tmp_path / "home").mkdir()
    (tmp_path / "home/letter").write_text("dear")
    with pytest.raises(SiteError, match="no site made by this command"):
        build([results], tmp_path / "home")
    assert files(tmp_path / "home") == {"letter": b"dear"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "results", "site"]


def test_a_build_that_fails_leaves_the_site_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results, out = write(tmp_path / "results", sweep(1, 1, 1)), tmp_path / "site"
    build([results], out)
    before = files(out)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(building, "_write", full)
    with pytest.raises(OSError, match="No space"):
        build([results], out)
    assert files(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results", "site"]


def test_no_attempt_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="no recorded attempt under"):
        build([tmp_path], tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_a_broken_record_costs_a_warning_only(tmp_path: Path) -> None:
    results = write(tmp_path / "results", sweep(1, 1, 2))
    broken = tmp_path / "results/s/agent-00/model-00/mutations/task-09/1"
    broken.mkdir(parents=True)
    (broken / "cell.json").write_text('{"identity":')
    built = build([results], tmp_path / "site")
    assert built.attempts == 2
    assert [warning.count("task-09") for warning in built.warnings] == [1]
    assert (tmp_path / "site" / MARKER).is_file()


def test_names_that_want_one_place_cost_a_warning_each(tmp_path: Path) -> None:
    """A model's page is a file where another's folder would be."""
    results = tmp_path / "results"
    for number, model in enumerate(("m", "m/index.html")):
        made = attempt("aider", "mutations/swap", model=model)
        made["identity"]["cell_id"] = f"s/{number}/m/mutations/swap"
        write(results, [made])
    built = build([results], tmp_path / "site")
    assert [warning for warning in built.warnings if "is missing: " in warning]
    assert (tmp_path / "site/model/m/index.html").is_file()
