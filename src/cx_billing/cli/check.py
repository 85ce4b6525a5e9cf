"""`cx-billing check`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rich.text import Text

from cx_billing import check, pages
from cx_billing.cli.errors import FailedError
from cx_billing.cli.options import with_home
from cx_billing.cli.screen import open_console, print_failure, say, show_progress
from cx_billing.pages.columns import tabulate
from cx_billing.pages.formatting import format_text

SHOWN_DIFFERENCES = 10


@click.command("check", short_help="Build the shipped known answer aside, compare every line.")
@with_home
def check_known_answer(home: Path) -> None:
    """Build the shipped known answer with the versions installed here, and compare every line.

    Three small organizations, whose bills are known, are built in a temporary folder; your own
    home is neither read nor written. Takes some seconds. Exits with 1 if any line differs, so
    a scheduled build can run it first, and a wrong answer stops it:

    \b
      cx-billing check && cx-billing build

    \b
    As a cron line, every night at two (PATH must lead to cx-billing):
      0 2 * * *  cd /srv/billing && cx-billing check && cx-billing build
    """
    versions = check.read_versions()
    say("Versions: " + ", ".join(f"{name} {number}" for name, number in versions.items()))
    with show_progress() as show:
        result = check.run(lambda step: show(step.done, step.total, step.node))
    for failure in result.failures:
        print_failure(failure, "FAILED")
    if result.comparisons:
        pages.print_table(tabulate_comparisons(result.comparisons), open_console())
    print_differences(result.differences)
    if not result.passed:
        raise FailedError(
            "The known answer came out wrong: do not trust a bill built with this installation. "
            "Install the locked versions (requirements.lock), or undo what was changed in models, "
            "macros or seeds."
        )
    lines = sum(mart.lines for mart in result.comparisons)
    say(f"All {lines} lines are as expected.")


def tabulate_comparisons(comparisons: Sequence[check.Comparison]) -> pages.Table:
    """A row per mart that was compared."""
    return tabulate(
        "Known answer",
        [
            {
                "mart": mart.mart,
                "lines compared": mart.lines,
                "differences": len(mart.differences),
            }
            for mart in comparisons
        ],
    )


def print_differences(differences: Sequence[check.Difference]) -> None:
    """Show the first lines that differ: where they are expected, and what was built."""
    console = open_console(stderr=True)
    for found in differences[:SHOWN_DIFFERENCES]:
        place = f"expected/{found.mart}.csv, line {found.line}" if found.line else found.mart
        console.print(Text(f"{place}: {describe_difference(found)}"), soft_wrap=True)
    if (rest := len(differences) - SHOWN_DIFFERENCES) > 0:
        console.print(Text(f"... and {rest} more."))


def describe_difference(found: check.Difference) -> str:
    """What is wrong with a line, in words."""
    row = ", ".join(f"{name}={format_text(value)}" for name, value in found.values.items() if value)
    if found.line is None:
        return f"built, but not expected: {row}"
    if found.built is None:
        return f"expected, but not built: {row}"
    wrong = ", ".join(
        f"{name} is {value or 'empty'}, expected {found.values[name] or 'empty'}"
        for name, value in found.built.items()
    )
    return f"{format_text(wrong)} ({row})"
