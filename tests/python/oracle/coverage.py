"""How far the data of an organization reaches (interface 6 and 9), and what follows from it.

Where the interface leaves a choice, this is what the oracle does:

1. A dataset has an `observed` interval only if it has no other basis. It is computed for the
   datasets that say how far usage or licenses reach.
2. What is at or after as-of is not seen: a row that begins there does not count, one that goes on
   beyond is seen until as-of, and an observed interval ends at as-of at the latest. Intervals that
   were declared, or come with an answer, stand as they are.
3. The last instant of a call is its start and its duration, but as a row on or after the end of a
   cycle it counts where it starts (CYC-04); any other row counts there with its last instant.
4. An answer that names its data availability date covers from the first instant of any of its rows
   that can be read, also of superseded ones, to that date; one that names an earlier date covers
   nothing.
5. An open row that begins in no interval (in a gap, before or after all) ends at the latest
   `covered_to`, as if there were no gap. Gaps are those of all bases together.
6. A dataset was ever delivered if any row of it was landed, a rejected one too.
7. For `is_covered` the latest `covered_to` must reach the end of the cycle; a gap before it is not
   looked at. An invoice that is dated on no end of a cycle has no cycle in arrears.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from oracle.calendar import CLOCKS, Interval, merge, midnight
from oracle.compare import ANYTHING, Naming
from oracle.files import Row

if TYPE_CHECKING:
    from oracle.reader import Organization

# What an invoice is made of: the note of an invoice is about these.
OF_INVOICES = (
    "user_presence",
    "routing_status",
    "message_interactions",
    "resource_usage",
    "voice_usage",
)
OBSERVED = (*OF_INVOICES, "license_assignments")


def instants(dataset: str, row: Row) -> tuple[datetime, datetime | None]:
    """The first and the last instant that a row names; the second is None if it has none."""
    if dataset == "resource_usage":
        return midnight(row["usage_date"]), None
    if dataset == "license_assignments":
        return midnight(row["assigned_from"]), row["assigned_to"] and midnight(row["assigned_to"])
    if dataset == "voice_usage":
        length = timedelta(seconds=float(row["duration_seconds"]))
        return row["start_time"], row["start_time"] + length
    return row["start_time"], row["end_time"]


def seen_instants(org: Organization, dataset: str) -> list[datetime]:
    """Every instant of the rows that staging accepts, as far as as-of lets them be seen."""
    limit = midnight(org.as_of)
    found = []
    for row in org.rows(dataset):
        start, end = instants(dataset, row)
        if start < limit:
            found += [start] if end is None else [start, min(end, limit)]
    return found


def end_of_day(instant: datetime) -> datetime:
    """The end of the UTC day of an instant; 00:00 belongs to the day it begins."""
    return midnight(instant.date() + timedelta(days=1))


def observe(org: Organization, dataset: str) -> list[Interval]:
    """What the rows themselves cover: their first instant to the end of the day of the last."""
    if not (found := org.instants[dataset]):
        return []
    return [(min(found), min(end_of_day(max(found)), midnight(org.as_of)))]


def declared(org: Organization) -> dict[str, list[Interval]]:
    """What the dataset `coverage` says, by dataset."""
    found: dict[str, list[Interval]] = defaultdict(list)
    for row in org.rows("coverage"):
        found[row["dataset"]].append((row["covered_from"], row["covered_to"]))
    return found


def queried(org: Organization) -> dict[str, list[Interval]]:
    """API-01: what answers cover that name their data availability date, by dataset."""
    found: dict[str, list[Interval]] = defaultdict(list)
    for file in org.audit:
        rows = [row for row in file["rows"] if not row.reason]
        if file["available_until"] and rows:
            first = min(instants(file["dataset"], row)[0] for row in rows)
            found[file["dataset"]].append((first, file["available_until"]))
    return found


def find_coverage(org: Organization) -> dict[str, dict[str, list[Interval]]]:
    """Per dataset and basis the intervals, those that overlap or touch as one."""
    found: dict[str, dict[str, list[Interval]]] = defaultdict(dict)
    for basis, by_dataset in (("declared", declared(org)), ("query", queried(org))):
        for dataset, intervals in by_dataset.items():
            if merged := merge(intervals):
                found[dataset][basis] = merged
    for dataset in OBSERVED:
        if dataset not in found and (interval := observe(org, dataset)):
            found[dataset]["observed"] = interval
    return found


def read_coverage(org: Organization) -> None:
    """What is known of the data before any row is judged by the contracts."""
    org.instants = {dataset: seen_instants(org, dataset) for dataset in OBSERVED}
    org.last_rows = {dataset: last_row(org, dataset) for dataset in OF_INVOICES}
    org.coverage = find_coverage(org)


def end_of_open_row(org: Organization, dataset: str, start: datetime) -> datetime:
    """Where a row without an end ends: with the data, at as-of at the latest.

    If intervals leave a gap it ends with the interval that holds its start.
    """
    bases = org.coverage.get(dataset, {})
    intervals = merge([interval for found in bases.values() for interval in found])
    for begins, ends in intervals[:-1]:
        if begins <= start < ends:
            return min(ends, midnight(org.as_of))
    reached = [ends for _, ends in intervals] + org.instants[dataset]
    return min(max(reached, default=start), midnight(org.as_of))


def last_row(org: Organization, dataset: str) -> datetime | None:
    """The last instant at which a dataset has a row: of a call its start."""
    if dataset == "voice_usage":
        limit = midnight(org.as_of)
        starts = [row["start_time"] for row in org.rows(dataset) if row["start_time"] < limit]
        return max(starts, default=None)
    return max(org.instants[dataset], default=None)


def coverage_rows(org: Organization) -> list[dict]:
    """`coverage`; how files are listed is the warehouse's own."""
    return [
        {
            "dataset": dataset,
            "basis": basis,
            "covered_from": start,
            "covered_to": end,
            "source_files": ANYTHING,
        }
        for dataset, bases in org.coverage.items()
        for basis, intervals in bases.items()
        for start, end in intervals
    ]


def judge_invoice(org: Organization, day: date) -> dict:
    """Whether the data reaches the end of the cycle in arrears, and what the note must name."""
    if not any(cycle.end == day for cycle in org.cycles):
        return {"is_covered": True, "coverage_note": None}
    limit = midnight(org.as_of)
    short: dict[str, date | None] = {}
    further: dict[str, date | None] = {}
    for dataset in OF_INVOICES:
        if not org.landed.get(dataset):
            continue
        end = midnight(day) + CLOCKS["voice" if dataset == "voice_usage" else "core"]
        bases = org.coverage.get(dataset, {})
        reached = max((ends for found in bases.values() for _, ends in found), default=None)
        if not bases.keys() - {"observed"}:
            seen = org.last_rows[dataset]
            if seen is not None and end <= seen and end < limit:
                further[dataset] = None
            else:
                short[dataset] = reached and reached.date()
        elif reached < end:
            short[dataset] = reached.date()
    named = {**short, **further}
    return {
        "is_covered": not short,
        "coverage_note": Naming(named, among=OF_INVOICES) if named else None,
    }
