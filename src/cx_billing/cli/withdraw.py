"""`cx-billing withdraw`."""

from __future__ import annotations

from pathlib import Path

import click

from cx_billing import landing
from cx_billing.cli.errors import RefusedError
from cx_billing.cli.options import with_home
from cx_billing.cli.screen import spell_command


@click.command(short_help="Take a landed file back.")
@click.argument("file")
@with_home
def withdraw(file: str, home: Path) -> None:
    """Take a landed file back: from the next build on none of its rows counts.

    FILE is its path below the inbox as `show files` lists it (`source_file` of marts.load_audit),
    or its file_id. What it had superseded counts again. It stays listed, with the time it was
    withdrawn; landing the same file again makes it count again.

    \b
      cx-billing withdraw acme/contracts/contracts.csv
      cx-billing build
    """
    if not (home / "lake").is_dir():
        raise RefusedError(f"Nothing has been landed in {home} yet.")
    found, counted = landing.withdraw(home, file)
    if not counted:
        click.echo(f"{found.source_file} was withdrawn already, at {found.withdrawn_at} UTC.")
        return
    click.echo(
        f"Withdrawn: {found.source_file} ({found.facts['rows_in_file']} rows, landed "
        f"{found.facts['landed_at'][:19]} UTC). It counts until the next build: "
        f"{spell_command(home, 'build')}\n"
        "If it still lies in the inbox, take it away there: landed again it counts again."
    )
