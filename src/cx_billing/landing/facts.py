"""What the footer of a file in the lake says of it, and by what it is known."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from cx_billing import formats, lake, sidecars
from cx_billing.formats import literal
from cx_billing.formats.completeness import Said, find_missing, without_counts
from cx_billing.landing.inbox import Delivery

LARGEST_PAGE = 200  # items whose ids are kept, so that a later page finds the ones before it
LARGEST_PART = 2000  # likewise of a page that says that there is more


def is_answer(path: Path) -> bool:
    """Whether a file can hold answers of an API."""
    return formats.format_of(path) == "json"


def metadata(facts: dict[str, str]) -> str:
    """Facts for the footer of a Parquet file, as SQL."""
    return ", ".join(f"{name}: {literal(fact)}" for name, fact in facts.items())


def describe_answer(rows: formats.Rows, asked: sidecars.Asked | None) -> dict[str, str]:
    """What a file says of itself and of the time it covers."""
    said = rows.said or Said()
    facts = {}
    if said.pages or said.invoices:
        items = sum(len(page.ids) for page in said.pages)
        is_kept = items <= (LARGEST_PART if find_missing(said) else LARGEST_PAGE)
        facts["said"] = (said if is_kept or said.invoices else without_counts(said)).dumps()
    if asked:
        if asked.covered:
            facts |= covered(*(f"{at:%Y-%m-%dT%H:%M:%S.%f}Z" for at in asked.covered))
    elif said.available_to:
        facts |= covered(None, said.available_to)
    elif said.period:
        facts |= covered(*said.period, basis="report")
    return facts


def covered(start: str | None, end: str, basis: str = "query") -> dict[str, str]:
    """Facts of which interval a file is complete for, without a start from its rows on."""
    begins = {} if start is None else {"covered_from": start}
    return {"coverage_basis": basis, **begins, "covered_to": end}


def identify(delivery: Delivery, sha256: str, asked: sidecars.Asked | None) -> str:
    """Hash of organization, dataset and content; a folder name cannot hold the NUL between.

    A snapshot has its day in its name alone: the same answer on another day is another file. So
    is one that covers another interval.
    """
    parts = [delivery.org_id, delivery.dataset, sha256]
    if is_answer(delivery.path) and "snapshot_date" in lake.datasets()[delivery.dataset].columns:
        name = delivery.source_file.split("/", 2)[2]
        parts += filter(None, [formats.day_of(name)])
    if asked and asked.covered:
        parts += [at.isoformat() for at in asked.covered]
    identity = "\0".join(parts)
    return hashlib.sha256(identity.encode()).hexdigest()[:32]


def in_utc(at: str, zone: str, connection: duckdb.DuckDBPyConnection) -> str:
    """An instant without an offset as of a zone; one with `Z` stays."""
    if at.endswith("Z"):
        return at
    [[instant]] = connection.execute(
        "select timezone(?, ?::timestamp) at time zone 'UTC'", [zone, at]
    ).fetchall()
    return f"{instant:%Y-%m-%dT%H:%M:%S.%f}Z"
