"""`cx-billing status`."""

from __future__ import annotations

from pathlib import Path

import click

from cx_billing import changes, pages, warehouse
from cx_billing.cli.options import with_home
from cx_billing.cli.show import draw_page, with_html


@click.command("status", short_help="What is published, and what changed on final invoices.")
@with_home
@with_html
def status(home: Path, html: Path | None) -> None:
    """Say what is published, as of when, and what it changed on invoices that were final before.

    The build before is the one that was published until then, as long as it is kept.

    \b
      cx-billing status
    """
    with warehouse.connect(home) as connection:
        page = pages.compose_status(connection, changes.find_changes(home, connection))
        draw_page(page, home, html, connection)
