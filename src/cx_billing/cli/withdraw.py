"""`cx-billing withdraw`."""

from __future__ import annotations

from pathlib import Path

import click

from cx_billing import landing
from cx_billing.cli.errors import RefusedError
from cx_billing.cli.options import check_time_zone, with_home
from cx_billing.cli.screen import say, shorten_list, spell_command


@click.command(short_help="Take a landed file back.")
@click.argument("file")
@click.option("--undo", is_flag=True, help="Take a withdrawn file back in, as it was landed.")
@click.option(
    "--time-zone",
    metavar="NAME",
    callback=check_time_zone,
    help="With --undo: its times without an offset are of this zone, like America/New_York.",
)
@with_home
def withdraw(file: str, undo: bool, time_zone: str | None, home: Path) -> None:
    """Take a landed file back: from the next build on none of its rows counts.

    FILE is its path below the inbox as `show files` lists it (`source_file` of marts.load_audit),
    or its file_id. What it had superseded counts again. It stays listed, with the time it was
    withdrawn; `land` leaves the same file out from then on, and --undo takes it back in, in the
    place it had: what was landed after it still supersedes it. An answer of an API that came in
    several files, such as the pages of a list, goes as a whole.

    \b
      cx-billing withdraw acme/contracts/contracts.csv
      cx-billing withdraw --undo acme/contracts/contracts.csv
      cx-billing build
    """
    if not (home / "lake").is_dir():
        raise RefusedError(f"Nothing has been landed in {home} yet.")
    if time_zone and not undo:
        raise click.UsageError("--time-zone goes with --undo.")
    done = landing.restore(home, file, time_zone) if undo else landing.withdraw(home, file)
    found, build = done.file, spell_command(home, "build")
    if not done.changed:
        say(
            f"{found.source_file} was not withdrawn, it counts."
            if undo
            else f"{found.source_file} was withdrawn already, at {found.withdrawn_at} UTC."
        )
        return
    what = (
        f"{found.source_file} ({found.facts['rows_in_file']} rows, landed "
        f"{found.facts['landed_at'][:19]} UTC)"
    )
    if others := done.other_parts:
        what += ", with the other parts of the same answer: "
        what += shorten_list([part.source_file for part in others])
    if undo:
        say(f"Taken back in: {what}. It counts from the next build on: {build}")
        return
    undoing = spell_command(home, "withdraw", "--undo", file)
    say(
        f"Withdrawn: {what}. It counts until the next build: {build}",
        f"If it still lies in the inbox, it is left out there from now on. {undoing} takes it back "
        "in.",
    )
