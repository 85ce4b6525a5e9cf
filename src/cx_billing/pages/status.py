"""What is published, and what it changed on invoices that were final in the build before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import duckdb

from cx_billing.changes import ChangedLine, Changes
from cx_billing.pages.columns import (
    date_column,
    instant_column,
    money_column,
    quantity_column,
    text_column,
    words_column,
)
from cx_billing.pages.content import Page, Table
from cx_billing.pages.findings import count_rows
from cx_billing.pages.formatting import format_instant, format_number, format_text
from cx_billing.pages.reading import read
from cx_billing.pages.words import spell_code
from cx_billing.parking import Parked

COLUMNS = (
    text_column("Organization", "org_id"),
    date_column("Invoice", "invoice_date"),
    text_column("Line", "description"),
    words_column("Charge", "charge_type"),
    date_column("Period from", "service_period_start"),
    quantity_column("Qty before", "quantity_before"),
    quantity_column("Qty", "quantity"),
    money_column("Price before", "unit_price_before"),
    money_column("Price", "unit_price"),
    money_column("Before", "amount_before"),
    money_column("Now", "amount"),
    money_column("Difference", "difference"),
    text_column("Currency", "currency"),
)
FILES = (
    text_column("Organization", "org_id"),
    text_column("File", "source_file"),
    text_column("Is", "became"),
    quantity_column("Rows accepted", "rows_accepted"),
)

PARKED = (
    text_column("Organization", "org_id"),
    instant_column("Since (UTC)", "since"),
    text_column("What fails", "reason"),
)

OTHER_CAUSES = "the version, the seeds or the policies changed"


def compose_status(
    connection: duckdb.DuckDBPyConnection, changes: Changes | None, parked: Iterable[Parked] = ()
) -> Page:
    """How much there is, who is parked, and every changed line of an invoice that was final."""
    counts = count_rows(connection)
    (build,) = read(connection, "build")
    lines = changes.lines if changes else ()
    since = f" since build {changes.since}" if changes else ""
    return Page(
        title="What is published",
        facts=(
            ("As of", format_text(build["as_of"])),
            ("Built at (UTC)", format_instant(build["built_at"])),
            ("Version", format_text(build["version"])),
            *(
                (name.replace("_", " ").capitalize(), format_number(count))
                for name, count in counts.items()
            ),
        ),
        head=counts | build,
        tables=(
            Table.of_records(
                f"Changed although final{since}",
                COLUMNS,
                [vars(line) | {"currency": name_currency(line)} for line in lines],
                if_empty="Every invoice that was final is as it was."
                if changes
                else "No earlier build is kept.",
                name="changed_lines",
            ),
            *tabulate_files(changes),
            Table.of_records(
                "Parked organizations",
                PARKED,
                [vars(known) | {"since": datetime.fromisoformat(known.since)} for known in parked],
                if_empty="None: every organization is as of this build.",
                name="parked",
            ),
        ),
    )


def tabulate_files(changes: Changes | None) -> tuple[Table, ...]:
    """The files that came or went of the organizations whose final invoices changed."""
    if not changes or not changes.lines:
        return ()
    changed = {line.org_id for line in changes.lines}
    records = [
        vars(file) | {"became": "landed" if file.is_new else "withdrawn"}
        for file in changes.files
        if file.org_id in changed
    ]
    title = f"Files of these organizations since build {changes.since}"
    return (
        Table.of_records(title, FILES, records, if_empty=f"None: {OTHER_CAUSES}.", name="files"),
    )


def name_currency(line: ChangedLine) -> str:
    """The currency of a line, or both if it changed."""
    currencies = (line.currency_before, line.currency)
    return " -> ".join(dict.fromkeys(filter(None, currencies)))


def describe_change(line: ChangedLine) -> str:
    """A changed line in one sentence, from what to what."""
    before = "not there" if line.amount_before is None else describe_amount(line, "_before")
    now = "no longer there" if line.amount is None else describe_amount(line)
    return (
        f"{format_text(line.org_id)}, invoice of {line.invoice_date}: "
        f"{format_text(line.description)} ({spell_code(line.charge_type).lower()} from "
        f"{line.service_period_start}) was {before}, is {now}"
    )


def describe_amount(line: ChangedLine, when: str = "") -> str:
    """Amount, quantity and unit price, now or before."""
    quantity, price, amount, currency = (
        getattr(line, f"{name}{when}") for name in ("quantity", "unit_price", "amount", "currency")
    )
    return (
        f"{format_number(amount, line.minor_units or 0)} {currency} "
        f"for {format_number(quantity)} at {format_number(price, line.minor_units or 0)}"
    )


def describe_cause(changes: Changes, org_id: str) -> str:
    """Which files of the organization came or went since, else what is left as the cause."""
    files = [file for file in changes.files if file.org_id == org_id]
    if not files:
        return f"no file came or went: {OTHER_CAUSES}"
    return "; ".join(
        f"{'landed' if file.is_new else 'withdrawn'}: {format_text(file.source_file)} "
        f"(rows accepted: {format_number(file.rows_accepted)})"
        for file in files
    )
