"""Layouts of lines: split, merged, folded, waived, printed for nothing, under two numbers."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil

from oracle import catalogue
from oracle.money import line_amount, money, round_half_up
from oracle.vendor_lines import SHOWN_BLENDED

from .faults_of_calls import calls_of, parts_of
from .faults_of_lines import arrears_of, bill_waived, foreign_products
from .layouts import is_free, layout
from .printed import CORE, Invoice, Line, rate_of
from .readings import YEAR, resource_row

ZERO = Decimal(0)


def free_lines(invoice: Invoice) -> list[Line]:
    """The lines of ours without a fault, but for taxes and calls."""
    return [
        line
        for line in invoice.lines
        if line.ours and is_free(invoice, line) and not line.is_tax and not line.is_call
    ]


def part(line: Line, quantity: Decimal | None, amount: Decimal) -> Line:
    """A part of a line."""
    found = Line(
        words=line.words,
        quantity=quantity,
        rate=line.rate,
        amount=amount,
        start=line.start,
        end=line.end,
        title=line.title,
        product=line.product,
        charge=line.charge,
        ours=line.ours,
    )
    return found


def put(invoice: Invoice, old: list[Line], new: list[Line]) -> None:
    """Print lines in place of others."""
    place = min(invoice.lines.index(line) for line in old)
    kept = [line for line in invoice.lines[:place] if line not in old]
    after = [line for line in invoice.lines[place:] if line not in old]
    invoice.lines = [*kept, *new, *after]


@layout("shape")
def a_line_split_in_two(invoice: Invoice) -> bool:
    """A line is printed in two parts that sum to it."""
    lines = [line for line in free_lines(invoice) if line.quantity and line.quantity > 1]
    if not lines:
        return False
    for line in invoice.rng.sample(lines, min(2, len(lines))):
        first = Decimal(int(line.quantity / invoice.rng.choice((2, 3)))) or Decimal(1)
        share = Fraction(line.amount) * Fraction(first) / Fraction(line.quantity)
        amount = money(share, invoice.currency)
        rest = part(line, line.quantity - first, line.amount - amount)
        put(invoice, [line], [part(line, first, amount), rest])
    return True


@layout("shape")
def lines_of_a_product_merged(invoice: Invoice) -> bool:
    """Lines of one product, charge and words are one."""
    found = False
    for line in list(free_lines(invoice)):
        same = [other for other in free_lines(invoice) if (other.words, other.charge) == key(line)]
        if line in same and len(same) > 1 and merge(invoice, same):
            found = True
    return found


def key(line: Line) -> tuple[str, str]:
    """What is merged."""
    return line.words, line.charge


def merge(invoice: Invoice, lines: list[Line]) -> bool:
    """Print lines as one, at the rate that their amounts make."""
    if any(line.quantity is None for line in lines):
        return False
    quantity = sum((line.quantity for line in lines), ZERO)
    amount = sum((line.amount for line in lines), ZERO)
    if not quantity:
        return False
    whole = part(lines[0], quantity, amount)
    whole.rate = rate_of(amount, quantity)
    whole.ours = [ours for line in lines for ours in line.ours]
    put(invoice, lines, [whole])
    return True


@layout("shape")
def numbers_on_one_line(invoice: Invoice) -> bool:
    """The monthly charges of all numbers are one line."""
    lines = [line for line in free_lines(invoice) if line.group == "number_mrc"]
    return len(lines) > 1 and merge(invoice, lines)


@layout("shape")
def a_line_a_number(invoice: Invoice) -> bool:
    """Each number has its own line of the monthly charge."""
    lines = [line for line in free_lines(invoice) if line.group == "number_mrc"]
    lines = [line for line in lines if line.quantity and line.quantity > 1]
    for line in lines:
        each = money(Fraction(line.amount) / Fraction(line.quantity), invoice.currency)
        others = int(line.quantity) - 1
        parts = [part(line, Decimal(1), each) for _ in range(others)]
        put(invoice, [line], [*parts, part(line, Decimal(1), line.amount - each * others)])
    return bool(lines)


@layout("zeros")
def lines_of_nothing(invoice: Invoice) -> bool:
    """Products that nobody used are printed with 0."""
    products = [code for code in foreign_products(invoice) if code not in invoice.touched]
    start, end = arrears_of(invoice)
    if not all(line.start for line in invoice.lines):
        start = end = None
    for product in products[:2]:
        words = catalogue.listed(product)["invoice_name"]
        rate = Decimal(invoice.rng.choice((0, 180)))
        line = Line(words, ZERO, rate, ZERO, start, end, CORE, product, "usage")
        invoice.lines.append(line)
    return bool(products)


def waived_of(invoice: Invoice) -> list[dict]:
    """What the ramp waives and is not billed either."""
    groups = {line.product for line in invoice.lines if line.is_faulty} | invoice.touched
    found = [ours for ours in invoice.ours if ours["is_waived"]]
    return [ours for ours in found if ours["product_code"] not in groups]


def print_waived(invoice: Invoice, rate_too: bool) -> bool:
    """Print what is waived at 0.00."""
    waived = waived_of(invoice)
    for ours in waived:
        line = bill_waived(ours, ZERO)
        line.rate = line.rate if rate_too else ZERO
        if not all(other.start for other in invoice.lines if not other.is_tax):
            line.start = line.end = None
        invoice.lines.append(line)
    return bool(waived)


@layout("waived")
def waived_at_no_rate(invoice: Invoice) -> bool:
    """Waived lines with quantity, rate 0 and 0.00."""
    return print_waived(invoice, rate_too=False)


@layout("waived")
def waived_at_their_rate(invoice: Invoice) -> bool:
    """Waived lines with quantity, rate and 0.00."""
    return print_waived(invoice, rate_too=True)


@layout("waived")
def waived_with_a_discount(invoice: Invoice) -> bool:
    """Waived lines with their amount, and a discount of all of it below."""
    waived = waived_of(invoice)
    for ours in waived:
        amount = line_amount(ours["quantity"], ours["unit_price"], ours["currency"])
        line = bill_waived(ours, amount)
        if not all(other.start for other in invoice.lines if not other.is_tax):
            line.start = line.end = None
        invoice.lines += [line, part(line, -line.quantity, -amount)]
    return bool(waived)


def fold(invoice: Invoice, inner: str, outer: str) -> bool:
    """Print the calls of one service within another."""
    lines = {line.product: line for line in invoice.lines if line.is_call}
    if {inner, outer} - lines.keys() or not all(is_free(invoice, lines[n]) for n in (inner, outer)):
        return False
    both = [lines[outer], lines[inner]]
    if len([line for line in invoice.lines if line.product in (inner, outer)]) != 2:
        return False
    return merge(invoice, both)


@layout("calls")
def toll_free_within_inbound(invoice: Invoice) -> bool:
    """No row of toll-free calls: they are in Inbound."""
    return fold(invoice, "telco_toll_free", "telco_inbound")


@layout("calls")
def extended_within_outbound(invoice: Invoice) -> bool:
    """No row of extended calls: they are in Outbound."""
    return fold(invoice, "telco_extended_outbound", "telco_outbound")


@layout("calls")
def whole_minutes(invoice: Invoice) -> bool:
    """Calls in whole minutes at rates of two decimals, with exact amounts."""
    lines = [line for line in invoice.lines if line.is_call and is_free(invoice, line)]
    for line in lines:
        line.rate = round_half_up(line.rate, 2)
        line.quantity = Decimal(ceil(line.quantity))
    return bool(lines)


@layout("calls")
def us_and_international_apart(invoice: Invoice) -> bool:
    """Services in their two parts."""
    found = False
    for line in [line for line in invoice.lines if line.is_call and is_free(invoice, line)]:
        meter, calls = calls_of(invoice, line)
        parts = parts_of(invoice, line, meter, calls) if meter else []
        if parts:
            for one in parts:
                one.start, one.end, one.title = line.start, line.end, line.title
            put(invoice, [line], parts)
            found = True
    return found


@layout("blended")
def all_that_was_used_at_a_blended_rate(invoice: Invoice) -> bool:
    """FU-10: the total used at the rate that makes the amount of the overage."""
    found = False
    for line in free_lines(invoice):
        meter = invoice.meter_of(line.ours[0])
        row = resource_row(meter, line.product) if meter else None
        if line.product in SHOWN_BLENDED and line.charge == "overage" and row:
            line.quantity = row["used_quantity"]
            line.rate = rate_of(line.amount, line.quantity, 8)
            found = True
    return found


@layout("years")
def users_at_a_yearly_rate(invoice: Invoice) -> bool:
    """A prepaid year as users at a yearly rate, where ours is user-months."""
    lines = [
        line
        for line in free_lines(invoice)
        if line.charge == "prepay"
        and (line.ours[0]["service_period_end"] - line.ours[0]["service_period_start"]).days > 360
        and len(line.ours) == 1
        and line.quantity == line.ours[0]["quantity"]
    ]
    lines = [line for line in lines if line.rate and line.quantity % YEAR == 0]
    for line in lines:
        line.quantity, line.rate = line.quantity / YEAR, line.rate * YEAR
    return bool(lines)


@layout("bare")
def amounts_alone(invoice: Invoice) -> bool:
    """Lines with neither quantity nor rate."""
    lines = free_lines(invoice)
    for line in lines:
        line.quantity = line.rate = None
    return bool(lines)


@layout("bare")
def no_rates(invoice: Invoice) -> bool:
    """Lines with a quantity and no rate."""
    lines = free_lines(invoice)
    for line in lines:
        line.rate = None
    return bool(lines)


@layout("numbers")
def telephony_under_its_own_number(invoice: Invoice) -> bool:
    """The lines of telephony are an invoice of their own."""
    return split_off(invoice, "T", is_telephony)


def is_telephony(line: Line) -> bool:
    """Whether a line is of calls or numbers."""
    return line.is_call or line.group.startswith(("number_", "short_call"))


@layout("numbers")
def prepay_under_its_own_number(invoice: Invoice) -> bool:
    """What is paid in advance is an invoice of its own."""
    return split_off(invoice, "P", lambda line: line.charge == "prepay")


def split_off(invoice: Invoice, ending: str, is_apart) -> bool:
    """Print some lines under a number of their own."""
    apart = [line for line in invoice.lines if is_apart(line)]
    if not apart or len(apart) == len(invoice.lines):
        return False
    for line in apart:
        line.number = f"{invoice.number}-{ending}"
    return True
