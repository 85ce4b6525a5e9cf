"""PDF: a vendor invoice, the one dataset that comes as a page to read."""

from __future__ import annotations

from pathlib import Path

from cx_billing import invoice_pdf
from cx_billing.formats.common import Rows, UnreadableError
from cx_billing.formats.objects import staged
from cx_billing.lake import Dataset

DATASET = "vendor_invoice_lines"


def rows(path: Path, dataset: Dataset, copy: Path) -> Rows:
    """The charges of the invoice; what else it tells goes to `extra_columns` of each."""
    if dataset.name != DATASET:
        raise UnreadableError(f"is a PDF, which only {DATASET} are read from; export it as CSV")
    invoice = invoice_pdf.read(path)
    return staged([invoice.details | charge for charge in invoice.charges], copy, dataset)
