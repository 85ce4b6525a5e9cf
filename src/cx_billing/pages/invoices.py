"""All invoices, of one organization or of all, with the amount of each section."""

from __future__ import annotations

import duckdb

from cx_billing.pages.columns import (
    date_column,
    money_column,
    name_organization,
    text_column,
    words_column,
)
from cx_billing.pages.content import Column, Link, Page, Record, Table
from cx_billing.pages.formatting import format_number
from cx_billing.pages.reading import find_organization, read


def compose_invoices(connection: duckdb.DuckDBPyConnection, org_id: str | None = None) -> Page:
    """One row per invoice."""
    if org_id is not None:
        find_organization(connection, org_id)
    sections = read(connection, "invoice_sections")
    records = [
        invoice
        | {
            "section_amounts": {
                section["section"]: invoice["section_amounts"].get(section["section"])
                for section in sections
            }
        }
        for invoice in read(connection, "invoices", org_id=org_id)
    ]
    columns = (
        *name_organization(org_id),
        date_column("Date", "invoice_date", link_to_invoice),
        words_column("Status", "invoice_status"),
        Column("Covered", lambda invoice: "yes" if invoice["is_covered"] else "no"),
        text_column("Currency", "currency"),
        *(amount_column(section) for section in sections),
        money_column("Total", "total_amount"),
    )
    return Page(
        title=f"Invoices of {org_id}" if org_id else "Invoices",
        facts=(),
        tables=(
            Table.of_records(
                "Amount of each section",
                columns,
                records,
                if_empty="No invoice yet.",
                name="invoices",
            ),
        ),
    )


def link_to_invoice(record: Record) -> Link:
    """The page of the invoice."""
    return Link(("invoice", record["org_id"], str(record["invoice_date"])))


def amount_column(section: Record) -> Column:
    """The column of a section: the sum of its lines."""
    return Column(
        section["short_title"],
        lambda invoice: format_number(
            invoice["section_amounts"].get(section["section"]), invoice["minor_units"]
        ),
        is_number=True,
        keys=(f"section_amounts.{section['section']}",),
    )
