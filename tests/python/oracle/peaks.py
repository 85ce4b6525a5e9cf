"""`peak_readings`: what each reading of a peak would bill, and what the vendor bills (CONC-12).

A line of the vendor's belongs to the cycle in arrears of the invoice of ours that its number
answers. If its printed period is another cycle that was over (give or take a day, an end that is
the last day), it belongs to that; if it is none, to none.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from oracle.answered import Answers, is_tax
from oracle.meter import ZERO, Meter, licensed, overage
from oracle.money import line_amount
from oracle.vendor_lines import VendorLine

READINGS = ("highest", "sustained", "accumulated", "accumulated_exact")


def peak_readings(answers: Answers, meters: list[Meter], peaks: list[dict]) -> list[dict]:
    """Four rows per pool that is billed by its peak."""
    found = []
    for meter in meters:
        bills = Bills(answers, meter)
        for peak in peaks:
            pool = peak["pool"]
            if (
                peak["cycle_start_date"] != meter.cycle.start
                or not peak["is_billed_by_peak"]
                or pool == "cx_all"
                or meter.item(pool) is None
            ):
                continue
            comparison, invoiced = bills.compare(pool)
            paid = meter.paid_for(pool)
            price, currency = price_above(meter, pool), meter.cycle.contract.currency
            is_monthly = meter.cycle.contract.billing_option == "month_to_month"
            for reading in READINGS:
                users = peak[f"{reading}_users"]
                above = overage(users, paid)
                billable = above + (paid if is_monthly else ZERO)
                found.append(
                    {
                        "cycle_start_date": meter.cycle.start,
                        "pool": pool,
                        "reading": reading,
                        "users_count": users,
                        "is_contract_rule": reading == peak["peak_rule"],
                        "committed_quantity": paid,
                        "billable_quantity": billable,
                        "invoiced_quantity": invoiced,
                        "is_invoiced": None if invoiced is None else billable == invoiced,
                        "comparison": comparison,
                        "overage_amount": line_amount(above, price, currency),
                        "saved_price": price if above else ZERO,
                    }
                )
    return found


def price_above(meter: Meter, pool: str) -> Decimal:
    """RAMP-01, RAMP-02: a user above the commitment at the overage rate, but for the ramp."""
    contract, item = meter.cycle.contract, meter.item(pool)
    if not meter.cycle.is_ramp:
        return item["overage_rate"]
    return ZERO if contract.ramp_license_billing == "waived" else item["prepay_rate"]


class Bills:
    """What the vendor's invoices bill for a cycle after it."""

    def __init__(self, answers: Answers, meter: Meter):
        theirs = answers.theirs
        self.meter = meter
        self.in_arrears = [
            line
            for line in theirs
            if not line.is_prepay and cycle_billed(answers, line) == meter.cycle.start
        ]
        latest = {}
        for line in theirs:
            if not line.is_prepay and (start := cycle_billed(answers, line)):
                number = line.row["invoice_number"]
                latest[number] = max(start, latest.get(number, start))
        numbers = {number for number, start in latest.items() if start == meter.cycle.start}
        prepaid = [
            line for line in theirs if line.is_prepay and line.row["invoice_number"] in numbers
        ]
        self.has_license = any(line.product in licensed() for line in (*self.in_arrears, *prepaid))

    def compare(self, pool: str) -> tuple[str, Decimal | None]:
        """Whether the pool can be compared, and the users that are billed."""
        lines = [line for line in self.in_arrears if line.product == pool]
        contract = self.meter.cycle.contract
        if any(line.quantity is None for line in lines):
            return "no_quantity", None
        if lines:
            return "compared", sum(map(signed_quantity, lines), ZERO)
        if not self.in_arrears:
            return "no_invoice", None
        if self.meter.cycle.is_ramp and contract.ramp_license_billing == "waived":
            return "waived", None
        if any(line.product is None and not is_tax(line) for line in self.in_arrears):
            return "unknown_product", None
        return ("compared", ZERO) if self.has_license else ("no_license", None)


def signed_quantity(line: VendorLine) -> Decimal:
    """A quantity, negative on a credit."""
    return -abs(line.quantity) if line.amount < 0 else line.quantity


def cycle_billed(answers: Answers, line: VendorLine) -> date | None:
    """The start of the cycle that a line bills afterwards, None if there is none."""
    start, end = line.period
    answered = answers.dates.get(line.number)
    found = []
    for cycle in answers.org.cycles:
        if cycle.end > (answered or line.invoice_date):
            continue
        if start == end and cycle.end == answered:
            found.append(cycle.start)
        is_covered = (start - cycle.start).days <= 1 and (end - cycle.end).days >= -2
        if start != end and is_covered:
            found.append(cycle.start)
    return max(found, default=None)
