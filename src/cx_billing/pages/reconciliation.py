"""The vendor's invoice against ours, line by line, and the calls behind it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb

from cx_billing.pages import telco
from cx_billing.pages.columns import (
    SERVICE_PERIOD,
    add_up,
    billed_column,
    date_column,
    difference_column,
    label_row,
    money_column,
    product_column,
    quantity_column,
    text_column,
    words_column,
)
from cx_billing.pages.content import Link, Page, Record, Table, fill_rows
from cx_billing.pages.formatting import format_text
from cx_billing.pages.reading import find_organization, read, require
from cx_billing.pages.words import Names, read_names

LINE_COLUMNS = (
    text_column("Description", "description"),
    product_column("Product"),
    words_column("Charge", "charge_type"),
    SERVICE_PERIOD,
    billed_column("Vendor qty", "invoiced_quantity"),
    billed_column("Our qty", "expected_quantity"),
    money_column("Vendor", "invoiced_amount"),
    money_column("Ours", "expected_amount"),
    difference_column("Variance", "variance_amount"),
    words_column("Reason", "reason"),
)
SURCHARGE_COLUMNS = (
    date_column("Cycle from", "cycle_start_date"),
    quantity_column("Completed calls", "completed_calls"),
    quantity_column("Short calls", "short_calls"),
    quantity_column("Short %", "short_percent"),
    quantity_column("Surcharged", "surcharge_quantity"),
    money_column("Rate", "rate"),
    money_column("Amount", "amount"),
    quantity_column("Vendor qty", "invoiced_quantity"),
    words_column("Status", "status"),
)


def compose_reconciliation(
    connection: duckdb.DuckDBPyConnection, org_id: str, invoice_date: date
) -> Page:
    """Every line that either side has, the variance and its reason; then calls and surcharge."""
    organization = find_organization(connection, org_id)
    dates = {
        record["invoice_date"]: record
        for record in read(connection, "reconciliation_dates", org_id=org_id)
    }
    require(invoice_date, dates, "invoice of", org_id)
    lines = read(connection, "reconciliation_lines", org_id=org_id, invoice_date=invoice_date)
    # The calls of the invoices that the lines are compared with.
    compared = {"invoice_dates": [invoice_date, *(x["expected_invoice_date"] for x in lines)]}
    calls = read(connection, "telco", org_id=org_id, **compared)
    surcharges = read(connection, "short_call_surcharges", org_id=org_id, **compared)

    is_landed = any(record["is_invoiced"] for record in dates.values())
    numbers = sorted({line["invoice_number"] for line in lines if line["invoice_number"]})
    none_landed = f"none landed for this {'date' if is_landed else 'organization'}"
    reasons = list(explain_missing_lines(dates, invoice_date))
    rejected = len(read(connection, "rejected_vendor_lines", org_id=org_id, invoice_numbers=None))
    notes = ["Service periods are shown with their last day."]
    if rejected:
        notes.append(
            f"{rejected:,} line{'s' if rejected > 1 else ''} of the vendor's invoices of {org_id} "
            f"{'were' if rejected > 1 else 'was'} rejected and compared with nothing: a total can "
            "lack them, see show rejected."
        )
    if lines:
        notes += reasons
    elif not reasons:
        reasons.append(f"No line of the invoice of {invoice_date} has an amount to compare.")
    if is_landed:
        days = [str(day) for day, record in dates.items() if record["is_reconciled"]]
        reasons.append("Compared: " + ", ".join(days) + ".")
    return Page(
        title=f"Reconciliation {format_text(org_id)} {invoice_date}",
        facts=(
            ("Organization", format_text(organization["org_name"] or org_id)),
            ("Vendor's invoice", format_text(", ".join(numbers) or none_landed)),
            ("Our invoice", str(invoice_date)),
            ("Currency", format_text(organization["currency"])),
        ),
        tables=(
            tabulate_lines(
                lines,
                read_names(connection),
                organization["minor_units"],
                if_empty=" ".join(reasons),
            ),
            Table.of_records("Calls", telco.COLUMNS, calls, "No calls, no telco lines.", "calls"),
            Table.of_records(
                "Short-call surcharge",
                SURCHARGE_COLUMNS,
                surcharges,
                "No outbound calls.",
                "short_call_surcharges",
            ),
        ),
        notes=tuple(notes),
        fact_links={
            "Our invoice": ((str(invoice_date), Link(("invoice", org_id, str(invoice_date)))),),
        }
        | (
            {
                "Vendor's invoice": tuple(
                    (format_text(number), Link(("vendor-invoice", org_id, number)))
                    for number in numbers
                )
            }
            if numbers
            else {}
        ),
        head={
            "org_id": org_id,
            "org_name": organization["org_name"],
            "invoice_date": invoice_date,
            "invoice_numbers": numbers,
            "currency": organization["currency"],
        },
    )


def explain_missing_lines(dates: dict[date, Record], invoice_date: date) -> Iterator[str]:
    """Why lines of one side may be missing."""
    if dates[invoice_date]["is_accruing"]:
        yield f"The invoice of {invoice_date} is still accruing; it is compared when it is final."
    if not any(record["is_invoiced"] for record in dates.values()):
        yield (
            "The vendor's invoices of this organization have not been landed "
            "(dataset vendor_invoice_lines)."
        )


def tabulate_lines(lines: list[Record], names: Names, minor_units: int, if_empty: str) -> Table:
    """The lines with their total."""
    rows = fill_rows(LINE_COLUMNS, names.add([dict(line) for line in lines]))
    if lines:
        sums = {
            key: add_up(lines, key)
            for key in ("invoiced_amount", "expected_amount", "variance_amount")
        }
        rows += (label_row(LINE_COLUMNS, "total", "Total", minor_units=minor_units, **sums),)
    return Table("Invoice lines", LINE_COLUMNS, rows, if_empty, name="lines", records=tuple(lines))
