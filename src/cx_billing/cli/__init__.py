"""The command line `cx-billing`: land files, build the warehouse, look at the bill.

One file per command or group of commands; `options` has what they share, `screen` what they
print with, `errors` how a failure becomes a message and an exit code.
"""

from __future__ import annotations

from pathlib import Path

import click

from cx_billing.cli import (
    accept_name,
    alerts,
    build,
    build_parts,
    check,
    check_files,
    dispute,
    extract,
    generate,
    init,
    land,
    publish,
    record_dispute,
    reveal,
    seal,
    share,
    show,
    status,
    unpark,
    verify,
    withdraw,
)
from cx_billing.cli.errors import Commands
from cx_billing.cli.options import DEFAULT_HOME, home_option


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
    refused (the rest was landed), check-files found something, or the arguments are wrong;
    3 published, but organizations are parked: what is published of them is of an earlier build;
    4 an alert is new (alerts --fail).
    """


for command in (
    accept_name.accept_name,
    alerts.alerts,
    build.build,
    build_parts.build_parts,
    check.check_known_answer,
    check_files.check,
    dispute.dispute,
    extract.pull,
    generate.generate,
    init.init,
    land.land,
    publish.publish,
    record_dispute.record_dispute,
    reveal.reveal,
    seal.seal,
    seal.reopen,
    verify.verify,
    verify.stamp,
    share.share,
    show.show,
    withdraw.withdraw,
    status.status,
    unpark.unpark,
):
    main.add_command(command)
