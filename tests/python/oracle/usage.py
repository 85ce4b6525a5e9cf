"""Conversations, fair-use resources, calls, numbers and devices of a cycle.

Where interface and rulebook leave a choice, this is what the oracle does:

1. Each holder of a workforce add-on brings its transcription, whatever the base license, also
   beside a license that has some of its own.
2. The two legacy kinds of transcription, characters of text-to-speech and templates have no
   allowance; what is delivered as `tts_characters` is in millions already.
3. Wallboard accounts are a row of `resource_usage`: used, one included, the rest overage, at the
   overage rate in the ramp too, which waives it as it does licenses.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil

from oracle.calendar import Cycle, clip, midnight, touches
from oracle.catalogue import is_fair_use
from oracle.files import Row
from oracle.labels import NO_CONVERSATIONS
from oracle.money import round_half_up
from oracle.people import counting_model, licenses_held
from oracle.policies import SHIPPED, Policy
from oracle.products import CX_LICENSES, METERS, WALLBOARD
from oracle.reader import Organization

SHORT_SECONDS = 6  # SDC-06
SHORT_SHARE = Fraction(15, 100)  # SDC-04
INCREMENT_SECONDS = 6  # VOICE-03

# FU-04: license -> resource -> (named, concurrent); a dash is left out and means 0.
ALLOWANCE = {
    "communicate": {
        "byoc_minutes": ("1000", "1000"),
        "data_storage_gb": ("5", "5"),
        "ivr_minutes": ("500", "500"),
        "api_requests": ("10000", "10000"),
        "voice_transcription_minutes": ("100", "100"),
    },
    "cx1": {
        "byoc_minutes": ("5000", "6500"),
        "data_storage_gb": ("17.5", "22.75"),
        "ivr_minutes": ("1750", "2275"),
        "api_requests": ("75000", "97500"),
    },
    "cx2": {
        "byoc_minutes": ("5000", "6500"),
        "data_storage_gb": ("25", "32.5"),
        "ivr_minutes": ("2500", "3250"),
        "api_requests": ("110000", "143000"),
    },
    "cx2_digital": {
        "data_storage_gb": ("8", "10"),
        "api_requests": ("110000", "143000"),
    },
    "cx3": {
        "byoc_minutes": ("5000", "6500"),
        "data_storage_gb": ("32.5", "42.25"),
        "ivr_minutes": ("3250", "4225"),
        "api_requests": ("140000", "182000"),
        "voice_transcription_minutes": ("5000", "6500"),
    },
    "cx3_digital": {
        "data_storage_gb": ("15", "20"),
        "api_requests": ("140000", "182000"),
    },
    "cx4": {
        "byoc_minutes": ("5000", "6500"),
        "data_storage_gb": ("42.5", "55.25"),
        "ivr_minutes": ("4250", "5525"),
    },
    "ex": {
        "data_storage_gb": ("17.5", "17.5"),
        "api_requests": ("75000", "75000"),
    },
    # FU-05, FU-15: transcription comes with the workforce add-on, of CX 3 with the license.
    "cx1_wem_addon": {"voice_transcription_minutes": ("5000", "6500")},
    "cx2_wem_addon": {"voice_transcription_minutes": ("5000", "6500")},
}


# FU-04: what every CX license brings along; FU-11, FU-14: what an organization has by itself.
OF_EVERY_CX_LICENSE = {"work_items": ("1800", "1800"), "journey_events": ("20000", "26000")}
OF_ORGANIZATION = {
    "ai_tokens": ("250", "350"),
    "decision_executions": ("50000", "50000"),
    "cases": ("150", "150"),
    WALLBOARD: ("1", "1"),
}
# FU-12: campaign attempts of the licenses with voice, and what an hour of them includes.
OF_EVERY_VOICE_LICENSE = {"outbound_attempts": ("15000", "19500")}
PER_HOUR = {"outbound_attempts": "147"}

COPILOT = "agent_copilot"
# FU-13: tokens of so many units; messages and Copilot depend on the contract.
TOKENS = {
    "voice_bot_minutes": ("1", 17),
    "digital_bot_sessions": ("1", 51),
    "virtual_agent_interactions": ("0.5", 1),
    "ai_scoring_evaluations": ("1", 20),
    "translations": ("1", 2),
    "summaries": ("1", 50),
}


# ---------------------------------------------------------------- conversations


def interactions(org: Organization, cycle: Cycle) -> list[Row]:
    """CONV-02, CONV-06: the interactions that touch the cycle; open ones end with the data."""
    window = cycle.window(org.as_of)
    return [
        row
        for row in org.rows("message_interactions")
        if touches((row["start_time"], row["until"]), window)
    ]


def conversations(org: Organization, cycle: Cycle) -> dict[tuple, list[Row]]:
    """CONV-01, CONV-04: interactions by customer account, platform and integration."""
    found: dict[tuple, list[Row]] = defaultdict(list)
    for row in interactions(org, cycle):
        if row["customer_account"] is not None and row["platform"] != NO_CONVERSATIONS:
            found[row["customer_account"], row["platform"], row["integration_id"]].append(row)
    return found


def anonymous_interactions(org: Organization, cycle: Cycle) -> dict[str, int]:
    """CONV-06 (vi): interactions without a customer account by platform, each alone."""
    found: dict[str, int] = defaultdict(int)
    for row in interactions(org, cycle):
        if row["platform"] != NO_CONVERSATIONS:
            found[row["platform"]] += row["customer_account"] is None
    return found


def sessions_of_messages(org: Organization, cycle: Cycle) -> int:
    """CONV-08: the SMS sessions of a cycle, which are billed by the message."""
    return sum(row["platform"] == NO_CONVERSATIONS for row in interactions(org, cycle))


# ---------------------------------------------------------------- resources


def resources_used(org: Organization, cycle: Cycle) -> dict[str, Decimal]:
    """Interface 3: the sum of the days; of stored GB one value by policy (FU-09)."""
    days: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for row in org.rows("resource_usage"):
        if cycle.start <= row["usage_date"] < min(cycle.end, org.as_of):
            days[row["resource"]][row["usage_date"]] = row["quantity"]
    policy = org.policies.on(cycle.start)
    return {
        resource: stored_quantity(quantities, policy)
        if resource == "data_storage_gb"
        else sum(quantities.values())
        for resource, quantities in days.items()
    }


def wallboards(org: Organization, cycle: Cycle) -> int:
    """LIC-11: the wallboard accounts assigned at any instant of the cycle, logged in or not."""
    held = licenses_held(org, cycle)
    return sum(WALLBOARD in products for products in held.values())


def stored_quantity(days: dict[date, Decimal], policy: Policy) -> Decimal:
    """FU-09: the stored GB of a cycle - the highest day, the latest, or the average of the days."""
    if policy.storage_month_value == "last":
        return days[max(days)]
    if policy.storage_month_value == "average":
        return round_half_up(Fraction(sum(days.values())) / len(days), 6)
    return max(days.values())


def is_billed_as_overage(product: str) -> bool:
    """Whether what is above allowance and commitment is an overage: of resources, wallboards."""
    return product == WALLBOARD or is_fair_use(product)


def billed_overage(resource: str, overage: Decimal, policy: Policy) -> Decimal:
    """FU-07: the overage of a resource, in whole units where the policy says so."""
    if policy.overage_rounding == "whole_unit" and is_billed_as_overage(resource):
        return Decimal(ceil(overage))
    return overage


def allowance_per_unit(
    license_code: str, resource: str, license_model: str, policy: Policy = SHIPPED
) -> Fraction:
    """FU-04, FU-05: what one billable user (by the hour: one billable hour) brings along."""
    model = counting_model(license_code, license_model)
    base = license_code.removesuffix("_hourly")
    of_license = ALLOWANCE.get(base, {})
    if base in CX_LICENSES:
        of_license = {**OF_EVERY_CX_LICENSE, **of_license}
        if not base.endswith("_digital"):
            of_license = {**OF_EVERY_VOICE_LICENSE, **of_license}
    named, concurrent = of_license.get(resource, ("0", "0"))
    if model == "hourly" and resource in of_license and resource in PER_HOUR:
        return Fraction(PER_HOUR[resource])
    if model == "hourly":
        return Fraction(named) / policy.hourly_allowance_divisor
    return Fraction(concurrent if model == "concurrent" else named)


def included(
    resource: str, license_usage: list[dict], license_model: str, policy: Policy = SHIPPED
) -> Decimal:
    """FU-02: allowance x users by the policy's basis, pooled, with the org's own (FU-11).

    The greatest is that of what is committed, used and, where a prepaid year changed, prepaid.
    """
    basis = {
        "greatest": lambda row: max(
            row["committed_quantity"], row["actual_quantity"], row.get("prepaid_quantity", 0)
        ),
        "actual": lambda row: row["actual_quantity"],
        "committed": lambda row: row["committed_quantity"],
    }[policy.fair_use_basis]
    total = sum(
        allowance_per_unit(row["product_code"], resource, license_model, policy)
        * Fraction(basis(row))
        for row in license_usage
    )
    named, concurrent = OF_ORGANIZATION.get(resource, ("0", "0"))
    total += Fraction(concurrent if license_model == "concurrent" else named)
    return round_half_up(Fraction(total), 6)


def tokens_used(org: Organization, cycle: Cycle, license_usage: list[dict]) -> list[dict]:
    """FU-13, CONV-09: what took AI tokens in a cycle, and how many, rounded meter by meter."""
    contract = cycle.contract
    used = dict(resources_used(org, cycle))
    for row in license_usage:
        if row["product_code"] == COPILOT:
            used[COPILOT] = row["actual_quantity"]
            if contract.license_model == "hourly":
                used[COPILOT] = Decimal(row["named_users"])
    return [
        {
            "product_code": meter,
            "used_quantity": Decimal(quantity),
            "tokens": round_half_up(Fraction(quantity) * Fraction(rate[0]) / Fraction(rate[1]), 6),
        }
        for meter, quantity in sorted(used.items())
        if (rate := token_rate(meter, cycle)) and quantity
    ]


def token_rate(meter: str, cycle: Cycle) -> tuple[str, int] | None:
    """The tokens of so many units of a meter in a cycle; None for what takes none."""
    if meter.startswith("messages_"):
        per_token = cycle.contract.messaging_pricing_model == "per_token"
        return ("1", 400) if per_token and meter in METERS else None
    if meter == COPILOT:
        return ("60" if cycle.contract.license_model == "concurrent" else "40"), 1
    if meter == "agentic_virtual_agent_interactions":
        return ("1.2" if cycle.start >= date(2026, 6, 1) else "1"), 1
    return TOKENS.get(meter)


# ---------------------------------------------------------------- voice


def rated_seconds(duration: Decimal | int, policy: Policy = SHIPPED) -> int:
    """VOICE-03: six-second increments, up or to the nearest, half up; 0 stays 0."""
    if policy.call_rounding == "nearest":
        return (int(duration) * 2 + INCREMENT_SECONDS) // (2 * INCREMENT_SECONDS) * 6
    return -(-int(duration) // INCREMENT_SECONDS) * INCREMENT_SECONDS


def rated_cost(duration: Decimal | int, rate: Decimal, policy: Policy = SHIPPED) -> Decimal:
    """VOICE-02: rate x adjusted minutes, half up to 4 decimals per call."""
    return round_half_up(Fraction(rate) * Fraction(rated_seconds(duration, policy), 60), 4)


def sum_of_rated_costs(rows: list[Row], policy: Policy) -> Decimal:
    """VOICE-02: the recomputed costs, each rounded to 4 decimals."""
    return sum(
        (rated_cost(r["duration_seconds"], r["usage_rate_per_minute"], policy) for r in rows),
        Decimal(0),
    )


def service(row: Row) -> str:
    """TELCO-03, TELCO-08: the calling service of a call."""
    group = f"{row['usage_group'] or ''} {row['usage_group_display'] or ''}".lower()
    call_type = row["call_type"].lower()
    if "byoc" in group:
        return "byoc"
    if "toll-free" in call_type:
        return "toll_free"
    if "extended" in call_type:
        return "extended_outbound"
    return row["direction"].lower()


def calls(org: Organization, cycle: Cycle) -> list[Row]:
    """CYC-04: the calls whose start time lies in the voice cycle."""
    start, end = cycle.window(org.as_of, "voice")
    return [row for row in org.rows("voice_usage") if start <= row["start_time"] < end]


def adjusted_minutes(rows: list[Row], policy: Policy) -> Decimal:
    """VOICE-03: adjusted seconds of many calls in minutes (multiples of 0.1)."""
    return Decimal(sum(rated_seconds(row["duration_seconds"], policy) for row in rows)) / 60


def is_international(row: Row) -> bool:
    """TELCO-03: the record says so, or just one of two numbers is in numbering zone +1."""
    words = (row["call_type"], row["usage_group"], row["usage_group_display"])
    if any("international" in (word or "").lower() for word in words):
        return True
    ends = [end for end in (row["origin"], row["destination"]) if (end or "").startswith("+")]
    return len(ends) == 2 and len({end.startswith("+1") for end in ends}) == 2


def is_short(row: Row) -> bool:
    """SDC-06: more than 0 and at most 6 raw seconds."""
    return 0 < row["duration_seconds"] <= SHORT_SECONDS


def short_calls(rows: list[Row]) -> tuple[int, int]:
    """SDC-03: completed outbound calls, and the short ones among them; BYOC left out."""
    completed = [
        row
        for row in rows
        if service(row) != "byoc"
        and row["direction"].lower() == "outbound"
        and row["duration_seconds"] > 0
    ]
    return len(completed), sum(is_short(row) for row in completed)


def surcharge_quantity(completed: int, short: int, policy: Policy = SHIPPED) -> int:
    """SDC-02..04: all short calls, from 100 completed calls and 15 % on, or above it."""
    if completed < max(policy.short_call_minimum_calls, 1):
        return 0
    share = Fraction(short, completed)
    reached = share >= SHORT_SHARE if policy.short_call_share_is_inclusive else share > SHORT_SHARE
    return short if reached else 0


# ---------------------------------------------------------------- numbers and devices


def days_held(purchased: date, released: date | None, start: date, end: date) -> int:
    """NUM-01, NUM-03: days on the account in `[start, end)`; purchase day in, release day out."""
    return max(0, (min(released or end, end) - max(purchased, start)).days)


def numbers_held(org: Organization, cycle: Cycle) -> dict[tuple, int]:
    """NUM-01: numbers by type, purchase date and days held in the cycle."""
    found: dict[tuple, int] = defaultdict(int)
    end = min(cycle.end, org.as_of)
    for row in org.rows("phone_numbers"):
        days = days_held(row["purchased_date"], row["released_date"], cycle.start, end)
        if days:
            found[row["number_type"], row["purchased_date"], days] += 1
    return found


def numbers_bought(org: Organization, cycle: Cycle) -> dict[tuple, int]:
    """NUM-02: numbers purchased in the cycle, or between contracts before it, by type and date."""
    found: dict[tuple, int] = defaultdict(int)
    since = max(
        (other.end for other in org.cycles if other.end <= cycle.start), default=cycle.start
    )
    for row in org.rows("phone_numbers"):
        if since <= row["purchased_date"] < min(cycle.end, org.as_of):
            found[row["number_type"], row["purchased_date"]] += 1
    return found


def prorated_price(price: Decimal, days: int, cycle_days: int) -> Decimal:
    """NUM-01: price x days held / days in cycle, rounded to 6 decimals."""
    return round_half_up(Fraction(price) * days / cycle_days, 6)


def devices_in_service(org: Organization, cycle: Cycle) -> dict[str, int]:
    """INV-14: distinct devices in service at any instant of the cycle, by product."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in org.rows("devices"):
        until = row["out_of_service_date"]
        in_service = midnight(row["in_service_date"]), midnight(until) if until else datetime.max
        if clip(in_service, cycle.window(org.as_of)):
            found[row["product_code"]].add(row["device_id"])
    return {product: len(devices) for product, devices in found.items()}
