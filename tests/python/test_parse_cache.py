"""What dbt parsed is shared by the homes of a machine, and whatever is wrong with it harms none."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.parser.manifest import ManifestLoader
from dbt.version import __version__ as dbt_version

from cx_billing import lake, parse_cache, warehouse
from stand_in import StandIn


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """A cache of one test, empty."""
    monkeypatch.setenv("CX_BILLING_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def stand_in(tmp_path, cache) -> StandIn:
    """A project, built in one home."""
    stand_in = StandIn(tmp_path)
    assert stand_in.says(42).build().passed
    return stand_in


def build_in_another_home(stand_in: StandIn) -> bool:
    """Build in a new home: whether dbt had to parse anything."""
    stand_in.home = stand_in.home.with_name(f"after {stand_in.home.name}")
    return parses(stand_in.build)


def parses(run: Callable[[], object]) -> bool:
    """Whether dbt parses anything in a run that succeeds: it writes that down then."""
    written = []
    write = ManifestLoader.write_manifest_for_partial_parse
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            *(ManifestLoader, "write_manifest_for_partial_parse"),
            lambda loader: written.append(write(loader)),
        )
        outcome = run()
    assert getattr(outcome, "passed", False) or outcome.success
    return bool(written)


def fail(*_: object) -> None:
    """What copying does on a full disk, or where somebody else's file is."""
    raise OSError("cannot")


def only_file(cache: Path) -> Path:
    """The one file of a cache, in which nothing else was left."""
    [file] = cache.iterdir()
    return file


def test_nothing_of_the_project_is_parsed_for_another_home(manifest, tmp_path):
    """No file of the project and no setting that dbt compares depends on the home."""
    assert manifest["nodes"]
    assert not parses(lambda: warehouse.run(["parse"], tmp_path, tmp_path / "parsed.duckdb"))


def test_another_home_starts_from_what_was_parsed(stand_in):
    assert not build_in_another_home(stand_in)
    assert stand_in.published() == 42


def test_without_a_cache_it_is_parsed_anew(stand_in, cache):
    only_file(cache).unlink()
    assert build_in_another_home(stand_in)
    assert only_file(cache).stat().st_size > 0


def test_a_project_that_changed_is_parsed_anew_beside_the_one_before(stand_in, cache):
    stand_in.says(43)
    assert build_in_another_home(stand_in)
    assert stand_in.published() == 43
    assert len(list(cache.iterdir())) == 2

    stand_in.says(42)
    assert not build_in_another_home(stand_in)
    assert stand_in.published() == 42


def test_what_was_parsed_in_part_is_not_shared(stand_in, cache):
    """dbt loses what the YAML says of a data test when only other files are parsed anew."""
    stand_in.says(43)
    assert parses(stand_in.build)
    assert only_file(cache)


def test_what_was_parsed_of_another_project_changes_no_build(stand_in, cache):
    older = only_file(cache)
    stand_in.says(43)
    build_in_another_home(stand_in)
    [newer] = set(cache.iterdir()) - {older}
    newer.write_bytes(older.read_bytes())
    build_in_another_home(stand_in)
    assert stand_in.published() == 43


@pytest.mark.parametrize("damage", ["empty", "cut", "text", "another dbt"])
def test_a_damaged_or_foreign_file_is_replaced(stand_in, cache, damage):
    whole = only_file(cache).read_bytes()
    assert dbt_version.encode() in whole
    only_file(cache).write_bytes(
        {
            "empty": b"",
            "cut": whole[: len(whole) // 2],
            "text": b"no parsed project",
            "another dbt": whole.replace(dbt_version.encode(), b"9" * len(dbt_version)),
        }[damage]
    )
    assert build_in_another_home(stand_in)
    assert stand_in.published() == 42
    assert not build_in_another_home(stand_in), "the file was not replaced by a good one"


def test_another_version_has_a_file_of_its_own(stand_in, cache, monkeypatch):
    ours = only_file(cache)
    versions = {"cx-billing": "9.9", "dbt-core": "9.8"}
    monkeypatch.setattr(parse_cache.metadata, "version", versions.__getitem__)
    assert build_in_another_home(stand_in)
    assert {file for file in cache.iterdir() if file.name.startswith("9.9_dbt_9.8_")} == {
        file for file in cache.iterdir() if file != ours
    }
    assert len(list(cache.iterdir())) == 2


def test_a_cache_that_cannot_be_written_costs_no_build(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CX_BILLING_CACHE", str(tmp_path / "file" / "cache"))
    stand_in = StandIn(tmp_path).says(42)
    assert stand_in.build().passed
    assert build_in_another_home(stand_in)
    assert stand_in.published() == 42


def test_a_cache_that_cannot_be_read_costs_no_build(stand_in, monkeypatch):
    monkeypatch.setattr(parse_cache.shutil, "copyfile", fail)
    assert build_in_another_home(stand_in)
    assert stand_in.published() == 42


def test_who_has_no_home_folder_has_no_cache(monkeypatch):
    monkeypatch.delenv("CX_BILLING_CACHE")
    assert parse_cache.place_folder().name == "cx-billing"
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: Path("~/.cache") / name)
    assert not parse_cache.place(lake.PROJECT_DIR).exists()
    with pytest.raises(OSError):
        parse_cache.share(lake.SOURCES_FILE, parse_cache.place(lake.PROJECT_DIR))


def test_files_that_were_not_used_for_long_are_deleted(cache, tmp_path):
    parsed = tmp_path / parse_cache.PARSED
    parsed.write_bytes(b"parsed")
    files = [cache / f"{number}.msgpack" for number in range(parse_cache.KEPT_FILES + 1)]
    for second, file in enumerate(files):
        parse_cache.share(parsed, file)
        os.utime(file, (second + 1, second + 1))
    parse_cache.share(parsed, cache / "newest.msgpack")
    assert set(cache.iterdir()) == {*files[2:], cache / "newest.msgpack"}


def test_dbt_compares_every_setting_as_before_when_a_run_is_over(stand_in):
    keys = DuckDBCredentials._connection_keys(DuckDBCredentials())
    assert set(parse_cache.PLACES) < set(keys)


def test_no_jinja_reads_what_the_cache_leaves_out_of_account():
    """A model that did would be taken from another home, with that home's value."""
    files = [
        file
        for folder in ("models", "macros", "seeds", "analyses", "tests/dbt", "tests/unit")
        for file in (lake.PROJECT_DIR / folder).rglob("*")
        if file.suffix in (".sql", ".yml")
    ]
    read = {
        f"{file.relative_to(lake.PROJECT_DIR)}: {found}"
        for file in files
        for found in re.findall(r"\btarget\.(?!schema\b)\w+|\benv_var\(", file.read_text())
    }
    assert len(files) > 100
    assert not read


def test_the_project_is_parsed_ahead_for_the_first_build(cache, tmp_path):
    assert warehouse.parse_ahead()
    assert only_file(cache).stat().st_size > 1_000_000
    first = {"home": tmp_path, "database": tmp_path / "cx_billing.duckdb", "unit_tests": False}
    assert not parses(lambda: warehouse.run(["parse"], **first))
