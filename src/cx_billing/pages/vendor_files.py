"""What files say of the vendor's invoices and no figure has: dated later, or replaced."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import duckdb

from cx_billing.pages.formatting import format_text
from cx_billing.pages.reading import read


@dataclass(frozen=True)
class LaterInvoice:
    """Lines of an invoice that are dated on the day of the build or later."""

    org_id: str
    source_file: str
    invoice_number: str
    invoice_date: date
    lines_count: int
    as_of_date: date

    def describe(self) -> str:
        """How it is dated, by the day of the build."""
        day = f"the day of the build ({self.as_of_date})"
        if self.invoice_date == self.as_of_date:
            return f"dated {self.invoice_date}, {day}, which it does not see yet"
        return f"dated {self.invoice_date}, after {day}"


@dataclass(frozen=True)
class ReplacedInvoice:
    """Lines of an invoice that do not count, since a later file has its number.

    `left_out_count` of the lines the later file does not have.
    """

    org_id: str
    source_file: str
    invoice_number: str
    replaced_by: str
    lines_count: int
    left_out_count: int

    @property
    def is_other(self) -> bool:
        """Whether the later file is rather another part of the invoice than a mended one."""
        return self.left_out_count * 2 > self.lines_count

    def describe(self) -> str:
        """Which file replaced which, and what is lost by that."""
        files = [format_text(file) for file in (self.replaced_by, self.source_file)]
        if files[0] == files[1]:
            files = [f"the later {files[0]}", "the earlier one"]
        count = self.lines_count
        lines = f"{count:,} line{'s' if count > 1 else ''}"
        lost = f"{self.left_out_count:,} of them are" if count > 1 else "it is"
        if self.left_out_count == count > 1:
            lost = "none of them is in the later one"
        elif self.left_out_count:
            lost += " not in the later one"
        else:
            lost = "all of them are in the later one" if count > 1 else "the later one has it too"
        return (
            f"{files[0]} has the number too and replaces {files[1]}, of which {lines} no longer "
            f"count{'' if count > 1 else 's'}; {lost}"
        )


@dataclass(frozen=True)
class VendorFiles:
    """What the files of an organization, or of all, say of invoices and no figure has."""

    later: tuple[LaterInvoice, ...]
    replaced: tuple[ReplacedInvoice, ...]


def read_vendor_files(
    connection: duckdb.DuckDBPyConnection, org_id: str | None = None
) -> VendorFiles:
    """Invoices dated after the build, and invoices that a later file replaced."""
    later, replaced = [], []
    for file in read(connection, "vendor_files", org_id=org_id):
        where = file["org_id"], file["source_file"]
        for item in json.loads(file["later_invoices"] or "[]"):
            days = {key: date.fromisoformat(item[key]) for key in ("invoice_date", "as_of_date")}
            later.append(LaterInvoice(*where, **item | days))
        for item in json.loads(file["replaced_invoices"] or "[]"):
            replaced.append(ReplacedInvoice(*where, **item))
    return VendorFiles(tuple(later), tuple(replaced))


def explain_files(found: VendorFiles, numbers: Iterable[str]) -> Iterator[str]:
    """What a reader of the page of an invoice has to know of its files, by its numbers."""
    numbers = set(numbers)
    for invoice in found.later:
        if invoice.invoice_number in numbers:
            count = invoice.lines_count
            lines = f"{count:,} line{'s' if count > 1 else ''}"
            yield (
                f"{lines} of it in {format_text(invoice.source_file)} "
                f"{'are' if count > 1 else 'is'} {invoice.describe()}, and not counted."
            )
    for replaced in found.replaced:
        if replaced.invoice_number in numbers:
            advice = (
                " An invoice is what the latest file with its number has: if it has several pages, "
                "put all of them into one file."
            )
            yield f"{replaced.describe()}.{advice if replaced.left_out_count else ''}"
