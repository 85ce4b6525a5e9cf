"""`cx-billing verify` and `stamp`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from cx_billing import lake
from cx_billing.cli.errors import FailedError
from cx_billing.cli.options import Day, NamedPath, with_home
from cx_billing.cli.screen import say, shorten_list, spell_command
from cx_billing.pages.formatting import format_text

with_certificates = click.option(
    "--certificate",
    "roots",
    multiple=True,
    type=NamedPath(exists=True, dir_okay=False),
    metavar="FILE",
    help="Certificate (PEM) that the time stamping authority is trusted by.",
)


@click.command(short_help="Prove that the ledger is as it was written.")
@with_certificates
@click.option(
    "--stamp",
    "outside",
    multiple=True,
    type=NamedPath(exists=True, dir_okay=False),
    metavar="FILE",
    help="A time stamp that is kept elsewhere, to hold the ledger against as well.",
)
@click.option(
    "--rebuild",
    nargs=2,
    type=(str, Day()),
    metavar="ORG_ID INVOICE_DATE",
    help="Also compute a sealed invoice again, from the files and the release it was sealed by.",
)
@click.option(
    "--project",
    type=NamedPath(exists=True, file_okay=False),
    metavar="DIR",
    help="With --rebuild: the dbt project of that release. [default: the one installed]",
)
@with_home
def verify(
    home: Path,
    roots: tuple[Path, ...],
    outside: tuple[Path, ...],
    rebuild: tuple[str, date] | None,
    project: Path | None,
) -> None:
    """Prove that the ledger is, byte for byte, what was written; exit code 1 if it is not.

    Every file is held against its entry, every entry against the one before it, and the chain
    against the published build and the time stamps. A ledger that was cut or written anew as a
    whole hangs together in itself: only a build or a stamp (cx-billing stamp) shows it.

    \b
      cx-billing verify
      cx-billing verify --certificate authority.pem --stamp safe/2026-05.tsr
      cx-billing verify --rebuild ORG_ID 2026-05-05
    """
    from cx_billing.ledger.verification import verify as verify_ledger

    found = verify_ledger(home, roots, outside)
    for stamp in found.stamped:
        say(f"{stamp.path} proves entry {stamp.sequence} and all before it, as of {stamp.at} UTC.")
    if found.wrong:
        raise FailedError("\n".join(("The ledger is not as it was written.", *found.wrong)))
    sealed = sum(entry.kind == "sealed" for entry in found.entries)
    say(
        f"The ledger is as it was written: {len(found.entries)} entries, {sealed} sealed invoices.",
        f"Hash of the last entry: {found.head}",
    )
    if rebuild:
        from cx_billing.ledger.rebuilding import rebuild as rebuild_invoice

        org_id, invoice_date = rebuild
        differing = rebuild_invoice(
            home, found.entries, org_id, invoice_date, project or lake.PROJECT_DIR
        )
        named = f"Invoice {format_text(org_id)}-{invoice_date}"
        if differing:
            raise FailedError(
                f"{named} comes out otherwise than it was sealed. Lines that differ: "
                f"{shorten_list(differing)}."
            )
        say(f"{named} comes out byte for byte as it was sealed.")


@click.command(short_help="Have somebody outside witness the ledger (RFC 3161).")
@click.option(
    "--request",
    type=NamedPath(dir_okay=False),
    metavar="FILE",
    help="Write what is sent to a time stamping authority.",
)
@click.option(
    "--answer",
    type=NamedPath(exists=True, dir_okay=False),
    metavar="FILE",
    help="Prove what the authority answered, and keep it with the ledger.",
)
@with_certificates
@with_home
def stamp(home: Path, request: Path | None, answer: Path | None, roots: tuple[Path, ...]) -> None:
    """Have a time stamping authority witness the last entry of the ledger, and all before it.

    Nothing is sent by this program: it writes the request and reads the answer. Keep a copy of the
    answer elsewhere, so that nobody who can write the home can take it away.

    \b
      cx-billing stamp --request ledger.tsq
      curl -H "Content-Type: application/timestamp-query" --data-binary @ledger.tsq URL > ledger.tsr
      cx-billing stamp --answer ledger.tsr --certificate authority.pem
    """
    from cx_billing.ledger import stamps

    if bool(request) == bool(answer):
        raise click.UsageError("Give either --request FILE or --answer FILE.")
    if request:
        head = stamps.write_request(home, request)
        say(
            f"{request} asks for a stamp of the ledger up to the entry {head}.",
            "Send it to a time stamping authority, then: "
            + spell_command(home, "stamp", "--answer", "FILE", "--certificate", "FILE"),
        )
    elif answer:
        kept = stamps.add_stamp(home, answer, roots)
        say(f"Kept: entry {kept.sequence} and all before it were there at {kept.at} UTC.")
