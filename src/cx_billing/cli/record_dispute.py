"""`cx-billing record-dispute`."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click

from cx_billing import landing, pages, warehouse
from cx_billing.cli.errors import RefusedError
from cx_billing.cli.options import Day, today, with_home, with_organization
from cx_billing.cli.screen import say, spell_command
from cx_billing.dispute import NotRecordableError, check_event
from cx_billing.landing.recorded_disputes import EVENTS, DisputeEvent, write_dispute_event
from cx_billing.pages.formatting import format_text

MOST_DECIMALS = 4
MOST_DIGITS = 24


class Amount(click.ParamType[Decimal]):
    """An amount of money above 0, written like 1234.56."""

    name = "amount"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        """The amount that was written."""
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            self.fail(f"{str(value)!r} is no amount; use 1234.56.", param, ctx)
        exponent = amount.as_tuple().exponent
        if not isinstance(exponent, int) or amount <= 0:
            self.fail(f"{str(value)!r} is not above 0.", param, ctx)
        if -exponent > MOST_DECIMALS or amount.adjusted() >= MOST_DIGITS:
            self.fail(f"{str(value)!r} has too many digits.", param, ctx)
        return amount


def check_past(_context: click.Context, _option: click.Parameter, day: date | None) -> date:
    """The day, today if none is given; what has not happened is not recorded."""
    if day is not None and day > today():
        raise click.BadParameter(f"{day} is yet to come (UTC).")
    return day or today()


@click.command(short_help="Record what became of a dispute.")
@with_organization
@click.argument("invoice_number", metavar="INVOICE_NUMBER")
@click.argument("event", type=click.Choice(EVENTS, case_sensitive=False), metavar="EVENT")
@click.option("--by", "recorded_by", metavar="NAME", help="Who records it.")
@click.option(
    "--date", "event_date", type=Day(), callback=check_past, help="When it was (default: today)."
)
@click.option(
    "--amount", type=Amount(), metavar="AMOUNT", help="How much (default: all that is open)."
)
@click.option("--product", "product_code", metavar="PRODUCT", help="Of this product alone.")
@click.option("--note", metavar="TEXT", help="Anything worth keeping.")
@click.option(
    "--beyond-differences",
    "may_claim_more",
    is_flag=True,
    help="Open it with an --amount above what the differences of the invoice claim.",
)
@with_home
def record_dispute(home: Path, org_id: str, may_claim_more: bool, **what: Any) -> None:
    """Record an event of the dispute of a vendor's invoice: EVENT is opened, sent, accepted,
    refused or credited.

    Events are only ever added, to the dataset disputes; `show disputes` follows them to the money
    from the next build on. Credits on later invoices are found without any event. Taking an event
    back is `withdraw` of the file that this names. What cannot be is refused: a day before the
    invoice, a claim on an invoice that agrees, an answer to what was not disputed, more than is
    claimed or open.

    \b
      cx-billing record-dispute ORG_ID 900137 opened --by Ana
      cx-billing record-dispute ORG_ID 900137 refused --amount 20.00 --note "by phone"
    """
    event = DisputeEvent(**what)
    with tempfile.TemporaryDirectory(prefix="cx-billing-") as folder:
        file = write_dispute_event(Path(folder), org_id, event)
        source_file = f"{org_id}/disputes/{file.name}"
        with warehouse.connect(home, [home / "lake" / "disputes"]) as connection:
            number = pages.find_disputed(
                connection, org_id, event.invoice_number, event.product_code
            )
            known = replace(event, invoice_number=number)
            try:
                check_event(connection, home, org_id, known, source_file, may_claim_more)
            except NotRecordableError as error:
                raise RefusedError(str(error)) from error
        report = landing.land(Path(folder), home)
    if report.already_landed:
        say(f"That is recorded already ({source_file}).")
        return
    say(
        f"Invoice {format_text(number)} is {event.event} as of {event.event_date} in every build "
        f"of that day or later ({source_file}): {spell_command(home, 'build')}"
    )
