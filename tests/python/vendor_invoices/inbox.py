"""Random organizations with their vendor's invoices: `write_inbox(folder, orgs, seed)`.

They are those of `random_orgs`, but that taxes are those of the shipped seed, that calls cost what
their rate and minutes make, and that some have what few faults can be planted without: a call that
costs too much, calls under two ids or in two files, call files that end too early.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from oracle.money import round_half_up
from oracle.reader import read_organization
from random_orgs.files import HEADERS, VOICE_HEADER, write_file
from random_orgs.inbox import as_of_for, draw_organization, draw_own_files, write_files
from random_orgs.organization import RandomOrg

from .draw import catalogue_rows, draw_vendor_invoices
from .pdf import can_be_pdf, draw_pdf
from .printed import Invoice

JURISDICTION = HEADERS["contracts"].split().index("tax_jurisdiction")
SIP, START = VOICE_HEADER.index("SIP Call Id"), VOICE_HEADER.index("Start time")
SECONDS, RATE = (
    VOICE_HEADER.index("Adjusted Duration (seconds)"),
    VOICE_HEADER.index("Usage Rate Per Minute"),
)
COST, GROUP = VOICE_HEADER.index("Total cost"), VOICE_HEADER.index("Usage Group")


@dataclass
class Written:
    """The inbox, and every vendor invoice in it."""

    as_of: date
    invoices: list[tuple[str, Invoice]]


def write_inbox(folder: Path, orgs: int, seed: int, faults: int | None = None) -> Written:
    """Write `orgs` organizations below `folder`."""
    found = []
    for index in range(orgs):
        org = draw_organization(index, seed)
        if not org.has_contract:
            continue
        found += [(org.org_id, invoice) for invoice in write_organization(org, folder, faults)]
    return Written(as_of_for(seed), found)


def write_organization(org: RandomOrg, folder: Path, faults: int | None = None) -> list[Invoice]:
    """All files of an organization, and its vendor's invoices."""
    draw_own_files(org)
    rng = random.Random(f"vendor invoices of {org.org_id}")
    set_taxes(org, rng)
    set_calls(org, rng)
    add_short_logins(org, rng)
    write_files(org, folder)
    known = read_organization(folder / org.org_id, org.as_of)
    invoices = draw_vendor_invoices(rng, known, faults)
    is_one_file = rng.random() < 0.3
    files: dict[str, list] = defaultdict(list)
    for number, invoice in enumerate(invoices):
        if not invoice.other_number and can_be_pdf(invoice) and rng.random() < 0.6:
            invoice.file = f"{number}.pdf"
            target = folder / org.org_id / "vendor_invoice_lines" / invoice.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(draw_pdf(invoice, rng.randint(1, 10**6)))
            continue
        files["all.csv" if is_one_file else f"{number}.csv"] += invoice.rows()
        if invoice.other_number:
            files["other_way.csv"] += invoice.rows_by_another_way()
    for name, rows in files.items():
        write_file(org, folder, "vendor_invoice_lines", name, rows)
    if rows := catalogue_rows(invoices):
        write_file(org, folder, "product_catalogue", "z_names.csv", rows)
    return invoices


def set_taxes(org: RandomOrg, rng: random.Random) -> None:
    """One jurisdiction for all contracts, or none."""
    jurisdiction = "EXAMPLE-US" if rng.random() < 0.75 else ""
    for (dataset, _), rows in org.files.items():
        if dataset == "contracts":
            rows[:] = [
                (*row[:JURISDICTION], jurisdiction, *row[JURISDICTION + 1 :]) for row in rows
            ]


def add_short_logins(org: RandomOrg, rng: random.Random) -> None:
    """Everybody at once, twice for 20 minutes in a cycle: the readings of a peak differ."""
    is_delivered = any(dataset == "user_presence" for dataset, _ in org.files)
    if not is_delivered or rng.random() < 0.3:
        return
    for cycle_start in org.cycle_starts:
        day = cycle_start - timedelta(days=rng.randint(2, 25))
        for hour in (3, 5):
            start = datetime.combine(day, datetime.min.time()) + timedelta(hours=hour)
            end = start + timedelta(minutes=20)
            for user in org.users:
                org.add("user_presence", user, "AVAILABLE", start, end, file="d_short.csv")


def is_call(row: tuple) -> bool:
    """Whether a row of a call file is a whole one."""
    return len(row) == len(VOICE_HEADER) and isinstance(row[COST], Decimal)


def set_calls(org: RandomOrg, rng: random.Random) -> None:
    """Calls at their rate, but for what some faults need."""
    files = {name: rows for (dataset, name), rows in org.files.items() if dataset == "voice_usage"}
    for rows in files.values():
        rows[:] = [at_their_rate(row) if is_call(row) else row for row in rows]
    first = files.get("a.csv", [])
    billed = [row for row in first if is_call(row) and row[SECONDS] and row[GROUP] != "BYOC_CLOUD"]
    if not billed:
        return
    draw = rng.random()
    if draw < 0.15:  # a call that costs too much
        place = first.index(rng.choice(billed))
        row = first[place]
        first[place] = (*row[:COST], row[COST] + rng.randint(5, 40), *row[COST + 1 :])
    elif draw < 0.4:  # calls in two files
        org.files["voice_usage", "d_overlap.csv"] = rng.sample(billed, max(1, len(billed) // 2))
    elif draw < 0.55:  # calls under two ids
        twins = rng.sample(billed, max(1, len(billed) // 3))
        rows = [(f"{row[SIP]}-twin", *row[SIP + 1 :]) for row in twins]
        org.files["voice_usage", "d_twins.csv"] = rows
    elif draw < 0.75:  # call files that end within a cycle
        cut_calls(org, rng, files)


def at_their_rate(row: tuple) -> tuple:
    """A call that costs its rate times its minutes."""
    cost = round_half_up(row[RATE] * row[SECONDS] / 60, 4)
    return (*row[:COST], cost, *row[COST + 1 :])


def cut_calls(org: RandomOrg, rng: random.Random, files: dict[str, list]) -> None:
    """Leave out what is called from some day before the end of a cycle on."""
    ends = [day for day in org.cycle_starts[1:] if day < org.as_of]
    if not ends:
        return
    last = datetime.combine(rng.choice(ends), datetime.min.time()) - timedelta(days=3)
    for rows in files.values():
        kept = [row for row in rows if not (is_call(row) and row[START] >= last)]
        rows[:] = kept or rows[:1]
    for (dataset, _), rows in org.files.items():
        if dataset == "coverage":
            rows[:] = [row for row in rows if row[0] != "voice_usage"] or rows[:0]
