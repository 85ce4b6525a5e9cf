"""An inbox of random organizations: `write_inbox(folder, orgs, seed)`."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from pathlib import Path

from oracle.invoices import core_charges
from oracle.lines import charges
from oracle.marts import organization_marts
from oracle.meter import Meter
from oracle.money import MINOR_UNITS
from oracle.policies import RANDOM
from oracle.reader import Organization, read_organization
from random_orgs.bad_rows import write_bad_rows
from random_orgs.contracts import write_contracts, write_items
from random_orgs.files import write_file
from random_orgs.organization import RandomOrg
from random_orgs.own_products import write_own_products, write_wallboards
from random_orgs.people import write_licenses, write_presence, write_routing
from random_orgs.reach import end_early, leave_out, write_coverage
from random_orgs.usage import (
    write_calls,
    write_devices,
    write_messages,
    write_numbers,
    write_orders,
    write_resources,
)
from random_orgs.vendor import RandomVendor

AS_OF_DATES = (date(2024, 3, 31), date(2024, 4, 1), date(2024, 3, 30), date(2024, 4, 15))


def write_inbox(folder: Path, orgs: int, seed: int) -> date:
    """Write `orgs` random organizations below `folder`; returns the as-of date to build with."""
    as_of = as_of_for(seed)
    for index in range(orgs):
        write_organization(draw_organization(index, seed), folder)
    return as_of


def draw_organization(index: int, seed: int) -> RandomOrg:
    """A random organization of which nothing is written yet."""
    rng = random.Random(f"{seed}/{index}")
    return RandomOrg(rng, f"org-{seed}-{index:03}", index, as_of_for(seed))


def as_of_for(seed: int) -> date:
    """The as-of date that goes with a seed."""
    return AS_OF_DATES[seed % len(AS_OF_DATES)]


def write_organization(org: RandomOrg, folder: Path) -> None:
    """All files of the org below `folder`."""
    write_own_files(org, folder)
    if org.has_contract:
        write_vendor_files(org, folder)


def write_own_files(org: RandomOrg, folder: Path) -> None:
    """All files of the org but for what the vendor sent."""
    draw_own_files(org)
    write_files(org, folder)


def draw_own_files(org: RandomOrg) -> None:
    """The rows of all files of the org but for what the vendor sent."""
    if org.has_contract:
        write_contracts(org)
    write_licenses(org)
    write_presence(org)
    write_routing(org)
    write_messages(org)
    write_resources(org)
    write_calls(org)
    write_numbers(org)
    write_devices(org)
    write_orders(org)
    write_own_products(org)
    write_wallboards(org)
    if org.has_contract:
        write_items(org)
    leave_out(org)
    end_early(org)
    write_bad_rows(org)
    write_coverage(org)


def write_files(org: RandomOrg, folder: Path) -> None:
    """What was drawn of the org, below `folder`."""
    for (dataset, name), rows in org.files.items():
        write_file(org, folder, dataset, name, rows)


def write_vendor_files(org: RandomOrg, folder: Path) -> None:
    """What the vendor sent: made of the oracle's bill of what is written so far."""
    known = read_organization(folder / org.org_id, org.as_of, RANDOM)
    if org.chance(0.3) and (minimum := draw_minimum(org, known)) is not None:
        contract = {**org.first_contract, "minimum_monthly_amount": minimum}
        write_file(org, folder, "contracts", "z_minimum.csv", [tuple(contract.values())])
        known = read_organization(folder / org.org_id, org.as_of, RANDOM)
    vendor = RandomVendor(org.rng, known, organization_marts(known))
    for name, rows in vendor.invoices().items():
        write_file(org, folder, "vendor_invoice_lines", name, rows)
    for dataset, rows in vendor.reports().items():
        write_file(org, folder, dataset, "a.csv", rows)


def draw_minimum(org: RandomOrg, known: Organization) -> Decimal | None:
    """INV-09: a minimum that a cycle of the first contract reaches to the cent, or nearly."""
    meters = [Meter(known, cycle) for cycle in known.cycles]
    lines = charges(known, meters)
    sums = [
        core_charges(meter, lines)
        for meter in meters
        if meter.cycle.contract.contract_id == org.first_contract["contract_id"]
        and not meter.cycle.is_ramp
    ]
    cent = Decimal(1).scaleb(-MINOR_UNITS[org.currency])
    return org.rng.choice(sums) + org.rng.choice((0, 0, cent, -cent, 1000)) if sums else None
