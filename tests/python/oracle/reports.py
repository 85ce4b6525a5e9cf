"""`report_reconciliation`: the vendor's reports R1, R2, R3 and R5 against the recomputed figures.

1. R1, billable usage: a charge and a user in a cycle; expected is every billable user of a cycle
   of which there is a report. A user is named by e-mail; one nobody knows keeps the name given.
2. R2, concurrent usage: the peak of a reported day and pool, without a license of all CX users;
   where the peaks agree, the minutes at it are compared.
3. R3, resources: the overage above the allowance as it is billed, messages and conversations of a
   cycle. The report's days are added up, those of stored GB make a cycle's value by the policy of
   the cycle. Expected is everything of a cycle of which there is a report, and what a token meter
   measured where the report names the meter.
4. R5, user hours: seconds logged in per user and day, cut to milliseconds as the report is;
   expected is everybody of a reported day.
5. What lies in no cycle, or on or after as-of, is not compared.
6. The Timestamp of R1 is that of the user's first login of the cycle, cut to what it prints.
7. What rests on a dataset that was never delivered is not comparable: licenses need assignments and
   presences, hours presences, resources and messages their usage, conversations interactions, and
   people named by an address the list of users. On a report of people nobody can name, no user of
   ours is missing. A dataset was delivered if a row of it could be read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import ROUND_DOWN, Decimal

from oracle import catalogue
from oracle.files import Row
from oracle.meter import Meter
from oracle.money import round_half_up
from oracle.products import METERS, WALLBOARD
from oracle.reader import Organization
from oracle.usage import stored_quantity

ZERO = Decimal(0)
LIES_OUTSIDE = {
    *("no_contract", "outside_contract", "unknown_contract"),
    *("overlapping_contract", "currency_mismatch"),
}
MILLISECOND = Decimal("0.001")


def report_reconciliation(
    org: Organization, meters: list[Meter], marts: dict[str, list[dict]]
) -> list[dict]:
    """Every figure of a report, and every figure expected on one that is there."""
    return [
        *billable_usage(org, meters, marts["billable_users"]),
        *concurrent_usage(org, meters, marts["concurrency_daily"]),
        *resources_usage(org, meters, marts["resource_usage"]),
        *user_hours(org, meters, marts["user_hours_daily"]),
    ]


def cycle_of(meters: list[Meter], day: date) -> date | None:
    """The start of the cycle a day before as-of lies in."""
    for meter in meters:
        if meter.cycle.start <= day < min(meter.cycle.end, meter.org.as_of):
            return meter.cycle.start
    return None


def users_by_email(org: Organization) -> dict[str, str]:
    """The user an e-mail address belongs to."""
    return {row["email"].lower(): row["user_id"] for row in org.rows("users") if row["email"]}


def compare_figures(
    org: Organization,
    report: str,
    reported: dict[tuple, tuple[str, Decimal]],
    expected: dict[tuple, Decimal],
    differing_minutes: Iterable[tuple] = (),
    differing_times: Iterable[tuple] = (),
    missing: dict[tuple, set[str]] | None = None,
) -> list[dict]:
    """Figures by (usage date, cycle, subject): reported ones with their file and row.

    `missing` are the datasets that a figure rests on and that were never delivered.
    """
    rows = []
    missing = {key: datasets for key, datasets in (missing or {}).items() if datasets}
    nameless = {key[:2] for key, datasets in missing.items() if "users" in datasets}
    for key in {**reported, **expected}:
        if key not in reported and key[:2] in nameless:
            continue
        day, cycle, subject = key
        dates = f"{cycle}/{day}" if day else str(cycle)
        of_none = f"expected/{report}/{org.org_id}/{dates}/{subject}"
        line_id, quantity = reported.get(key, (of_none, None))
        wanted = expected.get(key)
        datasets = missing.get(key) if wanted is None else None
        if datasets:
            reason = "not_comparable"
        elif quantity is None:
            reason = "missing_on_report"
        elif wanted is None:
            reason = "not_expected"
        elif quantity != wanted:
            reason = "quantity_differs"
        else:
            reason = "minutes_differ" if key in differing_minutes else "matched"
            if key in differing_times:
                reason = "timestamp_differs"
        rows.append(
            {
                "report_line_id": line_id,
                "report": report,
                "usage_date": day,
                "cycle_start_date": cycle,
                "subject": subject,
                "reported_quantity": quantity,
                "expected_quantity": wanted,
                "variance_quantity": ZERO if datasets else (quantity or ZERO) - (wanted or ZERO),
                "reason": reason,
                "missing_datasets": ", ".join(sorted(datasets)) if datasets else None,
            }
        )
    return rows


def place(row: Row) -> str:
    """Where a row lies."""
    return f"{row.file}/{row.number}"


def never_delivered(org: Organization, *datasets: str) -> set[str]:
    """Those of the datasets of which no row could be read; of users, no address.

    Where licenses name people by e-mail these are the ids, and users is not needed.
    """

    def could_be_read(row: Row) -> bool:
        return not row.reason or row.reason in LIES_OUTSIDE

    holders = filter(could_be_read, org.landed.get("license_assignments", []))
    by_email = any("@" in row["user_id"] for row in holders)
    return {
        dataset
        for dataset in datasets
        if not (dataset == "users" and by_email)
        and not any(
            could_be_read(row) and (dataset != "users" or row["email"])
            for row in org.landed.get(dataset, [])
        )
    }


def lacking(org: Organization, product: str | None, name: str = "") -> set[str]:
    """What a figure of a product, and of a person by that name, lacks to be compared."""
    kind = catalogue.products()[product]["kind"] if product in catalogue.products() else None
    if (product or "").startswith(("conversation_", "sms_class_")):
        kind = "conversation" if product.startswith("conversation_") else "message"
    rests_on = {
        "license": ("license_assignments", "user_presence"),
        "addon": ("license_assignments", "user_presence"),
        "conversation": ("message_interactions",),
        "device": ("devices",),
        "call": ("voice_usage",),
        "surcharge": ("voice_usage",),
        "number": ("phone_numbers",),
        "resource": ("resource_usage",),
        "message": ("resource_usage",),
        "token_meter": ("resource_usage",),
    }
    people = ("users",) if {"@", " "} & set(name) else ()
    return never_delivered(org, *rests_on.get(kind, ()), *people)


def cut_as_printed(instant: datetime, text: str) -> datetime:
    """An instant as exact as a printed one: its day, minute, second or part of a second."""
    clock = re.search(r"[T ](\d\d:\d\d)(:\d\d)?(?:[.,](\d+))?", text)
    if not clock:
        return datetime.combine(instant.date(), time())
    if not clock[2]:
        return instant.replace(second=0, microsecond=0)
    digits = f"{instant.microsecond:06}"[: len(clock[3] or "")]
    return instant.replace(microsecond=int(digits.ljust(6, "0")))


def billable_usage(org: Organization, meters: list[Meter], billable: list[dict]) -> list[dict]:
    """R1."""
    emails = users_by_email(org)
    reported, missing, first = {}, {}, {}
    for row in org.rows("billable_usage_report"):
        user = emails.get(row["entity"], row["entity"])
        if cycle := cycle_of(meters, row["timestamp"].date()):
            key = None, cycle, f"{row['charge_name']} / {user}"
            reported[key] = place(row), Decimal(1)
            missing[key] = lacking(org, row["charge_name"], user)
            if key not in first or row["timestamp"] < first[key]["timestamp"]:
                first[key] = row
    cycles = {cycle for _, cycle, _ in reported}
    logins = {
        (None, row["cycle_start_date"], f"{row['product_code']} / {row['user_id']}"): row[
            "first_billable_login_at"
        ]
        for row in billable
        if row["cycle_start_date"] in cycles
    }
    late = {
        key
        for key, row in first.items()
        if key in logins and cut_as_printed(logins[key], row.text["timestamp"]) != row["timestamp"]
    }
    expected = dict.fromkeys(logins, Decimal(1))
    return compare_figures(
        org, "billable_usage", reported, expected, differing_times=late, missing=missing
    )


def concurrent_usage(org: Organization, meters: list[Meter], daily: list[dict]) -> list[dict]:
    """R2."""
    peaks = {
        (row["usage_date"], cycle_of(meters, row["usage_date"]), row["pool"]): row for row in daily
    }
    reported, minutes = {}, set()
    for row in org.rows("concurrent_usage_report"):
        if cycle := cycle_of(meters, row["date"]):
            key = row["date"], cycle, row["license"] or "cx_all"
            reported[key] = place(row), row["peak_concurrent_users"]
            if key in peaks and peaks[key]["minutes_at_peak"] != row["minutes_at_peak"]:
                minutes.add(key)
    expected = {key: Decimal(row["peak_users"]) for key, row in peaks.items() if key in reported}
    missing = {key: lacking(org, "cx1") for key in reported}
    return compare_figures(org, "concurrent_usage", reported, expected, minutes, missing=missing)


def resources_usage(org: Organization, meters: list[Meter], usage: list[dict]) -> list[dict]:
    """R3; accounts of wallboards are no resource."""
    days: dict[tuple, list[Row]] = defaultdict(list)
    for row in org.rows("resources_usage_report"):
        if cycle := cycle_of(meters, row["date"]):
            days[None, cycle, row["resource"]].append(row)
    reported = {}
    policies = {meter.cycle.start: meter.policy for meter in meters}
    for key, rows in days.items():
        if key[-1] == "data_storage_gb":
            by_day = {row["date"]: row["quantity"] for row in rows}
            value = stored_quantity(by_day, policies[key[1]])
        else:
            value = sum(row["quantity"] for row in rows)
        reported[key] = min(place(row) for row in rows), value
    expected = {
        (None, row["cycle_start_date"], row["product_code"]): row["overage_quantity"]
        for row in usage
        if row["overage_quantity"] and row["product_code"] != WALLBOARD
    }
    for meter in meters:
        for product, count in meter.conversation_counts.items():
            if not meter.is_paid_in_tokens(product):
                expected[None, meter.cycle.start, product] = Decimal(count)
        for row in meter.token_usage:
            key = None, meter.cycle.start, row["product_code"]
            if key in reported and row["product_code"] in METERS and row["used_quantity"]:
                expected[key] = row["used_quantity"]
    cycles = {cycle for _, cycle, _ in reported}
    expected = {key: quantity for key, quantity in expected.items() if key[1] in cycles}
    missing = {key: lacking(org, key[-1]) for key in reported}
    return compare_figures(org, "resources_usage", reported, expected, missing=missing)


def user_hours(org: Organization, meters: list[Meter], daily: list[dict]) -> list[dict]:
    """R5."""
    emails = users_by_email(org)
    reported = {}
    for row in org.rows("user_hour_report"):
        user = emails.get(row["user"], row["user"])
        if cycle := cycle_of(meters, row["date"]):
            reported[row["date"], cycle, user] = place(row), round_half_up(row["duration"], 6)
    expected = {
        (
            row["usage_date"],
            cycle_of(meters, row["usage_date"]),
            row["user_id"],
        ): row["logged_in_seconds"].quantize(MILLISECOND, ROUND_DOWN)
        for row in daily
        if row["logged_in_seconds"]
    }
    days = {day for day, _, _ in reported}
    expected = {key: seconds for key, seconds in expected.items() if key[0] in days}
    missing = {
        key: lacking(org, None, key[-1]) | never_delivered(org, "user_presence") for key in reported
    }
    return compare_figures(org, "user_hours", reported, expected, missing=missing)
