"""The vendor's reports of what is billable: a month each, counted from the first day asked for."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial

from cx_billing.extract.platform import UnavailableError
from cx_billing.extract.pull import Pull, Step, items_of
from cx_billing.extract.windows import DAY, Window, instant, midnight, months
from cx_billing.sidecars import Asked

REPORTS = "billable_usage_report"
SETTLES_AFTER = DAY  # until then a month may still change
POLL_SECONDS = 5
POLLS = 120


def steps(pull: Pull, needed: Window) -> list[Step]:
    """The months that have not arrived, or could still change when they did."""
    return [
        Step(REPORTS, f"billable usage {window}", partial(_pull, pull, window))
        for window in months(needed)
        if not pull.journal.arrival(REPORTS, window).is_done
    ]


def _pull(pull: Pull, window: Window) -> None:
    """The report of a month, once it is ready."""
    ends = min(window.end - timedelta(seconds=1), pull.now)
    asked = {"startDate": instant(window.start), "endDate": instant(ends)}
    for _ in range(POLLS):
        answer = pull.client.get(
            "/api/v2/billing/reports/billableusage", "billing:subscription:view", **asked
        )
        if answer.value.get("status") != "InProgress":
            break
        time.sleep(POLL_SECONDS)
    else:
        raise UnavailableError(
            f"billable usage {window}: still in progress after {POLLS * POLL_SECONDS} seconds."
        )
    items_of(answer, "usages")
    about = Asked(pull.now, window.start, min(window.end, pull.now))
    pull.folder.keep([REPORTS], f"billable_usage_{window}", [answer.body], about)
    settled = window.end <= midnight((pull.now - SETTLES_AFTER).date())
    pull.journal.complete(REPORTS, window, settled)
