"""Pages of the published warehouse: read from the marts, drawn in a terminal or as HTML.

A page is neutral: a title, facts, tables of text. What differs between terminal and HTML is
in `print_page` and `html` alone. Nothing is computed here but totals of what is shown.
Ends of service periods are exclusive in the marts and shown inclusive, as the vendor does.
"""

from __future__ import annotations

import difflib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
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
SHOWN_EXAMPLES = 3  # rejected rows per dataset and reason
SHOWN_TEXT = 120  # characters of a rejected row

# What the reasons of `marts.unbilled_usage` mean.
UNBILLED_REASONS = {
    "no_contract_item": "used, and no contract item has a price for it; add one to contract_items",
    "within_allowance": "covered by the allowance of the licenses",
    "within_commitment": "covered by the commitment",
    "user_without_license": "users who logged in and held no license",
    "not_logged_in": "interacting hours of users who hold the product and never logged in",
    "no_customer_account": "interactions that name no customer account",
    "peak_disregarded": "users above the billed peak, present too shortly to count",
    "below_threshold": "short calls, too few for a surcharge",
    "not_billable_service": "own carrier calls, or messages the contract prices otherwise",
}

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
    """A column of a table: its heading, and how a record becomes its cell.

    A cell of a column that `is_whole` stays on one line where the page can scroll.
    """

    heading: str
    cell: Callable[[Record], str]
    is_number: bool = False
    is_whole: bool = False


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


def day(heading: str, key: str) -> Column:
    """A column of dates."""
    return Column(heading, lambda record: text(record[key]), is_whole=True)


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
    return Column(heading, lambda record: moment(record[key]), is_whole=True)


def which_organization(org_id: str | None) -> tuple[Column, ...]:
    """The column that says which organization, where a page is not of one alone."""
    return (words("Organization", "org_id"),) if org_id is None else ()


SERVICE_PERIOD = Column(
    "Service period",
    lambda record: period(record["service_period_start"], record["service_period_end"]),
    is_whole=True,
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


def filled(table: Table) -> Table:
    """A table without the columns in which no row says anything."""
    kept = [at for at in range(len(table.columns)) if any(row.cells[at] for row in table.rows)]
    return replace(
        table,
        columns=tuple(table.columns[at] for at in kept),
        rows=tuple(replace(row, cells=tuple(row.cells[at] for at in kept)) for row in table.rows),
    )


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
    if read(
        connection,
        "select 1 from marts.load_audit where org_id = $org_id limit 1",
        org_id=org_id,
    ):
        raise NotFoundError(
            f"Organization {text(org_id)!r} has files but no contract: see show rejected."
        )
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
        *which_organization(org_id),
        day("Date", "invoice_date"),
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
    day("Cycle from", "cycle_start_date"),
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
    columns = (*which_organization(org_id), *TELCO_COLUMNS)
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
        select
            invoice_date,
            bool_or(is_reconciled) as is_reconciled,
            bool_or(is_invoiced) as is_invoiced,
            bool_or(is_accruing) as is_accruing
        from (
            select
                unnest([invoice_date, expected_invoice_date]) as invoice_date,
                true as is_reconciled,
                invoice_number is not null as is_invoiced,
                false as is_accruing
            from marts.invoice_reconciliation
            where org_id = $org_id
            union all
            select invoice_date, false, false, invoice_status = 'accruing'
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
        day("Cycle from", "cycle_start_date"),
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
    reconciled = [at["invoice_date"] for at in dates if at["is_reconciled"]]
    is_accruing = any(at["is_accruing"] for at in dates if at["invoice_date"] == invoice_date)
    is_landed = any(at["is_invoiced"] for at in dates)
    reasons = []
    if is_accruing:
        reasons.append(
            f"The invoice of {invoice_date} is still accruing; it is compared when it is final."
        )
    if not is_landed:
        reasons.append(
            "The vendor's invoices of this organization have not been landed "
            "(dataset vendor_invoice_lines)."
        )
    notes = ["Service periods are shown with their last day."]
    if lines:
        notes += reasons
    elif not reasons:
        reasons.append(f"No line of the invoice of {invoice_date} has an amount to compare.")
    if is_landed:
        reasons.append("Compared: " + ", ".join(map(str, reconciled)) + ".")
    return Page(
        title=f"Reconciliation {org_id} {invoice_date}",
        facts=(
            ("Organization", text(org["org_name"] or org_id)),
            (
                "Vendor's invoice",
                text(
                    ", ".join(numbers)
                    or f"none landed for this {'date' if is_landed else 'organization'}"
                ),
            ),
            ("Currency", text(org["currency"])),
        ),
        tables=(
            Table("Invoice lines", line_columns, line_rows, " ".join(reasons)),
            Table("Calls", TELCO_COLUMNS, rows(TELCO_COLUMNS, calls), "No calls, no telco lines."),
            Table(
                "Short-call surcharge",
                surcharge_columns,
                rows(surcharge_columns, surcharges),
                "No outbound calls.",
            ),
        ),
        notes=tuple(notes),
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
        select
            concurrency_peaks.*,
            coalesce(license_usage.license_model, organizations.license_model) as license_model
        from marts.concurrency_peaks
        inner join organizations using (org_id)
        left join marts.license_usage
            on
                concurrency_peaks.org_id = license_usage.org_id
                and concurrency_peaks.cycle_start_date = license_usage.cycle_start_date
                and concurrency_peaks.pool = license_usage.product_code
        where concurrency_peaks.org_id = $org_id
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
    # A peak is measured for every organization, and billed only where the model is concurrent.
    for record in peaks:
        if record["license_model"] != "concurrent":
            record["peak_rule"] = f"not billed by peak ({record['license_model']})"
            record["billable_users"] = None
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
        day("Day (UTC)", "usage_date"),
        quantity("Peak users", "peak_users"),
        quantity("Minutes at peak", "minutes_at_peak"),
    )
    notes = [
        "Highest: at any instant. Sustained: held in one unbroken stretch. Accumulated: held "
        "in total over the cycle; exact: by exactly so many users.",
        f"Each license is billed by its own pool; {DEFAULT_POOL} is for information.",
    ]
    if any(record["billable_users"] is not None for record in peaks):
        notes.append("The contract's peak rule says which reading is billed.")
    if any(record["peak_rule"].startswith("accumulated") for record in peaks):
        notes.append(
            "An accumulated reading adds up minutes of the whole cycle: there is no one stretch to "
            "name, so Peak from and Peak to are empty."
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
        notes=tuple(notes),
    )


def rejected(connection: duckdb.DuckDBPyConnection, org_id: str | None = None) -> Page:
    """Rows that could not be used, and the first of each dataset and reason.

    Contracts come first, then their items: what they lack, other rows are rejected for. Such rows
    (`no_contract`) are one row per organization, and last.
    """
    records = read(
        connection,
        """,
        rejected_rows as (
            select
                *,
                case
                    when reason = 'no_contract' then 4
                    when dataset = 'contracts' then 1
                    when dataset = 'contract_items' then 2
                    else 3
                end as rank,
                case when reason <> 'no_contract' then dataset end as stated_dataset
            from marts.rejected_rows
            where $org_id is null or org_id = $org_id
        )

        select
            rank,
            org_id,
            coalesce(
                stated_dataset,
                concat(
                    count(distinct dataset),
                    case when count(distinct dataset) = 1 then ' dataset' else ' datasets' end
                )
            ) as dataset,
            reason,
            count(*) as rows_rejected
        from rejected_rows
        group by rank, org_id, stated_dataset, reason
        order by rank, org_id, stated_dataset, reason
        """,
        org_id=org_id,
    )
    if org_id is not None and not records:  # rows can be rejected for want of a contract
        organization(connection, org_id)
    examples = read(
        connection,
        """
        select
            case
                when reason = 'no_contract' then 4
                when dataset = 'contracts' then 1
                when dataset = 'contract_items' then 2
                else 3
            end as rank,
            case when reason <> 'no_contract' then dataset end as stated_dataset,
            *
        from marts.rejected_rows
        where $org_id is null or org_id = $org_id
        qualify row_number() over (
            partition by org_id, stated_dataset, reason order by source_file, source_row
        ) <= case when reason = 'no_contract' then 1 else $shown_examples end
        order by rank, org_id, stated_dataset, reason, source_file, source_row
        """,
        org_id=org_id,
        shown_examples=SHOWN_EXAMPLES,
    )
    columns = (
        *which_organization(org_id),
        words("Dataset", "dataset"),
        words("Reason", "reason"),
        quantity("Rows", "rows_rejected"),
    )
    example_columns = (
        words("File", "source_file"),
        quantity("Row", "source_row"),
        Column("Reason", reason_of_rejection),
        Column("As landed", landed_text),
    )
    notes = [
        "Row 1 is the first row after the header. The rows themselves are in marts.rejected_rows, "
        "column raw_row.",
        "docs/datasets.md explains every reason and lists the values that each column takes.",
    ]
    if any(record["reason"] == "no_contract" for record in records):
        notes.append(
            "no_contract: no row of the organization's contracts was accepted; land one, and the "
            "others follow."
        )
    return Page(
        title=f"Rejected rows of {org_id}" if org_id else "Rejected rows",
        facts=(),
        tables=(
            Table("By dataset and reason", columns, rows(columns, records), "No row was rejected."),
            Table("The first of each", example_columns, rows(example_columns, examples)),
        )[: 2 if records else 1],
        notes=tuple(notes) if records else (),
    )


def landed_values(record: Record) -> dict[str, str]:
    """The values a rejected row was landed with, without the empty ones."""
    values = json.loads(record["raw_row"] or "{}")
    return {name: value for name, value in values.items() if value is not None}


def reason_of_rejection(record: Record) -> str:
    """The reason; of two contracts that start on one day, which one was rejected."""
    if record["reason"] == "overlapping_contract":
        return text(f"{record['reason']}: {landed_values(record).get('contract_id')}")
    return text(record["reason"])


def landed_text(record: Record) -> str:
    """A rejected row as it was landed, cut to `SHOWN_TEXT` characters."""
    values = landed_values(record)
    landed = text(values.get("raw_text") or json.dumps(values, ensure_ascii=False))
    return landed if len(landed) <= SHOWN_TEXT else landed[: SHOWN_TEXT - 1] + "…"


def unbilled(connection: duckdb.DuckDBPyConnection, org_id: str | None = None) -> Page:
    """What was measured and stands on no invoice line; what lacks a price comes first."""
    if org_id is not None:
        organization(connection, org_id)
    records = read(
        connection,
        """
        select * from marts.unbilled_usage
        where $org_id is null or org_id = $org_id
        order by reason <> 'no_contract_item', org_id, cycle_start_date, product_code, reason
        """,
        org_id=org_id,
    )
    columns = (
        *which_organization(org_id),
        day("Cycle from", "cycle_start_date"),
        words("Product", "product_code"),
        words("Reason", "reason"),
        quantity("Quantity", "quantity"),
        words("Unit", "unit_of_measure"),
    )
    present = {record["reason"] for record in records}
    return Page(
        title=f"Unbilled usage of {org_id}" if org_id else "Unbilled usage",
        facts=(),
        tables=(
            Table("On no invoice line", columns, rows(columns, records), "Everything is billed."),
        ),
        notes=tuple(
            f"{reason}: {meaning}."
            for reason, meaning in UNBILLED_REASONS.items()
            if reason in present
        ),
    )


# What a build says besides.


@dataclass(frozen=True)
class Findings:
    """Where money could vanish in a build that passed every test.

    `unpriced` counts products and sums their quantities by unit of measure; `rejected_terms` are
    the rejected rows of contracts and their items; `unmapped_names` the names of the files that no
    seed maps, with what became of their rows; `latest_usage` is the day of the latest accepted
    usage (UTC, None without any), `usage_may_reach` the latest it can be of: resources are
    published by cycle.
    """

    organizations_without_invoice: tuple[str, ...]
    unpriced_products: int
    unpriced_quantities: tuple[tuple[Decimal, str], ...]
    rejected_terms: tuple[Record, ...]
    unmapped_names: tuple[str, ...]
    latest_usage: date | None
    usage_may_reach: date | None


def findings(connection: duckdb.DuckDBPyConnection) -> Findings:
    """What a reader of the published warehouse should be warned of."""
    without_invoice = read(
        connection,
        """
        select org_id from marts.load_audit
        union
        select org_id from marts.organizations
        except
        select org_id from marts.invoices
        order by org_id
        """,
    )
    unpriced = read(
        connection,
        """
        select
            unit_of_measure,
            sum(quantity) as quantity,
            list(distinct product_code) as products
        from marts.unbilled_usage
        where reason = 'no_contract_item'
        group by unit_of_measure
        order by unit_of_measure
        """,
    )
    rejected_terms = read(
        connection,
        """
        select source_file, source_row, reason, raw_row
        from marts.rejected_rows
        where dataset in ('contracts', 'contract_items')
        order by reason = 'no_contract', dataset desc, source_file, source_row
        """,
    )
    unmapped = read(
        connection,
        """
        select column_name, unmapped_name, effect
        from marts.unmapped_names
        group by column_name, unmapped_name, effect
        order by column_name, unmapped_name
        """,
    )
    # Someone who is still on is logged in for whole days until as-of: those tell no news.
    ((latest_usage, usage_may_reach),) = connection.sql(
        """
        select max(usage_date) filter (is_exact), max(usage_date)
        from (
            select usage_date, true as is_exact from marts.user_hours_daily
            where logged_in_seconds < 86400
            union all
            select started_at::date, true from marts.calls
            union all
            select last_interaction_at::date, true from marts.conversations
            union all
            select (billing_cycles.usage_through_at - interval 1 second)::date, false
            from marts.resource_usage
            inner join marts.billing_cycles using (org_id, cycle_start_date)
            where billing_cycles.clock = 'core' and resource_usage.used_quantity > 0
        )
        """
    ).fetchall()
    return Findings(
        organizations_without_invoice=tuple(text(row["org_id"]) for row in without_invoice),
        unpriced_products=len({product for row in unpriced for product in row["products"]}),
        unpriced_quantities=tuple((row["quantity"], row["unit_of_measure"]) for row in unpriced),
        rejected_terms=tuple(rejected_terms),
        unmapped_names=tuple(
            f"{row['column_name']} {text(row['unmapped_name'])} ({row['effect'].replace('_', ' ')})"
            for row in unmapped
        ),
        latest_usage=latest_usage or usage_may_reach,
        usage_may_reach=usage_may_reach,
    )


def counted_until(connection: duckdb.DuckDBPyConnection) -> str:
    """Until when usage counts, for the foot of a page; empty without any billing cycle."""
    ((until,),) = connection.sql(
        "select max(usage_through_at) from marts.billing_cycles"
    ).fetchall()
    return f"Usage counts until {moment(until)} UTC." if until else ""


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
    """Draw a table in a terminal, without its empty columns.

    To fit, cells break between words, never within. A table that is still too wide is drawn
    record by record in a terminal; elsewhere it runs over the width. No digit is ever cut.
    """
    if not table.rows:
        console.print(Text.assemble((table.title, "bold"), f": {table.if_empty}"))
        return
    table = filled(table)
    cells = [
        (column.heading, *(row.cells[at] for row in table.rows))
        for at, column in enumerate(table.columns)
    ]
    least = [max(cell_len(word) for cell in column for word in cell.split()) for column in cells]
    spare = console.width - sum(least) - COLUMN_MARGIN * len(least) - 1
    if spare < 0 and console.is_terminal:
        print_records(table, console)
        return
    drawn = rich.table.Table(
        title=Text(table.title, style="bold"), title_justify="left", box=rich.box.SIMPLE_HEAD
    )
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


def print_records(table: Table, console: Console) -> None:
    """Draw a table as one paragraph a row: what names it, and below, each value by its heading."""
    console.print(Text(table.title, style="bold"))
    is_value = [column.is_number for column in table.columns]
    values_from = is_value.index(True) if any(is_value) else len(is_value)
    for row in table.rows:
        names = [cell for cell in row.cells[:values_from] if cell]
        values = [
            f"{column.heading} {cell}"
            for column, cell in zip(
                table.columns[values_from:], row.cells[values_from:], strict=True
            )
            if cell
        ]
        style = TERMINAL_STYLES.get(row.kind, "")
        for parts, indent in ((names, 2), (values, 6)):
            for line in packed(parts, console.width - indent):
                console.print(Text(" " * indent + line, style=style), soft_wrap=True)


def packed(parts: Iterable[str], width: int) -> Iterator[str]:
    """Lines of as many parts as fit side by side; a part is never broken."""
    line = ""
    for part in parts:
        longer = f"{line}   {part}" if line else part
        if line and cell_len(longer) > width:
            yield line
            longer = part
        line = longer
    if line:
        yield line


def html(page: Page) -> str:
    """Draw a page as one self-contained HTML document; everything from the data is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("cx_billing"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = replace(page, tables=tuple(map(filled, page.tables)))
    return environment.get_template("page.html.j2").render(page=page)
