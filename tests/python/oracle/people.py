"""Who is logged in, with which license, how many at once and for how long.

Where interface and rulebook leave a choice, this is what the oracle does: a designation that is
assigned to the very end of the cycle, or of what as-of lets be seen of it, holds at its end.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from fractions import Fraction

from oracle.calendar import Cycle, Interval, clip, merge, midnight
from oracle.catalogue import addons
from oracle.products import (
    CX_LICENSES,
    DESIGNATION,
    HOURLY,
    LICENSE_RANK,
    QUALIFYING,
    STA,
    WORKFORCE,
)
from oracle.reader import Organization

PEAK_MINIMUM = timedelta(minutes=30)
Logins = dict[str, list[Interval]]
Segment = tuple[datetime, datetime, int]  # from, to, users


def seconds(intervals: list[Interval]) -> Fraction:
    """The exact length of intervals that do not overlap, in seconds."""
    total = sum((end - start for start, end in intervals), timedelta(0))
    return Fraction(total // timedelta(microseconds=1), 10**6)


def statuses(org: Organization, dataset: str, column: str, wanted) -> Logins:
    """Per user the merged times in a wanted status, as far as as-of lets them be seen."""
    if dataset in org.intervals:
        return org.intervals[dataset]
    limit = midnight(org.as_of)
    found: Logins = defaultdict(list)
    for row in org.rows(dataset):
        if wanted(row[column]) and row["start_time"] < limit:
            found[row["user_id"]].append((row["start_time"], min(row["until"], limit)))
    org.intervals[dataset] = {user: merge(intervals) for user, intervals in found.items()}
    return org.intervals[dataset]


def logged_in(org: Organization) -> Logins:
    """LIC-02: logged in = any system presence other than OFFLINE; overlaps count once (T11)."""
    return statuses(org, "user_presence", "system_presence", lambda status: status != "OFFLINE")


def interacting(org: Organization) -> Logins:
    """HOUR-03: interacting = routing status INTERACTING."""
    return statuses(org, "routing_status", "routing_status", lambda s: s == "INTERACTING")


def within(logins: Logins, window: Interval) -> Logins:
    """The part of all times inside `window`; users without any are left out."""
    clipped = {u: [c for i in times if (c := clip(i, window))] for u, times in logins.items()}
    return {user: times for user, times in clipped.items() if times}


def licenses_held(org: Organization, cycle: Cycle) -> dict[str, set[str]]:
    """LIC-03: per user every license and add-on assigned at any instant of the cycle.

    HOUR-05: of designations only one that holds at its end, unless the contract takes any.
    """
    window = cycle.window(org.as_of)
    held: dict[str, set[str]] = defaultdict(set)
    for row in org.rows("license_assignments"):
        end = midnight(row["assigned_to"]) if row["assigned_to"] else datetime.max
        if not clip((midnight(row["assigned_from"]), end), window):
            continue
        has_ended = row["license"] == DESIGNATION and end < window[1]
        if not (has_ended and cycle.contract.hourly_switch == "latest"):
            held[row["user_id"]].add(row["license"])
    return held


def billed_products(held: set[str], license_model: str) -> set[str]:
    """LIC-03, LIC-05: the highest base license, and every add-on on its own.

    HOUR-03: beside named or concurrent a designated user holds what qualifies by the hour.
    LIC-09: of the workforce add-on and speech and text analytics only the first is billed.
    """
    base = sorted(held & LICENSE_RANK.keys(), key=LICENSE_RANK.get)
    products = set(base[-1:]) | (held & addons())
    if products & WORKFORCE:
        products.discard(STA)
    if DESIGNATION in held and license_model != "hourly":
        return {f"{code}_hourly" if code in QUALIFYING else code for code in products}
    return products


def counting_model(product: str, license_model: str) -> str:
    """LIC-04: Communicate, Collaborate and EX are counted as named in every model."""
    if product in HOURLY:
        return "hourly"
    return license_model if product in CX_LICENSES | addons() else "named"


def segments(logins: Logins, window: Interval) -> list[Segment]:
    """CONC-05, CONC-07: the window cut at every login and logout, with the users in each piece."""
    edges = {edge for times in logins.values() for i in times for edge in i}
    cuts = sorted({*window, *edges})
    position = {cut: index for index, cut in enumerate(cuts)}
    counts = [0] * (len(cuts) - 1)
    for times in logins.values():
        for start, end in times:
            for index in range(position[start], position[end]):
                counts[index] += 1
    return [(cuts[i], cuts[i + 1], counts[i]) for i in range(len(counts))]


def stretches(pieces: list[Segment], users: int) -> list[Interval]:
    """The maximal unbroken stretches with at least `users` users, in order."""
    return merge([(start, end) for start, end, count in pieces if count >= users])


def total_time(pieces: list[Segment], matches) -> timedelta:
    """The summed length of the pieces whose count matches."""
    return sum((end - start for start, end, n in pieces if matches(n)), timedelta(0))


def peaks(pieces: list[Segment], minimum: timedelta = PEAK_MINIMUM) -> dict[str, int]:
    """CONC-02, CONC-06: the highest count and the three readings of the peak."""
    highest = max((count for *_, count in pieces), default=0)
    levels = range(1, highest + 1)
    return {
        "highest": highest,
        "sustained": max(
            (
                n
                for n in levels
                if any(end - start >= minimum for start, end in stretches(pieces, n))
            ),
            default=0,
        ),
        "accumulated": max(
            (n for n in levels if total_time(pieces, lambda c, n=n: c >= n) >= minimum),
            default=0,
        ),
        "accumulated_exact": max(
            (n for n in levels if total_time(pieces, lambda c, n=n: c == n) >= minimum),
            default=0,
        ),
    }


def first_stretch(pieces: list[Segment], users: int) -> Interval | tuple[None, None]:
    """The first unbroken stretch of at least the minimum that supports `users`."""
    long_enough = [i for i in stretches(pieces, users) if i[1] - i[0] >= PEAK_MINIMUM]
    return long_enough[0] if users and long_enough else (None, None)


def days_of(window: Interval) -> list[date]:
    """The UTC days of a window that begins at midnight."""
    first = window[0].date()
    count = -((window[0] - window[1]) // timedelta(days=1))
    return [first + timedelta(days=n) for n in range(count)]


def daily_peak(pieces: list[Segment], day: date) -> tuple[int, Fraction]:
    """CONC-08: the peak of one day, and the minutes of that day spent exactly at it."""
    window = midnight(day), midnight(day + timedelta(days=1))
    inside = [(*part, n) for start, end, n in pieces if (part := clip((start, end), window))]
    peak = max((n for *_, n in inside), default=0)
    at_peak = [(start, end) for start, end, n in inside if n == peak]
    return peak, seconds(at_peak) / 60


def duration_text(total: Fraction) -> str:
    """HOUR-04: `H:MM:SS:mmm`, cut to the millisecond."""
    milliseconds = int(total * 1000)
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}:{rest:03}"
