"""What was measured and is on no invoice line."""

from __future__ import annotations

import duckdb

from cx_billing.pages.columns import (
    date_column,
    name_organization,
    product_column,
    quantity_column,
    text_column,
    words_column,
)
from cx_billing.pages.content import Page, Table
from cx_billing.pages.reading import find_organization, read
from cx_billing.pages.words import read_names, spell_code


def compose_unbilled(connection: duckdb.DuckDBPyConnection, org_id: str | None = None) -> Page:
    """Unbilled usage with its reason; what lacks a price comes first."""
    if org_id is not None:
        find_organization(connection, org_id)
    records = read_names(connection).add(read(connection, "unbilled", org_id=org_id))
    ((rejected,),) = (row.values() for row in read(connection, "rejected_count", org_id=org_id))
    left_out = "1 row was rejected and is"
    if rejected > 1:
        left_out = f"{rejected:,} rows were rejected and are"
    if_empty = "All usage that was landed is billed."
    if rejected:
        if_empty = (
            "All usage that was accepted is billed. Rows that were rejected are not counted: see "
            "show rejected."
        )
    columns = (
        *name_organization(org_id),
        date_column("Cycle from", "cycle_start_date"),
        product_column("Product"),
        words_column("Reason", "reason"),
        quantity_column("Quantity", "quantity"),
        text_column("Unit", "unit_of_measure"),
    )
    reasons = {(row["position"], row["reason"], row["explanation"]) for row in records}
    return Page(
        title=f"Unbilled usage of {org_id}" if org_id else "Unbilled usage",
        facts=(),
        tables=(Table.of_records("On no invoice line", columns, records, if_empty, "unbilled"),),
        notes=(
            *(
                f"{spell_code(reason)}: {explanation}."
                for _, reason, explanation in sorted(reasons)
            ),
            *([f"{left_out} in no figure."] if rejected else []),
        ),
    )
