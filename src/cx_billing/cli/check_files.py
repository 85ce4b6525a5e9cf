"""`cx-billing check-files`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from cx_billing import check_files
from cx_billing.cli.errors import REFUSED
from cx_billing.cli.options import Day, NamedPath, check_day, time_zone_option, with_home
from cx_billing.cli.screen import describe_refusal, say
from cx_billing.pages.formatting import format_text
from cx_billing.pages.rejected import describe_file, describe_rejection


@click.command("check-files", short_help="Say what would be refused or rejected, in seconds.")
@click.argument("inbox", type=NamedPath())
@click.option(
    "--as-of",
    type=Day(),
    callback=check_day,
    metavar="DATE",
    help="As a build on DATE would see it. [default: today, UTC]",
)
@time_zone_option
@with_home
def check(inbox: Path, as_of: date | None, time_zone: str | None, home: Path) -> None:
    """Say which files `land` would refuse or ignore and which rows `build` would reject.

    Nothing is landed or built. What the home already holds of contracts, prices and products of
    your own counts. Every finding names file, row, column and value, and says what would be right.
    Exits with 0 if there is none, with 2 otherwise.

    \b
      cx-billing check-files INBOX && cx-billing land INBOX
    """
    findings = check_files.check_files(inbox, home, as_of, time_zone)
    report = findings.report
    for warning in report.warnings:
        say(f"Note: {warning}", err=True)
    for later in findings.later:
        lines = f"{later.lines:,} line{'s' if later.lines > 1 else ''}"
        say(
            f"Warning: {format_text(later.source_file)}: {lines} of invoice "
            f"{format_text(later.invoice_number)} {'are' if later.lines > 1 else 'is'} dated "
            f"{later.invoice_date}, after {as_of or 'today'}: a build does not see what is to come",
            err=True,
        )
    for misplaced in report.misplaced:
        say(f"Misplaced: {misplaced}")
    for refused in report.refused:
        say(f"Refused: {describe_refusal(refused)}")
    for mistakes in findings.mistakes:
        if mistakes.is_of_file:
            say(f"Rejected: {describe_file(mistakes.shown[0], mistakes.rows)}")
            continue
        for row in mistakes.shown:
            say(f"Rejected: {describe_rejection(row)}")
        if (more := mistakes.rows - len(mistakes.shown)) > 0:
            say(f"          and {more:,} more row{'s' if more > 1 else ''} like this")
    files = len(report.landed) + len(report.already_landed) + len(report.refused)
    rows = sum(file.rows for file in report.landed)
    say(
        f"Checked {files} file{'' if files == 1 else 's'} ({rows:,} rows): "
        f"{len(report.refused)} would be refused, "
        + (f"{len(report.misplaced)} misplaced, " if report.misplaced else "")
        + f"{findings.rows_rejected:,} rows rejected."
    )
    if not findings.are_clean:
        raise SystemExit(REFUSED)
