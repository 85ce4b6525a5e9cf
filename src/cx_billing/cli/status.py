"""`cx-billing status`."""

from __future__ import annotations

from pathlib import Path

import click

from cx_billing import builds, changes, disk_use, pages, parking, reported, warehouse
from cx_billing.cli.options import with_home
from cx_billing.cli.output import Output, PageCommand, with_output


@click.command(
    "status", cls=PageCommand, short_help="What is published, how old it is, and what waits."
)
@with_home
@with_output
def status(home: Path, output: Output) -> None:
    """Say what is published, how old it and its data are, and what waits for somebody.

    Alerts, parked organizations, rejected rows, invoices of the vendor that do not agree or are
    missing, the next invoices, the disk; and what changed on invoices that were final in the build
    that was published before, as long as it is kept. Of many organizations the first few are shown,
    all of them with --json.

    \b
      cx-billing status
      cx-billing status --json
    """
    with warehouse.connect(home) as connection:
        told = pages.Home(
            build=builds.find_published(home),
            parked=tuple(parking.read(home).values()),
            told=reported.read(home),
            uses=disk_use.measure(home.absolute()),
            free_bytes=disk_use.find_free_bytes(home),
        )
        page = pages.compose_status(connection, changes.find_changes(home, connection), told)
        output.draw(page, home, connection)
