"""The marts that explain a peak: when, by whom, by other minutes, with fewer users, and its curve.

The fewest users without whom a peak is lower are found by trying: each user, then each two, then
each three. What the warehouse says has to hold them between its bounds, which are exact for one;
where three are not enough, or there are too many to try, its upper bound is more than was tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import combinations
from math import comb

from oracle import people
from oracle.calendar import Interval, clip, merge
from oracle.compare import Between
from oracle.meter import Meter
from oracle.money import round_half_up
from oracle.people import PEAK_MINIMUM, Logins, Segment

READINGS = ("highest", "sustained", "accumulated", "accumulated_exact")
HOUR = timedelta(hours=1)
MOST_TRIED = 150


def peak_explanation_rows(meter: Meter) -> list[dict]:
    """`peak_explanations`: four rows per pool."""
    rows = []
    rule = meter.cycle.contract.peak_rule
    for pool, users in meter.pools.items():
        pieces = people.segments(users, meter.window)
        found = people.peaks(pieces)
        for reading in READINGS:
            counted = counted_stretches(pieces, reading, found[reading])
            on = users_on(users, counted)
            least, most = (None, None)
            if reading == rule and reading in ("sustained", "accumulated") and found[rule]:
                least, most = bounds(users, meter.window, rule, found[rule])
            rows.append(
                {
                    "pool": pool,
                    "reading": reading,
                    "users_count": found[reading],
                    "is_contract_rule": reading == rule,
                    "stretches_count": len(counted),
                    "started_at": counted[0][0] if counted else None,
                    "ended_at": counted[0][1] if counted else None,
                    "last_ended_at": counted[-1][1] if counted else None,
                    "counted_minutes": round_half_up(people.seconds(counted) / 60, 6),
                    "users_on_count": len(on),
                    "user_ids": on,
                    "fewer_users_at_least": least,
                    "fewer_users_at_most": most,
                }
            )
    return rows


def counted_stretches(pieces: list[Segment], reading: str, users: int) -> list[Interval]:
    """The unbroken stretches that count for a reading of `users`."""
    if not users:
        return []
    if reading == "accumulated_exact":
        return merge([(start, end) for start, end, count in pieces if count == users])
    found = people.stretches(pieces, users)
    is_sustained = reading == "sustained"
    return [(start, end) for start, end in found if end - start >= PEAK_MINIMUM or not is_sustained]


def users_on(users: Logins, stretches: list[Interval]) -> list[str]:
    """Who was on in any of the stretches, the longest first."""
    times = {
        user: sum(
            (part[1] - part[0] for i in logins for s in stretches if (part := clip(i, s))),
            timedelta(0),
        )
        for user, logins in users.items()
    }
    return sorted((u for u, time in times.items() if time), key=lambda u: (-times[u], u))


def bounds(users: Logins, window: Interval, rule: str, peak: int) -> tuple[object, object]:
    """The bounds that hold the fewest users without whom the peak is lower."""
    for size in (1, 2, 3):
        if comb(len(users), size) > MOST_TRIED:
            return Between(2, size) if size == 2 else Between(2, None), Between(size, len(users))
        for away in combinations(sorted(users), size):
            left = {user: times for user, times in users.items() if user not in away}
            if people.peaks(people.segments(left, window))[rule] < peak:
                return Between(min(size, 2), size), Between(size, 1 if size == 1 else len(users))
    return Between(2, None), Between(4, len(users))


def peak_sensitivity_rows(meter: Meter) -> list[dict]:
    """`peak_sensitivity`: the readings, were the rule of five minutes less to five more."""
    rows = []
    rule = meter.cycle.contract.peak_rule
    for pool, users in meter.pools.items():
        pieces = people.segments(users, meter.window)
        for minutes in range(25, 36):
            found = people.peaks(pieces, timedelta(minutes=minutes))
            rows += [
                {
                    "pool": pool,
                    "reading": reading,
                    "minimum_minutes": minutes,
                    "users_count": found[reading],
                    "is_contract_rule": reading == rule,
                    "is_contract_minutes": minutes == 30,
                }
                for reading in READINGS[1:]
            ]
    return rows


def concurrency_curve_rows(meter: Meter) -> list[dict]:
    """`concurrency_curve`: hours, and step by step around the peak of the contract's rule."""
    rows = []
    for pool, users in meter.pools.items():
        pieces = people.segments(users, meter.window)
        parts = list(by_hours(pieces))
        exact = exact_hours(pieces, parts, meter.cycle.contract.peak_rule)
        highest: dict[datetime, int] = {}
        for hour, start, end, count in parts:
            if exact and exact[0] <= hour < exact[1]:
                rows.append(row_of_curve(pool, start, end, count, True))
            else:
                highest[hour] = max(count, highest.get(hour, 0))
        rows += [row_of_curve(pool, at, at + HOUR, most, False) for at, most in highest.items()]
    return rows


def row_of_curve(pool: str, start: datetime, end: datetime, count: int, is_exact: bool) -> dict:
    """A piece of the curve."""
    return {
        "pool": pool,
        "started_at": start,
        "ended_at": end,
        "users_count": count,
        "is_exact": is_exact,
    }


def by_hours(pieces: list[Segment]) -> Iterator[tuple[datetime, datetime, datetime, int]]:
    """The pieces with anybody logged in, cut at the hours: hour, from, to, users."""
    for start, end, count in pieces:
        hour = start.replace(minute=0, second=0, microsecond=0)
        while count and hour < end:
            yield hour, max(start, hour), min(end, hour + HOUR), count
            hour += HOUR


def exact_hours(
    pieces: list[Segment], parts: list[tuple[datetime, datetime, datetime, int]], rule: str
) -> Interval | None:
    """The hours that are shown step by step."""
    peak = people.peaks(pieces)[rule]
    if not peak:
        return None
    if rule == "sustained":
        start, end = people.first_stretch(pieces, peak)
        end = min(end, start + 6 * HOUR) - timedelta(microseconds=1)
        first, last = (at.replace(minute=0, second=0, microsecond=0) for at in (start, end))
        return first - HOUR, last + 2 * HOUR
    time_of_hour: dict[datetime, timedelta] = {}
    for hour, start, end, count in parts:
        if count == peak or (count > peak and rule == "accumulated"):
            time_of_hour[hour] = time_of_hour.get(hour, timedelta(0)) + (end - start)
    fullest = min(time_of_hour, key=lambda hour: (-time_of_hour[hour], hour))
    return fullest - HOUR, fullest + 2 * HOUR
