"""`cx-billing show`: the pages of the published warehouse."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import date
from pathlib import Path

import click
from duckdb import DuckDBPyConnection

from cx_billing import pages, warehouse
from cx_billing.cli.options import Day, NamedPath, with_home, with_organization
from cx_billing.cli.output import Output, PageCommand, with_output


def show_page(compose: Callable[..., pages.Page]) -> Callable[..., None]:
    """Make a command of a function that composes a page from an open warehouse."""

    @with_home
    @with_output
    @functools.wraps(compose)
    def command(home: Path, output: Output, **arguments: object) -> None:
        with warehouse.connect(home) as connection:
            output.draw(compose(connection, **arguments), home, connection)

    return command


with_any_organization = click.option(
    "--org", "org_id", metavar="ORG_ID", help="Only this organization."
)
with_invoice_date = click.argument("invoice_date", type=Day(), metavar="INVOICE_DATE")


class Pages(click.Group):
    """A group whose commands show a page each."""

    command_class = PageCommand


@click.group(cls=Pages, short_help="Look at the published warehouse.")
@with_home
def show(home: Path) -> None:
    """Look at the published warehouse: in the terminal, as a page, as JSON or CSV.

    \b
      cx-billing show index --out pages
      cx-billing show invoices
      cx-billing show invoice ORG_ID 2026-05-05 --html invoice.html
      cx-billing show peak ORG_ID 2026-04-05
      cx-billing show invoice ORG_ID 2026-05-05 --json | jq .head.total_amount
      cx-billing show vendor-invoice ORG_ID 900137 --csv --table differences
    """


@show.command("index", short_help="What there is to look at; all pages as a set of files.")
@with_any_organization
@click.option(
    "--out",
    "folder",
    type=NamedPath(file_okay=False),
    metavar="DIR",
    help="Write the index and every page into DIR; open DIR/index.html.",
)
@with_home
@with_output
def show_index(home: Path, output: Output, org_id: str | None, folder: Path | None) -> None:
    """What there is to look at: the vendor's invoices with what differs, invoices, peaks.

    \b
      cx-billing show index
      cx-billing show index --out pages
    """
    with warehouse.connect(home) as connection:
        if folder is None:
            output.draw(pages.compose_index(connection, org_id), home, connection)
        else:
            output.write_set(folder, home, connection, org_id)


@show.command("rules", short_help="The rules that numbers follow.")
@show_page
def show_rules(connection: DuckDBPyConnection) -> pages.Page:
    """The rules that numbers follow, and the models that compute them."""
    return pages.compose_rules()


@show.command("invoice", short_help="One invoice, line by line.")
@with_organization
@with_invoice_date
@show_page
def show_invoice(connection: DuckDBPyConnection, org_id: str, invoice_date: date) -> pages.Page:
    """The lines of one invoice, by section, with totals.

    \b
      cx-billing show invoice ORG_ID 2026-05-05
    """
    return pages.compose_invoice(connection, org_id, invoice_date)


@show.command("invoices", short_help="All invoices, one row each.")
@with_any_organization
@show_page
def show_invoices(connection: DuckDBPyConnection, org_id: str | None) -> pages.Page:
    """All invoices, one row each, with the amount of every section."""
    return pages.compose_invoices(connection, org_id)


@show.command("reconciliation", short_help="The vendor's invoice against ours.")
@with_organization
@with_invoice_date
@show_page
def show_reconciliation(
    connection: DuckDBPyConnection, org_id: str, invoice_date: date
) -> pages.Page:
    """The vendor's invoice against ours: every line, the variance, and its reason.

    \b
      cx-billing show reconciliation ORG_ID 2026-05-05
    """
    return pages.compose_reconciliation(connection, org_id, invoice_date)


@show.command("vendor-invoice", short_help="An invoice of the vendor, by its number.")
@with_organization
@click.argument("invoice_number", metavar="INVOICE_NUMBER")
@show_page
def show_vendor_invoice(
    connection: DuckDBPyConnection, org_id: str, invoice_number: str
) -> pages.Page:
    """An invoice of the vendor: each printed line, ours beside it, and why they differ.

    \b
      cx-billing show vendor-invoice ORG_ID 900137
    """
    return pages.compose_vendor_invoice(connection, org_id, invoice_number)


@show.command("disputes", short_help="What is claimed of the vendor, recovered, refused and open.")
@with_any_organization
@show_page
def show_disputes(connection: DuckDBPyConnection, org_id: str | None) -> pages.Page:
    """What is claimed of the vendor, recovered, refused and open, how long, and what settled it."""
    return pages.compose_disputes(connection, org_id)


@show.command("calendar", short_help="Which invoices of the vendor came, and which did not.")
@with_any_organization
@show_page
def show_calendar(connection: DuckDBPyConnection, org_id: str | None) -> pages.Page:
    """Which invoices of the vendor came, are missing, or are not due yet."""
    return pages.compose_calendar(connection, org_id)


@show.command("evidence", short_help="What a line of an invoice rests on.")
@with_organization
@click.argument("invoice_line_id", metavar="INVOICE_LINE_ID")
@click.option(
    "--rows",
    "most_rows",
    type=click.IntRange(min=0),
    default=pages.MOST_ROWS,
    show_default=True,
    help="How many rows to show, those of the largest amounts; 0 shows all.",
)
@show_page
def show_evidence(
    connection: DuckDBPyConnection, org_id: str, invoice_line_id: str, most_rows: int
) -> pages.Page:
    """What a line of an invoice rests on: users, calls, days, conversations, contract items.

    A date in place of the line lists the lines of that invoice.

    \b
      cx-billing show evidence ORG_ID 2026-05-05
      cx-billing show evidence ORG_ID ORG_ID-2026-05-05/overage/cx3/2026-04-05
    """
    return pages.compose_evidence(connection, org_id, invoice_line_id, most_rows)


@show.command("peak", short_help="Peak concurrent users of a cycle.")
@with_organization
@click.argument("cycle_start_date", type=Day(), metavar="CYCLE_START_DATE")
@click.option(
    "--pool",
    help="The pool to explain.  [default: the largest one that is billed by its peak]",
)
@show_page
def show_peak(
    connection: DuckDBPyConnection, org_id: str, cycle_start_date: date, pool: str | None
) -> pages.Page:
    """Peak concurrent users of a cycle: every reading side by side, and which one is billed.

    \b
      cx-billing show peak ORG_ID 2026-04-05 --pool cx3
    """
    return pages.compose_peak(connection, org_id, cycle_start_date, pool)


@show.command("telco", short_help="Calls against the vendor's telco lines.")
@with_any_organization
@show_page
def show_telco(connection: DuckDBPyConnection, org_id: str | None) -> pages.Page:
    """Calls against the vendor's telco lines, by cycle and service."""
    return pages.compose_telco(connection, org_id)


@show.command("calls", short_help="Calls of a cycle that deserve a look.")
@with_organization
@click.argument("cycle_start_date", type=Day(), metavar="CYCLE_START_DATE")
@show_page
def show_calls(connection: DuckDBPyConnection, org_id: str, cycle_start_date: date) -> pages.Page:
    """Calls that cost other than rate times minutes, are there twice, or are of no cycle.

    \b
      cx-billing show calls ORG_ID 2026-04-05
    """
    return pages.compose_calls(connection, org_id, cycle_start_date)


@show.command("inventory", short_help="Numbers and devices: billed, held, used.")
@with_organization
@click.argument("cycle_start_date", type=Day(), metavar="CYCLE_START_DATE")
@show_page
def show_inventory(
    connection: DuckDBPyConnection, org_id: str, cycle_start_date: date
) -> pages.Page:
    """Numbers and devices of a cycle: billed and not held, held and not billed, never used.

    \b
      cx-billing show inventory ORG_ID 2026-04-05
    """
    return pages.compose_inventory(connection, org_id, cycle_start_date)


@show.command("rejected", short_help="Rows that could not be used.")
@with_any_organization
@show_page
def show_rejected(connection: DuckDBPyConnection, org_id: str | None) -> pages.Page:
    """Rows that could not be used, by dataset and reason, with examples."""
    return pages.compose_rejected(connection, org_id)


@show.command("unbilled", short_help="Usage that is on no invoice line.")
@with_any_organization
@show_page
def show_unbilled(connection: DuckDBPyConnection, org_id: str | None) -> pages.Page:
    """Usage that is on no invoice line, and why; what lacks a price comes first."""
    return pages.compose_unbilled(connection, org_id)


@show.command("files", short_help="Landed files, and what became of their rows.")
@with_any_organization
@show_page
def show_files(connection: DuckDBPyConnection, org_id: str | None) -> pages.Page:
    """Landed files, withdrawn ones too, and what became of their rows."""
    return pages.compose_files(connection, org_id)
