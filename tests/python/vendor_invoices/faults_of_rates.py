"""Faults of rates, quantities and amounts: what is wrong on one line."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from oracle.meter import licensed
from oracle.money import line_amount, round_half_up
from oracle.people import counting_model

from .faults import fault
from .printed import MINIMUM, Invoice, Line, rate_of
from .readings import YEAR, admitted, license_row, readings_of

PRIMES = (7, 11, 13, 17, 19, 23)


def is_priced(line: Line) -> bool:
    """A line of a positive quantity at a rate of the contract."""
    ours = line.ours[0]
    is_fee = line.product == MINIMUM or line.is_tax or line.is_call
    return len(line.ours) == 1 and not is_fee and ours["amount"] > 0 and ours["unit_price"] > 0


def agreed_rates(invoice: Invoice, product: str | None = None) -> set[Decimal]:
    """The rates that contracts of the organization have, for one product or for all."""
    rates = {
        row[name]
        for row in invoice.org.rows("contract_items")
        if product in (None, row["product_code"])
        for name in ("prepay_rate", "overage_rate", "published_rate")
    }
    return {Decimal(rate) for rate in rates if rate is not None}


def nobody_agreed(invoice: Invoice, rate: Decimal, above: Decimal) -> Decimal:
    """A rate higher than one that no item has."""
    known = agreed_rates(invoice)
    rate = round_half_up(rate + above, 6)
    while rate in known:
        rate += Decimal("0.37")
    return rate


@fault(weight=1)
def wrong_rate(invoice: Invoice, kind: str) -> bool:
    """The right quantity at a rate nobody agreed, which no number of days of a cycle gives."""
    for line in invoice.candidates(is_priced):
        above = line.rate * invoice.rng.choice((7, 11, 31)) / 100
        rate = nobody_agreed(invoice, line.rate, max(above, 5 * invoice.unit / line.quantity))
        if invoice.change(kind, {"wrong_rate"}, line, rate=rate):
            return True
    return False


def another_rate(invoice: Invoice, kind: str, name: str, charges: set[str]) -> bool:
    """A line at another rate of the item that was in force."""
    for line in invoice.candidates(is_priced):
        meter = invoice.meter_of(line.ours[0])
        item = meter.item(line.product) if meter and line.charge in charges else None
        if item is None or not item[name] or Decimal(item[name]) == line.rate:
            continue
        if invoice.change(kind, {"other_contract_rate"}, line, rate=Decimal(item[name])):
            return True
    return False


@fault()
def prepay_rate_for_overage(invoice: Invoice, kind: str) -> bool:
    """Overage at the rate of what is prepaid."""
    return another_rate(invoice, kind, "prepay_rate", {"overage"})


@fault()
def overage_rate_for_prepay(invoice: Invoice, kind: str) -> bool:
    """Prepay or commitment at the rate of overage."""
    return another_rate(invoice, kind, "overage_rate", {"prepay", "committed"})


@fault(weight=4)
def amendment_rate(invoice: Invoice, kind: str) -> bool:
    """The rate of an earlier or later item of the contract."""
    for line in invoice.candidates(is_priced):
        meter = invoice.meter_of(line.ours[0])
        in_advance = line.charge in {"prepay", "committed"}
        name = "prepay_rate" if in_advance else "overage_rate"
        items = [
            row
            for row in invoice.org.rows("contract_items")
            if meter
            and row["product_code"] == line.product
            and row["contract_id"] == meter.cycle.contract.contract_id
        ]
        current = meter.item(line.product) if meter else None
        here = {current[n] for n in ("prepay_rate", "overage_rate")} if current else set()
        rates = [row[name] for row in items if row[name] and row[name] not in here]
        is_prorated = current and line.group == "number_mrc" and line.rate not in here
        if line.charge not in {"usage", "one_time"} and rates and not is_prorated:
            rate = Decimal(invoice.rng.choice(rates))
            if invoice.change(kind, {"other_contract_rate"}, line, rate=rate):
                return True
    return False


@fault()
def rate_of_another_tier(invoice: Invoice, kind: str) -> bool:
    """An SMS class at the rate of another one."""
    for line in invoice.candidates(is_priced):
        meter = invoice.meter_of(line.ours[0])
        is_message = (line.product or "").startswith("sms_") and line.charge == "usage"
        if meter is None or not is_message:
            continue
        others = {"sms_messages", "sms_class_c"} - {line.product}
        items = [item for other in others if (item := meter.item(other))]
        rates = [Decimal(item["overage_rate"]) for item in items]
        for rate in rates:
            is_other = rate and rate not in agreed_rates(invoice, line.product)
            if is_other and invoice.change(kind, {"other_contract_rate"}, line, rate=rate):
                return True
    return False


@fault(weight=1)
def wrong_quantity(invoice: Invoice, kind: str) -> bool:
    """A quantity that no reading gives."""
    for line in invoice.candidates(is_priced):
        if line.charge in {"prepay", "committed"}:
            continue
        quantity = strange_quantity(invoice, line)
        reasons = admitted(invoice, line, "wrong_quantity", quantity)
        if reasons == {"wrong_quantity"} and invoice.change(kind, reasons, line, quantity):
            return True
    return False


def strange_quantity(invoice: Invoice, line: Line) -> Decimal:
    """A quantity above ours that no reading gives, and no multiple of it if it can be."""
    known = {quantity for _, quantity in readings_of(invoice, line)}
    quantity = line.quantity + invoice.rng.choice(PRIMES)
    for _ in range(20):
        is_multiple = line.quantity > 1 and quantity % line.quantity == 0
        if not is_multiple and quantity not in known:
            break
        quantity += 5
    return quantity


@fault(weight=1)
def wrong_quantity_and_rate(invoice: Invoice, kind: str) -> bool:
    """Two faults on one line: the quantity at our rate, then the rate at the vendor's quantity.

    Something else is left to tell which invoice it is.
    """
    if not invoice.has_several_charges():
        return False
    for line in invoice.candidates(is_priced):
        if line.charge in {"prepay", "committed"} or line.group.startswith("number"):
            continue
        quantity = strange_quantity(invoice, line)
        rate = nobody_agreed(invoice, line.rate, line.rate / 4 + 5 * invoice.unit / quantity)
        between = line_amount(quantity, line.rate, invoice.currency)
        amount = line_amount(quantity, rate, invoice.currency)
        first, second = between - line.amount, amount - between
        if invoice.matters(first) and invoice.matters(second):
            line.quantity, line.rate, line.amount = quantity, rate, amount
            invoice.plant(kind, {"wrong_quantity"}, line, first)
            return invoice.plant(kind, {"wrong_rate"}, line, second)
    return False


@fault(weight=1)
def amount_is_not_the_product(invoice: Invoice, kind: str) -> bool:
    """Our quantity and rate, and an amount that they do not make."""
    for line in invoice.candidates(is_priced):
        more = (line.amount * invoice.rng.choice((3, 7, 11)) / 100).quantize(invoice.unit)
        amount = line.amount + more + 3 * invoice.unit
        reasons = {"amount_is_not_quantity_times_rate"}
        if invoice.change(kind, reasons, line, amount=amount):
            return True
    return False


@fault(weight=1)
def a_cent(invoice: Invoice, kind: str) -> bool:
    """One minor unit more or less: rounding."""
    for line in invoice.candidates(lambda line: is_priced(line) and line.quantity != 1):
        difference = invoice.rng.choice((1, -1)) * invoice.unit
        if line.amount > 3 * invoice.unit:
            line.amount += difference
            return invoice.plant(kind, {"rounding"}, line, difference)
    return False


@fault()
def year_for_a_month(invoice: Invoice, kind: str) -> bool:
    """Twelve times a monthly commitment or recurring charge."""
    for line in invoice.candidates(is_monthly):
        quantity = line.quantity * YEAR
        reasons = admitted(invoice, line, "other_length", quantity)
        if invoice.change(kind, reasons, line, quantity):
            return True
    return False


def is_monthly(line: Line) -> bool:
    """Prepay, commitment or a recurring charge of a month."""
    charges = {"prepay", "committed", "recurring"}
    is_month = line.charge in charges and (line.end - line.start).days < 32
    return is_month and is_priced(line)


@fault()
def month_for_a_year(invoice: Invoice, kind: str) -> bool:
    """A twelfth of a prepaid year."""

    def is_yearly(line: Line) -> bool:
        return line.charge == "prepay" and (line.end - line.start).days > 360 and is_priced(line)

    for line in invoice.candidates(is_yearly):
        quantity = line.quantity / YEAR
        is_exact = quantity == round_half_up(quantity, 6) and invoice.is_alone(line)
        if is_exact and invoice.change(kind, {"other_length"}, line, quantity):
            return True
    return False


@fault(weight=12)
def number_not_prorated(invoice: Invoice, kind: str) -> bool:
    """A number held for a part of the cycle at the whole price."""
    for line in invoice.candidates(lambda line: line.group == "number_mrc" and is_priced(line)):
        meter = invoice.meter_of(line.ours[0])
        item = meter.item(line.product) if meter else None
        price = Decimal(item["overage_rate"]) if item else line.rate
        if price > line.rate and invoice.change(kind, {"not_prorated"}, line, rate=price):
            return True
    return False


@fault(weight=12)
def device_prorated(invoice: Invoice, kind: str) -> bool:
    """A device put into service within the cycle at the price of its days."""
    for line in invoice.candidates(lambda line: line.charge == "recurring" and is_priced(line)):
        meter = invoice.meter_of(line.ours[0])
        if meter is None or line.quantity != 1:
            continue
        cycle = meter.cycle
        days = {
            (min(row["out_of_service_date"] or cycle.end, cycle.end) - row["in_service_date"]).days
            for row in invoice.org.rows("devices")
            if row["product_code"] == line.product
            and cycle.start < row["in_service_date"] < cycle.end
        }
        if len(days) == 1 and prorate(invoice, kind, line, days.pop(), cycle.whole_days):
            return True
    return False


@fault(weight=20)
def user_prorated(invoice: Invoice, kind: str) -> bool:
    """Users of a cycle that was cut short, at the price of its days."""
    for line in invoice.candidates(lambda line: line.product in licensed() and is_priced(line)):
        meter = invoice.meter_of(line.ours[0])
        if meter is None or meter.cycle.end == meter.cycle.whole_end:
            continue
        if counting_model(line.product, meter.cycle.contract.license_model) == "hourly":
            continue
        row = license_row(meter, line.product)
        days = (meter.cycle.end - meter.cycle.start) // timedelta(days=1)
        if row and prorate(invoice, kind, line, days, meter.cycle.whole_days):
            return True
    return False


def prorate(invoice: Invoice, kind: str, line: Line, days: int, whole: int) -> bool:
    """The price of some days in place of that of the cycle."""
    if not 0 < days < whole:
        return False
    rate = rate_of(line.rate * days, Decimal(whole))
    # A part of the price that comes to whole cents may as well be another price.
    is_exact = rate * whole == line.rate * days and rate % invoice.unit == 0
    reasons = {"prorated", "wrong_rate"} if is_exact else {"prorated"}
    return invoice.change(kind, reasons, line, rate=rate)
