"""Other readings of the same usage: the quantities that one wrong assumption each would give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from math import ceil

from oracle import people, usage
from oracle.calendar import add_months, merge, midnight
from oracle.meter import Meter, licensed, overage
from oracle.vendor_lines import TELCO

from .printed import Invoice, Line

BASES = ("greatest", "actual", "committed")
OF_COMMITMENT = {"prepay", "committed", "recurring"}
YEAR = 12


def readings_of(invoice: Invoice, line: Line) -> list[tuple[str, Decimal]]:
    """Reason and quantity of every other reading of a line of ours, equal ones too."""
    ours = line.ours[0]
    found = [("whole_units", Decimal(ceil(ours["quantity"])))]
    if line.charge in OF_COMMITMENT:
        found += [("other_length", ours["quantity"] * YEAR)]
        found += [("other_length", ours["quantity"] / YEAR)]
    meter = invoice.meter_of(ours)
    if meter is None or line.charge in OF_COMMITMENT:
        return found
    if line.product in licensed():
        found += readings_of_license(meter, line.product)
    else:
        found += readings_of_resource(meter, line.product)
    return found


def admitted(invoice: Invoice, line: Line, reason: str, quantity: Decimal) -> set[str]:
    """The reasons that fit a quantity: the planted one, and each whose reading it equals."""
    return {reason} | {name for name, other in readings_of(invoice, line) if other == quantity}


def license_row(meter: Meter, product: str) -> dict | None:
    """What was counted of a license or add-on in a cycle."""
    rows = (row for row in meter.license_counts if row["product_code"] == product)
    return next(rows, None)


def peaks_of(meter: Meter, product: str) -> dict[str, int]:
    """The readings of the peak of a product."""
    users = meter.holders.get(product, {})
    return people.peaks(people.segments(users, meter.window))


def readings_of_license(meter: Meter, product: str) -> Iterator[tuple[str, Decimal]]:
    """Other peaks, and the whole usage."""
    row = license_row(meter, product)
    if row is None:
        return
    covered = meter.paid_for(product)
    if row["license_model"] == "concurrent":
        rule = meter.cycle.contract.peak_rule
        for name, users in peaks_of(meter, product).items():
            if name != rule:
                yield "other_peak_reading", overage(users, covered)
        yield "other_peak_reading", overage(row["named_users"], covered)
    if covered:
        yield "commitment_not_deducted", row["actual_quantity"]


def used_on(meter: Meter, product: str, first: date, until: date) -> list[Decimal]:
    """What a resource used, day by day."""
    return [
        row["quantity"]
        for row in meter.org.rows("resource_usage")
        if row["resource"] == product and first <= row["usage_date"] < min(until, meter.org.as_of)
    ]


def resource_row(meter: Meter, product: str) -> dict | None:
    """What was used of a resource in a cycle."""
    rows = (row for row in meter.resource_usage if row["product_code"] == product)
    return next(rows, None)


def readings_of_resource(meter: Meter, product: str) -> Iterator[tuple[str, Decimal]]:
    """Other allowances, other days, no commitment."""
    row = resource_row(meter, product)
    if row is None:
        return
    used, included, paid = row["used_quantity"], row["included_quantity"], meter.paid_for(product)
    if included:
        yield "allowance_missed", overage(used, paid)
        yield "allowance_missed", used
        yield "allowance_doubled", overage(used, 2 * included + paid)
        for basis in other_allowances(meter, product):
            yield "other_allowance_basis", overage(used, basis + paid)
    if paid:
        yield "commitment_not_deducted", overage(used, included)
    if product == "ai_tokens":
        return
    if product == "data_storage_gb":
        summed = sum(used_on(meter, product, meter.cycle.start, meter.cycle.end))
        yield "summed_storage", overage(summed, included + paid)
        return
    month = calendar_month(meter.cycle.start)
    for first, until in (month, calendar_month(month[1]), day_twice(meter)):
        other = sum(used_on(meter, product, first, until), Decimal(0))
        yield "other_cycle_cut", overage(other, included + paid)


def other_allowances(meter: Meter, product: str) -> Iterator[Decimal]:
    """FU-02: the allowance taken from commitments or from actual users alone."""
    policy = meter.policy
    for basis in BASES:
        if basis != policy.fair_use_basis:
            other = replace(policy, fair_use_basis=basis)
            model = meter.cycle.contract.license_model
            yield usage.included(product, meter.license_counts, model, other)
    if meter.cycle.contract.license_model == "concurrent":
        yield usage.included(product, meter.license_counts, "named", policy)


def calendar_month(day: date) -> tuple[date, date]:
    """The calendar month of a day."""
    first = day.replace(day=1)
    return first, add_months(first, 1)


def day_twice(meter: Meter) -> tuple[date, date]:
    """The cycle with the first day of the next one counted in it too."""
    return meter.cycle.start, meter.cycle.end + timedelta(days=1)


# ---------------------------------------------------------------- calls


def service_of(line: Line) -> str:
    """The calling service of a line."""
    return (line.product or "").removeprefix(TELCO)


def reach_of_calls(invoice: Invoice, meter: Meter) -> str:
    """How far the call files reach in a voice cycle: `whole`, `short`, or `unclear`, where they
    begin within it."""
    bases = invoice.org.coverage.get("voice_usage", {})
    told = {basis: found for basis, found in bases.items() if basis != "observed"} or bases
    intervals = merge([interval for found in told.values() for interval in found])
    start, end = meter.cycle.bounds("voice")
    inside = [(begins, ends) for begins, ends in intervals if begins < end and ends > start]
    if not inside or inside[-1][1] < end or len(inside) > 1:
        return "short"
    return "whole" if inside[0][0] <= start else "unclear"


def calls_between(meter: Meter, service: str, start: date, end: date) -> list:
    """The calls of a service from midnight to midnight."""
    return [
        row
        for row in meter.org.rows("voice_usage")
        if midnight(start) <= row["start_time"] < midnight(end) and usage.service(row) == service
    ]


def cost_of(calls: list) -> Decimal:
    """What calls cost by their records."""
    return sum((row["total_cost"] for row in calls), Decimal(0))


def excess_of(meter: Meter, calls: list) -> Decimal:
    """What the records of calls cost above rate times minutes."""
    return cost_of(calls) - usage.sum_of_rated_costs(calls, meter.policy)
