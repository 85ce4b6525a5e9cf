"""`cx-billing alerts`, and what a build says of them."""

from __future__ import annotations

from pathlib import Path

import click
from duckdb import DuckDBPyConnection

from cx_billing import pages, reported, warehouse
from cx_billing.cli.errors import NEW_ALERTS
from cx_billing.cli.options import with_home
from cx_billing.cli.output import Output, PageCommand, with_output
from cx_billing.cli.screen import SHOWN_ITEMS, say, spell_command


@click.command("alerts", cls=PageCommand, short_help="What to know before the invoice comes.")
@click.option(
    "--all",
    "is_of_all",
    is_flag=True,
    help="Show those that were told before too. It tells none: what is new stays new.",
)
@click.option("--fail", is_flag=True, help="Exit with 4 if an alert is new.")
@with_home
@with_output
def alerts(is_of_all: bool, fail: bool, home: Path, output: Output) -> None:
    """Tell the alerts of the published build that were not told before.

    Usage that passes a level of its commitment or allowance, a peak above the commitment that is
    about to count or that counts, a final invoice that changed. Each is told once a cycle, here or
    at the end of a build; <home>/alerts_reported.json remembers which. The levels are the seed
    alert_limits, all of them the mart alerts.

    \b
      cx-billing alerts --fail
      cx-billing alerts --all --json

    Exit codes: 0 done; 2 the arguments are wrong; 4 an alert is new, with --fail.
    """
    with warehouse.connect(home) as connection, reported.telling(home) as told:
        page = pages.compose_alerts(connection, told, is_of_all)
        output.draw(page, home, connection)
        if not is_of_all:
            reported.remember(home, [row["alert_id"] for row in page.tables[0].records])
    if fail and page.head["new_alerts"]:
        raise SystemExit(NEW_ALERTS)


def report_new_alerts(home: Path, connection: DuckDBPyConnection) -> int:
    """Say the first alerts that were not told before, and remember those; how many were new."""
    try:
        with reported.telling(home) as told:
            new = [row for row in pages.list_alerts(connection, told) if not row["told_at"]]
            for row in new[:SHOWN_ITEMS]:
                say(f"Alert: {row['message']}", err=True)
            reported.remember(home, [row["alert_id"] for row in new[:SHOWN_ITEMS]])
    except reported.ReportingError as error:  # the build is as good as without
        say(f"Alerts were not told: {error}", err=True)
        return 0
    if (rest := len(new) - SHOWN_ITEMS) > 0:
        say(f"{rest} more alerts; tell them with {spell_command(home, 'alerts')}", err=True)
    return len(new)
