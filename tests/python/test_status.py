"""`cx-billing status`: how old everything is, what waits for somebody, and short for many."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from command_line import cells, cx_billing
from cx_billing import disk_use, pages, warehouse
from cx_billing.pages.status import FIRST, spell_age
from published_marts import publish_marts


@pytest.fixture(scope="module", name="home")
def own_home(tmp_path_factory):
    """A small home, published."""
    return publish_marts(tmp_path_factory.mktemp("status"))


def status_of(home) -> dict:
    """The page as data."""
    return json.loads(cx_billing("--home", home, "status", "--json"))


def test_it_says_what_is_published_and_how_old_it_is(home):
    with warehouse.connect(home) as connection:
        told = pages.Home(build=7, now=datetime(2026, 4, 22, 4))
        page = pages.compose_status(connection, None, told)
    facts = dict(page.facts)
    assert (facts["Build"], facts["As of"], facts["Age"]) == ("7", "2026-04-20", "2 days")
    assert page.head["age_seconds"] == 49 * 3600
    assert (facts["Alerts"], facts["New alerts"]) == ("2", "2")


def test_it_says_what_waits_for_somebody(home):
    document = status_of(home)
    waits = {
        "alerts": 2,
        "new_alerts": 2,
        "parked": 0,
        "unreconciled_vendor_invoices": 2,
        "missing_vendor_invoices": 3,
        "changed_final_lines": 0,
        "corrected_sealed_invoices": 0,
    }
    assert document["head"] | waits == document["head"]
    tables = document["tables"]
    assert [row["invoice_number"] for row in tables["unreconciled"]] == ["V-77", "V-78"]
    assert [(row["org_id"], row["status"]) for row in tables["missing"]] == [
        ("acme", "missing"),
        ("acme", "rejected"),
        ("kaze", "never_delivered"),
    ]
    assert [(row["org_id"], row["expected_date"]) for row in tables["next_invoices"]] == [
        ("acme", "2026-05-05"),
        ("kaze", "2026-05-10"),
    ]
    assert sum(row["rows_count"] for row in tables["rejected"]) == 14
    assert {row["dataset"] for row in tables["data"]} == {"voice_usage", "orders", "users"}


def test_the_data_of_each_dataset_have_an_age(tmp_path):
    home = publish_marts(
        tmp_path,
        changed="insert into marts.coverage values "
        "('acme', 'voice_usage', 'query', '2026-03-05', '2026-04-08'), "
        "('kaze', 'voice_usage', 'observed', '2026-03-05', '2026-04-01'), "
        "('kaze', 'voice_usage', 'declared', '2026-04-02', '2026-04-03')",
    )
    with warehouse.connect(home) as connection:
        told = pages.Home(now=datetime(2026, 5, 10, 12))
        page = pages.compose_status(connection, None, told)
    (data,) = (table for table in page.tables if table.name == "data")
    (calls,) = (row for row in data.records if row["dataset"] == "voice_usage")
    assert (calls["landed_days_ago"], calls["covered_days_ago"]) == (9, 32)
    assert (calls["least_covered_org_id"], f"{calls['least_covered_to']:%m-%d}") == (
        "kaze",
        "04-03",
    )
    (reach,) = (table for table in page.tables if table.name == "coverage")
    assert len(reach.records) == 3 and not reach.rows


def test_of_three_hundred_organizations_the_first_few_are_shown_and_all_are_data(tmp_path):
    home = publish_marts(
        tmp_path,
        changed="""
        insert into marts.invoice_calendar by name
        select * exclude (i) replace ('org' || i as org_id, 'org' || i || invoice_id as invoice_id)
        from marts.invoice_calendar cross join range(300) t(i) where org_id = 'acme';
        insert into marts.alerts by name
        select * exclude (i) replace (alert_id || i as alert_id)
            from marts.alerts cross join range(300) t(i);
        insert into marts.coverage
        select 'org' || i, dataset, basis, covered_from, covered_to
        from marts.coverage cross join range(300) t(i)
        """,
    )
    printed = cx_billing("--home", home, "status")
    assert len(printed.splitlines()) < 150
    assert f"Next invoices: {FIRST} of 302" in " ".join(printed.split())
    assert "--csv --table NAME: alerts, coverage, missing, next_invoices." in printed
    tables = status_of(home)["tables"]
    assert len(tables["next_invoices"]) == 302
    assert len(tables["missing"]) == 603
    assert len(tables["alerts"]) == 602
    listed = cx_billing("--home", home, "status", "--csv", "--table", "next_invoices")
    assert len(listed.splitlines()) == 303


def test_the_disk_is_measured_by_part_and_a_file_of_two_names_once(tmp_path):
    for name, size in (("lake/users/a.parquet", 3000), ("builds/1/x.duckdb", 500), ("key", 7)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
    (tmp_path / "lake" / "users" / "same.parquet").hardlink_to(tmp_path / "lake/users/a.parquet")
    found = {use.part: (use.files_count, use.bytes_count) for use in disk_use.measure(tmp_path)}
    assert found == {"lake": (1, 3000), "builds": (1, 500), "other": (1, 7)}
    assert disk_use.find_free_bytes(tmp_path) > 0


def test_the_disk_is_told(home):
    printed = cx_billing("--home", home, "status")
    assert cells(printed, "builds")[1] == "1"
    assert status_of(home)["head"]["disk_bytes"] > 100_000


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=59), "0 minutes"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=119), "119 minutes"),
        (timedelta(hours=47, minutes=59), "47 hours"),
        (timedelta(days=2), "2 days"),
        (timedelta(seconds=-5), "0 minutes"),
    ],
)
def test_an_age_is_as_coarse_as_one_cares(age, words):
    assert spell_age(age) == words
