"""Where a page goes and as what: the terminal, a page, JSON or CSV."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from duckdb import DuckDBPyConnection

from cx_billing import builds, pages
from cx_billing.cli.errors import RefusedError, clean
from cx_billing.cli.options import NamedPath
from cx_billing.cli.screen import open_console, say, show_progress

STANDARD_OUTPUT = Path("-")
OPTIONAL_FILES = ("--json", "--csv")


@dataclass(frozen=True)
class Output:
    """As what a page is asked for (none of these: in the terminal), and where it goes."""

    html: Path | None = None
    json: Path | None = None
    csv: Path | None = None
    table: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be done at once."""
        asked = [f"--{kind}" for kind in ("html", "json", "csv") if getattr(self, kind)]
        if len(asked) > 1:
            raise RefusedError(f"{' and '.join(asked)}: give one of them; run the others after it.")
        if self.table is not None and self.csv is None:
            raise RefusedError("--table says which table --csv writes; give it with --csv.")

    def draw(self, page: pages.Page, home: Path, connection: DuckDBPyConnection) -> None:
        """Print or write a page, with the build it is of."""
        foot = describe_build(home, connection)
        if self.json:
            told = {
                "page": click.get_current_context().info_name,
                "build": builds.find_published(home),
                "usage_through_at": pages.find_usage_end(connection),
            }
            write(pages.render_json(page, **told), self.json)
        elif self.csv:
            write(pages.render_csv(page, self.table), self.csv)
        else:
            org_id = click.get_current_context().params.get("org_id")
            parked = pages.describe_parked(connection, org_id)
            page = replace(page, notes=(*page.notes, *parked, foot))
            if self.html:
                write(pages.render_html(page), self.html)
            else:
                pages.print_page(page, open_console())

    def write_set(
        self, folder: Path, home: Path, connection: DuckDBPyConnection, org_id: str | None
    ) -> None:
        """Write every page into a folder."""
        if self != Output():
            raise RefusedError("--out writes every page as HTML; give it alone, or with --org.")
        foot = (describe_build(home, connection),)
        with show_progress() as tell:
            count = pages.write_pages(connection, folder, org_id, foot, tell)
        say(f"Wrote {count:,} pages. Open {folder / 'index.html'}.")


def describe_build(home: Path, connection: DuckDBPyConnection) -> str:
    """The build a page is of, and until when usage counts."""
    build = builds.find_published(home)
    return f"Build {build}. {pages.describe_usage_end(connection)}".strip()


def write(text: str, file: Path) -> None:
    """Write a text to a file and say so, or as it is to standard output."""
    if file != STANDARD_OUTPUT:
        file.write_text(text, encoding="utf-8", newline="")
        say(f"Wrote {file}.")
        return
    if sys.stdout.isatty():  # a terminal is not to be steered by what a file holds
        text = clean(text)
    stream = click.get_binary_stream("stdout")
    stream.write(text.encode())
    stream.flush()


def check_folder(
    _context: click.Context, option: click.Parameter, file: Path | None
) -> Path | None:
    """Refuse a file whose folder is not there, before anything is read."""
    if file is not None and not file.absolute().parent.is_dir():
        raise RefusedError(
            f"{file}: there is no folder {file.parent}. Create it, or choose another FILE."
        )
    return file


def file_option(name: str, help: str, **settings: Any) -> Callable[[Callable], Callable]:
    """An option that names the file to write."""
    return click.option(
        name,
        type=NamedPath(dir_okay=False),
        callback=check_folder,
        help=help,
        **settings,
    )


OPTIONS = (
    file_option(
        "--html", "Write a self-contained page to FILE instead of printing.", metavar="FILE"
    ),
    file_option(
        "--json",
        "Print every table as JSON, or write it to FILE.",
        metavar="[FILE]",
        is_flag=False,
        flag_value=STANDARD_OUTPUT,
    ),
    file_option(
        "--csv",
        "Print the main table as CSV, or write it to FILE.",
        metavar="[FILE]",
        is_flag=False,
        flag_value=STANDARD_OUTPUT,
    ),
    click.option("--table", metavar="NAME", help="The table that --csv writes."),
)


def with_output(command: Callable[..., None]) -> Callable[..., None]:
    """Options that say where a page goes; the command gets them as `output`."""

    @functools.wraps(command)
    def wrapped(
        html: Path | None,
        json: Path | None,
        csv: Path | None,
        table: str | None,
        **arguments: object,
    ) -> None:
        command(output=Output(html, json, csv, table), **arguments)

    return functools.reduce(lambda made, option: option(made), reversed(OPTIONS), wrapped)


class PageCommand(click.Command):
    """A command whose `--json` and `--csv` may have a file behind them, or not.

    The word behind them is the file, unless the command then lacks an argument: in
    `show peak --json ORG_ID CYCLE_START_DATE` the two are what the page is of.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words of the command."""
        given, _, _ = self.make_parser(ctx).parse_args(args=list(args))
        is_complete = all(
            isinstance(given.get(str(parameter.name)), str)
            for parameter in self.get_params(ctx)
            if isinstance(parameter, click.Argument)
        )
        if not is_complete:
            args = [
                f"{word}={STANDARD_OUTPUT}" if word in OPTIONAL_FILES else word for word in args
            ]
        return super().parse_args(ctx, args)
