"""Who may read a home, which keys are none, and what a reader of DuckDB can reach."""

from __future__ import annotations

import grp
import os
import re
import secrets
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import duckdb
import pytest

from command_line import cx_billing
from cx_billing import access, builds, customer_key, dbt_runs, duck, lake, landing, warehouse
from cx_billing.customer_key import KEY_FILE, UnusableKeyError
from deliveries import USERS
from published_marts import publish_marts
from stand_in import StandIn


def modes(home: Path) -> dict[str, int]:
    """The rights of a home and of all that is in it; links have none."""
    paths = (path for path in home.rglob("*") if not path.is_symlink())
    return {str(path.relative_to(home)): mode_of(path) for path in (home, *paths)}


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def is_private(path: Path, mode: int) -> bool:
    return mode == (0o700 if path.is_dir() else 0o600)


@pytest.fixture
def open_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def stand_in(tmp_path, open_umask) -> StandIn:
    return StandIn(tmp_path)


def test_a_home_is_its_owners_alone(warehouse, open_umask):
    warehouse.landed(USERS)
    StandIn(warehouse.home.parent).says(42).build()
    found = modes(warehouse.home)
    assert {"lake", "builds", "logs/dbt.log", KEY_FILE} <= set(found)
    assert {
        name: oct(mode)
        for name, mode in found.items()
        if not is_private(warehouse.home / name, mode)
    } == {}
    assert os.umask(0o022) == 0o022


def test_the_database_of_plain_dbt_is_its_owners_alone(tmp_path, open_umask):
    outcome = dbt_runs.run(["run", "--select", "int_as_of"], tmp_path, tmp_path / "dev.duckdb")
    assert outcome.success, outcome.exception
    assert mode_of(tmp_path / "dev.duckdb") == mode_of(tmp_path / "dev_private.duckdb") == 0o600


def test_a_home_of_an_earlier_release_is_closed(stand_in):
    stand_in.says(42).build()
    key = stand_in.home / KEY_FILE
    for path in (stand_in.home, *stand_in.home.rglob("*")):
        if path != key and not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    mine = stand_in.home / "notes.txt"
    mine.write_text("mine")
    stand_in.says(43).build()
    found = modes(stand_in.home)
    assert found.pop("notes.txt") == 0o644
    assert all(is_private(stand_in.home / name, mode) for name, mode in found.items())


def test_a_folder_that_is_more_than_a_home_keeps_its_rights(tmp_path, open_umask):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    (shared / "lake").mkdir()
    with access.private_home(shared):
        pass
    assert mode_of(shared) == 0o1777
    assert mode_of(shared / "lake") == 0o700


def own_group() -> grp.struct_group:
    return grp.getgrgid(os.getgid())


def test_a_group_of_readers_may_read_what_is_published_and_nothing_else(stand_in):
    stand_in.says(41).build(readers=own_group().gr_name)
    stand_in.says(42).build(readers=own_group().gr_name)
    found = modes(stand_in.home)
    opened = {name: mode for name, mode in found.items() if mode & 0o077}
    assert opened == {
        ".": 0o710,
        "builds": 0o710,
        "builds/2": 0o750,
        "builds/2/cx_billing.duckdb": 0o640,
    }
    landing.land(make_inbox(stand_in.home.parent), stand_in.home)
    assert mode_of(stand_in.home) == 0o710, "landing leaves the readers in"
    stand_in.says(43).build()
    assert not [mode for mode in modes(stand_in.home).values() if mode & 0o077]


def make_inbox(folder: Path) -> Path:
    file = folder / "inbox" / "acme" / "users" / "a.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(USERS)
    return folder / "inbox"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_who_is_in_the_group_reads_what_is_published(stand_in):
    group = 54321
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        stand_in.home = folder / "home"
        private = stand_in.home / "builds" / "1" / "cx_billing_private.duckdb"
        stand_in.says(42).build(readers=str(group))
        private.touch(0o600)

        def reads(path: Path, **who: int) -> bool:
            return not subprocess.run(["cat", path], capture_output=True, **who).returncode

        reader = {"user": 65534, "group": group, "extra_groups": []}
        stranger = {"user": 65534, "group": 65534, "extra_groups": []}
        assert reads(stand_in.home / builds.PUBLISHED, **reader)
        assert not reads(stand_in.home / builds.PUBLISHED, **stranger)
        assert not reads(private, **reader)
        assert not reads(stand_in.home / "logs" / "dbt.log", **reader)
    finally:
        shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_who_is_in_the_group_can_show_pages(open_umask):
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        home = publish_marts(folder / "home")
        publish_marts(home, 8)
        access.close(home)
        access.open_build(home, (home / builds.PUBLISHED).resolve(), 54321)
        os.setegid(54321)
        os.seteuid(65534)
        try:
            assert "1,246.85" in cx_billing("--home", home, "show", "invoices")
            assert "Acme" in cx_billing("--home", home, "show", "index", "--json")
            with pytest.raises(PermissionError):
                list((home / "lake").iterdir())
        finally:
            os.seteuid(0)
            os.setegid(0)
    finally:
        shutil.rmtree(folder)


def test_a_group_that_is_not_there_stops_the_build_at_once(stand_in):
    with pytest.raises(warehouse.WarehouseError, match="no group 'nobody-we-know'"):
        stand_in.says(42).build(readers="nobody-we-know")
    assert not (stand_in.home / "builds").exists()


def test_who_is_not_in_a_group_cannot_open_anything_to_it(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(access.AccessError, match="You are not in the group '54321'"):
        access.find_group("54321")


def test_the_readers_are_named_by_an_option_or_the_environment(tmp_path, monkeypatch):
    (tmp_path / "lake").mkdir()
    monkeypatch.setenv("CX_BILLING_READERS", "nobody-we-know")
    assert "no group 'nobody-we-know'" in cx_billing("--home", tmp_path, "build", code=2)
    said = cx_billing("--home", tmp_path, "build", "--readers", "nor-this", code=2)
    assert "no group 'nor-this'" in said


WEAK = {
    "empty": ("", "it is empty"),
    "blank": ("  \n", "it is empty"),
    "short": (secrets.token_hex(15), "it has 30 characters"),
    "one character": ("a" * 64, "1 different character"),
    "few characters": ("abcdefg" * 3 + "gfedcba" * 3, "only 7 different characters"),
    "a word again and again": ("correct-horse-battery" * 3, "again and again"),
    "counted": ("0123456789abcdefghijklmnopqrstuvwxyz", "follow each other"),
    "counted backwards": ("zyxwvutsrqponmlkjihgfedcba9876543210", "follow each other"),
}


@pytest.mark.parametrize("kind", WEAK)
def test_a_key_that_can_be_guessed_is_refused(kind, tmp_path, monkeypatch):
    key, why = WEAK[kind]
    monkeypatch.delenv(customer_key.VARIABLE, raising=False)
    (tmp_path / KEY_FILE).write_text(key)
    (tmp_path / KEY_FILE).chmod(0o600)
    with pytest.raises(UnusableKeyError, match=why):
        customer_key.customer_key(tmp_path)
    (tmp_path / KEY_FILE).unlink()
    monkeypatch.setenv(customer_key.VARIABLE, key)
    with pytest.raises(UnusableKeyError, match=why):
        customer_key.customer_key(tmp_path)
    assert not (tmp_path / KEY_FILE).exists()


def test_no_random_key_is_taken_for_a_weak_one():
    for length in (16, 32):
        for _ in range(2000):
            key = secrets.token_hex(length)
            assert customer_key.check_strength(key, "", "") == key


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_key_that_others_may_know_is_refused(mode, stand_in, monkeypatch):
    monkeypatch.delenv(customer_key.VARIABLE, raising=False)
    stand_in.says(42).build()
    (stand_in.home / KEY_FILE).chmod(mode)
    stand_in.home.chmod(0o755)
    with pytest.raises(warehouse.WarehouseError, match=r"others than its owner .* chmod 600"):
        stand_in.build()
    (stand_in.home / KEY_FILE).chmod(0o600)
    assert stand_in.build().passed


def test_a_folder_is_no_key(tmp_path, monkeypatch):
    monkeypatch.delenv(customer_key.VARIABLE, raising=False)
    (tmp_path / KEY_FILE).mkdir()
    with pytest.raises(UnusableKeyError, match="is no file"):
        customer_key.customer_key(tmp_path)


def test_a_weak_key_is_a_message_of_the_command(tmp_path, monkeypatch):
    (tmp_path / "lake").mkdir()
    monkeypatch.setenv(customer_key.VARIABLE, "geheim")
    said = cx_billing("--home", tmp_path, "build", code=2)
    assert "CX_BILLING_CUSTOMER_KEY holds no key" in said and "geheim" not in said


# What DuckDB reaches.


def test_duckdb_is_opened_in_one_place():
    opened = {
        str(file.relative_to(lake.PACKAGE))
        for file in lake.PACKAGE.rglob("*.py")
        if re.search(r"\bduckdb\.connect\(", file.read_text("utf-8"))
    }
    assert opened == {"duck.py", "dispute/package.py"}, "the second is what the vendor runs"


def test_no_connection_fetches_an_extension(home):
    for connection in (duck.connect(), warehouse.connect(home)):
        with connection:
            for setting in ("autoinstall_known_extensions", "autoload_known_extensions"):
                assert connection.sql(f"select current_setting('{setting}')").fetchone() == (False,)
    profile = (lake.PROJECT_DIR / "profiles.yml").read_text()
    assert "autoinstall_known_extensions: false" in profile


@pytest.mark.parametrize(
    "query",
    [
        "from read_text('{file}')",
        "attach '{database}' as other (read_only)",
        "copy (select 1) to '{file}.copy'",
        "set enable_external_access = true",
        "install httpfs",
        "load httpfs",
    ],
)
def test_a_reader_reaches_no_other_file(query, home, tmp_path):
    file, database = tmp_path / "secret.txt", tmp_path / "other.duckdb"
    file.write_text("secret")
    duckdb.connect(str(database)).close()
    with warehouse.connect(home) as reader:
        with pytest.raises(duckdb.Error):
            reader.execute(query.format(file=file, database=database))
        assert reader.sql("select count(*) from marts.invoices").fetchone() == (3,)


def test_a_reader_reaches_the_build_before_to_compare(tmp_path):
    publish_marts(tmp_path, 1)
    publish_marts(tmp_path, 2)
    private = tmp_path / "builds" / "2" / "cx_billing_private.duckdb"
    duckdb.connect(str(private)).close()
    assert "What is published" in cx_billing("--home", tmp_path, "status")
    with warehouse.connect(tmp_path) as reader:
        reader.execute(f"attach '{tmp_path}/builds/1/cx_billing.duckdb' as earlier (read_only)")
        with pytest.raises(duckdb.Error):
            reader.execute(f"attach '{private}' as private (read_only)")


def test_a_reader_may_write_below_a_folder_that_is_named(home, tmp_path):
    (tmp_path / "out").mkdir()
    with warehouse.connect(home, [tmp_path / "out"]) as reader:
        reader.execute(f"copy (select 1) to '{tmp_path}/out/a.csv'")
        for outside in (tmp_path / "out.csv", tmp_path / "out" / ".." / "b.csv"):
            with pytest.raises(duckdb.Error):
                reader.execute(f"copy (select 1) to '{outside}'")
