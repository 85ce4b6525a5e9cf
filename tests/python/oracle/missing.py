"""`missing_data`: what an organization's bill rests on and was not delivered, or meets nothing.

1. A dataset was delivered if a row of it is accepted, or an answer covers it: one without rows
   says that there were none. Rows that begin at as-of or after are not seen, unless it is declared
   how far they are complete. Users and reports count on any day.
2. Of an organization without a cycle nothing is billed, so no dataset is missing.
3. Licenses begin with the earliest instant they are covered from; what a declaration covers before
   the first row is known to be empty.
4. A gap lies in the cycles of the dataset's clock and has data after it; between two contracts
   there is none, and one that goes on over that time is one. One that begins with the first cycle
   is a late beginning, to the first instant covered, however far that is.
5. If nobody said where data begins (its first interval of all is observed, or an answer's), a
   first cycle in which it begins is not missing; what was only observed has no gaps at all, and a
   late beginning of presence alone.
6. Rows are after the term if they begin when the last contract has ended.
7. A vendor's invoice stands alone if none of its lines has one of ours, and no invoice of ours has
   its date or one of those its lines would be on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime

from oracle.calendar import Interval, clip, merge, midnight
from oracle.coverage import OBSERVED, OF_INVOICES
from oracle.products import HOURLY
from oracle.reader import Organization, extent

NAMING_PEOPLE = ("license_assignments", "user_presence", "routing_status")
USAGE = (
    "license_assignments",
    "user_presence",
    "message_interactions",
    "resource_usage",
    "voice_usage",
)
REPORTS_BY_EMAIL = ("billable_usage_report", "user_hour_report")
PEOPLE_NOT_MET = {"holder_without_presence", "presence_without_license"}
# Only reports name people by e-mail: where there are none, users are not needed.
WITHOUT_EFFECT = {"no_users"}


def missing_data(org: Organization, marts: dict[str, list[dict]]) -> list[dict]:
    """Every finding of an organization by dataset."""
    return [
        *datasets_missing(org, marts["billable_users"]),
        *people_not_met(marts["unmapped_names"]),
        *uncovered_invoices(marts["invoices"]),
        *[row for dataset in OF_INVOICES for row in gap_rows(org, dataset)],
        *rows_after_term(org, marts["rejected_rows"]),
        *vendor_invoices(marts["invoice_reconciliation"], marts["invoices"]),
    ]


def found(
    finding: str,
    dataset: str,
    count: int | None = None,
    first: datetime | None = None,
    last: datetime | None = None,
    note: object = None,
) -> dict:
    """A row of the mart."""
    return {
        "finding": finding,
        "dataset": dataset,
        "is_bill_affected": finding not in WITHOUT_EFFECT,
        "items_count": count,
        "first_at": first,
        "last_at": last,
        "note": note,
    }


# ---------------------------------------------------------------- datasets


def is_delivered(org: Organization, dataset: str) -> bool:
    """Whether there are rows of a dataset, or an answer that there are none."""
    bases = org.coverage.get(dataset, {})
    is_seen = bool(bases) or dataset not in OBSERVED
    return "query" in bases or (is_seen and bool(org.rows(dataset)))


def datasets_missing(org: Organization, billable: list[dict]) -> Iterator[dict]:
    """What was never delivered although other data needs it, and licenses that begin late."""
    if not org.cycles:
        return
    delivered = {
        name for name in (*NAMING_PEOPLE, *REPORTS_BY_EMAIL, "users") if is_delivered(org, name)
    }
    if not any(is_delivered(org, name) for name in USAGE):
        yield found("no_usage", "all")
    if "users" not in delivered:
        if delivered & {*REPORTS_BY_EMAIL}:
            yield found("no_users_for_reports", "users")
        elif delivered & {"license_assignments", "user_presence"}:
            yield found("no_users", "users")
    if "license_assignments" not in delivered:
        if "user_presence" in delivered:
            yield found("no_license", "license_assignments")
    else:
        yield from late_licenses(org)
        if "user_presence" not in delivered:
            yield found("no_presence", "user_presence")
        if "routing_status" not in delivered and counts_interacting(org, billable):
            yield found("no_routing", "routing_status")


def late_licenses(org: Organization) -> Iterator[dict]:
    """LIC-01: licenses of which the first day is after that of the first cycle."""
    bases = org.coverage.get("license_assignments", {})
    begins = [start for intervals in bases.values() for start, _ in intervals]
    if begins and min(begins) > midnight(org.cycles[0].start):
        yield found("no_license_before", "license_assignments", first=min(begins))


def counts_interacting(org: Organization, billable: list[dict]) -> bool:
    """HOUR-03: whether a contract of a cycle, or a user, is billed by interacting hours."""
    contracts = [cycle.contract for cycle in org.cycles]
    return any(
        (contract.license_model, contract.hourly_model) == ("hourly", "interacting")
        for contract in contracts
    ) or any(row["product_code"] in HOURLY for row in billable)


def people_not_met(names: list[dict]) -> Iterator[dict]:
    """People named by e-mail where the other dataset names them by id."""
    people: dict[tuple[str, str], list[dict]] = defaultdict(list)
    for row in names:
        if row["effect"] in PEOPLE_NOT_MET:
            people[row["effect"], row["dataset"]].append(row)
    for key, rows in people.items():
        known = sum(row["names_in_users"] for row in rows)
        count = sum(row["names_count"] for row in rows)
        yield found(*key, count, note=str(known) if known else None)


# ---------------------------------------------------------------- coverage


def uncovered_invoices(invoices: list[dict]) -> Iterator[dict]:
    """API-01: the final invoices that are not covered, with the note of the latest."""
    short = {
        row["invoice_date"]: row["coverage_note"]
        for row in invoices
        if row["invoice_status"] == "final" and not row["is_covered"]
    }
    if short:
        first = midnight(min(short))
        yield found("uncovered_invoices", "all", len(short), first, note=short[max(short)])


def gap_rows(org: Organization, dataset: str) -> Iterator[dict]:
    """API-01: where the data of a dataset begins late, and the gaps in it."""
    late, gaps = find_gaps(org, dataset)
    if late:
        yield found("begins_late", dataset, 1, *late)
    if gaps:
        yield found("gaps", dataset, len(gaps), *gaps[0])


def find_gaps(org: Organization, dataset: str) -> tuple[Interval | None, list[Interval]]:
    """The late beginning of a dataset if it has one, and its gaps in order."""
    bases = org.coverage.get(dataset, {})
    if not org.cycles or not bases or org.last_rows[dataset] is None:
        return None, []
    if bases.keys() == {"observed"} and dataset != "user_presence":
        return None, []
    clock = "voice" if dataset == "voice_usage" else "core"
    windows = merge([cycle.window(org.as_of, clock) for cycle in org.cycles])
    first = org.cycles[0].window(org.as_of, clock)
    covered = merge([interval for intervals in bases.values() for interval in intervals])
    said = any(start == covered[0][0] for start, _ in bases.get("declared", []))
    late, gaps = None, []
    for number, (_, hole_from) in enumerate([(None, datetime.min), *covered[:-1]]):
        hole = hole_from, covered[number][0]
        parts = [part for window in windows if (part := clip(hole, window))]
        if not parts:
            continue
        if hole_from > first[0]:
            gaps.append((parts[0][0], parts[-1][1]))
        elif number > 0 or said or hole[1] >= first[1]:
            late = first[0], hole[1]
    return late, gaps


# ---------------------------------------------------------------- the term, the vendor


def rows_after_term(org: Organization, rejected: list[dict]) -> Iterator[dict]:
    """CYC-08: rejected rows that begin after the end of the last term."""
    if not org.spans or org.spans[-1].end is None:
        return
    ended = org.spans[-1].end
    retired = {row["rejected_row_id"] for row in rejected if row["is_retired"]}
    late = [
        row
        for dataset, rows in org.landed.items()
        for row in rows
        if row.reason == "outside_contract"
        and extent(dataset, row)[0] >= midnight(ended)
        and f"{row.file}/{row.number}" not in retired
    ]
    if late:
        yield found("after_term", "all", len(late), midnight(ended))


def vendor_invoices(lines: list[dict], invoices: list[dict]) -> Iterator[dict]:
    """INV-12: invoices of the vendor that answer none of ours, and those in another currency."""
    by_number: dict[str, list[dict]] = defaultdict(list)
    for line in lines:
        if line["invoice_number"] is not None:
            by_number[line["invoice_number"]].append(line)
    ours = {row["invoice_date"] for row in invoices}
    alone: list[tuple[date, str]] = []
    foreign: list[tuple[date, str]] = []
    for number, rows in by_number.items():
        first = min(row["invoice_date"] for row in rows), number
        if any(row["reason"] == "currency_differs" for row in rows):
            foreign.append(first)
        elif is_of_no_date(rows, ours):
            alone.append(first)
    for finding, numbers in (
        ("vendor_invoice_alone", alone),
        ("vendor_invoice_in_other_currency", foreign),
    ):
        if numbers:
            day, number = min(numbers)
            count = len(numbers)
            yield found(finding, "vendor_invoice_lines", count, midnight(day), note=number)


def is_of_no_date(rows: list[dict], ours: set[date]) -> bool:
    """Whether no invoice of ours has a date of an invoice of the vendor or of its lines."""
    days = {row[name] for row in rows for name in ("invoice_date", "expected_invoice_date")}
    return not days & ours
