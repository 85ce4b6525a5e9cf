"""The lines of the vendor's invoices and what each is about; ours as they are held against them.

1. A vendor line and ours belong together by product, whether it is prepay, and service period.
   Numbers are one product whatever their type.
2. A vendor period that names its last day ends the day after, if that makes it the period of a
   line of ours of that product, or else a period of ours where it was none.
3. Our lines are the final ones; a vendor's invoice dated on or after as-of is not seen yet.
4. Toll-free calls belong to Inbound where the vendor's invoice has no toll-free row; the costs of
   both are rounded as one sum. Where there is no Inbound, neither of ours nor on the invoice, they
   stay what they are.
5. Telephony of the vendor belongs to the cycle in which its service period starts. There is an
   invoice of the telephony of a cycle if any telco line (calls, numbers, surcharge) is of it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from oracle import catalogue
from oracle.calendar import Cycle
from oracle.catalogue import DASH
from oracle.files import Row
from oracle.meter import Meter
from oracle.money import money, round_half_up
from oracle.reader import Organization

COMMITTED = re.compile(rf"\s*[{DASH}-]\s*Committed$", re.IGNORECASE)
SECTION_PREPAY = re.compile(r"\bprepa(?:y|id)\b", re.IGNORECASE)
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
        """Whether the words end in Prepay, or the title of the section says so."""
        if self.is_committed:
            return False
        title = self.row["section"] or ""
        return bool(PREPAY.search(self.row["description"]) or SECTION_PREPAY.search(title))

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
    def invoice_date(self) -> date:
        """The date of its invoice."""
        return self.row["invoice_date"]

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
    def invoice_date(self) -> date:
        """The date of its invoice."""
        return self.line["invoice_date"]

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
    invoiced = telephony(meter.cycle, theirs)
    if "inbound" not in {*meter.calls, *invoiced}:
        return False
    kept = meter.policy.telco_reconcile_rows
    return {"three_rows": True, "four_rows": False}.get(kept, "toll_free" not in invoiced)
