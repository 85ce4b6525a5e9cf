"""`cx-billing dispute`."""

from __future__ import annotations

from pathlib import Path

import click

from cx_billing import warehouse
from cx_billing.cli.errors import RefusedError
from cx_billing.cli.options import NamedPath, with_home, with_organization
from cx_billing.cli.screen import say, spell_command
from cx_billing.dispute import NotDisputableError, write_package
from cx_billing.pages.formatting import format_text


@click.command(short_help="Write what is sent to the vendor to dispute an invoice.")
@with_organization
@click.argument("invoice_number", metavar="INVOICE_NUMBER")
@click.option(
    "--out",
    "folder",
    type=NamedPath(file_okay=False),
    required=True,
    metavar="DIR",
    help="Where to write it: a new folder, or one of an earlier dispute.",
)
@click.option(
    "--with-numbers",
    is_flag=True,
    help="Show the carrier's ids of calls, and, of a build with --show-personal-data, numbers and "
    "e-mails in the words of the vendor.",
)
@with_home
def dispute(org_id: str, invoice_number: str, folder: Path, with_numbers: bool, home: Path) -> None:
    """Write the dispute of a vendor's invoice: a letter to print, the differences and what they
    rest on as CSV, XLSX and Parquet, and SQL that works the amount out again with DuckDB alone.

    It holds rows of this organization only, and no phone number, address or e-mail of your files;
    what the vendor printed is masked unless the build was asked to show personal data and you ask
    with --with-numbers. The same build writes the
    same bytes.

    \b
      cx-billing dispute ORG_ID 900137 --out dispute-900137
      cd dispute-900137 && sha256sum -c SHA256SUMS && duckdb < reproduce.sql
    """
    try:
        with warehouse.connect(home, [folder]) as connection:
            written = write_package(connection, org_id, invoice_number, folder, with_numbers)
    except NotDisputableError as error:
        raise RefusedError(str(error)) from error
    still = f", {written.asked} still asked for" if written.asked != written.amount else ""
    say(f"Wrote {folder}: {len(written.files)} files, {written.amount} in dispute{still}.")
    if written.left_out:
        say(
            f"Warning: {written.left_out} of the invoice could not be read and "
            f"{'is' if written.left_out.startswith('1 ') else 'are'} in no figure of it. Mend the "
            "file before you send this: see "
            + spell_command(home, "show", "vendor-invoice", org_id, written.invoice_number),
            err=True,
        )
    say(f"Fill in the contact of {folder / 'letter.html'}, and send the folder.")
    recorded = (org_id, format_text(written.invoice_number), "sent")
    options_end = ["--"] if any(word.startswith("-") for word in recorded) else []
    say("Once it is sent: " + spell_command(home, "record-dispute", *options_end, *recorded))
