"""Organizations are independent: no row of a model rests on the rows of two of them.

So one can be billed without the others, alone or in any part of them.
"""

from __future__ import annotations

import json

import pytest

from cx_billing import dbt_runs, lake
from organizations import Mixed, Reader, read_project

MAY_MIX = {
    ("int_calls", "distinct"): "words of calls, each with what it means, whoever has them",
    ("int_line_names", "join"): "spellings of everybody, once for each hourly contract",
}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory) -> dict:
    """The manifest of the project with the SQL that DuckDB runs."""
    home = tmp_path_factory.mktemp("compiled")
    outcome = dbt_runs.run(["compile", "--select", "resource_type:model"], home, home / "c.duckdb")
    assert outcome.success, outcome.exception
    return json.loads((home / "target" / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def mixed(compiled) -> list[Mixed]:
    """Where the models may mix organizations."""
    return read_project(compiled, lake.PROJECT_DIR)


def test_every_join_group_and_window_names_the_organization(mixed):
    found = [place for place in mixed if (place.model, place.kind) not in MAY_MIX]
    assert not found, "\n".join(f"{place.model}, {place.kind}: {place.sql}" for place in found)


@pytest.mark.parametrize("place", MAY_MIX)
def test_what_may_mix_still_does(mixed, place):
    assert place in {(found.model, found.kind) for found in mixed}


@pytest.mark.parametrize(
    ("kind", "sql"),
    [
        ("join", "select l.org_id from lines as l inner join users as u on l.user_id = u.user_id"),
        ("join", "select l.org_id from lines as l cross join users as u"),
        ("join", "with own as (select * from users) from lines semi join own using (user_id)"),
        (
            "join",
            "select l.org_id from lines as l inner join users as u "
            "on l.org_id = u.org_id or l.user_id = u.user_id",
        ),
        ("group", "select user_id, count(*) as n from lines group by user_id"),
        ("group", "select user_id, count(*) as n from lines group by all"),
        ("distinct", "select distinct user_id from lines"),
        ("distinct", "select distinct * exclude (org_id) from lines"),
        ("window", "select org_id, row_number() over (partition by user_id) as place from lines"),
        ("window", "select org_id, row_number() over (order by user_id) as place from lines"),
        ("window", "select org_id, sum(n) over w as n from lines window w as (order by user_id)"),
    ],
)
def test_a_place_that_mixes_is_found(kind, sql):
    reader = Reader({"lines": True, "users": True})
    assert [place.kind for place in reader.read("model", sql)] == [kind]


@pytest.mark.parametrize(
    "sql",
    [
        "select l.a from lines as l inner join users as u on l.a = u.a and l.org_id = u.org_id",
        "select l.org_id from lines as l inner join rates as r on l.currency = r.currency",
        "select l.org_id from lines as l inner join users as u "
        "on u.org_id is null or l.org_id = u.org_id",
        "with own as (select currency from lines) select * from own cross join rates",
        "select org_id, user_id from lines group by org_id, user_id",
        "select distinct * from lines",
        "select org_id, sum(n) over w as n from lines window w as (partition by org_id, user_id)",
        "select currency, count(*) as n from rates group by currency",
    ],
)
def test_a_place_that_names_the_organization_is_none(sql):
    reader = Reader({"lines": True, "users": True, "rates": False})
    assert not reader.read("model", sql)
