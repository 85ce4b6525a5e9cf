"""Faults of calls: counted twice or not at all, priced wrong, cut at midnight, parts exchanged."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from oracle import catalogue, usage
from oracle.files import Row
from oracle.meter import Meter
from oracle.money import money
from oracle.telco_reconciliation import call_key

from .faults import fault
from .printed import Invoice, Line, Planted, rate_of
from .readings import calls_between, cost_of, excess_of, reach_of_calls, service_of


def calls_of(invoice: Invoice, line: Line) -> tuple[Meter | None, list[Row]]:
    """The voice cycle of a line, and its calls."""
    meter = invoice.meter_of(line.ours[0])
    return meter, meter.calls.get(service_of(line), []) if meter else []


def services(invoice: Invoice, reach: str) -> list[tuple[Line, Meter, list[Row]]]:
    """The lines of calling services whose call files reach so far."""
    found = []
    for line in invoice.candidates(lambda line: line.is_call and line.amount > 0):
        meter, calls = calls_of(invoice, line)
        if meter and reach_of_calls(invoice, meter) == reach:
            found.append((line, meter, calls))
    return found


def recost(
    invoice: Invoice, kind: str, reason: str, line: Line, cost: Decimal, minutes: Decimal
) -> bool:
    """Print what other calls cost."""
    amount = money(cost, invoice.currency)
    if amount <= 0 or not minutes:
        return False
    rate = rate_of(cost, minutes)
    return invoice.change(kind, {reason}, line, minutes, rate, amount)


def note_mispriced(invoice: Invoice) -> None:
    """Calls of the file that cost more than rate times minutes: the vendor agrees with the file."""
    for line in [line for line in invoice.lines if line.is_call]:
        meter, calls = calls_of(invoice, line)
        excess = money(excess_of(meter, calls), invoice.currency) if meter else 0
        if excess:
            reasons = {"mispriced_calls"}
            invoice.plant("mispriced_calls", reasons, line, Decimal(0), claim=excess)


@fault(weight=40)
def calls_rated_right(invoice: Invoice, kind: str) -> bool:
    """The vendor bills rate times minutes where the file says more."""
    for planted in invoice.planted:
        line = planted.line
        if planted.kind != "mispriced_calls" or line is None:
            continue
        meter, calls = calls_of(invoice, line)
        amount = money(cost_of(calls) - excess_of(meter, calls), invoice.currency)
        if invoice.matters(amount - line.amount) and amount > 0:
            planted.kind, planted.amount, planted.claim = kind, amount - line.amount, None
            line.amount, line.rate = amount, rate_of(amount, line.quantity)
            return True
    return False


@fault("calls", weight=12)
def calls_cut_at_midnight(invoice: Invoice, kind: str) -> bool:
    """The calls from midnight to midnight."""
    for line, meter, _ in services(invoice, "whole"):
        cycle = meter.cycle
        calls = calls_between(meter, service_of(line), cycle.start, cycle.end)
        cost, minutes = cost_of(calls), meter.minutes(calls)
        if recost(invoice, kind, "other_cycle_cut", line, cost, minutes):
            return True
    return False


def landed_twice(meter: Meter, calls: list[Row]) -> list[Row]:
    """The earlier records of calls that were landed twice; none if one was landed more often."""
    keys = {call_key(call) for call in calls}
    found: dict[tuple, list[Row]] = defaultdict(list)
    for row in meter.org.landed.get("voice_usage", []):
        if row.is_duplicate and not row.reason and call_key(row) in keys:
            found[call_key(row)].append(row)
    is_clear = all(len(rows) == 1 for rows in found.values())
    return [row for [row] in found.values()] if is_clear else []


@fault("calls", weight=20)
def calls_counted_twice(invoice: Invoice, kind: str) -> bool:
    """Calls that are in two files count twice."""
    for line, meter, calls in services(invoice, "whole"):
        more = landed_twice(meter, calls)
        cost, minutes = cost_of([*calls, *more]), meter.minutes([*calls, *more])
        if more and recost(invoice, kind, "duplicate_calls", line, cost, minutes):
            return True
    return False


@fault("calls", weight=40)
def twins_left_out(invoice: Invoice, kind: str) -> bool:
    """Calls that stand in the file under two ids count once."""
    for line, meter, calls in services(invoice, "whole"):
        twins: dict[tuple, list[Row]] = defaultdict(list)
        for call in calls:
            start = call["start_time"].replace(microsecond=0)
            numbers = call["origin"], call["destination"], call["direction"]
            twins[start, *numbers, call["duration_seconds"]].append(call)
        is_clear = all(len({c["total_cost"] for c in same}) == 1 for same in twins.values())
        once = [same[0] for same in twins.values()]
        if len(once) == len(calls) or not is_clear:
            continue
        if recost(invoice, kind, "duplicate_calls", line, cost_of(once), meter.minutes(once)):
            return True
    return False


@fault("calls", weight=20)
def missing_calls(invoice: Invoice, kind: str) -> bool:
    """The call files end before the cycle; the vendor has more calls."""
    for line, _, _ in services(invoice, "short"):
        minutes = line.quantity + Decimal(invoice.rng.randint(3, 300)) / 10
        cost = line.amount * invoice.rng.randint(105, 180) / 100 + 4 * invoice.unit
        if recost(invoice, kind, "missing_calls", line, cost, minutes):
            return True
    return False


@fault("calls")
def no_known_reason(invoice: Invoice, kind: str) -> bool:
    """An amount of calls without quantity and rate that nothing gives."""
    for line, _, _ in services(invoice, "whole"):
        amount = line.amount + invoice.rng.randint(301, 977) * invoice.unit
        if invoice.change(kind, {"unexplained"}, line, amount=amount):
            line.quantity = line.rate = None
            return True
    return False


@fault("calls", weight=12)
def us_and_international_swapped(invoice: Invoice, kind: str) -> bool:
    """The two parts of a service are exchanged."""
    for line, meter, calls in services(invoice, "whole"):
        parts = parts_of(invoice, line, meter, calls)
        if not parts or not invoice.matters(parts[0].amount - parts[1].amount):
            continue
        us, abroad = parts
        us.words, abroad.words = abroad.words, us.words
        place = invoice.lines.index(line)
        invoice.lines[place : place + 1] = parts
        us.is_faulty = abroad.is_faulty = True
        return invoice.plant(kind, {"us_international_swapped"}, us, Decimal(0))
    return False


def parts_of(invoice: Invoice, line: Line, meter: Meter, calls: list[Row]) -> list[Line]:
    """The U.S. and the international part of a service; none if it has one of them only."""
    abroad = [call for call in calls if usage.is_international(call)]
    within = [call for call in calls if not usage.is_international(call)]
    there = meter.minutes(abroad), money(cost_of(abroad), invoice.currency)
    here = line.quantity - there[0], line.amount - there[1]
    if not within or not all((*here, *there)):
        return []
    parts = []
    for place, (minutes, amount) in (("U.S.", here), ("International", there)):
        words = f"{line.words} {catalogue.DASH} {place}"
        rate = rate_of(amount, minutes)
        part = Line(
            words, minutes, rate, amount, line.start, line.end, line.title, line.product, "usage"
        )
        parts.append(part)
    parts[0].ours = line.ours
    return parts


def is_mispriced(planted: Planted) -> bool:
    """Whether it is of calls that cost more than rate times minutes."""
    return "mispriced_calls" in planted.reasons
