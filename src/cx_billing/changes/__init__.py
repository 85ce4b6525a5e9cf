"""What a build changed on invoices that were final in the build before, and what may be the cause.

A final invoice is what people have booked and compared, so a build that changes one says so: which
line, from what to what, and which files were landed for that organization since.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb

from cx_billing import builds, duck

COMPARABLE = "comparable_invoices"
FINAL_LINES = "final_lines"
BILL = {"invoices", "invoice_lines", "billing_cycles"}  # what two builds are compared by


@dataclass(frozen=True)
class ChangedLine:
    """A line of an invoice that was final, before and now; None where it is not there.

    `difference` is the amount now less the amount before, None between two currencies.
    """

    org_id: str
    invoice_date: date
    description: str
    charge_type: str
    service_period_start: date
    quantity_before: Decimal | None
    quantity: Decimal | None
    unit_price_before: Decimal | None
    unit_price: Decimal | None
    amount_before: Decimal | None
    amount: Decimal | None
    difference: Decimal | None
    currency_before: str | None
    currency: str | None
    minor_units: int | None


@dataclass(frozen=True)
class ChangedFile:
    """A file that is in the lake since (`is_new`) or no longer, with its accepted rows."""

    org_id: str
    source_file: str
    is_new: bool
    rows_accepted: int


@dataclass(frozen=True)
class Changes:
    """What differs from the build `since`."""

    since: int
    lines: tuple[ChangedLine, ...]
    files: tuple[ChangedFile, ...]


def find_changes(home: Path, connection: duckdb.DuckDBPyConnection) -> Changes | None:
    """Hold the published build, open as `connection`, against the good build before it.

    None if no earlier build is kept.
    """
    earlier = builds.find_build_before(home)
    if earlier is None:
        return None
    attach_earlier(connection, earlier)
    lines = tuple(ChangedLine(**row) for row in read(connection, "final_lines"))
    files = tuple(ChangedFile(**row) for row in read(connection, "files")) if lines else ()
    return Changes(builds.number_of(earlier), lines, files)


def add_alerts(database: Path, published: Path | None) -> None:
    """Have the alerts of a new build tell which final invoices it changes.

    Those that the published build tells stay for as many days as the seed `alert_limits` says.
    Without a published build, or with a project that has no bill, there is nothing to compare.
    """
    if not published:
        return
    with duck.connect(database) as connection:
        connection.execute("set TimeZone = 'UTC'")
        attach_earlier(connection, published)
        marts, marts_before = (list_marts(connection, name) for name in (database.stem, "earlier"))
        if not (marts_before >= BILL and BILL | {"alerts", "build"} <= marts):
            return
        connection.execute(f"create temp view {COMPARABLE} as {_sql(COMPARABLE)}")
        connection.execute(f"create temp view {FINAL_LINES} as {_sql(FINAL_LINES)}")
        # A parked organization has brought its alerts along.
        into_alerts = "insert or ignore into marts.alerts by name "
        connection.execute(into_alerts + _sql("changed_invoices"))
        if "alerts" in marts_before:
            connection.execute(into_alerts + _sql("alerts_before"))


def list_marts(connection: duckdb.DuckDBPyConnection, catalog: str) -> set[str]:
    """The marts of an open file, by the name of its catalog."""
    found = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'marts' and database_name = ?",
        [catalog],
    )
    return {name for (name,) in found.fetchall()}


def find_implausible_invoices(home: Path, database: Path) -> list[dict[str, Any]]:
    """The invoices, final in the published build, that a new build moves beyond the limits.

    The limits are the new build's seed `publication_limits`; without a published build, or
    without the seed, there is nothing to compare.
    """
    published = (home / builds.PUBLISHED).resolve()
    if not published.exists():
        return []
    with duck.connect(database, read_only=True) as connection:
        attach_earlier(connection, published)
        tables = {
            f"{row[0]}.{row[1]}"
            for row in connection.execute(
                "select schema_name, table_name from duckdb_tables()"
            ).fetchall()
        }
        if not {"reference.publication_limits", "marts.invoices"} <= tables:
            return []
        return read(connection, "implausible_invoices")


def attach_earlier(connection: duckdb.DuckDBPyConnection, database: Path) -> None:
    """Open the file of an earlier build under the name that the queries read it by."""
    connection.execute(f"attach '{database}' as earlier (read_only)")


def read(connection: duckdb.DuckDBPyConnection, name: str) -> list[dict[str, Any]]:
    """The rows of `<name>.sql`, by column name; it can read the view `comparable_invoices`."""
    connection.execute(f"create or replace temp view {COMPARABLE} as {_sql(COMPARABLE)}")
    result = connection.execute(_sql(name))
    columns = [column[0] for column in result.description]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def _sql(name: str) -> str:
    return resources.files(__package__).joinpath(f"{name}.sql").read_text("utf-8")
