"""Random organizations: the warehouse and the oracle must agree on every value of every mart.

`CX_BILLING_RANDOM_ORGS` (default 40) and `CX_BILLING_RANDOM_SEED` (default 1) change how many
organizations are drawn and which.
"""

from __future__ import annotations

import os
from collections import Counter

import duckdb
import pytest

from cx_billing import landing, warehouse
from oracle.bill import calculate
from oracle.compare import compare, report
from oracle.random_orgs import write_inbox

ORGS = int(os.environ.get("CX_BILLING_RANDOM_ORGS", "40"))
SEED = int(os.environ.get("CX_BILLING_RANDOM_SEED", "1"))

CYCLE = ("org_id", "cycle_start_date")
KEYS = {
    "billing_cycles": ("org_id", "clock", "cycle_number"),
    "conversations": (*CYCLE, "platform", "integration_id"),
    "concurrency_daily": ("org_id", "usage_date", "pool"),
    "concurrency_peaks": (*CYCLE, "pool"),
    "billable_users": (*CYCLE, "user_id", "product_code"),
    "user_hours_daily": ("org_id", "user_id", "usage_date"),
    "license_usage": (*CYCLE, "product_code"),
    "resource_usage": (*CYCLE, "product_code"),
    "calls": (*CYCLE, "service"),
    "short_call_surcharges": CYCLE,
    "telco_reconciliation": (*CYCLE, "service"),
    "unbilled_usage": (*CYCLE, "product_code", "reason"),
    "invoice_lines": (
        "org_id",
        "invoice_date",
        "product_code",
        "charge_type",
        "service_period_start",
    ),
    "invoices": ("org_id", "invoice_date"),
    "rejected_rows": ("org_id", "dataset", "source_file", "source_row"),
    "load_audit": ("org_id", "dataset", "source_file"),
}
QUERIES = {
    "calls": """
        select
            org_id, cycle_start_date, service, count(*) as calls_count,
            sum(duration_seconds) as duration_seconds, sum(rated_seconds) as rated_seconds,
            sum(reported_cost) as reported_cost, sum(rated_cost) as rated_cost,
            count(*) filter (where is_short) as short_calls
        from marts.calls
        group by all
    """,
    "invoice_lines": "select * from marts.invoice_lines where invoice_status = 'final'",
    "invoices": "select * from marts.invoices where invoice_status = 'final'",
    "rejected_rows": """
        select * replace (regexp_extract(reason, '^[a-z_]+') as reason) from marts.rejected_rows
    """,
}


@pytest.fixture(scope="session")
def marts(tmp_path_factory):
    """The random inbox, once through the oracle and once through the warehouse."""
    folder = tmp_path_factory.mktemp("random_organizations")
    inbox, home = folder / "inbox", folder / "home"
    as_of = write_inbox(inbox, ORGS, SEED)
    landing.land(inbox, home)
    result = warehouse.build(home, as_of=as_of)
    if result.database is None:
        pytest.fail(f"Nothing was built: {result.failures}", pytrace=False)
    with duckdb.connect(str(result.database)) as connection:
        actual = {mart: rows_of(connection, mart) for mart in KEYS}
    return calculate(inbox, as_of), actual, result


def rows_of(connection, mart: str) -> list[dict] | str:
    """The rows of a mart by column, or why it cannot be read."""
    try:
        cursor = connection.execute(QUERIES.get(mart, f"select * from marts.{mart}"))
    except duckdb.Error as error:
        return str(error)
    columns = [column for column, *_ in cursor.description]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


@pytest.mark.parametrize("mart", KEYS)
def test_mart_equals_the_oracle(marts, mart):
    expected, actual, _ = marts
    assert not isinstance(actual[mart], str), actual[mart]
    assert expected[mart], f"the random organizations leave {mart} empty"
    sizes = Counter()
    for file in expected["load_audit"]:
        sizes[file["org_id"]] += file["rows_in_file"]
    differences = compare(mart, expected[mart], actual[mart], KEYS[mart])
    if differences:
        pytest.fail(f"seed {SEED}, {ORGS} orgs: {report(differences, sizes)}", pytrace=False)


def test_every_data_test_of_the_warehouse_passes(marts):
    *_, result = marts
    assert result.passed, "\n".join(str(failure) for failure in result.failures)
