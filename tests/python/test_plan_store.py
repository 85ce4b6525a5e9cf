"""A plan is shared by the homes of a machine, and whatever is wrong with it harms none."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from cx_billing import building, lake, plan_ahead, plan_store, warehouse
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
    """Build in a new home: whether dbt had to run."""
    stand_in.home = stand_in.home.with_name(f"after {stand_in.home.name}")
    return runs_dbt(stand_in.build)


def runs_dbt(build: Callable[[], warehouse.BuildResult]) -> bool:
    """Whether dbt runs in a build that succeeds."""
    runs = []
    run = building.run
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "run", lambda *of, **how: (runs.append(of), run(*of, **how))[1])
        assert build().passed
    return bool(runs)


def fail(*_: object) -> None:
    """What copying does on a full disk, or where somebody else's file is."""
    raise OSError("cannot")


def only_file(cache: Path) -> Path:
    """The one file of a cache, in which nothing else was left."""
    [file] = cache.iterdir()
    return file


def test_another_home_needs_no_dbt(stand_in):
    assert not build_in_another_home(stand_in)
    assert stand_in.published() == 42


def test_without_a_plan_dbt_makes_it_anew(stand_in, cache):
    only_file(cache).unlink()
    assert build_in_another_home(stand_in)
    assert only_file(cache).stat().st_size > 0


def test_a_project_that_changed_has_a_plan_beside_the_one_before(stand_in, cache):
    stand_in.says(43)
    assert build_in_another_home(stand_in)
    assert stand_in.published() == 43
    assert len(list(cache.iterdir())) == 2

    stand_in.says(42)
    assert not build_in_another_home(stand_in)
    assert stand_in.published() == 42


def test_the_plan_of_another_project_changes_no_build(stand_in, cache):
    older = only_file(cache)
    stand_in.says(43)
    build_in_another_home(stand_in)
    [newer] = set(cache.iterdir()) - {older}
    newer.write_bytes(older.read_bytes())
    assert build_in_another_home(stand_in)
    assert newer.read_bytes()[32:] != older.read_bytes()[32:]
    assert stand_in.published() == 43


@pytest.mark.parametrize("damage", ["empty", "cut", "text", "another query"])
def test_a_damaged_file_is_replaced(stand_in, cache, damage):
    """One that can be read, too: its SQL would be run."""
    whole = only_file(cache).read_bytes()
    assert b"select 42 as answer" in whole
    only_file(cache).write_bytes(
        {
            "empty": b"",
            "cut": whole[: len(whole) // 2],
            "text": b"no plan",
            "another query": whole.replace(b"select 42 as answer", b"select 41 as answer"),
        }[damage]
    )
    assert build_in_another_home(stand_in)
    assert stand_in.published() == 42
    assert not build_in_another_home(stand_in), "the file was not replaced by a good one"


def test_only_its_owner_may_open_the_cache(stand_in, cache):
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert stat.S_IMODE(only_file(cache).stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o770, 0o702])
@pytest.mark.parametrize("of", ["folder", "file"])
def test_what_others_may_write_to_is_not_used(stand_in, cache, of, mode):
    what = cache if of == "folder" else only_file(cache)
    before = what.stat().st_mtime_ns
    what.chmod(mode)
    assert build_in_another_home(stand_in)
    assert stand_in.published() == 42
    assert (what.stat().st_mtime_ns == before) == (of == "folder"), "it was written to"
    what.chmod(0o700)
    assert not build_in_another_home(stand_in)


@pytest.mark.parametrize("of", ["folder", "file"])
def test_what_belongs_to_another_user_is_not_used(stand_in, cache, of, monkeypatch):
    file = only_file(cache)
    what = cache if of == "folder" else file
    if os.geteuid() == 0:
        os.chown(what, 1, -1)
    else:
        somebody = os.geteuid() + 1
        monkeypatch.setattr(os, "geteuid", lambda: somebody)
    with pytest.raises(PermissionError, match="another user"):
        plan_store.read(file)


def test_what_root_keeps_is_used_by_all():
    """As in a container, which has no user of its own."""
    for mode in (0o755, 0o100644):
        plan_store.check_owner(os.stat_result((mode, 0, 0, 1, 0, 0, 0, 0, 0, 0)))


def test_no_link_is_followed(stand_in, cache, tmp_path):
    file, elsewhere = only_file(cache), tmp_path / "elsewhere"
    file.rename(elsewhere)
    whole = elsewhere.read_bytes()
    file.symlink_to(elsewhere)
    assert build_in_another_home(stand_in)
    assert only_file(cache).is_file() and not only_file(cache).is_symlink()
    assert elsewhere.read_bytes() == whole


def test_another_version_has_a_file_of_its_own(stand_in, cache, monkeypatch):
    ours = only_file(cache)
    versions = dict.fromkeys(plan_store.VERSIONS, "9.8") | {"cx-billing": "9.9"}
    monkeypatch.setattr(plan_store.metadata, "version", versions.__getitem__)
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
    monkeypatch.setattr(plan_store, "read", fail)
    assert build_in_another_home(stand_in)
    assert stand_in.published() == 42


def test_who_has_no_home_folder_has_no_cache(monkeypatch):
    monkeypatch.delenv("CX_BILLING_CACHE")
    assert plan_store.place_folder().name == "cx-billing"
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: Path("~/.cache") / name)
    assert not plan_store.place(lake.PROJECT_DIR).exists()
    with pytest.raises(OSError):
        plan_store.keep(b"plan", plan_store.place(lake.PROJECT_DIR))


def test_files_that_were_not_used_for_long_are_deleted(cache, tmp_path):
    cache.mkdir(0o700)
    foreign = [cache / name for name in ("0.msgpack", "notes.plan", "1.0_dbt_1.11_notes.plan")]
    files = [
        cache / f"0.2.0_dbt_1.11.{number}_{number:016x}.plan"
        for number in range(plan_store.KEPT_FILES + 1)
    ]
    for second, file in enumerate([*foreign, *files]):
        file.write_bytes(b"old")
        os.utime(file, (second + 1, second + 1))
    newest = cache / plan_store.place(lake.PROJECT_DIR).name
    plan_store.keep(b"plan", newest)
    assert set(cache.iterdir()) == {*foreign, *files[2:], newest}


def test_what_killed_runs_left_is_deleted_and_what_is_being_written_stays(cache, tmp_path):
    cache.mkdir(0o700)
    young, old = (cache / f"{plan_store.TEMPORARY}{name}" for name in ("young", "old"))
    for file in (young, old):
        file.touch()
    os.utime(old, (1, 1))
    shared = cache / plan_store.place(lake.PROJECT_DIR).name
    plan_store.keep(b"plan", shared)
    assert set(cache.iterdir()) == {young, shared}


def test_nothing_is_written_through_a_link_of_a_name_to_be_foreseen(cache, tmp_path):
    shared = cache / "1.0_dbt_1.0_0123456789abcdef.plan"
    cache.mkdir(0o700)
    for name in (f".{shared.name}.{os.getpid()}", plan_store.TEMPORARY, shared.name):
        (cache / name).symlink_to(tmp_path / "elsewhere")
    plan_store.keep(b"plan", shared)
    assert not (tmp_path / "elsewhere").exists()
    assert plan_store.read(shared) == b"plan"


def test_what_cannot_be_written_leaves_nothing(cache, tmp_path):
    (cache / "folder" / "full").mkdir(parents=True)
    with pytest.raises(OSError):
        plan_store.write(cache / "folder", b"plan")
    assert list(cache.iterdir()) == [cache / "folder"]


def test_no_jinja_reads_what_a_plan_leaves_out_of_account():
    """A plan would have another home's value, or what a query said of another lake."""
    files = [
        file
        for folder in ("models", "macros", "seeds", "analyses", "tests/dbt", "tests/unit")
        for file in (lake.PROJECT_DIR / folder).rglob("*")
        if file.suffix in (".sql", ".yml")
    ]
    read = {
        f"{file.relative_to(lake.PROJECT_DIR)}: {found}"
        for file in files
        for found in re.findall(
            r"\btarget\.(?!schema\b)\w+|\b(?:env_var|run_query)\(|\brun_started_at\b",
            file.read_text(),
        )
    }
    assert len(files) > 100
    assert not read


def test_builds_are_planned_ahead_of_the_first_one(cache, tmp_path, capsys, monkeypatch):
    assert plan_ahead.main() == 0
    assert only_file(cache).stat().st_size > 1_000_000
    monkeypatch.setattr(building, "run", fail)
    assert warehouse.build(tmp_path).passed
    assert plan_ahead.main() == 0, "what is there is not made again"
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def small_project(tmp_path, monkeypatch) -> StandIn:
    """A stand-in in place of the project."""
    stand_in = StandIn(tmp_path).says(42)
    monkeypatch.setattr(lake, "PROJECT_DIR", stand_in.project)
    return stand_in


def test_it_is_told_that_a_plan_is_not_kept(cache, small_project, capsys):
    cache.mkdir()
    cache.chmod(0o777)
    assert plan_ahead.main() == 0
    told = capsys.readouterr().err
    assert "others may write to it" in told and str(cache) in told and "CX_BILLING_CACHE" in told
    assert list(cache.iterdir()) == []


def test_planning_ahead_fails_if_the_project_cannot_be_built(cache, small_project, capsys):
    small_project.says("select * from {{ ref('nowhere') }}")
    assert plan_ahead.main() == 1
    assert "nowhere" in capsys.readouterr().err


def test_setup_and_image_plan_ahead():
    """Setup does each time: the plan may be gone, or the project another."""
    makefile, dockerfile = (
        (lake.PROJECT_DIR / name).read_text() for name in ("Makefile", "Dockerfile")
    )
    assert re.search(r"^setup:.*\n\t@\$\(BIN\)/python -m cx_billing.plan_ahead$", makefile, re.M)
    readable = "RUN venv/bin/python -m cx_billing.plan_ahead && chmod -R a+rX cache\n"
    assert "ENV CX_BILLING_CACHE=/app/cache\n# " in dockerfile and readable in dockerfile
