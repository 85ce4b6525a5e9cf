"""Numbers and devices of a cycle: billed and held, both ways, and numbers that are never used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import duckdb

from cx_billing.pages.columns import (
    add_up,
    date_column,
    label_row,
    money_column,
    quantity_column,
    text_column,
)
from cx_billing.pages.content import Page, Record, Row, Table, fill_rows
from cx_billing.pages.formatting import format_number, format_text
from cx_billing.pages.reading import find_organization, read, require
from cx_billing.pages.words import spell_code

FINDINGS = {
    "billed_not_held": "Billed and not held",
    "held_not_billed": "Held and not billed",
    "billed_as_held": "Billed as held",
    "held_without_price": "Held, without a price",
    "no_vendor_invoice": "No vendor invoice",
    "never_used": "Never used",
    "use_not_known": "Use not known",
}
OF_USE = ("never_used", "use_not_known")
COMPARED_COLUMNS = (
    replace(text_column("Finding", "title"), keys=("finding",)),
    replace(text_column("Product", "product"), keys=("product_code",)),
    replace(text_column("Type", "type_name"), keys=("number_type",)),
    quantity_column("Vendor qty", "billed_quantity"),
    quantity_column("Held", "held_quantity"),
    money_column("Vendor", "billed_amount"),
    money_column("Ours", "expected_amount"),
    money_column("Difference", "amount"),
)
UNUSED_COLUMNS = (
    text_column("Number", "phone_number"),
    replace(text_column("Type", "type_name"), keys=("number_type",)),
    date_column("Purchased", "purchased_date"),
    money_column("Charge of the cycle", "amount"),
)


def compose_inventory(
    connection: duckdb.DuckDBPyConnection, org_id: str, cycle_start_date: date
) -> Page:
    """What the vendor bills of numbers and devices, what is held, and what is not used."""
    organization = find_organization(connection, org_id)
    cycles = [
        cycle["cycle_start_date"] for cycle in read(connection, "inventory_cycles", org_id=org_id)
    ]
    require(cycle_start_date, cycles, "numbers or devices in a closed cycle from", org_id)
    records = read(
        connection, "inventory_findings", org_id=org_id, cycle_start_date=cycle_start_date
    )
    names = {
        product["product_code"]: product["invoice_name"] for product in read(connection, "products")
    }
    shown = [dict(record) for record in records]
    for record in shown:
        record["title"] = FINDINGS[record["finding"]]
        if record["finding"] == "no_vendor_invoice":
            record["billed_quantity"] = None  # not billed is not the same as billed with none
        record["product"] = names.get(record["product_code"], record["product_code"])
        is_number = record["product_code"].startswith("number_")
        record["type_name"] = spell_code(record["number_type"]) or (
            "All types" if is_number else ""
        )
    compared = [record for record in shown if record["finding"] not in OF_USE]
    unused = [record for record in shown if record["finding"] == "never_used"]
    unknown = [record for record in shown if record["finding"] == "use_not_known"]
    return Page(
        title=f"Numbers and devices of {org_id} from {cycle_start_date}",
        facts=(
            ("Organization", format_text(organization["org_name"] or org_id)),
            ("Currency", format_text(organization["currency"])),
        ),
        tables=(
            Table(
                "Billed and held",
                COMPARED_COLUMNS,
                fill_rows(COMPARED_COLUMNS, compared),
                name="compared",
                records=tuple(record for record in records if record["finding"] != "never_used"),
            ),
            Table(
                "Numbers that no call is from or to",
                UNUSED_COLUMNS,
                tuple(list_unused(unused)),
                "None is known to be unused.",
                "never_used",
                tuple(record for record in records if record["finding"] == "never_used"),
            ),
        ),
        head={"org_id": org_id, "cycle_start_date": cycle_start_date},
        notes=tuple(explain(compared, unused, unknown)),
    )


def list_unused(unused: list[Record]) -> Iterator[Row]:
    """The numbers, and what they cost together."""
    yield from fill_rows(UNUSED_COLUMNS, unused)
    if unused:
        total = {"amount": add_up(unused, "amount"), "minor_units": unused[0]["minor_units"]}
        counted = f"{len(unused):,} number{'' if len(unused) == 1 else 's'}"
        yield label_row(UNUSED_COLUMNS, "total", counted, **total)


def explain(compared: list[Record], unused: list[Record], unknown: list[Record]) -> Iterator[str]:
    """What a reader of the tables has to know."""
    if any(record["finding"] == "no_vendor_invoice" for record in compared):
        yield "No vendor invoice: none with charges in arrears of this cycle has been landed."
    if any(record["finding"] == "held_without_price" for record in compared):
        yield "Held, without a price: the contract has none, and the vendor bills nothing."
    if unused:
        yield "A number may still carry text messages, which are in no call."
    for record in unknown:
        held = format_number(record["held_quantity"])
        if record["number_type"]:
            yield (
                f"Numbers of type {record['type_name'].lower()} ({held} held): whether they are "
                "used is not known, since the call data of the cycle is not complete."
            )
        else:
            yield f"{record['product']} ({held} held): no data tells whether they are used."
