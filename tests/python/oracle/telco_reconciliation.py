"""`telco_reconciliation` and the verdict on surcharges: what calls cost, and the vendor's rows.

A row is judged in the order: no calls, another currency, agreement, no row of the vendor, a cut at
00:00, calls landed twice (TELCO-02..07).
"""

from __future__ import annotations

from decimal import Decimal

from oracle import usage
from oracle.calendar import Cycle, midnight
from oracle.files import Row
from oracle.meter import ZERO, Meter
from oracle.money import money
from oracle.vendor_lines import SURCHARGE, VendorLine, folds_toll_free, is_invoiced, telephony


def telco_reconciliation(meter: Meter, theirs: list[VendorLine]) -> list[dict]:
    """`telco_reconciliation`: what calls of a cycle cost and the vendor's rows, by service."""
    invoiced = telephony(meter.cycle, theirs)
    folded = folds_toll_free(meter, theirs)
    found = []
    for service in sorted({*meter.calls, *invoiced} - {"byoc"}):
        calls = meter.calls.get(service, [])
        held = [service]
        if folded and service == "inbound" and "toll_free" in meter.calls:
            held.append("toll_free")
        kind = "folded_into_inbound" if folded and service == "toll_free" else ""
        kind = kind if is_invoiced(meter.cycle, theirs) else "no_invoice"
        found.append(
            {
                "cycle_start_date": meter.cycle.start,
                "service": service,
                "calls_count": len(calls),
                "cdr_minutes": meter.minutes(calls),
                "cdr_cost": sum((row["total_cost"] for row in calls), ZERO),
                "rated_cost": usage.sum_of_rated_costs(calls, meter.policy),
                **invoiced_amounts(invoiced.get(service, [])),
                **telco_verdict(meter, held, invoiced.get(service, []), verdict_of=kind),
                "invoice_date": meter.cycle.end,
            }
        )
    return found


def invoiced_amounts(lines: list[VendorLine]) -> dict:
    """What the vendor has for a service."""
    return {
        "invoiced_us_amount": total([line for line in lines if line.breakout == "U.S."]),
        "invoiced_international_amount": total(
            [line for line in lines if line.breakout == "International"]
        ),
        "invoiced_amount": total(lines),
    }


def telco_verdict(meter: Meter, held: list[str], lines: list[VendorLine], verdict_of: str) -> dict:
    """Why the vendor's rows of a service agree with our calls or differ (TELCO-07)."""
    currency, tolerance = meter.cycle.contract.currency, meter.policy.reconciliation_tolerance
    billed = total(lines)

    def is_near(cost: Decimal) -> bool:
        return abs((billed or ZERO) - money(cost, currency)) <= tolerance

    if verdict_of == "no_invoice":
        return {"variance_amount": None, "status": verdict_of}
    if verdict_of == "folded_into_inbound" and billed is None:
        return {"variance_amount": ZERO, "status": verdict_of}
    calls = [call for service in held for call in meter.calls.get(service, [])]
    if verdict_of == "folded_into_inbound":
        calls = []
    cost = sum((call["total_cost"] for call in calls), ZERO)
    variance = (billed or ZERO) - money(cost, currency)
    if not calls:
        status = "invoice_without_cdr"
    elif any(line.row["currency"] not in (None, currency) for line in lines):
        status = "currency_mismatch"
    elif variance == 0:
        status = "matched"
    elif is_near(cost):
        status = "matched_with_rounding"
    elif billed is None:
        status = "cdr_missing_on_invoice"
    elif is_near(cost_at_midnight(meter, held)):
        status = "boundary_shift"
    elif any(is_near(other) for other in costs_landed_twice(meter, calls)):
        status = "duplicate_cdr"
    else:
        status = "amount_differs"
    return {"variance_amount": variance, "status": status}


def costs_landed_twice(meter: Meter, calls: list[Row]) -> list[Decimal]:
    """TELCO-07: the cost with both records of calls that a later record superseded, and with the
    earlier ones alone; nothing without such calls. Of several the latest earlier one counts; the
    same cost in another file is a delivery repeated and explains nothing."""
    standing = {call_key(call): call for call in calls}
    earlier: dict[tuple, Row] = {}
    for row in meter.org.landed.get("voice_usage", []):
        call = standing.get(call_key(row))
        if not row.is_duplicate or call is None or call["currency"] != row["currency"]:
            continue
        if call["total_cost"] != row["total_cost"] or call.file == row.file:
            earlier[call_key(row)] = row
    if not earlier:
        return []
    cost = sum((call["total_cost"] for call in calls), ZERO)
    again = sum((row["total_cost"] for row in earlier.values()), ZERO)
    return [cost + again, cost + again - sum(standing[key]["total_cost"] for key in earlier)]


def call_key(row: Row) -> tuple:
    """The natural key of a call."""
    return row["sip_call_id"], row["direction"], row["start_time"]


def total(lines: list[VendorLine]) -> Decimal | None:
    """The amount of some vendor lines, None for none."""
    return sum((line.row["amount"] for line in lines), ZERO) if lines else None


def cost_at_midnight(meter: Meter, services: list[str]) -> Decimal:
    """TELCO-07: the cost of the calls if the voice cycle began and ended at 00:00."""
    start, end = midnight(meter.cycle.start), midnight(meter.cycle.end)
    return sum(
        (
            row["total_cost"]
            for row in meter.org.rows("voice_usage")
            if start <= row["start_time"] < end and usage.service(row) in services
        ),
        ZERO,
    )


def surcharge_verdict(cycle: Cycle, quantity: int, theirs: list[VendorLine]) -> dict:
    """SDC-01: the invoiced quantity of short calls, and how it compares."""
    lines = [
        line
        for line in theirs
        if line.product == SURCHARGE and cycle.start <= line.period[0] < cycle.end
    ]
    invoiced = sum((line.row["qty"] or ZERO for line in lines), ZERO) if lines else None
    if not is_invoiced(cycle, theirs):
        status = "no_invoice"
    elif (invoiced or 0) == quantity:
        status = "matched"
    elif invoiced is None:
        status = "missing_on_invoice"
    else:
        status = "quantity_differs" if quantity else "not_expected"
    return {"invoiced_quantity": invoiced, "status": status}
