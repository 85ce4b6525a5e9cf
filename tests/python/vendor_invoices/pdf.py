"""Vendor invoices as PDF files: one period in the head, lines by section."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import invoice_pdfs as pdfs
from invoice_pdfs.invoices import SECTIONS

from .printed import Invoice, Line

CURRENCIES = {"USD", "EUR"}


def can_be_pdf(invoice: Invoice) -> bool:
    """Whether a PDF can say what the invoice does: its lines have the head's period and a section,
    quantity and rate."""
    periods = {(line.start, line.end) for line in invoice.lines if line.start}
    return (
        invoice.printed_currency is None
        and invoice.currency in CURRENCIES
        and len(periods) == 1
        and len(invoice.printed_totals()) == 1
        and all(line.title in SECTIONS and line.start for line in invoice.lines)
        and not any(len(line.words) == 3 for line in invoice.lines)  # SMS: refused as a currency
        and all((line.quantity is None) == (line.rate is None) for line in invoice.lines)
        and all(line.is_tax or line.quantity is not None for line in invoice.lines)
    )


def draw_pdf(invoice: Invoice, seed: int) -> bytes:
    """The file; the lines of the invoice stand in the order in which it prints them."""
    invoice.lines.sort(key=lambda line: SECTIONS.index(line.title))
    style = pdfs.random_style(seed)  # room enough for rates of six decimals
    style = replace(style, sign="", size=7, description_width=0.35)
    return pdfs.draw(as_printed(invoice), style)


def as_printed(invoice: Invoice) -> pdfs.Invoice:
    """What the file holds."""
    start, end = invoice.lines[0].start, invoice.lines[0].end
    titles = dict.fromkeys(line.title for line in invoice.lines)
    sections = [
        pdfs.Section(
            title, None, tuple(charge(line) for line in invoice.lines if line.title == title)
        )
        for title in titles
    ]
    dated = invoice.sent or invoice.day
    return pdfs.Invoice(
        number=invoice.number,
        date=dated.isoformat(),
        currency=invoice.currency,
        sections=tuple(sections),
        period=(start.isoformat(), (end - timedelta(days=1)).isoformat()),
        due_date=(dated + timedelta(days=30)).isoformat(),
    )


def charge(line: Line) -> pdfs.Charge:
    """A line of the file."""
    return pdfs.Charge(line.words, cell(line.quantity), cell(line.rate), f"{line.amount:f}")


def cell(number: Decimal | None) -> str | None:
    """A number without zeros at its end."""
    if number is None:
        return None
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
