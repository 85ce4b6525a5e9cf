"""Draws vendor invoices (report R6) as PDF files, in many layouts, the same bytes every time.

`draw(invoice, style)` returns the bytes, `rows(invoice)` what a reader must find in them.
"""

from invoice_pdfs.drawing import (
    AMBIGUOUS,
    CREDITS,
    DATE_FORMATS,
    NUMBER_FORMATS,
    Errors,
    Style,
    draw,
)
from invoice_pdfs.invoices import (
    CORE,
    PREPAY,
    TAXES,
    TELCO,
    Charge,
    Invoice,
    Section,
    from_csv,
    rows,
)
from invoice_pdfs.random_invoices import random_invoice, random_style

__all__ = [
    "AMBIGUOUS",
    "CORE",
    "CREDITS",
    "DATE_FORMATS",
    "NUMBER_FORMATS",
    "PREPAY",
    "TAXES",
    "TELCO",
    "Charge",
    "Errors",
    "Invoice",
    "Section",
    "Style",
    "draw",
    "from_csv",
    "random_invoice",
    "random_style",
    "rows",
]
