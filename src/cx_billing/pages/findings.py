"""What a new build is warned of, and what it says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby

import duckdb

from cx_billing.pages.content import Record
from cx_billing.pages.formatting import format_instant, format_text
from cx_billing.pages.reading import read
from cx_billing.pages.vendor_files import VendorFiles, read_vendor_files

# The findings of the mart `missing_data` in the order they are told: what is counted, the words.
MISSING_DATA = {
    "no_usage": (
        "",
        "no licenses, presence, messages, resources or calls of any day: the bill rests on the "
        "contract alone",
    ),
    "no_users": ("", "no users, so nobody's e-mail is known"),
    "no_users_for_reports": ("", "no users, so reports by e-mail are not compared"),
    "no_license": ("", "no license of any day"),
    "no_license_before": ("", "no license from before {first_day}"),
    "no_presence": (
        "",
        "license_assignments without any user_presence: nobody counts as logged in",
    ),
    "no_routing": (
        "",
        "hourly interacting without any routing_status: no hour counts as interacting",
    ),
    "holder_without_presence": (
        "license holder",
        "{items} named by e-mail without user_presence, which names people by id, so not counted "
        "as logged in: deliver {dataset} with those ids{in_users}",
    ),
    "presence_without_license": (
        "user",
        "{items} of {dataset} named by e-mail without a license, since license_assignments names "
        "people by id: deliver {dataset} with those ids{in_users}",
    ),
    "uncovered_invoices": (
        "final invoice",
        "{items} from {first_day} on not covered: {note}",
    ),
    "begins_late": ("", "no {dataset} from before {last_at}"),
    "gaps": ("gap", "{dataset} has {items}, {first}from {first_at} to {last_at}"),
    "after_term": (
        "row",
        "{items} after the term, which ended on {first_day}, rejected "
        "(after_term = month_to_month bills on)",
    ),
    "vendor_invoice_alone": (
        "vendor invoice",
        "{items} meeting none of ours, so not compared: {first}{note} of {first_day}",
    ),
    "vendor_invoice_in_other_currency": (
        "vendor invoice",
        "{items} in another currency than the contract: {first}{note} of {first_day}",
    ),
}


@dataclass(frozen=True)
class MissingData:
    """What an organization did not deliver, in words; `costs_money` if a bill could be short of it,
    or a report of the vendor that names people by e-mail is not compared.
    """

    org_id: str
    words: tuple[str, ...]
    costs_money: bool


@dataclass(frozen=True)
class Findings:
    """Where money could vanish in a build that passed every test.

    `without_accepted_rows` are the organizations whose rows were all rejected, with the first;
    `unpriced` counts products and sums their quantities by unit of measure; `rejected` are the
    kinds of rejected rows that need somebody, with the first of each; `unmapped_names` the names of
    the files that no seed maps, with what became of their rows; `missing_data` says by organization
    which data is not there; `vendor_files` which invoices of the vendor are in no figure;
    `split_answers` are the files that do not count since others of their answer are not landed;
    `latest_usage` is the day of the latest accepted usage (UTC, None without any),
    `usage_may_reach` the latest it can be of: resources are published by cycle.
    """

    without_accepted_rows: tuple[Record, ...]
    organizations_without_invoice: tuple[str, ...]
    unpriced_products: int
    unpriced_quantities: tuple[tuple[Decimal, str], ...]
    rejected: tuple[Record, ...]
    unmapped_names: tuple[str, ...]
    missing_data: tuple[MissingData, ...]
    vendor_files: VendorFiles
    split_answers: tuple[Record, ...]
    latest_usage: date | None
    usage_may_reach: date | None


def collect_findings(connection: duckdb.DuckDBPyConnection) -> Findings:
    """What a reader of the published warehouse should be warned of."""
    unpriced = read(connection, "unpriced_usage")
    rejected = [kind | kind["first_row"] for kind in read(connection, "rejected_kinds")]
    (usage,) = read(connection, "latest_usage")
    return Findings(
        without_accepted_rows=tuple(
            kinds[0] | {"rows_count": sum(kind["rows_count"] for kind in kinds)}
            for row in read(connection, "organizations_without_accepted_row")
            if (kinds := [kind for kind in rejected if kind["org_id"] == row["org_id"]])
        ),
        organizations_without_invoice=tuple(
            format_text(row["org_id"]) for row in read(connection, "organizations_without_invoice")
        ),
        unpriced_products=len({product for row in unpriced for product in row["products"]}),
        unpriced_quantities=tuple((row["quantity"], row["unit_of_measure"]) for row in unpriced),
        rejected=tuple(rejected),
        unmapped_names=tuple(
            f"{row['column_name']} {format_text(row['unmapped_name'])} "
            f"({row['effect'].replace('_', ' ')})"
            for row in read(connection, "unmapped_names")
        ),
        missing_data=tuple(list_missing_data(connection)),
        vendor_files=read_vendor_files(connection),
        split_answers=tuple(read(connection, "split_answers")),
        latest_usage=usage["latest_usage"],
        usage_may_reach=usage["usage_may_reach"],
    )


def list_missing_data(connection: duckdb.DuckDBPyConnection) -> Iterator[MissingData]:
    """Organizations of which data is not there, each with what was found, in words."""
    told = list(MISSING_DATA)
    for org_id, rows in groupby(read(connection, "missing_data"), key=lambda row: row["org_id"]):
        found = sorted(rows, key=lambda row: told.index(row["finding"]))
        yield MissingData(
            format_text(org_id),
            tuple(describe_missing_data(row) for row in found),
            any(row["is_bill_affected"] for row in found),
        )


def describe_missing_data(row: Record) -> str:
    """One thing that an organization lacks, with the dataset and the day."""
    noun, words = MISSING_DATA[row["finding"]]
    count, note = row["items_count"] or 0, format_text(row["note"])
    return words.format(
        items=f"{count:,} {noun}{'s' if count > 1 else ''}",
        dataset=row["dataset"],
        first="the first " if count > 1 else "",
        first_day=f"{row['first_at']:%Y-%m-%d}" if row["first_at"] else "",
        first_at=format_instant(row["first_at"]),
        last_at=format_instant(row["last_at"]),
        note=note,
        in_users=f" (users tells {note} of them, but joins reports only)" if note else "",
    )


def count_rows(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many organizations, invoices, rejected rows and retired ones there are."""
    return {row["mart"]: row["rows_count"] for row in read(connection, "row_counts")}


def find_usage_end(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """Until when usage counts; None without any billing cycle."""
    (row,) = read(connection, "usage_end")
    until: datetime | None = row["usage_through_at"]
    return until


def describe_parked(
    connection: duckdb.DuckDBPyConnection, org_id: str | None = None
) -> tuple[str, ...]:
    """For the foot of a page: of which organizations it shows an earlier build, and why."""
    return tuple(
        f"{format_text(row['org_id'])} is parked since {format_instant(row['parked_since'])} UTC, "
        f"so what is said of it is of an earlier build: {format_text(row['parked_reason'])}"
        for row in read(connection, "parked", org_id=org_id)
    )


def describe_usage_end(connection: duckdb.DuckDBPyConnection) -> str:
    """Until when usage counts, for the foot of a page; empty without any billing cycle."""
    until = find_usage_end(connection)
    return f"Usage counts until {format_instant(until)} UTC." if until else ""
