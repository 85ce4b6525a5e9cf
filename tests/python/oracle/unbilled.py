"""`unbilled_usage`: everything measured that is on no line, with its reason.

Where interface and rulebook leave a choice, this is what the oracle does:

1. A user is `user_without_license` who holds neither a base license nor an add-on in the cycle.
2. `peak_disregarded` = highest minus billable users, where the product is counted as concurrent.
3. Conversations without a customer account are not in `conversations`; `no_customer_account`
   counts the interactions in each cycle they touch.
4. BYOC calls are `not_billable_service` under `byoc_minutes`, in adjusted minutes.
5. SMS sessions are `not_billable_service` under `conversation_sms`, each interaction in each cycle
   it touches, with or without a customer account; their unit is the warehouse's own.
6. Quantities of `no_contract_item`: licenses in the unit of their model, conversations, messages,
   fair-use overage, number of numbers held or bought, devices, short calls.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from oracle import catalogue, people, usage
from oracle.lines import beyond_paid
from oracle.meter import Meter, overage
from oracle.products import METERS

SMS_SESSIONS = "conversation_sms"


def unbilled(meter: Meter) -> list[dict]:
    """Interface 4, `unbilled_usage`: everything measured and on no line, with its reason."""
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)

    def note(product: str, reason: str, quantity: Decimal | int) -> None:
        if quantity > 0:
            found[product, reason] += quantity

    def beyond(product: str, quantity: Decimal | int) -> None:
        """What is above allowance and commitment has a line, if the product has an item."""
        if meter.item(product) is None:
            note(product, "no_contract_item", quantity)

    note("none", "user_without_license", len(meter.unlicensed))
    for name, users in meter.not_billed.items():
        note(name, "not_billable_license", users)
    sessions = usage.sessions_of_messages(meter.org, meter.cycle)
    note(SMS_SESSIONS, "not_billable_service", sessions)
    for product, hours in meter.hours_without_login.items():
        note(product, "not_logged_in", hours)
    for row in meter.license_usage:
        product, actual = row["product_code"], row["actual_quantity"]
        beyond(product, row["overage_quantity"])
        note(product, "within_commitment", min(actual, meter.paid_for(product)))
    for product, users in meter.holders.items():
        model = people.counting_model(product, meter.cycle.contract.license_model)
        if model == "concurrent":
            found_peaks = people.peaks(people.segments(users, meter.window))
            billable = found_peaks[meter.cycle.contract.peak_rule]
            note(product, "peak_disregarded", found_peaks["highest"] - billable)
    for meter_code, quantity in meter.delivered.items():
        if meter_code in METERS and usage.token_rate(meter_code, meter.cycle) is None:
            note(meter_code, "not_billable_service", quantity)
    for row in meter.resource_usage:
        product, used = row["product_code"], row["used_quantity"]
        within = min(used, row["included_quantity"])
        note(product, "within_allowance", within)
        note(product, "within_commitment", min(used - within, meter.paid_for(product)))
        beyond(product, beyond_paid(meter, row))
    for product, count in meter.conversation_counts.items():
        if meter.is_paid_in_tokens(product):
            note(product, "not_billable_service", count)
            continue
        note(product, "within_commitment", min(count, meter.paid_for(product)))
        beyond(product, overage(count, meter.paid_for(product)))
    for platform, count in usage.anonymous_interactions(meter.org, meter.cycle).items():
        note(f"conversation_{platform}", "no_customer_account", count)
    byoc_minutes = meter.minutes(meter.calls.get("byoc", []))
    note("byoc_minutes", "not_billable_service", byoc_minutes)
    surcharged = meter.surcharged_calls
    note("short_call_surcharge", "below_threshold", meter.short_calls[1] - surcharged)
    beyond("short_call_surcharge", surcharged)
    for (kind, *_), count in usage.numbers_held(meter.org, meter.cycle).items():
        beyond(meter.number_item("mrc", kind)[0], count)
    for (kind, _), count in usage.numbers_bought(meter.org, meter.cycle).items():
        beyond(meter.number_item("nrc", kind)[0], count)
    for product, count in usage.devices_in_service(meter.org, meter.cycle).items():
        beyond(product, count)
    return [
        {
            "product_code": product,
            "reason": reason,
            "quantity": Decimal(quantity),
            "unit_of_measure": unbilled_unit(meter, product, reason),
        }
        for (product, reason), quantity in sorted(found.items())
    ]


def unbilled_unit(meter: Meter, product: str, reason: str) -> str:
    """Heads of users and of a peak, interactions of nobody, else the unit of the product."""
    if reason in {"user_without_license", "peak_disregarded", "not_billable_license"}:
        return "user"
    if product == SMS_SESSIONS:
        return catalogue.ANYTHING
    if reason == "no_customer_account":
        return "interaction"
    model = people.counting_model(product, meter.cycle.contract.license_model)
    return catalogue.unit(product, model)
