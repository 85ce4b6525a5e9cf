"""All invoices, of one organization or of all, with the amount of each section."""

from __future__ import annotations

import duckdb

from cx_billing.pages.columns import date_column, money_column, name_organization, text_column
from cx_billing.pages.content import Page, Table
from cx_billing.pages.reading import find_organization, read


def compose_invoices(connection: duckdb.DuckDBPyConnection, org_id: str | None = None) -> Page:
    """One row per invoice."""
    if org_id is not None:
        find_organization(connection, org_id)
    columns = (
        *name_organization(org_id),
        date_column("Date", "invoice_date"),
        text_column("Status", "invoice_status"),
        text_column("Currency", "currency"),
        money_column("Core", "core_services"),
        money_column("Prepay", "core_services_prepay"),
        money_column("Resources", "resources"),
        money_column("Devices", "devices"),
        money_column("Telco", "telco"),
        money_column("One-time", "one_time"),
        money_column("Taxes", "taxes_and_fees"),
        money_column("Total", "total_amount"),
    )
    return Page(
        title=f"Invoices of {org_id}" if org_id else "Invoices",
        facts=(),
        tables=(
            Table.of_records(
                "Amount of each section",
                columns,
                read(connection, "invoices", org_id=org_id),
                if_empty="No invoice yet.",
            ),
        ),
    )
