"""Calls against the vendor's telco lines, by cycle and service."""

from __future__ import annotations

import duckdb

from cx_billing.pages.columns import (
    date_column,
    difference_column,
    money_column,
    name_organization,
    quantity_column,
    words_column,
)
from cx_billing.pages.content import Link, Page, Record, Table
from cx_billing.pages.reading import find_organization, read


def link_to_calls(record: Record) -> Link:
    """The page of the calls of the cycle."""
    return Link(("calls", record["org_id"], str(record["cycle_start_date"])))


COLUMNS = (
    date_column("Cycle from", "cycle_start_date", link_to_calls),
    words_column("Service", "service"),
    quantity_column("Calls", "calls_count"),
    quantity_column("Minutes", "cdr_minutes"),
    money_column("Cost in records", "cdr_cost"),
    money_column("Cost rated", "rated_cost"),
    money_column("Vendor U.S.", "invoiced_us_amount"),
    money_column("Vendor internat.", "invoiced_international_amount"),
    money_column("Vendor", "invoiced_amount"),
    difference_column("Variance", "variance_amount"),
    words_column("Status", "status"),
)


def compose_telco(connection: duckdb.DuckDBPyConnection, org_id: str | None = None) -> Page:
    """One row per cycle and service, of one organization or of all."""
    if org_id is not None:
        find_organization(connection, org_id)
    return Page(
        title="Calls against the vendor's telco lines" + (f", {org_id}" if org_id else ""),
        facts=(),
        tables=(
            Table.of_records(
                "By cycle and service",
                (*name_organization(org_id), *COLUMNS),
                read(connection, "telco", org_id=org_id, invoice_dates=None),
                if_empty="No calls and no telco lines.",
                name="calls",
            ),
        ),
    )
