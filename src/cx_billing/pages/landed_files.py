"""Which files were landed, and what became of their rows."""

from __future__ import annotations

import duckdb

from cx_billing.pages.columns import instant_column, quantity_column, text_column
from cx_billing.pages.content import Page, Table
from cx_billing.pages.reading import find_organization, read


def compose_files(connection: duckdb.DuckDBPyConnection, org_id: str | None = None) -> Page:
    """Every landed file with its rows; a withdrawn one says so."""
    records = read(connection, "files", org_id=org_id)
    if org_id is not None and not records:
        find_organization(connection, org_id)
    columns = (
        text_column("File", "source_file"),
        instant_column("Landed", "landed_at"),
        quantity_column("Rows", "rows_in_file"),
        quantity_column("Accepted", "rows_accepted"),
        quantity_column("Superseded", "rows_duplicate"),
        quantity_column("Rejected", "rows_rejected"),
        instant_column("Withdrawn", "withdrawn_at"),
        quantity_column("Missing parts", "missing_parts"),
        text_column("File id", "file_id"),
    )
    table = Table.of_records("As of this build", columns, records, "No file was landed.", "files")
    return Page(
        title=f"Landed files of {org_id}" if org_id else "Landed files",
        facts=(),
        tables=(table.drop_empty_columns() if records else table,),
        notes=(
            "Files landed or withdrawn since are shown after the next build.",
            "cx-billing withdraw FILE takes one back; of several of one name, by its file id.",
        ),
    )
