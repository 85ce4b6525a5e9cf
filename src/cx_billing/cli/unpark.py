"""`cx-billing unpark`."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import click

from cx_billing import parking, warehouse
from cx_billing.cli.build import build
from cx_billing.cli.errors import RefusedError
from cx_billing.cli.options import READERS, AsOf, check_day, with_home
from cx_billing.cli.screen import shorten_list
from cx_billing.pages.formatting import format_text


@click.command(short_help="Have a parked organization tried again.")
@click.argument("org_id")
@click.option(
    "--as-of",
    type=AsOf(),
    callback=check_day,
    metavar="DATE",
    help="The bill as seen on DATE, as for cx-billing build. [default: today, UTC]",
)
@with_home
@click.pass_context
def unpark(ctx: click.Context, org_id: str, as_of: date | None, home: Path) -> None:
    """Build with an organization that an earlier build has set aside.

    Land or withdraw files of it first, and any build tries it again; this is for what was mended
    elsewhere. If it fails still, it is parked again (exit code 3).

    \b
      cx-billing unpark acme
    """
    with warehouse.build_lock(warehouse.check_home(home)):
        parked = parking.read(home)
        if org_id not in parked:
            found = shorten_list([format_text(name) for name in parked]) or "none"
            raise RefusedError(f"{format_text(org_id)} is not parked. Parked are: {found}.")
        del parked[org_id]
        parking.write(home, parked)
    ctx.invoke(build, as_of=as_of, home=home, readers=os.environ.get(READERS))
