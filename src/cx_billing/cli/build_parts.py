"""`cx-billing build-parts`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from cx_billing import engines, machine, warehouse
from cx_billing.cli import options
from cx_billing.cli.build import report
from cx_billing.cli.errors import BUILD_FAILED, PARKED, RefusedError
from cx_billing.cli.options import AsOf, Memory, check_day, with_home, with_run
from cx_billing.cli.screen import say
from cx_billing.run_log import Run

SHOWN_LINES = 20  # of what a part that failed has said


@click.command(short_help="Build all parts on several processes or machines, and publish them.")
@click.argument("parts", type=click.IntRange(min=1, max=9999), metavar="N")
@click.option(
    "--engine",
    type=click.Choice(sorted(engines.ENGINES)),
    default="processes",
    show_default=True,
    help="What runs the parts: processes of this machine, or a cluster of Ray or Spark.",
)
@click.option(
    "--address",
    metavar="URL",
    help="The cluster, like ray://head:10001 or spark://head:7077. [default: one of this machine]",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Parts at a time on this machine. [default: one per processor]",
)
@click.option(
    "--as-of",
    type=AsOf(),
    callback=check_day,
    metavar="DATE",
    help="The bill as seen on DATE, with usage through the day before. [default: today, UTC]",
)
@click.option("--full-refresh", is_flag=True, help="Build parts in which nothing is new as well.")
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Compute each part with so many threads.",
)
@click.option(
    "--memory-limit",
    type=Memory(),
    envvar=machine.MEMORY_LIMIT,
    metavar="SIZE",
    help="Keep each part to about so much memory, like 1GB.",
)
@options.show_personal_data_option
@options.accept_changes_option
@options.publish_earlier_option
@options.readers_option
@with_home
@with_run("build-parts")
def build_parts(
    parts: int,
    engine: str,
    address: str | None,
    workers: int | None,
    as_of: date | None,
    full_refresh: bool,
    threads: int,
    memory_limit: str | None,
    show_personal_data: bool,
    accept_changes: bool,
    publish_earlier: bool,
    readers: str | None,
    home: Path,
    run: Run,
) -> None:
    """Divide the organizations into N parts, build each with cx-billing build --part, and publish
    them together.

    A part whose worker dies is built again by Ray and by Spark. If one fails, nothing is published;
    parts that are built stay, and are not built again where nothing is new. Every machine needs the
    home under the same path and this release.

    \b
      cx-billing build-parts 4
      cx-billing build-parts 64 --engine ray --address ray://head:10001
    """
    if not (home / "lake").is_dir():
        raise RefusedError(
            f"Nothing has been landed in {home} yet. Land files first: cx-billing land INBOX."
        )
    home = warehouse.check_home(home)
    shared = ["--home", str(home), "build", "--as-of", str(as_of or options.today())]
    shared += ["--threads", str(threads)]
    shared += ["--memory-limit", memory_limit] if memory_limit else []
    for name, is_set in (
        ("--full-refresh", full_refresh),
        ("--show-personal-data", show_personal_data),
        ("--accept-changes", accept_changes),
    ):
        shared += [name] if is_set else []
    tasks = [(number, [*shared, "--part", f"{number}/{parts}"]) for number in range(1, parts + 1)]
    failed = 0
    try:
        for done, ended in enumerate(engines.ENGINES[engine](tasks, workers, address), 1):
            is_built = ended.exit_code in (0, PARKED)
            failed += not is_built
            run.tell("part", part=ended.part, exit_code=ended.exit_code)
            became = "is built" if is_built else "has failed"
            say(f"Part {ended.part} {became} ({done} of {parts}).", err=True)
            if not is_built:
                say("\n".join(ended.said.splitlines()[-SHOWN_LINES:]), err=True)
    except engines.EngineError as error:
        raise RefusedError(str(error)) from error
    if failed:
        say(
            f"{failed} of {parts} parts failed. Nothing was published. Those that are built stay: "
            "run the command again once the cause is mended.",
            err=True,
        )
        raise SystemExit(BUILD_FAILED)
    result = warehouse.publish_parts(
        home,
        of=parts,
        accept_changes=accept_changes,
        publish_earlier=publish_earlier,
        readers=readers,
        show_personal_data=show_personal_data,
    )
    report(result, home, as_of, run)
