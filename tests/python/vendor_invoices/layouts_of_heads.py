"""Layouts of periods, dates, names, sections and taxes."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

from oracle import catalogue
from oracle.money import line_amount

from .faults_of_lines import arrears_of
from .layouts import is_free, layout
from .printed import TAXES, Invoice, Line

OLD_NAMES = {
    "cx1": "PureCloud 1 Concurrent User",
    "cx2": "PureCloud 2 User",
    "cx3": "PureCloud 3 Concurrent User",
    "communicate": "PureCloud Communicate User",
    "collaborate": "PureCloud Collaborate",
    "data_storage_gb": "Storage",
    "ivr_minutes": "IVR Overage Minutes",
    "sms_messages": "SMS",
    "byoc_minutes": "BYOC Overage",
    "number_mrc": "Monthly Recurring Charge",
    "number_nrc": "Non-Recurring Charge",
}
NAMES_OF_OUR_OWN = ("House Name {}", "Rahmenvertrag Position {}", "Line Item {} of the Order Form")
LATE_DAYS = (1, 2, 3, 5, 8)
ENDING = re.compile(rf" [{catalogue.DASH}-] (Prepay|Committed)$")


# ---------------------------------------------------------------- periods


@layout("periods")
def end_is_the_next_day(invoice: Invoice) -> bool:
    """A period ends on the day after its last."""
    invoice.period_style = "next_day"
    return True


@layout("periods")
def end_is_the_last_second(invoice: Invoice) -> bool:
    """A period ends at 23:59:59."""
    invoice.period_style = "last_second"
    return True


@layout("periods")
def no_periods(invoice: Invoice) -> bool:
    """No line has a period."""
    for line in invoice.lines:
        line.start = line.end = None
    return True


@layout("periods")
def period_of_the_head(invoice: Invoice) -> bool:
    """Every line has the period in arrears."""
    set_period(invoice, *arrears_of(invoice))
    return True


def set_period(invoice: Invoice, start: date, end: date) -> None:
    """Print one period on every line that has one."""
    for line in invoice.lines:
        if line.start:
            line.start, line.end = start, end


@layout("periods")
def period_of_the_whole_invoice(invoice: Invoice) -> bool:
    """Every line has the period from the first day of any to the last."""
    starts = [line.start for line in invoice.lines if line.start]
    ends = [line.end for line in invoice.lines if line.end]
    if starts:
        set_period(invoice, min(starts), max(ends))
    return bool(starts)


@layout("periods")
def periods_on_some_lines(invoice: Invoice) -> bool:
    """Only the first line of a section has its period."""
    seen = set()
    for line in invoice.lines:
        if line.title in seen:
            line.start = line.end = None
        seen.add(line.title)
    return True


def shift(invoice: Invoice, days: int) -> bool:
    """Move every period."""
    lines = [line for line in invoice.lines if line.start]
    for line in lines:
        line.start += timedelta(days=days)
        line.end += timedelta(days=days)
    return bool(lines)


@layout("shifts")
def a_day_late(invoice: Invoice) -> bool:
    """Periods begin and end a day late."""
    return shift(invoice, 1)


@layout("shifts")
def a_day_early(invoice: Invoice) -> bool:
    """Periods begin and end a day early."""
    return shift(invoice, -1)


# ---------------------------------------------------------------- date, order, currency


@layout("dates")
def dated_late(invoice: Invoice) -> bool:
    """The invoice is dated some days late, but before our next one."""
    until = min(invoice.next_day or invoice.org.as_of, invoice.org.as_of)
    dates = [invoice.day + timedelta(days=days) for days in LATE_DAYS]
    dates = [day for day in dates if day < until]
    if dates:
        invoice.sent = invoice.rng.choice(dates)
    return bool(dates)


@layout("order")
def shuffled(invoice: Invoice) -> bool:
    """The lines stand in any order."""
    invoice.rng.shuffle(invoice.lines)
    return True


@layout("order")
def dearest_first(invoice: Invoice) -> bool:
    """The lines stand by their amount."""
    invoice.lines.sort(key=lambda line: -line.amount)
    return True


@layout("currency")
def no_currency(invoice: Invoice) -> bool:
    """The currency is printed nowhere."""
    if invoice.printed_currency is None:
        invoice.printed_currency = ""
    return invoice.printed_currency == ""


# ---------------------------------------------------------------- words


def is_named_plainly(line: Line) -> bool:
    """Whether a line of ours has the words of the catalogue."""
    return bool(line.ours) and not line.is_tax and not line.is_call


@layout("words")
def names_of_old(invoice: Invoice) -> bool:
    """Products by their older names."""
    found = False
    for line in invoice.lines:
        if line.group in OLD_NAMES and is_named_plainly(line) and is_free(invoice, line):
            line.words = OLD_NAMES[line.group] + ending_of(line)
            found = True
    return found


@layout("words")
def names_of_our_own(invoice: Invoice) -> bool:
    """Products under names that the organization's catalogue knows as aliases."""
    groups = sorted(
        {line.group for line in invoice.lines if is_named_plainly(line) and is_free(invoice, line)}
    )
    groups = [group for group in groups if group in catalogue.products()]
    groups = [group for group in groups if not group.startswith("number")]
    if not groups:
        return False
    pattern = invoice.rng.choice(NAMES_OF_OUR_OWN)
    for group in invoice.rng.sample(groups, min(2, len(groups))):
        number = 100 + sorted(catalogue.products()).index(group)
        invoice.aliases[group] = pattern.format(number)
        for line in invoice.lines:
            if line.group == group and line.ours:
                line.words = invoice.aliases[group] + ending_of(line)
    return True


def ending_of(line: Line) -> str:
    """What the words of a line say of its charge."""
    found = ENDING.search(line.words)
    return found[0] if found else ""


@layout("dashes")
def hyphens(invoice: Invoice) -> bool:
    """Hyphens in place of dashes."""
    for line in invoice.lines:
        line.words = line.words.replace(catalogue.DASH, "-")
        line.title = line.title.replace(catalogue.DASH, "-")
    return True


@layout("sections")
def prepay_by_section_title(invoice: Invoice) -> bool:
    """Only the section says that a line is prepaid."""
    lines = [line for line in invoice.lines if ending_of(line).endswith("Prepay")]
    for line in lines:
        line.words = ENDING.sub("", line.words)
    return bool(lines)


@layout("sections")
def no_sections(invoice: Invoice) -> bool:
    """The section is printed nowhere, where nothing else says what is a tax."""
    if "taxes_of_other_words" in invoice.layouts:
        return False
    for line in invoice.lines:
        line.title = ""
    return True


@layout("committed")
def committed_without_saying_so(invoice: Invoice) -> bool:
    """Committed quantities do not say what they are."""
    lines = [line for line in invoice.lines if ending_of(line).endswith("Committed")]
    lines = [line for line in lines if is_free(invoice, line)]
    for line in lines:
        line.words = ENDING.sub("", line.words)
    return bool(lines)


# ---------------------------------------------------------------- taxes


OTHER_WORDS = {
    "Federal Taxes and Fees": "FCC Universal Service Fund",
    "State Taxes and Fees": "State Recovery Charge",
    "Local Taxes and Fees": "Municipal Fee",
}


def tax_lines(invoice: Invoice) -> list[Line]:
    """The taxes."""
    return [line for line in invoice.lines if line.is_tax]


@layout("taxes")
def taxes_bare(invoice: Invoice) -> bool:
    """Taxes are amounts and nothing else."""
    for line in tax_lines(invoice):
        line.quantity = line.rate = line.start = line.end = None
    return bool(tax_lines(invoice))


@layout("taxes")
def taxes_without_rate(invoice: Invoice) -> bool:
    """Taxes have a base and no rate."""
    for line in tax_lines(invoice):
        line.rate = None
    return bool(tax_lines(invoice))


@layout("taxes")
def taxes_as_pieces(invoice: Invoice) -> bool:
    """A tax is one piece at its amount."""
    for line in tax_lines(invoice):
        line.quantity, line.rate = Decimal(1), line.amount
    return bool(tax_lines(invoice))


@layout("taxes")
def taxes_of_other_words(invoice: Invoice) -> bool:
    """Only the title of their section says that they are taxes."""
    lines = tax_lines(invoice)
    if not all(is_free(invoice, line) and line.title == TAXES for line in lines):
        return False
    for line in lines:
        line.words = OTHER_WORDS.get(line.words, line.words)
    return bool(lines)


@layout("taxes")
def taxes_in_one_sum(invoice: Invoice) -> bool:
    """All levels are one line."""
    lines = tax_lines(invoice)
    if len(lines) < 2:
        return False
    whole = sum(line.amount for line in lines)
    place = invoice.lines.index(lines[0])
    invoice.lines = [line for line in invoice.lines if not line.is_tax]
    ours = [ours for line in lines for ours in line.ours]
    invoice.lines.insert(
        min(place, len(invoice.lines)),
        Line(TAXES, None, None, whole, None, None, TAXES, None, "tax", ours=ours),
    )
    return True


@layout("taxes")
def taxes_by_part(invoice: Invoice) -> bool:
    """Each level has a line for one part of the charges, and one for the rest."""
    lines = tax_lines(invoice)
    if not lines or lines[0].quantity < 10:
        return False
    for line in lines:
        base = (line.quantity / 3).quantize(invoice.unit)
        amount = line_amount(base, line.rate, invoice.currency)
        rest = Line(
            words=line.words,
            quantity=line.quantity - base,
            rate=line.rate,
            amount=line.amount - amount,
            start=line.start,
            end=line.end,
            title=line.title,
            product=line.product,
            charge=line.charge,
        )
        line.quantity, line.amount = base, amount
        invoice.lines.insert(invoice.lines.index(line) + 1, rest)
    return True


@layout("tax names")
def taxes_by_shorter_names(invoice: Invoice) -> bool:
    """Federal Taxes, and no fees."""
    lines = tax_lines(invoice)
    for line in lines:
        line.words = re.sub(r"(Federal|State|Local) Taxes and Fees", r"\1 Taxes", line.words)
    return any(line.words.split()[0] in {"Federal", "State", "Local"} for line in lines)
