"""Publishing: a stand-in dbt project of one model shows that readers never see half a build."""

from __future__ import annotations

import ast
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from cx_billing import builds as build_folders
from cx_billing import changes, dbt_runs, failures, lake, landing, rules, warehouse
from cx_billing.customer_key import KEY_FILE, customer_key
from cx_billing.dbt_plugin import parse_one_at_a_time
from small_inbox import Inbox
from stand_in import FOREVER, StandIn


@pytest.fixture
def stand_in(tmp_path) -> StandIn:
    return StandIn(tmp_path)


def test_a_good_build_is_published_as_a_relative_link(stand_in):
    steps = []
    result = stand_in.says(42).build(on_event=steps.append)

    assert result.passed
    assert result.published == stand_in.home / "cx_billing.duckdb"
    assert result.published.readlink() == Path("builds/1/cx_billing.duckdb")
    assert stand_in.published() == 42
    assert [(step.done, step.total) for step in steps] == [(0, 2), (1, 2), (1, 2), (2, 2)]
    assert {file.name for file in (stand_in.home / "builds").iterdir()} == {"1"}


def test_a_build_that_moves_final_invoices_beyond_the_limits_is_not_published(
    stand_in, monkeypatch
):
    stand_in.says(42).build()
    rows = [{"org_id": "acme", "total_before": 1, "total_now": 90_000}]
    monkeypatch.setattr(changes, "find_implausible_invoices", lambda _home, _database: rows)

    result = stand_in.says(43).build()
    assert [(failure.name, failure.rows) for failure in result.failures] == [
        ("final_invoices_move_within_limits", tuple(rows))
    ]
    assert (result.published, stand_in.published(), stand_in.builds()) == (None, 42, ["1"])
    assert result.database == stand_in.home / "builds" / "failed" / "cx_billing.duckdb"

    assert stand_in.build(accept_changes=True).passed
    assert stand_in.published() == 43


def test_the_home_can_be_moved(stand_in, tmp_path):
    stand_in.says(42).build()
    stand_in.home = stand_in.home.rename(tmp_path / "elsewhere")
    assert stand_in.published() == 42


def test_a_failing_test_publishes_nothing_and_shows_its_rows(stand_in):
    stand_in.says(42).build()
    result = stand_in.says("select 100 + i as answer from range(9) t(i)").build()

    assert not result.passed
    assert result.published is None
    assert stand_in.published() == 42
    assert stand_in.builds() == ["1"]
    (failure,) = result.failures
    assert failure.name == "answers_are_small"
    assert failure.file == "tests/answers_are_small.sql"
    assert failure.description == "No answer is above 99."
    assert "9 results" in failure.message
    assert len(failure.rows) == failures.SHOWN_ROWS
    assert all(row["answer"] > 99 for row in failure.rows)
    failed = stand_in.home / "builds" / "failed" / "cx_billing.duckdb"
    assert result.database == failed
    with duckdb.connect(str(failed), read_only=True) as kept:
        assert kept.sql("select count(*) from marts.answers").fetchone() == (9,)


def test_a_failing_model_publishes_nothing_and_says_why(stand_in):
    stand_in.says(42).build()
    result = stand_in.says("select no_such_column as answer").build()

    assert stand_in.published() == 42
    (failure,) = result.failures
    assert failure.file == "models/answers.sql"
    assert "no_such_column" in failure.message
    assert "no_such_column" in (stand_in.home / "logs" / "dbt.log").read_text()
    assert result.skipped == 1


def test_a_project_that_dbt_cannot_parse_publishes_nothing(stand_in):
    stand_in.says(42).build()
    result = stand_in.says("select * from {{ ref('nothing') }}").build()

    assert stand_in.published() == 42
    assert "nothing" in result.failures[0].message


def test_a_good_build_follows_a_failed_one(stand_in):
    assert not stand_in.says(100).build().passed
    with pytest.raises(warehouse.WarehouseError, match="no published warehouse"):
        stand_in.published()
    assert stand_in.says(43).build().passed
    assert stand_in.published() == 43


def test_a_part_is_built_but_not_published(stand_in):
    stand_in.says(42).build()
    result = stand_in.says(43).build(select="answers")

    assert result.passed
    assert result.published is None
    assert stand_in.published() == 42
    with duckdb.connect(str(result.database), read_only=True) as part:
        assert part.sql("select answer from marts.answers").fetchone() == (43,)


def test_an_open_reader_keeps_its_answer_and_a_new_one_gets_the_new(stand_in):
    stand_in.says(1).build()
    with warehouse.connect(stand_in.home) as reader:
        stand_in.says(2).build()
        assert reader.sql("select answer from marts.answers").fetchone() == (1,)
        assert stand_in.published() == 2
        for answer in (3, 4, 5):  # by now the reader's build is pruned
            stand_in.says(answer).build()
        assert stand_in.builds() == ["3", "4", "5"]
        assert reader.sql("select answer from marts.answers").fetchone() == (1,)
    assert stand_in.published() == 5


STORED_QUERY = "select answer from cx_billing.marts.answers"
ASK_ELSEWHERE = """
import duckdb, sys
_, file, query = sys.argv
print(duckdb.connect(file, read_only=True).sql(query).fetchone()[0])
"""


def test_a_stored_query_survives_every_build(stand_in):
    """A BI tool keeps the catalog's name: in a new process as in one that stays open."""
    for answer in (1, 2, 3):
        link = stand_in.says(answer).build().published
        with duckdb.connect(str(link), read_only=True) as here:
            assert here.sql("select current_catalog()").fetchone() == ("cx_billing",)
            assert here.sql(STORED_QUERY).fetchone() == (answer,)
        elsewhere = subprocess.run(
            [sys.executable, "-c", ASK_ELSEWHERE, str(link), STORED_QUERY],
            capture_output=True,
            text=True,
            check=True,
        )
        assert elsewhere.stdout.strip() == str(answer)
    assert stand_in.builds() == ["1", "2", "3"]


def test_pruning_spares_the_published_build(stand_in):
    builds = stand_in.home / "builds"
    for number in range(1, 11):
        touch_build(builds / str(number))
    build_folders.publish(stand_in.home, builds / "2" / build_folders.PUBLISHED)

    build_folders.prune(stand_in.home)

    assert stand_in.builds() == ["2", "8", "9", "10"]
    assert build_folders.choose_number(builds) == 11
    assert build_folders.find_published(stand_in.home) == 2


def test_only_the_newest_build_keeps_what_is_private(stand_in):
    builds = stand_in.home / "builds"
    for name in ("1", "2", "3", "failed", "selected"):
        touch_build(builds / name)

    build_folders.prune(stand_in.home)

    kept = {file.parent.name for file in builds.glob("*/cx_billing_private.duckdb")}
    assert kept == {"3", "failed", "selected"}
    assert stand_in.builds() == ["1", "2", "3"]


def test_a_home_of_version_0_1_is_continued(stand_in):
    """Its builds were single files, the link pointed to one of them."""
    builds = stand_in.home / "builds"
    builds.mkdir(parents=True)
    for name in ("5", "6", "7", "failed"):
        with duckdb.connect(str(builds / f"{name}.duckdb")) as connection:
            connection.execute(
                f"create schema marts; create table marts.answers as select {name!r} as answer"
            )
    build_folders.publish(stand_in.home, builds / "7.duckdb")
    assert build_folders.find_published(stand_in.home) == 7
    assert stand_in.published() == "7"

    stand_in.says(8).build()
    assert stand_in.published() == 8
    assert build_folders.find_published(stand_in.home) == 8
    assert stand_in.builds() == ["6.duckdb", "7.duckdb", "8"]
    assert not stand_in.says(100).build().passed
    assert not (builds / "failed.duckdb").exists()
    for answer in (9, 10):
        stand_in.says(answer).build()
    assert stand_in.builds() == ["8", "9", "10"]


def touch_build(folder: Path) -> None:
    """A build of two empty files."""
    folder.mkdir(parents=True)
    for file in (
        folder / build_folders.PUBLISHED,
        build_folders.place_private_file(folder / build_folders.PUBLISHED),
    ):
        file.touch()


def test_a_second_build_is_refused_and_a_killed_one_costs_nothing(stand_in):
    stand_in.says(42).build()
    process = stand_in.says(FOREVER).build_elsewhere()
    stand_in.says(43)
    try:
        with pytest.raises(warehouse.BuildLockedError, match=f"process {process.pid}, since"):
            stand_in.build()
        assert stand_in.published() == 42, "a build in progress must not disturb readers"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()

    assert stand_in.published() == 42
    assert stand_in.build().passed
    assert stand_in.published() == 43
    assert not (stand_in.home / "builds" / ".building").exists()


def test_environment_and_directory_are_as_before(stand_in, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CX_BILLING_HOME", "mine")
    monkeypatch.delenv("CX_BILLING_DATABASE", raising=False)
    before = dict(os.environ)
    stand_in.says(42).build()
    assert dict(os.environ) == before
    assert Path.cwd() == tmp_path


@pytest.mark.parametrize("name", ["it's", "wild*", "[1]"])
def test_a_home_that_duckdb_would_misread_is_refused(tmp_path, name):
    with pytest.raises(warehouse.WarehouseError, match="Choose another --home"):
        warehouse.build(tmp_path / name)


def test_a_file_in_the_place_of_the_link_is_not_overwritten(stand_in):
    stand_in.home.mkdir()
    (stand_in.home / "cx_billing.duckdb").write_text("somebody's data")
    with pytest.raises(warehouse.WarehouseError, match="not a link"):
        stand_in.says(42).build()


def test_what_is_published_holds_marts_and_reference_only(sample_warehouse):
    """Staging and intermediate, with raw text and numbers, lie in a file beside it."""
    published = (sample_warehouse / build_folders.PUBLISHED).resolve()
    schemas = "select distinct table_schema from information_schema.tables order by all"
    with warehouse.connect(sample_warehouse) as connection:
        assert connection.sql(schemas).fetchall() == [("marts",), ("reference",)]
    with duckdb.connect(
        str(build_folders.place_private_file(published)), read_only=True
    ) as connection:
        assert connection.sql(schemas).fetchall() == [("intermediate",), ("staging",)]
    assert published.stat().st_size < 8_000_000


def test_the_private_file_is_readable_to_its_owner_only(sample_warehouse):
    published = (sample_warehouse / build_folders.PUBLISHED).resolve()
    assert build_folders.place_private_file(published).stat().st_mode & 0o077 == 0
    assert published.stat().st_mode & 0o400


def test_a_database_of_plain_dbt_needs_its_ending(tmp_path):
    outcome = dbt_runs.run(["run", "--select", "int_as_of"], tmp_path, tmp_path / "billing.db")
    assert "ends in .duckdb" in str(outcome.exception or outcome.result)
    assert not list(tmp_path.glob("*_private.duckdb"))


def test_the_rows_that_break_a_data_test_of_private_models_are_shown(sample_warehouse):
    published = (sample_warehouse / build_folders.PUBLISHED).resolve()
    query = "select org_id from private.staging.stg_contracts"
    result = SimpleNamespace(status="fail", node=SimpleNamespace(compiled_code=query))
    rows, organizations = failures.read_offending_rows(result, published)
    assert "harbor-bank" in organizations
    assert len(rows) == failures.SHOWN_ROWS
    assert all(set(row) == {"org_id"} for row in rows)


def test_a_file_landed_during_a_build_is_in_the_next_one(tmp_path):
    """A build reads one moment of the lake, whatever lands meanwhile."""
    inbox, late, home = tmp_path / "inbox", tmp_path / "late", tmp_path / "home"
    shutil.copytree(lake.PROJECT_DIR / "sample" / "inbox" / "harbor-bank", inbox / "acme")
    day = late / "acme" / "user_presence" / "late.csv"
    day.parent.mkdir(parents=True)
    day.write_text(
        "user_id,system_presence,start_time,end_time\nu-late,AVAILABLE,"
        "2026-02-03T08:00:00Z,2026-02-03T17:00:00Z\n"
    )
    landing.land(inbox, home)

    def land_late(step):
        if step.node == "stg_user_presence" and not day.with_suffix(".done").exists():
            day.with_suffix(".done").touch()
            landing.land(late, home)

    def late_rows(result):
        with duckdb.connect(str(result.database), read_only=True) as connection:
            return connection.execute(
                "select (select count(*) from marts.user_hours_daily where user_id = 'u-late'),"
                " (select count(*) from marts.load_audit where source_file like '%late.csv')"
            ).fetchone()

    as_of = date(2026, 5, 5)
    assert late_rows(warehouse.build(home, as_of=as_of, on_event=land_late)) == (0, 0)
    assert late_rows(warehouse.build(home, as_of=as_of)) == (1, 1)


def test_the_customer_key_is_made_once_and_never_empty(tmp_path, monkeypatch):
    monkeypatch.delenv("CX_BILLING_CUSTOMER_KEY", raising=False)
    home = tmp_path / "home"
    key = customer_key(home)
    assert len(key) == 64
    assert customer_key(home) == key
    assert (home / KEY_FILE).stat().st_mode & 0o077 == 0
    (home / KEY_FILE).write_text("")
    with pytest.raises(ValueError, match="holds no key"):
        customer_key(home)


def test_no_two_threads_parse_python_at_once(monkeypatch):
    inside, most = 0, 0

    def parse(text: str) -> str:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.01)
        inside -= 1
        return text

    with monkeypatch.context() as patch, ThreadPoolExecutor(4) as threads:
        patch.setattr(ast, "parse", parse)
        parse_one_at_a_time()
        parsed = list(threads.map(lambda text: ast.parse(text), "abcdefgh"))
    assert parsed == list("abcdefgh")
    assert most == 1


def test_a_build_says_what_it_is_and_does_not_go_back_by_itself(tmp_path):
    orders = Inbox(tmp_path / "inbox", "acme").named()
    home = tmp_path / "home"
    landing.land(tmp_path / "inbox", home)
    first = warehouse.build(home, date(2026, 5, 5))
    assert first.published
    [told] = what_it_is(home)
    assert told[:3] == (1, date(2026, 5, 5), version("cx-billing"))
    assert told[3] == rules.hash_rules(lake.PROJECT_DIR)

    back = warehouse.build(home, date(2026, 5, 4))
    assert (back.passed, back.published) == (True, None)
    assert back.goes_back_from == date(2026, 5, 5)
    assert back.database == home / "builds" / "earlier" / "cx_billing.duckdb"
    assert what_it_is(home) == [told]

    orders.file("orders", "o1,phone,1,100,2026-03-10,,,")
    landing.land(tmp_path / "inbox", home)
    assert warehouse.build(home, date(2026, 5, 4), publish_earlier=True).published
    [again] = what_it_is(home)
    assert again[:2] == (2, date(2026, 5, 4))
    assert again[3] == told[3] and again[4] != told[4]


def what_it_is(home: Path) -> list[tuple]:
    with warehouse.connect(home) as reader:
        return reader.sql(
            "select build_number, as_of, version, rules_hash, inputs_hash from marts.build"
        ).fetchall()
