"""Two invoices, plain pages, and what a test reads of a PDF file."""

from __future__ import annotations

from pathlib import Path

import pytest
from fpdf import FPDF

from cx_billing import invoice_pdf, pdf_lines
from cx_billing.formats import UnreadableError
from invoice_pdfs.invoices import CORE, PREPAY, TAXES, TELCO, Charge, Invoice, Section

PERIOD, COMING = ("2026-02-15", "2026-03-15"), ("2026-03-15", "2026-04-15")
LONG = "Genesys Cloud CX 2 Concurrent with an option that has to be named in full on two lines"
INVOICE = Invoice(
    "900137",
    "2026-03-16",
    "USD",
    (
        Section(
            CORE,
            PERIOD,
            (
                Charge("Genesys Cloud CX 2", "25", "120.00", "3000.00"),
                Charge(LONG, "1234.5", "0.0095", "11.73"),
                Charge("Credit for an outage", "-1", "12.00", "-12.00"),
            ),
        ),
        Section(
            PREPAY, COMING, (Charge("Genesys Cloud User \u2013 Prepay", "10", "100.00", "1000.00"),)
        ),
        Section(TELCO, None, (Charge("Inbound Calling Service", "4", "0.0045", "0.02"),)),
        Section(
            TAXES,
            None,
            (Charge("Federal Tax", None, None, "124.13"), Charge("Refund", None, None, "-1.00")),
        ),
    ),
    period=(PERIOD[0], COMING[1]),
    due_date="2026-04-15",
)
SHORT = Invoice(
    "A-1",
    "2026-05-17",
    "USD",
    (Section(CORE, None, (Charge("Call", "2", "1.50", "3.00"),)),),
    period=("2026-04-03", "2026-05-04"),
)
HEAD = (
    "Invoice Number: 7",
    "Invoice Date: 2026-03-16",
    "Payable in: USD",
    "Service Period: 2026-02-15 to 2026-03-15",
)
TITLES = ((40, "Description"), (350, "Qty"), (430, "Rate"), (520, "Amount"))


def charge(description: str, qty: str, rate: str, amount: str):
    return ((40, description), (350, qty), (430, rate), (520, amount))


def page(lines: list[str | tuple[tuple[float, str], ...]]) -> bytes:
    """A page of lines, each one text or several with their places."""
    pdf = FPDF(unit="pt", format="letter")
    pdf.core_fonts_encoding = "windows-1252"
    pdf.add_page()
    pdf.set_font("helvetica", size=9)
    for number, line in enumerate(lines):
        for x, text in [(40, line)] if isinstance(line, str) else line:
            pdf.text(x, 60 + 14 * number, text)
    return bytes(pdf.output())


def parsed(content: bytes, folder: Path) -> invoice_pdf.Invoice:
    """Read in this process: the one that bounds time and memory is tested apart."""
    file = folder / "invoice.pdf"
    file.write_bytes(content)
    return invoice_pdf.parse(pdf_lines.extract(file))


def refusal(content: bytes, folder: Path) -> str:
    with pytest.raises((UnreadableError, pdf_lines.PdfError)) as refused:
        parsed(content, folder)
    return str(refused.value)
