"""Which invoice of ours an invoice of the vendor answers, and what both sides are compared by.

1. An invoice of the vendor answers the one of ours, from 45 days before its date to 3 days after,
   with which it has most in common: a product counts 1, an equal amount of it 2 more, the part of
   its periods that are ours 3, those in arrears twice as much as those in advance, a date within
   ten days after ours 2, of the same day give or take one 2 more, of the very day 1 more, all
   products of ours 2, all of our taxes 2, less 3 where a number of that day or the one beside it
   bills all products that it has in common with ours; then the closest date. Credits say nothing,
   nor do lines that an earlier invoice has, if there are others. An invoice of which an earlier one
   has every charge but the taxes, by their periods, answers what that one answers, if it has at
   least half of the charges, and the periods are of that invoice of ours and not of the one that
   its own charges and date say.
2. A line of ours belongs to the number that has its product: prepay to the one with its prepay, of
   several equal ones as many as it prints of that amount, arrears to the one that bills it or
   anything in arrears, what is given back to the one that credits it; else to one with an unknown
   line of its amount; else to the earliest, then the smallest number. Of what two of one day both
   bill, the one with more equal amounts goes before the smaller number. An order belongs to another
   invoice of ours if its own number has it not, or not all of it, and one of those has it or the
   rest. What of a product is not as printed on several numbers is shared by them: our lines one
   behind the other, in units or in money, are cut where the shares end, and what is left is on the
   number that has most. A calling service that is not all there is cut by U.S. and International.
3. Both sides are compared by product and charge. Toll-free and Extended are part of Inbound and
   Outbound where the vendor has no such row; the levels of a tax that a number does not name are
   one sum where it prints a tax that names none. A tax that several numbers print is divided by
   what they bill, to the minor unit.
4. A credit, a line of an earlier period and one that an earlier invoice has stand alone, unless the
   product agrees as it is. An earlier number for the same invoice of ours has a line too if its
   period is the same or one of the two prints none, unless the numbers share our money or units, or
   an invoice of ours that none answers has all of the number; once the next cycle has ended it may
   be the next. An order does not recur: once what was ordered of a product is billed, the same
   amount on a later number is billed again.
5. Of a commitment in arrears a line without the word is the commitment if its price says so.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from itertools import accumulate
from typing import NamedTuple

from oracle import catalogue, usage
from oracle.meter import Meter
from oracle.money import MINOR_UNITS
from oracle.reader import Organization
from oracle.vendor_lines import VendorLine, group_code

ALONE = {"credit", "earlier", "again"}
TAX_WORDS = re.compile(
    r"\b(?:tax|taxes|vat|gst|hst|pst|mwst|ust|umsatzsteuer|iva|tva|btw)\b", re.IGNORECASE
)
BEFORE_TAXES = re.compile(r"\b(?:excl\w*|exempt|before|net|without|pre)\b", re.IGNORECASE)
NO_TAX = re.compile(
    r"\b(?:late|overdue|past due|interest|finance charges?|penalt(?:y|ies)|reminders?|dunning"
    r"|collection|payments?|returned|paper|convenience|processing|shipping|freight|handling"
    r"|delivery|installation|deposit|discount|verzug\w*|mahn\w*|zinsen)\b",
    re.IGNORECASE,
)
CREDIT = re.compile(r"\s*(?:credit|refund|correction|adjustment)", re.IGNORECASE)
FOLDED = {"telco_toll_free": "telco_inbound", "telco_extended_outbound": "telco_outbound"}


@dataclass
class Side:
    """A line of either side as it is compared."""

    id: str
    number: str
    group: str
    charge: str
    is_tax: bool
    quantity: Decimal | None
    price: Decimal | None
    amount: Decimal
    product: str | None
    period: tuple[date, date]
    currency: str | None
    charge_type: str | None = None
    is_waived: bool = False
    printed: VendorLine | None = None
    line: dict | None = None
    is_repeated: bool = False
    is_renamed: bool = False
    place: int = 0
    lone: str = ""
    is_one_of_several: bool = False

    @property
    def signed_amount(self) -> Decimal:
        """What it adds to printed less expected."""
        return self.amount if self.printed else -self.amount

    @property
    def lone_id(self) -> str | None:
        """The line, where it stands alone."""
        return (self.lone or self.id) if self.charge in ALONE or self.group == "unknown" else None

    @property
    def is_call(self) -> bool:
        """Whether it is of a calling service."""
        return (self.product or "").startswith("telco_")


class Closest(NamedTuple):
    """The date of an invoice of ours, and how many charges of the vendor have its amounts."""

    day: date
    equal: int


class Moved(NamedTuple):
    """Where an order is billed: the date of an invoice of ours and a number that answers it."""

    day: date
    number: str
    is_rest: bool


class Order(NamedTuple):
    """What the numbers of its own day leave of an order."""

    day: date
    amount: Decimal
    quantity: Decimal | None
    is_rest: bool
    is_answered: bool


class Candidate(NamedTuple):
    """An invoice of ours that a number may answer, and what they have in common."""

    score: int
    taxes: int
    late: int
    day: date
    equal: int
    products: frozenset[tuple]


class Answers:
    """The vendor's invoices of an organization, each with what it answers."""

    def __init__(
        self,
        org: Organization,
        lines: list[dict],
        theirs: list[VendorLine],
        meters: Sequence[Meter] = (),
    ):
        self.org = org
        self.meters = {meter.cycle.start: meter for meter in meters}
        self.theirs = theirs
        self.final = [line for line in lines if line["invoice_status"] == "final"]
        self.currency = org.spans[0].contract.currency if org.spans else None
        self.foreign = {x.number for x in theirs if x.row["currency"] not in (None, self.currency)}
        self.firsts: dict[tuple, date] = {}
        for line in theirs:
            if line.amount and line.number not in self.foreign:
                key = charge_of(line)
                self.firsts[key] = min(line.invoice_date, self.firsts.get(key, line.invoice_date))
        self.again = {id(line) for line in theirs if self.is_billed_again(line)}
        self.by_number: dict[str, list[VendorLine]] = defaultdict(list)
        for line in theirs:
            self.by_number[line.number].append(line)
        found = {
            number: Closest(*best[-2:]) if best else None
            for number, best in self.answered_dates().items()
        }
        for number, rows in self.by_number.items():
            if (first := self.repeated_number(rows)) and (close := found[first]):
                own = found[number]
                periods = [line.period for line in rows if id(line) in self.again]
                is_own = own and own.day != close.day and self.has_period(own.day, periods)
                if self.has_period(close.day, periods) and not is_own:
                    found[number] = Closest(close.day, own.equal if own else 0)
        self.dates = {number: close.day for number, close in found.items() if close}
        self.equal_amounts = {number: close.equal for number, close in found.items() if close}
        self.orders = self.orders_moved()
        self.again_for_ours = {id(line) for line in theirs if self.is_again_for_ours(line)}
        self.ours: dict[str, list[Side]] = defaultdict(list)
        self.unanswered: list[dict] = []
        self.assign()
        self.share_products()
        self.divide_taxes()
        self.printed = {number: list(self.charged(number)) for number in self.by_number}

    def is_billed_again(self, line: VendorLine) -> bool:
        """Whether an earlier invoice has the charge, both periods give or take a day."""
        if not line.amount or line.number in self.foreign:
            return False
        *same, quantity, (start, end) = charge_of(line)
        first = self.firsts[charge_of(line)]
        if line.invoice_date > first:
            return True
        return any(
            other == same
            and (None in (quantity, units) or quantity == units)
            and abs((since - start).days) <= 2
            and abs((until - end).days) <= 2
            and dated < first
            for (*other, units, (since, until)), dated in self.firsts.items()
        )

    def first_number(self, line: VendorLine) -> str:
        """The earliest invoice that has the charge of a line, with its period."""
        *same, quantity, (start, end) = charge_of(line)
        return min(
            (other.invoice_date, other.number)
            for other in self.theirs
            if other.number not in self.foreign
            and [other.named, other.is_prepay, other.amount] == same
            and (None in (quantity, other.quantity) or quantity == other.quantity)
            and abs((other.period[0] - start).days) <= 2
            and abs((other.period[1] - end).days) <= 2
        )[1]

    def repeated_number(self, rows: list[VendorLine]) -> str | None:
        """The earlier invoice that the lines of one are, if all but taxes are on earlier ones."""
        again = [line for line in rows if id(line) in self.again]
        if not all(id(line) in self.again or is_tax(line) or not line.amount for line in rows):
            return None
        if not any(line.row["service_period_start"] for line in again):
            return None
        first = self.first_number(max(again, key=lambda line: line.amount))
        charges, of_first = (
            sum(bool(line.amount) and not is_tax(line) for line in found)
            for found in (rows, self.by_number[first])
        )
        return first if 2 * charges >= of_first else None

    def has_period(self, day: date, printed: list[tuple[date, date]]) -> bool:
        """Whether an invoice of ours is of the printed period, by a charge or by its cycle."""
        start, end = min(since for since, _ in printed), max(until for _, until in printed)
        ours = [
            (line["service_period_start"], line["service_period_end"])
            for line in self.final
            if line["invoice_date"] == day and not line["product_code"].startswith("tax_")
        ]
        ours += [(cycle.start, cycle.end) for cycle in self.org.cycles if cycle.end == day]
        return any(
            abs((since - start).days) <= 2 and abs((until - end).days) <= 2 for since, until in ours
        )

    def is_again_for_ours(self, line: VendorLine) -> bool:
        """Whether it is billed again, seen from the invoice of ours that it is compared with."""
        if id(line) not in self.again or self.is_order_again(line):
            return self.is_of_first(line) or self.is_order_again(line)
        day = self.dates.get(line.number)
        is_same = day is not None and self.dates.get(self.first_number(line)) == day
        return not (is_same and self.is_shared(line, day))

    def is_of_first(self, line: VendorLine) -> bool:
        """Whether a number before it for the same invoice of ours has the charge."""
        day = self.dates.get(line.number)
        if day is None or not line.amount or line.number in self.foreign:
            return False
        ends = [cycle.end for cycle in self.org.cycles if cycle.start <= day < cycle.end]
        if ends and line.invoice_date + timedelta(days=3) >= ends[0]:
            return False
        mine = self.order_of(line.number)
        if self.is_shared(line, day) or self.is_of_unanswered(line):
            return False
        return any(
            other.number not in self.foreign
            and self.dates.get(other.number) == day
            and self.order_of(other.number) < mine
            and (other.named, other.is_prepay, other.amount)
            == (line.named, line.is_prepay, line.amount)
            and (None in (other.quantity, line.quantity) or other.quantity == line.quantity)
            and (
                None in (other.row["service_period_start"], line.row["service_period_start"])
                or all(
                    abs((b - a).days) <= 2 for a, b in zip(other.period, line.period, strict=True)
                )
            )
            for other in self.theirs
        )

    def is_order_again(self, line: VendorLine) -> bool:
        """Whether all that was ordered of a product by then is billed, and this amount of it."""
        own = [x for x in self.final if group_code(x["product_code"]) == line.named]
        own = [x for x in own if x["charge_type"] != "prepay"]
        if line.is_prepay or line.number in self.foreign or not own or line.amount <= 0:
            return False
        if any(x["charge_type"] != "one_time" for x in own):
            return False
        in_all = sum(x["amount"] for x in own)
        place = self.place_of(line, in_all)
        before = [
            x
            for x in self.theirs
            if x.named == line.named
            and not x.is_prepay
            and x.amount > 0
            and x.number not in self.foreign
            and self.place_of(x, in_all) < place
        ]
        until = line.invoice_date + timedelta(days=3)
        ordered = sum(x["amount"] for x in own if x["invoice_date"] <= until)
        return sum(x.amount for x in before) >= ordered and any(
            x.amount == line.amount and x.number != line.number for x in before
        )

    def place_of(self, line: VendorLine, in_all: Decimal) -> tuple:
        """The place of a line among all that the vendor billed of what is ordered; on a number
        those of more than that come last."""
        number = smallest(line.number)
        return line.invoice_date, number, line.amount > in_all, self.theirs.index(line)

    def is_of_unanswered(self, line: VendorLine) -> bool:
        """Whether an invoice of ours that no number answers has every charge of its number."""
        charges = [x for x in self.by_number[line.number] if x.amount and not is_tax(x)]
        return any(
            all(
                (charge.is_prepay or (day, charge.named) not in self.orders)
                and (owed := self.owed(charge, day))
                and sum(x["amount"] for x in owed) == charge.amount
                for charge in charges
            )
            for day in {x["invoice_date"] for x in self.final} - {*self.dates.values()}
            if charges and -3 <= (line.invoice_date - day).days <= 45
        )

    def owed(self, line: VendorLine, day: date) -> list[dict]:
        """What an invoice of ours has of a charge."""
        return [
            x
            for x in self.final
            if x["invoice_date"] == day
            and group_code(x["product_code"]) == line.named
            and (x["charge_type"] == "prepay") == line.is_prepay
        ]

    def is_shared(self, line: VendorLine, day: date) -> bool:
        """Whether all numbers for an invoice of ours have together its money or its units."""
        billed = [
            x
            for x in self.theirs
            if self.dates.get(x.number) == day
            and x.number not in self.foreign
            and (x.named, x.is_prepay) == (line.named, line.is_prepay)
        ]
        owed = [
            x
            for x in self.final
            if self.answered_day(x) == day
            and group_code(x["product_code"]) == line.named
            and (x["charge_type"] == "prepay") == line.is_prepay
        ]
        if not owed or any(x.amount < 0 for x in billed):
            return False
        units = [x.quantity for x in billed]
        is_of_units = None not in units and sum(units) == sum(x["quantity"] for x in owed)
        is_of_money = sum(x.amount for x in billed) == sum(x["amount"] for x in owed)
        return is_of_money or (is_of_units and not is_tax(line))

    def order_of(self, number: str) -> tuple:
        """The place of a number among those that bill the same of one invoice of ours."""
        dated = min(line.invoice_date for line in self.by_number[number])
        return dated, -self.equal_amounts[number], smallest(number)

    def answered_dates(self) -> dict[str, tuple | None]:
        """The invoice of ours that each number answers."""
        candidates = {number: self.candidates(rows) for number, rows in self.by_number.items()}
        return {
            number: min(
                (
                    (
                        3000 * self.is_billed_on_the_day(one, candidates) - one.score,
                        *(-one.taxes, one.late, one.day, one.equal),
                    )
                    for one in found
                ),
                default=None,
            )
            for number, found in candidates.items()
        }

    @staticmethod
    def is_billed_on_the_day(one: Candidate, candidates: dict[str, list[Candidate]]) -> bool:
        """Whether a number that is closer, within a day, bills the same products of an invoice."""
        return one.equal > 0 and any(
            other.day == one.day
            and other.late <= 1
            and other.late < one.late
            and other.equal > 0
            and other.products >= one.products
            for found in candidates.values()
            for other in found
        )

    def candidates(self, rows: list[VendorLine]) -> list[Candidate]:
        """The invoices of ours that some lines of one number may answer."""
        printed: dict[tuple, list[VendorLine]] = defaultdict(list)
        is_all_again = all(id(line) in self.again for line in rows)
        for line in rows:
            if is_all_again or id(line) not in self.again:
                is_known = line.product or named_group(line) or is_tax(line)
                printed[line.named if is_known else line.amount, line.is_prepay].append(line)
        ours: dict[date, dict[tuple, list[dict]]] = defaultdict(lambda: defaultdict(list))
        for line in self.final:
            key = group_code(line["product_code"]), line["charge_type"] == "prepay"
            ours[line["invoice_date"]][key].append(line)
        amounts = {
            day: {
                sum(x["amount"] for x in lines)
                for (code, _), lines in by_key.items()
                if not code.startswith("tax_")
            }
            for day, by_key in ours.items()
        }
        ranked = []
        for day in ours if printed else ():
            late = (rows[0].invoice_date - day).days
            if not -3 <= late <= 45:
                continue
            score = 2 * (0 <= late <= 10) + 2 * (abs(late) <= 1) + (late == 0)
            periods, in_period, taxes, found, equal = 0, 0, 0, 0, 0
            products = set()
            for key, lines in printed.items():
                has_period = not is_tax(lines[0]) and any(
                    line.row["service_period_start"] for line in lines
                )
                periods += has_period * (2 - key[1])
                if isinstance(key[0], Decimal) and not key[1] and key[0] in amounts[day]:
                    # Words that name no product are found by their amount.
                    is_whole = len(lines) == 1 and key[0] != 0
                    score += 1 + 2 * is_whole
                    equal += is_whole
                    found += 1
                    products.add(key)
                if not (same := ours[day].get(key)):
                    continue
                amount = sum(line.amount for line in lines)
                owed = sum(x["amount"] for x in same)
                if amount < 0 <= owed:
                    continue
                is_equal = amount == owed
                if not same[0]["product_code"].startswith("tax_"):
                    found += 1
                    products.add(key)
                taxes += is_equal and is_tax(lines[0])
                is_equal_charge = amount != 0 and is_equal and not is_tax(lines[0])
                score += 1 + 2 * is_equal_charge
                equal += is_equal_charge
                starts = (
                    min(line.period[0] for line in lines),
                    min(x["service_period_start"] for x in same),
                )
                is_ours = abs((starts[0] - starts[1]).days) <= 1
                if key[1]:
                    ends = (
                        max(line.period[1] for line in lines),
                        max(x["service_period_end"] for x in same),
                    )
                    is_ours = is_ours and abs((ends[0] - ends[1]).days) <= 2
                in_period += (has_period and is_ours) * (2 - key[1])
            untaxed = [key for key in ours[day] if not key[0].startswith("tax_")]
            score += 2 * (bool(untaxed) and found == len(untaxed))
            levels = len(ours[day]) - len(untaxed)
            score += 2 * (levels > 0 and taxes == levels)
            score = 1000 * score + (3000 * in_period // periods if periods else 0)
            ranked.append(Candidate(score, taxes, abs(late), day, equal, frozenset(products)))
        return ranked

    def said(self, number: str, product: str) -> list[VendorLine]:
        """What a number has of a product in arrears, but for what an earlier one has."""
        rows = self.by_number[number]
        fresh = [x for x in rows if id(x) not in self.again] or rows
        return [x for x in fresh if x.named == product and not x.is_prepay]

    def orders_moved(self) -> dict[tuple[date, str], Moved]:
        """Where the orders of a day and product are billed that are not where they belong."""
        ours: dict[tuple[date, str], list[dict]] = defaultdict(list)
        for line in self.final:
            if line["charge_type"] != "prepay":
                ours[line["invoice_date"], group_code(line["product_code"])].append(line)
        left = {
            key: rest
            for key, lines in ours.items()
            if all(is_order(x) for x in lines) and (rest := self.unbilled(*key, lines))
        }
        found: dict[tuple[date, str], Moved] = {}
        exact = {
            (day, product)
            for (day, product), order in left.items()
            if any(
                self.has_amount(order, number, product, ours[answered, product])
                for number, answered in self.dates.items()
                if answered != day and self.is_in_reach(day, number, product)
            )
        }
        together = {key: order for key, order in left.items() if key not in exact}
        for (day, product), order in left.items():
            ranked = [
                (*rank, answered, self.order_of(number), number)
                for number, answered in self.dates.items()
                if answered != day and self.is_in_reach(day, number, product)
                for rank in self.rank(order, number, product, ours[answered, product], together)
            ]
            if ranked:
                *_, answered, _, number = min(ranked)
                found[day, product] = Moved(answered, number, order.is_rest)
        return found | self.moved_along(ours, found)

    def moved_along(
        self, ours: dict[tuple[date, str], list[dict]], found: dict[tuple[date, str], Moved]
    ) -> dict[tuple[date, str], Moved]:
        """What is on invoices of orders alone beside those that are billed elsewhere."""
        answered = {day for number, day in self.dates.items() if number not in self.foreign}
        moved = {}
        for day in {day for day, _ in found} - answered:
            if self.is_of_orders(day):
                amounts = {
                    product: sum(x["amount"] for x in ours[day, product])
                    for of_day, product in found
                    if of_day == day
                }
                most = found[day, max(amounts, key=amounts.__getitem__)]
                for of_day, product in ours:
                    if of_day == day and (day, product) not in found:
                        moved[day, product] = Moved(most.day, most.number, False)
        return moved

    def unbilled(self, day: date, product: str, lines: list[dict]) -> Order | None:
        """What the numbers of its own day leave of an order."""
        amount, quantity = (sum(x[key] for x in lines) for key in ("amount", "quantity"))
        numbers = [n for n, answered in self.dates.items() if answered == day]
        rows = []
        for number in set(numbers) - self.foreign:
            unknown = [x for x in self.by_number[number] if not (named_group(x) or is_tax(x))]
            rows += self.said(number, product)
            rows += [x for x in unknown if x.amount == amount and not x.is_prepay]
        if not rows or sum(x.amount for x in rows) < 0:
            return Order(day, amount, quantity, False, bool(numbers))
        told = [x.quantity for x in rows if x.quantity is not None]
        has = sum(x.amount for x in rows)
        if has >= amount or (told and sum(told) >= quantity):
            return None
        return Order(day, amount - has, quantity - sum(told) if told else None, True, True)

    def is_of_orders(self, day: date) -> bool:
        """Whether an invoice of ours has orders alone, and their taxes."""
        lines = [x for x in self.final if x["invoice_date"] == day]
        return all(is_order(x) or x["charge_type"] == "tax" for x in lines)

    def is_in_reach(self, day: date, number: str, product: str) -> bool:
        """Whether a number has a product that was ordered on a day, and may bill the order."""
        dated = min(line.invoice_date for line in self.by_number[number])
        rows = self.said(number, product)
        is_credit = sum(x.amount for x in rows) < 0
        is_in_time = day <= dated and (self.dates[number] - day).days <= 100
        return bool(rows) and not is_credit and is_in_time

    def has_amount(self, order: Order, number: str, product: str, others: list[dict]) -> bool:
        """Whether it, or all numbers for its invoice of ours, have the money of an order."""
        if order.is_rest and others:
            return False
        wanted = order.amount + sum(x["amount"] for x in others)
        same = [n for n, day in self.dates.items() if day == self.dates[number]]
        same = [n for n in same if self.is_in_reach(order.day, n, product)]
        amounts = {n: sum(x.amount for x in self.said(n, product)) for n in same}
        return wanted in (amounts[number], sum(amounts.values()))

    def rank(
        self,
        order: Order,
        number: str,
        product: str,
        others: list[dict],
        together: dict[tuple[date, str], Order],
    ) -> list[tuple[bool, Decimal]]:
        """Whether only the product agrees, and how far the money is off; empty if nothing does."""
        rows, answered = self.said(number, product), self.dates[number]
        billed = sum(x.amount for x in rows)
        amount = billed - sum(x["amount"] for x in others)
        off = abs(amount - order.amount)
        if order.is_rest and others:
            return []
        all_of_it = sum(
            other.amount
            for (day, ordered), other in together.items()
            if ordered == product and day != answered and self.is_in_reach(day, number, product)
        )
        is_together = (order.day, product) in together and amount == all_of_it
        if self.has_amount(order, number, product, others) or is_together:
            return [(False, off)]
        if answered < order.day or self.is_of_orders(answered):
            return []
        different = {
            (x.row["description"], x.quantity, x.price, x.amount, x.period[0]): x.quantity
            for x in rows
        }
        prices = {x.price for x in rows} - {None}
        monthly_price = max((x["unit_price"] for x in others), default=None)
        units = [sum(units or 0 for units in different.values())]
        if not prices <= {monthly_price}:
            units.append(sum(x.quantity or 0 for x in rows))
        beside = sum(x["quantity"] for x in others)
        if order.quantity is not None and beside + order.quantity in units:
            return [(False, off)]
        is_any = not others and not order.is_answered and billed != 0
        return [(True, off)] if is_any else []

    def assign(self) -> None:
        """Give each final line of ours the number it belongs to."""
        by_date: dict[date, list[str]] = defaultdict(list)
        for number, day in self.dates.items():
            by_date[day].append(number)
        places: dict[tuple, int] = defaultdict(int)
        for line in sorted(self.final, key=lambda x: x["invoice_line_id"]):
            answered = self.answered_day(line)
            numbers = [n for n in by_date[answered] if n not in self.foreign] or by_date[answered]
            if not numbers:
                self.unanswered.append(line)
                continue
            group = self.group_of(line, numbers)
            of_group = (
                x
                for x in self.final
                if self.answered_day(x) == answered and self.group_of(x, numbers) == group
            )
            is_one_of_several = len(list(of_group)) > 1
            is_prepay = line["charge_type"] == "prepay"
            equals = (answered, group, is_prepay, line["amount"])
            printers = self.printers_of(group, is_prepay, line["amount"], numbers)
            paired = printers[places[equals] :][:1]
            places[equals] += 1
            if not is_one_of_several:
                paired = []
            number = min(numbers, key=lambda n: self.distance(line, group, n, n in paired))
            is_tax = line["product_code"].startswith("tax_")
            charge = line["charge_type"]
            self.ours[number].append(
                Side(
                    id=line["invoice_line_id"],
                    number=number,
                    group=group,
                    charge=own_charge(line),
                    is_tax=is_tax,
                    quantity=line["quantity"],
                    price=line["unit_price"],
                    amount=line["amount"],
                    product=line["product_code"],
                    period=(line["service_period_start"], line["service_period_end"]),
                    currency=line["currency"],
                    charge_type=charge,
                    is_waived=line["is_waived"],
                    line=line,
                    is_one_of_several=is_one_of_several,
                )
            )

    def printers_of(
        self, group: str, is_prepay: bool, amount: Decimal, numbers: list[str]
    ) -> list[str]:
        """The number of each printed line of a product and amount, but of invoices issued anew."""
        found = []
        for number in sorted(numbers, key=self.order_of):
            rows = self.by_number[number]
            if 2 * sum(id(x) in self.again_for_ours for x in rows) <= len(rows):
                found += [
                    number
                    for x in rows
                    if (named_group(x), x.is_prepay, x.amount) == (group, is_prepay, amount)
                ]
        return found

    def answered_day(self, line: dict) -> date:
        """The date of the invoice of ours that a line of ours is billed with."""
        key = line["invoice_date"], group_code(line["product_code"])
        moved = None if line["charge_type"] == "prepay" else self.orders.get(key)
        return moved.day if moved and not moved.is_rest else line["invoice_date"]

    def share_products(self) -> None:
        """Cut our lines of a product where several numbers print other than what they have."""
        runs: dict[tuple, list[Side]] = defaultdict(list)
        for number, sides in self.ours.items():
            for side in sides:
                if not side.is_tax and not side.is_waived and side.amount >= 0:
                    is_prepay = side.charge_type == "prepay"
                    runs[self.dates[number], side.group, is_prepay].append(side)
        for (day, group, is_prepay), sides in runs.items():
            printed = self.printed_of(day, group, is_prepay)
            owed = {n: [x.amount for x in sides if x.number == n] for n in printed}
            open_rows = {}
            for n, rows in printed.items():
                charges = [x for x in rows if x.amount >= 0]
                sums = {sum(x.amount for x in found) for found in (rows, charges)}
                if charges and not (owed[n] and sum(owed[n]) in sums):
                    open_rows[n] = charges
            lines = [x for x in sides if x.number in open_rows]
            if len(open_rows) > 1 and lines:
                self.share_lines(lines, open_rows, {n: sum(owed[n]) for n in open_rows})

    def printed_of(self, day: date, group: str, is_prepay: bool) -> dict[str, list[VendorLine]]:
        """The lines of a product, by number of the day, and that with the rest of an order."""
        numbers = [n for n, answered in self.dates.items() if answered == day]
        numbers = [n for n in numbers if n not in self.foreign] or numbers
        moved = self.orders.get((day, group))
        if moved and moved.is_rest and not is_prepay:
            numbers.append(moved.number)
        printed = {
            number: [
                x
                for x in self.by_number[number]
                if named_group(x) == group
                and x.is_prepay == is_prepay
                and id(x) not in self.again_for_ours
            ]
            for number in numbers
        }
        return {number: rows for number, rows in printed.items() if rows}

    def share_lines(
        self,
        lines: list[Side],
        printed: dict[str, list[VendorLine]],
        owed: dict[str, Decimal],
    ) -> None:
        """Give each number its share of our lines, in units or in money."""
        unit = Decimal(1).scaleb(-MINOR_UNITS[lines[0].currency])
        amounts = {n: sum(x.amount for x in rows) for n, rows in printed.items()}
        units: dict[str, Decimal | None] = {}
        for number, rows in printed.items():
            told = [x.quantity for x in rows]
            is_told = None not in told and min(told) >= 0
            units[number] = sum(told) if is_told else None
        is_call = any(x.is_call for x in lines)
        billed = sum(amounts.values()) - sum(x.amount for x in lines)
        is_of_our_money = abs(billed) <= len(amounts) * unit
        is_more = sum(x or 0 for x in units.values()) > sum(x.quantity for x in lines)
        is_by_units = (
            not is_call
            and None not in units.values()
            and all(worth(x.quantity, x.price, unit) == x.amount for x in lines)
            and not (is_more and is_of_our_money)
        )
        parts, is_compared = {}, False
        if is_call and len(lines) == 1:
            parts, is_compared = self.parts_of_calls(lines[0], printed, amounts, unit)
        shares = dict(units if is_by_units else amounts)
        if is_compared:
            shares = {n: money for n, (_, money) in parts.items()}
        whole = sum(x.quantity if is_by_units else x.amount for x in lines)
        left = whole - sum(shares.values())
        is_rounding = not is_by_units and abs(left) <= len(shares) * unit
        are_same_calls = is_call and None not in units.values()
        are_same_calls &= sum(x or 0 for x in units.values()) == sum(x.quantity for x in lines)
        if left < 0 and not is_rounding and not are_same_calls:
            return
        price = min(x.price for x in lines)
        order = sorted(
            shares,
            key=lambda n: (
                not is_by_units and (price == 0 or shares[n] % price != 0),
                round_to(amounts[n] / units[n], 4) if units[n] else Decimal(-1),
                -shares[n],
                n,
            ),
        )
        main = min(shares, key=lambda n: (-owed[n], n))
        if left > 0 or is_rounding:
            shares[main] = max(shares[main] + left, Decimal(0))
        minutes = {}
        if len(lines) == 1:
            for number in shares:
                told = None if is_compared else units[number]
                minutes[number] = parts[number][0] if told is None and parts else told
        ends = dict(zip(order, accumulate(shares[n] for n in order), strict=True))
        end = Decimal(0)
        for line in sorted(lines, key=lambda x: (x.price, -x.quantity, x.id)):
            size = line.quantity if is_by_units else line.amount
            start, end = end, end + size
            pieces = [
                (min(end, ends[n]) - max(start, ends[n] - shares[n]), ends[n] - shares[n], n)
                for n in order
                if end > ends[n] - shares[n] and start < ends[n]
            ]
            self.cut(line, pieces, is_by_units, minutes, unit)

    def cut(
        self,
        line: Side,
        pieces: list[tuple[Decimal, Decimal, str]],
        is_by_units: bool,
        minutes: dict[str, Decimal | None],
        unit: Decimal,
    ) -> None:
        """Make a piece of a line for each number; the largest has what the others leave."""
        if not pieces:
            return
        own: dict[str, tuple[Decimal, Decimal]] = {}
        main = min(pieces, key=lambda piece: (-piece[0], piece[1]))[2]
        for size, _, number in pieces:
            if number == main:
                continue
            if is_by_units:
                own[number] = size, worth(size, line.price, unit)
            elif line.is_call:
                told = minutes.get(number)
                own[number] = (line.quantity * size / line.amount if told is None else told), size
            else:
                own[number] = size / line.price, size
            own[number] = round_to(own[number][0], 6), own[number][1]
        own[main] = (
            line.quantity - sum(quantity for quantity, _ in own.values()),
            line.amount - sum(amount for _, amount in own.values()),
        )
        self.share(line, main, own)

    def parts_of_calls(
        self,
        line: Side,
        printed: dict[str, list[VendorLine]],
        amounts: dict[str, Decimal],
        unit: Decimal,
    ) -> tuple[dict[str, tuple[Decimal, Decimal]], bool]:
        """Ours of the part of a service that each number has, and whether it is held to that."""
        of_number = {n: {x.breakout for x in rows} for n, rows in printed.items()}
        told = [next(iter(found)) for found in of_number.values() if len(found) == 1]
        if None in told or len(set(told)) < len(printed):
            return {}, False
        meter = self.meters[line.period[0]]
        calls = [
            call
            for call in meter.calls[line.product.removeprefix("telco_")]
            if usage.is_international(call)
        ]
        abroad = sum((call["total_cost"] for call in calls), Decimal(0))
        abroad = abroad.quantize(unit, ROUND_HALF_UP)
        minutes = meter.minutes(calls)
        parts = {
            "U.S.": (line.quantity - minutes, line.amount - abroad),
            "International": (minutes, abroad),
        }
        is_all = abs(sum(amounts.values()) - line.amount) <= len(printed) * unit
        own = {n: parts[next(iter(found))] for n, found in of_number.items()}
        return own, not is_all and line.group != "telco_inbound"

    def share(self, side: Side, main: str, own: dict[str, tuple[Decimal, Decimal]]) -> None:
        """Make of a line of ours one for each number."""
        if side.number != main:
            self.ours[side.number].remove(side)
            self.ours[main].append(side)
        for number, (quantity, amount) in own.items():
            part = side if number == main else replace(side, id=f"{side.id}/{number}")
            part.number, part.quantity, part.amount = number, quantity, amount
            changed = {"invoice_line_id": part.id, "quantity": quantity, "amount": amount}
            part.line = side.line | changed
            if part is not side:
                self.ours[number].append(part)

    def divide_taxes(self) -> None:
        """Give each number that prints a tax its part of ours."""
        billed: dict[tuple, Decimal] = defaultdict(Decimal)
        for number, sides in self.ours.items():
            for side in sides:
                if not side.is_tax:
                    billed[side.line["invoice_date"], number] += side.amount
        taxes = [side for sides in self.ours.values() for side in sides if side.is_tax]
        owed: dict[tuple[str, str | None], Decimal] = defaultdict(Decimal)
        for side in taxes:
            owed[side.number, self.printed_as(side, side.number)] += side.amount
        for side in taxes:
            self.divide(side, side.number, billed, owed)

    def printed_as(self, side: Side, number: str) -> str | None:
        """How a number prints a tax: by its level, in one sum, not beside others, or none."""
        level = group_code(side.product)
        rows = [x for x in self.by_number[number] if id(x) not in self.again_for_ours]
        is_taxing = any(is_tax(x) for x in rows)
        named = (name for name in (level, "tax") if self.taxes_of(number, name))
        return next(named, level if is_taxing else None)

    def divide(
        self,
        side: Side,
        main: str,
        billed: dict[tuple, Decimal],
        owed: dict[tuple[str, str | None], Decimal],
    ) -> None:
        """Take from a tax what the other numbers that print it bill themselves."""
        groups = {
            number: group
            for number in {n for day, n in billed if day == side.line["invoice_date"]} | {main}
            if (group := self.printed_as(side, number))
        }
        side.group = groups.get(main, side.group)
        if main not in groups:
            return
        printed = {n: sum(self.taxes_of(n, group)) for n, group in groups.items()}
        if printed[main] == owed[main, groups[main]]:
            return
        bases = {number: billed[side.line["invoice_date"], number] for number in printed}
        bases[main] += side.quantity - sum(bases.values())
        exact = {n: base * side.price for n, base in bases.items() if base or n == main}
        unit = Decimal(1).scaleb(-MINOR_UNITS[side.currency])
        parts = {
            n: (share / unit).to_integral_value(ROUND_FLOOR) * unit for n, share in exact.items()
        }
        order = sorted(parts, key=lambda n: (printed[n] != parts[n] + unit, parts[n] - exact[n], n))
        for number in order[: int((side.amount - sum(parts.values())) / unit)]:
            parts[number] += unit
        parts[main] = side.amount - sum(parts[number] for number in parts if number != main)
        self.share(side, main, {n: (bases[n], parts[n]) for n in parts})
        for number in parts:
            for part in self.ours[number]:
                if part.id in (side.id, f"{side.id}/{number}"):
                    part.group = groups[number]

    def taxes_of(self, number: str, group: str) -> list[Decimal]:
        """What a number prints of a tax and no earlier invoice has."""
        return [
            row.amount
            for row in self.by_number[number]
            if is_tax(row) and named_group(row) == group and id(row) not in self.again_for_ours
        ]

    def group_of(self, line: dict, numbers: list[str]) -> str:
        """What a line of ours is compared by, as the vendor prints its invoice."""
        product = line["product_code"]
        groups = {named_group(x) for number in numbers for x in self.by_number[number]}
        whole = FOLDED.get(product)
        is_folded = whole and whole in groups and product not in groups
        return whole if is_folded else group_code(product)

    def distance(self, line: dict, group: str, number: str, has_line: bool) -> tuple:
        """How far a number is from a line of ours; the least counts."""
        rows = self.by_number[number]
        is_credit = line["amount"] < 0
        has_prepay = any(x.is_prepay and x.amount >= 0 and named_group(x) == group for x in rows)
        is_prepaid = line["charge_type"] == "prepay" and not is_credit and has_prepay
        has_product = any(named_group(x) == group and (x.amount < 0) == is_credit for x in rows)
        is_equal = any(named_group(x) is None and x.amount == line["amount"] for x in rows)
        dated = min(x.invoice_date for x in rows)
        in_arrears = [x for x in rows if not x.is_prepay]
        is_arrears = line["charge_type"] != "prepay"
        has_arrears = (
            is_arrears
            and not is_credit
            and any(named_group(x) == group and x.amount >= 0 for x in in_arrears)
        )
        has_any = (
            is_arrears
            and not line["product_code"].startswith("tax_")
            and any(not is_tax(x) for x in in_arrears)
        )
        names = {group, "tax"} if line["product_code"].startswith("tax_") else {group}
        is_in_sum = any(
            "tax" in names and named_group(x) == "tax" and (x.amount < 0) == is_credit for x in rows
        )
        is_billed = any(named_group(x) in names and x.amount >= 0 for x in rows)
        billing = (0, *self.order_of(number)) if is_billed else (1,)
        return (
            *(not is_prepaid, not has_line, not has_arrears, not has_any),
            *(not has_product, not is_in_sum, not is_equal, billing, dated, smallest(number)),
        )

    def charged(self, number: str) -> list[Side]:
        """The printed lines of a number with the charge they are compared by."""
        rows, ours = self.by_number[number], self.ours[number]
        self.tell_prepay(rows, ours)
        start = self.start_of_arrears(number, ours)
        groups = {x.group for x in ours}
        amounts = {x.amount for x in ours if x.amount and not x.is_tax}
        dated = [x for x in rows if x.row["service_period_start"] and x.amount]
        is_any_in_period = start and (
            any(abs((x.period[0] - start).days) <= 1 for x in dated)
            or not any(
                named_group(x) in groups if named_group(x) else x.amount in amounts for x in dated
            )
        )
        seen, sides = set(), []
        for place, row in enumerate(sorted(rows, key=lambda x: (x.row.file, x.row.number)), 1):
            group = named_group(row) or "unknown"
            same = [x for x in ours if x.group == group]
            side = Side(
                id=f"{row.row.file}/{row.row.number}",
                number=number,
                group=group,
                charge=self.charge_of_line(row, group, same, rows),
                is_tax=is_tax(row),
                quantity=row.quantity,
                price=row.price,
                amount=row.amount,
                product=row.product,
                period=row.period,
                currency=row.row["currency"],
                printed=row,
                place=place,
            )
            is_before = (
                start is not None
                and (row.period[0] - start).days < -1
                and (row.period[1] - start).days <= 1
            )
            is_agreed = self.is_agreed(row, group, same, rows)
            has_negative = any(
                x.amount < 0 and (is_in_advance(x) == row.is_prepay or x.amount == row.amount)
                for x in same
            )
            is_credit = not side.is_tax or CREDIT.match(row.row["description"])
            if row.amount < 0 and not has_negative and not is_agreed and is_credit:
                side.charge = "credit"
            elif self.is_again(row, same, rows) and not is_agreed:
                side.charge = "again"
            elif (
                is_before
                and is_any_in_period
                and not is_agreed
                and not self.is_agreed(row, group, same, [x for x in rows if x.amount >= 0])
                and not side.is_tax
            ):
                side.charge = "earlier"
            key = (
                *(side.group, side.charge, row.breakout, row.quantity, row.price, row.amount),
                *(row.period[0], row.row["description"]),
            )
            side.is_repeated = key in seen
            seen.add(key)
            sides.append(side)
        return sides

    def start_of_arrears(self, number: str, ours: list[Side]) -> date | None:
        """Where the cycle begins that lines of ours bill in arrears."""
        monthly = [x for x in ours if not x.is_tax and not is_in_advance(x)]
        usage = [x.period[0] for x in monthly if x.charge_type != "one_time"]
        of_orders = [x.period[0] for x in monthly if x.charge_type == "one_time"]
        in_advance = [x.period[0] for x in ours if x.charge == "prepay"]
        dated = self.dates.get(number)
        of_cycle = [cycle.start for cycle in self.org.cycles if ours and cycle.end == dated]
        return min(usage or of_cycle or of_orders or in_advance, default=None)

    def tell_prepay(self, rows: list[VendorLine], ours: list[Side]) -> None:
        """Take a line for prepay that no word says how it is charged, if all else says so.

        Nothing of its product may say so either, and we have prepay of it. It is the line of the
        period of prepay, where we have nothing else or another line is of arrears; or the one at
        its price, where not all of several are, or with its quantity.
        """
        for group in {x.group for x in ours if is_in_advance(x)}:
            theirs = [x for x in rows if (named_group(x) or "unknown") == group]
            same = [x for x in ours if x.group == group]
            paid = [x for x in same if x.charge == "prepay"]
            others = [x for x in same if not is_in_advance(x)]
            if not paid or any(x.is_prepay or x.is_committed for x in theirs):
                continue
            since = min(x.period[0] for x in paid)
            price = max(x.price for x in paid)
            start = self.start_of_arrears(rows[0].number, ours)
            is_beside_arrears = (
                start is not None
                and (since - start).days > 1
                and any((x.period[0] - since).days < -1 for x in rows)
            )
            are_all_at_price = all(x.price == price for x in theirs)
            told = [
                x
                for x in theirs
                if x.amount >= 0
                and (
                    (
                        x.row["service_period_start"]
                        and (x.period[0] - since).days >= -1
                        and (not others or is_beside_arrears)
                    )
                    or (
                        x.price == price
                        and (
                            not others
                            or not are_all_at_price
                            or x.quantity == max(x.quantity for x in paid)
                        )
                    )
                )
            ]
            for line in told:
                line.is_prepay = True

    def is_again(self, row: VendorLine, same: list[Side], rows: list[VendorLine]) -> bool:
        """Whether an earlier invoice has it, and it is not all that we bill of the product."""
        return id(row) in self.again_for_ours and not is_only_line(row, same, rows)

    @staticmethod
    def is_agreed(row: VendorLine, group: str, same: list[Side], rows: list[VendorLine]) -> bool:
        """Whether the product agrees as it is, prepay or not."""
        theirs = [
            x.amount
            for x in rows
            if (named_group(x) or "unknown") == group and x.is_prepay == row.is_prepay
        ]
        ours = [x.amount for x in same if is_in_advance(x) == row.is_prepay]
        return bool(ours) and sum(theirs) == sum(ours)

    @staticmethod
    def charge_of_line(
        row: VendorLine, group: str, same: list[Side], rows: list[VendorLine]
    ) -> str:
        """Prepay, committed or arrears."""
        if row.is_prepay:
            return "given_back" if row.amount < 0 else "prepay"
        committed = [x for x in same if x.charge == "committed"]
        if not committed:
            return "arrears"
        if charge_type(row) == "committed":
            return "committed"
        named = [x for x in rows if (named_group(x) or "unknown") == group]
        if any(charge_type(x) == "committed" for x in named):
            return "arrears"
        price = max(x.price for x in committed)
        in_arrears = [x.price for x in same if x.charge == "arrears"]
        is_told = (
            not in_arrears
            or max(in_arrears) != price
            or max(x.quantity for x in committed) == row.quantity
        )
        return "committed" if row.price == price and is_told else "arrears"


def worth(quantity: Decimal, price: Decimal, unit: Decimal) -> Decimal:
    """Units at a price, in whole minor units."""
    return (quantity * price).quantize(unit, ROUND_HALF_UP)


def round_to(value: Decimal, places: int) -> Decimal:
    """A value to so many decimals, half up."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def smallest(number: str) -> tuple:
    """Numbers in their order, before words."""
    return (0, int(number), number) if number.isdigit() else (1, 0, number)


def charge_of(line: VendorLine) -> tuple:
    """What is billed again if an earlier invoice has it."""
    return line.named, line.is_prepay, line.amount, line.quantity, line.period


def own_charge(line: dict) -> str:
    """The charge by which a line of ours is compared."""
    charge = line["charge_type"]
    if charge == "prepay":
        return "given_back" if line["amount"] < 0 else "prepay"
    return "committed" if charge == "committed" else "arrears"


def is_order(line: dict) -> bool:
    """Whether it is charged once."""
    return line["charge_type"] == "one_time"


def is_in_advance(side: Side) -> bool:
    """Whether it is prepay, or prepay that is given back."""
    return side.charge in ("prepay", "given_back")


def is_only_line(row: VendorLine, same: list[Side], rows: list[VendorLine]) -> bool:
    """Whether it is all that the vendor has of what we bill of the product."""
    theirs = [
        x for x in rows if named_group(x) == named_group(row) and x.is_prepay == row.is_prepay
    ]
    ours = [x.amount for x in same if is_in_advance(x) == row.is_prepay]
    return len(theirs) == 1 and sum(ours) != 0


def is_tax(line: VendorLine) -> bool:
    """Whether it is a tax, by its product, its words or the title of its section."""
    if line.product:
        return line.product.startswith("tax_")
    words, title = line.row["description"], line.row["section"] or ""
    is_in_taxes = TAX_WORDS.search(title) and not BEFORE_TAXES.search(title)
    return bool(TAX_WORDS.search(words) or (is_in_taxes and not NO_TAX.search(words)))


def named_group(line: VendorLine) -> str | None:
    """The product that a printed line is compared by, None if its words say none."""
    if line.product:
        return group_code(line.product)
    return "tax" if is_tax(line) else None


def charge_type(line: VendorLine) -> str:
    """What the vendor charges: in advance, or as the product is billed in arrears."""
    if line.is_prepay:
        return "prepay"
    if line.is_committed:
        return "committed"
    return catalogue.charge_in_arrears(line.product) if line.product else "unknown"
