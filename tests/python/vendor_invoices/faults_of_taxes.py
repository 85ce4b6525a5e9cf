"""Faults of taxes, what follows from another fault, and another currency."""

from __future__ import annotations

from copy import copy
from decimal import Decimal

from oracle.money import line_amount, money

from .faults import fault
from .printed import MINIMUM, Invoice, Line

SECTIONS = ({"telco"}, {"core_services_prepay"}, {"resources"}, {"devices"}, {"core_services"})
CORE_SECTIONS = {"core_services", "core_services_prepay", "resources", "devices"}


def taxes(invoice: Invoice) -> list[Line]:
    """The tax lines of a contract's jurisdiction, each level once; none if one is faulty."""
    found = [line for line in invoice.lines if line.is_tax]
    levels = {line.product for line in found}
    is_plain = len(found) == len(levels) and not any(line.is_faulty for line in found)
    return found if is_plain and not levels & invoice.touched else []


def is_free(invoice: Invoice) -> bool:
    """Whether no tax is missing or changed yet."""
    levels = sum(ours["charge_type"] == "tax" for ours in invoice.ours)
    return len(taxes(invoice)) == levels > 0


@fault("taxes", weight=1)
def tax_missing(invoice: Invoice, kind: str) -> bool:
    """A level has no line."""
    lines = [line for line in taxes(invoice) if invoice.matters(line.amount)]
    if not lines or not is_free(invoice):
        return False
    return invoice.remove(kind, {"tax_missing"}, invoice.rng.choice(lines))


@fault("taxes", weight=1)
def tax_rate_differs(invoice: Invoice, kind: str) -> bool:
    """A level at another rate."""
    if not is_free(invoice):
        return False
    line = invoice.rng.choice(taxes(invoice))
    rate = line.rate + Decimal(invoice.rng.choice((5, 15, 25))) / 1000
    return invoice.change(kind, {"tax_rate_differs"}, line, rate=rate)


@fault("taxes", weight=1)
def tax_twice(invoice: Invoice, kind: str) -> bool:
    """A level has its line twice."""
    lines = [line for line in taxes(invoice) if invoice.matters(line.amount)]
    if not lines or not is_free(invoice):
        return False
    return invoice.add(kind, {"duplicate_line"}, copy(invoice.rng.choice(lines)))


@fault("taxes", weight=1)
def tax_base_differs(invoice: Invoice, kind: str) -> bool:
    """All levels are taken on everything but one section."""
    if not is_free(invoice):
        return False
    lines, vendors = taxes(invoice), base_of(invoice)
    bases = []
    for sections in SECTIONS:
        part = [ours["amount"] for ours in invoice.ours if ours["section"] in sections]
        base = lines[0].quantity - sum(part, Decimal(0))
        if sum(part, Decimal(0)) and base not in (0, vendors, lines[0].quantity):
            bases.append(base)
    invoice.rng.shuffle(bases)
    for base in bases:
        differences = [
            line_amount(base, line.rate, invoice.currency) - line.amount for line in lines
        ]
        if any(map(invoice.matters, differences)):
            retax(invoice, kind, "tax_base_differs", lines, base)
            return True
    return False


def base_of(invoice: Invoice) -> Decimal:
    """The sum of the vendor's own printed lines."""
    return sum((line.amount for line in invoice.lines if not line.is_tax), Decimal(0))


def retax(invoice: Invoice, kind: str, reason: str, lines: list[Line], base: Decimal) -> None:
    """Take the taxes on another sum."""
    for line in lines:
        amount = line_amount(base, line.rate, invoice.currency)
        difference = amount - line.amount
        line.quantity, line.amount = base, amount
        if not difference:
            continue
        is_small = abs(difference) <= invoice.unit
        reasons = {reason, "rounding"} if is_small else {reason}
        follows = reason == "follows"
        invoice.plant(kind, reasons, line, difference, is_optional=is_small, follows=follows)


def follow_with_taxes(invoice: Invoice) -> bool:
    """The taxes on the vendor's own lines, where some of them are wrong."""
    lines, base = taxes(invoice), base_of(invoice)
    has_cause = any(planted.amount for planted in invoice.planted)
    if not lines or not is_free(invoice) or not has_cause or base == lines[0].quantity:
        return False
    retax(invoice, "taxes_follow", "follows", lines, base)
    invoice.forbidden |= {"taxes", "numbers"}
    return True


def follow_with_minimum(invoice: Invoice) -> bool:
    """The minimum amount of a cycle lacks as much less as its lines are too dear."""
    minimums = [line for line in invoice.lines if line.product == MINIMUM]
    if len(minimums) != 1 or MINIMUM in invoice.touched:
        return False
    [line] = minimums
    period = line.start, line.end
    more = sum(
        planted.amount
        for planted in invoice.planted
        if planted.line is not None
        and planted.amount
        and planted.line.ours
        and planted.line.ours[0]["section"] in CORE_SECTIONS
        and (planted.line.start, planted.line.end) == period
    )
    is_whole = all(planted.line is not None for planted in invoice.planted)
    lacking = money(line.amount - more, invoice.currency)
    if not is_whole or not invoice.matters(Decimal(more)) or lacking <= 0:
        return False
    line.rate = line.amount = lacking
    return invoice.plant("minimum_follows", {"follows"}, line, -Decimal(more), follows=True)


@fault("dates", "numbers", "taxes")
def other_currency(invoice: Invoice, kind: str) -> bool:
    """Billed in another currency: nothing is compared in money."""
    if invoice.planted or invoice.chance(0.9):
        return False
    invoice.printed_currency = "CHF"
    return invoice.plant(kind, {"other_currency"}, None, None, product=None)
