"""Disputes of the vendor's invoices: what is claimed, recovered, refused and open, and how long."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

import duckdb

from cx_billing.pages.columns import (
    add_up,
    date_column,
    label_row,
    money_column,
    name_organization,
    product_column,
    quantity_column,
    text_column,
    words_column,
)
from cx_billing.pages.content import Column, Link, Page, Record, Row, Table, fill_rows
from cx_billing.pages.formatting import format_number, format_text
from cx_billing.pages.reading import find_organization, read
from cx_billing.pages.rejected import count_rejected_lines
from cx_billing.pages.words import read_names

AMOUNTS = ("claimed_amount", "recovered_amount", "refused_amount", "open_amount")
AGEING_COLUMNS = (
    Column(
        "Claims",
        lambda record: "Not disputed yet" if record["is_not_opened"] else "Disputed",
        keys=("is_not_opened",),
    ),
    text_column("Currency", "currency"),
    quantity_column("Number", "disputes_count"),
    money_column("0-30 days", "up_to_30"),
    money_column("31-60 days", "up_to_60"),
    money_column("61-90 days", "up_to_90"),
    money_column("over 90 days", "over_90"),
    money_column("Open", "open_amount"),
)


def link_to_vendor_invoice(record: Record) -> Link:
    """The page of the invoice that is disputed."""
    return Link(("vendor-invoice", record["org_id"], record["invoice_number"]))


def link_to_dispute(org_id: str, invoice_number: str) -> Link:
    """The first dispute of an invoice of the vendor."""
    return Link(("disputes",), f"dispute-{org_id}-{invoice_number}")


CLAIM_COLUMNS = (
    text_column("Invoice", "invoice_number", link_to_vendor_invoice),
    product_column("Product"),
    words_column("Status", "status", lambda record: link_to_dispute(*name_invoice(record))),
    money_column("Claimed", "claimed_amount"),
    money_column("Recovered", "recovered_amount"),
    money_column("Refused", "refused_amount"),
    money_column("Open", "open_amount"),
    words_column("Last recorded", "last_event"),
    date_column("On", "last_event_date"),
    text_column("By", "last_recorded_by"),
    text_column("Credited on", "credit_invoice_numbers"),
    Column(
        "Left of credits",
        lambda record: format_number(
            record["unmatched_credit_amount"] or None, record["minor_units"] or 0
        ),
        is_number=True,
        keys=("unmatched_credit_amount",),
    ),
)


def name_invoice(record: Record) -> tuple[str, str]:
    """The organization and the number of the invoice that is disputed."""
    return record["org_id"], record["invoice_number"]


def compose_disputes(connection: duckdb.DuckDBPyConnection, org_id: str | None = None) -> Page:
    """Every dispute with its money, how long it is open, and credits that settle none."""
    if org_id is not None:
        find_organization(connection, org_id)
    records = read_names(connection).add(read(connection, "disputes", org_id=org_id))
    head = (
        *name_organization(org_id),
        text_column("Invoice", "invoice_number", link_to_vendor_invoice),
        date_column("Dated", "invoice_date"),
        product_column("Product"),
    )
    columns = (
        *head,
        words_column("Status", "status"),
        money_column("Claimed", "claimed_amount"),
        money_column("Recovered", "recovered_amount"),
        money_column("Refused", "refused_amount"),
        money_column("Open", "open_amount"),
        quantity_column("Days", "open_days"),
        text_column("Currency", "currency"),
        date_column("Last event", "last_event_date"),
        text_column("By", "last_recorded_by"),
        text_column("Credited on", "credit_invoice_numbers"),
    )
    unmatched_columns = (
        *head,
        money_column("Left of credits", "unmatched_credit_amount"),
        text_column("Currency", "currency"),
    )
    followed = [
        record for record in records if record["status"] not in ("not_opened", "unmatched_credit")
    ]
    not_opened = select(records, "not_opened")
    unmatched = select(records, "unmatched_credit")
    anchors: dict[str, str] = {}
    for record in (*followed, *not_opened, *unmatched):
        place = link_to_dispute(record["org_id"], record["invoice_number"]).anchor
        record["anchor"] = "" if place in anchors else place
        anchors[place] = place
    ageing = read(connection, "dispute_ageing", org_id=org_id)
    return Page(
        title=f"Disputes of {org_id}" if org_id else "Disputes",
        facts=(),
        tables=(
            Table.of_records(
                "How long it is open", AGEING_COLUMNS, ageing, "Nothing is open.", "ageing"
            ),
            Table(
                "Disputes",
                columns,
                tuple(list_rows(columns, followed)),
                "None was opened, and no credit has settled any.",
                "disputes",
                tuple(followed),
                is_main=True,
            ),
            Table(
                "Billed too much, and not disputed yet",
                columns,
                tuple(list_rows(columns, not_opened)),
                name="not_disputed",
                records=tuple(not_opened),
            ),
            Table(
                "Credits that settle no dispute",
                unmatched_columns,
                fill_rows(unmatched_columns, unmatched, itemgetter("anchor")),
                name="unmatched_credits",
                records=tuple(unmatched),
            ),
        ),
        head={"org_id": org_id} if org_id else {},
        notes=(
            *explain_rejected(connection, records, org_id),
            "Claimed is recovered, refused and open. Days count from the first event, without one "
            "from the invoice.",
            "cx-billing record-dispute ORG_ID INVOICE_NUMBER EVENT records what is opened, sent, "
            "accepted, refused or credited.",
        ),
    )


def explain_rejected(
    connection: duckdb.DuckDBPyConnection, records: list[Record], org_id: str | None
) -> Iterator[str]:
    """Of which of the invoices lines were rejected, so that what is claimed of them may change."""
    invoices = read(connection, "vendor_invoices", org_id=org_id)
    counts, _ = count_rejected_lines(connection, invoices, org_id)
    claimed = {name_invoice(record) for record in records}
    found = [
        format_text(invoice["invoice_number"])
        for invoice, count in zip(invoices, counts, strict=True)
        if count and name_invoice(invoice) in claimed
    ]
    if found:
        yield (
            f"Lines of {', '.join(found)} were rejected, and nothing that is claimed has them: "
            "cx-billing show vendor-invoice lists them."
        )


def select(records: list[Record], status: str) -> list[Record]:
    """The records of a status."""
    return [record for record in records if record["status"] == status]


def list_rows(columns: tuple[Column, ...], records: list[Record]) -> Iterator[Row]:
    """The disputes, and the sums of each currency."""
    for currency, found in groupby(records, key=lambda record: record["currency"]):
        of_currency = list(found)
        yield from fill_rows(columns, of_currency, itemgetter("anchor"))
        sums = {key: add_up(of_currency, key) for key in AMOUNTS}
        minor_units = of_currency[0]["minor_units"]
        yield label_row(
            columns, "total", f"Total {currency or ''}".strip(), **sums, minor_units=minor_units
        )
