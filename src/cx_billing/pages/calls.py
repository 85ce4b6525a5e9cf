"""The calls of a cycle that deserve a look: what is found, of how much money, and which calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import duckdb

from cx_billing.pages.columns import (
    add_up,
    instant_column,
    label_row,
    quantity_column,
    text_column,
)
from cx_billing.pages.content import Column, Page, Record, Row, Table, fill_rows
from cx_billing.pages.formatting import format_instant, format_number, format_text
from cx_billing.pages.reading import find_organization, read, require

SHOWN = 100
SHOWN_AGAIN = 10  # of the calls of files that were delivered again
RATED_PLACES = 4
FINDINGS = {
    "mispriced": "Cost is not rate times minutes",
    "repeated_content": "Same call under another id",
    "repeated_id": "Same id once more",
    "delivered_again": "Same record in another file",
    "other_cycle_at_midnight": "In another cycle if cut at 00:00 UTC",
    "outside_every_cycle": "Outside every cycle",
    "unknown_service": "Service not told by the call type",
    "other_currency": "Other currency than the contract",
}
EXPLANATIONS = {
    "mispriced": "the amount is the cost in the call file less rate times rated minutes",
    "repeated_content": (
        "a call of the same second, numbers, length and service has another id; both are counted"
    ),
    "repeated_id": (
        "the id, direction and start are in a file twice, or in a later file at another cost; one "
        "record is counted"
    ),
    "delivered_again": (
        "the file was exported or landed again; one record is counted, and nothing is wrong unless "
        "the vendor's invoice counts both"
    ),
    "other_cycle_at_midnight": (
        "a voice cycle begins at 07:00 UTC; a vendor who cuts at 00:00 bills these calls elsewhere"
    ),
    "outside_every_cycle": "before the first voice cycle or after the last; in no figure",
    "unknown_service": (
        "the direction decides where the call type names no service, or another; without a "
        "direction the record is in no figure"
    ),
    "other_currency": "the record is not in the currency of the contract, and in no figure",
}
SERVICES = {
    "inbound": "Inbound",
    "outbound": "Outbound",
    "extended_outbound": "Extended outbound",
    "toll_free": "Toll-free",
    "byoc": "Own carrier",
    None: "",
}


def cost_column(heading: str, key: str) -> Column:
    """A column of what calls cost, to four places as the vendor rates them, or finer."""
    return Column(
        heading,
        lambda record: format_number(record[key], RATED_PLACES),
        is_number=True,
        keys=(key,),
    )


SUM_COLUMNS = (
    replace(text_column("Finding", "title"), keys=("finding",)),
    replace(text_column("Service", "service_name"), keys=("service",)),
    quantity_column("Calls", "calls_count"),
    cost_column("Amount", "amount"),
    replace(cost_column("To claim", "claimed"), keys=("claim_amount",)),
    text_column("Currency", "currency"),
)
CALL_COLUMNS = (
    replace(text_column("Finding", "title"), keys=("finding",)),
    instant_column("Start (UTC)", "started_at"),
    replace(text_column("Service", "service_name"), keys=("service",)),
    text_column("From", "origin"),
    text_column("To", "destination"),
    quantity_column("Seconds", "duration_seconds"),
    cost_column("Rate", "rate_per_minute"),
    cost_column("Cost in file", "reported_cost"),
    cost_column("Rate times minutes", "rated_cost"),
    replace(cost_column("To claim", "claimed"), keys=("claim_amount",)),
    text_column("Vendor's id", "sip_call_id"),
)


def compose_calls(
    connection: duckdb.DuckDBPyConnection, org_id: str, cycle_start_date: date
) -> Page:
    """What is found about the calls of a voice cycle, and about records that are in none."""
    organization = find_organization(connection, org_id)
    cycles = {
        cycle["cycle_start_date"]: cycle for cycle in read(connection, "call_cycles", org_id=org_id)
    }
    require(cycle_start_date, cycles, "voice cycle from", org_id)
    cycle = cycles[cycle_start_date]
    of_cycle = {"org_id": org_id, "cycle_start_date": cycle_start_date}
    (totals,) = read(connection, "call_totals", **of_cycle)
    sums = read(connection, "call_sums", **of_cycle)
    calls = read(connection, "call_findings", **of_cycle, shown=SHOWN, shown_again=SHOWN_AGAIN)
    (files,) = read(connection, "call_files", org_id=org_id)

    def cost(key: str) -> str:
        return format_number(totals[key] or 0, RATED_PLACES)

    return Page(
        title=f"Calls of {org_id} from {cycle_start_date}",
        facts=(
            ("Organization", format_text(organization["org_name"] or org_id)),
            (
                "Voice cycle (UTC)",
                f"{format_instant(cycle['cycle_start_at'])} to "
                f"{format_instant(cycle['usage_through_at'])}",
            ),
            ("Currency", format_text(cycle["currency"])),
            ("Calls", format_number(totals["calls_count"])),
            ("Cost in the call files", cost("reported_cost")),
            ("Rate times minutes", cost("rated_cost")),
        ),
        tables=(
            Table(
                "Sums by finding",
                SUM_COLUMNS,
                tuple(list_sums(spell(sums), cycle)),
                say_nothing_is_found(totals["calls_count"], files["files_count"]),
                "findings",
                tuple(sums),
            ),
            Table(
                "Calls",
                CALL_COLUMNS,
                fill_rows(CALL_COLUMNS, spell(calls)),
                name="calls",
                records=tuple(calls),
                is_main=True,
            ),
        ),
        head={"org_id": org_id} | cycle | totals,
        notes=tuple(explain(sums, calls)),
    )


def say_nothing_is_found(calls_count: int, files_count: int) -> str:
    """Why there is no finding."""
    if not files_count:
        return "Nothing was compared: no call file (dataset voice_usage) was delivered."
    if not calls_count:
        return "Nothing was compared: no call of this cycle is in the call files."
    return "Nothing is found: every call costs its rate times its minutes, once."


def spell(records: list[Record]) -> list[Record]:
    """Findings as they are shown: in words, with what is to claim where there is anything."""
    return [
        record
        | {
            "title": FINDINGS[record["finding"]],
            "service_name": SERVICES[record["service"]],
            "claimed": record["claim_amount"] or None,
        }
        for record in records
    ]


def list_sums(sums: list[Record], cycle: Record) -> Iterator[Row]:
    """The sums of the cycle with their total, then those of records that are in no cycle."""
    of_cycle = [record for record in sums if record["cycle_start_date"]]
    of_none = [record for record in sums if not record["cycle_start_date"]]
    yield from fill_rows(SUM_COLUMNS, of_cycle)
    if claim := add_up(of_cycle, "claim_amount"):
        yield label_row(SUM_COLUMNS, "total", "To claim", claimed=claim, currency=cycle["currency"])
    if of_none:
        yield label_row(SUM_COLUMNS, "section", "In no cycle, whatever their date")
        yield from fill_rows(SUM_COLUMNS, of_none)


def explain(sums: list[Record], calls: list[Record]) -> Iterator[str]:
    """What a reader of the tables has to know."""
    found = {record["finding"] for record in sums}
    for finding, words in EXPLANATIONS.items():
        if finding in found:
            yield f"{FINDINGS[finding]}: {words}."
    if any(record["claim_amount"] for record in sums):
        yield "An invoice claims the sum of a service, rounded once. A call can have two findings."
    hidden = sum(record["calls_count"] for record in sums) - len(calls)
    if hidden > 0:
        yield f"{hidden:,} more are in the mart call_audit; these are the first by money."
