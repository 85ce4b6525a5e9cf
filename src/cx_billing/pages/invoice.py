"""One invoice: its lines by section in the vendor's order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from operator import itemgetter

import duckdb

from cx_billing.pages.columns import (
    SERVICE_PERIOD,
    add_up,
    billed_column,
    label_row,
    money_column,
    rule_column,
    text_column,
)
from cx_billing.pages.content import Link, Page, Record, Row, Table, fill_rows
from cx_billing.pages.evidence import link_to_line
from cx_billing.pages.formatting import format_instant, format_number, format_text
from cx_billing.pages.reading import find_organization, is_listed, read, require
from cx_billing.pages.rules import find_rule
from cx_billing.pages.words import read_names, spell_code

# Pages of what was measured of a cycle, by the kinds of products they show.
AUDITED = {"call": "calls", "number": "inventory", "device": "inventory"}
BY_PEAK = {"committed", "overage", "usage"}


def link_to_usage(line: Record) -> Link | None:
    """From a line to what was measured for it."""
    usage: Link | None = line["usage"]
    return usage


COLUMNS = (
    text_column("Description", "description"),
    SERVICE_PERIOD,
    billed_column("Qty", "quantity", link_to_usage),
    text_column("Unit", "unit_of_measure"),
    money_column("Unit price", "unit_price"),
    money_column("Amount", "amount", link_to_line),
    rule_column(),
    text_column("Remark", "remark"),
)


def compose_invoice(connection: duckdb.DuckDBPyConnection, org_id: str, invoice_date: date) -> Page:
    """The lines of an invoice under their sections, with subtotals and totals."""
    organization = find_organization(connection, org_id)
    head = find_head(connection, org_id, invoice_date)
    lines = read(connection, "invoice_lines", org_id=org_id, invoice_date=invoice_date)
    shown = refer(connection, lines, organization["license_model"])
    compared = (
        ("with the vendor's lines", Link(("reconciliation", org_id, str(invoice_date)))),
        *find_answering(connection, head, org_id),
    )
    restated = find_corrections(connection, org_id, invoice_date)
    notes = [
        "Service periods are shown with their last day.",
        f"What a line rests on: cx-billing show evidence {format_text(org_id)} {invoice_date}.",
    ]
    if head["invoice_status"] == "accruing":
        notes.append("Accruing: the invoice is not final yet and shows the arrears so far.")
    return Page(
        title=f"Invoice {format_text(org_id)} {invoice_date}",
        facts=(
            ("Organization", format_text(organization["org_name"] or org_id)),
            ("Invoice", format_text(head["invoice_id"])),
            ("Billing account", format_text(head["billing_account_id"])),
            ("Invoice date", format_text(head["invoice_date"])),
            ("Due date", format_text(head["due_date"])),
            ("Status", spell_status(head)),
            *((("Corrected on", ", ".join(words for words, _ in restated)),) if restated else ()),
            ("Currency", format_text(head["currency"])),
            ("Covered", describe_coverage(head)),
            ("Compared", ", ".join(words for words, _ in compared)),
        ),
        fact_links={"Compared": compared, **({"Corrected on": restated} if restated else {})},
        tables=(
            Table(
                "Lines",
                COLUMNS,
                list_rows(shown, head, organization["minor_units"]),
                name="lines",
                records=tuple(lines),
            ),
        ),
        head=head | {"org_id": org_id},
        notes=tuple(notes),
    )


def find_head(connection: duckdb.DuckDBPyConnection, org_id: str, invoice_date: date) -> Record:
    """What an invoice says of itself. Raises NotFoundError if there is none."""
    find_organization(connection, org_id)
    heads = {
        record["invoice_date"]: record
        for record in read(connection, "invoice_heads", org_id=org_id)
    }
    require(invoice_date, heads, "invoice of", org_id)
    return heads[invoice_date]


def spell_status(head: Record) -> str:
    """Whether the invoice is final, and who has closed it when."""
    status = spell_code(head["invoice_status"])
    if not head["sealed_at"]:
        return status
    sealed_at = format_instant(head["sealed_at"].replace(microsecond=0))
    return f"{status} by {format_text(head['sealed_by'])} at {sealed_at} UTC"


def find_corrections(
    connection: duckdb.DuckDBPyConnection, org_id: str, invoice_date: date
) -> tuple[tuple[str, Link], ...]:
    """The invoices that correct a sealed one, with how much, each with its page."""
    return tuple(
        (
            f"{record['invoice_date']} ({format_number(record['amount'], record['minor_units'])} "
            f"{format_text(record['currency'])})",
            Link(("invoice", org_id, str(record["invoice_date"]))),
        )
        for record in read(connection, "corrections", org_id=org_id)
        if record["corrected_invoice_date"] == invoice_date
    )


def find_answering(
    connection: duckdb.DuckDBPyConnection, head: Record, org_id: str
) -> Iterator[tuple[str, Link]]:
    """The vendor's invoices that answer this one, each with its page."""
    for invoice in read(connection, "vendor_invoices", org_id=org_id):
        if is_listed(head["invoice_id"], invoice["expected_invoice_ids"]):
            number = invoice["invoice_number"]
            yield f"vendor invoice {format_text(number)}", Link(("vendor-invoice", org_id, number))


def refer(
    connection: duckdb.DuckDBPyConnection, lines: list[Record], license_model: str
) -> list[Record]:
    """The lines as they are shown: with the rule each follows, and the peak it is billed by."""
    names = read_names(connection)
    org_id = lines[0]["org_id"] if lines else None
    peaks = {
        (peak["cycle_start_date"], peak["pool"])
        for peak in read(connection, "peaks", org_id=org_id)
        if peak["is_billed_by_peak"]
    }
    products = set()
    shown = []
    for line in lines:
        product, cycle = line["product_code"], line["service_period_start"]
        is_by_peak = line["charge_type"] in BY_PEAK and (cycle, product) in peaks
        measured = "peak" if is_by_peak else AUDITED.get(names.kind(product))
        usage = Link((measured, line["org_id"], str(cycle))) if measured else None
        rule = find_rule(
            line["charge_type"], names.kind(product), license_model, is_waived=line["is_waived"]
        )
        anchor = "" if product in products else f"product-{product}"
        products.add(product)
        shown.append(line | {"usage": usage, "rule": rule, "anchor": anchor})
    return shown


def describe_coverage(head: Record) -> str:
    """Whether the data reaches the end of the cycle in arrears, and how that is known."""
    answer = "yes" if head["is_covered"] else "no"
    return answer + (f": {format_text(head['coverage_note'])}" if head["coverage_note"] else "")


def list_rows(lines: list[Record], head: Record, minor_units: int) -> tuple[Row, ...]:
    """The lines of each section between its title and its subtotal, then the totals."""
    rows: list[Row] = []
    for title, group in groupby(lines, key=lambda line: line["section_title"]):
        members = list(group)
        subtotal = add_up(members, "amount")
        rows += [
            label_row(COLUMNS, "section", title),
            *fill_rows(COLUMNS, members, itemgetter("anchor")),
        ]
        rows += [
            label_row(COLUMNS, "subtotal", "Subtotal", amount=subtotal, minor_units=minor_units)
        ]
    totals = {
        "Total before taxes": head["subtotal_amount"],
        "Taxes": head["tax_amount"],
        f"Total {head['currency']}": head["total_amount"],
    }
    rows += [
        label_row(COLUMNS, "total", label, amount=amount, minor_units=minor_units)
        for label, amount in totals.items()
    ]
    return tuple(rows)
