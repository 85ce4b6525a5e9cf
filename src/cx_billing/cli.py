"""The command line `cx-billing`: land files, build the warehouse, look at the bill.

Exit codes: 0 done; 1 a build or a test failed and nothing was published; 2 a whole file was
refused (the rest was landed) or the arguments are wrong.
"""

from __future__ import annotations

import functools
import os
import re
import shlex
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click
import duckdb
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from cx_billing import check, extract, lake, landing, pages, warehouse

DEFAULT_HOME = Path("warehouse")
BUILD_FAILED = 1
REFUSED = 2
WIDTH_OF_A_PIPE = 200
SECONDS_BETWEEN_LINES = 10
SHOWN_WARNINGS = 20
WIDTH_OF_BAR = 30
SIGPIPE_EXIT = 141  # what a shell reports of a program whose reader has gone
EARLIEST_AS_OF = date(2000, 1, 1)
AS_OF_AHEAD = timedelta(days=366)
STALE = timedelta(days=35)  # usage older than a cycle of any length
SHOWN_DIFFERENCES = 10


class RefusedError(click.ClickException):
    """One or two clear lines and exit code 2."""

    exit_code = REFUSED


class Commands(click.Group):
    """A group that turns what the user can mend into a message, never a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except warehouse.BuildLockedError as error:
            raise click.ClickException(str(error)) from error
        except (landing.LandingError, warehouse.WarehouseError, pages.NotFoundError) as error:
            raise RefusedError(str(error)) from error
        except BrokenPipeError as error:
            leave_quietly(error)
        except OSError as error:
            raise RefusedError(explained(error)) from error
        except duckdb.CatalogException as error:
            raise RefusedError(
                f"The published warehouse lacks something this version reads; build it again. "
                f"({str(error).splitlines()[0]})"
            ) from error
        except duckdb.Error as error:
            raise RefusedError(str(error).splitlines()[0]) from error


def explained(error: OSError) -> str:
    """What the operating system refused, where, and what to do."""
    where = f"{error.filename}: " if error.filename else ""
    return (
        f"{where}{error.strerror or error}. "
        "Mend that, or choose another place (--home, --html, INBOX), then retry."
    )


def leave_quietly(cause: BaseException | None = None) -> None:
    """End without a word: whoever read the output has seen enough (`| head`)."""
    with Path(os.devnull).open("wb") as nowhere:  # takes what is still buffered
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    raise SystemExit(SIGPIPE_EXIT) from cause


class Screen(Console):
    """A console that leaves quietly when its reader has gone.

    Standard error only tells how far the work is: the work goes on without a reader.
    """

    def on_broken_pipe(self) -> None:
        """Called by rich."""
        if not self.stderr:
            leave_quietly()
        self.quiet = True


def console(stderr: bool = False) -> Console:
    """Standard output (or error); wide enough for any table when it is no terminal."""
    screen = Screen(stderr=stderr, highlight=False, soft_wrap=False)
    if not screen.is_terminal:
        screen.width = WIDTH_OF_A_PIPE
    return screen


# Options that several commands share.


def usable_home(_context: click.Context, _parameter: click.Parameter, home: Path) -> Path:
    """Refuse a home that no command could use."""
    try:
        warehouse.checked_home(home)
    except warehouse.WarehouseError as error:
        raise click.BadParameter(str(error)) from error
    return home


home_option = functools.partial(
    click.option,
    "--home",
    type=click.Path(path_type=Path),
    callback=usable_home,
    metavar="DIR",
    help="Where lake, builds and the published warehouse are. "
    "[env var: CX_BILLING_HOME; default: ./warehouse]",
)
# Before or after the command alike: a command that is given no home has its group's.
with_home = home_option(default=lambda: click.get_current_context().parent.params["home"])


class Day(click.ParamType):
    """A date, written YYYY-MM-DD."""

    name = "date"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """The date that was written."""
        if isinstance(value, date):
            return value
        try:
            if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(value), re.ASCII):
                raise ValueError(value)
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{str(value)!r}: no such day; use YYYY-MM-DD.", param, ctx)


def sensible_day(_context: click.Context, _parameter: click.Parameter, value: date | None):
    """Refuse a day on which no bill can be seen: a slip of the pen."""
    latest = today() + AS_OF_AHEAD
    if value and not EARLIEST_AS_OF <= value <= latest:
        raise click.BadParameter(f"{value} is not between {EARLIEST_AS_OF} and {latest}.")
    return value


def today() -> date:
    """The day it is in UTC."""
    return datetime.now(UTC).date()


def shows_a_page(draw: Callable[..., pages.Page]) -> Callable[..., None]:
    """Make a command of a function that draws a page from an open warehouse."""

    @with_home
    @click.option(
        "--html",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write a self-contained page to FILE instead of printing.",
    )
    @functools.wraps(draw)
    def command(home: Path, html: Path | None, **arguments: object) -> None:
        if html is not None and not html.absolute().parent.is_dir():
            raise RefusedError(
                f"{html}: there is no folder {html.parent}. Create it, or choose another FILE."
            )
        with warehouse.connect(home) as connection:
            page = draw(connection, **arguments)
            build = f"Build {(home / warehouse.PUBLISHED).readlink().stem}."
            foot = f"{build} {pages.describe_usage_end(connection)}".strip()
        page = replace(page, notes=(*page.notes, foot))
        if html is None:
            pages.print_page(page, console())
        else:
            html.write_text(pages.render_html(page), encoding="utf-8")
            click.echo(f"Wrote {html}.")

    return command


with_org = click.argument("org_id")
with_any_org = click.option("--org", "org_id", metavar="ORG_ID", help="Only this organization.")
with_invoice_date = click.argument("invoice_date", type=Day(), metavar="INVOICE_DATE")


class WithDatasets(click.Command):
    """A command whose help lists the datasets that can be landed."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Every dataset with what a row of it is, as declared."""
        with formatter.section("Datasets (docs/datasets.md has their columns)"):
            formatter.write_dl(
                [(dataset.name, dataset.description) for dataset in lake.datasets().values()]
            )


# The commands.


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@home_option(default=DEFAULT_HOME, envvar="CX_BILLING_HOME")
@click.version_option(package_name="cx-billing", prog_name="cx-billing")
def main(home: Path) -> None:
    """Recompute a Genesys Cloud CX bill from raw usage, explain it, and compare it.

    Land the vendor's files, build the warehouse, look at the bill:

    \b
      cx-billing land sample/inbox
      cx-billing build --as-of 2026-05-05
      cx-billing show invoices
      cx-billing show invoice ORG_ID 2026-05-05

    Everything is kept in the home, ./warehouse unless you say otherwise. All times are UTC.

    Exit codes: 0 done; 1 a build or a test failed and nothing was published; 2 a whole file was
    refused (the rest was landed) or the arguments are wrong.
    """


@main.command("extract", short_help="Pull usage from the platform API into an inbox.")
@with_org
@click.option(
    "--from",
    "first",
    type=Day(),
    callback=sensible_day,
    required=True,
    metavar="DATE",
    help="The first day to pull (UTC): best the first day of a billing cycle.",
)
@click.option(
    "--to",
    "until",
    type=Day(),
    callback=sensible_day,
    metavar="DATE",
    help="The first day not to pull. [default: tomorrow, so today is pulled as far as it is]",
)
@click.option(
    "--inbox",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="Where the files go: DIR/ORG_ID/<dataset>/.",
)
@click.option(
    "--region",
    envvar="GENESYS_CLOUD_REGION",
    metavar="NAME",
    help="Where the organization lies: us-west-2, or usw2.pure.cloud. "
    "[env var: GENESYS_CLOUD_REGION]",
)
@click.option("--api-url", metavar="URL", help="Instead of --region, for a host of its own.")
@click.option("--login-url", metavar="URL", help="The same, for the login.")
@click.option(
    "--dataset",
    "datasets",
    multiple=True,
    type=click.Choice(extract.DATASETS),
    help="Only this; can be repeated. The first two come in one answer, and together.",
)
@with_home
def pull(
    org_id: str,
    first: date,
    until: date | None,
    inbox: Path,
    region: str | None,
    api_url: str | None,
    login_url: str | None,
    datasets: Sequence[str],
    home: Path,
) -> None:
    """Pull usage from the platform API into an inbox, ready to be landed.

    \b
      export GENESYS_CLOUD_CLIENT_ID=...  GENESYS_CLOUD_CLIENT_SECRET=...
      cx-billing extract ORG_ID --from 2026-01-15 --region us-west-2 --inbox inbox
      cx-billing land inbox

    The credentials are an OAuth client (grant type client credentials) whose role holds
    analytics:userDetail:view, analytics:conversationDetail:view, authorization:license:view and
    billing:subscription:view. They are taken from the environment and written nowhere.

    Run it again, with the same --from, as often as you like: what has arrived is not asked for
    again, except what may still change (the last two days, conversations that had not ended). So
    it continues after any interruption. It remembers in DIR/ORG_ID/.extract.json; delete that to
    pull everything anew. License assignments are today's, the platform keeps no history: run it
    daily.

    Exit codes: 0 done; 1 the pull ended part way, and continues when run again; 2 wrong arguments
    or credentials.
    """
    tomorrow = today() + timedelta(days=1)
    if first >= min(until or tomorrow, tomorrow):
        raise click.UsageError(f"--from {first} is in the future, or not before --to.")
    again = "What has arrived is kept. To continue, run the same command again."
    try:
        address = platform_address(region, api_url, login_url)
        client = extract.Client(address, extract.Credentials.from_environment())
        with progress() as show_progress:
            report = extract.extract(
                client,
                org_id,
                first,
                until or tomorrow,
                inbox,
                datasets or extract.DATASETS,
                progress=lambda at: show_progress(at.done, at.total, at.at_work),
            )
    except (extract.CredentialsError, extract.ExtractError) as error:
        raise RefusedError(str(error)) from None
    except extract.PlatformError as error:
        raise click.ClickException(f"{error} {again}") from None
    except KeyboardInterrupt:
        raise click.ClickException(f"Interrupted. {again}") from None
    for denied in report.denied[:SHOWN_WARNINGS]:
        click.echo(f"Denied: {denied}", err=True)
    click.echo(
        f"Pages pulled: {report.pages} ({report.requests} requests). Conversations still open: "
        f"{report.open_conversations}. Next: {command(home, 'land', inbox)}"
    )
    if report.denied:
        raise click.ClickException(
            f"{len(report.denied)} of the queries were denied, the rest was pulled. Mend what was "
            "said of them, then run the same command again."
        )


@main.command(cls=WithDatasets, short_help="Read the vendor's files into the lake.")
@click.argument("inbox", type=click.Path(path_type=Path))
@with_home
def land(inbox: Path, home: Path) -> None:
    """Read every file under INBOX/<org_id>/<dataset>/ into the lake.

    Files are .csv, .json, .ndjson, .jsonl (each also .gz), .parquet, .xlsx, the vendor's invoice
    as .pdf, or .zip archives of these. Landing the same file again changes nothing. A file that
    lacks a required column is refused whole, the rest is landed.

    \b
      cx-billing land sample/inbox
      cx-billing --home /data/billing land /data/downloads
    """
    with progress() as show_progress:
        report = landing.land(
            inbox,
            home,
            lambda at: show_progress(at.files_done + at.share, at.files_total, file_at_work(at)),
        )
    for warning in report.warnings:
        click.echo(f"Warning: {warning}", err=True)
    for file in report.landed:
        if file.parse_errors:
            click.echo(
                f"Warning: {file.source_file}: {file.parse_errors} of {file.rows} rows could not "
                "be read; they are kept and will be in marts.rejected_rows",
                err=True,
            )
    for file in report.refused:
        click.echo(f"Refused: {file.message}", err=True)
    rows = sum(file.rows for file in report.landed)
    click.echo(
        f"Files landed: {len(report.landed)} ({rows:,} rows), "
        f"there already: {len(report.already_landed)}, refused: {len(report.refused)}. "
        f"Lake: {home / 'lake'}"
    )
    if report.refused:
        raise SystemExit(REFUSED)


@main.command(short_help="Build, test, and only then publish.")
@click.option(
    "--as-of",
    type=Day(),
    callback=sensible_day,
    metavar="DATE",
    help="The bill as seen on DATE, with usage through the day before. [default: today, UTC]",
)
@click.option(
    "--full-refresh",
    is_flag=True,
    help="Compute everything anew, even what a model could continue.",
)
@with_home
def build(as_of: date | None, full_refresh: bool, home: Path) -> None:
    """Build and test the warehouse, and publish it only if everything passed.

    Readers see the previous warehouse until then, and keep it if anything fails.

    \b
      cx-billing build
      cx-billing build --as-of 2026-05-05
    """
    if not (home / "lake").is_dir():
        raise RefusedError(
            f"Nothing has been landed in {home} yet. Land files first: cx-billing land INBOX."
        )
    try:
        with progress() as show_progress:
            result = warehouse.build(
                home,
                as_of,
                full_refresh,
                on_event=lambda step: show_progress(step.done, step.total, step.node),
            )
    except KeyboardInterrupt:
        click.echo("Interrupted. Nothing was published.", err=True)
        raise SystemExit(BUILD_FAILED) from None
    for warning in result.warnings:
        report_failure(warning, "WARNING")
    if not result.passed:
        report_failed_build(result, home)
        raise SystemExit(BUILD_FAILED)
    report_good_build(result, home, as_of)


@main.command("check", short_help="Build the shipped known answer aside, compare every line.")
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
    versions = check.versions()
    click.echo("Versions: " + ", ".join(f"{name} {number}" for name, number in versions.items()))
    with progress() as show_progress:
        result = check.run(lambda step: show_progress(step.done, step.total, step.node))
    for failure in result.failures:
        report_failure(failure, "FAILED")
    if result.comparisons:
        pages.print_table(comparisons_table(result.comparisons), console())
    report_differences(result.differences)
    if not result.passed:
        raise click.ClickException(
            "The known answer came out wrong: do not trust a bill built with this installation. "
            "Install the locked versions (requirements.lock), or undo what was changed in models, "
            "macros or seeds."
        )
    lines = sum(mart.lines for mart in result.comparisons)
    click.echo(f"All {lines} lines are as expected.")


@main.command(short_help="Write a synthetic inbox.")
@click.option("--orgs", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--days", type=click.IntRange(min=1), default=92, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
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
        with progress() as show_progress:
            generator.generate(
                orgs, days, seed, out, lambda done, total: show_progress(done, total, "")
            )
    except generator.GenerateError as error:
        raise RefusedError(str(error)) from error
    click.echo(f"Wrote {out}. Next: {command(home, 'land', out)}")


@main.group(short_help="Look at the published warehouse.")
@with_home
def show(home: Path) -> None:
    """Look at the published warehouse, in the terminal or as a page (--html FILE).

    \b
      cx-billing show invoices
      cx-billing show invoice ORG_ID 2026-05-05 --html invoice.html
      cx-billing show peak ORG_ID 2026-04-05
    """


@show.command("invoice", short_help="One invoice, line by line.")
@with_org
@with_invoice_date
@shows_a_page
def show_invoice(connection, org_id, invoice_date) -> pages.Page:
    """The lines of one invoice, by section, with totals.

    \b
      cx-billing show invoice ORG_ID 2026-05-05
    """
    return pages.compose_invoice(connection, org_id, invoice_date)


@show.command("invoices", short_help="All invoices, one row each.")
@with_any_org
@shows_a_page
def show_invoices(connection, org_id) -> pages.Page:
    """All invoices, one row each, with the amount of every section."""
    return pages.compose_invoices(connection, org_id)


@show.command("reconciliation", short_help="The vendor's invoice against ours.")
@with_org
@with_invoice_date
@shows_a_page
def show_reconciliation(connection, org_id, invoice_date) -> pages.Page:
    """The vendor's invoice against ours: every line, the variance, and its reason.

    \b
      cx-billing show reconciliation ORG_ID 2026-05-05
    """
    return pages.compose_reconciliation(connection, org_id, invoice_date)


@show.command("peak", short_help="Peak concurrent users of a cycle.")
@with_org
@click.argument("cycle_start_date", type=Day(), metavar="CYCLE_START_DATE")
@click.option(
    "--pool", default=pages.DEFAULT_POOL, show_default=True, help="The pool to show day by day."
)
@shows_a_page
def show_peak(connection, org_id, cycle_start_date, pool) -> pages.Page:
    """Peak concurrent users of a cycle: every reading side by side, and which one is billed.

    \b
      cx-billing show peak ORG_ID 2026-04-05 --pool cx3
    """
    return pages.compose_peak(connection, org_id, cycle_start_date, pool)


@show.command("telco", short_help="Calls against the vendor's telco lines.")
@with_any_org
@shows_a_page
def show_telco(connection, org_id) -> pages.Page:
    """Calls against the vendor's telco lines, by cycle and service."""
    return pages.compose_telco(connection, org_id)


@show.command("rejected", short_help="Rows that could not be used.")
@with_any_org
@shows_a_page
def show_rejected(connection, org_id) -> pages.Page:
    """Rows that could not be used, by dataset and reason, with examples."""
    return pages.compose_rejected(connection, org_id)


@show.command("unbilled", short_help="Usage that stands on no invoice line.")
@with_any_org
@shows_a_page
def show_unbilled(connection, org_id) -> pages.Page:
    """Usage that stands on no invoice line, and why; what lacks a price comes first."""
    return pages.compose_unbilled(connection, org_id)


def platform_address(
    region: str | None, api_url: str | None, login_url: str | None
) -> extract.Address:
    """Where the platform is, by its region or by two URLs."""
    if bool(api_url) != bool(login_url):
        raise click.UsageError("--api-url and --login-url belong together.")
    try:
        if api_url and login_url:
            return extract.Address.of_urls(api_url, login_url)
        if region:
            return extract.Address.of_region(region)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None
    raise click.UsageError("Give --region, or --api-url and --login-url.")


# What commands say.


def file_at_work(at: landing.Progress) -> str:
    """The file at work, and how far what is done to it is."""
    step = f"{at.step} {at.share:.0%} of " if at.step else ""
    return f"{step}{at.source_file or ''}"


@contextmanager
def progress() -> Iterator[Callable[[float, int, str], None]]:
    """Show on standard error how much is done, of how much, and what is at work.

    In a terminal it is a bar, else a line now and then.
    """
    screen = console(stderr=True)
    if not screen.is_terminal:
        last_line = time.monotonic()

        def line(done: float, total: int, at_work: str) -> None:
            nonlocal last_line
            if time.monotonic() - last_line >= SECONDS_BETWEEN_LINES:
                last_line = time.monotonic()
                screen.print(Text(f"{int(done)} of {total}: {at_work}"))

        yield line
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
    with Progress(*columns, console=screen, transient=True, expand=True) as bar:
        task = bar.add_task("", total=None, at_work="starting")
        yield lambda done, total, at_work: bar.update(
            task, completed=done, total=total, at_work=at_work
        )


def command(home: Path, *words: object) -> str:
    """A command that can be pasted into a shell."""
    of_home = () if home == DEFAULT_HOME else ("--home", home)
    return shlex.join(["cx-billing", *map(str, (*of_home, *words))])


def shortened(items: Sequence[str]) -> str:
    """As many as one cares to read, and how many more there are."""
    more = len(items) - SHOWN_WARNINGS
    return ", ".join(items[:SHOWN_WARNINGS]) + (f" and {more} more" if more > 0 else "")


def report_good_build(result: warehouse.BuildResult, home: Path, as_of: date | None) -> None:
    """Say what was published, where money could be missing from it, and how to look at it."""
    with warehouse.connect(home) as connection:
        counts = pages.count_rows(connection)
        findings = pages.collect_findings(connection)
    click.echo(
        f"Published {home / warehouse.PUBLISHED} -> {result.published.readlink()} "
        f"({result.nodes} models and tests in {result.seconds:.0f} s)."
    )
    click.echo(
        f"Organizations: {counts['organizations']}, invoices: {counts['invoices']}, "
        f"rejected rows: {counts['rejected_rows']}."
    )
    for warning in warnings_of(findings, home, as_of):
        click.echo(f"Warning: {warning}", err=True)
    click.echo(f"Look at it: {command(home, 'show', 'invoices')}")
    if counts["rejected_rows"]:
        click.echo(f"            {command(home, 'show', 'rejected')}")


def warnings_of(findings: pages.Findings, home: Path, as_of: date | None) -> Iterator[str]:
    """Where money could be missing from a bill whose every test passed."""
    if organizations := findings.organizations_without_invoice:
        yield f"without any invoice: {shortened(organizations)}"
    if count := findings.unpriced_products:
        quantities = [
            f"{pages.format_number(quantity)} {unit}"
            for quantity, unit in findings.unpriced_quantities
        ]
        yield (
            f"used but without a price: {count} product{'s' if count > 1 else ''} "
            f"({shortened(quantities)}); see {command(home, 'show', 'unbilled')}"
        )
    terms = findings.rejected_terms
    for row in terms[:SHOWN_WARNINGS]:
        yield (
            f"{pages.format_text(row['source_file'])} row {row['source_row']} was rejected: "
            f"{pages.describe_rejection(row)}"
        )
    if len(terms) > SHOWN_WARNINGS:
        yield (
            f"{len(terms) - SHOWN_WARNINGS} more rows of contracts and contract_items were "
            f"rejected; see {command(home, 'show', 'rejected')}"
        )
    if names := findings.unmapped_names:
        yield f"names that no seed maps: {shortened(names)}; see the mart unmapped_names"
    if as_of is None and findings.usage_may_reach and findings.usage_may_reach < today() - STALE:
        yield (
            f"the latest usage landed is {findings.latest_usage}; the invoices after it rest on "
            "contracts alone; --as-of DATE bills as seen that day"
        )


def report_failure(failure: warehouse.Failure, heading: str) -> None:
    """Say what failed, where, what it claims, and show rows that break the claim."""
    screen = console(stderr=True)
    where = f" ({failure.file})" if failure.file else ""
    screen.print(Text(f"{heading} {failure.name}{where}", style="bold"), soft_wrap=True)
    for words in (failure.description, failure.message):
        if words:
            screen.print(Text(textwrap.indent(words, "  ")), soft_wrap=True)
    if failure.rows:
        pages.print_table(pages.tabulate("Rows that break it", failure.rows), screen)


def comparisons_table(comparisons: Sequence[check.Comparison]) -> pages.Table:
    """A row per mart that was compared."""
    return pages.tabulate(
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


def report_differences(differences: Sequence[check.Difference]) -> None:
    """Show the first lines that differ: where they are expected, and what was built."""
    screen = console(stderr=True)
    for found in differences[:SHOWN_DIFFERENCES]:
        place = f"expected/{found.mart}.csv, line {found.line}" if found.line else found.mart
        screen.print(Text(f"{place}: {described_difference(found)}"), soft_wrap=True)
    if (rest := len(differences) - SHOWN_DIFFERENCES) > 0:
        screen.print(Text(f"... and {rest} more."))


def described_difference(found: check.Difference) -> str:
    """What is wrong with a line, in words."""
    row = ", ".join(
        f"{name}={pages.format_text(value)}" for name, value in found.values.items() if value
    )
    if found.line is None:
        return f"built, but not expected: {row}"
    if found.built is None:
        return f"expected, but not built: {row}"
    wrong = ", ".join(
        f"{name} is {value or 'empty'}, expected {found.values[name] or 'empty'}"
        for name, value in found.built.items()
    )
    return f"{pages.format_text(wrong)} ({row})"


def report_failed_build(result: warehouse.BuildResult, home: Path) -> None:
    """Say that nothing was published and where to look."""
    for failure in result.failures:
        report_failure(failure, "FAILED")
    counts = f"{len(result.failures)} failed, {result.skipped} skipped of {result.nodes}. "
    kept = f"What was built is in {result.database}. " if result.database else ""
    click.echo(
        (counts if result.nodes else "")
        + f"Nothing was published. {kept}The log is {home / 'logs' / 'dbt.log'}.",
        err=True,
    )
