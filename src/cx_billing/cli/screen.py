"""What commands print with: consoles, progress, and the sentences that several of them say."""

from __future__ import annotations

import os
import shlex
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from cx_billing import landing, pages
from cx_billing.cli.errors import clean, leave_quietly
from cx_billing.cli.options import DEFAULT_HOME
from cx_billing.failures import Failure
from cx_billing.masking import mask_words
from cx_billing.pages.columns import tabulate
from cx_billing.pages.formatting import format_text

WIDTH_OF_A_PIPE = 200
LEAST_WIDTH = 20
WIDTH_OF_BAR = 30
SECONDS_BETWEEN_LINES = 10
SHOWN_ITEMS = 20


class Screen(Console):
    """A console that leaves quietly when its reader has gone.

    Standard error only tells how far the work is: the work goes on without a reader.
    """

    def on_broken_pipe(self) -> None:
        """Called by rich."""
        if not self.stderr:
            leave_quietly()
        self.quiet = True


def open_console(stderr: bool = False) -> Console:
    """Standard output (or error). One that is no terminal is as wide as `COLUMNS` says, else wide
    enough for any table."""
    console = Screen(stderr=stderr, highlight=False, soft_wrap=False)
    if not console.is_terminal:
        asked = os.environ.get("COLUMNS", "")
        is_width = asked.isascii() and asked.isdecimal() and int(asked) >= LEAST_WIDTH
        console.width = int(asked) if is_width else WIDTH_OF_A_PIPE
    return console


def say(*lines: str, err: bool = False) -> None:
    """Print lines; what names and values hold does not steer the terminal, nor begins a line."""
    for line in lines:
        click.echo(format_text(line), err=err)


@contextmanager
def show_progress() -> Iterator[Callable[[float, int, str], None]]:
    """Show on standard error how much is done, of how much, and what is at work.

    In a terminal it is a bar, else a line now and then.
    """
    console = open_console(stderr=True)
    if not console.is_terminal:
        last_line = time.monotonic()

        def print_line(done: float, total: int, at_work: str) -> None:
            nonlocal last_line
            if time.monotonic() - last_line >= SECONDS_BETWEEN_LINES:
                last_line = time.monotonic()
                console.print(Text(f"{int(done)} of {total}: {format_text(at_work)}"))

        yield print_line
        return

    columns = (
        BarColumn(WIDTH_OF_BAR),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn(
            "{task.fields[at_work]}",
            markup=False,
            table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
        ),
    )
    with Progress(*columns, console=console, transient=True, expand=True) as bar:
        task = bar.add_task("", total=None, at_work="starting")
        yield lambda done, total, at_work: bar.update(
            task, completed=done, total=total, at_work=format_text(at_work)
        )


def print_failure(failure: Failure, heading: str) -> None:
    """Say what failed, where, what it claims, and show rows that break the claim."""
    console = open_console(stderr=True)
    where = f" ({failure.file})" if failure.file else ""
    console.print(Text(clean(f"{heading} {failure.name}{where}"), style="bold"), soft_wrap=True)
    for words in (failure.description, failure.message):
        if words:
            console.print(Text(textwrap.indent(clean(words), "  ")), soft_wrap=True)
    if failure.rows:
        pages.print_table(tabulate("Rows that break it", failure.rows), console)


def describe_refusal(refused: landing.Refused) -> str:
    """Why a file was refused, without what it holds of people; its name stays."""
    name = refused.source_file
    return name.join(map(mask_words, refused.message.split(name)))


def spell_command(home: Path, *words: object) -> str:
    """A command that can be pasted into a shell."""
    of_home = () if home == DEFAULT_HOME else ("--home", home)
    return shlex.join(["cx-billing", *map(str, (*of_home, *words))])


def shorten_list(items: Sequence[str]) -> str:
    """As many as one cares to read, and how many more there are."""
    more = len(items) - SHOWN_ITEMS
    return ", ".join(items[:SHOWN_ITEMS]) + (f" and {more} more" if more > 0 else "")
