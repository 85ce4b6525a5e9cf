"""What was measured and stands on no invoice line."""

from __future__ import annotations

import duckdb

from cx_billing.pages.columns import (
    date_column,
    name_organization,
    quantity_column,
    text_column,
)
from cx_billing.pages.content import Page, Table
from cx_billing.pages.reading import find_organization, read

# What the reasons of `marts.unbilled_usage` mean.
REASONS = {
    "no_contract_item": "used, and no contract item has a price for it; add one to contract_items",
    "within_allowance": "covered by the allowance of the licenses",
    "within_commitment": "covered by the commitment",
    "user_without_license": "users who logged in and held no license",
    "not_logged_in": "interacting hours of users who hold the product and never logged in",
    "no_customer_account": "interactions that name no customer account",
    "peak_disregarded": "users above the billed peak, present too shortly to count",
    "below_threshold": "short calls, too few for a surcharge",
    "not_billable_service": "own carrier calls, or messages the contract prices otherwise",
}


def compose_unbilled(connection: duckdb.DuckDBPyConnection, org_id: str | None = None) -> Page:
    """Unbilled usage with its reason; what lacks a price comes first."""
    if org_id is not None:
        find_organization(connection, org_id)
    records = read(connection, "unbilled", org_id=org_id)
    columns = (
        *name_organization(org_id),
        date_column("Cycle from", "cycle_start_date"),
        text_column("Product", "product_code"),
        text_column("Reason", "reason"),
        quantity_column("Quantity", "quantity"),
        text_column("Unit", "unit_of_measure"),
    )
    present = {record["reason"] for record in records}
    return Page(
        title=f"Unbilled usage of {org_id}" if org_id else "Unbilled usage",
        facts=(),
        tables=(Table.of_records("On no invoice line", columns, records, "Everything is billed."),),
        notes=tuple(
            f"{reason}: {meaning}." for reason, meaning in REASONS.items() if reason in present
        ),
    )
