"""One invoice of the vendor under several numbers: by CSV, by PDF, by the API (interface 9).

1. Two invoices are the same if their lines can be paired so that each pair has the same day, the
   same amount and the same product, or the same words where nobody knows the product, and differs
   in nothing else that both tell: currency, quantity, prepaid or not.
2. The API tells no rates and no sections, and its quantities are whole numbers. So a quantity
   differs by one or more, and a line without rate tells only that it is prepaid, not that it is
   not. Periods are no part of it: ways print them otherwise.
3. Of the same invoices the one that tells most rates stands, then the one that was landed last,
   then the one with the smallest number. The lines of the others are duplicates.
"""

from __future__ import annotations

import re
from collections import defaultdict

from oracle import catalogue
from oracle.files import Row

PREPAY = re.compile(r"\s*[\u2013-]\s*prepay$", re.IGNORECASE)


def set_aside(rows: list[Row]) -> None:
    """Mark the lines of invoices that stand under another number."""
    files = list(dict.fromkeys(row.file for row in rows))
    invoices: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if not row.reason and not row.is_duplicate:
            invoices[row["invoice_number"]].append(row)

    def preference(number: str) -> tuple:
        lines = invoices[number]
        rates = sum(line["rate"] is not None for line in lines)
        return -rates, -files.index(lines[0].file), number

    ranked = sorted(invoices, key=preference)
    for place, number in enumerate(ranked):
        others = [invoices[other] for other in ranked[:place]]
        if any(can_be_paired(invoices[number], other) for other in others):
            for line in invoices[number]:
                line.is_duplicate = True


def can_be_paired(lines: list[Row], others: list[Row]) -> bool:
    """Whether each line has another of its own that says the same."""
    if len(lines) != len(others):
        return False
    if not lines:
        return True
    return any(
        can_be_paired(lines[1:], others[:place] + others[place + 1 :])
        for place, other in enumerate(others)
        if say_the_same(lines[0], other)
    )


def say_the_same(line: Row, other: Row) -> bool:
    """Whether two lines can be the same line."""
    if any(line[name] != other[name] for name in ("invoice_date", "amount")):
        return False
    if charged_for(line) != charged_for(other):
        return False
    if None not in (line["qty"], other["qty"]) and abs(line["qty"] - other["qty"]) >= 1:
        return False
    currencies = {line["currency"], other["currency"]} - {None}
    prepaid = {is_prepaid(line), is_prepaid(other)} - {None}
    return len(currencies) < 2 and len(prepaid) < 2


def charged_for(line: Row) -> str:
    """The product, or what is left of words that nobody knows."""
    words = PREPAY.sub("", line["description"])
    return catalogue.product_named(words) or catalogue.key(words)


def is_prepaid(line: Row) -> bool | None:
    """Whether it is prepaid, None if the line does not tell."""
    if "prepa" in f"{line['section']} {line['description']}".lower():
        return True
    return None if line["rate"] is None else False
