"""`cx-billing init`."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from cx_billing import files
from cx_billing.cli.errors import RefusedError
from cx_billing.cli.options import NamedPath, with_home, with_organization
from cx_billing.cli.screen import say, spell_command

PLACES = {
    "README.md": "README.md",
    "contracts.csv": "contracts/contracts.csv",
    "contract_items.csv": "contract_items/contract_items.csv",
}


@click.command("init", short_help="Write a commented template of an inbox.")
@with_organization
@click.option(
    "--inbox",
    type=NamedPath(file_okay=False),
    default=Path("inbox"),
    show_default=True,
    metavar="DIR",
    help="Where it is written: DIR/ORG_ID/.",
)
@with_home
def init(org_id: str, inbox: Path, home: Path) -> None:
    """Write a start for people with a contract on paper: INBOX/ORG_ID.

    README.md says what each dataset is, where it comes from and what the minimum is; `contracts`
    and `contract_items` are there to be filled in. What is not filled in yet is rejected, so
    `check-files` tells what is left.

    \b
      cx-billing init acme
      cx-billing check-files inbox
    """
    if org_id in ("", ".", "..") or "/" in org_id or not org_id.isprintable():
        raise RefusedError(f"{org_id!r} cannot be the name of a folder; choose another ORG_ID.")
    targets = {name: inbox / org_id / place for name, place in PLACES.items()}
    if there := [str(target) for target in targets.values() if target.exists()]:
        raise RefusedError(f"{', '.join(there)}: there already, nothing was written.")
    templates = resources.files("cx_billing").joinpath("template")
    for name, target in targets.items():
        text = templates.joinpath(name).read_text("utf-8").replace("ORG_ID", org_id)
        text = text.replace("INBOX", str(inbox))
        files.write(target, text.encode())
        say(f"Wrote {target}")
    say(f"Fill them in, then: {spell_command(home, 'check-files', inbox)}")
