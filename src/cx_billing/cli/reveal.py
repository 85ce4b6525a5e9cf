"""`cx-billing reveal`."""

from __future__ import annotations

from pathlib import Path

import click

from cx_billing import warehouse
from cx_billing.cli.errors import RefusedError
from cx_billing.cli.options import with_home, with_organization
from cx_billing.cli.screen import say
from cx_billing.pages.formatting import format_text
from cx_billing.reveal import NotRevealedError
from cx_billing.reveal import reveal as look_up


@click.command(short_help="Say whom a key or a masked id stands for, with the key.")
@with_organization
@click.argument("masked", metavar="KEY")
@with_home
def reveal(org_id: str, masked: str, home: Path) -> None:
    """Say which number, account, e-mail or id of an organization stands behind a key of the marts
    (customer_account_key, origin_key, number_key …) or a masked id (***@x.example~0a1b2c3d4e5f).

    It takes the key that the build was made with, in the home or in CX_BILLING_CUSTOMER_KEY, and
    looks through the lake.

    \b
      cx-billing reveal ORG_ID 0a1b2c…
    """
    try:
        found = look_up(warehouse.check_home(home), org_id, masked)
    except NotRevealedError as error:
        raise RefusedError(str(error)) from error
    for revealed in found:
        say(
            f"{format_text(revealed.value)}  ({revealed.column} of {revealed.dataset}, "
            f"{format_text(revealed.source_file)})"
        )
