"""Invoices of the vendor (report R6) as exact texts: `2026-01-31`, `-1234.56`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path

CORE = "Core Services and Fees"
PREPAY = "Core Services and Fees \u2013 Prepay"
TELCO = "Telco Services \u2013 Per Unit Fees"
TAXES = "Taxes and Fees"
SECTIONS = (CORE, PREPAY, TELCO, TAXES)


@dataclass(frozen=True)
class Charge:
    """A line; quantity and rate may be missing, as they may among taxes."""

    description: str
    qty: str | None
    rate: str | None
    amount: str


@dataclass(frozen=True)
class Section:
    """Charges below one title; without a period of its own, the invoice's is theirs."""

    name: str
    period: tuple[str, str] | None
    charges: tuple[Charge, ...]

    @property
    def total(self) -> Decimal:
        return sum((Decimal(charge.amount) for charge in self.charges), Decimal(0))


@dataclass(frozen=True)
class Invoice:
    """What is printed, whatever it looks like."""

    number: str
    date: str
    currency: str
    sections: tuple[Section, ...]
    period: tuple[str, str] | None = None
    due_date: str | None = None
    terms: str = "Net 30"
    po_number: str = "PO-7781"
    master_order: str = "MO-55021"
    bill_to: tuple[str, ...] = ("Northwind Support Ltd", "12 Harbour Street", "Leeds LS1 4AP")
    ship_to: tuple[str, ...] = ("Northwind Support Ltd", "Unit 4, Canal Road", "Leeds LS2 8QJ")

    @property
    def total(self) -> Decimal:
        return sum((section.total for section in self.sections), Decimal(0))


def rows(invoice: Invoice) -> list[dict[str, str | None]]:
    """The rows of dataset vendor_invoice_lines that the invoice holds."""
    found = []
    for section in invoice.sections:
        start, end = section.period or invoice.period or (None, None)
        for charge in section.charges:
            found.append(
                {
                    "invoice_number": invoice.number,
                    "invoice_date": invoice.date,
                    "service_period_start": start,
                    "service_period_end": end,
                    "description": charge.description,
                    "qty": charge.qty,
                    "rate": charge.rate,
                    "amount": charge.amount,
                    "currency": invoice.currency,
                    "section": section.name,
                }
            )
    return found


def from_csv(path: Path) -> Invoice:
    """The invoice that a delivered CSV file holds."""
    with path.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    sections = []
    for (name, start, end), group in groupby(
        lines,
        key=lambda line: tuple(
            line[key] for key in ("Section", "Service period start", "Service period end")
        ),
    ):
        charges = tuple(
            Charge(line["Description"], line["Qty"], line["Rate"], line["Amount"]) for line in group
        )
        sections.append(Section(name, (start, end), charges))
    first = lines[0]
    issued = date.fromisoformat(first["Invoice date"])
    return Invoice(
        first["Invoice number"],
        issued.isoformat(),
        first["Currency"],
        tuple(sections),
        due_date=(issued + timedelta(30)).isoformat(),
    )
