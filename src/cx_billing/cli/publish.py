"""`cx-billing publish`."""

from __future__ import annotations

from pathlib import Path

import click

from cx_billing import warehouse
from cx_billing.cli import options
from cx_billing.cli.build import refuse_warnings, report
from cx_billing.cli.options import NamedPath, with_home, with_run
from cx_billing.run_log import Run


@click.command(short_help="Publish parts that were built apart.")
@click.argument("folders", type=NamedPath(), nargs=-1, metavar="[DIR]...")
@click.option(
    "--parts",
    type=click.IntRange(min=1),
    metavar="N",
    help="Publish the parts of N, where those of other numbers are there too.",
)
@options.show_personal_data_option
@options.accept_changes_option
@options.publish_earlier_option
@options.readers_option
@options.fail_on_warning_option
@with_home
@with_run("publish")
def publish(
    folders: tuple[Path, ...],
    parts: int | None,
    show_personal_data: bool,
    accept_changes: bool,
    publish_earlier: bool,
    readers: str | None,
    fail_on_warning: bool,
    home: Path,
    run: Run,
) -> None:
    """Have readers see all parts together that cx-billing build --part has built.

    Parts are in <home>/parts; those that other machines have built in other folders are given as
    DIR. All of them must be there, of the same files, rules, day, release and customer key, and as
    they were built; else nothing is published, and the reason is said. Publishing the same parts
    again changes nothing.

    \b
      cx-billing publish
      cx-billing publish from-a/1-of-2 from-b/2-of-2
    """
    result = warehouse.publish_parts(
        home,
        folders,
        parts,
        accept_changes=accept_changes,
        publish_earlier=publish_earlier,
        readers=readers,
        show_personal_data=show_personal_data,
        refuse=refuse_warnings(home, options.today()) if fail_on_warning else None,
    )
    report(result, home, options.today(), run)
