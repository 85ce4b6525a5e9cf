"""Concurrent users of a cycle: every reading of the peak, and one pool day by day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import groupby
from operator import itemgetter

import duckdb

from cx_billing.pages.columns import (
    date_column,
    instant_column,
    money_column,
    quantity_column,
    text_column,
)
from cx_billing.pages.content import Column, Page, Record, Table
from cx_billing.pages.formatting import format_number, format_text
from cx_billing.pages.peak_explained import (
    READING_WORDS,
    draw_peak,
    explain_fewer,
    explain_saved,
    tabulate_held,
    tabulate_minutes,
)
from cx_billing.pages.reading import find_organization, read, require
from cx_billing.pages.words import read_names, spell_code

DEFAULT_POOL = "cx_all"
NOT_COMPARED = {
    "no_invoice": "no vendor invoice that bills this cycle afterwards has been landed",
    "waived": "the ramp waives it, and the vendor's invoice has no line of it",
    "no_quantity": "the vendor's line has no quantity to compare",
    "unknown_product": (
        "the vendor's invoice has no line of it, but one of a product that is not known"
    ),
    "no_license": "the vendor's invoices of this cycle that have been landed have no licenses",
}
POOL = replace(text_column("Pool", "product_name"), keys=("pool",))
PEAK_COLUMNS = (
    POOL,
    quantity_column("Highest", "highest_users"),
    quantity_column("Sustained", "sustained_users"),
    quantity_column("Accumulated", "accumulated_users"),
    quantity_column("Accumulated exact", "accumulated_exact_users"),
    Column("Billed reading", lambda record: describe_rule(record), keys=("peak_rule",)),
    Column(
        "Billable users",
        lambda record: format_number(record["billable_users"] if is_billed(record) else None),
        is_number=True,
    ),
    instant_column("Peak from (UTC)", "peak_started_at"),
    instant_column("Peak to (UTC)", "peak_ended_at"),
)
READING_COLUMNS = (
    POOL,
    Column("Reading", lambda record: READING_WORDS[record["reading"]], keys=("reading",)),
    quantity_column("Users", "users_count"),
    quantity_column("Would bill", "billable_quantity"),
    money_column("Above the commitment", "overage_amount"),
    quantity_column("Vendor bills", "invoiced_quantity"),
    Column("Agrees", lambda record: {True: "yes", False: "no", None: ""}[record["is_invoiced"]]),
)
DAY_COLUMNS = (
    date_column("Day (UTC)", "usage_date"),
    quantity_column("Peak users", "peak_users"),
    quantity_column("Minutes at peak", "minutes_at_peak"),
)


def compose_peak(
    connection: duckdb.DuckDBPyConnection,
    org_id: str,
    cycle_start_date: date,
    pool: str | None = None,
) -> Page:
    """The peaks of all pools of a cycle, and one of them explained: the largest that is billed."""
    organization = find_organization(connection, org_id)
    peaks = read(connection, "peaks", org_id=org_id)
    cycles = list(dict.fromkeys(record["cycle_start_date"] for record in peaks))
    require(cycle_start_date, cycles, "peak for the cycle from", org_id)
    peaks = [record for record in peaks if record["cycle_start_date"] == cycle_start_date]
    cycle = {"org_id": org_id, "cycle_start_date": cycle_start_date}
    readings = read(connection, "peak_readings", **cycle)
    if pool is None:
        pool = choose_pool(peaks, readings)
    require(pool, [record["pool"] for record in peaks], "pool", org_id)
    names = read_names(connection)
    pool_name = names.product(pool)
    days = read(connection, "peak_days", **cycle, pool=pool)
    of_pool = [record for record in readings if record["pool"] == pool]
    explanations = read(connection, "peak_explanations", **cycle, pool=pool)
    (cycle_end,) = read(connection, "cycle_end", **cycle)
    day_by_day = Table.of_records(
        f"{pool_name}, day by day",
        DAY_COLUMNS,
        days,
        "No user was logged in.",
        "days",
    )
    for record in (*names.add(peaks, "pool"), *names.add(readings, "pool")):
        record["minor_units"] = organization["minor_units"]
    return Page(
        title=f"Peak concurrent users {org_id} {cycle_start_date}",
        facts=(
            ("Organization", format_text(organization["org_name"] or org_id)),
            ("License model", spell_code(organization["license_model"])),
            ("Cycle from", format_text(cycle_start_date)),
        ),
        pictures=tuple(
            draw_peak(
                pool_name,
                (cycle_start_date, cycle_end["cycle_end_date"]),
                read(connection, "peak_curve", **cycle, pool=pool),
                explanations,
                of_pool[0]["committed_quantity"] if of_pool else None,
                day_by_day,
            )
        ),
        tables=(
            Table.of_records("Readings of the peak", PEAK_COLUMNS, peaks, name="peaks"),
            Table.of_records(
                "What each reading would bill at the end of the cycle, and what the vendor bills",
                READING_COLUMNS,
                readings,
                "No pool of the cycle is billed by its peak.",
                "readings",
            ),
            tabulate_held(pool_name, explanations),
            tabulate_minutes(pool_name, read(connection, "peak_sensitivity", **cycle, pool=pool)),
            day_by_day,
        ),
        head={
            "org_id": org_id,
            "org_name": organization["org_name"],
            "license_model": organization["license_model"],
            "cycle_start_date": cycle_start_date,
            "pool": pool,
        },
        lead=" ".join(summarize(pool, pool_name, peaks, of_pool)),
        notes=(
            *explain_fewer(
                pool_name,
                explanations,
                explain_saved(of_pool, organization["currency"], organization["minor_units"]),
            ),
            *explain_readings(peaks),
            *explain_invoiced([record for record in readings if record["pool"] != pool]),
            *explain_pools(pool, [record["pool"] for record in peaks]),
            *explain_coverage(
                read(connection, "peak_coverage", org_id=org_id),
                [cycle_end],
            ),
        ),
    )


def summarize(
    pool: str, pool_name: str, peaks: list[Record], readings: list[Record]
) -> Iterator[str]:
    """How many users of the pool count by the contract, if it is billed by its peak, and how many
    the vendor bills."""
    for peak in peaks:
        if peak["pool"] == pool and is_billed(peak) and peak["billable_users"] is not None:
            users = format_number(peak["billable_users"])
            reading = READING_WORDS[peak["peak_rule"]]
            yield f"{users} concurrent users of {pool_name} count, by the {reading} reading."
    for said in explain_invoiced(readings):
        words = said.removeprefix(f"{pool_name}: ")
        yield words[:1].upper() + words[1:]


def choose_pool(peaks: list[Record], readings: list[Record]) -> str:
    """The pool with the most users that is billed by its peak, else that of all users."""
    billed = [
        (-record["users_count"], record["pool"])
        for record in readings
        if record["is_contract_rule"]
    ]
    known = {record["pool"] for record in peaks}
    return next((pool for _, pool in sorted(billed) if pool in known), DEFAULT_POOL)


def is_billed(peak: Record) -> bool:
    """Whether the pool is billed by a reading of its peak."""
    return bool(peak["is_billed_by_peak"])


def describe_rule(peak: Record) -> str:
    """The reading that is billed, or why none is."""
    if is_billed(peak):
        return READING_WORDS[peak["peak_rule"]]
    return f"not billed by peak ({spell_code(peak['license_model']).lower()})"


def explain_readings(peaks: list[Record]) -> Iterator[str]:
    """What the readings mean, as far as these peaks need it."""
    yield (
        "Highest: at any instant. Sustained: held in one unbroken stretch. Accumulated: held "
        "in total over the cycle; exact: by exactly so many users."
    )
    yield "Each license is billed by its own pool; that of all CX licenses is for information."
    if any(is_billed(record) and record["billable_users"] is not None for record in peaks):
        yield "The contract's peak rule says which reading is billed."
    if any(describe_rule(record).startswith("accumulated") for record in peaks):
        yield (
            "An accumulated reading adds up minutes of the whole cycle: there is no one stretch to "
            "name, so Peak from and Peak to are empty."
        )


def explain_invoiced(readings: list[Record]) -> Iterator[str]:
    """Which reading the vendor's invoice agrees with, a sentence per pool (CONC-12)."""
    for _, group in groupby(readings, key=itemgetter("pool")):
        of_pool = list(group)
        name = of_pool[0]["product_name"]
        if why_not := NOT_COMPARED.get(of_pool[0]["comparison"]):
            yield f"{name}: {why_not}."
            continue
        agreeing = [READING_WORDS[record["reading"]] for record in of_pool if record["is_invoiced"]]
        [rule] = [
            READING_WORDS[record["reading"]] for record in of_pool if record["is_contract_rule"]
        ]
        yield (
            f"{name}: the vendor bills {format_number(of_pool[0]['invoiced_quantity'])}, which "
            f"agrees with {list_in_words(agreeing) or 'none of the readings'}; the contract bills "
            f"by the {rule} reading."
        )


def spell_invoiced(readings: list[Record]) -> str:
    """Which readings of a pool the vendor's invoice agrees with, in a few words (CONC-12)."""
    if not readings or readings[0]["comparison"] in NOT_COMPARED:
        return "not compared"
    agreeing = [READING_WORDS[record["reading"]] for record in readings if record["is_invoiced"]]
    is_every = len(agreeing) == len(readings) > 1
    return "every reading" if is_every else list_in_words(agreeing) or "none"


def explain_pools(pool: str, pools: list[str]) -> Iterator[str]:
    """How to see another pool explained."""
    if others := [other for other in pools if other != pool]:
        yield (
            f"Explained is {format_text(pool)}; --pool explains another: "
            f"{', '.join(map(format_text, others))}."
        )


def explain_coverage(notes: list[Record], cycle_ends: list[Record]) -> Iterator[str]:
    """That the cycle has days without data, in which the peak may lie."""
    ends = {record["cycle_end_date"] for record in cycle_ends}
    for record in notes:
        if record["invoice_date"] in ends:
            yield f"The peak may lie where data are missing: {record['coverage_note']}."


def list_in_words(words: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
