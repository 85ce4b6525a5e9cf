"""What there is to look at: organizations, the vendor's invoices, ours, and peaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import duckdb

from cx_billing.pages.columns import (
    date_column,
    difference_column,
    money_column,
    quantity_column,
    text_column,
    words_column,
    yes_column,
)
from cx_billing.pages.content import Column, Link, Page, Record, Table, fill_rows
from cx_billing.pages.formatting import format_number, format_text
from cx_billing.pages.peak import spell_invoiced
from cx_billing.pages.reading import find_organization, read
from cx_billing.pages.rejected import count_rejected_lines
from cx_billing.pages.vendor_files import LaterInvoice, read_vendor_files
from cx_billing.pages.words import is_unchecked, read_names, spell_agreed


def link_to_vendor_invoice(record: Record) -> Link:
    """The page of an invoice of the vendor."""
    return Link(("vendor-invoice", record["org_id"], record["invoice_number"]))


def link_to_invoice(record: Record) -> Link:
    """The page of an invoice of ours."""
    return Link(("invoice", record["org_id"], str(record["invoice_date"])))


def link_to_peak(record: Record) -> Link:
    """The page of the peaks of a cycle."""
    return Link(("peak", record["org_id"], str(record["cycle_start_date"])))


def link_to_calls(record: Record) -> Link:
    """The page of the calls of a cycle."""
    return Link(("calls", record["org_id"], str(record["cycle_start_date"])))


def link_to_inventory(record: Record) -> Link:
    """The page of the numbers and devices of a cycle."""
    return Link(("inventory", record["org_id"], str(record["cycle_start_date"])))


def link_to_organization(record: Record) -> Link:
    """The organization, in the first table of the index."""
    return Link(anchor=f"organization-{record['org_id']}")


ORGANIZATION = text_column("Organization", "org_id", link_to_organization)
ORGANIZATION_COLUMNS = (
    text_column("Organization", "org_id"),
    text_column("Name", "org_name"),
    words_column("License model", "license_model"),
    text_column("Currency", "currency"),
    quantity_column("Invoices", "invoices_count"),
    quantity_column("Vendor invoices", "vendor_invoices_count"),
    quantity_column("Not agreed", "not_agreed_count"),
    yes_column("Parked", "is_parked"),
)
VENDOR_COLUMNS = (
    ORGANIZATION,
    text_column("Number", "invoice_number", link_to_vendor_invoice),
    date_column("Dated", "invoice_date"),
    text_column("Currency", "currency"),
    money_column("Printed total", "printed_total"),
    Column(
        "Lines rejected",
        lambda record: format_number(record["rejected_lines_count"] or None),
        is_number=True,
        keys=("rejected_lines_count",),
        link=link_to_vendor_invoice,
        mark=lambda record: "differs" if record["rejected_lines_count"] else "",
    ),
    money_column("Expected", "expected_total"),
    difference_column("Difference", "variance_amount", link_to_vendor_invoice),
    difference_column("Unexplained", "unexplained_amount"),
    Column("Agreed", spell_agreed, keys=("is_agreed", "unchecked_tax_amount")),
)
INVOICE_COLUMNS = (
    ORGANIZATION,
    date_column("Invoice date", "invoice_date", link_to_invoice),
    words_column("Status", "invoice_status"),
    yes_column("Covered", "is_covered"),
    text_column("Currency", "currency"),
    money_column("Total", "total_amount", link_to_invoice),
)
PEAK_COLUMNS = (
    ORGANIZATION,
    date_column("Cycle from", "cycle_start_date", link_to_peak),
    replace(text_column("Pool", "product_name"), keys=("pool",)),
    words_column("Billed reading", "peak_rule"),
    quantity_column("Billable users", "billable_users", link_to_peak),
    quantity_column("Highest", "highest_users"),
    replace(text_column("Vendor agrees with", "agreeing_readings", link_to_peak), keys=()),
)
CYCLE_COLUMNS = (
    ORGANIZATION,
    date_column("Cycle from", "cycle_start_date"),
    quantity_column("Found about calls", "call_findings_count", link_to_calls),
    quantity_column(
        "Found about numbers and devices", "inventory_findings_count", link_to_inventory
    ),
)
LISTS = (
    ("calendar", "Which invoices of the vendor came, and which did not"),
    ("disputes", "Disputes: claimed, recovered, refused and open"),
    ("invoices", "All invoices by section"),
    ("telco", "Calls against the vendor's telco lines"),
    ("unbilled", "Unbilled usage"),
    ("rejected", "Rejected rows"),
    ("files", "Landed files"),
    ("rules", "Rules"),
)
LIST_COLUMNS = (
    text_column("Page", "title", lambda record: Link((record["page"],))),
    text_column("Command", "command"),
)


def compose_index(connection: duckdb.DuckDBPyConnection, org_id: str | None = None) -> Page:
    """Every organization and invoice; the vendor's that differ come first, most money first."""
    if org_id is not None:
        find_organization(connection, org_id)
    organizations = [
        record
        for record in read(connection, "organizations")
        if org_id is None or record["org_id"] == org_id
    ]
    invoices = read(connection, "invoices", org_id=org_id)
    vendor_invoices = sorted(read(connection, "vendor_invoices", org_id=org_id), key=by_money)
    counts, elsewhere = count_rejected_lines(connection, vendor_invoices, org_id)
    for record, count in zip(vendor_invoices, counts, strict=True):
        record["rejected_lines_count"] = count
    peaks = [record for record in read(connection, "peaks", org_id=org_id) if is_billed(record)]
    add_agreeing(connection, peaks, org_id)
    for record in organizations:
        record |= count_invoices(record["org_id"], invoices, vendor_invoices)
    incomplete = sum(count > 0 for count in counts)
    differing = sum(not record["is_agreed"] for record in vendor_invoices)
    lists = [
        {"title": title, "page": page, "command": f"cx-billing show {page}"}
        for page, title in LISTS
    ]
    return Page(
        title=f"Billing of {format_text(org_id)}" if org_id else "Billing",
        lead=summarize(len(vendor_invoices), differing, incomplete)
        + tell_unchecked(vendor_invoices),
        facts=(
            ("Organizations", format_number(len(organizations))),
            ("Invoices", format_number(len(invoices))),
            ("Vendor invoices", format_number(len(vendor_invoices))),
            ("Of these not agreed", format_number(differing)),
            *([("With rejected lines", format_number(incomplete))] if incomplete else []),
        ),
        tables=(
            Table.of_records(
                "The vendor's invoices",
                VENDOR_COLUMNS,
                vendor_invoices,
                "None has been landed (dataset vendor_invoice_lines).",
                "vendor_invoices",
            ),
            Table.of_records("More pages", LIST_COLUMNS, lists, name="pages"),
            Table(
                "Organizations",
                ORGANIZATION_COLUMNS,
                fill_rows(
                    ORGANIZATION_COLUMNS,
                    organizations,
                    lambda record: f"organization-{record['org_id']}",
                ),
                "No contract has been landed.",
                "organizations",
                tuple(organizations),
            ),
            Table.of_records("Invoices", INVOICE_COLUMNS, invoices, "No invoice yet.", "invoices"),
            Table.of_records(
                "Peaks that are billed",
                PEAK_COLUMNS,
                read_names(connection).add(peaks, "pool"),
                "No organization is billed by its peak.",
                "peaks",
            ),
            Table.of_records(
                "Calls, numbers and devices",
                CYCLE_COLUMNS,
                read(connection, "audited_cycles", org_id=org_id),
                "No calls, numbers or devices.",
                "cycles",
            ),
        ),
        head={"org_id": org_id} if org_id else {},
        notes=(
            *explain(bool(vendor_invoices), incomplete, elsewhere),
            *explain_later(read_vendor_files(connection, org_id).later),
        ),
    )


def summarize(count: int, differing: int, incomplete: int) -> str:
    """Whether the vendor's invoices are right, and whether all of them is compared."""
    if not count:
        return "No invoice of the vendor has been landed, so none is compared."
    if differing:
        judged = (
            f"{differing:,} of {count:,} invoices of the vendor "
            f"{'does' if differing == 1 else 'do'} not agree with ours; most money comes first."
        )
    else:
        judged = "Every invoice of the vendor agrees with ours."
    if not incomplete:
        return judged
    return (
        f"{judged} Lines of {incomplete:,} of them were rejected: what is compared of "
        f"{'it' if incomplete == 1 else 'these'} leaves out what could not be read."
    )


def tell_unchecked(vendor_invoices: list[Record]) -> str:
    """In a sentence, of how many invoices of the vendor the taxes were not checked, if of any."""
    unchecked = [record for record in vendor_invoices if is_unchecked(record)]
    count = len(unchecked)
    if not count:
        return ""
    whose = "invoice were not checked: its contract names"
    if count > 1:
        whose = "invoices were not checked: their contracts name"
    unrated = sorted({record["unchecked_tax_jurisdiction"] or "" for record in unchecked} - {""})
    one_of = f", or one without rates: {format_text(', '.join(unrated))}" if unrated else ""
    return f" The taxes of {count:,} {whose} no jurisdiction{one_of}."


def explain(has_invoices: bool, incomplete: int, elsewhere: int) -> Iterator[str]:
    """What a reader of the tables has to know of what was rejected."""
    if incomplete:
        yield (
            "Lines rejected: they are in no printed total and no difference. The page of the "
            "invoice lists them with what would be right."
        )
    if elsewhere:
        other = "other " if has_invoices else ""
        yield (
            f"{elsewhere:,} {other}line{'s' if elsewhere > 1 else ''} of the vendor's invoices "
            f"{'were' if elsewhere > 1 else 'was'} rejected and {'are' if elsewhere > 1 else 'is'} "
            "of no invoice above: see cx-billing show rejected."
        )


def explain_later(later: Sequence[LaterInvoice]) -> Iterator[str]:
    """Which invoices of the vendor are not listed, since they are dated after the build."""
    if later:
        listed = "; ".join(
            f"{format_text(invoice.invoice_number)} of {invoice.invoice_date} "
            f"({format_text(invoice.source_file)})"
            for invoice in later
        )
        yield (
            "Not compared yet, since dated on or after the day of the build "
            f"({later[0].as_of_date}): {listed}."
        )


def add_agreeing(
    connection: duckdb.DuckDBPyConnection, peaks: list[Record], org_id: str | None
) -> None:
    """Tell each peak which of its readings the vendor's invoice agrees with (CONC-12)."""
    readings: dict[tuple[object, ...], list[Record]] = {}
    for record in read(connection, "peak_readings", org_id=org_id, cycle_start_date=None):
        readings.setdefault(name_peak(record), []).append(record)
    for peak in peaks:
        of_peak = readings.get(name_peak(peak), [])
        peak["invoiced_quantity"] = of_peak[0]["invoiced_quantity"] if of_peak else None
        peak["agreeing_readings"] = spell_invoiced(of_peak)


def name_peak(record: Record) -> tuple[object, ...]:
    """The key of a peak."""
    return record["org_id"], record["cycle_start_date"], record["pool"]


def is_billed(peak: Record) -> bool:
    """Whether a pool is billed by its peak, and this one bills somebody."""
    return bool(peak["is_billed_by_peak"] and peak["billable_users"])


def by_money(invoice: Record) -> tuple[bool, bool, object, str, str]:
    """What is not agreed comes first, and of that what is not compared, then the most money."""
    variance = invoice["variance_amount"]
    return (
        invoice["is_agreed"],
        variance is not None,
        -abs(variance or 0),
        invoice["org_id"],
        invoice["invoice_number"],
    )


def count_invoices(
    org_id: str, invoices: list[Record], vendor_invoices: list[Record]
) -> dict[str, int]:
    """How many invoices an organization has, and how many of the vendor's are not agreed."""
    of_vendor = [record for record in vendor_invoices if record["org_id"] == org_id]
    return {
        "invoices_count": sum(record["org_id"] == org_id for record in invoices),
        "vendor_invoices_count": len(of_vendor),
        "not_agreed_count": sum(not record["is_agreed"] for record in of_vendor),
    }
