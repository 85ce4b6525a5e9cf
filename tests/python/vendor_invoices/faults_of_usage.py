"""Faults of counting: another reading of the peak, the allowance, the commitment, the days."""

from __future__ import annotations

from decimal import Decimal
from math import ceil

from oracle.meter import Meter, licensed, overage
from oracle.money import line_amount
from oracle.usage import is_billed_as_overage

from .faults import fault
from .faults_of_rates import is_priced
from .printed import CORE, Invoice, Line, name_of
from .readings import (
    admitted,
    calendar_month,
    day_twice,
    license_row,
    other_allowances,
    peaks_of,
    resource_row,
    used_on,
)


def is_of_license(line: Line) -> bool:
    """What is billed of users beside their commitment."""
    return line.product in licensed() and line.charge in {"overage", "usage"} and is_priced(line)


def is_of_resource(line: Line) -> bool:
    """Overage of a resource with an allowance, or that could have one."""
    is_overage = is_billed_as_overage(line.product or "") and line.charge == "overage"
    return is_overage and is_priced(line)


def recount(invoice: Invoice, kind: str, reason: str, line: Line, quantity: Decimal) -> bool:
    """Print the quantity of another reading."""
    if quantity <= 0 or quantity == line.quantity:
        return False
    return invoice.change(kind, admitted(invoice, line, reason, quantity), line, quantity)


def repeak(invoice: Invoice, kind: str, names: set[str]) -> bool:
    """Print the users of another reading of the peak."""
    for line in invoice.candidates(is_of_license):
        meter = invoice.meter_of(line.ours[0])
        row = license_row(meter, line.product) if meter else None
        if row is None or row["license_model"] != "concurrent":
            continue
        covered, peaks = meter.paid_for(line.product), peaks_of(meter, line.product)
        for name in invoice.rng.sample(sorted(names), len(names)):
            quantity = overage(peaks[name], covered)
            if recount(invoice, kind, "other_peak_reading", line, quantity):
                return True
    return False


@fault(weight=40)
def other_peak_reading(invoice: Invoice, kind: str) -> bool:
    """The peak by another rule than that of the contract."""
    return repeak(invoice, kind, {"sustained", "accumulated", "accumulated_exact"})


@fault(weight=80)
def highest_peak(invoice: Invoice, kind: str) -> bool:
    """The most users at once, however short."""
    return repeak(invoice, kind, {"highest"})


@fault(weight=12)
def commitment_not_deducted(invoice: Invoice, kind: str) -> bool:
    """The overage is the whole usage."""
    for line in invoice.candidates(lambda line: is_of_license(line) or is_of_resource(line)):
        meter = invoice.meter_of(line.ours[0])
        if meter is None or not meter.paid_for(line.product):
            continue
        quantity = line.quantity + meter.paid_for(line.product)
        if line.product in licensed():
            quantity = license_row(meter, line.product)["actual_quantity"]
        if recount(invoice, kind, "commitment_not_deducted", line, quantity):
            return True
    return False


@fault()
def usage_within_commitment_billed(invoice: Invoice, kind: str) -> bool:
    """Users within their commitment are billed as overage, where ours has no such line."""
    for meter in meters_of(invoice):
        for row in meter.license_usage:
            product, quantity = row["product_code"], row["actual_quantity"]
            is_billed = any(ours["product_code"] == product for ours in in_arrears(invoice, meter))
            item = meter.item(product)
            is_within = 0 < quantity <= meter.paid_for(product)
            if is_billed or not is_within or not item or product in invoice.touched:
                continue
            rate = Decimal(item["overage_rate"])
            amount = line_amount(quantity, rate, invoice.currency)
            line = Line(
                words=name_of({"product_code": product}),
                quantity=quantity,
                rate=rate,
                amount=amount,
                start=meter.cycle.start,
                end=meter.cycle.end,
                title=CORE,
                product=product,
                charge="overage",
            )
            if invoice.matters(amount):
                return invoice.add(kind, {"commitment_not_deducted"}, line, at_end=False)
    return False


def meters_of(invoice: Invoice) -> list[Meter]:
    """The cycles that end on the day of an invoice, of the term."""
    return [m for m in invoice.meters if m.cycle.end == invoice.day and not m.cycle.is_ramp]


def in_arrears(invoice: Invoice, meter: Meter) -> list[dict]:
    """Our lines of usage in a cycle."""
    return [
        ours
        for ours in invoice.ours
        if ours["charge_type"] != "prepay" and ours["service_period_start"] == meter.cycle.start
    ]


def reallow(invoice: Invoice, kind: str, reason: str, count) -> bool:
    """Print a resource with another allowance: `count` gives what is included, in its place."""
    for line in invoice.candidates(is_of_resource):
        meter = invoice.meter_of(line.ours[0])
        row = resource_row(meter, line.product) if meter else None
        if row is None or not row["included_quantity"]:
            continue
        paid = meter.paid_for(line.product)
        for included in count(meter, row):
            quantity = overage(row["used_quantity"], included + paid)
            if recount(invoice, kind, reason, line, quantity):
                return True
    return False


@fault()
def allowance_missed(invoice: Invoice, kind: str) -> bool:
    """No allowance is taken off."""
    return reallow(invoice, kind, "allowance_missed", lambda meter, row: [Decimal(0)])


@fault(weight=12)
def allowance_doubled(invoice: Invoice, kind: str) -> bool:
    """The allowance is taken off twice."""

    def twice(meter: Meter, row: dict) -> list[Decimal]:
        return [2 * row["included_quantity"]]

    return reallow(invoice, kind, "allowance_doubled", twice)


@fault(weight=12)
def other_allowance_basis(invoice: Invoice, kind: str) -> bool:
    """The allowance of the committed or of the actual users alone."""

    def others(meter: Meter, row: dict) -> list[Decimal]:
        return [*other_allowances(meter, row["product_code"])]

    return reallow(invoice, kind, "other_allowance_basis", others)


@fault(weight=40)
def summed_storage(invoice: Invoice, kind: str) -> bool:
    """The days of stored GB are added up."""
    for line in invoice.candidates(lambda line: line.product == "data_storage_gb"):
        meter = invoice.meter_of(line.ours[0])
        row = resource_row(meter, line.product) if meter and is_of_resource(line) else None
        if row is None:
            continue
        summed = sum(used_on(meter, line.product, meter.cycle.start, meter.cycle.end))
        covered = row["included_quantity"] + meter.paid_for(line.product)
        if recount(invoice, kind, "summed_storage", line, overage(summed, covered)):
            return True
    return False


def recut(invoice: Invoice, kind: str, days) -> bool:
    """Print what a resource used on other days than those of the cycle."""

    def is_daily(line: Line) -> bool:
        is_message = (line.product or "").startswith("sms_") and line.charge == "usage"
        by_day = line.product not in {"data_storage_gb", "ai_tokens", "wallboard_account"}
        return by_day and (is_of_resource(line) or (is_message and is_priced(line)))

    for line in invoice.candidates(is_daily):
        meter = invoice.meter_of(line.ours[0])
        row = resource_row(meter, line.product) if meter else None
        if row is None:
            continue
        used = sum(used_on(meter, line.product, *days(meter)), Decimal(0))
        covered = row["included_quantity"] + meter.paid_for(line.product)
        if recount(invoice, kind, "other_cycle_cut", line, overage(used, covered)):
            return True
    return False


@fault()
def usage_by_calendar_month(invoice: Invoice, kind: str) -> bool:
    """What was used in the calendar month in which the cycle starts."""
    return recut(invoice, kind, lambda meter: calendar_month(meter.cycle.start))


@fault(weight=16)
def last_day_twice(invoice: Invoice, kind: str) -> bool:
    """The day on which the next cycle starts counts in both."""
    return recut(invoice, kind, day_twice)


@fault(weight=12)
def interactions_as_conversations(invoice: Invoice, kind: str) -> bool:
    """Interactions are counted, not conversations."""
    for line in invoice.candidates(is_priced):
        meter = invoice.meter_of(line.ours[0])
        if meter is None or not (line.product or "").startswith("conversation_"):
            continue
        if line.charge in {"prepay", "committed"}:  # what is committed counts no usage
            continue
        counted = sum(
            len(rows)
            for (_, platform, _), rows in meter.conversations.items()
            if f"conversation_{platform}" == line.product
        )
        quantity = overage(counted, meter.paid_for(line.product))
        reason = "interactions_as_conversations"
        if recount(invoice, kind, reason, line, quantity):
            return True
    return False


@fault(weight=12)
def whole_units(invoice: Invoice, kind: str) -> bool:
    """A quantity rounded up to whole units."""
    for line in invoice.candidates(lambda line: is_priced(line) and line.quantity % 1 != 0):
        if line.charge in {"prepay", "committed"} or line.group.startswith("number"):
            continue
        if recount(invoice, kind, "whole_units", line, Decimal(ceil(line.quantity))):
            return True
    return False
