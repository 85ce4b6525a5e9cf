"""The charges on the lines of an invoice, but for minimum amounts and taxes.

Where interface and rulebook leave a choice, this is what the oracle does:

1. In the ramp no commitment is invoiced, so none is deducted on a line: the whole quantity of
   licenses, messages and conversations, and everything above the allowance of a resource, is on a
   line.
2. A waived line keeps quantity and unit price, amount 0. In the ramp a license is priced at the
   prepay rate, a fair-use resource at the overage rate, waived or not.
3. A commitment is prepaid or committed for every product with one; `prepay` is in
   core_services_prepay, `committed` in the section of the product (licenses, add-ons:
   core_services; fair-use, conversations, SMS: resources).
4. A line of a prepaid year that gives back names in its description the day on which the line
   was charged that it undoes.
5. The line of a number carries the product code of the item used.
6. A number held no day in the cycle (released on its purchase day) has no MRC; NRC as usual.
7. An order's service period is its invoice date, one day. Orders are one line each.
8. RAMP-05: where a ramp waives resources, the tokens of messages are billed as far as tokens are
   above the allowance, so the other tokens use it up first. The waived rest is a line of its own.
9. A service of zero-second calls alone has no line (quantity 0), even if the vendor put a cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from oracle import catalogue, people, usage
from oracle.calendar import Contract
from oracle.files import Row
from oracle.meter import ZERO, Meter, licensed, overage
from oracle.money import line_amount, money, round_half_up
from oracle.prepaid import prepaid_lines
from oracle.products import DEVICES, WALLBOARD
from oracle.reader import Organization


def section(product: str) -> str:
    """INV-14: the invoice section of a product."""
    if product in licensed() or product == WALLBOARD:
        return "core_services"
    if product in DEVICES or catalogue.own_kind(product) == "device":
        return "devices"
    if product.startswith(("telco_", "number_", "short_call")):
        return "telco"
    return "resources"


def line(
    contract: Contract,
    invoice_date: date,
    product: str,
    charge_type: str,
    period: tuple[date, date],
    quantity: Decimal | int,
    unit_price: Decimal,
    *,
    waived: bool = False,
    amount: Decimal | None = None,
    in_section: str | None = None,
    detail: str = "",
    unit: str = "",
    monthly_quantity: Decimal | None = None,
) -> Iterator[dict]:
    """One invoice line; none for a quantity of 0 (interface 5).

    `detail` tells lines apart that are alike in all else: orders, groups of numbers, taxes;
    `monthly_quantity` is what a month of a prepaid year holds.
    """
    if quantity == 0:
        return
    model = people.counting_model(product, contract.license_model)
    if amount is None:
        amount = line_amount(quantity, unit_price, contract.currency)
    yield {
        "invoice_date": invoice_date,
        "section": in_section or section(product),
        "product_code": product,
        "description": catalogue.description(product, model, charge_type, detail),
        "charge_type": charge_type,
        "service_period_start": period[0],
        "service_period_end": period[1],
        "quantity": Decimal(quantity),
        "unit_of_measure": unit or catalogue.unit(product, model),
        "unit_price": unit_price,
        "amount": ZERO if waived else amount,
        "currency": contract.currency,
        "is_waived": waived,
        "waiver_reason": "ramp" if waived else None,
        "detail": detail,
        "contract": contract,
        "monthly_quantity": monthly_quantity,
    }


def charges(org: Organization, meters: list[Meter]) -> list[dict]:
    """Every line but minimum amounts and taxes, which are computed from these."""
    lines = [*annual_prepay(org), *order_lines(org)]
    for meter in meters:
        for builder in (
            prepay_of_cycle,
            committed_in_arrears,
            license_lines,
            resource_lines,
            conversation_lines,
            telco_lines,
            surcharge_lines,
            number_lines,
            device_lines,
        ):
            lines.extend(builder(meter))
    return lines


def prepay_of_cycle(meter: Meter) -> Iterator[dict]:
    """INV-04, RAMP-02: the commitment of a term cycle, dated on its start."""
    cycle = meter.cycle
    if cycle.contract.billing_option != "annual_prepay_monthly" or cycle.is_ramp:
        return
    for product in meter.committable_products:
        if item := meter.item(product):
            yield from line(
                cycle.contract,
                cycle.start,
                product,
                "prepay",
                (cycle.start, cycle.end),
                item["committed_quantity"],
                item["prepay_rate"],
                in_section="core_services_prepay",
            )


def committed_in_arrears(meter: Meter) -> Iterator[dict]:
    """INV-01, INV-05 month to month: never less than the commitment, billed afterwards."""
    cycle = meter.cycle
    if cycle.contract.billing_option != "month_to_month" or cycle.is_ramp:
        return
    for product in meter.committable_products:
        if item := meter.item(product):
            yield from line(
                cycle.contract,
                cycle.end,
                product,
                "committed",
                (cycle.start, cycle.end),
                item["committed_quantity"],
                item["prepay_rate"],
            )


def annual_prepay(org: Organization) -> Iterator[dict]:
    """INV-05 annual prepay: user-months ahead of each year of the term, what is added to a year,
    and what is given back of it."""
    for paid in prepaid_lines(org):
        yield from line(
            paid.contract,
            paid.dated,
            paid.product,
            "prepay",
            paid.period,
            paid.quantity * paid.months,
            paid.rate,
            in_section="core_services_prepay",
            detail=f"given back, charged {paid.charged}" if paid.charged else "",
            monthly_quantity=paid.quantity,
            unit=unit_of_year(paid.contract, paid.product),
        )


def unit_of_year(contract: Contract, product: str) -> str:
    """The unit of a prepaid year, where it is another than that of a cycle."""
    if catalogue.own_kind(product):
        return catalogue.ANYTHING
    return "user-month" if counted_by_head(contract, product) else ""


def counted_by_head(contract: Contract, product: str) -> bool:
    """Whether a unit of a product is a user: a prepaid year of it is counted in user-months."""
    model = people.counting_model(product, contract.license_model)
    return product in licensed() and model != "hourly"


def license_lines(meter: Meter) -> Iterator[dict]:
    """INV-02, INV-03 in the term; RAMP-01 in the ramp: the whole quantity, waived or billed."""
    cycle, contract = meter.cycle, meter.cycle.contract
    for row in meter.license_usage:
        item = meter.item(row["product_code"])
        if item is None:
            continue
        ramp = cycle.is_ramp
        yield from line(
            contract,
            cycle.end,
            row["product_code"],
            "usage" if ramp else "overage",
            (cycle.start, cycle.end),
            row["actual_quantity"] if ramp else row["overage_quantity"],
            item["prepay_rate"] if ramp else item["overage_rate"],
            waived=ramp and contract.ramp_license_billing == "waived",
        )


def resource_lines(meter: Meter) -> Iterator[dict]:
    """FU-03 overage of fair-use resources; CONV-08 messages as usage."""
    cycle, contract = meter.cycle, meter.cycle.contract
    for row in meter.resource_usage:
        product = row["product_code"]
        fair_use = usage.is_billed_as_overage(product)
        switch = contract.ramp_resource_billing
        if product == WALLBOARD:
            switch = contract.ramp_license_billing
        waived = fair_use and cycle.is_ramp and switch == "waived"
        quantity = beyond_paid(meter, row)
        billed = billed_in_ramp(meter, row) if waived else ZERO
        if item := meter.item(product):
            for part, is_waived in ((billed, False), (quantity - billed, waived)):
                yield from line(
                    contract,
                    cycle.end,
                    product,
                    "overage" if fair_use else "usage",
                    (cycle.start, cycle.end),
                    part,
                    item["overage_rate"],
                    waived=is_waived,
                    detail="messages" if billed and not is_waived else "",
                )


def above_paid(meter: Meter, row: dict) -> Decimal:
    """FU-03: what a resource used above its allowance and the commitment that is invoiced."""
    paid_for = meter.paid_for(row["product_code"])
    return overage(row["used_quantity"], row["included_quantity"] + paid_for)


def beyond_paid(meter: Meter, row: dict) -> Decimal:
    """FU-07: the same as it is billed."""
    return usage.billed_overage(row["product_code"], above_paid(meter, row), meter.policy)


def billed_in_ramp(meter: Meter, row: dict) -> Decimal:
    """RAMP-05: what is billed of a resource that the ramp waives: the tokens of messages."""
    if row["product_code"] != "ai_tokens":
        return ZERO
    messages = min(meter.message_tokens, above_paid(meter, row))
    return usage.billed_overage("ai_tokens", messages, meter.policy)


def conversation_lines(meter: Meter) -> Iterator[dict]:
    """CONV-01: conversations at their price."""
    cycle = meter.cycle
    for product, count in meter.conversation_counts.items():
        item = meter.item(product)
        if item and not meter.is_paid_in_tokens(product):
            yield from line(
                cycle.contract,
                cycle.end,
                product,
                "usage",
                (cycle.start, cycle.end),
                overage(count, meter.paid_for(product)),
                item["overage_rate"],
            )


def telco_lines(meter: Meter) -> Iterator[dict]:
    """TELCO-02, VOICE-05: one line per service, the vendor's costs summed and rounded once."""
    cycle, contract = meter.cycle, meter.cycle.contract
    for name, rows in meter.calls.items():
        if name != "byoc":
            yield from line(
                contract,
                cycle.end,
                f"telco_{name}",
                "usage",
                (cycle.start, cycle.end),
                meter.minutes(rows),
                average_price(rows, meter.minutes(rows)),
                amount=money(sum(row["total_cost"] for row in rows), contract.currency),
            )


def average_price(rows: list[Row], minutes: Decimal) -> Decimal:
    """What a minute of these calls cost on average, for information."""
    cost = sum(row["total_cost"] for row in rows)
    return round_half_up(Fraction(cost) / Fraction(minutes), 6) if minutes else ZERO


def surcharge_lines(meter: Meter) -> Iterator[dict]:
    """SDC-01..07: the surcharge of the voice cycle."""
    cycle = meter.cycle
    quantity = meter.surcharged_calls
    if item := meter.item("short_call_surcharge"):
        yield from line(
            cycle.contract,
            cycle.end,
            "short_call_surcharge",
            "surcharge",
            (cycle.start, cycle.end),
            quantity,
            item["overage_rate"],
        )


def number_lines(meter: Meter) -> Iterator[dict]:
    """NUM-01 monthly charges by type, purchase date and days held; NUM-02 one-time charges."""
    cycle, period = meter.cycle, (meter.cycle.start, meter.cycle.end)
    for (kind, bought, days), count in sorted(usage.numbers_held(meter.org, cycle).items()):
        product, item = meter.number_item("mrc", kind)
        if item:
            yield from line(
                cycle.contract,
                cycle.end,
                product,
                "recurring",
                period,
                count,
                usage.prorated_price(item["overage_rate"], days, cycle.whole_days),
                detail=f"{kind}, purchased {bought}, {days} days",
            )
    for (kind, bought), count in sorted(usage.numbers_bought(meter.org, cycle).items()):
        product, item = meter.number_item("nrc", kind)
        if item:
            yield from line(
                cycle.contract,
                cycle.end,
                product,
                "one_time",
                period,
                count,
                item["overage_rate"],
                detail=f"{kind}, purchased {bought}",
            )


def device_lines(meter: Meter) -> Iterator[dict]:
    """INV-14: devices at the whole price of the cycle."""
    cycle = meter.cycle
    for product, count in sorted(usage.devices_in_service(meter.org, cycle).items()):
        if item := meter.item(product):
            yield from line(
                cycle.contract,
                cycle.end,
                product,
                "recurring",
                (cycle.start, cycle.end),
                count,
                item["overage_rate"],
            )


def order_lines(org: Organization) -> Iterator[dict]:
    """INV-06: one-time charges when ordered, hardware when shipped."""
    for row in org.rows("orders"):
        dated = row["shipped_date"] if row["is_hardware"] else row["ordered_date"]
        if dated is None or dated >= org.as_of:
            continue
        yield from line(
            contract_on(org, dated),
            dated,
            row["product_code"],
            "one_time",
            (dated, dated + timedelta(days=1)),
            row["quantity"],
            row["unit_price"],
            in_section="one_time",
            detail=f"order {row['order_id']}",
        )


def contract_on(org: Organization, day: date) -> Contract:
    """The contract in force on `day`, else the last one before it."""
    return [span.contract for span in org.spans if span.start <= day][-1]
