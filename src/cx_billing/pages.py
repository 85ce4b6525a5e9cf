"""Pages of the published warehouse: read from the marts, drawn in a terminal or as HTML.

A page is neutral: a title, facts, tables of text. What differs between terminal and HTML is
in `print_page` and `html` alone. Nothing is computed here but totals of what is shown.
Ends of service periods are exclusive in the marts and shown inclusive, as the vendor does.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

import duckdb
import jinja2
import rich.box
import rich.table
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

# The sections of an invoice in the vendor's order.
SECTIONS = {
    "core_services": "Core services",
    "core_services_prepay": "Core services, prepaid",
    "resources": "Resources",
    "devices": "Devices",
    "telco": "Telco",
    "one_time": "One-time charges",
    "taxes_and_fees": "Taxes and fees",
}
DEFAULT_POOL = "cx_all"
SUGGESTIONS = 5

# In front of every query: the organizations with the digits their money is shown with.
ORGANIZATIONS = """
    with organizations as (
        select
            contracted.*,
            coalesce(currencies.minor_units, 2) as minor_units
        from marts.organizations as contracted
        left join reference.currencies using (currency)
    )
"""

Record = dict[str, Any]


class NotFoundError(LookupError):
    """What was asked for is not in the warehouse; the message says what is."""


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, and how a record becomes its cell."""

    heading: str
    cell: Callable[[Record], str]
    is_number: bool = False


@dataclass(frozen=True)
class Row:
    """The cells of a row; `kind` is `line`, `section` (a heading), `subtotal` or `total`."""

    cells: tuple[str, ...]
    kind: str = "line"


@dataclass(frozen=True)
class Table:
    """A table of text; `if_empty` is said instead when it has no rows."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    if_empty: str = "None."


@dataclass(frozen=True)
class Page:
    """Everything a page shows, in order."""

    title: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()


# Values as text.


def text(value: object) -> str:
    """Any value, without characters that would steer a terminal; empty for none."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for character in ("" if value is None else str(value))
    )


def number(value: Decimal | int | None, least_digits: int = 0) -> str:
    """A number in full: every digit that counts, and at least so many after the point."""
    if value is None:
        return ""
    digits = -Decimal(value).normalize().as_tuple().exponent
    return f"{value:,.{max(least_digits, digits)}f}"


def moment(value: datetime | None) -> str:
    """An instant in UTC, to the second, finer only where it is."""
    return "" if value is None else value.isoformat(sep=" ")


def period(start: date | None, end: date | None) -> str:
    """The half-open `[start, end)` with its last day; a single day stands alone."""
    if start is None or end is None:
        return text(start or end)
    last = max(start, end - timedelta(days=1))
    return str(start) if last == start else f"{start} to {last}"


# Columns and rows of tables.


def words(heading: str, key: str) -> Column:
    """A column of text."""
    return Column(heading, lambda record: text(record[key]))


def quantity(heading: str, key: str) -> Column:
    """A column of quantities."""
    return Column(heading, lambda record: number(record[key]), is_number=True)


def money(heading: str, key: str) -> Column:
    """A column of money, shown with the record's `minor_units`."""
    return Column(
        heading, lambda record: number(record[key], record["minor_units"] or 0), is_number=True
    )


def instant(heading: str, key: str) -> Column:
    """A column of instants in UTC."""
    return Column(heading, lambda record: moment(record[key]))


SERVICE_PERIOD = Column(
    "Service period",
    lambda record: period(record["service_period_start"], record["service_period_end"]),
)


def rows(columns: Sequence[Column], records: Iterable[Record]) -> tuple[Row, ...]:
    """One row per record."""
    return tuple(Row(tuple(column.cell(record) for column in columns)) for record in records)


def special(columns: Sequence[Column], kind: str, label: str, **values: object) -> Row:
    """A row with a label in front and only the values given."""
    (row,) = rows(columns, [defaultdict(lambda: None, values)])
    return Row((label, *row.cells[1:]), kind)


def total(records: Iterable[Record], key: str) -> Decimal:
    """The exact sum of what is there."""
    return sum((record[key] for record in records if record[key] is not None), Decimal(0))


def table_of(title: str, records: Sequence[Record]) -> Table:
    """A table of records as they are."""
    columns = tuple(words(text(key), key) for key in records[0])
    return Table(title, columns, rows(columns, records))


# Reading the warehouse.


def read(connection: duckdb.DuckDBPyConnection, query: str, **parameters: object) -> list[Record]:
    """The rows of a query by column name; the query may read `organizations`."""
    result = connection.execute(ORGANIZATIONS + query, parameters)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def organization(connection: duckdb.DuckDBPyConnection, org_id: str) -> Record:
    """The organization. Raises NotFoundError, naming the closest ones, if there is none."""
    known = {
        record["org_id"]: record
        for record in read(connection, "select * from organizations order by org_id")
    }
    if org_id in known:
        return known[org_id]
    by_spelling = {
        spelling.casefold(): key
        for key, record in known.items()
        for spelling in (key, record["org_name"] or key)
    }
    close = difflib.get_close_matches(org_id.casefold(), by_spelling, n=SUGGESTIONS, cutoff=0)
    listed = ", ".join(dict.fromkeys(by_spelling[spelling] for spelling in close))
    raise NotFoundError(
        f"No organization {text(org_id)!r}. "
        + (f"The closest of {len(known)}: {listed}." if known else "No contract has been landed.")
    )


def require(wanted: object, available: Iterable[object], what: str, org_id: str) -> None:
    """Raise NotFoundError, listing what is available, unless it holds what is wanted."""
    available = list(available)
    if wanted not in available:
        listed = ", ".join(map(str, available)) or "none"
        raise NotFoundError(f"Organization {org_id} has no {what} {wanted}. It has: {listed}.")


# The pages.


def invoice(connection: duckdb.DuckDBPyConnection, org_id: str, invoice_date: date) -> Page:
    """One invoice: its lines by section in the vendor's order."""
    org = organization(connection, org_id)
    invoices = {
        record["invoice_date"]: record
        for record in read(
            connection,
            "select * from marts.invoices where org_id = $org_id order by invoice_date",
            org_id=org_id,
        )
    }
    require(invoice_date, invoices, "invoice of", org_id)
    head = invoices[invoice_date]
    lines = read(
        connection,
        """
        select
            invoice_lines.*,
            organizations.minor_units,
            concat_ws(
                ', ',
                case when charge_type = 'correction' then charge_type end,
                case when is_waived then concat_ws(': ', 'waived', waiver_reason) end
            ) as remark
        from marts.invoice_lines
        inner join organizations using (org_id)
        where org_id = $org_id and invoice_date = $invoice_date
        order by product_code, service_period_start, charge_type, invoice_line_id
        """,
        org_id=org_id,
        invoice_date=invoice_date,
    )
    columns = (
        words("Description", "description"),
        SERVICE_PERIOD,
        quantity("Qty", "quantity"),
        words("Unit", "unit_of_measure"),
        money("Unit price", "unit_price"),
        money("Amount", "amount"),
        words("Remark", "remark"),
    )
    drawn = []
    order = list(SECTIONS)
    lines.sort(key=lambda line: order.index(line["section"]))
    units = org["minor_units"]
    for section, members in groupby(lines, key=lambda line: line["section"]):
        members = list(members)
        drawn += [special(columns, "section", SECTIONS[section]), *rows(columns, members)]
        subtotal = total(members, "amount")
        drawn += [special(columns, "subtotal", "Subtotal", amount=subtotal, minor_units=units)]
    drawn += [
        special(columns, "total", label, amount=head[key], minor_units=units)
        for label, key in (
            ("Total before taxes", "subtotal_amount"),
            ("Taxes", "tax_amount"),
            (f"Total {head['currency']}", "total_amount"),
        )
    ]
    notes = ["Service periods are shown with their last day."]
    if head["invoice_status"] == "accruing":
        notes.append("Accruing: the invoice is not final yet and shows the arrears so far.")
    return Page(
        title=f"Invoice {org_id} {invoice_date}",
        facts=(
            ("Organization", text(org["org_name"] or org_id)),
            ("Invoice", text(head["invoice_id"])),
            ("Billing account", text(head["billing_account_id"])),
            ("Invoice date", text(head["invoice_date"])),
            ("Due date", text(head["due_date"])),
            ("Status", text(head["invoice_status"])),
            ("Currency", text(head["currency"])),
        ),
        tables=(Table("Lines", columns, tuple(drawn)),),
        notes=tuple(notes),
    )


def invoices(connection: duckdb.DuckDBPyConnection, org_id: str | None = None) -> Page:
    """One row per invoice with the amount of each section; of one organization or of all."""
    if org_id is not None:
        organization(connection, org_id)
    records = read(
        connection,
        """,
        sections as (
            pivot marts.invoice_lines
            on section in (
                'core_services', 'core_services_prepay', 'resources', 'devices', 'telco',
                'one_time', 'taxes_and_fees'
            )
            using sum(amount)
            group by invoice_id
        )

        select invoices.*, sections.*, organizations.minor_units
        from marts.invoices
        inner join organizations using (org_id)
        left join sections using (invoice_id)
        where $org_id is null or org_id = $org_id
        order by org_id, invoice_date
        """,
        org_id=org_id,
    )
    columns = (
        words("Organization", "org_id"),
        words("Date", "invoice_date"),
        words("Status", "invoice_status"),
        words("Currency", "currency"),
        money("Core", "core_services"),
        money("Prepay", "core_services_prepay"),
        money("Resources", "resources"),
        money("Devices", "devices"),
        money("Telco", "telco"),
        money("One-time", "one_time"),
        money("Taxes", "taxes_and_fees"),
        money("Total", "total_amount"),
    )
    return Page(
        title=f"Invoices of {org_id}" if org_id else "Invoices",
        facts=(),
        tables=(
            Table("Amount of each section", columns, rows(columns, records), "No invoice yet."),
        ),
    )


TELCO_COLUMNS = (
    words("Cycle from", "cycle_start_date"),
    words("Service", "service"),
    quantity("Calls", "calls_count"),
    quantity("Minutes", "cdr_minutes"),
    money("Cost in records", "cdr_cost"),
    money("Cost rated", "rated_cost"),
    money("Vendor U.S.", "invoiced_us_amount"),
    money("Vendor internat.", "invoiced_international_amount"),
    money("Vendor", "invoiced_amount"),
    money("Variance", "variance_amount"),
    words("Status", "status"),
)
TELCO_QUERY = """
    select telco_reconciliation.*, organizations.minor_units
    from marts.telco_reconciliation
    inner join organizations using (org_id)
"""


def telco(connection: duckdb.DuckDBPyConnection, org_id: str | None = None) -> Page:
    """Calls against the vendor's telco lines, by cycle and service."""
    if org_id is not None:
        organization(connection, org_id)
    records = read(
        connection,
        f"""
        {TELCO_QUERY}
        where $org_id is null or org_id = $org_id
        order by org_id, cycle_start_date, service
        """,
        org_id=org_id,
    )
    columns = (words("Organization", "org_id"), *TELCO_COLUMNS)
    return Page(
        title="Calls against the vendor's telco lines" + (f", {org_id}" if org_id else ""),
        facts=(),
        tables=(
            Table(
                "By cycle and service",
                columns,
                rows(columns, records),
                "No calls and no telco lines.",
            ),
        ),
    )


def reconciliation(connection: duckdb.DuckDBPyConnection, org_id: str, invoice_date: date) -> Page:
    """The vendor's invoice against ours, line by line, and the calls behind it."""
    org = organization(connection, org_id)
    dates = read(
        connection,
        """
        select invoice_date, bool_or(is_reconciled) as is_reconciled
        from (
            select
                unnest([invoice_date, expected_invoice_date]) as invoice_date,
                true as is_reconciled
            from marts.invoice_reconciliation
            where org_id = $org_id
            union all
            select invoice_date, false
            from marts.invoices
            where org_id = $org_id
        )
        group by invoice_date
        order by invoice_date
        """,
        org_id=org_id,
    )
    require(invoice_date, [record["invoice_date"] for record in dates], "invoice of", org_id)
    lines = read(
        connection,
        """
        select invoice_reconciliation.*, organizations.minor_units
        from marts.invoice_reconciliation
        inner join organizations using (org_id)
        where
            org_id = $org_id
            and $invoice_date in (invoice_date, expected_invoice_date)
        order by product_code nulls last, service_period_start, charge_type, reconciliation_id
        """,
        org_id=org_id,
        invoice_date=invoice_date,
    )
    # The calls of an invoice: of the voice cycle that ends on its date, or, since the vendor may
    # date its invoice a few days later, of the cycle its usage lines are for.
    of_ended_cycle = """
        inner join marts.billing_cycles using (org_id, cycle_start_date)
        where
            billing_cycles.clock = 'voice'
            and org_id = $org_id
            and (
                billing_cycles.cycle_end_date = $invoice_date
                or billing_cycles.cycle_end_date in (
                    select service_period_end
                    from marts.invoice_reconciliation
                    where
                        org_id = $org_id
                        and $invoice_date in (invoice_date, expected_invoice_date)
                        and charge_type in ('usage', 'surcharge')
                )
            )
    """
    calls = read(
        connection,
        f"{TELCO_QUERY} {of_ended_cycle} order by service",
        org_id=org_id,
        invoice_date=invoice_date,
    )
    surcharges = read(
        connection,
        f"""
        select
            short_call_surcharges.*,
            short_call_surcharges.short_share * 100 as short_percent,
            organizations.minor_units
        from marts.short_call_surcharges
        inner join organizations using (org_id)
        {of_ended_cycle}
        """,
        org_id=org_id,
        invoice_date=invoice_date,
    )
    line_columns = (
        words("Description", "description"),
        words("Product", "product_code"),
        words("Charge", "charge_type"),
        SERVICE_PERIOD,
        quantity("Vendor qty", "invoiced_quantity"),
        quantity("Our qty", "expected_quantity"),
        money("Vendor", "invoiced_amount"),
        money("Ours", "expected_amount"),
        money("Variance", "variance_amount"),
        words("Reason", "reason"),
    )
    surcharge_columns = (
        words("Cycle from", "cycle_start_date"),
        quantity("Completed calls", "completed_calls"),
        quantity("Short calls", "short_calls"),
        quantity("Short %", "short_percent"),
        quantity("Surcharged", "surcharge_quantity"),
        money("Rate", "rate"),
        money("Amount", "amount"),
        quantity("Vendor qty", "invoiced_quantity"),
        words("Status", "status"),
    )
    sums = {
        key: total(lines, key) for key in ("invoiced_amount", "expected_amount", "variance_amount")
    }
    line_rows = rows(line_columns, lines)
    if lines:
        line_rows += (
            special(line_columns, "total", "Total", minor_units=org["minor_units"], **sums),
        )
    numbers = sorted({line["invoice_number"] for line in lines if line["invoice_number"]})
    return Page(
        title=f"Reconciliation {org_id} {invoice_date}",
        facts=(
            ("Organization", text(org["org_name"] or org_id)),
            ("Vendor's invoice", text(", ".join(numbers) or "none landed for this date")),
            ("Currency", text(org["currency"])),
        ),
        tables=(
            Table(
                "Invoice lines",
                line_columns,
                line_rows,
                "No line on either side; this organization's are under "
                + (", ".join(str(at["invoice_date"]) for at in dates if at["is_reconciled"]) + "."),
            ),
            Table("Calls", TELCO_COLUMNS, rows(TELCO_COLUMNS, calls), "No calls, no telco lines."),
            Table(
                "Short-call surcharge",
                surcharge_columns,
                rows(surcharge_columns, surcharges),
                "No outbound calls.",
            ),
        ),
        notes=("Service periods are shown with their last day.",),
    )


def peak(
    connection: duckdb.DuckDBPyConnection,
    org_id: str,
    cycle_start_date: date,
    pool: str = DEFAULT_POOL,
) -> Page:
    """Concurrent users of a cycle: every reading of the peak, and one pool day by day."""
    org = organization(connection, org_id)
    peaks = read(
        connection,
        """
        select * from marts.concurrency_peaks
        where org_id = $org_id
        order by cycle_start_date, pool
        """,
        org_id=org_id,
    )
    cycles = list(dict.fromkeys(record["cycle_start_date"] for record in peaks))
    require(cycle_start_date, cycles, "peak for the cycle from", org_id)
    peaks = [record for record in peaks if record["cycle_start_date"] == cycle_start_date]
    require(pool, [record["pool"] for record in peaks], "pool", org_id)
    days = read(
        connection,
        """
        select concurrency_daily.*
        from marts.concurrency_daily
        inner join marts.billing_cycles
            on
                concurrency_daily.org_id = billing_cycles.org_id
                and concurrency_daily.usage_date >= billing_cycles.cycle_start_date
                and concurrency_daily.usage_date < billing_cycles.cycle_end_date
        where
            billing_cycles.clock = 'core'
            and concurrency_daily.org_id = $org_id
            and billing_cycles.cycle_start_date = $cycle_start_date
            and concurrency_daily.pool = $pool
        order by usage_date
        """,
        org_id=org_id,
        cycle_start_date=cycle_start_date,
        pool=pool,
    )
    peak_columns = (
        words("Pool", "pool"),
        quantity("Highest", "highest_users"),
        quantity("Sustained", "sustained_users"),
        quantity("Accumulated", "accumulated_users"),
        quantity("Accumulated exact", "accumulated_exact_users"),
        words("Billed reading", "peak_rule"),
        quantity("Billable users", "billable_users"),
        instant("Peak from (UTC)", "peak_started_at"),
        instant("Peak to (UTC)", "peak_ended_at"),
    )
    day_columns = (
        words("Day (UTC)", "usage_date"),
        quantity("Peak users", "peak_users"),
        quantity("Minutes at peak", "minutes_at_peak"),
    )
    return Page(
        title=f"Peak concurrent users {org_id} {cycle_start_date}",
        facts=(
            ("Organization", text(org["org_name"] or org_id)),
            ("License model", text(org["license_model"])),
            ("Cycle from", text(cycle_start_date)),
        ),
        tables=(
            Table("Readings of the peak", peak_columns, rows(peak_columns, peaks)),
            Table(
                f"Pool {text(pool)} day by day",
                day_columns,
                rows(day_columns, days),
                "Nobody was logged in.",
            ),
        ),
        notes=(
            "Highest: at any instant. Sustained: held in one unbroken stretch. Accumulated: held "
            "in total over the cycle; exact: by exactly so many users.",
            "The contract's peak rule says which reading is billed.",
        ),
    )


def rejected(connection: duckdb.DuckDBPyConnection, org_id: str | None = None) -> Page:
    """Rows that could not be used, by dataset and reason, with the first of each."""
    records = read(
        connection,
        """
        select
            org_id,
            dataset,
            reason,
            count(*) as rows_rejected,
            list(
                concat(source_file, ' row ', source_row) order by source_file, source_row
            )[:3].list_aggregate('string_agg', ', ') as examples
        from marts.rejected_rows
        where $org_id is null or org_id = $org_id
        group by org_id, dataset, reason
        order by org_id, dataset, reason
        """,
        org_id=org_id,
    )
    if org_id is not None and not records:  # rows can be rejected for want of a contract
        organization(connection, org_id)
    columns = (
        words("Organization", "org_id"),
        words("Dataset", "dataset"),
        words("Reason", "reason"),
        quantity("Rows", "rows_rejected"),
        words("For example", "examples"),
    )
    return Page(
        title=f"Rejected rows of {org_id}" if org_id else "Rejected rows",
        facts=(),
        tables=(
            Table("By dataset and reason", columns, rows(columns, records), "No row was rejected."),
        ),
        notes=("The rows themselves are in marts.rejected_rows, column raw_row.",)
        if records
        else (),
    )


# Drawing.

TERMINAL_STYLES = {"section": "bold", "subtotal": "italic", "total": "bold"}
COLUMN_MARGIN = 3


def print_page(page: Page, console: Console) -> None:
    """Draw a page in a terminal."""
    console.print(Text(page.title, style="bold underline"))
    width = max((len(label) for label, _ in page.facts), default=0)
    for label, value in page.facts:
        console.print(Text(f"{label:<{width}}  {value}"))
    for table in page.tables:
        console.print()
        print_table(table, console)
    for note in page.notes:
        console.print(Text(note, style="dim"))


def print_table(table: Table, console: Console) -> None:
    """Draw a table in a terminal.

    To fit, cells break between words, never within: a table that is still too wide runs over
    the edge of the terminal rather than lose a digit.
    """
    if not table.rows:
        console.print(Text.assemble((table.title, "bold"), f": {table.if_empty}"))
        return
    drawn = rich.table.Table(
        title=Text(table.title, style="bold"), title_justify="left", box=rich.box.SIMPLE_HEAD
    )
    cells = [
        (column.heading, *(row.cells[at] for row in table.rows))
        for at, column in enumerate(table.columns)
    ]
    least = [max(cell_len(word) for cell in column for word in cell.split()) for column in cells]
    spare = console.width - sum(least) - COLUMN_MARGIN * len(least) - 1
    for column, shown, width in zip(table.columns, cells, least, strict=True):
        growth = max(0, min(spare, max(map(cell_len, shown)) - width))
        spare -= growth
        drawn.add_column(
            Text(column.heading),
            justify="right" if column.is_number else "left",
            width=width + growth,
        )
    for row in table.rows:
        drawn.add_row(*map(Text, row.cells), style=TERMINAL_STYLES.get(row.kind))
    console.width += max(0, -spare)
    console.print(drawn)


def html(page: Page) -> str:
    """Draw a page as one self-contained HTML document; everything from the data is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("cx_billing"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2").render(page=page)
