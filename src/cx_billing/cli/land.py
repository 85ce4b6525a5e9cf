"""`cx-billing land`."""

from __future__ import annotations

from pathlib import Path

import click

from cx_billing import lake, landing
from cx_billing.cli.errors import REFUSED
from cx_billing.cli.options import NamedPath, time_zone_option, with_home, with_run
from cx_billing.cli.screen import (
    SHOWN_ITEMS,
    describe_refusal,
    say,
    show_progress,
    spell_command,
)
from cx_billing.run_log import Run


class DatasetsInHelp(click.Command):
    """A command whose help lists the datasets that can be landed."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Every dataset with what a row of it is, as declared."""
        with formatter.section("Datasets (docs/datasets.md has their columns)"):
            formatter.write_dl(
                [(dataset.name, dataset.description) for dataset in lake.datasets().values()]
            )


@click.command(cls=DatasetsInHelp, short_help="Read the vendor's files into the lake.")
@click.argument("inbox", type=NamedPath())
@time_zone_option
@click.option(
    "--retry-stopped",
    is_flag=True,
    help="Read files once more that stopped the process that read them.",
)
@with_home
@with_run("land")
def land(inbox: Path, time_zone: str | None, retry_stopped: bool, home: Path, run: Run) -> None:
    """Read every file under INBOX/<org_id>/<dataset>/ into the lake.

    Files are .csv, .json, .ndjson, .jsonl (each also .gz), .parquet, .xlsx, the vendor's invoice
    as .pdf, or .zip archives of these. Landing the same file again changes nothing, and one that
    was withdrawn is left out. A file that lacks a required column is refused whole, the rest is
    landed. So is one that takes more memory or time to read than any export: it is skipped from
    then on, unless you say --retry-stopped.

    \b
      cx-billing land sample/inbox
      cx-billing land inbox --time-zone America/New_York
      cx-billing --home /data/billing land /data/downloads
    """
    with show_progress() as show:
        report = landing.land(
            inbox,
            home,
            lambda at: show(at.files_done + at.share, at.files_total, describe_work(at)),
            time_zone,
            retry_stopped,
        )
    log_report(report, run)
    print_report(report, home)
    if report.refused:
        raise SystemExit(REFUSED)


def log_report(report: landing.Report, run: Run) -> None:
    """Keep what became of the files, without their names."""
    for file in report.landed:
        run.tell(
            "file_landed",
            org_id=file.org_id,
            dataset=file.dataset,
            file_id=file.file_id,
            rows=file.rows,
            unreadable_rows=file.parse_errors,
        )
    refused = [
        dict(zip(("org_id", "dataset"), Path(file.source_file).parts[:-1], strict=False))
        for file in report.refused
    ]
    for place in refused:
        run.tell("file_refused", **place)
    run.add(
        numbers={
            "files_landed": len(report.landed),
            "rows_landed": sum(file.rows for file in report.landed),
            "rows_unreadable": sum(file.parse_errors for file in report.landed),
            "files_there_already": len(report.already_landed),
            "files_left_out": len(report.left_out),
            "files_refused": len(refused),
            "warnings": len(report.misplaced) + len(report.warnings),
        },
        refused=refused[:SHOWN_ITEMS],
    )


def describe_work(at: landing.Progress) -> str:
    """The file at work, and how far what is done to it is."""
    step = f"{at.step} {at.share:.0%} of " if at.step else ""
    return f"{step}{at.source_file or ''}"


def describe_still_counting(still: landing.StillCounting, home: Path) -> str:
    """What an earlier file of the same name still does, and how it is taken back."""
    one, many = still.rows == 1, len(still.file_ids) > 1
    rows = "rows" if still.rows is None else f"{still.rows:,} row{'' if one else 's'}"
    files = f"{len(still.file_ids)} earlier files" if many else "the earlier file"
    keys = "its key is" if one else "their keys are"
    commands = "; ".join(
        spell_command(home, "withdraw", file_id) for file_id in still.file_ids[:SHOWN_ITEMS]
    )
    return (
        f"{still.source_file}: {rows} of {files} of this name still count{'s' if one else ''}, as "
        f"{keys} not in the new one; if that is not meant: {commands}"
    )


def print_report(report: landing.Report, home: Path) -> None:
    """Say what was ignored, what could not be read, what was refused; then the counts."""
    for warning in (*report.misplaced, *report.warnings):
        say(f"Warning: {warning}", err=True)
    for file in report.landed:
        if file.parse_errors:
            say(
                f"Warning: {file.source_file}: {file.parse_errors} of {file.rows} rows could not "
                "be read; they are kept and will be in marts.rejected_rows",
                err=True,
            )
    for left_out in report.left_out[:SHOWN_ITEMS]:
        undoing = spell_command(home, "withdraw", "--undo", left_out.name)
        say(
            f"Left out: {left_out.source_file} was withdrawn earlier; {undoing} takes it back in",
            err=True,
        )
    if (more := len(report.left_out) - SHOWN_ITEMS) > 0:
        say(f"Left out: {more} more files that were withdrawn earlier", err=True)
    for still in report.still_counting[:SHOWN_ITEMS]:
        say(f"Note: {describe_still_counting(still, home)}", err=True)
    for refused in report.refused:
        say(f"Refused: {describe_refusal(refused)}", err=True)
    rows = sum(file.rows for file in report.landed)
    say(
        f"Files landed: {len(report.landed)} ({rows:,} rows), "
        f"there already: {len(report.already_landed)}, "
        + (f"left out: {len(report.left_out)}, " if report.left_out else "")
        + f"refused: {len(report.refused)}. "
        f"Lake: {home / 'lake'}"
    )
