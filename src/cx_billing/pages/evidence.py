"""What a line of an invoice rests on: users, calls, days, conversations, contract items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import groupby
from operator import itemgetter

import duckdb

from cx_billing.pages.columns import (
    SERVICE_PERIOD,
    add_up,
    billed_column,
    instant_column,
    label_row,
    money_column,
    quantity_column,
    text_column,
)
from cx_billing.pages.content import Link, Page, Record, Row, Table, fill_rows
from cx_billing.pages.formatting import format_number, format_period, format_text
from cx_billing.pages.peak import explain_invoiced
from cx_billing.pages.reading import NotFoundError, find_organization, read, require
from cx_billing.pages.words import read_names

MOST_ROWS = 100
ALL_ROWS = 2**62
# What a kind of evidence is, and what its key names.
KINDS = {
    "account_user": ("account assigned", "user"),
    "allowance": ("taken off: allowance", "product"),
    "billed_apart": ("taken off: on a line of its own", "line"),
    "call": ("call", "call_id of marts.calls"),
    "changed_since_sealed": ("changed since it was sealed", "difference"),
    "commitment": ("taken off: commitment", "contract, product, first day of the item"),
    "contract": ("minimum of the contract", "contract"),
    "contract_item": ("contract item", "contract, product, first day of the item"),
    "conversation": ("conversation", "conversation_key of marts.conversations"),
    "correction": ("correction of a sealed line", "line"),
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
TAKEN_OFF = {"allowance", "billed_apart", "commitment"}
TAKEN_OFF_WORDS = "What is taken off lowers the quantity; the amount is shared by what was used."


def link_to_line(line: Record) -> Link:
    """What a line rests on, on the page of its invoice."""
    return Link(
        ("evidence", line["org_id"], str(line["invoice_date"])), f"line-{line['invoice_line_id']}"
    )


KIND_COLUMN = replace(text_column("Evidence", "kind_title"), keys=("kind",))
KIND_COLUMNS = (
    KIND_COLUMN,
    quantity_column("Rows", "rows_count"),
    quantity_column("Qty", "quantity"),
    money_column("Amount", "amount"),
    replace(text_column("Its key is", "key_title"), keys=()),
)
COLUMNS = (
    KIND_COLUMN,
    text_column("Key", "evidence_key"),
    instant_column("From", "started_at"),
    instant_column("Until", "ended_at"),
    quantity_column("Qty", "quantity"),
    money_column("Amount", "amount"),
)
LINE_COLUMNS = (
    text_column("Description", "description"),
    SERVICE_PERIOD,
    billed_column("Qty", "quantity"),
    money_column("Amount", "amount", link_to_line),
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
    shown_kinds, shown_rows = (spell(records, line["minor_units"]) for records in (kinds, rows))
    count = sum(kind["rows_count"] for kind in kinds)
    is_of_peak = any(kind["kind"] == "peak" for kind in kinds)
    invoiced = explain_peaks(connection, org_id, [line] if is_of_peak else [])
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
            *((("Vendor's invoice", said),) if (said := " ".join(invoiced)) else ()),
        ),
        tables=(
            Table(
                "What it rests on",
                KIND_COLUMNS,
                (*fill_rows(KIND_COLUMNS, shown_kinds), total),
                name="kinds",
                records=tuple(kinds),
            ),
            Table(
                "Row by row",
                COLUMNS,
                fill_rows(COLUMNS, shown_rows),
                name="evidence",
                records=tuple(rows),
                is_main=True,
            ).drop_empty_columns(),
        ),
        head=line | {"org_id": org_id},
        notes=tuple(explain(line, kinds, len(rows), count)),
    )


def list_lines(org_id: str, lines: list[Record]) -> Page:
    """The lines of an invoice with their ids."""
    return Page(
        title=f"Evidence of invoice {format_text(lines[0]['invoice_id'])}",
        facts=(),
        tables=(Table.of_records("Lines", LINE_COLUMNS, lines, name="lines"),),
        head={key: lines[0][key] for key in ("org_id", "invoice_id", "invoice_date")},
        notes=(f"What a line rests on: cx-billing show evidence {format_text(org_id)} 'LINE'.",),
    )


def compose_invoice_evidence(
    connection: duckdb.DuckDBPyConnection, org_id: str, invoice_date: date
) -> Page:
    """What every line of an invoice rests on: its first rows, a section for each line."""
    organization = find_organization(connection, org_id)
    by_date = {
        day: list(lines)
        for day, lines in groupby(
            read(connection, "evidence_lines", org_id=org_id), key=itemgetter("invoice_date")
        )
    }
    require(invoice_date, by_date, "invoice of", org_id)
    lines = by_date[invoice_date]
    line_ids = [line["invoice_line_id"] for line in lines]
    of_lines = {"org_id": org_id, "invoice_line_ids": line_ids, "most_rows": MOST_ROWS}
    rows = read(connection, "evidence_of_lines", **of_lines)
    of_peaks = {row["invoice_line_id"] for row in rows if row["kind"] == "peak"}
    words = ("invoice", org_id, str(invoice_date))
    return Page(
        title=f"Evidence of invoice {format_text(lines[0]['invoice_id'])}",
        facts=(
            ("Organization", format_text(organization["org_name"] or org_id)),
            ("Invoice", format_text(lines[0]["invoice_id"])),
        ),
        fact_links={"Invoice": ((format_text(lines[0]["invoice_id"]), Link(words)),)},
        tables=(
            Table.of_records("Lines", LINE_COLUMNS, lines, name="lines"),
            Table(
                "What each line rests on",
                COLUMNS,
                tuple(list_evidence(lines, rows)),
                name="evidence",
                records=tuple(rows),
            ),
        ),
        notes=(
            *explain_rows(org_id, rows),
            *explain_peaks(
                connection, org_id, [line for line in lines if line["invoice_line_id"] in of_peaks]
            ),
        ),
    )


def explain_peaks(
    connection: duckdb.DuckDBPyConnection, org_id: str, lines: list[Record]
) -> Iterator[str]:
    """Which reading of the peak the vendor's invoice agrees with, of lines that rest on one."""
    for product, cycle in dict.fromkeys(
        (line["product_code"], line["service_period_start"]) for line in lines
    ):
        readings = [
            record
            for record in read(connection, "peak_readings", org_id=org_id, cycle_start_date=cycle)
            if record["pool"] == product
        ]
        yield from explain_invoiced(read_names(connection).add(readings, "pool"))


def explain_rows(org_id: str, rows: list[Record]) -> Iterator[str]:
    """What a reader of the rows of many lines has to know."""
    if any(row["rows_count"] > MOST_ROWS for row in rows):
        yield (
            f"Of each line the first {MOST_ROWS} rows by amount. All of them: cx-billing show "
            f"evidence {format_text(org_id)} 'LINE' --rows 0."
        )
    if TAKEN_OFF & {row["kind"] for row in rows}:
        yield TAKEN_OFF_WORDS


def list_evidence(lines: list[Record], rows: list[Record]) -> Iterator[Row]:
    """The rows of each line below its description, then how many there are and their sums."""
    of_lines = {
        line_id: list(members) for line_id, members in groupby(rows, itemgetter("invoice_line_id"))
    }
    for line in lines:
        members = of_lines.get(line["invoice_line_id"], [])
        period = format_period(line["service_period_start"], line["service_period_end"])
        heading = f"{format_text(line['description'])}, {period}"
        yield replace(label_row(COLUMNS, "section", heading), anchor=link_to_line(line).anchor)
        yield from fill_rows(COLUMNS, spell(members, line["minor_units"]))
        count = members[0]["rows_count"] if members else 0
        label = f"{count:,} row{'' if count == 1 else 's'}"
        if len(members) < count:
            label += f", of these the first {len(members):,}"
        sums = {key: line[key] for key in ("quantity", "amount", "minor_units")}
        yield label_row(COLUMNS, "subtotal", label, **sums)


def spell(records: list[Record], minor_units: int) -> list[Record]:
    """Evidence as it is shown: its kind in words."""
    return [
        record
        | {"minor_units": minor_units}
        | dict(zip(("kind_title", "key_title"), KINDS[record["kind"]], strict=True))
        for record in records
    ]


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
    if present & TAKEN_OFF:
        yield TAKEN_OFF_WORDS
    if "peak" in present:
        yield "The users of the peak were all on from the start of its witness to its end."
    if "call" in present and "rounding" in present:
        yield "A call has its cost as recorded; the line rounds their sum once."
