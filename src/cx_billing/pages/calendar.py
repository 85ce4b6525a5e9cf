"""The calendar of the vendor's invoices: which came, and which should have and did not."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import duckdb

from cx_billing.pages.columns import (
    date_column,
    money_column,
    name_organization,
    quantity_column,
    text_column,
)
from cx_billing.pages.content import Link, Page, Record, Table, fill_rows
from cx_billing.pages.formatting import format_text
from cx_billing.pages.reading import find_organization, read

SAYS = {
    "received": "received",
    "due": "due",
    "missing": "missing",
    "rejected": "rejected",
    "not_yet_due": "not yet due",
    "none_expected": "none expected: nothing to bill",
}


def link_to_invoice(record: Record) -> Link:
    """The page of the invoice of ours."""
    return Link(("invoice", record["org_id"], str(record["expected_date"])))


def link_to_vendor_invoice(record: Record) -> Link | None:
    """The page of the vendor's invoice, of several the first."""
    number = (record["vendor_invoice_numbers"] or "").split(", ")[0]
    return Link(("vendor-invoice", record["org_id"], number)) if number else None


def link_to_rejected(record: Record) -> Link | None:
    """The page that says why lines were rejected."""
    return Link(("rejected",)) if record["rejected_files"] else None


def describe(record: Record) -> str:
    """The status in words; of what is due, until when it may come."""
    says = SAYS[record["status"]]
    return f"{says} until {record['expected_by']}" if record["status"] == "due" else says


def drop_words(record: Record) -> Record:
    """A record as it was read."""
    return {key: value for key, value in record.items() if key != "says"}


def find_undated(
    connection: duckdb.DuckDBPyConnection, org_id: str | None, records: list[Record]
) -> Counter[str]:
    """Rejected lines of each file that do not tell their date, where an invoice did not come."""
    waiting = {record["org_id"] for record in records if record["status"] in ("missing", "due")}
    received = {
        (record["org_id"], number)
        for record in records
        for number in (record["vendor_invoice_numbers"] or "").split(", ")
    }
    undated: Counter[str] = Counter()
    for line in read(connection, "undated_vendor_lines", org_id=org_id):
        if line["org_id"] in waiting and (line["org_id"], line["invoice_number"]) not in received:
            undated[line["source_file"]] += line["lines_count"]
    return undated


def describe_undated(file: str, count: int) -> str:
    """That an invoice may have come and been rejected, which no date tells."""
    lines = "1 rejected line does" if count == 1 else f"{count:,} rejected lines do"
    return (
        f"{lines} not tell the date of the invoice, which may be one of the missing: "
        f"{format_text(file)}. See cx-billing show rejected."
    )


def compose_calendar(connection: duckdb.DuckDBPyConnection, org_id: str | None = None) -> Page:
    """Each invoice of ours with the vendor's that answer it; missing and rejected ones first.

    An organization that never delivered any invoice of the vendor is named once.
    """
    if org_id is not None:
        find_organization(connection, org_id)
    records = read(connection, "invoice_calendar", org_id=org_id)
    silent = Counter(
        record["org_id"] for record in records if record["status"] == "never_delivered"
    )
    shown = [
        record | {"says": describe(record)} for record in records if record["org_id"] not in silent
    ]
    place = (*name_organization(org_id), date_column("Expected", "expected_date", link_to_invoice))
    sums = (money_column("Expected total", "expected_total"), text_column("Currency", "currency"))
    overdue = (
        *place,
        replace(text_column("Status", "says"), keys=("status", "expected_by")),
        quantity_column("Days overdue", "days_overdue"),
        *sums,
    )
    columns = (
        *overdue,
        text_column("Vendor invoice", "vendor_invoice_numbers", link_to_vendor_invoice),
        date_column("Dated", "first_received_date"),
        money_column("Printed", "printed_total"),
    )
    in_files = (*place, text_column("File", "rejected_files", link_to_rejected), *sums)
    missing = [record for record in shown if record["status"] == "missing"]
    missing.sort(key=lambda record: -record["days_overdue"])
    rejected = [record for record in shown if record["status"] == "rejected"]
    undated = find_undated(connection, org_id, records)
    return Page(
        title=f"Invoices of the vendor to {org_id}" if org_id else "Invoices of the vendor",
        facts=(),
        tables=(
            Table(
                "Missing",
                overdue,
                fill_rows(overdue, missing),
                "None that should have come.",
                "missing",
                tuple(map(drop_words, missing)),
            ),
            *(
                [
                    Table(
                        "Delivered and rejected",
                        in_files,
                        fill_rows(in_files, rejected),
                        name="rejected",
                        records=tuple(map(drop_words, rejected)),
                    )
                ]
                if rejected
                else []
            ),
            Table(
                "All",
                columns,
                fill_rows(columns, shown),
                "None is expected.",
                "calendar",
                tuple(map(drop_words, shown)),
                is_main=True,
            ),
        ),
        head={"org_id": org_id} if org_id else {},
        notes=(
            *(
                f"{format_text(org)} never delivered an invoice of the vendor: none of its "
                f"{count} is compared. Land them as dataset vendor_invoice_lines."
                for org, count in sorted(silent.items())
            ),
            *(
                ["Why a file was rejected: cx-billing show rejected. Mend it and land it again."]
                if rejected
                else []
            ),
            *(describe_undated(file, count) for file, count in sorted(undated.items())),
            "An invoice is due on the date of ours, and missing after the days of grace. One that "
            "answers several of ours stands in each row with its whole total.",
        ),
    )
