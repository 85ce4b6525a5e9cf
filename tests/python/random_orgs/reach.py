"""How far the data of a random organization reaches: what it lacks, usage that ends early, declared
coverage.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from oracle.calendar import midnight
from oracle.coverage import OBSERVED, OF_INVOICES
from random_orgs import declared
from random_orgs.organization import RandomOrg

# Where the start of a row stands.
START = {
    "user_presence": 2,
    "routing_status": 2,
    "message_interactions": 4,
    "resource_usage": 0,
    "voice_usage": 7,
}
# How often a dataset about people is never delivered.
NEVER_DELIVERED = {
    "users": 0.1,
    "license_assignments": 0.04,
    "user_presence": 0.04,
    "routing_status": 0.2,
}


def leave_out(org: RandomOrg) -> None:
    """Leave out whole datasets, and name some people of one by e-mail."""
    with org.drawing_from(org.rng_of_lacks):
        left_out = {dataset for dataset, share in NEVER_DELIVERED.items() if org.chance(share)}
        by_email = org.rng.choice(("license_assignments", "user_presence", "routing_status"))
        named = {user for user in org.users if org.chance(0.5)} if org.chance(0.1) else set()
    for dataset, name in list(org.files):
        if dataset in left_out:
            del org.files[dataset, name]
        elif dataset == by_email:
            rows = org.files[dataset, name]
            org.files[dataset, name] = [
                write_email(row) if row[0] in named else row for row in rows
            ]


def write_email(row: tuple) -> tuple:
    """A row with the e-mail of its user in place of the id."""
    user, *cells = row
    return f"{user}@example.com", *cells


def end_early(org: RandomOrg) -> None:
    """Leave out what some datasets would hold after an instant of their own."""
    for dataset in OF_INVOICES:
        if org.chance(0.25):
            last = draw_edge(org)
            for (name, file), rows in org.files.items():
                if name == dataset:
                    kept = [row for row in rows if starts_by(row, START[dataset], last)]
                    org.files[name, file] = kept or rows[:1]


def starts_by(row: tuple, column: int, last: datetime) -> bool:
    """Whether a row starts by an instant; one whose start cannot be read stays."""
    start = row[column] if column < len(row) else None
    if isinstance(start, datetime):
        return start <= last
    return not isinstance(start, date) or midnight(start) <= last


def draw_edge(org: RandomOrg) -> datetime:
    """An instant about which coverage ends: of a cycle start, or any other."""
    if org.cycle_starts and org.chance(0.6):
        edge = midnight(org.rng.choice(org.cycle_starts))
        return edge + timedelta(hours=org.rng.choice((0, 0, 7, -1, 6, 24, -240)))
    return org.moment()


def write_coverage(org: RandomOrg) -> None:
    """Declared coverage: whole, up to an edge, with a gap, in parts that touch or overlap."""
    if not declared.is_declared("coverage"):
        return
    for dataset in org.rng.sample(OBSERVED, org.rng.choice((0, 0, 1, 2, 3))):
        first = midnight(org.first_day - timedelta(days=org.rng.choice((0, 5))))
        last = max(draw_edge(org), first)
        parts = [(first, last)]
        if org.chance(0.4):
            middle = max(min(draw_edge(org), last), first)
            gap = timedelta(hours=org.rng.choice((0, -5, 1, 24, 24 * 9)))
            parts = [(first, middle), (middle + gap, max(last, middle + gap))]
        for start, end in parts:
            org.add("coverage", dataset, draw_spelling(org, start), draw_spelling(org, end))
            if org.chance(0.15):  # said again, later, and further
                later = end + timedelta(days=3)
                org.add("coverage", dataset, start, draw_spelling(org, later), file="b.csv")


def draw_spelling(org: RandomOrg, instant: datetime) -> date | datetime:
    """An instant, at midnight now and then as a date."""
    is_day = instant == midnight(instant.date())
    return instant.date() if is_day and org.chance(0.7) else instant
