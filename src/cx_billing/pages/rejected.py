"""Rows that could not be used, and the first of each dataset and reason."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import duckdb

from cx_billing.pages.columns import name_organization, quantity_column, text_column, words_column
from cx_billing.pages.content import Column, Page, Record, Table
from cx_billing.pages.formatting import format_text
from cx_billing.pages.reading import find_organization, read

SHOWN_EXAMPLES = 3  # rows per dataset and reason
SHOWN_TEXT = 60  # characters of a value or a row
MASK = "***"  # what stands for the hidden part of a number


def compose_rejected(connection: duckdb.DuckDBPyConnection, org_id: str | None = None) -> Page:
    """Rejected rows counted by dataset and reason, and the first of each."""
    records = read(connection, "rejected", org_id=org_id, shown_examples=SHOWN_EXAMPLES)
    is_any_retired = any(record["rows_retired"] for record in records)
    title = f"Rejected rows of {org_id}" if org_id else "Rejected rows"
    columns = (
        *name_organization(org_id),
        text_column("Dataset", "dataset"),
        words_column("Reason", "reason"),
        quantity_column("Rows", "rows_rejected"),
        *([quantity_column("Retired", "rows_retired")] if is_any_retired else []),
    )
    counted = [
        {key: value for key, value in record.items() if key != "examples"} for record in records
    ]
    counts = Table.of_records(
        "By dataset and reason", columns, counted, "No row was rejected.", "rejected"
    )
    if not records:
        if org_id is not None:
            find_organization(connection, org_id)
        return Page(title, facts=(), tables=(counts,))
    example_columns = (
        text_column("File", "source_file"),
        quantity_column("Row", "source_row"),
        words_column("Reason", "reason"),
        text_column("Column", "column_name"),
        Column("As landed", describe_landed_value),
        text_column("What would be right", "expected"),
    )
    examples = [
        {"org_id": record["org_id"], "reason": record["reason"]} | example
        for record in records
        for example in record["examples"]
    ]
    notes = [
        "Row 1 is the first row after the header. The rows themselves are in marts.rejected_rows, "
        "column raw_row; what is personal is masked (cx-billing build --show-personal-data).",
        "docs/datasets.md explains every reason and lists the values that each column takes.",
    ]
    if is_any_retired:
        notes.append(
            "Retired: a row landed later has the same key, the file was withdrawn, or it is no "
            "charge; nothing is left to do."
        )
    if any(record["reason"] == "no_contract" for record in records):
        notes.append(
            "No contract: no row of the organization's contracts was accepted; land one, and the "
            "others follow."
        )
    return Page(
        title,
        facts=(),
        tables=(
            counts,
            Table.of_records("The first of each", example_columns, examples, name="examples"),
        ),
        notes=tuple(notes),
    )


def count_rejected_lines(
    connection: duckdb.DuckDBPyConnection, invoices: Sequence[Record], org_id: str | None = None
) -> tuple[list[int], int]:
    """How many lines of each invoice of the vendor were rejected, and how many of none of them.

    A rejected line is of an invoice by any of its numbers; of one that is masked a part has to do.
    """
    counts = [0] * len(invoices)
    numbers: dict[str, list[tuple[str, int]]] = {}
    for at, invoice in enumerate(invoices):
        others = filter(None, (invoice["other_numbers"] or "").split(", "))
        for number in (invoice["invoice_number"], *others):
            numbers.setdefault(invoice["org_id"], []).append((number, at))
    elsewhere = 0
    for record in read(connection, "rejected_numbers", org_id=org_id):
        printed = record["invoice_number"] or ""
        pattern = re.compile(".*".join(map(re.escape, printed.split(MASK))), re.DOTALL)
        known = numbers.get(record["org_id"], ()) if printed else ()
        found = {at for number, at in known if pattern.fullmatch(number)}
        for at in found:
            counts[at] += record["lines_count"]
        if not found:
            elsewhere += record["lines_count"]
    return counts, elsewhere


def read_landed_values(record: Record) -> dict[str, str]:
    """The values a rejected row was landed with, without the empty ones."""
    values = json.loads(record["raw_row"] or "{}")
    return {name: value for name, value in values.items() if value is not None}


def describe_rejection(record: Record) -> str:
    """File, row, column, value, what is wrong with it, and what would be right."""
    where = f"{record['source_file']} row {record['source_row']}"
    said = f"{state_fault(record)} ({record['reason']}); right would be {record['expected']}"
    return format_text(f"{where}: {said}")


def describe_fault(record: Record) -> str:
    """What is wrong with a row, and what would be right."""
    return format_text(f"{state_fault(record)}; right would be {record['expected']}")


def state_fault(record: Record) -> str:
    """The column to blame, its value, and what is wrong with it."""
    said = format_text(record["explanation"])
    if record["reason"] == "missing_value":
        said = f"{record['column_name']} is empty"
    elif record["column_name"]:
        said = f"{record['column_name']} {shorten(record['value'] or '')!r} is {said}"
    if record["reason"] == "overlapping_contract":
        said = f"contract {read_landed_values(record).get('contract_id')}: {said}"
    return said


def describe_file(record: Record, rows: int) -> str:
    """A file that does not tell how it is to be read, how many rows go by that, and what would."""
    what = "numbers" if record["reason"] == "not_a_number" else "dates"
    return format_text(
        f"{record['source_file']}: the file does not tell how its {what} are to be read, so "
        f"{rows:,} row{'s' if rows > 1 else ''} cannot be ({record['reason']}); right would be "
        f"{record['expected']}"
    )


def describe_landed_value(record: Record) -> str:
    """The value of the column to blame, else the row as it was landed; cut to `SHOWN_TEXT`."""
    if record["column_name"]:
        return format_text(shorten(record["value"] or ""))
    values = read_landed_values(record)
    return format_text(shorten(values.get("raw_text") or json.dumps(values, ensure_ascii=False)))


def shorten(text: str) -> str:
    """The first `SHOWN_TEXT` characters of a text."""
    return text if len(text) <= SHOWN_TEXT else text[: SHOWN_TEXT - 1] + "…"
