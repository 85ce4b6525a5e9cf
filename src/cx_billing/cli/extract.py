"""`cx-billing extract`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import click

from cx_billing import extract
from cx_billing.cli import options
from cx_billing.cli.errors import FailedError, RefusedError
from cx_billing.cli.options import (
    Day,
    NamedPath,
    check_day,
    with_home,
    with_organization,
    with_run,
)
from cx_billing.cli.screen import SHOWN_ITEMS, say, show_progress, spell_command
from cx_billing.run_log import Run

RUN_AGAIN = "What has arrived is kept. To continue, run the same command again."


@click.command("extract", short_help="Pull usage from the platform API into an inbox.")
@with_organization
@click.option(
    "--from",
    "first",
    type=Day(),
    callback=check_day,
    required=True,
    metavar="DATE",
    help="The first day to pull (UTC): best the first day of a billing cycle.",
)
@click.option(
    "--to",
    "until",
    type=Day(),
    callback=check_day,
    metavar="DATE",
    help="The first day not to pull. [default: tomorrow, so today is pulled as far as it is]",
)
@click.option(
    "--inbox",
    type=NamedPath(file_okay=False),
    required=True,
    metavar="DIR",
    help="Where the files go: DIR/ORG_ID/<dataset>/.",
)
@click.option(
    "--region",
    envvar="GENESYS_CLOUD_REGION",
    metavar="NAME",
    help="Region of the organization: us-west-2, or usw2.pure.cloud. "
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
@click.option(
    "--trustor",
    default="",
    metavar="ID",
    help="As a partner: pull the overview of this customer's organization, and nothing else.",
)
@with_home
@with_run("extract")
def pull(
    org_id: str,
    first: date,
    until: date | None,
    inbox: Path,
    region: str | None,
    api_url: str | None,
    login_url: str | None,
    datasets: Sequence[str],
    trustor: str,
    home: Path,
    run: Run,
) -> None:
    """Pull usage from the platform API into an inbox, ready to be landed.

    \b
      export GENESYS_CLOUD_CLIENT_ID=...  GENESYS_CLOUD_CLIENT_SECRET=...
      cx-billing extract ORG_ID --from 2026-01-15 --region us-west-2 --inbox inbox
      cx-billing land inbox

    The credentials are an OAuth client (grant type client credentials) whose role holds
    analytics:userDetail:view, analytics:conversationDetail:view, authorization:license:view,
    directory:user:view, usage:organization:view and billing:subscription:view. They are taken from
    the environment and written nowhere.

    Run it again, with the same --from, as often as you like: what has arrived is not asked for
    again, except what may still change (days that the platform's data does not reach the end of,
    conversations that had not ended). So it continues after any interruption. It remembers in
    DIR/ORG_ID/.extract.json; delete that to pull everything anew. Users and license assignments are
    today's, the platform keeps no history: run it daily.

    Exit codes: 0 done; 1 the pull ended part way, and continues when run again; 2 wrong arguments
    or credentials.
    """
    run.add(org_id=org_id)
    tomorrow = options.today() + timedelta(days=1)
    if first >= min(until or tomorrow, tomorrow):
        raise click.UsageError(f"--from {first} is in the future, or not before --to.")
    if trustor and datasets:
        raise click.UsageError("--trustor pulls the overview alone; leave out --dataset.")
    try:
        address = find_platform(region, api_url, login_url)
        client = extract.Client(address, extract.Credentials.from_environment())
        with show_progress() as show:
            report = extract.extract(
                client,
                org_id,
                first,
                until or tomorrow,
                inbox,
                datasets or extract.DATASETS,
                progress=lambda at: show(at.done, at.total, at.at_work),
                trustor=trustor,
            )
    except (extract.CredentialsError, extract.ExtractError) as error:
        raise RefusedError(str(error)) from None
    except extract.PlatformError as error:
        raise FailedError(f"{error} {RUN_AGAIN}") from None
    except KeyboardInterrupt:
        raise FailedError(f"Interrupted. {RUN_AGAIN}") from None
    run.add(
        numbers={
            "pages": report.pages,
            "requests": report.requests,
            "conversations_open": report.open_conversations,
            "queries_denied": len(report.denied),
        },
        complete_to={query: f"{at:%Y-%m-%dT%H:%M:%SZ}" for query, at in report.available.items()},
    )
    print_report(report, inbox, home)


def find_platform(
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


def print_report(report: extract.Report, inbox: Path, home: Path) -> None:
    """Say what was pulled and what was denied; queries that were denied end with exit code 1."""
    for denied in report.denied[:SHOWN_ITEMS]:
        say(f"Denied: {denied}", err=True)
    for note in report.notes:
        say(note)
    for query, reaches in report.available.items():
        about = query.replace("_", " ")
        say(f"The platform's {about} are complete up to {reaches:%Y-%m-%d %H:%M} UTC.")
    say(
        f"Pages pulled: {report.pages} ({report.requests} requests). Conversations still open: "
        f"{report.open_conversations}. Next: {spell_command(home, 'land', inbox)}"
    )
    if report.denied:
        raise FailedError(
            f"{len(report.denied)} of the queries were denied, the rest was pulled. Fix what is "
            "said of them above, then run the same command again."
        )
