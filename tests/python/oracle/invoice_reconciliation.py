"""`invoice_reconciliation`: the vendor's invoice held against ours line by line (INV-12).

1. Lines are compared in groups: a product and a charge of one number of the vendor; the product
   over all its charges, or all numbers, only where that agrees and the narrow groups do not.
   Levels of a tax that both sides have are compared level by level.
2. Of a group, lines of equal quantity and amount meet first, then those of equal amount (of calls
   only where a line is there once more). What is left is one sum if the group agrees, if it is off
   by rounding and one side has more lines, and of calls; else lines meet by price, the rest in the
   order of price and amount, credits last.
3. Of one sum each line is expected as it is invoiced, and the last has what is left of ours.
   Two parts of a service, U.S. and International, that do not sum to ours are held against our own
   split, but for Inbound.
4. A line of ours that meets none is missing; what lies on no invoice that is answered has no
   vendor invoice. A waived line that the vendor does not have is no difference.
5. Amounts decide: where they agree the line is matched, whatever quantity and price say.
6. An unknown line that equals what is missing is another name of it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from oracle import usage
from oracle.answered import ALONE, Answers, Side, charge_type
from oracle.invoices import TAX_RATES
from oracle.meter import ZERO, Meter, licensed
from oracle.money import MINOR_UNITS, money
from oracle.vendor_lines import SHOWN_BLENDED, TELCO

ROUNDS = (
    lambda line, other: (line.quantity, line.amount) == (other.quantity, other.amount),
    lambda line, other: line.amount == other.amount,
)


def invoice_reconciliation(answers: Answers, meters: list[Meter]) -> list[dict]:
    """`invoice_reconciliation`: every vendor line, and every line of ours without one."""
    comparison = Comparison(answers, meters)
    rows = []
    for number in answers.by_number:
        for group in comparison.groups(number):
            rows += comparison.compare(group)
    return rows + [
        comparison.missing_row(line, line["invoice_date"], "no_vendor_invoice")
        for line in answers.unanswered
        if not line["is_waived"]
    ]


class Comparison:
    """The groups of an organization and what becomes of their lines."""

    def __init__(self, answers: Answers, meters: list[Meter]):
        self.answers = answers
        self.meters = {meter.cycle.start: meter for meter in meters}
        self.cycles = {(meter.cycle.start, meter.cycle.end) for meter in meters}
        self.blended = {
            (row["product_code"], meter.cycle.start): row["used_quantity"]
            for meter in meters
            for row in meter.resource_usage
            if row["product_code"] in SHOWN_BLENDED
        }

    # -- groups

    def groups(self, number: str) -> list[list[Side]]:
        """The lines of both sides of one number, in the groups they are compared in."""
        sides = [*self.answers.printed[number], *self.answers.ours[number]]
        sides += self.taxes_as_printed(number)
        groups: dict[tuple, list[Side]] = defaultdict(list)
        for side in sides:
            product = [x for x in sides if x.group == side.group and x.lone_id == side.lone_id]
            family = [
                x for x in sides if family_of(x) == family_of(side) and x.lone_id == side.lone_id
            ]
            charges = {
                x.charge: sum_of(y for y in product if y.charge == x.charge) for x in product
            }
            key = side.group, side.charge
            by_level = side.is_tax and all(are_on_both_sides(x.group, family) for x in family)
            if sum_of(product) != 0 and sum_of(family) == 0 and not by_level:
                key = family_of(side), "all"
            elif (sum_of(product) == 0 and any(charges.values()) and side.lone_id is None) or (
                sum_of(product) != 0 and is_of_one_charge(side, product)
            ):
                key = side.group, "all"
            groups[*key, side.lone_id or ""].append(side)
        return self.renamed([groups[key] for key in sorted(groups)])

    def taxes_as_printed(self, number: str) -> list[Side]:
        """Without a jurisdiction, or its rates on that day, taxes are as they are printed."""
        if any(side.is_tax for side in self.answers.ours[number]):
            return []
        day = self.answers.dates.get(number, self.answers.by_number[number][0].invoice_date)
        contracts = [
            span.contract for span in self.answers.org.spans if span.contract.effective_date < day
        ]
        if not contracts:
            return []
        latest = max(contracts, key=lambda contract: contract.effective_date)
        levels = TAX_RATES.get(latest.tax_jurisdiction or "", {}).values()
        if any(since <= day < until for rates in levels for since, until, _ in rates):
            return []
        return [
            replace(side, id=f"as printed {side.id}", lone=side.id, printed=None, charge_type="tax")
            for side in self.answers.printed[number]
            if side.is_tax and side.charge != "credit"
        ]

    @staticmethod
    def renamed(groups: list[list[Side]]) -> list[list[Side]]:
        """Unknown lines with what they seem to be another name of."""
        missing = [
            group
            for group in groups
            if not any(x.printed or x.is_tax for x in group) and sum_of(group) != 0
        ]
        kept = []
        for group in groups:
            [first, *_] = group
            if first.group == "unknown" and first.charge not in ALONE:
                same = [
                    other
                    for other in missing
                    if -sum_of(other) == first.amount
                    and first.quantity in (None, sum(x.quantity for x in other))
                ]
                if same:
                    missing.remove(same[0])
                    first.is_renamed = True
                    same[0].append(first)
                    continue
            kept.append(group)
        return kept

    # -- lines of a group

    def compare(self, group: list[Side]) -> list[dict]:
        """The rows of a group."""
        theirs = sorted((x for x in group if x.printed), key=rank)
        ours = sorted((x for x in group if not x.printed), key=rank)
        variance = sum_of(group)
        unit = Decimal(1).scaleb(-MINOR_UNITS.get(ours[0].currency, 2)) if ours else ZERO
        rounding = max(len(theirs), len(ours)) * unit
        is_call = any(x.is_call for x in group)
        is_split = is_call and len(theirs) == 2 and parts_of(theirs) == {"U.S.", "International"}
        rows = []
        if not is_call or any(x.is_repeated for x in theirs):
            for agree in ROUNDS:
                for line, other in meet(theirs, ours, agree):
                    rows.append(self.row(line, other, other.quantity, other.amount))
        is_one_sum = bool(theirs and ours) and (
            is_call or (len(theirs) != len(ours) and abs(variance) <= rounding)
        )
        if any(x.printed for x in group) and (variance == 0 or is_one_sum):
            if is_split and abs(variance) > rounding and group[0].group != "telco_inbound":
                return self.rows_by_part(theirs, ours, rounding)
            return rows + self.rows_of_one_sum(theirs, ours, group, variance, rounding)
        for agree in (is_of_one_price, lambda *_: True):
            for line, other in meet(theirs, ours, agree):
                rows.append(self.row(line, other, other.quantity, other.amount))
        has_ours = any(not x.printed for x in group)
        rows += [self.unexpected_row(line, has_ours=has_ours) for line in theirs]
        for other in ours:
            if not other.is_waived:
                row = self.missing_row(other.line, other.line["invoice_date"], "missing_on_invoice")
                if variance == 0:
                    row |= {"expected_amount": ZERO, "variance_amount": ZERO, "reason": "matched"}
                rows.append(row)
        return rows

    def rows_of_one_sum(
        self,
        theirs: list[Side],
        ours: list[Side],
        group: list[Side],
        variance: Decimal,
        rounding: Decimal,
    ) -> list[dict]:
        """Every line as it is invoiced, the last with what is left of ours."""
        quantity = None
        if ours:
            quantities = [x.quantity for x in ours]
            quantity = max(quantities) if any(x.is_tax for x in group) else sum(quantities)
        rows = []
        for place, line in enumerate(theirs):
            is_last = place == len(theirs) - 1
            other = ours[min(place, len(ours) - 1)] if ours else None
            expected, amount = line.quantity, line.amount
            if is_last:
                amount -= variance
                if quantity is not None:
                    expected = quantity - sum(x.quantity or ZERO for x in theirs[:-1])
            rows.append(self.row(line, other, expected, amount, rounding))
        last = max((row["expected_invoice_date"] for row in rows), default=None)
        return [row | {"expected_invoice_date": last} for row in rows]

    def rows_by_part(self, theirs: list[Side], ours: list[Side], rounding: Decimal) -> list[dict]:
        """TELCO-02: the parts of a service against our own split of the calls."""
        calls = [
            (self.meters[x.period[0]], call)
            for x in ours
            for call in self.meters[x.period[0]].calls[x.product.removeprefix(TELCO)]
            if usage.is_international(call)
        ]
        abroad = money(sum((call["total_cost"] for _, call in calls), ZERO), ours[0].currency)
        minutes = calls[0][0].minutes([call for _, call in calls]) if calls else ZERO
        split = {
            "U.S.": (sum(x.quantity for x in ours) - minutes, sum(x.amount for x in ours) - abroad),
            "International": (minutes, abroad),
        }
        return [
            self.row(line, ours[min(place, len(ours) - 1)], *split[line.printed.breakout], rounding)
            for place, line in enumerate(theirs)
        ]

    # -- rows

    def row(
        self,
        line: Side,
        other: Side | None,
        quantity: Decimal | None,
        amount: Decimal,
        rounding: Decimal | None = None,
    ) -> dict:
        """A vendor line and what is expected of it."""
        variance = line.amount - amount
        is_sum = rounding is not None
        product = (is_sum and line.product) or (other and other.product) or line.product
        charge = other.charge_type if other else charge_type(line.printed)
        period = self.period_of(line, other)
        price = other.price if other and not is_sum and not line.is_call else None
        found = {
            **self.vendor_side(line, period),
            "product_code": product or "unclassified",
            "charge_type": charge,
            "expected_quantity": quantity,
            "expected_amount": amount,
            "variance_amount": variance,
        }
        if line.currency and line.currency != self.answers.currency:
            reason = "currency_differs"
        elif line.is_renamed:
            reason = "renamed_product"
        elif variance == 0:
            is_blended = self.is_shown_blended(line, quantity, product, period)
            reason = "shown_blended" if is_blended else "matched"
        elif self.is_rounding(line, other, quantity, variance, rounding, price):
            reason = "matched_with_rounding"
        elif other and other.is_waived:
            reason = "waived_in_ramp"
        elif line.is_call:
            reason = "amount_differs"
        else:
            other_quantity = line.quantity is not None and line.quantity != quantity
            other_price = None not in (line.price, price) and line.price != price
            reason = {
                (True, True): "quantity_and_price_differ",
                (True, False): "quantity_differs",
                (False, True): "price_differs",
                (False, False): "amount_differs",
            }[other_quantity, other_price]
        if other and other.line and not is_sum:
            found["expected_invoice_date"] = other.line["invoice_date"]
        return {**found, "reason": reason}

    @staticmethod
    def is_rounding(
        line: Side,
        other: Side | None,
        quantity: Decimal | None,
        variance: Decimal,
        rounding: Decimal | None,
        price: Decimal | None,
    ) -> bool:
        """Whether a line differs by rounding alone."""
        unit = Decimal(1).scaleb(-MINOR_UNITS.get(other.currency, 2))
        if abs(variance) > max(line.printed.tolerance, rounding or ZERO, unit):
            return False
        if rounding is not None or line.is_call or None in (line.quantity, quantity):
            return True
        if None in (line.price, price):
            return line.quantity >= quantity
        if line.quantity == quantity:
            return abs(line.price - price) < Decimal("0.00005")
        return line.quantity > quantity and line.price < price

    def is_shown_blended(
        self, line: Side, quantity: Decimal | None, product: str, period: tuple[date, date]
    ) -> bool:
        """FU-10: the vendor shows the total used, at a rate that makes the amount of it."""
        used = self.blended.get((product, period[0]))
        if not used or line.quantity != used or line.quantity == quantity:
            return False
        if line.price is None or line.printed.is_prepay:
            return False
        return abs(line.price * used - line.amount) <= Decimal("0.00005") * used

    def period_of(self, line: Side, other: Side | None) -> tuple[date, date]:
        """The vendor's period; ours where it prints none or the same, give or take a day."""
        start, end = line.period
        if other:
            late = (other.period[0] - start).days, (other.period[1] - end).days
            if start == end or (abs(late[0]) <= 1 and -1 <= late[1] <= 2):
                return other.period
        next_day = end + timedelta(days=1)
        return start, next_day if (start, next_day) in self.cycles else end

    def vendor_side(self, line: Side, period: tuple[date, date]) -> dict:
        """What the vendor says."""
        row = line.printed.row
        boundary = period[0] if line.printed.is_prepay else period[1]
        return {
            "reconciliation_id": line.id,
            "invoice_number": line.number,
            "invoice_date": line.printed.invoice_date,
            "service_period_start": period[0],
            "service_period_end": period[1],
            "description": row["description"],
            "invoiced_quantity": line.quantity,
            "invoiced_amount": line.amount,
            "expected_invoice_date": self.answers.dates.get(line.number, boundary),
        }

    def unexpected_row(self, line: Side, *, has_ours: bool) -> dict:
        """A vendor line of which we have none."""
        reason = "not_expected"
        if line.currency and line.currency != self.answers.currency:
            reason = "currency_differs"
        elif line.product is None:
            reason = "unclassified"
        elif line.charge in ALONE:
            reason = {"credit": "credit", "earlier": "earlier_period", "again": "duplicate_line"}[
                line.charge
            ]
        elif line.is_repeated and has_ours:
            reason = "duplicate_line"
        return {
            **self.vendor_side(line, self.period_of(line, None)),
            "product_code": line.product or "unclassified",
            "charge_type": charge_type(line.printed),
            "expected_quantity": None,
            "expected_amount": None,
            "variance_amount": line.amount,
            "reason": reason,
        }

    @staticmethod
    def missing_row(ours: dict, day: date, reason: str) -> dict:
        """A line of ours that the vendor does not have."""
        copied = "product_code charge_type service_period_start service_period_end description"
        return {
            "reconciliation_id": ours["invoice_line_id"],
            "invoice_number": None,
            "invoice_date": day,
            **{name: ours[name] for name in copied.split()},
            "invoiced_quantity": None,
            "expected_quantity": ours["quantity"],
            "invoiced_amount": None,
            "expected_amount": ours["amount"],
            "variance_amount": -ours["amount"],
            "expected_invoice_date": day,
            "reason": reason,
        }


def meet(theirs: list[Side], ours: list[Side], agree) -> list[tuple[Side, Side]]:
    """The lines of both sides that agree, each once; they are taken off."""
    found = []
    for line in list(theirs):
        other = next((other for other in ours if agree(line, other)), None)
        if other:
            theirs.remove(line)
            ours.remove(other)
            found.append((line, other))
    return found


def rank(side: Side) -> tuple:
    """The order of lines: corrections, credits and repeated lines last, then price and amount."""
    breakout = side.printed.breakout if side.printed else None
    return (
        side.charge_type == "correction",
        side.amount < 0,
        side.is_repeated,
        breakout == "International",
        side.price is None,
        side.price or ZERO,
        side.amount,
        side.quantity is None,
        side.quantity or ZERO,
        side.place,
        side.id,
    )


def sum_of(sides) -> Decimal:
    """Printed less expected."""
    return sum((side.signed_amount for side in sides), ZERO)


def family_of(side: Side) -> str:
    """All charges of numbers, all taxes, else the product."""
    if (side.product or "").startswith("number_"):
        return "number"
    return "tax" if side.is_tax else side.group


def are_on_both_sides(group: str, sides: list[Side]) -> bool:
    """Whether the vendor and we have lines of a group."""
    return {bool(x.printed) for x in sides if x.group == group} == {True, False}


def is_of_one_charge(side: Side, product: list[Side]) -> bool:
    """Whether the units of a license agree over commitment and arrears, printed as one of them."""
    both = [x for x in product if x.charge in ("committed", "arrears")]
    if side not in both or side.product not in licensed():
        return False
    printed = {x.charge for x in both if x.printed}
    units = sum((x.quantity or ZERO) * (1 if x.printed else -1) for x in both)
    return units == 0 and len(printed) == 1 and {x.charge for x in both} != printed


def parts_of(theirs: list[Side]) -> set[str | None]:
    """The parts of a service."""
    return {side.printed.breakout for side in theirs}


def is_of_one_price(line: Side, other: Side) -> bool:
    """Whether the vendor prints a price, and it is ours."""
    return line.price is not None and line.price == other.price
