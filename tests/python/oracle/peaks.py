"""`peak_readings`: what each reading of a peak would bill, and what the vendor bills (CONC-12)."""

from __future__ import annotations

from decimal import Decimal

from oracle.meter import ZERO, Meter, overage

READINGS = ("highest", "sustained", "accumulated", "accumulated_exact")


def peak_readings(meters: list[Meter], marts: dict[str, list[dict]]) -> list[dict]:
    """Four rows per pool that is billed by its peak."""
    in_arrears = [
        row
        for row in marts["invoice_reconciliation"]
        if row["invoiced_amount"] is not None and row["charge_type"] != "prepay"
    ]
    found = []
    for meter in meters:
        start, end = meter.cycle.start, meter.cycle.end
        peaks = [row for row in marts["concurrency_peaks"] if row["cycle_start_date"] == start]
        of_cycle = [row for row in in_arrears if row["service_period_start"] == start]
        is_invoiced = any(row["service_period_end"] == end for row in of_cycle)
        for peak in peaks:
            if not peak["is_billed_by_peak"] or peak["pool"] == "cx_all":
                continue
            lines = [row for row in of_cycle if row["product_code"] == peak["pool"]]
            invoiced = invoiced_users(meter, lines, is_invoiced=is_invoiced)
            for reading in READINGS:
                users = peak[f"{reading}_users"]
                billable = billable_users(meter, peak["pool"], users)
                found.append(
                    {
                        "cycle_start_date": start,
                        "pool": peak["pool"],
                        "reading": reading,
                        "users_count": users,
                        "is_contract_rule": reading == peak["peak_rule"],
                        "committed_quantity": meter.paid_for(peak["pool"]),
                        "billable_quantity": billable,
                        "invoiced_quantity": invoiced,
                        "is_invoiced": None if invoiced is None else billable == invoiced,
                    }
                )
    return found


def billable_users(meter: Meter, pool: str, users: int) -> Decimal:
    """What is on the invoice at the end of the cycle: month to month the commitment as well."""
    paid = meter.paid_for(pool)
    is_monthly = meter.cycle.contract.billing_option == "month_to_month"
    return overage(users, paid) + (paid if is_monthly else ZERO)


def invoiced_users(meter: Meter, lines: list[dict], *, is_invoiced: bool) -> Decimal | None:
    """What the vendor's lines say; none of a product is 0, but for the ramp that waives it."""
    if lines:
        quantities = [row["invoiced_quantity"] for row in lines]
        return sum(filter(None, quantities), ZERO) if any(map(bool, quantities)) else None
    is_waived = meter.cycle.is_ramp and meter.cycle.contract.ramp_license_billing == "waived"
    return ZERO if is_invoiced and not is_waived else None
