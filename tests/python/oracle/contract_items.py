"""The prices and commitments of a contract."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from oracle.calendar import Contract, Cycle
from oracle.files import Row
from oracle.reader import Organization


def item_in_force(org: Organization, contract: Contract, product: str, day: date) -> Row | None:
    """INV-11: the contract item of a product in force on `day`, the latest to begin.

    Of two that begin on one day, one because it says so and one for want of a date, the later
    landing counts, as if their keys were one.
    """

    def begins(row: Row) -> date:
        return row["effective_from"] or contract.effective_date

    found = [
        row
        for row in org.rows("contract_items")
        if row["contract_id"] == contract.contract_id
        and row["product_code"] == product
        and begins(row) <= day
        and (row["effective_to"] is None or day < row["effective_to"])
    ]
    return max(reversed(found), key=begins, default=None)


def item_of_cycle(org: Organization, cycle: Cycle, product: str) -> Row | None:
    """The item in force at the start of a cycle; after the term it commits nothing and has its
    published rate, else its overage rate."""
    item = item_in_force(org, cycle.contract, product, cycle.start)
    if item is None or not cycle.is_after_term:
        return item
    published = item["published_rate"]
    rate = item["overage_rate"] if published is None else published
    return replace(item, values={**item.values, "committed_quantity": 0, "overage_rate": rate})


def products_with_items(org: Organization, contract: Contract) -> list[str]:
    """Every product the contract names."""
    codes = {
        r["product_code"]
        for r in org.rows("contract_items")
        if r["contract_id"] == contract.contract_id
    }
    return sorted(codes)


def committable_products(org: Organization, contract: Contract) -> list[str]:
    """The products a commitment can be for: any but calls, numbers, the surcharge and taxes."""
    ignored = "telco_", "number_", "short_call", "tax_"
    return [p for p in products_with_items(org, contract) if not p.startswith(ignored)]
