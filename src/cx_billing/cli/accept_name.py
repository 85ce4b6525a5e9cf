"""`cx-billing accept-name`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from cx_billing import landing, pages, warehouse
from cx_billing.cli.errors import RefusedError
from cx_billing.cli.options import with_home, with_organization
from cx_billing.cli.screen import say, spell_command
from cx_billing.landing.accepted_names import (
    NameNotAcceptedError,
    check_printed,
    write_accepted_name,
)


@click.command(short_help="Accept a name the vendor prints for a product.")
@with_organization
@click.argument("words", metavar='"PRINTED WORDS"')
@click.argument("product_code", metavar="PRODUCT")
@click.option(
    "--even-if-unseen",
    is_flag=True,
    help="Accept words that no landed line of the vendor's invoices has.",
)
@with_home
def accept_name(
    org_id: str, words: str, product_code: str, even_if_unseen: bool, home: Path
) -> None:
    """Accept what the vendor's invoice calls a product, as `renamed_product` proposes it.

    The words become an alias of the product in the organization's dataset product_catalogue; from
    the next build on a line with them is that product's. PRODUCT is its product_code. Taking it
    back is `withdraw` of the file that this names.

    \b
      cx-billing accept-name ORG_ID "GC CX2 Concurrent Seat" cx2
      cx-billing build
    """
    with warehouse.connect(home) as connection:
        shipped = pages.find_product(connection, org_id, product_code)
    with tempfile.TemporaryDirectory(prefix="cx-billing-") as folder:
        try:
            file = write_accepted_name(Path(folder), home, org_id, words, shipped)
            if not even_if_unseen:
                check_printed(home, org_id, words)
        except NameNotAcceptedError as error:
            raise RefusedError(str(error)) from error
        report = landing.land(Path(folder), home)
    source_file = f"{org_id}/product_catalogue/{file.name}"
    if report.already_landed:
        say(f"{words!r} is accepted as {product_code} already ({source_file}).")
        return
    say(
        f"{words!r} is {product_code} from the next build on ({source_file}): "
        f"{spell_command(home, 'build')}"
    )
