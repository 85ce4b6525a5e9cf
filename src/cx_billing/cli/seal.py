"""`cx-billing seal`."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import click

from cx_billing import pages, warehouse
from cx_billing.cli.errors import FailedError
from cx_billing.cli.options import Day, with_home, with_organization
from cx_billing.cli.screen import say
from cx_billing.pages.formatting import format_text


@click.command(short_help="Check whether an invoice may be closed; the ledger is not there yet.")
@with_organization
@click.argument("invoice_date", type=Day(), metavar="INVOICE_DATE")
@with_home
def seal(org_id: str, invoice_date: date, home: Path) -> None:
    """Check whether an invoice may be closed for good: it is final, and covered by the data.

    What is not final or not covered is refused with exit code 1, with the dataset and the day. What
    may be closed is said to be, with exit code 0. This version keeps no ledger yet: nothing is
    closed either way.

    \b
      cx-billing seal ORG_ID 2026-05-05
    """
    with warehouse.connect(home) as connection:
        head = pages.find_head(connection, org_id, invoice_date)
    invoice = f"Invoice {format_text(head['invoice_id'])}"
    if head["invoice_status"] == "accruing":
        message = (
            f"{invoice} is not final: it is on {invoice_date + timedelta(days=1)}, and this build "
            "sees an earlier day. Build again then."
        )
        if not head["is_covered"]:
            message += f" Nor is it covered: {format_text(head['coverage_note'])}."
    elif not head["is_covered"]:
        message = (
            f"{invoice} is not covered: {format_text(head['coverage_note'])}. Land the data up to "
            "the end of its cycle, or declare in the dataset coverage that it is complete, then "
            "build again."
        )
    else:
        say(
            f"{invoice} is final and covered: it may be sealed. This version keeps no ledger yet, "
            "so nothing was closed."
        )
        return
    raise FailedError(message)
