"""`cx-billing status`."""

from __future__ import annotations

from pathlib import Path

import click

from cx_billing import changes, pages, parking, warehouse
from cx_billing.cli.options import with_home
from cx_billing.cli.output import Output, PageCommand, with_output


@click.command(
    "status", cls=PageCommand, short_help="What is published, and what changed on final invoices."
)
@with_home
@with_output
def status(home: Path, output: Output) -> None:
    """Say what is published, who is parked, and what changed on invoices that were final before.

    The build before is the one that was published until then, as long as it is kept.

    \b
      cx-billing status
    """
    with warehouse.connect(home) as connection:
        parked = parking.read(home)
        page = pages.compose_status(
            connection, changes.find_changes(home, connection), parked.values()
        )
        output.draw(page, home, connection)
