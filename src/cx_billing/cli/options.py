"""Options and arguments that several commands share."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from cx_billing import duck, parts, run_log, warehouse
from cx_billing.cli.errors import explain_os_error, find_exit_code

DEFAULT_HOME = Path("warehouse")
READERS = "CX_BILLING_READERS"
EARLIEST_DAY = date(2000, 1, 1)
LATEST_DAY_AHEAD = timedelta(days=366)


class NamedPath(click.Path):
    """A file or folder; an empty word is none, and not the current folder."""

    def __init__(self, **settings: Any) -> None:
        """Paths are given as `pathlib` has them."""
        super().__init__(path_type=Path, **settings)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path that was written."""
        if not str(value).strip():
            hint = "." if self.name == "file" else "; the current folder is written as a dot."
            self.fail(f"the name of the {self.name} is empty{hint}", param, ctx)
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", str(value)):
            self.fail(
                f"{value} is a URL. No command reads or writes object storage: give a folder or "
                "a file, for instance of a bucket that is mounted.",
                param,
                ctx,
            )
        return super().convert(value, param, ctx)


def check_home(_context: click.Context, _parameter: click.Parameter, home: Path) -> Path:
    """Refuse a home that no command could use."""
    try:
        warehouse.check_home(home)
    except warehouse.WarehouseError as error:
        raise click.BadParameter(str(error)) from error
    except OSError as error:
        raise click.BadParameter(explain_os_error(error)) from error
    return home


def inherit_home() -> Path:
    """The home given to the group of the command that is parsed."""
    group = click.get_current_context().parent
    assert group is not None, "every command is in a group that takes a home"
    home: Path = group.params["home"]
    return home


home_option = functools.partial(
    click.option,
    "--home",
    type=NamedPath(),
    callback=check_home,
    metavar="DIR",
    help="Where lake, builds and the published warehouse are. "
    "[env var: CX_BILLING_HOME; default: ./warehouse]",
)
# Before or after the command alike: a command that is given no home has its group's.
with_home = home_option(default=inherit_home)


def with_run(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Keep a log and a summary of a command in its home; the command gets them as `run`."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def wrapped(home: Path, **arguments: Any) -> None:
            run = None
            part = arguments.get("part")  # several may run at the same time
            called = f"{name}-{part}" if part else name
            try:
                with run_log.keep(home, called, find_exit_code) as run:
                    command(home=home, run=run, **arguments)
            finally:
                if run and run.broken:
                    where, why = run.broken.filename or run.logs, run.broken.strerror
                    from cx_billing.cli.screen import say  # which reads this module

                    say(f"Warning: no log of this run, {where}: {why}", err=True)

        return wrapped

    return decorate


class Day(click.ParamType[date]):
    """A date, written YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date that was written."""
        if isinstance(value, date):
            return value
        try:
            if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(value), re.ASCII):
                raise ValueError(value)
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{str(value)!r}: no such day; use YYYY-MM-DD.", param, ctx)


class Memory(click.ParamType[str]):
    """An amount of memory, like 1GB."""

    name = "memory"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The amount that was written."""
        if not re.fullmatch(r"[1-9]\d*(\.\d+)?\s*[MGT]i?B", str(value), re.ASCII | re.IGNORECASE):
            self.fail(f"{str(value)!r} is no amount of memory; write it like 1GB.", param, ctx)
        return str(value)


class PartOf(click.ParamType[parts.Part]):
    """One of several parts, written K/N."""

    name = "part"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> parts.Part:
        """The part that was written."""
        written = re.fullmatch(r"([1-9]\d{0,3})/([1-9]\d{0,3})", str(value), re.ASCII)
        if not written:
            self.fail(f"{str(value)!r} is no part; write the third of eight as 3/8.", param, ctx)
        number, of = map(int, written.groups())
        if number > of:
            self.fail(f"there is no part {number} of {of}.", param, ctx)
        return parts.Part(number, of)


class AsOf(Day):
    """A date as of which a bill is seen, also in the words of a schedule."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date that was written: tomorrow sees today as far as its data reach."""
        days = {"today": 0, "tomorrow": 1}
        if value in days:
            return today() + timedelta(days=days[value])
        return super().convert(value, param, ctx)


def check_day(
    _context: click.Context, _parameter: click.Parameter, value: date | None
) -> date | None:
    """Refuse a day on which no bill can be seen: a typing error."""
    latest = today() + LATEST_DAY_AHEAD
    if value and not EARLIEST_DAY <= value <= latest:
        raise click.BadParameter(f"{value} is not between {EARLIEST_DAY} and {latest}.")
    return value


def today() -> date:
    """The day it is in UTC."""
    return datetime.now(UTC).date()


def check_time_zone(ctx: click.Context, parameter: click.Parameter, name: str | None) -> str | None:
    """A zone as DuckDB calls it, which reads the times later; an unknown one is refused here."""
    if name is None:
        return None
    with duck.connect() as connection:
        zones = connection.sql("select name from pg_timezone_names()").fetchall()
    found = {str(zone).lower(): str(zone) for [zone] in zones}
    if name.lower() not in found:
        close = difflib.get_close_matches(name.lower(), found, n=1)
        hint = f" Did you mean {found[close[0]]}?" if close else ""
        raise click.BadParameter(
            f"{name} is no time zone.{hint} Names are those of IANA, like Europe/Berlin."
        )
    return found[name.lower()]


time_zone_option = click.option(
    "--time-zone",
    metavar="NAME",
    callback=check_time_zone,
    help="Times without an offset are of this zone, like America/New_York (default: UTC).",
)


with_organization = click.argument("org_id")

show_personal_data_option = click.option(
    "--show-personal-data",
    is_flag=True,
    help="Publish rejected rows with numbers, addresses, e-mails and names as they were landed. "
    "[default: masked]",
)
accept_changes_option = click.option(
    "--accept-changes",
    is_flag=True,
    help="Publish even if the total of an invoice that was final moves beyond the limits of the "
    "seed publication_limits.",
)
publish_earlier_option = click.option(
    "--publish-earlier",
    is_flag=True,
    help="Publish a build as of an earlier day than the published one. [default: it is kept apart]",
)
readers_option = click.option(
    "--readers",
    metavar="GROUP",
    envvar=READERS,
    help="Let this group of the machine read what is published, and nothing else of the home. "
    "[env var: CX_BILLING_READERS; default: the owner alone]",
)
fail_on_warning_option = click.option(
    "--fail-on-warning",
    is_flag=True,
    help="Publish nothing if there is anything to warn of, and exit with 1.",
)
