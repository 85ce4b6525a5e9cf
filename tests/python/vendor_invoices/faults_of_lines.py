"""Faults of whole lines: missing ones, superfluous ones, credits, other periods."""

from __future__ import annotations

from decimal import Decimal

from oracle import catalogue
from oracle.money import line_amount
from oracle.products import ADDONS, LICENSE_RANK
from oracle.vendor_lines import group_code

from .faults import fault
from .faults_of_rates import PRIMES, is_priced
from .printed import CORE, MINIMUM, Invoice, Line, name_of

FEES = (
    "Late Payment Fee",
    "Paper Invoice Fee",
    "Professional Services Retainer",
    "Expedite Handling",
    "Regulatory Cost Recovery",
)
NEW_NAMES = (
    "Engage Seat {} (Advance)",
    "Interactive Excess Bundle {}",
    "Contact Centre Essentials Pack {}",
    "Premier Experience Unit {}",
)
CREDITS = ("Credit memo {dash} {name}", "Credit {dash} {name}", "Credit memo")


def is_commitment(line: Line) -> bool:
    """A commitment, in advance or in arrears."""
    return line.charge in {"prepay", "committed"} and line.product != MINIMUM


@fault(weight=1)
def commitment_missing(invoice: Invoice, kind: str) -> bool:
    """A commitment has no line."""
    for line in invoice.candidates(lambda line: is_commitment(line) and line.amount > 0):
        same = [other for other in invoice.lines if other.group == line.group]
        is_only = sum(other.charge == line.charge for other in same) == 1
        if is_only and invoice.matters(line.amount):
            return invoice.remove(kind, {"commitment_not_billed"}, line)
    return False


@fault(weight=8)
def fewer_committed(invoice: Invoice, kind: str) -> bool:
    """Fewer committed users on a month-to-month line."""
    for line in invoice.candidates(lambda line: line.charge == "committed" and is_priced(line)):
        quantity = line.quantity - 1
        is_odd = quantity > 0 and quantity * 12 != line.quantity
        if is_odd and invoice.change(kind, {"commitment_not_billed"}, line, quantity):
            return True
    return False


@fault(weight=12)
def charged_in_ramp(invoice: Invoice, kind: str) -> bool:
    """What the ramp waives is billed."""
    waived = [ours for ours in invoice.ours if ours["is_waived"]]
    invoice.rng.shuffle(waived)
    for ours in waived:
        amount = line_amount(ours["quantity"], ours["unit_price"], ours["currency"])
        line = bill_waived(ours, amount)
        same = [other for other in waived if group_code(other["product_code"]) == line.group]
        same += [o for o in invoice.lines if o.group == line.group and o.charge != "prepay"]
        is_free = line.group not in invoice.touched and len(same) == 1
        if is_free and invoice.matters(amount):
            return invoice.add(kind, {"charged_in_ramp"}, line, at_end=False)
    return False


def bill_waived(ours: dict, amount: Decimal) -> Line:
    """A waived line, billed."""
    unit = ours["unit_of_measure"]
    words = name_of(ours) + (" User" if unit == "user" else "")
    start, end = ours["service_period_start"], ours["service_period_end"]
    rate, product = ours["unit_price"], ours["product_code"]
    charge = ours["charge_type"]
    return Line(
        words, ours["quantity"], rate, amount, start, end, CORE, product, charge, ours=[ours]
    )


@fault("shape", weight=1)
def duplicate_line(invoice: Invoice, kind: str) -> bool:
    """A line is printed twice."""
    for line in invoice.candidates(lambda line: is_priced(line) and invoice.matters(line.amount)):
        if invoice.is_alone(line):
            line.is_faulty = True
            return invoice.add(kind, {"duplicate_line"}, copy(line))
    return False


def copy(line: Line) -> Line:
    """The same line once more."""
    start, end, product, charge = line.start, line.end, line.product, line.charge
    return Line(
        line.words, line.quantity, line.rate, line.amount, start, end, line.title, product, charge
    )


def lines_sent_before(invoice: Invoice) -> list[Line]:
    """Lines in arrears of the invoice before, that stood there without a fault, of a cycle."""
    if invoice.earlier is None or invoice.earlier.printed_currency is not None:
        return []
    found = [
        line
        for line in invoice.earlier.lines
        if line.charge in {"overage", "usage"}
        and not line.is_call
        and line.group not in invoice.touched | invoice.earlier.touched
        and line.ours
        and is_priced(line)
        and invoice.earlier.meter_of(line.ours[0])
        and line.ours[0]["service_period_end"] < invoice.day
        and invoice.earlier.is_alone(line)
    ]
    invoice.rng.shuffle(found)
    return found


def again(line: Line, quantity: Decimal, amount: Decimal) -> Line:
    """A line of an earlier period with another quantity."""
    found = copy(line)
    ours = line.ours[0]
    found.start, found.end = ours["service_period_start"], ours["service_period_end"]
    found.quantity, found.rate = quantity, ours["unit_price"]
    found.amount = amount
    return found


@fault("periods", "shape", weight=1)
def duplicate_on_a_later_invoice(invoice: Invoice, kind: str) -> bool:
    """A charge of the invoice before once more, with its period."""
    for line in lines_sent_before(invoice):
        ours = line.ours[0]
        if invoice.matters(ours["amount"]):
            invoice.earlier.touched.add(line.group)
            invoice.earlier.forbidden |= {"periods"}
            more = again(line, ours["quantity"], ours["amount"])
            return invoice.add(kind, {"duplicate_line"}, more, at_end=False)
    return False


@fault("periods", "shape", weight=1)
def earlier_period(invoice: Invoice, kind: str) -> bool:
    """More of an earlier cycle, whose own invoice was right."""
    for line in lines_sent_before(invoice):
        ours = line.ours[0]
        quantity = Decimal(invoice.rng.choice(PRIMES))
        if quantity == ours["quantity"]:
            quantity += 1
        amount = line_amount(quantity, ours["unit_price"], invoice.currency)
        if invoice.matters(amount) and amount != ours["amount"]:
            invoice.earlier.touched.add(line.group)
            invoice.earlier.forbidden |= {"periods"}
            more = again(line, quantity, amount)
            return invoice.add(kind, {"earlier_period"}, more, at_end=False)
    return False


def foreign_products(invoice: Invoice) -> list[str]:
    """Licenses and add-ons that nobody of the organization holds and no contract prices."""
    org = invoice.org
    known = {row["product_code"] for row in org.landed.get("contract_items", []) if not row.reason}
    known |= {row["license"] for row in org.landed.get("license_assignments", []) if not row.reason}
    known |= {ours["product_code"] for ours in invoice.ours} | set(org.own.names.values())
    wanted = {*LICENSE_RANK, *ADDONS, "edge_physical"} - known
    devices = {row["product_code"] for row in [*org.rows("devices"), *org.rows("orders")]}
    return sorted(code for code in wanted - devices if code in catalogue.products())


@fault(weight=1)
def line_without_usage(invoice: Invoice, kind: str) -> bool:
    """A product that nobody holds or ordered, and that the contract does not price."""
    products = [code for code in foreign_products(invoice) if code not in invoice.touched]
    if not products:
        return False
    product = invoice.rng.choice(products)
    quantity = Decimal(invoice.rng.choice(PRIMES))
    rate = Decimal(invoice.rng.randint(2000, 20000)).scaleb(-2)
    return add_line(invoice, kind, "line_without_usage", product, quantity, rate)


def add_line(
    invoice: Invoice, kind: str, reason: str, product: str, quantity: Decimal, rate: Decimal
) -> bool:
    """One more line of a product, of the cycle in arrears."""
    start, end = arrears_of(invoice)
    words = catalogue.listed(product)["invoice_name"]
    words += " User" if product in {*LICENSE_RANK, *ADDONS} else ""
    amount = line_amount(quantity, rate, invoice.currency)
    line = Line(words, quantity, rate, amount, start, end, CORE, product, "usage")
    return invoice.add(kind, {reason}, line, at_end=False)


def arrears_of(invoice: Invoice) -> tuple:
    """The period of most lines in arrears, else that of the first line."""
    periods = [
        (ours["service_period_start"], ours["service_period_end"])
        for ours in invoice.ours
        if ours["charge_type"] not in {"prepay", "tax"}
    ] or [(invoice.ours[0]["service_period_start"], invoice.ours[0]["service_period_end"])]
    return max(periods, key=periods.count)


@fault("shape", weight=1)
def usage_without_line(invoice: Invoice, kind: str) -> bool:
    """What was used has no line; something else is left to tell which invoice it is."""
    if not invoice.has_several_charges():
        return False
    charges = {"overage", "usage", "recurring", "one_time", "surcharge"}
    folded = {"telco_toll_free", "telco_extended_outbound"}
    products = {line.product for line in invoice.lines}
    for line in invoice.candidates(lambda line: line.charge in charges and line.amount > 0):
        can_fold = line.product in folded or (line.is_call and products & folded)
        if not can_fold and invoice.is_alone(line) and invoice.matters(line.amount):
            return invoice.remove(kind, {"usage_without_line"}, line)
    return False


@fault(weight=1)
def unknown_fee(invoice: Invoice, kind: str) -> bool:
    """A fee that is no product."""
    words = invoice.rng.choice(FEES)
    amount = Decimal(invoice.rng.randint(500, 9000)).scaleb(-2).quantize(invoice.unit)
    taken = {abs(ours["amount"]) for ours in invoice.ours}
    if amount in taken or any(planted.kind == kind for planted in invoice.planted):
        return False
    start, end = arrears_of(invoice)
    line = Line(words, Decimal(1), amount, amount, start, end, CORE, None, "fee")
    return invoice.add(kind, {"unknown_product"}, line)


@fault(weight=1)
def renamed_product(invoice: Invoice, kind: str) -> bool:
    """A product under a name nobody knows; quantity and amount are those of ours."""
    for line in invoice.candidates(is_priced):
        amounts = [ours["amount"] for ours in invoice.ours]
        missing = [planted.amount for planted in invoice.planted]
        is_only = amounts.count(line.amount) == 1 and -line.amount not in missing
        number = 1 + sum(map(ord, line.group)) % 89  # the same name on every invoice
        words = NEW_NAMES[number % len(NEW_NAMES)].format(number)
        is_new = catalogue.product_named(words) is None
        if is_only and is_new and invoice.is_alone(line) and invoice.matters(line.amount):
            if line.charge == "prepay" and not is_only_charge(invoice, line):
                continue
            line.words = words
            return invoice.plant(kind, {"renamed_product"}, line, Decimal(0))
    return False


def is_only_charge(invoice: Invoice, line: Line) -> bool:
    """Whether a product has one line on the invoice, whatever is charged."""
    return sum(other.group == line.group for other in invoice.lines) == 1


@fault(weight=3)
def credit_of_an_earlier_fault(invoice: Invoice, kind: str) -> bool:
    """A credit of what an earlier invoice billed too much."""
    for planted in invoice.earlier.planted if invoice.earlier else []:
        line = planted.line
        is_claim = line is not None and planted.amount and planted.amount > 0
        if not is_claim or planted.follows or not line.ours or line.is_tax or line.is_call:
            continue
        if line.group in invoice.touched or not invoice.matters(planted.amount):
            continue
        words = f"Credit memo {catalogue.DASH} {name_of(line.ours[0])}"
        rate, amount = planted.amount, -planted.amount
        start, end = line.ours[0]["service_period_start"], line.ours[0]["service_period_end"]
        product = line.product
        more = Line(words, Decimal(-1), rate, amount, start, end, CORE, product, "credit")
        invoice.add(kind, {"credit"}, more)
        invoice.planted[-1].settles = planted
        return True
    return False


@fault(weight=1)
def credit(invoice: Invoice, kind: str) -> bool:
    """A credit for nothing we know."""
    lines = [line for line in invoice.lines if line.ours and is_priced(line)]
    lines = [line for line in lines if line.group not in invoice.touched]
    if not lines:
        return False
    line = invoice.rng.choice(lines)
    words = invoice.rng.choice(CREDITS).format(dash=catalogue.DASH, name=name_of(line.ours[0]))
    amount = -(line.amount * invoice.rng.choice((15, 35, 55)) / 100).quantize(invoice.unit)
    if not invoice.matters(amount):
        return False
    start, end = arrears_of(invoice)
    product = line.product if words.endswith(name_of(line.ours[0])) else None
    more = Line(words, Decimal(-1), -amount, amount, start, end, CORE, product, "credit")
    invoice.touched.add(line.group)
    return invoice.add(kind, {"credit"}, more)
