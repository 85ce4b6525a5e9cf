"""`cx-billing seal` and `reopen`."""

from __future__ import annotations

import getpass
from datetime import date
from decimal import Decimal
from pathlib import Path

import click

from cx_billing import pages, warehouse
from cx_billing.cli.errors import FailedError
from cx_billing.cli.options import Day, with_home, with_organization
from cx_billing.cli.screen import say, spell_command
from cx_billing.ledger import chain, sealing
from cx_billing.pages.formatting import format_number, format_text


def find_user() -> str:
    """Who runs this; where the system does not know, nobody in particular."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def check_words(_context: click.Context, option: click.Parameter, words: str | None) -> str | None:
    """Words that somebody can read."""
    if words is not None and not words.strip():
        raise click.BadParameter(f"{option.opts[0]} is empty.")
    return words.strip() if words else words


@click.command(short_help="Close an invoice for good.")
@with_organization
@click.argument("invoice_date", type=Day(), metavar="INVOICE_DATE")
@click.option(
    "--by", callback=check_words, metavar="NAME", help="Who seals it. [default: your user name]"
)
@click.option(
    "--accept",
    callback=check_words,
    metavar="REASON",
    help="Seal it although the data does not cover it; the reason is put on record.",
)
@with_home
def seal(org_id: str, invoice_date: date, by: str | None, accept: str | None, home: Path) -> None:
    """Close an invoice for good, as it is published: it never changes again.

    It is added to the ledger, <home>/ledger, which is only ever added to. What is landed later and
    would change it becomes correction lines of the next open invoice. A second time it is a no-op.

    The checklist is printed; what does not hold is refused with exit code 1 and a way out. An
    invoice of which more is disputed than seal_limits allows needs two people: the second run, with
    another --by, seals it.

    \b
      cx-billing seal ORG_ID 2026-05-05 --by Ana
      cx-billing verify
    """
    home = warehouse.check_home(home)
    ledger = home / "ledger"
    with warehouse.build_lock(home), warehouse.connect(home, [ledger]) as connection:
        head = pages.find_head(connection, org_id, invoice_date)
        done = sealing.seal(
            home, connection, head["org_id"], invoice_date, by or find_user(), accept
        )
    invoice = f"Invoice {format_text(head['invoice_id'])}"
    for check in done.checks:
        note = f" ({check.note})" if check.note else ""
        say(f"{'yes' if check.holds else 'NO':4} {check.claim}{note}")
    if done.checks:
        say(f"note the vendor's invoice: {format_text(done.vendor_says)}")
    if done.entry is None:
        missing = "; ".join(
            f"{check.otherwise} ({check.note})" for check in done.checks if not check.holds
        )
        raise FailedError(f"{invoice} is not sealed: {missing}.")
    entry = done.entry
    if not done.is_new:
        say(
            f"{invoice} is sealed already, by {entry.by} at {entry.written_at[:19]} UTC, as entry "
            f"{entry.sequence}. Nothing was changed."
        )
    elif entry.kind == chain.APPROVED:
        say(
            f"{invoice} is approved by {entry.by}, as entry {entry.sequence} of the ledger, and "
            "not sealed yet: somebody else has to run this as well."
        )
    else:
        say(
            f"{invoice} is sealed by {entry.by}: {entry.lines} lines, "
            f"{format_number(Decimal(entry.total_amount), head['minor_units'] or 0)} "
            f"{entry.currency}, as entry {entry.sequence} of the ledger.",
            f"Hash of the entry: {entry.hash}",
            f"The next build publishes it as sealed: {spell_command(home, 'build')}",
        )


@click.command(short_help="Have the next invoice restate a sealed one.")
@with_organization
@click.argument("invoice_date", type=Day(), metavar="INVOICE_DATE")
@click.option("--reason", required=True, callback=check_words, metavar="TEXT", help="Why.")
@click.option(
    "--by", callback=check_words, metavar="NAME", help="Who reopens it. [default: your user name]"
)
@with_home
def reopen(org_id: str, invoice_date: date, reason: str, by: str | None, home: Path) -> None:
    """Put on record that a sealed invoice is opened again, and why.

    The sealed invoice stays as it is. From the next build on the next open invoice restates every
    line of it, taken back and charged anew, also those that did not change. What late data changes
    needs no reopening: it is corrected without.

    \b
      cx-billing reopen ORG_ID 2026-05-05 --reason "agreed with the vendor to rebill May"
    """
    home = warehouse.check_home(home)
    with warehouse.build_lock(home), warehouse.connect(home) as connection:
        head = pages.find_head(connection, org_id, invoice_date)
        entry = sealing.reopen(home, head["org_id"], invoice_date, by or find_user(), reason)
    say(
        f"Invoice {format_text(head['invoice_id'])} is reopened by {entry.by}, as entry "
        f"{entry.sequence} of the ledger. The next open invoice restates it: "
        f"{spell_command(home, 'build')}"
    )
