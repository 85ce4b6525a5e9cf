"""The letter: what a billing desk needs to find the invoice, its lines, and what is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import jinja2

from cx_billing.pages.formatting import format_number, format_text

Record = dict[str, Any]


@dataclass(frozen=True)
class Balance:
    """What became of what is claimed of an invoice, over all its disputes."""

    claimed: Decimal
    recovered: Decimal
    refused: Decimal
    asked: Decimal  # what is still open


def balance(disputes: list[Record]) -> Balance:
    """The disputes of an invoice as one."""
    names = ("claimed_amount", "recovered_amount", "refused_amount", "open_amount")
    return Balance(*(sum((row[name] for row in disputes), Decimal(0)) for name in names))


def minor_units_of(invoice: Record) -> int:
    """The decimals of the invoice's currency."""
    return int(invoice["minor_units"] or 0)


def sum_of_claims(differences: list[Record]) -> Decimal:
    """The disputed amount."""
    return sum((row["claim_amount"] for row in differences if row["is_claimed"]), Decimal(0))


def render(
    invoice: Record, differences: list[Record], lines: list[Record], balance: Balance
) -> str:
    """The letter as one self-contained HTML document; everything from the data is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    minor_units = minor_units_of(invoice)

    def money(value: Decimal | None) -> str:
        return format_number(value, minor_units)

    words: dict[str, list[str]] = {}
    for line in lines:
        if line["is_printed"]:
            words.setdefault(line["group_id"], []).append(line["description"])
    claimed = [row for row in differences if row["is_claimed"]]
    rows = [
        {
            "line": format_text(name_lines(words.get(row["group_id"], []), row)),
            "title": row["title"],
            "sentence": speak(format_text(row["explanation"])),
            "amount": money(row["claim_amount"]),
        }
        for row in claimed
    ]
    total = sum_of_claims(differences)
    return environment.get_template("letter.html.j2").render(
        number=format_text(invoice["invoice_number"]),
        other_numbers=format_text(invoice["other_numbers"]),
        customer=format_text(invoice["org_name"] or invoice["org_id"]),
        dated=format_day(invoice["invoice_date"]),
        currency=format_text(invoice["currency"]),
        printed_total=money(invoice["printed_total"]),
        disputed=money(total),
        claimed=money(balance.claimed) if balance.claimed != total else "",
        credited=money(balance.recovered) if balance.recovered else "",
        refused=money(balance.refused) if balance.refused else "",
        asked=money(balance.asked),
        left_out=count_lines(invoice["rejected_lines_count"]),
        is_part=balance.asked < total,
        undisputed=money(invoice["printed_total"] - total),
        rows=rows,
    )


def count_lines(count: int) -> str:
    """So many lines, nothing of none."""
    return f"{count:,} line{'s' if count > 1 else ''}" if count else ""


def name_lines(words: list[str], difference: Record) -> str:
    """The line of the invoice as it is printed; of a group the first, and how many more."""
    if not words:
        return str(difference["product_name"] or difference["product_code"] or "")
    more = len(words) - 1
    return words[0] + (f" (and {more} more line{'s' if more > 1 else ''})" if more else "")


def speak(explanation: str) -> str:
    """An explanation as the vendor reads it."""
    return explanation.replace("The vendor bills", "The invoice bills").replace(
        "The vendor", "The invoice"
    )


def format_day(day: date) -> str:
    """A day that is read alike everywhere."""
    return f"{day.day} {day:%B} {day.year}"
