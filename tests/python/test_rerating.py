"""A past cycle is rated once and for all: what begins later changes later cycles only (INV-11).

The sample is built as it is, and once more after an amendment of every contract, other taxes, other
allowances, other thresholds, another voice clock and other interacting statuses, all from the
first of April on: what was before stays to the cent.
"""

from __future__ import annotations

import csv
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from conftest import SAMPLE, told
from cx_billing import builds, lake, landing, warehouse

CHANGE = date(2026, 4, 1)
COPIED = ("dbt_project.yml", "profiles", "macros", "models", "seeds", "tests/dbt")
OTHER_POLICY = {
    "peak_minimum_minutes": 5,
    "fair_use_basis": "actual",
    "hourly_allowance_divisor": 100,
    "call_increment_seconds": 12,
    "short_call_maximum_seconds": 30,
    "short_call_minimum_calls": 1,
    "short_call_minimum_share": 0.01,
    "reconciliation_tolerance": 5,
    "call_rounding": "nearest",
    "short_call_share_is_inclusive": "false",
    "storage_month_value": "average",
    "overage_rounding": "whole_unit",
    "telco_reconcile_rows": "four_rows",
}
OTHER_VOICE_CLOCK = "00:00:00"
# Somebody without a license, on no bill, where cycles begin on the last day of a month.
BY_MONTH_ENDS, STRANGER = "lakeside-telecare", "stranger"
ROUTING = f"""user_id,routing_status,start_time,end_time
{STRANGER},INTERACTING,2026-04-10T09:00:00Z,2026-04-10T10:00:00Z
{STRANGER},COMMUNICATING,2026-04-10T10:00:00Z,2026-04-10T11:30:00Z
{STRANGER},INTERACTING,2026-05-01T09:00:00Z,2026-05-01T10:00:00Z
{STRANGER},COMMUNICATING,2026-05-01T10:00:00Z,2026-05-01T11:30:00Z
"""
# What is multiplied in the dated seeds.
FACTORS = {"named_quantity": "0.3", "concurrent_quantity": "0.3", "rate": "1.5", "tokens": "2"}
# Rows of a cycle, rows of an invoice: hashes with the key of a home are apart.
OF_A_CYCLE = {
    "billable_users": "*",
    "calls": "*",
    "concurrency_peaks": "*",
    "conversations": "* exclude (conversation_key, customer_account_key)",
    "license_usage": "*",
    "resource_usage": "*",
    "short_call_surcharges": "*",
    "telco_reconciliation": "*",
    "unbilled_usage": "*",
    "usage_summary": "*",
}
# Heads, conversations and the vendor's own figures have no price and no threshold.
MUST_CHANGE = set(OF_A_CYCLE) - {"billable_users", "conversations"}
IN_THE_PAST = {
    **{mart: f"cycle_start_date < '{CHANGE}'" for mart in OF_A_CYCLE},
    # An invoice is taxed at the rate of its date, a charge priced by the cycle it is for.
    "invoice_lines": f"if(charge_type = 'tax', invoice_date, service_period_start) < '{CHANGE}'",
    "invoices": f"invoice_date < '{CHANGE}'",
}


def amendments(inbox: Path, into: Path) -> None:
    """A later item for every item of the sample: committed, prepaid and dearer from `CHANGE` on.

    And somebody's routing before and after it.
    """
    for organization in sorted(inbox.iterdir()):
        for file in sorted((organization / "contract_items").glob("*.csv")):
            with file.open(encoding="utf-8-sig", newline="") as text:
                items = list(csv.DictReader(text))
            for item in items:
                item["committed_quantity"] = Decimal(item["committed_quantity"]) + 2
                item["prepay_rate"] = Decimal(item["prepay_rate"]) + 3
                item["overage_rate"] = Decimal(item["overage_rate"]) * 2 + 1
                item["effective_from"] = CHANGE
            folder = into / organization.name / "contract_items"
            folder.mkdir(parents=True)
            with (folder / "amendment.csv").open("w", encoding="utf-8", newline="") as out:
                writer = csv.DictWriter(out, items[0])
                writer.writeheader()
                writer.writerows(items)
    folder = into / BY_MONTH_ENDS / "routing_status"
    folder.mkdir()
    (folder / "stranger.csv").write_text(ROUTING, encoding="utf-8")


def amended_project(folder: Path) -> Path:
    """A copy of the project in which every dated seed says something else from `CHANGE` on."""
    folder.mkdir()
    for name in COPIED:
        source = lake.PROJECT_DIR / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / name)
    for seed in sorted((folder / "seeds").glob("*.csv")):
        with seed.open(encoding="utf-8", newline="") as text:
            rows = list(csv.DictReader(text))
        if "valid_from" in rows[0]:
            with seed.open("w", encoding="utf-8", newline="") as out:
                writer = csv.DictWriter(out, rows[0], lineterminator="\n")
                writer.writeheader()
                writer.writerows(later for row in rows for later in before_and_after(row))
    return folder


def before_and_after(row: dict[str, str]) -> list[dict]:
    """A row of a dated seed up to `CHANGE`, and what it says from then on."""
    if not row["valid_from"] < str(CHANGE) < row["valid_to"]:
        return [row]
    other = {name: Decimal(row[name]) * Decimal(by) for name, by in FACTORS.items() if name in row}
    if row.get("clock") == "voice":
        other = {"cycle_starts_at": OTHER_VOICE_CLOCK}
    if "is_interacting" in row:
        other = {"is_interacting": "false" if row["is_interacting"] == "true" else "true"}
    if "call_rounding" in row:
        assert not set(OTHER_POLICY) - set(row)
        other = OTHER_POLICY
    return [{**row, "valid_to": CHANGE}, {**row, **other, "valid_from": CHANGE}]


@pytest.fixture(scope="module")
def bills(sample_warehouse, tmp_path_factory):
    """A connection with the sample as it was and as amended, as databases `was` and `now`."""
    root = tmp_path_factory.mktemp("amended")
    home = root / "home"
    amendments(SAMPLE / "inbox", root / "inbox")
    for inbox in (SAMPLE / "inbox", root / "inbox"):
        assert not landing.land(inbox, home).refused
    as_of = date.fromisoformat((SAMPLE / "AS_OF").read_text().strip())
    result = warehouse.build(home, as_of, project_dir=amended_project(root / "project"))
    if not result.passed:
        pytest.fail("\n\n".join(map(told, result.failures)), pytrace=False)
    with duckdb.connect() as connection:
        for name, of in (("was", sample_warehouse), ("now", home)):
            file = (of / builds.PUBLISHED).resolve()
            connection.execute(f"attach '{file}' as {name} (read_only)")
        yield connection


def rows(bills, database: str, mart: str, where: str) -> list[tuple]:
    """The rows of a mart, in order."""
    columns = OF_A_CYCLE.get(mart, "*")
    return bills.sql(
        f"select {columns} from {database}.marts.{mart} where {where} order by all"
    ).fetchall()


@pytest.mark.parametrize("mart", IN_THE_PAST)
def test_a_past_cycle_keeps_prices_allowances_taxes_and_policies_of_its_date(bills, mart):
    """INV-11."""
    was, now = (rows(bills, of, mart, IN_THE_PAST[mart]) for of in ("was", "now"))
    assert was, f"the sample has no past row of {mart}"
    assert was == now


def test_a_boundary_is_at_the_hour_of_its_day(bills):
    """X3, CYC-04: the old hour before the change, the new one from then on, and no gap."""
    hours = bills.sql(
        f"""
        select distinct cycle_start_date < '{CHANGE}', cycle_start_at::time::varchar
        from now.marts.billing_cycles where clock = 'voice' order by all
        """
    ).fetchall()
    assert hours == [(False, OTHER_VOICE_CLOCK), (True, "07:00:00")]


def test_interacting_is_what_it_was_at_the_start_of_the_cycle(bills):
    """HOUR-03, X15: the cycle of 31 March keeps the old statuses, that of 30 April has the new."""
    seconds = bills.sql(
        "select usage_date, interacting_seconds from now.marts.user_hours_daily "
        f"where user_id = '{STRANGER}' order by all"
    ).fetchall()
    assert seconds == [(date(2026, 4, 10), 3600), (date(2026, 5, 1), 5400)]


@pytest.mark.parametrize("mart", sorted(MUST_CHANGE | {"invoice_lines", "invoices"}))
def test_a_cycle_that_begins_with_an_amendment_follows_it(bills, mart):
    """INV-11, FU-07, FU-09, X5, X7."""
    was, now = (rows(bills, of, mart, f"not ({IN_THE_PAST[mart]})") for of in ("was", "now"))
    assert was != now
