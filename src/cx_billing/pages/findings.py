"""What a new build is warned of, and what it says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

import duckdb

from cx_billing.pages.content import Record
from cx_billing.pages.formatting import format_instant, format_text
from cx_billing.pages.reading import read


@dataclass(frozen=True)
class MissingData:
    """What an organization did not deliver, in words; `costs_money` if a bill could be short of it.

    Without users only what names people by e-mail cannot be compared.
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
    which data is not there; `latest_usage` is the day of the latest accepted usage (UTC, None
    without any), `usage_may_reach` the latest it can be of: resources are published by cycle.
    """

    without_accepted_rows: tuple[Record, ...]
    organizations_without_invoice: tuple[str, ...]
    unpriced_products: int
    unpriced_quantities: tuple[tuple[Decimal, str], ...]
    rejected: tuple[Record, ...]
    unmapped_names: tuple[str, ...]
    missing_data: tuple[MissingData, ...]
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
        latest_usage=usage["latest_usage"],
        usage_may_reach=usage["usage_may_reach"],
    )


def list_missing_data(connection: duckdb.DuckDBPyConnection) -> Iterator[MissingData]:
    """Organizations of which data is not there, with the dataset and the day."""
    for org_id, rows in groupby(read(connection, "missing_data"), key=lambda row: row["org_id"]):
        found = {row["what"]: row for row in rows}

        def delivered(*datasets: str, found: dict[str, Record] = found) -> bool:
            return any(found[name]["rows_count"] for name in datasets if name in found)

        if not {"cycles", "uncovered_invoices"} & set(
            found
        ):  # without a contract nothing is billed
            continue
        by_email = delivered("billable_usage_report", "user_hour_report")
        words = []
        if not delivered("users") and (by_email or delivered("user_presence", "licenses")):
            words.append("no users" + (", so reports by e-mail are not compared" * by_email))
        if "licenses" in found and "cycles" in found:
            first_license_at = found["licenses"]["first_at"]
            if first_license_at > found["cycles"]["first_at"]:
                words.append(f"no license from before {first_license_at:%Y-%m-%d}")
        elif "licenses" not in found and delivered("user_presence"):
            words.append("no license of any day")
        if uncovered := found.get("uncovered_invoices"):
            count = uncovered["rows_count"]
            words.append(
                f"{count} final invoice{'s' if count > 1 else ''} from "
                f"{uncovered['first_at']:%Y-%m-%d} on not covered: {uncovered['coverage_note']}"
            )
        if after := found.get("after_term"):
            count = after["rows_count"]
            words.append(
                f"{count} row{'s' if count > 1 else ''} after the term, which ended on "
                f"{after['first_at']:%Y-%m-%d}, rejected (after_term = month_to_month bills on)"
            )
        if words:
            is_about_users_alone = len(words) == 1 and words[0] == "no users"
            yield MissingData(format_text(org_id), tuple(words), not is_about_users_alone)


def count_rows(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many organizations, invoices, rejected rows and retired ones there are."""
    return {row["mart"]: row["rows_count"] for row in read(connection, "row_counts")}


def describe_usage_end(connection: duckdb.DuckDBPyConnection) -> str:
    """Until when usage counts, for the foot of a page; empty without any billing cycle."""
    ((until,),) = (row.values() for row in read(connection, "usage_end"))
    return f"Usage counts until {format_instant(until)} UTC." if until else ""
