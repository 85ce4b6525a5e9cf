"""Reads the vendor's invoice from the text of its PDF (report R6): all of it, or an error.

The layout is found by the places of the words: fields by their labels, charges by the titles of
the columns their numbers stand below. Each line below the head must be understood, and every
printed sum must be the sum of its charges. Amounts, quantities and rates keep all their digits;
only groups, currency signs and the place of the sign are unified. Dates become `2026-01-31`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cx_billing import pdf_lines
from cx_billing.formats.common import UnreadableError
from cx_billing.invoice_pdf import head, table
from cx_billing.invoice_pdf.meaning import DATE_FIELDS, MONEY_FIELDS, Money, date_order
from cx_billing.invoice_pdf.values import dates
from cx_billing.invoice_pdf.wording import SECTIONS

COLUMN_FIELDS = ("invoice_number", "invoice_date", "service_period")


@dataclass(frozen=True)
class Invoice:
    """An invoice whose charges add up to its printed total.

    `charges` holds the rows of dataset `vendor_invoice_lines` in printed order, `details` what the
    dataset has no column for: due date, payment terms, addresses, order numbers, totals.
    """

    number: str
    date: str
    currency: str
    total: str
    charges: tuple[dict[str, str | None], ...]
    details: dict[str, str]


def read(path: Path) -> Invoice:
    """Read one PDF in a process of its own; raises UnreadableError that says why it cannot be."""
    try:
        return parse(pdf_lines.read(path))
    except pdf_lines.PdfError as error:
        raise UnreadableError(str(error)) from error


def parse(text: Sequence[pdf_lines.Line]) -> Invoice:
    """The invoice that the lines of a document make up; raises UnreadableError if they do not."""
    start = next((n for n, line in enumerate(text) if table.starts(line)), None)
    if start is None:
        raise UnreadableError(
            f"shows none of the sections of an invoice ({', '.join(SECTIONS)}) and no "
            "titles of columns; deliver the vendor's invoice, or its lines as a CSV file"
        )
    fields = head.read(text[:start])
    period = fields.values.get("service_period", "")
    filled = table.Table(
        fields, table.repeated(text), tuple(dates(period, fields.where.get("service_period", "")))
    )
    for line in text[start:]:
        filled.take(line)
    filled.finish()
    if not filled.charges:
        raise UnreadableError("holds no charges in its sections; deliver the vendor's original")
    money, order = Money(fields, filled), date_order(fields, filled, text)
    total = money.total()

    def meant(name: str) -> str:
        value = fields.values[name]
        if name in DATE_FIELDS:
            return dates(value, "")[0].readings[order]
        return money.exact(value) if name in MONEY_FIELDS else value

    details = {name: meant(name) for name in fields.values if name not in COLUMN_FIELDS}
    identity = {name: meant(name) for name in ("invoice_number", "invoice_date")}
    charges = tuple(
        identity
        | _row(charge, order, money)
        | {"currency": money.currency, "section": charge.section}
        for charge in filled.charges
    )
    return Invoice(
        number=identity["invoice_number"],
        date=identity["invoice_date"],
        currency=money.currency,
        total=str(total),
        charges=charges,
        details=details,
    )


def _row(charge: table.Charge, order: str, money: Money) -> dict[str, str | None]:
    start, end = [claim.readings[order] for claim in charge.period] or (None, None)
    numbers = {name: money.exact(printed) for name, printed in charge.printed.items()}
    return {
        "service_period_start": start,
        "service_period_end": end,
        "description": charge.description,
        **{name: numbers.get(name) for name in ("qty", "rate", "amount")},
    }
