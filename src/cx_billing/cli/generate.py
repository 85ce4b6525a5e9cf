"""`cx-billing generate`."""

from __future__ import annotations

from pathlib import Path

import click

from cx_billing.cli.errors import RefusedError
from cx_billing.cli.options import NamedPath, with_home
from cx_billing.cli.screen import say, show_progress, spell_command


@click.command(short_help="Write a synthetic inbox.")
@click.option(
    "--orgs",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="How many organizations.",
)
@click.option(
    "--days",
    type=click.IntRange(min=1),
    default=92,
    show_default=True,
    help="How many days of usage, from 2026-01-01 on.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Another seed, other organizations."
)
@click.option(
    "--out",
    type=NamedPath(file_okay=False),
    required=True,
    metavar="DIR",
    help="The inbox to write.",
)
@with_home
def generate(orgs: int, days: int, seed: int, out: Path, home: Path) -> None:
    """Write a synthetic inbox; the same arguments write the same bytes.

    \b
      cx-billing generate --orgs 3 --days 92 --seed 1 --out try-inbox
      cx-billing --home try land try-inbox
    """
    from cx_billing import generate as generator

    try:
        with show_progress() as show:
            generator.generate(orgs, days, seed, out, lambda done, total: show(done, total, ""))
    except generator.GenerateError as error:
        raise RefusedError(str(error)) from error
    say(f"Wrote {out}. Next: {spell_command(home, 'land', out)}")
