"""A vendor's invoice as it is printed, and what must be found of it."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from oracle import catalogue
from oracle.meter import Meter
from oracle.money import MINOR_UNITS, line_amount, round_half_up
from oracle.reader import Organization
from oracle.vendor_lines import TELCO, group_code

PREPAY = f" {catalogue.DASH} Prepay"
COMMITTED = f" {catalogue.DASH} Committed"
CORE = "Core Services and Fees"
TELCO_TITLE = f"Telco Services {catalogue.DASH} Per Unit Fees"
TAXES = "Taxes and Fees"
TITLES = {"core_services_prepay": CORE + PREPAY, "telco": TELCO_TITLE, "taxes_and_fees": TAXES}
COUNTED_BY = {"user-month": " User", "hour": " User Hour"}
MINIMUM = "minimum_monthly_amount"
# Remarks: an invoice with nothing but these is agreed.
AGREED = {"rounding", "renamed_product", "us_international_swapped"}


@dataclass(eq=False, repr=False)
class Line:
    """A printed line; `ours` are the lines of ours that it stands for."""

    words: str
    quantity: Decimal | None
    rate: Decimal | None
    amount: Decimal
    start: date | None
    end: date | None  # exclusive
    title: str
    product: str | None
    charge: str
    ours: list[dict] = field(default_factory=list)
    is_faulty: bool = False
    number: str = ""  # where it is another than that of its invoice

    def __repr__(self) -> str:
        return f"{self.words} {self.quantity} {self.rate} {self.amount}"

    @property
    def group(self) -> str:
        """The product as lines are compared: numbers without their type."""
        return group_code(self.product or "")

    @property
    def is_tax(self) -> bool:
        """Whether it is a tax."""
        return self.charge == "tax"

    @property
    def is_call(self) -> bool:
        """Whether it is a calling service."""
        return self.group.startswith(TELCO)


@dataclass
class Planted:
    """What must be found of a fault: one row of `invoice_differences`.

    `reasons` are those that the figures admit. An amount that rounding explains as well need not be
    found (`is_optional`). None for a product or a claim asks for none.
    """

    kind: str
    reasons: set[str]
    product: str | None
    amount: Decimal | None
    line: Line | None = None
    follows: bool = False
    is_optional: bool = False
    claim: Decimal | None = None
    settles: Planted | None = None  # of a credit: the fault of an earlier invoice

    @property
    def group(self) -> str | None:
        """The product as differences are compared."""
        return group_code(self.product) if self.product else None


@dataclass(repr=False)
class Invoice:
    """A vendor's invoice of one day of ours, and the one that the vendor sent before it."""

    org: Organization
    meters: list[Meter]
    number: str
    day: date
    ours: list[dict]
    rng: random.Random
    earlier: Invoice | None = None
    next_day: date | None = None  # the day of our next invoice
    lines: list[Line] = field(default_factory=list)
    planted: list[Planted] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)  # the products with a fault
    forbidden: set[str] = field(default_factory=set)  # the kinds of layouts that would hide one
    layouts: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)  # product -> name of the organization
    period_style: str = "last_day"
    sent: date | None = None
    printed_currency: str | None = None  # None: that of the organization
    file: str | None = None  # of a PDF
    other_number: str | None = None  # the same invoice, as it came by another way

    def __post_init__(self):
        self.lines = [print_line(ours, self.rng) for ours in self.ours if not ours["is_waived"]]

    def __repr__(self) -> str:
        return f"{self.org.org_id} {self.number} of {self.day}: {self.kinds}, {self.layouts}"

    @property
    def currency(self) -> str:
        """Ours."""
        return self.ours[0]["currency"]

    @property
    def unit(self) -> Decimal:
        """The minor unit of the currency."""
        return Decimal(1).scaleb(-MINOR_UNITS[self.currency])

    @property
    def kinds(self) -> list[str]:
        """The kinds of faults on it."""
        return sorted({planted.kind for planted in self.planted})

    def chance(self, share: float) -> bool:
        """True with probability `share`."""
        return self.rng.random() < share

    def meter_of(self, ours: dict) -> Meter | None:
        """The cycle a line of ours is of, None for one of no single cycle."""
        period = ours["service_period_start"], ours["service_period_end"]
        return next((m for m in self.meters if (m.cycle.start, m.cycle.end) == period), None)

    def candidates(self, fits: Callable[[Line], bool]) -> list[Line]:
        """The lines without a fault, of products without one, that fit, in random order."""
        found = [
            line
            for line in self.lines
            if line.group not in self.touched and not line.is_faulty and line.ours and fits(line)
        ]
        self.rng.shuffle(found)
        return found

    def is_alone(self, line: Line) -> bool:
        """Whether no other line of ours is of its product, but that prepay stands apart."""
        is_prepay = line.charge == "prepay"
        return not any(
            other is not line and other.group == line.group
            for other in self.lines
            if (other.charge == "prepay") == is_prepay
        ) and not any(
            group_code(ours["product_code"]) == line.group
            for ours in self.ours
            if ours["is_waived"] and not is_prepay
        )

    def has_several_charges(self) -> bool:
        """Whether more than one line is ours, taxes apart."""
        return sum(bool(x.ours and x.amount and not x.is_tax) for x in self.lines) > 1

    def matters(self, difference: Decimal) -> bool:
        """Whether an amount is more than rounding could be."""
        return abs(difference) > 2 * self.unit

    def plant(
        self, kind: str, reasons: Iterable[str], line: Line | None, amount: Decimal | None, **more
    ) -> bool:
        """Note what must be found."""
        product = more.pop("product", line.product if line else None)
        self.planted.append(Planted(kind, set(reasons), product, amount, line, **more))
        self.touched.add(group_code(product or ""))
        if line:
            line.is_faulty = True
        return True

    def change(
        self,
        kind: str,
        reasons: Iterable[str],
        line: Line,
        quantity: Decimal | None = None,
        rate: Decimal | None = None,
        amount: Decimal | None = None,
    ) -> bool:
        """Print another figure on a line, if it makes a difference."""
        quantity = line.quantity if quantity is None else quantity
        rate = line.rate if rate is None else rate
        if amount is None:
            amount = line_amount(quantity, rate, self.currency)
        difference = amount - line.amount
        if not self.matters(difference):
            return False
        line.quantity, line.rate, line.amount = quantity, rate, amount
        if self.is_what_is_waived_too(line):
            reasons = {*reasons, "charged_in_ramp"}
        return self.plant(kind, reasons, line, difference)

    def is_what_is_waived_too(self, line: Line) -> bool:
        """Whether a line bills just what it stands for and what is waived of the product."""
        waived = [
            o for o in self.ours if o["is_waived"] and group_code(o["product_code"]) == line.group
        ]
        quantity = sum((ours["quantity"] for ours in [*line.ours, *waived]), Decimal(0))
        return bool(waived) and line.amount == line_amount(quantity, line.rate, self.currency)

    def add(self, kind: str, reasons: Iterable[str], line: Line, at_end: bool = True) -> bool:
        """Print one more line."""
        place = len(self.lines) if at_end else self.rng.randint(0, len(self.lines))
        self.lines.insert(place, line)
        return self.plant(kind, reasons, line, line.amount)

    def remove(self, kind: str, reasons: Iterable[str], line: Line) -> bool:
        """Leave a line out."""
        self.lines.remove(line)
        return self.plant(kind, reasons, None, -line.amount, product=line.product)

    # -- what comes of it

    def printed_totals(self) -> dict[str, Decimal]:
        """The sum of the printed lines by invoice number."""
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for line in self.lines:
            totals[line.number or self.number] += line.amount
        return dict(totals)

    def planted_of(self, number: str) -> list[Planted]:
        """What must be found under one number; what has no line belongs to the smallest."""

        def number_of(planted: Planted) -> str:
            return planted.line.number if planted.line and planted.line.number else self.number

        return [planted for planted in self.planted if number_of(planted) == number]

    def expected_total(self) -> Decimal:
        """The sum of our lines."""
        return sum((ours["amount"] for ours in self.ours), Decimal(0))

    def rows(self) -> list[tuple]:
        """The rows of the dataset `vendor_invoice_lines`."""
        currency = self.currency if self.printed_currency is None else self.printed_currency
        return [
            (
                line.number or self.number,
                self.sent or self.day,
                "" if line.start is None else line.start,
                self.end_cell(line),
                line.words,
                "" if line.quantity is None else line.quantity,
                "" if line.rate is None else line.rate,
                line.amount,
                currency,
                line.title,
            )
            for line in self.lines
        ]

    def rows_by_another_way(self) -> list[tuple]:
        """The same rows under the other number."""
        return [(self.other_number, *row[1:]) for row in self.rows()]

    def end_cell(self, line: Line) -> date | str:
        """The end of a service period as the invoice writes it."""
        if line.end is None:
            return ""
        if self.period_style == "next_day":
            return line.end
        last = line.end - timedelta(days=1)
        return last if self.period_style == "last_day" else f"{last}T23:59:59Z"


def name_of(ours: dict) -> str:
    """A product of ours in the vendor's words."""
    product = ours["product_code"]
    words = catalogue.listed(product)["invoice_name"]
    if product.startswith("number") and product.count("_") > 1:
        words = words.rsplit(" ", 1)[0]
    return words


def print_line(ours: dict, rng: random.Random) -> Line:
    """A line of ours as the vendor prints it."""
    words, unit = name_of(ours), ours["unit_of_measure"]
    if unit == "user":
        words += rng.choice((" User", " Concurrent"))
    elif isinstance(unit, str):
        words += COUNTED_BY.get(unit, "")
    if ours["charge_type"] == "prepay":
        words += PREPAY
    if ours["charge_type"] == "committed" and ours["product_code"] != MINIMUM:
        words += COMMITTED
    return Line(
        words=words,
        quantity=Decimal(ours["quantity"]),
        rate=Decimal(ours["unit_price"]),
        amount=ours["amount"],
        start=ours["service_period_start"],
        end=ours["service_period_end"],
        title=TITLES.get(ours["section"], CORE),
        product=ours["product_code"],
        charge=ours["charge_type"],
        ours=[ours],
    )


def rate_of(amount: Decimal, quantity: Decimal, places: int = 6) -> Decimal:
    """The rate that makes an amount of a quantity."""
    return round_half_up(Fraction(amount) / Fraction(quantity), places)
