"""What an organization delivered: rows, deduplicated on the natural key, rejected with a reason.

Files land in the order of their sorted paths. The same bytes again within one org and dataset are
the same file. Where interface and rulebook leave a choice, this is what the oracle does:

1. A row is checked on its own first; a row rejected for itself supersedes nothing. Then natural
   keys; then contracts. So `outside_contract` is decided on the row that stands for its key.
2. For statuses and interactions the row with the latest end stands for the key (the later landing
   among equals); the others are the duplicates.
3. An open status ends at the user's next later row in the same dataset that is typed and not
   superseded, also an OFFLINE one, also one outside the contract or after as-of; else where the
   data ends (`coverage`).
4. A zero-length row lies outside if its instant does; an interval lies outside if it overlaps no
   span in which a contract is in force (a gap between two contracts is outside too).
5. An order lies on the date it is invoiced on (hardware that was shipped: the shipped date, else
   the ordered date), a call on the voice clock (06:59:59 on the effective date is outside).
   Hardware shipped when its contract is over lies inside if it was ordered while it was in force.
   Everything of an org without any contract is `no_contract`, also its contract items and the
   lines of the vendor, which else are never outside; `users` have no time and are accepted.
6. Empty lines are no rows and have no number.
7. Rows of `coverage` and `product_catalogue` have no time of their own and are never outside.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from oracle import catalogue, same_invoices
from oracle.calendar import (
    CLOCKS,
    Contract,
    InForce,
    Interval,
    billing_cycles,
    contracts_in_force,
    midnight,
    touches,
)
from oracle.catalogue import NOTHING, OwnProducts
from oracle.coverage import end_of_open_row, read_coverage
from oracle.datasets import COLUMNS, LATEST_END_WINS, NATURAL_KEYS
from oracle.files import Row, read_availability, read_file
from oracle.policies import Policies

STARTS = {
    "license_assignments": "assigned_from",
    "phone_numbers": "purchased_date",
    "devices": "in_service_date",
    "resource_usage": "usage_date",
    "billable_usage_report": "timestamp",
    "concurrent_usage_report": "date",
    "resources_usage_report": "date",
    "user_hour_report": "date",
}


@dataclass
class Organization:
    """Everything an org delivered, and its calendar."""

    org_id: str
    as_of: date
    landed: dict[str, list[Row]] = field(default_factory=dict)
    audit: list[dict] = field(default_factory=list)
    contracts: list[Contract] = field(default_factory=list)
    spans: list[InForce] = field(default_factory=list)
    policies: Policies = field(default_factory=Policies)
    own: OwnProducts = NOTHING
    accepted: dict[str, list[Row]] = field(default_factory=dict)  # once all rows are judged
    coverage: dict[str, dict[str, list[Interval]]] = field(default_factory=dict)
    instants: dict[str, list[datetime]] = field(default_factory=dict)
    last_rows: dict[str, datetime | None] = field(default_factory=dict)
    intervals: dict[str, dict] = field(default_factory=dict)  # statuses by dataset, once computed
    prepaid: list | None = None  # what is charged ahead, once computed

    def rows(self, dataset: str) -> list[Row]:
        """The accepted rows of `dataset`."""
        if self.accepted:
            return self.accepted.get(dataset, [])
        return [r for r in self.landed.get(dataset, []) if not r.reason and not r.is_duplicate]

    @property
    def cycles(self):
        """Every cycle that starts before as-of."""
        return billing_cycles(self.spans, self.as_of)


def supersede(dataset: str, rows: list[Row]) -> None:
    """Interface 3, natural keys: mark every good row but the one that stands for its key.

    The later landing wins; for intervals the latest non-null end, whatever the order.
    """
    if dataset == "vendor_invoice_lines":
        return supersede_invoices(rows)
    key = NATURAL_KEYS[dataset].split()
    standing: dict[tuple, Row] = {}
    for row in rows:
        if row.reason:
            continue
        identity = tuple(row[name] for name in key)
        other = standing.get(identity)
        loser = other
        if other and dataset in LATEST_END_WINS and later_end(other, row):
            loser = row
        if loser:
            loser.is_duplicate = True
        if loser is not row:
            standing[identity] = row


def supersede_invoices(rows: list[Row]) -> None:
    """Of a vendor's invoice the latest file that holds its number stands, with all its lines.

    One that came by several ways, under several numbers, stands once.
    """
    standing = {row["invoice_number"]: row.file for row in rows if not row.reason}
    for row in rows:
        row.is_duplicate = not row.reason and row.file != standing[row["invoice_number"]]
    same_invoices.set_aside(rows)


def later_end(one: Row, other: Row) -> bool:
    """Whether `one` has an end and `other` has none or an earlier one."""
    if one["end_time"] is None:
        return False
    return other["end_time"] is None or one["end_time"] > other["end_time"]


def accept_contracts(org: Organization) -> None:
    """Of two contracts with the same effective date the later landing stays."""
    by_date: dict[date, Row] = {}
    for row in org.rows("contracts"):
        if other := by_date.get(row["effective_date"]):
            other.reason, other.column = "overlapping_contract", "effective_date"
        by_date[row["effective_date"]] = row
    for row in by_date.values():
        licenses = row["ramp_license_billing"] or "waived"
        org.contracts.append(
            Contract(
                contract_id=row["contract_id"],
                license_model=row["license_model"],
                billing_option=row["billing_option"],
                currency=row["currency"],
                effective_date=row["effective_date"],
                billing_account_id=row["billing_account_id"] or org.org_id,
                ramp_end_date=row["ramp_end_date"],
                term_end_date=row["term_end_date"],
                peak_rule=row["peak_rule"] or "sustained",
                ramp_license_billing=licenses,
                ramp_resource_billing=row["ramp_resource_billing"] or licenses,
                payment_terms_days=int(30 if (d := row["payment_terms_days"]) is None else d),
                tax_jurisdiction=row["tax_jurisdiction"],
                org_name=row["org_name"],
                region=row["region"],
                hourly_model=row["hourly_model"] or "logged_in",
                minimum_monthly_amount=row["minimum_monthly_amount"],
                messaging_pricing_model=row["messaging_pricing_model"] or "per_conversation",
                after_term=row["after_term"] or "ends",
                prepay_raise=row["prepay_raise"] or "co_term",
                hourly_switch=row["hourly_switch"] or "latest",
            )
        )
    org.spans = contracts_in_force(org.contracts, org.as_of)
    known = {contract.contract_id for contract in org.contracts}
    for row in org.rows("contract_items"):
        if row["contract_id"] not in known:
            row.reason = "unknown_contract" if known else "no_contract"
            row.column = "contract_id" if known else None


def close_open_statuses(org: Organization, dataset: str) -> None:
    """A status without end lasts until the user's next later row of the dataset, or the data's."""
    starts: dict[str, list[datetime]] = {}
    for row in org.rows(dataset):
        starts.setdefault(row["user_id"], []).append(row["start_time"])
    for row in org.rows(dataset):
        later = [s for s in starts[row["user_id"]] if s > row["start_time"]]
        ends = [*later, end_of_open_row(org, dataset, row["start_time"])]
        row.values["until"] = row["end_time"] or min(ends)


def close_open_interactions(org: Organization) -> None:
    """An interaction without end lasts until its timeout, or as far as the data reaches."""
    for row in org.rows("message_interactions"):
        timeout = row["inactivity_timeout"]
        ends = [end_of_open_row(org, "message_interactions", row["start_time"])]
        ends += [max(timeout, row["start_time"])] if timeout else []
        row.values["until"] = row["end_time"] or min(ends)


def extent(dataset: str, row: Row) -> tuple[datetime, datetime | None] | None:
    """When a row is true, `[start, end)` with None for open; None for a row without a time."""

    def whole_days(start: date, end: date | None):
        return midnight(start), end and midnight(end)

    if dataset in LATEST_END_WINS:
        return row["start_time"], row["until"]
    if dataset == "voice_usage":  # on the voice clock, CYC-04
        return row["start_time"] - CLOCKS["voice"], row["start_time"] - CLOCKS["voice"]
    if dataset == "license_assignments":
        return whole_days(row["assigned_from"], row["assigned_to"])
    if dataset == "phone_numbers":
        return whole_days(row["purchased_date"], row["released_date"])
    if dataset == "devices":
        return whole_days(row["in_service_date"], row["out_of_service_date"])
    if dataset == "resource_usage":
        return whole_days(row["usage_date"], row["usage_date"])
    if dataset in {"concurrent_usage_report", "resources_usage_report", "user_hour_report"}:
        return whole_days(row["date"], row["date"])
    if dataset == "billable_usage_report":
        return row["timestamp"], row["timestamp"]
    if dataset == "orders":
        shipped = row["shipped_date"] if row["is_hardware"] else None
        dated = shipped or row["ordered_date"]
        return whole_days(dated, dated)
    return None


def dated_by(dataset: str, row: Row) -> str:
    """The column that says when a row begins, the first of two that say the same."""
    if dataset == "orders":
        is_later = row["is_hardware"] and row["shipped_date"] not in {None, row["ordered_date"]}
        return "shipped_date" if is_later else "ordered_date"
    return STARTS.get(dataset, "start_time")


def is_ordered_in_time(org: Organization, row: Row) -> bool:
    """INV-06: hardware shipped after the end of the contract under which it was ordered."""
    if not row["is_hardware"] or row["shipped_date"] is None:
        return False
    return any(
        span.end is not None and span.start <= row["ordered_date"] < span.end <= row["shipped_date"]
        for span in org.spans
    )


def reject_outside(org: Organization, dataset: str) -> None:
    """`no_contract` and `outside_contract`; a row that starts at or after as-of is ignored."""
    limit = midnight(org.as_of)
    for row in org.rows(dataset):
        when = extent(dataset, row)
        if when is None and dataset == "vendor_invoice_lines" and not org.contracts:
            row.reason = "no_contract"
        if when is None:
            continue
        begins = row["start_time"] if dataset == "voice_usage" else when[0]
        if not org.contracts:
            row.reason = "no_contract"
        elif dataset == "orders" and is_ordered_in_time(org, row):
            continue
        elif begins < limit and not any(
            touches(
                (when[0], when[1] or datetime.max),
                (midnight(span.start), midnight(span.end) if span.end else datetime.max),
            )
            for span in org.spans
        ):
            row.reason, row.column = "outside_contract", dated_by(dataset, row)


def reject_foreign_currency(org: Organization) -> None:
    """A call must be in the currency of the contract in whose voice cycle it starts."""
    for row in org.rows("voice_usage"):
        for span in org.spans:
            start = midnight(span.start) + CLOCKS["voice"]
            end = midnight(span.end) + CLOCKS["voice"] if span.end else datetime.max
            inside = start <= row["start_time"] < end
            if inside and row["currency"] != span.contract.currency:
                row.reason, row.column = "currency_mismatch", "currency"


def read_organization(folder: Path, as_of: date, policies: Policies | None = None) -> Organization:
    """Read `INBOX/<org_id>` as seen on `as_of`."""
    org = Organization(folder.name, as_of, policies=policies or Policies())
    catalogue.use(NOTHING)
    for dataset in COLUMNS:  # first of all what the organization calls its products
        seen = set()
        for path in sorted((folder / dataset).glob("*")):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            source_file = f"{folder.name}/{dataset}/{path.name}"
            rows = None if digest in seen else read_file(path, dataset, source_file)
            seen.add(digest)
            if rows is None:
                continue
            org.landed.setdefault(dataset, []).extend(rows)
            org.audit.append(
                {
                    "dataset": dataset,
                    "source_file": source_file,
                    "sha256": digest,
                    "rows": rows,
                    "available_until": read_availability(path),
                }
            )
        supersede(dataset, org.landed.get(dataset, []))
        if dataset == "product_catalogue":
            readable = [row for row in org.landed.get(dataset, []) if not row.reason]
            org.own = catalogue.read_own_products(readable)
            catalogue.use(org.own)
    read_coverage(org)
    accept_contracts(org)
    for dataset in ("user_presence", "routing_status"):
        close_open_statuses(org, dataset)
    close_open_interactions(org)
    for dataset in COLUMNS:
        reject_outside(org, dataset)
    reject_foreign_currency(org)
    org.accepted = {dataset: org.rows(dataset) for dataset in COLUMNS}
    return org
