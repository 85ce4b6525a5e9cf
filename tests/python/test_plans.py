"""A build by plan is the build that dbt makes."""

from __future__ import annotations

import os
import signal
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer

import pytest
import yaml

from cx_billing import building, lake, landing, plan_store, plans
from cx_billing.building import Progress
from cx_billing.builds import PRIVATE, PUBLISHED, connect_with_private
from stand_in import StandIn

SAMPLE = lake.PROJECT_DIR / "sample"
VARIABLES = {
    "as_of": (SAMPLE / "AS_OF").read_text().strip(),
    "built_at": "2026-05-05T00:00:00",
    "build_number": "1",
    "version": "1",
    "rules_hash": "1",
    "ledger_head": "",
}
CATALOG = (
    "select database_name, schema_name, table_name, comment from duckdb_tables() order by all",
    "select database_name, schema_name, view_name, sql from duckdb_views() where not internal "
    "order by all",
    "select database_name, table_name, column_index, column_name, data_type, is_nullable, comment "
    "from duckdb_columns() where not internal order by all",
    "select database_name, table_name, constraint_text from duckdb_constraints() order by all",
)
BOOM = "select error('boom ' || getvariable('build_number'))::int as answer"


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("CX_BILLING_CACHE", str(folder))
    return folder


@pytest.fixture
def dbt_is_gone(cache, monkeypatch):
    """Call it, and no build can run dbt any more."""

    def never(*arguments: object, **options: object) -> None:
        raise AssertionError("dbt was run")

    return lambda: monkeypatch.setattr(building, "run", never)


def test_a_plan_builds_what_dbt_builds(tmp_path, cache):
    """Every table with its rows, types, keys and descriptions, and every data test."""
    landing.land(SAMPLE / "inbox", tmp_path)
    files = [tmp_path / name / PUBLISHED for name in ("by_dbt", "by_plan")]
    for file in files:
        file.parent.mkdir()
    by_dbt = building.build_by_dbt(
        tmp_path, files[0], lake.PROJECT_DIR, tmp_path, VARIABLES, "", Progress(None)
    )
    plan = plans.find(lake.PROJECT_DIR)
    assert plan
    by_plan = building.build_by_plan(plan, tmp_path, files[1], tmp_path, VARIABLES, Progress(None))
    told = [
        Counter((each.node.name, each.status) for each in outcome.results)
        for outcome in (by_dbt, by_plan)
    ]
    assert told[0] == told[1]
    with connect_with_private(files[0]) as one, connect_with_private(files[1]) as other:
        for query in CATALOG:
            assert one.sql(query).fetchall() == other.sql(query).fetchall() != []
        tables = one.sql(
            'select format(\'"{}"."{}"."{}"\', database_name, schema_name, table_name) '
            "from duckdb_tables()"
        ).fetchall()
        assert len(tables) > 150
        for [table] in tables:
            rows = (f"select to_json(t)::varchar from {table} as t order by all",)
            assert one.sql(*rows).fetchall() == other.sql(*rows).fetchall(), table


def test_the_second_build_needs_no_dbt(tmp_path, dbt_is_gone):
    stand_in = StandIn(tmp_path).says(42)
    assert stand_in.build().passed
    dbt_is_gone()
    assert stand_in.build().passed
    stand_in.home = tmp_path / "another"
    assert stand_in.build().passed and stand_in.published() == 42


@pytest.mark.parametrize(
    "file",
    [
        "models/answers.sql",
        "tests/answers_are_small.sql",
        "dbt_project.yml",
        "profiles/profiles.yml",
    ],
)
def test_a_changed_project_has_another_plan(tmp_path, dbt_is_gone, file):
    stand_in = StandIn(tmp_path).says(42)
    assert stand_in.build().passed
    with (stand_in.project / file).open("a") as text:
        text.write("\n")
    dbt_is_gone()
    with pytest.raises(AssertionError, match="dbt was run"):
        stand_in.build()


def test_what_fails_by_plan_fails_in_the_words_of_dbt(tmp_path, cache):
    """What reads a model that failed is skipped, and another statement is not tried."""
    stand_in = StandIn(tmp_path).has_variables().says(BOOM)
    (stand_in.project / "models" / "reader.sql").write_text("select * from {{ ref('answers') }}")
    by_dbt = stand_in.build()
    assert plans.find(stand_in.project) is None, "what failed is no plan"

    stand_in.says(f"select if(getvariable('build_number') = '1', 1, ({BOOM})) as answer")
    assert stand_in.build().passed
    by_plan = stand_in.build()
    [expected], [failure] = by_dbt.failures, by_plan.failures
    assert "boom" in failure.message
    assert (failure.name, failure.file, failure.message.replace("boom 2", "boom 1")) == (
        expected.name,
        expected.file,
        expected.message,
    )
    assert (by_plan.skipped, by_plan.nodes) == (by_dbt.skipped, by_dbt.nodes) == (2, 3)
    assert (stand_in.home / "logs" / "dbt.log").read_text().count("boom") >= 2


def test_an_interrupted_statement_publishes_nothing(tmp_path, cache):
    stand_in = StandIn(tmp_path).has_variables()
    ever = "if(getvariable('build_number') = '1', 1, 1000000000000)"
    assert stand_in.says(f"select count(*) as answer from range({ever})").build().passed
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    interrupt = Timer(3, os.kill, (os.getpid(), signal.SIGINT))
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        stand_in.build()
    interrupt.join()
    signal.signal(signal.SIGINT, before)
    assert stand_in.builds() == ["1"] and stand_in.published() == 1
    assert not (stand_in.home / "builds" / ".building").exists()


def test_today_is_the_day_of_the_build_and_not_of_the_plan(tmp_path, cache):
    stand_in = StandIn(tmp_path).has_variables().says("select getvariable('as_of') as answer")
    for test in (stand_in.project / "tests").iterdir():
        test.write_text("select 1 where false")
    for _ in range(2):
        before = datetime.now(UTC).date()
        assert stand_in.build().passed
        assert str(before) <= stand_in.published() <= str(datetime.now(UTC).date())
    assert plans.find(stand_in.project)


def test_what_the_environment_tells_dbt_has_a_plan_of_its_own(tmp_path, cache, monkeypatch):
    place = plan_store.place(tmp_path)
    monkeypatch.setenv("DBT_EMPTY", "1")
    assert plan_store.place(tmp_path) != place


def test_a_project_may_lie_below_the_home(tmp_path, cache):
    stand_in = StandIn(tmp_path).says(42)
    (stand_in.project / "seeds").mkdir()
    (stand_in.project / "seeds" / "rates.csv").write_text("rate\n1\n")
    stand_in.home = tmp_path
    assert stand_in.build().passed
    assert plans.find(stand_in.project)


def test_a_statement_that_dbt_cuts_makes_no_plan(tmp_path, cache):
    stand_in = StandIn(tmp_path.joinpath(*["a" * 100] * 5))
    stand_in.says(42)
    (stand_in.project / "seeds").mkdir()
    (stand_in.project / "seeds" / "rates.csv").write_text("rate\n1\n")
    assert stand_in.build().passed and stand_in.build().passed
    assert plans.find(stand_in.project) is None


def test_a_plan_that_names_a_home_is_none(tmp_path, cache):
    stand_in = StandIn(tmp_path).says("select '{{ env_var(\"CX_BILLING_HOME\") }}' as answer")
    assert stand_in.build().database
    assert plans.find(stand_in.project) is None


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"schemas": 1, "nodes": [], "tests": []}']
)
def test_what_is_no_plan_is_none(tmp_path, cache, content):
    stand_in = StandIn(tmp_path).says(42)
    plan_store.keep(content, plan_store.place(stand_in.project))
    assert plans.find(stand_in.project) is None
    assert stand_in.build().passed
    assert plans.find(stand_in.project)


def test_a_plan_is_run_as_the_profile_says():
    profile = yaml.safe_load((lake.PROJECT_DIR / "profiles" / "profiles.yml").read_text())
    build = profile["cx_billing"]["outputs"]["build"]
    assert build["config_options"] == {
        "default_block_size": plans.BLOCK_SIZE,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    assert build["settings"] == {"TimeZone": "UTC"}
    assert [attached["alias"] for attached in build["attach"]] == [PRIVATE]


def test_a_part_of_a_plan_has_what_it_needs():
    def node(name: str, *parents: str) -> plans.Node:
        return plans.Node(name, name, "model", "", "", parents, ())

    plan = plans.Plan((), (node("a"), node("b", "a"), node("c", "a"), node("d", "b")), ())
    assert [known.name for known in plan.select({"d"}).nodes] == ["a", "b", "d"]
