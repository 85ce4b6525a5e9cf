"""The marts of an inbox, computed from the raw rows: `calculate(inbox, as_of)`.

Where interface and rulebook leave a choice, this is what the oracle does:

1. `usage_through_at` is the earlier of the cycle's end (on its clock) and 00:00 of as-of.
2. `first_billable_login_at` is the first instant logged in within the cycle: the cycle start for a
   login carried over; it need not fall into the time the license was held.
3. Time outside the cycles is in no mart. `user_hours_daily` has a row where somebody was logged
   in or interacting, license or not, in every license model.
4. `concurrency_*` have rows where at least one user was logged in, in every license model.
5. `short_call_surcharges` has a row where there is at least one completed call.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from oracle import catalogue, people, usage
from oracle.answered import Answers
from oracle.audit import load_audit, rejected_rows
from oracle.calendar import midnight
from oracle.call_audit import call_audit
from oracle.coverage import coverage_rows
from oracle.files import Row
from oracle.invoice_reconciliation import invoice_reconciliation
from oracle.invoices import invoice_lines, invoices
from oracle.meter import Meter
from oracle.missing import missing_data
from oracle.money import line_amount, round_half_up
from oracle.names import unmapped_names
from oracle.peaks import peak_readings
from oracle.peaks_explained import (
    concurrency_curve_rows,
    peak_explanation_rows,
    peak_sensitivity_rows,
)
from oracle.policies import Policies
from oracle.reader import Organization, read_organization
from oracle.reports import report_reconciliation
from oracle.summary import organization_rows, usage_summary_rows
from oracle.telco_reconciliation import surcharge_verdict, telco_reconciliation
from oracle.unbilled import unbilled
from oracle.vendor_lines import VendorLine, vendor_lines


def calculate(inbox: Path, as_of: date, policies: Policies | None = None) -> dict[str, list[dict]]:
    """The marts of every org in `inbox` as seen on `as_of`: mart name -> rows."""
    marts: dict[str, list[dict]] = defaultdict(list)
    for folder in sorted(path for path in inbox.iterdir() if path.is_dir()):
        for name, rows in organization_marts(read_organization(folder, as_of, policies)).items():
            marts[name] += rows
    return dict(marts)


def organization_marts(org: Organization) -> dict[str, list[dict]]:
    """The marts of one org."""
    catalogue.use(org.own)
    meters = [Meter(org, cycle) for cycle in org.cycles]
    marts: dict[str, list[dict]] = {name: [] for name in PER_CYCLE}
    for name, builder in PER_CYCLE.items():
        for meter in meters:
            place = {} if name in DAILY else {"cycle_start_date": meter.cycle.start}
            marts[name] += [{**place, **row} for row in builder(meter)]
    marts["organizations"] = organization_rows(org)
    marts["billing_cycles"] = billing_cycle_rows(org)
    marts["coverage"] = coverage_rows(org)
    marts["invoice_lines"] = invoice_lines(org, meters)
    marts["invoices"] = invoices(org, marts["invoice_lines"])
    marts["usage_summary"] = usage_summary_rows(meters, marts["invoice_lines"])
    theirs = vendor_lines(org)
    answers = Answers(org, marts["invoice_lines"], theirs, meters)
    marts["short_call_surcharges"] = [r for m in meters for r in surcharge_rows(m, theirs)]
    marts["telco_reconciliation"] = [
        row for meter in meters for row in telco_reconciliation(meter, theirs)
    ]
    marts["invoice_reconciliation"] = invoice_reconciliation(answers, meters)
    marts["peak_readings"] = peak_readings(answers, meters, marts["concurrency_peaks"])
    marts["report_reconciliation"] = report_reconciliation(org, meters, marts)
    marts["customers"] = customer_rows(meters)
    marts["call_audit"] = call_audit(org, meters)
    marts["rejected_rows"] = rejected_rows(org)
    marts["unmapped_names"] = unmapped_names(org)
    marts["load_audit"] = load_audit(org)
    marts["missing_data"] = missing_data(org, marts)
    return {name: [{"org_id": org.org_id, **row} for row in rows] for name, rows in marts.items()}


def billing_cycle_rows(org: Organization) -> list[dict]:
    """`billing_cycles`: every cycle on both clocks."""
    rows = []
    for cycle in org.cycles:
        for clock in ("core", "voice"):
            start, end = cycle.bounds(clock)
            rows.append(
                {
                    "billing_cycle_id": f"{org.org_id}/{clock}/{cycle.start}",
                    "clock": clock,
                    "cycle_number": cycle.number,
                    "cycle_start_at": start,
                    "cycle_end_at": end,
                    "cycle_start_date": cycle.start,
                    "cycle_end_date": cycle.end,
                    "phase": "ramp" if cycle.is_ramp else "term",
                    "is_last_ramp_cycle": cycle.is_last_ramp,
                    "is_closed": end <= midnight(org.as_of),
                    "usage_through_at": min(end, midnight(org.as_of)),
                }
            )
    return rows


def conversation_rows(meter: Meter) -> list[dict]:
    """`conversations` without the hashed account: compared as a bag of equal rows."""
    start = meter.window[0]
    return [
        {
            "platform": platform,
            "integration_id": integration,
            "interactions_count": len(rows),
            "first_interaction_at": min(row["start_time"] for row in rows),
            "last_interaction_at": max(row["start_time"] for row in rows),
            "is_carried_over": any(row["start_time"] < start for row in rows),
        }
        for (_, platform, integration), rows in meter.conversations.items()
    ]


def customer_rows(meters: list[Meter]) -> list[dict]:
    """Per customer of a platform the conversations, to hold against the hash that stands for it."""
    found: dict[tuple, list[Row]] = defaultdict(list)
    conversations: dict[tuple, int] = defaultdict(int)
    for meter in meters:
        for (account, platform, _), rows in meter.conversations.items():
            found[account, platform] += rows
            conversations[account, platform] += 1
    return [
        {
            "platform": platform,
            "conversations_count": conversations[account, platform],
            "interactions_count": len(rows),
            "first_interaction_at": min(row["start_time"] for row in rows),
            "last_interaction_at": max(row["start_time"] for row in rows),
        }
        for (account, platform), rows in found.items()
    ]


def concurrency_peak_rows(meter: Meter) -> list[dict]:
    """`concurrency_peaks`: all readings side by side, and the witness of the sustained one."""
    rows = []
    contract = meter.cycle.contract
    rule = contract.peak_rule
    for pool, users in meter.pools.items():
        pieces = people.segments(users, meter.window)
        found = people.peaks(pieces)
        stretch = people.first_stretch(pieces, found["sustained"])
        started, ended = stretch if rule == "sustained" else (None, None)
        model = contract.license_model
        if pool != "cx_all":
            model = people.counting_model(pool, model)
        rows.append(
            {
                "pool": pool,
                "highest_users": found["highest"],
                "sustained_users": found["sustained"],
                "accumulated_users": found["accumulated"],
                "accumulated_exact_users": found["accumulated_exact"],
                "peak_rule": rule,
                "billable_users": found[rule],
                "peak_started_at": started,
                "peak_ended_at": ended,
                "license_model": model,
                "is_billed_by_peak": model == "concurrent",
            }
        )
    return rows


def concurrency_daily_rows(meter: Meter) -> list[dict]:
    """`concurrency_daily` (CONC-08, R2)."""
    rows = []
    for pool, users in meter.pools.items():
        pieces = people.segments(users, meter.window)
        for day in people.days_of(meter.window):
            peak, minutes = people.daily_peak(pieces, day)
            if peak:
                rows.append(
                    {
                        "usage_date": day,
                        "pool": pool,
                        "peak_users": peak,
                        "minutes_at_peak": round_half_up(minutes, 6),
                    }
                )
    return rows


def billable_user_rows(meter: Meter) -> list[dict]:
    """`billable_users` (R1, NAMED-01)."""
    return [
        {
            "user_id": user,
            "product_code": product,
            "first_billable_login_at": times[0][0],
            "logged_in_seconds": round_half_up(people.seconds(times), 6),
        }
        for product, users in meter.holders.items()
        for user, times in users.items()
    ]


def user_hour_rows(meter: Meter) -> list[dict]:
    """`user_hours_daily` (R5, HOUR-04)."""
    rows = []
    for day in people.days_of(meter.window):
        window = midnight(day), midnight(day + timedelta(days=1))
        logged_in = people.within(meter.logins, window)
        interacting = people.within(meter.interacting, window)
        for user in {**logged_in, **interacting}:
            times, busy = logged_in.get(user, []), interacting.get(user, [])
            rows.append(
                {
                    "user_id": user,
                    "usage_date": day,
                    "logged_in_seconds": round_half_up(people.seconds(times), 6),
                    "logged_in_duration": people.duration_text(people.seconds(times)),
                    "interacting_seconds": round_half_up(people.seconds(busy), 6),
                }
            )
    return rows


def call_rows(meter: Meter) -> list[dict]:
    """`calls`: every call of the voice cycle, told by file and row."""
    return [
        {
            "call_id": f"{row.file}/{row.number}",
            "sip_call_id": row["sip_call_id"],
            "started_at": row["start_time"],
            "direction": row["direction"].lower(),
            "call_type": row["call_type"].lower(),
            "service": service,
            "duration_seconds": row["duration_seconds"],
            "rated_seconds": usage.rated_seconds(row["duration_seconds"], meter.policy),
            "rate_per_minute": row["usage_rate_per_minute"],
            "reported_cost": row["total_cost"],
            "rated_cost": usage.rated_cost(
                row["duration_seconds"], row["usage_rate_per_minute"], meter.policy
            ),
            "currency": row["currency"],
            "is_short": usage.is_short(row),
            "is_international": usage.is_international(row),
        }
        for service, rows in meter.calls.items()
        for row in rows
    ]


def surcharge_rows(meter: Meter, theirs: list[VendorLine]) -> list[dict]:
    """`short_call_surcharges`."""
    completed, short = meter.short_calls
    if not completed:
        return []
    item = meter.item("short_call_surcharge")
    quantity = meter.surcharged_calls
    currency = meter.cycle.contract.currency
    return [
        {
            "cycle_start_date": meter.cycle.start,
            "completed_calls": completed,
            "short_calls": short,
            "short_share": round_half_up(Decimal(short) / completed, 6),
            "surcharge_quantity": quantity,
            "rate": item["overage_rate"] if item else None,
            "amount": line_amount(quantity, item["overage_rate"], currency) if item else None,
            **surcharge_verdict(meter.cycle, quantity, theirs),
            "invoice_date": meter.cycle.end,
        }
    ]


PER_CYCLE = {
    "conversations": conversation_rows,
    "concurrency_daily": concurrency_daily_rows,
    "concurrency_peaks": concurrency_peak_rows,
    "concurrency_curve": concurrency_curve_rows,
    "peak_explanations": peak_explanation_rows,
    "peak_sensitivity": peak_sensitivity_rows,
    "billable_users": billable_user_rows,
    "user_hours_daily": user_hour_rows,
    "license_usage": lambda meter: meter.license_usage,
    "resource_usage": lambda meter: meter.resource_usage,
    "calls": call_rows,
    "ai_token_usage": lambda meter: meter.token_usage,
    "unbilled_usage": unbilled,
}
DAILY = {"user_hours_daily"}
