from __future__ import annotations

from pathlib import Path

import pytest

from cab_report.results.runs import SITE_MARKER
from cab_report.site import build as building
from cab_report.site.build import build
from cab_report.site.place import SiteError
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
    (out / "agent/stale.html").touch()
    build([results], out)
    assert not (out / "agent/stale.html").exists()
    (tmp_path / "home").mkdir()
    (tmp_path / "home/letter").write_text("dear")
    with pytest.raises(SiteError, match="has letter, which this command did not make"):
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
    (tmp_path / "results").mkdir()
    with pytest.raises(SiteError, match="no recorded attempt under"):
        build([tmp_path / "results"], tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_a_broken_record_costs_a_warning_only(tmp_path: Path) -> None:
    results = write(tmp_path / "results", sweep(1, 1, 2))
    broken = tmp_path / "results/s/agent-00/model-00/mutations/task-09/1"
    broken.mkdir(parents=True)
    (broken / "cell.json").write_text('{"identity":')
    built = build([results], tmp_path / "site")
    assert built.attempts == 2
    assert [warning.count("task-09") for warning in built.warnings] == [1]
    assert (tmp_path / "site" / SITE_MARKER).is_file()


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


def test_only_broken_records_are_named(tmp_path: Path) -> None:
    (tmp_path / "results/a").mkdir(parents=True)
    (tmp_path / "results/a/cell.json").write_text("{")
    with pytest.raises(SiteError, match=r"nothing to show: .*results/a/cell\.json is left out"):
        build([tmp_path / "results"], tmp_path / "site")


def test_what_was_added_to_a_site_is_not_lost(tmp_path: Path) -> None:
    results, out = write(tmp_path / "results", sweep(1, 1, 1)), tmp_path / "site"
    build([results], out)
    (out / "CNAME").write_text("bench.example.org")
    with pytest.raises(SiteError, match="has CNAME, which this command did not make"):
        build([results], out)


def test_a_site_never_takes_the_place_of_what_is_read(tmp_path: Path) -> None:
    results = write(tmp_path / "results", sweep(1, 1, 1))
    before = files(results)
    (tmp_path / "link").symlink_to(results)
    for out in (results, results / "site", tmp_path, tmp_path / "link/../results/s"):
        with pytest.raises(SiteError, match="lie in each other"):
            build([results], out)
    assert files(results) == before


def test_a_site_beside_results_is_not_read_as_results(tmp_path: Path) -> None:
    results = write(tmp_path / "results", sweep(1, 1, 1))
    build([results], tmp_path / "site")
    (tmp_path / "site").rename(results / "site")
    assert build([results], tmp_path / "other").attempts == 1
