"""What is published, how old it is, what waits for somebody, and what it changed on invoices that
were final in the build before.

Of many organizations a table shows the first few; `--json` and `--csv` have all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import duckdb

from cx_billing.changes import ChangedLine, Changes
from cx_billing.disk_use import Use
from cx_billing.pages.alerts import list_alerts
from cx_billing.pages.columns import (
    date_column,
    money_column,
    quantity_column,
    text_column,
    words_column,
)
from cx_billing.pages.content import Column, Page, Record, Table
from cx_billing.pages.findings import count_rows
from cx_billing.pages.formatting import format_instant, format_number, format_text
from cx_billing.pages.reading import read
from cx_billing.pages.words import spell_code
from cx_billing.parking import Parked

FIRST = 10  # rows of a table that may have one for every organization
DAY = timedelta(days=1)


def instant_column(heading: str, key: str) -> Column:
    """A column of instants in UTC, to the second."""
    return Column(
        heading,
        lambda record: format_instant(record[key] and record[key].replace(microsecond=0)),
        is_whole=True,
        keys=(key,),
    )


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

DATA = (
    text_column("Dataset", "dataset"),
    quantity_column("Organizations", "organizations_count"),
    instant_column("Last landed (UTC)", "landed_at"),
    quantity_column("Days ago", "landed_days_ago"),
    instant_column("Covered to (UTC)", "covered_to"),
    quantity_column("Days ago", "covered_days_ago"),
    text_column("Least of", "least_covered_org_id"),
    instant_column("Covered to (UTC)", "least_covered_to"),
)
REJECTED = (
    text_column("Dataset", "dataset"),
    words_column("Reason", "reason"),
    quantity_column("Rows", "rows_count"),
    quantity_column("Organizations", "organizations_count"),
)
ALERTS = (text_column("Alert", "message"), text_column("Told (UTC)", "told_at"))
UNRECONCILED = (
    text_column("Organization", "org_id"),
    text_column("Vendor invoice", "invoice_number"),
    date_column("Dated", "invoice_date"),
    money_column("Variance", "variance_amount"),
    money_column("Unexplained", "unexplained_amount"),
    text_column("Currency", "currency"),
)
MISSING = (
    text_column("Organization", "org_id"),
    date_column("Expected", "expected_date"),
    words_column("Status", "status"),
    quantity_column("Days overdue", "days_overdue"),
    money_column("Expected total", "expected_total"),
    text_column("Currency", "currency"),
)
NEXT = (
    text_column("Organization", "org_id"),
    date_column("Next invoice", "expected_date"),
    quantity_column("In days", "in_days"),
    money_column("Total so far", "expected_total"),
    text_column("Currency", "currency"),
)
CORRECTIONS = (
    text_column("Organization", "org_id"),
    date_column("Sealed invoice", "corrected_invoice_date"),
    date_column("Corrected on", "invoice_date"),
    quantity_column("Lines", "lines_count"),
    money_column("Amount", "amount"),
    text_column("Currency", "currency"),
)
DISK = (
    text_column("Part", "part"),
    quantity_column("Files", "files_count"),
    quantity_column("MB", "megabytes"),
)
# Final invoices of ours that no invoice of the vendor answers, the most urgent first.
UNANSWERED = ("missing", "rejected", "never_delivered")

OTHER_CAUSES = "the version, the seeds or the policies changed"


@dataclass(frozen=True)
class Home:
    """What is known of a home besides its published marts; `now` is a moment of UTC."""

    build: int | None = None
    parked: Sequence[Parked] = ()
    told: Mapping[str, str] = field(default_factory=dict)
    uses: Sequence[Use] = ()
    free_bytes: int = 0
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None))


def compose_status(
    connection: duckdb.DuckDBPyConnection, changes: Changes | None, home: Home | None = None
) -> Page:
    """How much there is and how old, what waits for somebody, and every line that changed of an
    invoice that was final."""
    home = home or Home()
    counts = count_rows(connection)
    (build,) = read(connection, "build")
    lines = changes.lines if changes else ()
    since = f" since build {changes.since}" if changes else ""
    alerts = list_alerts(connection, home.told)
    unreconciled = [
        invoice
        for invoice in read(connection, "vendor_invoices", org_id=None)
        if not invoice["is_agreed"]
    ]
    unreconciled.sort(key=lambda invoice: -abs(invoice["variance_amount"] or 0))
    calendar = read(connection, "invoice_calendar", org_id=None)
    missing = sorted(
        (invoice for invoice in calendar if invoice["status"] in UNANSWERED),
        key=lambda invoice: (UNANSWERED.index(invoice["status"]), invoice["expected_date"]),
    )
    coming = list_next_invoices(calendar, build["as_of"])
    rejected = read(connection, "rejected_by_dataset")
    corrections = [
        record
        for record in read(connection, "corrections", org_id=None)
        if record["invoice_status"] != "sealed"
    ]
    waiting = {
        "alerts": len(alerts),
        "new_alerts": sum(not alert["told_at"] for alert in alerts),
        "parked": len(home.parked),
        "unreconciled_vendor_invoices": len(unreconciled),
        "missing_vendor_invoices": len(missing),
        "changed_final_lines": len(lines),
        "corrected_sealed_invoices": len(corrections),
    }
    disk = {
        "disk_bytes": sum(use.bytes_count for use in home.uses),
        "free_disk_bytes": home.free_bytes,
    }
    age = home.now - build["built_at"] if build["built_at"] else None
    tables = (
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
        shorten("Alerts", ALERTS, alerts, "alerts"),
        Table.of_records(
            "Parked organizations",
            PARKED,
            [vars(known) | {"since": datetime.fromisoformat(known.since)} for known in home.parked],
            if_empty="None: every organization is as of this build.",
            name="parked",
        ),
        *tabulate_data(connection, home.now),
        shorten("Rejected rows", REJECTED, rejected, "rejected"),
        shorten("Vendor invoices that do not agree", UNRECONCILED, unreconciled, "unreconciled"),
        shorten("Final invoices without the vendor's", MISSING, missing, "missing"),
        shorten("Corrections of sealed invoices", CORRECTIONS, corrections, "corrections"),
        shorten("Next invoices", NEXT, coming, "next_invoices"),
        Table.of_records(
            f"Disk, {format_number(count_megabytes(home.free_bytes))} MB free",
            DISK,
            [vars(use) | {"megabytes": count_megabytes(use.bytes_count)} for use in home.uses],
            name="disk",
        ),
    )
    shortened = [table.name for table in tables if len(table.rows) < len(table.records)]
    return Page(
        title="What is published",
        facts=(
            *((("Build", str(home.build)),) if home.build is not None else ()),
            ("As of", format_text(build["as_of"])),
            ("Built at (UTC)", format_instant(build["built_at"])),
            *((("Age", spell_age(age)),) if age is not None else ()),
            ("Version", format_text(build["version"])),
            *(
                (name.replace("_", " ").capitalize(), format_number(count))
                for name, count in (counts | waiting).items()
            ),
        ),
        head=counts
        | waiting
        | disk
        | build
        | {"age_seconds": int(age.total_seconds()) if age is not None else None},
        tables=tables,
        notes=(f"All rows with --json, or --csv --table NAME: {', '.join(shortened)}.",)
        if shortened
        else (),
    )


def shorten(title: str, columns: tuple[Column, ...], records: Sequence[Record], name: str) -> Table:
    """A table that shows the first rows, and as data has all of them."""
    table = Table.of_records(title, columns, records, name=name)
    if len(records) <= FIRST:
        return table
    return replace(table, title=f"{title}: {FIRST} of {len(records):,}", rows=table.rows[:FIRST])


def tabulate_data(connection: duckdb.DuckDBPyConnection, now: datetime) -> tuple[Table, ...]:
    """How old the data of each dataset are: when a file was landed, and how far they reach.

    The organization that reaches the least far is named; as data there are all.
    """
    reach = [
        row | {"days_ago": count_days(now, row["covered_to"])}
        for row in read(connection, "coverage")
    ]
    records = []
    for landed in read(connection, "last_landed"):
        covered = [row for row in reach if row["dataset"] == landed["dataset"]]
        least, most = (covered[0], covered[-1]) if covered else ({}, {})
        is_one = least.get("covered_to") == most.get("covered_to")
        records.append(
            landed
            | {
                "landed_days_ago": count_days(now, landed["landed_at"]),
                "covered_to": most.get("covered_to"),
                "covered_days_ago": most.get("days_ago"),
                "least_covered_org_id": None if is_one else least["org_id"],
                "least_covered_to": None if is_one else least["covered_to"],
            }
        )
    by_organization = Table.of_records("Coverage by organization", (), reach, name="coverage")
    return (
        Table.of_records("Data", DATA, records, name="data"),
        replace(by_organization, rows=(), if_empty=f"{len(reach):,} rows, as data."),
    )


def list_next_invoices(calendar: Iterable[Record], as_of: date) -> list[Record]:
    """The next invoice of each organization as of a day, the earliest first."""
    first: dict[str, Record] = {}
    for invoice in calendar:  # by organization and date
        if invoice["status"] == "not_yet_due":
            first.setdefault(invoice["org_id"], invoice)
    return [
        invoice | {"in_days": (invoice["expected_date"] - as_of).days}
        for invoice in sorted(first.values(), key=lambda found: found["expected_date"])
    ]


def count_days(now: datetime, at: datetime | None) -> int | None:
    """Whole days since, 0 of what is to come."""
    return None if at is None else max((now - at) // DAY, 0)


def count_megabytes(count: int) -> Decimal:
    """Bytes in megabytes, to a tenth, begun ones whole."""
    return Decimal(-(-count // 10**5)) / 10


def spell_age(age: timedelta) -> str:
    """How long ago, as coarse as one cares."""
    minutes = max(age // timedelta(minutes=1), 0)
    for unit, length in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        if minutes >= 2 * length:
            return f"{minutes // length} {unit}s"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


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
