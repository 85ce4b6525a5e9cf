"""`cx-billing share`."""

from __future__ import annotations

from pathlib import Path

import click

from cx_billing import builds, warehouse
from cx_billing.cli.errors import RefusedError
from cx_billing.cli.options import NamedPath, with_home
from cx_billing.cli.screen import say, shorten_list
from cx_billing.pages.formatting import format_text
from cx_billing.share import NotSharedError, write_share


@click.command(short_help="Write a file that holds one organization only, to hand on.")
@click.argument("tenant", metavar="ORG_ID")
@click.option(
    "--out",
    "file",
    type=NamedPath(dir_okay=False),
    required=True,
    metavar="FILE",
    help="The DuckDB file to write; one of an earlier share of the same tenant is replaced.",
)
@click.option(
    "--account",
    "is_account",
    is_flag=True,
    help="ORG_ID is a billing account: share all organizations of it.",
)
@with_home
def share(tenant: str, file: Path, is_account: bool, home: Path) -> None:
    """Write the published marts of one organization, or of one billing account, to a file of its
    own. It has the reference data and no row of anybody else.

    \b
      cx-billing share acme --out acme.duckdb
      cx-billing share ACCOUNT_ID --account --out partner.duckdb
    """
    warehouse.connect(home).close()  # says so if nothing is published
    try:
        shared = write_share((home / builds.PUBLISHED).resolve(), tenant, file, is_account)
    except NotSharedError as error:
        raise RefusedError(str(error)) from error
    listed = shorten_list([format_text(org_id) for org_id in shared.organizations])
    say(f"Wrote {file}: {shared.rows:,} rows of {listed}, and nobody else's.")
    if shared.others:
        say(
            f"Note: {format_text(tenant)} is a billing account of "
            f"{shorten_list([format_text(org_id) for org_id in shared.others])} too, which "
            "are not in it; --account shares all of them.",
            err=True,
        )
