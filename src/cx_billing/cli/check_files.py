"""`cx-billing check-files`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from cx_billing import check_files
from cx_billing.cli.errors import REFUSED
from cx_billing.cli.options import Day, check_day, with_home
from cx_billing.pages.content import Record
from cx_billing.pages.rejected import describe_rejection

SHOWN_ALIKE = 5  # rows of one file, column and reason


@click.command("check-files", short_help="Say what would be refused or rejected, in seconds.")
@click.argument("inbox", type=click.Path(path_type=Path))
@click.option(
    "--as-of",
    type=Day(),
    callback=check_day,
    metavar="DATE",
    help="As a build on DATE would see it. [default: today, UTC]",
)
@with_home
def check(inbox: Path, as_of: date | None, home: Path) -> None:
    """Say which files `land` would refuse and which rows `build` would reject.

    Nothing is landed or built. Contracts that the home already holds count. Every finding names
    file, row, column and value, and says what would be right. Exits with 0 if there is none, with
    2 otherwise.

    \b
      cx-billing check-files INBOX && cx-billing land INBOX
    """
    findings = check_files.check_files(inbox, home, as_of)
    report = findings.report
    for warning in report.warnings:
        click.echo(f"Note: {warning}", err=True)
    for refused in report.refused:
        click.echo(f"Refused: {refused.message}")
    print_rejected(findings.rejected)
    files = len(report.landed) + len(report.already_landed) + len(report.refused)
    rows = sum(file.rows for file in report.landed)
    click.echo(
        f"Checked {files} file{'' if files == 1 else 's'} ({rows:,} rows): "
        f"{len(report.refused)} would be refused, {len(findings.rejected):,} rows rejected."
    )
    if not findings.are_clean:
        raise SystemExit(REFUSED)


def print_rejected(rows: Sequence[Record]) -> None:
    """A line per row, the first few of those alike in file, column and reason.

    Rows that lack a contract are alike in all files of their organization, and last: they follow
    once it has one.
    """
    alike: dict[tuple, list[Record]] = defaultdict(list)
    lacking: dict[str, list[Record]] = defaultdict(list)
    for row in rows:
        if row["reason"] == "no_contract":
            lacking[row["org_id"]].append(row)
        else:
            alike[row["source_file"], row["column_name"], row["reason"]].append(row)
    for kind in alike.values():
        print_alike(kind, SHOWN_ALIKE)
    for kind in lacking.values():
        print_alike(kind, 1)


def print_alike(rows: Sequence[Record], shown: int) -> None:
    """So many of rows that are alike, and how many more there are."""
    for row in rows[:shown]:
        click.echo(f"Rejected: {describe_rejection(row)}")
    if (more := len(rows) - shown) > 0:
        click.echo(f"          and {more:,} more row{'s' if more > 1 else ''} like this")
