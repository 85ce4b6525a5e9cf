"""Words for the codes of the marts: what a reader is shown in place of `one_time` or `cx2`."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from cx_billing.pages.content import Record
from cx_billing.pages.formatting import format_text
from cx_billing.pages.reading import read

# Codes whose words are not the code with blanks.
SPELLED = {
    "accruing": "Accruing, not final",
    "accumulated": "Accumulated 30 minutes",
    "accumulated_exact": "Accumulated, by exactly so many",
    "byoc": "Own carrier",
    "cx_all": "All CX licenses",
    "highest": "Highest at any instant",
    "month_to_month": "Month to month",
    "no_contract_item": "No price in the contract",
    "one_time": "One-time",
    "peak_disregarded": "Above the billed peak",
    "sustained": "Sustained 30 minutes",
    "toll_free": "Toll-free",
    "tollfree": "Toll-free",
    "unclassified": "Unclassified",
    "tax": "Tax",
}


def spell_code(code: object) -> str:
    """A code in words: `missing_on_invoice` is `Missing on invoice`."""
    text = format_text(code)
    return SPELLED.get(text) or (text[:1].upper() + text[1:]).replace("_", " ")


def is_unchecked(invoice: Record) -> bool:
    """Whether an invoice of the vendor has taxes that nothing of ours could be held against."""
    return bool(invoice["unchecked_tax_amount"])


def spell_agreed(invoice: Record) -> str:
    """Whether an invoice of the vendor is agreed, and whether its taxes were left out of that."""
    if not invoice["is_agreed"]:
        return "no"
    return "yes, taxes not checked" if is_unchecked(invoice) else "yes"


@dataclass(frozen=True)
class Names:
    """The names of products, and the titles of the reasons why an invoice differs."""

    products: dict[str, str]
    prefixes: dict[str, str]
    reasons: dict[str, str]
    kinds: dict[str, str]

    def kind(self, code: object) -> str:
        """What kind of product a code is; empty for an organization's own."""
        text = format_text(code)
        prefixed = (self.kinds[prefix] for prefix in self.prefixes if text.startswith(prefix))
        return self.kinds.get(text) or next(prefixed, "")

    def product(self, code: object) -> str:
        """A product as invoices call it; the code of one that is an organization's own."""
        text = format_text(code)
        if text in SPELLED or text in self.products:
            return self.products.get(text) or SPELLED[text]
        for prefix, name in self.prefixes.items():
            if text.startswith(prefix):
                return f"{name}: {spell_code(text.removeprefix(prefix))}"
        return text

    def reason_list(self, codes: str | None) -> str:
        """Several reasons, joined as their codes are."""
        listed = filter(None, (codes or "").split(", "))
        return ", ".join(self.reasons.get(code) or spell_code(code) for code in listed)

    def add(self, records: list[Record], key: str = "product_code") -> list[Record]:
        """The records, each with the name of its product as `product_name`."""
        for record in records:
            record["product_name"] = self.product(record[key])
        return records


def read_names(connection: duckdb.DuckDBPyConnection) -> Names:
    """The names that the warehouse was built with."""
    products = read(connection, "products")
    prefixes = read(connection, "product_prefixes")
    kinds = {record["product_code"]: record["kind"] for record in products}
    return Names(
        {
            record["product_code"]: format_text(record["invoice_name"] or record["product_code"])
            for record in products
        },
        {
            record["prefix"]: format_text(record["invoice_name"] or record["prefix"])
            for record in prefixes
        },
        {
            record["reason"]: format_text(record["title"])
            for record in read(connection, "difference_reasons")
        },
        {record["prefix"]: kinds[record["product_code"]] for record in prefixes} | kinds,
    )
