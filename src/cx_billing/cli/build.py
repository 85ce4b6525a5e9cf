"""`cx-billing build`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click
import duckdb
from click.core import ParameterSource

from cx_billing import builds, changes, duck, machine, pages, parking, warehouse
from cx_billing.cli import options
from cx_billing.cli.alerts import report_new_alerts
from cx_billing.cli.errors import (
    BUILD_FAILED,
    PARKED,
    FailedError,
    RefusedError,
    explain_lack,
)
from cx_billing.cli.options import AsOf, Memory, PartOf, check_day, with_home, with_run
from cx_billing.cli.screen import (
    SHOWN_ITEMS,
    print_failure,
    say,
    shorten_list,
    show_progress,
    spell_command,
)
from cx_billing.pages.content import Record
from cx_billing.pages.findings import count_rows
from cx_billing.pages.formatting import format_number, format_text
from cx_billing.pages.rejected import describe_rejection
from cx_billing.parts import Part
from cx_billing.run_log import Run

STALE = timedelta(days=35)  # usage older than a cycle of any length


@click.command(short_help="Build, test, and only then publish.")
@click.option(
    "--as-of",
    type=AsOf(),
    callback=check_day,
    metavar="DATE",
    help="The bill as seen on DATE, with usage through the day before; tomorrow sees today too. "
    "[default: today, UTC]",
)
@click.option(
    "--full-refresh",
    is_flag=True,
    help="Compute everything anew, even if nothing has changed since the published build.",
)
@options.show_personal_data_option
@options.accept_changes_option
@options.publish_earlier_option
@options.readers_option
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    envvar=machine.THREADS,
    metavar="N",
    help="Compute with so many threads. [env var: CX_BILLING_THREADS; default: one per processor]",
)
@click.option(
    "--memory-limit",
    type=Memory(),
    envvar=machine.MEMORY_LIMIT,
    metavar="SIZE",
    help="Keep to about so much memory, like 1GB; the rest is put on disk meanwhile, which takes "
    "longer. [env var: CX_BILLING_MEMORY_LIMIT; default: 80 % of the machine's]",
)
@options.fail_on_warning_option
@click.option(
    "--part",
    type=PartOf(),
    metavar="K/N",
    help="Build only part K of N of the organizations, and keep it for cx-billing publish.",
)
@with_home
@with_run("build")
def build(
    as_of: date | None,
    full_refresh: bool,
    show_personal_data: bool,
    accept_changes: bool,
    publish_earlier: bool,
    readers: str | None,
    threads: int | None,
    memory_limit: str | None,
    fail_on_warning: bool,
    part: Part | None,
    home: Path,
    run: Run,
) -> None:
    """Build and test the warehouse, and publish it only if everything passed.

    Readers see the previous warehouse until then, and keep it if anything fails. An organization
    whose rows make a test fail is parked: the others are published, and what was published of it
    stays, marked (exit code 3). It is tried again once files of it were landed or withdrawn, or
    after cx-billing unpark.

    Where neither files nor rules nor the day have changed since the published build, nothing is
    computed and it stays.

    With --part only a part of the organizations is built, as many rows as in each other part, on
    this machine or another with the same lake and key; several at the same time. Once all are
    there, cx-billing publish has readers see them together.

    \b
      cx-billing build
      cx-billing build --as-of 2026-05-05
      cx-billing build --as-of 2026-05-05 --part 1/4
    """
    source = click.get_current_context().get_parameter_source("readers")
    if part and (source is ParameterSource.COMMANDLINE or publish_earlier):
        raise RefusedError(
            "--readers and --publish-earlier are for what is published: give them to "
            "cx-billing publish, not to a part."
        )
    if not (home / "lake").is_dir():
        raise RefusedError(
            f"Nothing has been landed in {home} yet. Land files first: cx-billing land INBOX."
        )

    refuse = refuse_warnings(home, as_of) if fail_on_warning else None
    try:
        with machine.limits(threads, memory_limit), show_progress() as show:
            shared: dict[str, Any] = {
                "full_refresh": full_refresh,
                "show_personal_data": show_personal_data,
                "accept_changes": accept_changes,
                "refuse": refuse,
                "on_event": lambda step: show(step.done, step.total, step.node),
            }
            if part:
                result = warehouse.build_part(home, part, as_of, **shared)
            else:
                result = warehouse.build(
                    home,
                    as_of,
                    publish_earlier=publish_earlier,
                    readers=readers,
                    only_if_new=True,
                    **shared,
                )
    except KeyboardInterrupt:
        say("Interrupted. Nothing was published.", err=True)
        raise SystemExit(BUILD_FAILED) from None
    except (OSError, duckdb.Error) as error:
        if not machine.find_lack(str(error)):
            raise
        raise FailedError(explain_lack(error)) from error
    report(result, home, as_of, run, part)


def refuse_warnings(
    home: Path, as_of: date | None
) -> Callable[[duckdb.DuckDBPyConnection], list[str]]:
    """What says against a build that there is something to warn of."""

    def refuse(connection: duckdb.DuckDBPyConnection) -> list[str]:
        findings = pages.collect_findings(connection)
        return [
            *describe_organizations_all_rejected(findings),
            *list_warnings(findings, home, as_of),
        ]

    return refuse


def report(
    result: warehouse.BuildResult,
    home: Path,
    as_of: date | None,
    run: Run,
    part: Part | None = None,
) -> None:
    """Say what became of a build, and end with its exit code."""
    log_result(result, run)
    for warning in result.warnings:
        print_failure(warning, "WARNING")
    if not result.passed:
        report_failed_build(result, home)
        raise SystemExit(BUILD_FAILED)
    if result.goes_back_from:
        say(
            f"Every test passed, but nothing was published: what is published is as of "
            f"{result.goes_back_from}, which is later. What was built is in {result.database}; "
            "--publish-earlier has readers see the earlier day.",
            err=True,
        )
        raise SystemExit(BUILD_FAILED)
    if part:
        report_part(result, home, part)
    else:
        report_good_build(result, home, as_of, run)
    if result.parked:
        report_parked(result.parked, home)
        raise SystemExit(PARKED)


def report_part(result: warehouse.BuildResult, home: Path, part: Part) -> None:
    """Say what a part holds, and how all parts get published."""
    assert result.database is not None, "a part that holds is kept"
    with duck.connect_reader(result.database) as connection:
        counts = count_rows(connection)
    if result.is_new:
        say(
            f"Built part {part.number} of {part.of}: {result.database} "
            f"({result.nodes} models and tests in {result.seconds:.0f} s)."
        )
    else:
        say(
            f"Nothing is new since part {part.number} of {part.of} was built of the same files, "
            "rules and day: it stays. --full-refresh builds it again."
        )
    say(
        f"Organizations: {counts['organizations']}, invoices: {counts['invoices']}, "
        f"rejected rows: {counts['rejected_rows']}."
    )
    say(f"Once all {part.of} are there: {spell_command(home, 'publish')}")


def log_result(result: warehouse.BuildResult, run: Run) -> None:
    """Keep what a build did: which tests failed or warned, without the rows, and who is parked."""
    for event, found in (("failed", result.failures), ("warned", result.warnings)):
        for node in found:
            run.tell(event, node=node.name, file=node.file, organizations=node.organizations)
    # Why it was parked may quote a row: the name in front is that of the test.
    parked = [
        {"org_id": known.org_id, "since": f"{known.since}Z", "test": known.reason.split(":")[0]}
        for known in result.parked
    ]
    for known in parked:
        run.tell("parked", **known)
    number = builds.number_of(result.database) if result.published and result.database else None
    run.add(
        build_number=number,
        is_published=number is not None,
        is_new=result.is_new,
        numbers={
            "nodes": result.nodes,
            "skipped": result.skipped,
            "failures": len(result.failures),
            "warnings": len(result.warnings),
            "parked": len(parked),
        },
        failures=[
            {"name": failure.name, "file": failure.file, "claim": failure.description}
            for failure in result.failures
        ],
        parked=parked,
    )


def report_good_build(
    result: warehouse.BuildResult, home: Path, as_of: date | None, run: Run
) -> None:
    """Say what was published, where money could be missing from it, and how to look at it."""
    with warehouse.connect(home) as connection:
        counts = count_rows(connection)
        findings = pages.collect_findings(connection)
        changed = changes.find_changes(home, connection)
    assert result.published is not None, "a good build is published"
    for line in describe_organizations_all_rejected(findings):
        say(line)
    link = f"{home / builds.PUBLISHED} -> {result.published.readlink()}"
    if result.is_new:
        say(f"Published {link} ({result.nodes} models and tests in {result.seconds:.0f} s).")
    else:
        say(
            f"Nothing is new since {link} was built of the same files, rules and day: it stays "
            "published. --full-refresh builds it again."
        )
    say(
        f"Organizations: {counts['organizations']}, invoices: {counts['invoices']}, "
        f"rejected rows: {counts['rejected_rows']}"
        + (f", {counts['retired_rows']} of them retired." if counts["retired_rows"] else ".")
    )
    for warning in list_warnings(findings, home, as_of):
        say(f"Warning: {warning}", err=True)
    notes = (
        *describe_missing(findings.missing_data, costs_money=False),
        *describe_later(findings.vendor_files, are_to_come=False),
    )
    for line in notes:
        say(f"Note: {line}", err=True)
    report_changes(changed, home)
    with warehouse.connect(home) as connection:
        new_alerts = report_new_alerts(home, connection)
    run.summary["numbers"] |= {
        **counts,
        "changed_final_lines": len(changed.lines) if changed else 0,
        "new_alerts": new_alerts,
    }
    run.tell("published", build_number=run.summary["build_number"])
    say(f"Look at it: {spell_command(home, 'show', 'invoices')}")
    if counts["rejected_rows"]:
        say(f"            {spell_command(home, 'show', 'rejected')}")


def report_parked(parked: Sequence[parking.Parked], home: Path) -> None:
    """Say which organizations were set aside, why, and how to have them tried again."""
    for known in parked[:SHOWN_ITEMS]:
        say(
            f"Parked: {format_text(known.org_id)}, since {known.since[:19].replace('T', ' ')} UTC: "
            f"{format_text(known.reason)}",
            err=True,
        )
    if (rest := len(parked) - SHOWN_ITEMS) > 0:
        say(f"{rest} more are parked; see {spell_command(home, 'status')}", err=True)
    say(
        "What is published of a parked organization is of an earlier build, if it was in one. It "
        "is tried again when files of it are landed or withdrawn, or after "
        f"{spell_command(home, 'unpark', 'ORG_ID')}",
        err=True,
    )


def report_changes(found: changes.Changes | None, home: Path) -> None:
    """Say which lines changed although their invoice was final, and what came since."""
    if not found or not found.lines:
        return
    lines = found.lines
    say(
        f"Changed although final in build {found.since}: {len(lines)} line"
        f"{'s' if len(lines) > 1 else ''}.",
        err=True,
    )
    for line in lines[:SHOWN_ITEMS]:
        say(f"  {pages.describe_change(line)}", err=True)
    if len(lines) > SHOWN_ITEMS:
        say(f"  {len(lines) - SHOWN_ITEMS} more; see {spell_command(home, 'status')}", err=True)
    for org_id in dict.fromkeys(line.org_id for line in lines[:SHOWN_ITEMS]):
        say(
            f"  Since build {found.since}, {format_text(org_id)}: "
            f"{pages.describe_cause(found, org_id)}.",
            err=True,
        )


def report_failed_build(result: warehouse.BuildResult, home: Path) -> None:
    """Say that nothing was published and where to look."""
    for failure in result.failures:
        print_failure(failure, "FAILED")
    counts = f"{len(result.failures)} failed, {result.skipped} skipped of {result.nodes}. "
    kept = f"What was built is in {result.database}. " if result.database else ""
    say(
        (counts if result.nodes else "")
        + f"Nothing was published. {kept}The log is {home / 'logs' / 'dbt.log'}.",
        err=True,
    )


def describe_organizations_all_rejected(findings: pages.Findings) -> Iterator[str]:
    """Organizations that are billed nothing since none of their rows was accepted."""
    for found in findings.without_accepted_rows:
        yield (
            f"{format_text(found['org_id'])}: every row was rejected ({found['rows_count']:,}). "
            f"The first: {describe_rejection(found)}"
        )


def describe_rejected(kinds: Sequence[Record], home: Path) -> Iterator[str]:
    """Kinds of rejected rows, each by its first row."""
    for kind in kinds[:SHOWN_ITEMS]:
        more = kind["rows_count"] - 1
        others = f"; and {more:,} more row{'s' if more > 1 else ''} like it" if more else ""
        yield f"rejected: {describe_rejection(kind)}{others}"
    if (rest := len(kinds) - SHOWN_ITEMS) > 0:
        yield f"{rest} more kinds of rejected rows; see {spell_command(home, 'show', 'rejected')}"


def describe_missing(missing: Sequence[pages.MissingData], costs_money: bool) -> Iterator[str]:
    """One line for each organization of which data is not there."""
    found = [organization for organization in missing if organization.costs_money is costs_money]
    for organization in found[:SHOWN_ITEMS]:
        yield f"{organization.org_id}: {'; '.join(organization.words)}"
    if (rest := len(found) - SHOWN_ITEMS) > 0:
        yield f"{rest} more organizations lack data; see the mart missing_data"


def describe_later(found: pages.VendorFiles, are_to_come: bool) -> Iterator[str]:
    """Invoices of the vendor that the build does not see yet: to come, or behind its --as-of."""
    later = [
        invoice
        for invoice in found.later
        if (invoice.invoice_date >= options.today()) is are_to_come
    ]
    if later:
        listed = [
            f"{format_text(invoice.invoice_number)} of {invoice.invoice_date} "
            f"({format_text(invoice.source_file)})"
            for invoice in later
        ]
        yield (
            f"not compared, since dated on or after the day of the build ({later[0].as_of_date}): "
            f"vendor invoice{'s' if len(later) > 1 else ''} {shorten_list(listed)}"
        )


def describe_replaced(found: pages.VendorFiles) -> Iterator[str]:
    """Invoices of which a later file has other lines and counts alone, as if it was a page."""
    replaced = [invoice for invoice in found.replaced if invoice.is_other]
    for invoice in replaced[:SHOWN_ITEMS]:
        yield (
            f"vendor invoice {format_text(invoice.invoice_number)} of "
            f"{format_text(invoice.org_id)}: {invoice.describe()}; put all of it into one file"
        )
    if (rest := len(replaced) - SHOWN_ITEMS) > 0:
        yield f"{rest} more invoices are replaced; see load_audit.replaced_invoices"


def describe_split_answers(files: Sequence[Record], home: Path) -> Iterator[str]:
    """Files that do not count since a part of their answer is missing, and what to do."""
    for file in files[:SHOWN_ITEMS]:
        count = file["missing_parts"]
        is_alone = file["files_of_the_name"] == 1
        name = file["source_file"] if is_alone else file["file_id"]
        yield (
            f"{format_text(file['source_file'])}: no row of it counts, since {count} other file"
            f"{'s' if count > 1 else ''} of the same answer {'are' if count > 1 else 'is'} not in "
            "the lake; land all of them once more, or take it back: "
            f"{spell_command(home, 'withdraw', name)}"
        )
    if (rest := len(files) - SHOWN_ITEMS) > 0:
        yield f"{rest} more files lack others of their answer; see load_audit.missing_parts"


def list_warnings(findings: pages.Findings, home: Path, as_of: date | None) -> Iterator[str]:
    """Where money could be missing from a bill whose every test passed."""
    if organizations := findings.organizations_without_invoice:
        yield f"without any invoice: {shorten_list(organizations)}"
    if count := findings.unpriced_products:
        quantities = [
            f"{format_number(quantity)} {unit}" for quantity, unit in findings.unpriced_quantities
        ]
        yield (
            f"used but without a price: {count} product{'s' if count > 1 else ''} "
            f"({shorten_list(quantities)}); see {spell_command(home, 'show', 'unbilled')}"
        )
    # An organization whose rows were all rejected has been named with the first of them.
    firsts = [(row["source_file"], row["source_row"]) for row in findings.without_accepted_rows]
    yield from describe_rejected(
        [
            kind
            for kind in findings.rejected
            if kind["rows_count"] > 1 or (kind["source_file"], kind["source_row"]) not in firsts
        ],
        home,
    )
    if names := findings.unmapped_names:
        yield f"names that no seed maps: {shorten_list(names)}; see the mart unmapped_names"
    yield from describe_missing(findings.missing_data, costs_money=True)
    yield from describe_later(findings.vendor_files, are_to_come=True)
    yield from describe_replaced(findings.vendor_files)
    yield from describe_split_answers(findings.split_answers, home)
    reach = findings.usage_may_reach
    if as_of is None and reach and reach < options.today() - STALE:
        yield (
            f"the latest usage landed is {findings.latest_usage}; the invoices after it rest on "
            "contracts alone; --as-of DATE bills as seen that day"
        )
