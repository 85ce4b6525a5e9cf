"""The vendor's invoice held against ours: lines (INV-12), call costs (TELCO-02..07), surcharges.

What this module takes a difference to mean is what the descriptions of the three marts say:

1. A vendor line and ours belong together by product, whether it is prepay, and service period.
   Numbers are one product whatever their type; what the vendor calls Committed is our commitment,
   where both have one. Of several, those of equal quantity and amount are paired first, then those
   of equal amount, then of equal price, the rest in the order of price and amount, credits last.
2. A vendor period that names its last day ends the day after, if that makes it the period of a
   line of ours of that product, or else a period of ours where it was none.
3. Our lines are the final ones; a vendor's invoice dated on or after as-of is not seen yet. A
   waived line that the vendor does not have is no difference.
4. A line of ours is missing on the invoice if the vendor has any line of that service period and
   kind of charge (prepay or not); else there is no vendor invoice for it.
5. Amounts decide: where they agree the line is matched, whatever quantity and price say.
6. Toll-free calls belong to Inbound where the vendor's invoice has no toll-free row; the costs of
   both are rounded as one sum.
7. Rows of one service, U.S. and International, are one sum. Where it is not exactly ours, each part
   is held against our own split, but for Inbound.
8. Telephony of the vendor belongs to the cycle in which its service period starts. There is an
   invoice of the telephony of a cycle if any telco line (calls, numbers, surcharge) is of it.
9. A telco row is judged in the order: no calls, another currency, agreement, no row of the vendor,
   a cut at 00:00, calls landed twice.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from oracle import catalogue, usage
from oracle.calendar import Cycle, midnight
from oracle.catalogue import DASH
from oracle.money import money, round_half_up
from oracle.reader import Organization, Row

if TYPE_CHECKING:
    from oracle.bill import Meter

ZERO = Decimal(0)
COMMITTED = re.compile(rf"\s*[{DASH}-]\s*Committed$", re.IGNORECASE)
PREPAY = re.compile(rf"\s*[{DASH}-]\s*Prepay$", re.IGNORECASE)
BREAKOUT = re.compile(rf"\s*[{DASH}-]\s*(U\.S\.|International)$")
TELCO = "telco_"
SHOWN_BLENDED = {"byoc_minutes", "ai_tokens"}  # FU-10
SURCHARGE = "short_call_surcharge"


def group_code(product: str) -> str:
    """The product as lines are paired: numbers without their type."""
    return re.sub(r"^(number_(mrc|nrc))_.*", r"\1", product)


@dataclass
class VendorLine:
    """An accepted row of a vendor's invoice and what it is about."""

    row: Row
    period: tuple[date, date]
    tolerance: Decimal

    @cached_property
    def is_prepay(self) -> bool:
        """Whether the words end in Prepay."""
        return bool(PREPAY.search(self.row["description"]))

    @cached_property
    def is_committed(self) -> bool:
        """Whether the words end in Committed."""
        return bool(COMMITTED.search(self.row["description"]))

    @cached_property
    def breakout(self) -> str | None:
        """U.S. or International, for a part of a service."""
        found = BREAKOUT.search(self.row["description"])
        return found[1] if found else None

    @cached_property
    def product(self) -> str | None:
        """The product the words mean."""
        words = COMMITTED.sub("", PREPAY.sub("", self.row["description"]))
        words = BREAKOUT.sub("", words)
        return catalogue.product_named(words)

    @property
    def quantity(self) -> Decimal | None:
        """Its quantity."""
        return self.row["qty"]

    @property
    def price(self) -> Decimal | None:
        """Its price."""
        return self.row["rate"]

    @property
    def amount(self) -> Decimal:
        """Its amount."""
        return self.row["amount"]

    @property
    def key(self) -> tuple:
        """What it is paired on."""
        return group_code(self.product or ""), self.is_prepay, self.period


def vendor_lines(org: Organization, lines: list[dict]) -> list[VendorLine]:
    """The accepted vendor lines with the period they mean."""
    ours = {Expected(line).key for line in lines}
    periods = {(cycle.start, cycle.end) for cycle in org.cycles} | {key[-1] for key in ours}
    found = []
    for row in org.rows("vendor_invoice_lines"):
        start, end = row["service_period_start"], row["service_period_end"]
        tolerance = org.policies.on(row["invoice_date"]).reconciliation_tolerance
        stated = VendorLine(row, (start, end), tolerance)
        extended = VendorLine(row, (start, end + timedelta(days=1)), tolerance)
        means_last_day = extended.key in ours and stated.key not in ours
        if stated.period not in periods and extended.period in periods:
            means_last_day = True
        if row["invoice_date"] < org.as_of:
            found.append(extended if means_last_day else stated)
    return found


def period_of(line: dict) -> tuple[date, date]:
    """The service period of a line of ours."""
    return line["service_period_start"], line["service_period_end"]


@dataclass
class Expected:
    """A line of ours, or two telco lines that the vendor has in one row."""

    line: dict
    total_used: Decimal | None = None
    amount: Decimal = field(init=False)
    quantity: Decimal = field(init=False)

    def __post_init__(self):
        self.amount, self.quantity = self.line["amount"], self.line["quantity"]

    @property
    def is_prepay(self) -> bool:
        """Whether it is paid in advance."""
        return self.line["charge_type"] == "prepay"

    @property
    def is_committed(self) -> bool:
        """Whether it is the commitment in arrears."""
        return self.line["charge_type"] == "committed"

    @property
    def period(self) -> tuple[date, date]:
        """Its service period."""
        return period_of(self.line)

    @property
    def key(self) -> tuple:
        """What it is paired on."""
        return group_code(self.line["product_code"]), self.is_prepay, self.period

    @property
    def price(self) -> Decimal | None:
        """The price it can be held against: that of calls is an average for information."""
        return None if self.is_telco else self.line["unit_price"]

    def is_shown_blended(self, row: Row) -> bool:
        """FU-10: the vendor shows the total used, at a rate that makes the amount of it."""
        if not self.total_used or row["qty"] != self.total_used or row["qty"] == self.quantity:
            return False
        rate = row["rate"]
        places = -rate.as_tuple().exponent
        return round_half_up(Fraction(row["amount"]) / Fraction(row["qty"]), places) == rate

    @property
    def is_telco(self) -> bool:
        """Whether it is a calling service."""
        return self.line["product_code"].startswith(TELCO)


def expected_lines(
    meters: list[Meter], lines: list[dict], theirs: list[VendorLine]
) -> list[Expected]:
    """Our final lines; toll-free within Inbound where the vendor has it there."""
    cycles = {(meter.cycle.start, meter.cycle.end): meter for meter in meters}
    totals = {
        (row["product_code"], *period, "overage"): row["used_quantity"]
        for period, meter in cycles.items()
        for row in meter.resource_usage
        if row["product_code"] in SHOWN_BLENDED
    }
    final = [
        Expected(line, totals.get((line["product_code"], *period_of(line), line["charge_type"])))
        for line in lines
        if line["invoice_status"] == "final"
    ]
    inbound = {e.period: e for e in final if e.line["product_code"] == "telco_inbound"}
    kept = []
    for expected in final:
        product, period = expected.line["product_code"], expected.period
        is_folded = product == "telco_toll_free" and folds_toll_free(cycles[period], theirs)
        if is_folded and period in inbound:
            whole, calls = inbound[period], cycles[period].calls
            both = [call for name in ("inbound", "toll_free") for call in calls[name]]
            whole.amount = money(sum(call["total_cost"] for call in both), whole.line["currency"])
            whole.quantity += expected.quantity
        elif is_folded:
            kept.append(Expected({**expected.line, "product_code": "telco_inbound"}))
        else:
            kept.append(expected)
    return kept


def telephony(cycle: Cycle, theirs: list[VendorLine]) -> dict[str, list[VendorLine]]:
    """The vendor's rows of calling services by service, of periods that start in the cycle."""
    rows: dict[str, list[VendorLine]] = defaultdict(list)
    for line in theirs:
        if (line.product or "").startswith(TELCO) and cycle.start <= line.period[0] < cycle.end:
            rows[line.product.removeprefix(TELCO)].append(line)
    return rows


def is_invoiced(cycle: Cycle, theirs: list[VendorLine]) -> bool:
    """Whether the vendor invoiced any telephony of the cycle."""
    telco = TELCO, "number_", SURCHARGE
    return any(
        cycle.start <= line.period[0] < cycle.end and (line.product or "").startswith(telco)
        for line in theirs
    )


def folds_toll_free(meter: Meter, theirs: list[VendorLine]) -> bool:
    """TELCO-02, X6: toll-free calls are within Inbound on the vendor's invoice of the cycle."""
    if not is_invoiced(meter.cycle, theirs):
        return False
    kept = meter.policy.telco_reconcile_rows
    has_row = "toll_free" in telephony(meter.cycle, theirs)
    return {"three_rows": True, "four_rows": False}.get(kept, not has_row)


# ---------------------------------------------------------------- lines


def invoice_reconciliation(org: Organization, meters: list[Meter], lines: list[dict]) -> list[dict]:
    """`invoice_reconciliation`: every vendor line, and every line of ours without one."""
    theirs = vendor_lines(org, lines)
    ours = expected_lines(meters, lines, theirs)
    their_groups, our_groups = grouped(theirs), grouped(ours)
    covered = {(line.is_prepay, line.period) for line in theirs}
    rows = []
    for key in {**their_groups, **our_groups}:
        left = our_groups.get(key, [])
        if parts := parts_of_a_service(their_groups.get(key, []), left):
            rows += reconciled_parts(org, meters, parts, left.pop())
            continue
        for line, expected in paired(their_groups.get(key, []), left):
            rows.append(
                reconciled(line, expected, expected.quantity, expected.amount)
                if expected
                else not_expected(org, line)
            )
            left = [other for other in left if other is not expected]
        rows += [
            missing(expected, is_covered=(expected.is_prepay, expected.period) in covered)
            for expected in left
            if not expected.line["is_waived"]
        ]
    return rows


def grouped(lines: list) -> dict[tuple, list]:
    """Lines by what they are paired on."""
    groups: dict[tuple, list] = defaultdict(list)
    for line in lines:
        groups[line.key].append(line)
    return groups


def paired(theirs: list[VendorLine], ours: list[Expected]) -> Iterator[tuple]:
    """Each vendor line with ours or None: the committed ones apart where both have some."""
    split = any(line.is_committed for line in theirs) and any(e.is_committed for e in ours)
    for is_committed in (True, False) if split else (None,):
        yield from paired_in_rounds(
            [line for line in theirs if is_committed in (None, line.is_committed)],
            [line for line in ours if is_committed in (None, line.is_committed)],
        )


def paired_in_rounds(theirs: list[VendorLine], ours: list[Expected]) -> Iterator[tuple]:
    """The lines that agree first, then those that agree in less, at last whatever is left."""

    def rank(line: VendorLine | Expected) -> tuple:
        return line.amount < 0, line.price is None, line.price or ZERO, line.amount

    theirs, ours = sorted(theirs, key=rank), sorted(ours, key=rank)
    rounds = (
        lambda line, other: (line.quantity, line.amount) == (other.quantity, other.amount),
        lambda line, other: line.amount == other.amount,
        lambda line, other: line.price is not None and line.price == other.price,
        lambda line, other: True,
    )
    for agree in rounds:
        for line in list(theirs):
            match = next((other for other in ours if line.product and agree(line, other)), None)
            if match:
                theirs.remove(line)
                ours.remove(match)
                yield line, match
    yield from ((line, None) for line in theirs)


def reconciled(line: VendorLine, expected: Expected, quantity: Decimal, amount: Decimal) -> dict:
    """A vendor line and what is expected of it."""
    row, ours = line.row, expected.line
    variance = row["amount"] - amount
    return {
        **vendor_side(line),
        "product_code": ours["product_code"],
        "charge_type": ours["charge_type"],
        "expected_quantity": quantity,
        "expected_amount": amount,
        "variance_amount": variance,
        "expected_invoice_date": ours["invoice_date"],
        "reason": reason(line, expected, quantity, variance),
    }


def reason(line: VendorLine, expected: Expected, quantity: Decimal, variance: Decimal) -> str:
    """Why a vendor line and ours agree or differ."""
    row, ours, price = line.row, expected.line, expected.price
    if row["currency"] and row["currency"] != ours["currency"]:
        return "currency_differs"
    if variance == 0:
        return "shown_blended" if expected.is_shown_blended(row) else "matched"
    if abs(variance) <= line.tolerance:
        return "matched_with_rounding"
    if ours["is_waived"]:
        return "waived_in_ramp"
    if price is None:
        return "amount_differs"
    other_quantity = row["qty"] is not None and row["qty"] != quantity
    other_price = row["rate"] is not None and row["rate"] != price
    return {
        (True, True): "quantity_and_price_differ",
        (True, False): "quantity_differs",
        (False, True): "price_differs",
        (False, False): "amount_differs",
    }[other_quantity, other_price]


def vendor_side(line: VendorLine) -> dict:
    """What the vendor says."""
    row = line.row
    return {
        "reconciliation_id": f"{row.file}/{row.number}",
        "invoice_number": row["invoice_number"],
        "invoice_date": row["invoice_date"],
        "service_period_start": line.period[0],
        "service_period_end": line.period[1],
        "description": row["description"],
        "invoiced_quantity": row["qty"],
        "invoiced_amount": row["amount"],
    }


def not_expected(org: Organization, line: VendorLine) -> dict:
    """A vendor line of which we have none."""
    return {
        **vendor_side(line),
        "product_code": line.product or "unclassified",
        "charge_type": charge_type(line),
        "expected_quantity": None,
        "expected_amount": None,
        "variance_amount": line.row["amount"],
        "expected_invoice_date": line.period[0] if line.is_prepay else line.period[1],
        "reason": "not_expected" if line.product else "unclassified",
    }


def charge_type(line: VendorLine) -> str:
    """What the vendor charges: in advance, or as the product is billed in arrears."""
    if line.is_prepay:
        return "prepay"
    if line.is_committed:
        return "committed"
    return catalogue.charge_in_arrears(line.product) if line.product else "unknown"


def missing(expected: Expected, *, is_covered: bool) -> dict:
    """A line of ours that the vendor does not have."""
    ours = expected.line
    copied = (
        "invoice_date product_code charge_type service_period_start service_period_end description"
    )
    return {
        "reconciliation_id": ours["invoice_line_id"],
        "invoice_number": None,
        **{name: ours[name] for name in copied.split()},
        "invoiced_quantity": None,
        "expected_quantity": expected.quantity,
        "invoiced_amount": None,
        "expected_amount": expected.amount,
        "variance_amount": -expected.amount,
        "expected_invoice_date": ours["invoice_date"],
        "reason": "missing_on_invoice" if is_covered else "no_vendor_invoice",
    }


# ---------------------------------------------------------------- calls


def parts_of_a_service(theirs: list[VendorLine], ours: list[Expected]) -> list[VendorLine]:
    """The rows of a calling service that are held against one line of ours, U.S. first."""
    if len(theirs) < 2 or len(ours) != 1 or not ours[0].is_telco:
        return []
    order = {"U.S.": 0, "International": 1, None: 2}
    return sorted(theirs, key=lambda line: order[line.breakout])


def reconciled_parts(
    org: Organization, meters: list[Meter], parts: list[VendorLine], expected: Expected
) -> list[dict]:
    """TELCO-02: parts agree as a sum, or are held against our own split of the calls."""
    agrees = sum(part.row["amount"] for part in parts) == expected.amount
    product, currency = expected.line["product_code"], expected.line["currency"]
    if not agrees and product != "telco_inbound":
        [meter] = [m for m in meters if (m.cycle.start, m.cycle.end) == expected.period]
        abroad_calls = [
            call
            for call in meter.calls[product.removeprefix(TELCO)]
            if usage.is_international(call)
        ]
        abroad = money(sum((call["total_cost"] for call in abroad_calls), ZERO), currency)
        minutes = meter.minutes(abroad_calls)
        split = {
            "U.S.": (expected.quantity - minutes, expected.amount - abroad),
            "International": (minutes, abroad),
        }
        return [reconciled(part, expected, *split[part.breakout]) for part in parts]
    rows, quantity, amount = [], expected.quantity, expected.amount
    for part in parts[:-1]:
        rows.append(reconciled(part, expected, part.row["qty"], part.row["amount"]))
        quantity, amount = quantity - (part.row["qty"] or ZERO), amount - part.row["amount"]
    return [*rows, reconciled(parts[-1], expected, quantity, amount)]


def telco_reconciliation(meter: Meter, theirs: list[VendorLine]) -> list[dict]:
    """`telco_reconciliation`: what calls of a cycle cost and the vendor's rows, by service."""
    invoiced = telephony(meter.cycle, theirs)
    inbound_is_there = "inbound" in {*meter.calls, *invoiced}
    folded = folds_toll_free(meter, theirs) and inbound_is_there
    found = []
    for service in sorted({*meter.calls, *invoiced} - {"byoc"}):
        calls = meter.calls.get(service, [])
        held = [service]
        if folded and service == "inbound" and "toll_free" in meter.calls:
            held.append("toll_free")
        kind = "folded_into_inbound" if folded and service == "toll_free" else ""
        kind = kind if is_invoiced(meter.cycle, theirs) else "no_invoice"
        found.append(
            {
                "cycle_start_date": meter.cycle.start,
                "service": service,
                "calls_count": len(calls),
                "cdr_minutes": meter.minutes(calls),
                "cdr_cost": sum((row["total_cost"] for row in calls), ZERO),
                "rated_cost": usage.sum_of_rated_costs(calls, meter.policy),
                **invoiced_amounts(invoiced.get(service, [])),
                **telco_verdict(meter, held, invoiced.get(service, []), verdict_of=kind),
            }
        )
    return found


def invoiced_amounts(lines: list[VendorLine]) -> dict:
    """What the vendor has for a service."""
    return {
        "invoiced_us_amount": total([line for line in lines if line.breakout == "U.S."]),
        "invoiced_international_amount": total(
            [line for line in lines if line.breakout == "International"]
        ),
        "invoiced_amount": total(lines),
    }


def telco_verdict(meter: Meter, held: list[str], lines: list[VendorLine], verdict_of: str) -> dict:
    """Why the vendor's rows of a service agree with our calls or differ (TELCO-07)."""
    currency, tolerance = meter.cycle.contract.currency, meter.policy.reconciliation_tolerance
    billed = total(lines)

    def is_near(cost: Decimal) -> bool:
        return abs((billed or ZERO) - money(cost, currency)) <= tolerance

    if verdict_of == "no_invoice":
        return {"variance_amount": None, "status": verdict_of}
    if verdict_of == "folded_into_inbound" and billed is None:
        return {"variance_amount": ZERO, "status": verdict_of}
    calls = [call for service in held for call in meter.calls.get(service, [])]
    if verdict_of == "folded_into_inbound":
        calls = []
    cost = sum((call["total_cost"] for call in calls), ZERO)
    variance = (billed or ZERO) - money(cost, currency)
    if not calls:
        status = "invoice_without_cdr"
    elif any(line.row["currency"] not in (None, currency) for line in lines):
        status = "currency_mismatch"
    elif variance == 0:
        status = "matched"
    elif is_near(cost):
        status = "matched_with_rounding"
    elif billed is None:
        status = "cdr_missing_on_invoice"
    elif is_near(cost_at_midnight(meter, held)):
        status = "boundary_shift"
    elif any(is_near(other) for other in costs_landed_twice(meter, calls)):
        status = "duplicate_cdr"
    else:
        status = "amount_differs"
    return {"variance_amount": variance, "status": status}


def costs_landed_twice(meter: Meter, calls: list[Row]) -> list[Decimal]:
    """TELCO-07: the cost with both records of calls that a later record superseded, and with the
    earlier ones alone; nothing without such calls. Of several the latest earlier one counts; the
    same cost in another file is a delivery repeated and explains nothing."""
    standing = {call_key(call): call for call in calls}
    earlier: dict[tuple, Row] = {}
    for row in meter.org.landed.get("voice_usage", []):
        call = standing.get(call_key(row))
        if not row.is_duplicate or call is None or call["currency"] != row["currency"]:
            continue
        if call["total_cost"] != row["total_cost"] or call.file == row.file:
            earlier[call_key(row)] = row
    if not earlier:
        return []
    cost = sum((call["total_cost"] for call in calls), ZERO)
    again = sum((row["total_cost"] for row in earlier.values()), ZERO)
    return [cost + again, cost + again - sum(standing[key]["total_cost"] for key in earlier)]


def call_key(row: Row) -> tuple:
    """The natural key of a call."""
    return row["sip_call_id"], row["direction"], row["start_time"]


def total(lines: list[VendorLine]) -> Decimal | None:
    """The amount of some vendor lines, None for none."""
    return sum((line.row["amount"] for line in lines), ZERO) if lines else None


def cost_at_midnight(meter: Meter, services: list[str]) -> Decimal:
    """TELCO-07: the cost of the calls if the voice cycle began and ended at 00:00."""
    start, end = midnight(meter.cycle.start), midnight(meter.cycle.end)
    return sum(
        (
            row["total_cost"]
            for row in meter.org.rows("voice_usage")
            if start <= row["start_time"] < end and usage.service(row) in services
        ),
        ZERO,
    )


def surcharge_verdict(cycle: Cycle, quantity: int, theirs: list[VendorLine]) -> dict:
    """SDC-01: the invoiced quantity of short calls, and how it compares."""
    lines = [
        line
        for line in theirs
        if line.product == SURCHARGE and cycle.start <= line.period[0] < cycle.end
    ]
    invoiced = sum((line.row["qty"] or ZERO for line in lines), ZERO) if lines else None
    if not is_invoiced(cycle, theirs):
        status = "no_invoice"
    elif (invoiced or 0) == quantity:
        status = "matched"
    elif invoiced is None:
        status = "missing_on_invoice"
    else:
        status = "quantity_differs" if quantity else "not_expected"
    return {"invoiced_quantity": invoiced, "status": status}
