"""What the vendor bills of one organization: which invoices, which faults, which layouts."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date

from oracle import catalogue
from oracle.invoices import invoice_lines
from oracle.meter import Meter
from oracle.reader import Organization

from . import (  # noqa: F401 - each registers its faults or layouts
    faults_of_calls,
    faults_of_lines,
    faults_of_rates,
    faults_of_taxes,
    faults_of_usage,
    layouts_of_heads,
    layouts_of_lines,
)
from .faults import plant, shuffle
from .faults_of_calls import note_mispriced
from .faults_of_taxes import follow_with_minimum, follow_with_taxes
from .layouts import LAYOUTS, arrange
from .printed import Invoice

FAULT_COUNTS = (0, 0, 1, 1, 1, 2, 2, 3)
LAYOUT_COUNTS = (0, 1, 1, 2, 3, 5)
KINDS = {
    "license": "license_addon",
    "addon": "license_addon",
    "resource": "resource",
    "conversation": "messaging",
    "message": "messaging",
    "device": "device",
}


def draw_vendor_invoices(
    rng: random.Random, org: Organization, faults: int | None = None
) -> list[Invoice]:
    """The vendor's invoices of an organization: one for most of our final ones.

    `faults` is how many each shall have, by default 0 to 3; fewer where none fits.
    """
    meters = [Meter(org, cycle) for cycle in org.cycles]
    by_day: dict[date, list[dict]] = defaultdict(list)
    for line in invoice_lines(org, meters):
        by_day[line["invoice_date"]].append(line)
    days = sorted(by_day)
    found: list[Invoice] = []
    for number, day in enumerate(days, start=1):
        is_final = by_day[day][0]["invoice_status"] == "final"
        is_billed = any(not ours["is_waived"] for ours in by_day[day])
        if not is_final or not is_billed or rng.random() < 0.1:
            continue
        invoice = Invoice(
            org=org,
            meters=meters,
            number=f"{7000 + number}",
            day=day,
            ours=by_day[day],
            rng=rng,
            earlier=found[-1] if found else None,
            next_day=next((later for later in days if later > day), None),
        )
        found.append(invoice)
    for invoice in found:
        note_mispriced(invoice)
        add_faults(invoice, rng.choice(FAULT_COUNTS) if faults is None else faults)
    for invoice in found:
        add_layouts(invoice)
        if len(invoice.printed_totals()) == 1 and invoice.chance(0.08):
            invoice.other_number = f"INV-{invoice.number}"
    return found


def add_faults(invoice: Invoice, wanted: int) -> None:
    """Plant some faults, and now and then what follows from them."""
    for name in shuffle(invoice.rng):
        if wanted and plant(invoice, name):
            wanted -= 1
            if name == "other_currency":
                return
    if invoice.chance(0.5):
        follow_with_minimum(invoice)
    if invoice.chance(0.25):
        follow_with_taxes(invoice)


def add_layouts(invoice: Invoice) -> None:
    """Arrange the invoice in some layouts."""
    rng, names = invoice.rng, sorted(LAYOUTS)
    rng.shuffle(names)
    wanted = rng.choice(LAYOUT_COUNTS)
    for name in names:
        if wanted and arrange(invoice, name):
            wanted -= 1


def catalogue_rows(invoices: list[Invoice]) -> list[tuple]:
    """The rows of `product_catalogue` for the names that only the organization knows."""
    rows = []
    for invoice in invoices:
        for product, alias in invoice.aliases.items():
            listed = catalogue.listed(product)
            kind = KINDS.get(listed["kind"], "one_time")
            rows.append((product, listed["invoice_name"], kind, "", alias))
    return rows
