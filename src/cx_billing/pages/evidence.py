"""What a line of an invoice rests on: users, calls, days, conversations, contract items."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb

from cx_billing.pages.columns import (
    SERVICE_PERIOD,
    add_up,
    instant_column,
    label_row,
    money_column,
    quantity_column,
    text_column,
)
from cx_billing.pages.content import Page, Record, Table, fill_rows
from cx_billing.pages.formatting import format_number, format_period, format_text
from cx_billing.pages.reading import NotFoundError, find_organization, read

MOST_ROWS = 100
ALL_ROWS = 2**62
# What a kind of evidence is, and what its key names.
KINDS = {
    "account_user": ("account assigned", "user"),
    "allowance": ("taken off: allowance", "product"),
    "billed_apart": ("taken off: on a line of its own", "line"),
    "call": ("call", "call_id of marts.calls"),
    "commitment": ("taken off: commitment", "contract, product, first day of the item"),
    "contract": ("minimum of the contract", "contract"),
    "contract_item": ("contract item", "contract, product, first day of the item"),
    "conversation": ("conversation", "conversation_key of marts.conversations"),
    "device": ("device in service", "device"),
    "line": ("invoice line", "invoice_line_id of marts.invoice_lines"),
    "number": ("number held", "keyed hash of the number"),
    "order": ("order", "order"),
    "peak": ("witness of the peak", "pool of marts.concurrency_peaks"),
    "peak_user": ("user on at the peak", "user"),
    "resource_day": ("day of usage", "day"),
    "rounding": ("rounding", "what is rounded"),
    "token_meter": ("token meter", "product_code of marts.ai_token_usage"),
    "user": ("user, since the first login", "user"),
    "user_hours": ("hours of a user, since the first login", "user"),
}
KIND_COLUMNS = (
    text_column("Evidence", "kind_title"),
    quantity_column("Rows", "rows_count"),
    quantity_column("Qty", "quantity"),
    money_column("Amount", "amount"),
    text_column("Its key is", "key_title"),
)
COLUMNS = (
    text_column("Evidence", "kind_title"),
    text_column("Key", "evidence_key"),
    instant_column("From", "started_at"),
    instant_column("Until", "ended_at"),
    quantity_column("Qty", "quantity"),
    money_column("Amount", "amount"),
)
LINE_COLUMNS = (
    text_column("Description", "description"),
    SERVICE_PERIOD,
    quantity_column("Qty", "quantity"),
    money_column("Amount", "amount"),
    text_column("Line", "invoice_line_id"),
)


def compose_evidence(
    connection: duckdb.DuckDBPyConnection,
    org_id: str,
    invoice_line_id: str,
    most_rows: int | None = MOST_ROWS,
) -> Page:
    """What a line rests on, summed by kind and then row by row, the first `most_rows` of them.

    Of an invoice, by its id or date, the lines there are with their ids.
    """
    organization = find_organization(connection, org_id)
    lines = read(connection, "evidence_lines", org_id=org_id)
    of_invoice = [
        line
        for line in lines
        if invoice_line_id in (line["invoice_id"], line["invoice_date"].isoformat())
    ]
    if of_invoice:
        return list_lines(org_id, of_invoice)
    line = find_line(lines, org_id, invoice_line_id)
    of_line = {"org_id": org_id, "invoice_line_id": invoice_line_id}
    kinds = read(connection, "evidence_kinds", **of_line)
    rows = read(connection, "evidence", most_rows=most_rows or ALL_ROWS, **of_line)
    for record in (*kinds, *rows):
        record["kind_title"], record["key_title"] = KINDS[record["kind"]]
        record["minor_units"] = line["minor_units"]
    count = sum(kind["rows_count"] for kind in kinds)
    total = label_row(
        KIND_COLUMNS,
        "total",
        "Total",
        rows_count=count,
        quantity=add_up(kinds, "quantity"),
        amount=add_up(kinds, "amount"),
        minor_units=line["minor_units"],
    )
    return Page(
        title=f"Evidence of a line of invoice {format_text(line['invoice_id'])}",
        facts=(
            ("Organization", format_text(organization["org_name"] or org_id)),
            ("Line", format_text(line["description"])),
            ("Line id", format_text(invoice_line_id)),
            (
                "Service period",
                format_period(line["service_period_start"], line["service_period_end"]),
            ),
            ("Quantity", f"{format_number(line['quantity'])} {line['unit_of_measure']}"),
            ("Unit price", format_number(line["unit_price"], line["minor_units"])),
            ("Amount", f"{format_number(line['amount'], line['minor_units'])} {line['currency']}"),
        ),
        tables=(
            Table("What it rests on", KIND_COLUMNS, (*fill_rows(KIND_COLUMNS, kinds), total)),
            Table.of_records("Row by row", COLUMNS, rows).drop_empty_columns(),
        ),
        notes=tuple(explain(line, kinds, len(rows), count)),
    )


def list_lines(org_id: str, lines: list[Record]) -> Page:
    """The lines of an invoice with their ids."""
    return Page(
        title=f"Evidence of invoice {format_text(lines[0]['invoice_id'])}",
        facts=(),
        tables=(Table.of_records("Lines", LINE_COLUMNS, lines),),
        notes=(f"What a line rests on: cx-billing show evidence {format_text(org_id)} 'LINE'.",),
    )


def find_line(lines: list[Record], org_id: str, invoice_line_id: str) -> Record:
    """A line by its id. Raises NotFoundError, naming the invoices there are, if there is none."""
    for line in lines:
        if line["invoice_line_id"] == invoice_line_id:
            return line
    dates: list[date] = sorted({line["invoice_date"] for line in lines})
    listed = f"invoices of {', '.join(map(str, dates))}" if dates else "no invoice"
    raise NotFoundError(
        f"Organization {org_id} has no invoice line {format_text(invoice_line_id)}. It has "
        f"{listed}; cx-billing show evidence {org_id} INVOICE_DATE lists the lines of one."
    )


def explain(line: Record, kinds: list[Record], shown: int, count: int) -> Iterator[str]:
    """What a reader of the rows has to know."""
    present = {kind["kind"] for kind in kinds}
    if shown < count:
        yield f"The first {shown:,} of {count:,} rows by amount; --rows 0 shows all."
    if line["is_waived"]:
        yield "The line is waived: what it rests on is counted, and no part of it is charged."
    if present & {"allowance", "commitment", "billed_apart"}:
        yield "What is taken off lowers the quantity; the amount is shared by what was used."
    if "peak" in present:
        yield "The users of the peak were all on from the start of its witness to its end."
    if "call" in present and "rounding" in present:
        yield "A call has its cost as recorded; the line rounds their sum once."
