"""The lines of the vendor's invoices and what each is about.

1. Numbers are one product whatever their type.
2. A vendor's invoice dated on or after as-of is not seen yet.
3. Toll-free calls belong to Inbound where the vendor's invoice has no toll-free row; where there is
   no Inbound, neither of ours nor on the invoice, they stay what they are.
4. Telephony of the vendor belongs to the cycle in which its service period starts. There is an
   invoice of the telephony of a cycle if any telco line (calls, numbers, surcharge) is of it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from oracle import catalogue
from oracle.calendar import Cycle
from oracle.catalogue import DASH
from oracle.files import Row
from oracle.meter import Meter
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
    invoice_date: date

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
    def number(self) -> str:
        """The number of its invoice."""
        return self.row["invoice_number"]

    @property
    def named(self) -> str:
        """The product, or the words that name none."""
        return group_code(self.product) if self.product else self.row["description"]


def vendor_lines(org: Organization) -> list[VendorLine]:
    """The accepted vendor lines; without a period they are of the day of their invoice."""
    rows = [r for r in org.rows("vendor_invoice_lines") if r["invoice_date"] < org.as_of]
    dates: dict[str, date] = {}  # an invoice has one date, the earliest on it
    for row in rows:
        number, dated = row["invoice_number"], row["invoice_date"]
        dates[number] = min(dated, dates.get(number, dated))
    found = []
    for row in rows:
        day = dates[row["invoice_number"]]
        start, end = row["service_period_start"], row["service_period_end"]
        tolerance = org.policies.on(day).reconciliation_tolerance
        found.append(VendorLine(row, (start or day, end or day), tolerance, day))
    return found


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
