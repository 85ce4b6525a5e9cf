"""Random invoices, and layouts in which they can be read without a guess."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from invoice_pdfs.drawing import (
    AMBIGUOUS,
    CREDITS,
    DATE_FORMATS,
    NUMBER_FORMATS,
    SIGNS,
    SYMBOLS,
    Style,
)
from invoice_pdfs.invoices import CORE, PREPAY, SECTIONS, TAXES, Charge, Invoice, Section

PRODUCTS = (
    "Genesys Cloud CX 2 Concurrent",
    "Genesys Cloud CX 3",
    "PureCloud 2 Concurrent User",
    "Genesys Cloud Collaborate User with an option that takes a second line to be named in full",
    "Data Storage Overage",
    "Call",
    "SMS Rate Class 2026",
    "Physical Edge (model 3, refurbished) - Credit for 12 days",
    "Outbound Calling Service - U.S.",
    "Total Care Add-on, per seat and month, of the second year of the agreement",
)


def random_invoice(seed: int) -> Invoice:
    """An invoice of one to four sections with up to forty charges each; some are credits."""
    rng = random.Random(seed)
    start = date(rng.randint(2024, 2027), rng.randint(1, 12), rng.randint(1, 28))
    end, after = start + timedelta(30), start + timedelta(60)
    period = (start.isoformat(), end.isoformat())
    names = [name for name in SECTIONS if rng.random() < 0.7] or [CORE]
    sections = [
        Section(
            name,
            (end.isoformat(), after.isoformat())
            if name == PREPAY
            else rng.choice((None, period))
            if name != TAXES
            else None,
            tuple(_random_charges(rng, name)),
        )
        for name in names
    ]
    issued = end + timedelta(rng.randint(1, 5))
    return Invoice(
        rng.choice((str(rng.randint(100_000, 999_999)), f"EU{rng.randint(1000, 9999)}")),
        issued.isoformat(),
        rng.choice(tuple(SYMBOLS)),
        tuple(sections),
        period=(start.isoformat(), after.isoformat()),
        due_date=(issued + timedelta(30)).isoformat(),
    )


def _random_charges(rng: random.Random, section: str) -> Iterator[Charge]:
    has_numbers = section != TAXES or rng.random() < 0.5
    for _ in range(rng.choice((1, 2, 5, 12, 40))):
        cents = rng.choice((1, 99, 1_000, 250_000, 123_456_789))
        amount = Decimal(rng.randint(0, cents)).scaleb(-2)
        amount = -amount if rng.random() < 0.1 and amount else amount
        name = rng.choice(PRODUCTS)
        if section == TAXES:
            name = rng.choice(("Federal Taxes and Fees", "State Sales Tax", "E911 Fee"))
        if section == PREPAY:
            name += " \u2013 Prepay"
        qty = Decimal(rng.randint(0, 5_000_000)).scaleb(-rng.choice((0, 0, 1, 3)))
        rate = Decimal(rng.randint(0, 99_999)).scaleb(-rng.choice((0, 2, 4, 5)))
        yield Charge(
            name,
            f"{qty:f}" if has_numbers else None,
            f"{rate:f}" if has_numbers else None,
            f"{amount:f}",
        )


def random_style(seed: int) -> Style:
    """A layout in which an invoice can still be read without a guess."""
    rng = random.Random(f"style {seed}")
    header_per_section = rng.random() < 0.4
    return Style(
        paper=rng.choice(((612, 792), (595, 842), (842, 595), (612, 420))),
        font=rng.choice(("helvetica", "times", "courier")),
        size=rng.choice((7, 8, 9, 10)),
        numbers=rng.choice(tuple(NUMBER_FORMATS)),
        dates=rng.choice(tuple(name for name in DATE_FORMATS if name not in AMBIGUOUS)),
        credits=rng.choice(tuple(CREDITS)),
        sign=rng.choice(tuple(SIGNS)),
        head=rng.choice(("pairs", "stacked", "inline")),
        align=rng.choice(("right", "right", "left", "center")),
        subtotals=rng.random() < 0.7,
        header_per_section=header_per_section,
        header_per_page=rng.random() < 0.8,
        title_per_page=rng.random() < 0.8,
        running_head=rng.random() < 0.7,
        footer=rng.choice((None, "Questions about this invoice? billing@vendor.example")),
        description_width=rng.choice((0.35, 0.45)),
        padding=rng.choice((1, 3, 6)),
        watermark=rng.choice((None, None, "COPY")),
        total_label=rng.choice(("Total", "Invoice Total", "Total Due", "Grand Total:")),
    )
