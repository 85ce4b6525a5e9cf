"""The subscription overview: what the platform shows as the usage of a billing period.

An organization sees its own, by two endpoints that the vendor does not document; a partner sees
that of a customer (`trustor`) by a documented one. Pre-tax, and without calls and BYOC.
"""

from __future__ import annotations

from functools import partial

from cx_billing.extract.platform import Answer, BadRequestError, DeniedError
from cx_billing.extract.pull import Pull, Step, each, items_of
from cx_billing.extract.windows import DAY, Window, beginning, ending
from cx_billing.sidecars import Asked

OVERVIEW = "subscription_overview"
NEEDS, NEEDS_AS_PARTNER = "billing:subscription:view", "affiliateOrganization:clientBilling:view"
START, END = "billingPeriodStartDate", "billingPeriodEndDate"
MOST_PERIODS = 60


def steps(pull: Pull, needed: Window) -> list[Step]:
    """One step for all periods, since only the platform knows which there are."""
    how = _of_customer if pull.trustor else _own
    return [Step(OVERVIEW, "subscription overview", partial(how, pull, needed), optional=True)]


def _own(pull: Pull, needed: Window) -> None:
    path = "/api/v2/billing/periods"
    answer = pull.client.get_list(path, NEEDS, periodGranularity="month")
    for told in items_of(answer, "periods" if "periods" in answer.value else "entities"):
        each(pull, f"overview of {told.get('startDate')}", _own_period, told, needed)


def _own_period(pull: Pull, told: dict, needed: Window) -> None:
    start, end = str(told.get("startDate")), str(told.get("endDate"))
    period = _period(start, end)
    if not _is_wanted(pull, period, needed):
        return
    asked = {"periodEndingTimestamp": int(period.end.timestamp() * 1000) - 1}
    overview = pull.client.get("/api/v2/billing/subscriptionoverview", NEEDS, **asked)
    if START not in overview.value:  # it is about the period, and does not always say so
        dates = f'{{"{START}": "{start}", "{END}": "{end}", '.encode()
        value = {START: start, END: end, **overview.value}
        overview = Answer(dates + overview.body.lstrip()[1:], value)
    _keep(pull, overview, period)


def _of_customer(pull: Pull, needed: Window) -> None:
    """Period by period backwards, until one ends before what is needed."""
    path = f"/api/v2/billing/trusteebillingoverview/{pull.trustor}"
    seen: set[Window] = set()
    for index in range(MOST_PERIODS):
        try:
            overview = pull.client.get(path, NEEDS_AS_PARTNER, billingPeriodIndex=index)
        except BadRequestError:
            if index == 0:
                raise
            return  # there was no contract yet
        period = _period(str(overview.value.get(START)), str(overview.value.get(END)))
        if period in seen:
            raise DeniedError(f"GET {path}: index {index} tells the period {period} once more.")
        seen.add(period)
        if period.end <= needed.start:
            return
        if _is_wanted(pull, period, needed):
            _keep(pull, overview, period)


def _period(start: str, end: str) -> Window:
    try:
        return Window(beginning(start), ending(end))
    except ValueError:
        raise DeniedError(f"a billing period from {start!r} to {end!r} is none.") from None


def _is_wanted(pull: Pull, period: Window, needed: Window) -> bool:
    """Whether it is asked for and could have changed since it arrived."""
    return period.overlaps(needed) and not pull.journal.arrival(OVERVIEW, period).is_done


def _keep(pull: Pull, overview: Answer, period: Window) -> None:
    """An overview, if it is about the period that was asked for."""
    items_of(overview, "usages")
    told = _period(str(overview.value[START]), str(overview.value.get(END)))
    if told != period:
        raise DeniedError(f"the overview of {period} tells of {told}.")
    for key in ("subscriptionType", "currency"):
        if overview.value.get(key):
            pull.facts[key] = str(overview.value[key])
    about = Asked(pull.now, period.start, min(period.end, pull.now))
    pull.folder.keep([OVERVIEW], f"overview_{period}", [overview.body], about)
    pull.journal.complete(OVERVIEW, period, settled=period.end + DAY <= pull.now)
