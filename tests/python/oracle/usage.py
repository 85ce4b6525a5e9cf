"""Conversations, fair-use resources, calls, numbers and devices of a cycle."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from oracle.calendar import Cycle, clip, midnight, touches
from oracle.money import round_half_up
from oracle.people import counting_model
from oracle.reader import CX_LICENSES, Organization, Row

HOURLY_DIVISOR = 111  # FU-05
SHORT_SECONDS = 6  # SDC-06
SHORT_MINIMUM_CALLS = 100  # SDC-02
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
        "voice_transcription_minutes": ("5000", "6500"),
    },
    "cx2": {
        "byoc_minutes": ("5000", "6500"),
        "data_storage_gb": ("25", "32.5"),
        "ivr_minutes": ("2500", "3250"),
        "api_requests": ("110000", "143000"),
        "voice_transcription_minutes": ("5000", "6500"),
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
}


# ---------------------------------------------------------------- conversations


def interactions(org: Organization, cycle: Cycle) -> list[Row]:
    """CONV-02, CONV-06: the interactions that touch the cycle; an open one lasts until as-of."""
    window = cycle.window(org.as_of)
    return [
        row
        for row in org.rows("message_interactions")
        if touches((row["start_time"], row["end_time"] or datetime.max), window)
    ]


def conversations(org: Organization, cycle: Cycle) -> dict[tuple, list[Row]]:
    """CONV-01, CONV-04: interactions by customer account, platform and integration."""
    found: dict[tuple, list[Row]] = defaultdict(list)
    for row in interactions(org, cycle):
        if row["customer_account"] is not None:
            found[row["customer_account"], row["platform"], row["integration_id"]].append(row)
    return found


def anonymous_interactions(org: Organization, cycle: Cycle) -> dict[str, int]:
    """CONV-06 (vi): interactions without a customer account by platform, each alone."""
    found: dict[str, int] = defaultdict(int)
    for row in interactions(org, cycle):
        found[row["platform"]] += row["customer_account"] is None
    return found


# ---------------------------------------------------------------- resources


def resources_used(org: Organization, cycle: Cycle) -> dict[str, Decimal]:
    """Interface 3: the sum of the days, for stored GB the highest day."""
    days: dict[str, list[Decimal]] = defaultdict(list)
    for row in org.rows("resource_usage"):
        if cycle.start <= row["usage_date"] < min(cycle.end, org.as_of):
            days[row["resource"]].append(row["quantity"])
    return {r: max(q) if r == "data_storage_gb" else sum(q) for r, q in days.items()}


def allowance_per_unit(license_code: str, resource: str, license_model: str) -> Fraction:
    """FU-04, FU-05: what one billable user (hourly CX: one billable hour) brings along."""
    named, concurrent = ALLOWANCE.get(license_code, {}).get(resource, ("0", "0"))
    model = counting_model(license_code, license_model) if license_code in CX_LICENSES else "named"
    if model == "hourly":
        return Fraction(named) / HOURLY_DIVISOR
    return Fraction(concurrent if model == "concurrent" else named)


def included(resource: str, license_usage: list[dict], license_model: str) -> Decimal:
    """FU-02: allowance x greatest(committed, actual), pooled, rounded once."""
    total = sum(
        allowance_per_unit(row["product_code"], resource, license_model)
        * Fraction(max(row["committed_quantity"], row["actual_quantity"]))
        for row in license_usage
    )
    return round_half_up(Fraction(total), 6)


# ---------------------------------------------------------------- voice


def rated_seconds(duration: Decimal | int) -> int:
    """VOICE-03: six-second increments, always up; 0 stays 0."""
    return -(-int(duration) // INCREMENT_SECONDS) * INCREMENT_SECONDS


def rated_cost(duration: Decimal | int, rate: Decimal) -> Decimal:
    """VOICE-02: rate x adjusted minutes, half up to 4 decimals per call."""
    return round_half_up(Fraction(rate) * Fraction(rated_seconds(duration), 60), 4)


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


def surcharge_quantity(completed: int, short: int) -> int:
    """SDC-02..04: all short calls, from 100 completed calls and a share of 15 % on."""
    if completed < SHORT_MINIMUM_CALLS or Fraction(short, completed) < SHORT_SHARE:
        return 0
    return short


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
    """NUM-02: numbers purchased in the cycle by type and date."""
    found: dict[tuple, int] = defaultdict(int)
    for row in org.rows("phone_numbers"):
        if cycle.start <= row["purchased_date"] < min(cycle.end, org.as_of):
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
