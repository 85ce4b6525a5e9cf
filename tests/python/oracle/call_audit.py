"""The calls that deserve a look: what is found of each record, and how much money it is about.

1. A call over the own carrier costs nothing that could be wrong, or there twice (TELCO-08).
2. A record in another file that says the same of cost and length was delivered again; else its id
   is there twice (TELCO-07).
3. Twins are told by service, second, length and both numbers; the smallest id is not the twin.
4. A call is of another cycle at midnight if its day is not in its own cycle (CYC-04).
5. Of records that no cycle has only those of organizations with a cycle count, and of those that
   are rejected only where the direction is to blame.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from oracle import usage
from oracle.calendar import midnight
from oracle.files import Row
from oracle.masking import mask_value
from oracle.meter import Meter
from oracle.reader import Organization
from oracle.telco_reconciliation import call_key

CLAIMED = {"mispriced", "repeated_content", "repeated_id"}
TOLD = re.compile(r"inbound|outbound|domestic|local|national|long.?distance")
SMALLEST = Decimal("0.0001")


def call_audit(org: Organization, meters: list[Meter]) -> list[dict]:
    """`call_audit`: a row per record and finding."""
    rows = [row for meter in meters for row in of_cycle(org, meter)]
    return rows + list(of_no_cycle(org))


def of_cycle(org: Organization, meter: Meter) -> Iterator[dict]:
    """What is found of the calls of a voice cycle, and of records that repeat them."""
    costed = [
        (row, service) for service, rows in meter.calls.items() for row in rows if service != "byoc"
    ]
    alike: dict[tuple, list[Row]] = defaultdict(list)
    for row, service in costed:
        alike[
            (service, row["start_time"], row["duration_seconds"], row["origin"], row["destination"])
        ].append(row)
        cost = row["total_cost"] - rated(meter, row)
        if abs(cost) >= SMALLEST:
            yield found(meter, row, service, "mispriced", cost)
        other = cycle_at_midnight(org, row)
        if other != meter.cycle.start:
            yield found(
                meter,
                row,
                service,
                "other_cycle_at_midnight",
                row["total_cost"],
                other_cycle_start_date=other,
            )
    for (service, *_, origin, destination), rows in alike.items():
        first, *others = sorted(rows, key=lambda row: row["sip_call_id"])
        if origin and destination:
            for row in others:
                yield found(
                    meter, row, service, "repeated_content", row["total_cost"], repeats=first
                )
    standing = {call_key(row): (row, service) for row, service in costed}
    for row in org.landed.get("voice_usage", []):
        call, service = standing.get(call_key(row), (None, None))
        if not row.is_duplicate or call is None or row["currency"] != call["currency"]:
            continue
        same = all(row[name] == call[name] for name in ("total_cost", "duration_seconds"))
        finding = "delivered_again" if same and row.file != call.file else "repeated_id"
        yield found(None, row, service, finding, row["total_cost"], call, meter)
    for service in ("inbound", "outbound"):
        for row in meter.calls.get(service, []):
            words = row["call_type"].lower()
            opposite = {"inbound": "outbound", "outbound": "inbound"}[service]
            if not TOLD.search(words) or opposite in words:
                yield found(meter, row, service, "unknown_service", row["total_cost"])
    start, end = meter.cycle.window(org.as_of, "voice")
    for row in org.landed.get("voice_usage", []):
        if row.reason == "currency_mismatch" and start <= row["start_time"] < end:
            service = usage.service(row)
            yield found(meter, row, service, "other_currency", row["total_cost"])


def of_no_cycle(org: Organization) -> Iterator[dict]:
    """What is in no figure, since no cycle has it or nobody can say what it is."""
    for row in org.landed.get("voice_usage", []) if org.cycles else []:
        if row.reason == "outside_contract":
            yield found(None, row, None, "outside_every_cycle", row["total_cost"])
        elif row.reason and row.column == "direction":
            yield found(None, row, None, "unknown_service", row["total_cost"])


def cycle_at_midnight(org: Organization, row: Row):
    """The first day of the cycle that has the call by the day it starts on, None if none has."""
    for cycle in org.cycles:
        if midnight(cycle.start) <= row["start_time"] < midnight(cycle.end):
            return cycle.start
    return None


def rated(meter: Meter, row: Row) -> Decimal:
    """Rate times rated minutes."""
    return usage.rated_cost(row["duration_seconds"], row["usage_rate_per_minute"], meter.policy)


def found(
    meter: Meter | None,
    row: Row,
    service: str | None,
    finding: str,
    amount: Decimal,
    repeats: Row | None = None,
    of: Meter | None = None,
    other_cycle_start_date=None,
) -> dict:
    """A row of the audit; a record that is not rated has no `meter`, `of` tells its cycle then."""
    cycle = (meter or of).cycle if meter or of else None
    return {
        "call_id": f"{row.file}/{row.number}",
        "finding": finding,
        "cycle_start_date": cycle and cycle.start,
        "other_cycle_start_date": other_cycle_start_date,
        "repeats_call_id": repeats and f"{repeats.file}/{repeats.number}",
        "sip_call_id": row["sip_call_id"],
        "started_at": row["start_time"],
        "direction": row["direction"] and row["direction"].lower(),
        "call_type": (row["call_type"] or "").lower(),
        "service": service,
        "duration_seconds": row["duration_seconds"],
        "rated_seconds": meter and usage.rated_seconds(row["duration_seconds"], meter.policy),
        "rate_per_minute": row["usage_rate_per_minute"],
        "reported_cost": row["total_cost"],
        "rated_cost": meter and rated(meter, row),
        "amount": amount,
        "claim_amount": amount if finding in CLAIMED else Decimal(0),
        "currency": row["currency"],
        "origin": row["origin"] and mask_value(row["origin"]),
        "destination": row["destination"] and mask_value(row["destination"]),
    }
