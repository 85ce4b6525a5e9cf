"""The marts that show what others computed: organizations and the usage summary (INV-13)."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from oracle import catalogue, usage
from oracle.meter import Meter
from oracle.reader import Organization

ZERO = Decimal(0)


def organization_rows(org: Organization) -> list[dict]:
    """`organizations`: the contract that has begun last before as-of."""
    if not org.spans:
        return []
    contract = org.spans[-1].contract
    names = (
        "org_name billing_account_id region currency license_model billing_option effective_date "
        "ramp_end_date term_end_date"
    )
    said = {name: getattr(contract, name) for name in names.split()}
    return [said | {"is_parked": False, "parked_since": None, "parked_reason": None}]


def measured(meter: Meter) -> dict[str, tuple[Decimal, Decimal]]:
    """Per product used in a cycle what was measured, and how much of it is included."""
    found: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])

    def add(product: str, quantity: Decimal | int, included: Decimal = ZERO) -> None:
        found[product][0] += quantity
        found[product][1] += included

    for row in meter.license_usage:
        add(row["product_code"], row["actual_quantity"])
    for row in meter.resource_usage:
        add(row["product_code"], row["used_quantity"], row["included_quantity"])
    for product, count in meter.conversation_counts.items():
        if not meter.is_paid_in_tokens(product):
            add(product, count)
    for name, rows in meter.calls.items():
        if name != "byoc":
            add(f"telco_{name}", meter.minutes(rows))
    add("short_call_surcharge", meter.surcharged_calls)
    for (kind, *_), count in usage.numbers_held(meter.org, meter.cycle).items():
        add(meter.number_item("mrc", kind)[0], count)
    for (kind, _), count in usage.numbers_bought(meter.org, meter.cycle).items():
        add(meter.number_item("nrc", kind)[0], count)
    for product, count in usage.devices_in_service(meter.org, meter.cycle).items():
        add(product, count)
    return {product: (used, included) for product, (used, included) in found.items() if used}


def usage_summary_rows(meters: list[Meter], lines: list[dict]) -> list[dict]:
    """INV-13: every product used or committed in a cycle, and what any invoice charges for it.

    What is charged is what has exactly the cycle as its service period, so a prepaid year and
    one-time orders are left out.
    """
    charged: dict[tuple, Decimal] = defaultdict(Decimal)
    for row in lines:
        if row["charge_type"] != "tax":
            period = row["service_period_start"], row["service_period_end"]
            charged[row["product_code"], *period] += row["amount"]
    rows = []
    for meter in meters:
        cycle, used = meter.cycle, measured(meter)
        committed = {p: meter.committed(p) for p in meter.committable_products}
        for product in sorted({*used, *(p for p, quantity in committed.items() if quantity)}):
            quantity, included = used.get(product, (ZERO, ZERO))
            item = meter.item(product)
            covered = included + meter.covered(product)
            rows.append(
                {
                    "cycle_start_date": cycle.start,
                    "product_code": product,
                    "family": catalogue.family(product),
                    "committed_quantity": committed.get(product, ZERO),
                    "actual_quantity": Decimal(quantity),
                    "overage_quantity": usage.billed_overage(
                        product, max(ZERO, quantity - covered), meter.policy
                    ),
                    "prepay_rate": item["prepay_rate"] if item else None,
                    "overage_rate": item["overage_rate"] if item else None,
                    "amount": charged[product, cycle.start, cycle.end],
                }
            )
    return rows
