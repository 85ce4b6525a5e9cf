"""An invoice of the vendor by its number: every printed line, ours beside it, and the reasons."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from cx_billing.pages.columns import (
    add_up,
    label_row,
    money_column,
    quantity_column,
    text_column,
)
from cx_billing.pages.content import Page, Record, Row, Table, fill_rows
from cx_billing.pages.formatting import format_number, format_text
from cx_billing.pages.reading import find_organization, read, require

LINE_COLUMNS = (
    text_column("Description", "description"),
    quantity_column("Line", "line_number"),
    quantity_column("Vendor qty", "printed_quantity"),
    quantity_column("Vendor rate", "printed_price"),
    money_column("Vendor", "printed_amount"),
    quantity_column("Our qty", "expected_quantity"),
    money_column("Ours", "expected_amount"),
    money_column("Difference", "variance_amount"),
    text_column("Reason", "reasons"),
)
DIFFERENCE_COLUMNS = (
    money_column("Amount", "amount"),
    text_column("Reason", "title"),
    text_column("Product", "product_code"),
    text_column("Why", "explanation"),
    money_column("To claim", "claim_amount"),
)


def compose_vendor_invoice(
    connection: duckdb.DuckDBPyConnection, org_id: str, invoice_number: str
) -> Page:
    """Each printed line once, in printed order, with the printed total and what explains it."""
    organization = find_organization(connection, org_id)
    invoices = {
        number: invoice
        for invoice in read(connection, "vendor_invoices", org_id=org_id)
        for number in (
            invoice["invoice_number"],
            *filter(None, (invoice["other_numbers"] or "").split(", ")),
        )
    }
    require(invoice_number, invoices, "vendor invoice", org_id)
    invoice = invoices[invoice_number]
    of_invoice = {"org_id": org_id, "invoice_number": invoice["invoice_number"]}
    lines = read(connection, "vendor_invoice_lines", **of_invoice)
    differences = read(connection, "invoice_differences", **of_invoice)
    minor_units = invoice["minor_units"] or 0
    for record in (*lines, *differences):
        record["minor_units"] = minor_units

    def money(key: str) -> str:
        return format_number(invoice[key], minor_units) or "not compared"

    return Page(
        title=f"Vendor invoice {format_text(invoice['invoice_number'])} of {org_id}",
        facts=(
            ("Organization", format_text(organization["org_name"] or org_id)),
            ("Dated", format_text(invoice["invoice_date"])),
            ("Also numbered", format_text(invoice["other_numbers"] or "nothing else")),
            ("Answers", format_text(invoice["expected_invoice_ids"] or "no invoice of ours")),
            ("Currency", format_text(invoice["currency"])),
            ("Printed total", money("printed_total")),
            ("Expected", money("expected_total")),
            ("Difference", money("variance_amount")),
            ("Unexplained", money("unexplained_amount")),
            ("Agreed", "yes" if invoice["is_agreed"] else "no"),
        ),
        tables=(
            Table(
                "Why it differs",
                DIFFERENCE_COLUMNS,
                fill_rows(DIFFERENCE_COLUMNS, differences),
                "It does not: every group of lines agrees to the cent.",
                name="differences",
                records=tuple(differences),
            ),
            Table(
                "Lines",
                LINE_COLUMNS,
                tuple(list_rows(lines, minor_units)),
                name="lines",
                records=tuple(lines),
                is_main=True,
            ),
        ),
        notes=tuple(explain(lines, differences)),
        head=invoice,
    )


def list_rows(lines: list[Record], minor_units: int) -> Iterator[Row]:
    """The lines, the total, and what only we have under a heading of its own."""
    printed = [line for line in lines if line["is_printed"]]
    yield from fill_rows(LINE_COLUMNS, printed)
    total = {"printed_amount": add_up(printed, "printed_amount"), "minor_units": minor_units}
    yield label_row(LINE_COLUMNS, "subtotal", "Printed total", **total)
    if ours := [line for line in lines if not line["is_printed"]]:
        yield label_row(LINE_COLUMNS, "section", "Expected, and not on the invoice")
        yield from fill_rows(LINE_COLUMNS, ours)
    sums = {
        key: add_up(lines, key) for key in ("printed_amount", "expected_amount", "variance_amount")
    }
    yield label_row(LINE_COLUMNS, "total", "Total", **sums, minor_units=minor_units)


def explain(lines: list[Record], differences: list[Record]) -> Iterator[str]:
    """What a reader of the tables has to know."""
    if any(line["lines_in_group"] > 1 for line in lines):
        yield (
            "Lines of one product and charge are compared as one: our figures stand beside the "
            "first of them."
        )
    if any(difference["caused_by"] for difference in differences):
        yield "What follows from another difference goes away with it."
    if any(difference["reason"] == "renamed_product" for difference in differences):
        yield (
            "A renamed product is a proposal: cx-billing accept-name ORG_ID "
            '"PRINTED WORDS" PRODUCT accepts it.'
        )


def find_product(connection: duckdb.DuckDBPyConnection, org_id: str, product_code: str) -> Record:
    """The product of the shipped catalogue, one of a kind like `sms_class_c` with its kind.

    Of a code that the catalogue does not have only the code: it may be the organization's own.
    Raises NotFoundError if there is no such organization.
    """
    find_organization(connection, org_id)
    products = {
        record["product_code"]: {**record, "name": record["invoice_name"]}
        for record in read(connection, "products")
    }
    if product_code in products:
        return products[product_code]
    for record in read(connection, "product_prefixes"):
        if product_code.startswith(record["prefix"]):
            product = products[record["product_code"]]
            return {**product, "product_code": product_code, "name": product_code}
    return {"product_code": product_code}
