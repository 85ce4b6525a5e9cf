"""What the parts of an invoice are called, in the spellings that are known."""

from __future__ import annotations

import re

from cx_billing.invoice_pdf.values import DASHES, is_currency
from cx_billing.pdf_lines import Cell, Line

EN_DASH = "\u2013"
TAXES = "Taxes and Fees"
SECTIONS = (
    f"Core Services and Fees {EN_DASH} Prepay",
    "Core Services and Fees",
    f"Telco Services {EN_DASH} Per Unit Fees",
    TAXES,
)
GROUPS = {  # titles within a section, which say nothing about a charge
    "add-ons",
    "apps",
    "devices",
    "device charges",
    "resource charges",
    "resource usage",
    "telco usage charges",
    "users",
}
COLUMNS = {
    "description": ("item description", "description"),
    "qty": ("quantity", "qty"),
    "rate": ("unit price", "unit rate", "rate"),
    "amount": ("total amount", "line amount", "amount"),
}


def _pattern(name: str) -> str:
    """A section's name with any dash, blanks and `&`."""
    words = name.replace("and", "(?:and|&)").split(" ")
    return r"\s+".join(words).replace(rf"\s+{EN_DASH}\s+", rf"\s*[{DASHES}]\s*")


_SECTION = "|".join(f"(?P<s{n}>{_pattern(name)})" for n, name in enumerate(SECTIONS))
_PERIOD = r"\(?\s*service\s+(?:periods?|dates?)\b\s*:?\s*(?P<period>.*?)\)?"
SECTION_LINE = re.compile(
    rf"(?:{_SECTION})\s*:?\s*(?:\(?cont(?:inued|'d|d|\.)\.?\)?)?\s*(?:{_PERIOD})?",
    re.IGNORECASE,
)
PERIOD_LINE = re.compile(_PERIOD, re.IGNORECASE)
NOTES = re.compile(
    r"(?:remit(?:\s+payment)?\s+to|memo(?:randum)?|payment\s+instructions)(?:\s*:.*)?",
    re.IGNORECASE,
)
CONTINUED = re.compile(
    r"\(?continue[sd](?:\s+(?:on|from)(?:\s+the)?\s+(?:next|previous)\s+page)?\)?", re.IGNORECASE
)
_SUMS = {  # kind of sum: what is printed before its amount
    "section": rf"(?:(?:sub-?)?total(?:\s+(?:for|of))?\s+)?(?:{_SECTION})(?:\s+(?:sub-?)?total)?",
    "taxes": r"total\s+tax(?:es)?",
    "subtotal": r"(?:section\s+)?sub-?total|section\s+total",
    "due": r"(?:total\s+|balance\s+)(?:amount\s+)?due|amount\s+due",
    "total": r"(?:grand\s+|invoice\s+)?total(?:\s+(?:amount|charges|invoice))?|invoice\s+amount",
    "payment": r"(?:less:?\s+)?(?:payments?|credits?)(?:\s*/\s*credits?)?"
    r"(?:\s+(?:received|applied))?|amount\s+paid",
}
SUM_LINES = {
    kind: re.compile(
        rf"(?:{label})\s*:?\s*(?:\((?P<currency>(?-i:[A-Z]{{3}}))\)\s*:?)?\s+(?P<amount>\S.*)",
        re.IGNORECASE,
    )
    for kind, label in _SUMS.items()
}
UNKNOWN_SUM = re.compile(r"(?:sub-?)?total\b", re.IGNORECASE)


def columns_of(line: Line) -> dict[str, Cell]:
    """The columns whose names make up the line, from left to right; none if it is another."""
    found: dict[str, Cell] = {}
    words = list(line.words)
    while words:
        if found and is_currency(words[0].text.strip("()")):
            last = next(reversed(found))
            found[last] = Cell((*found[last].words, words.pop(0)))
            continue
        for name, title in ((name, title) for name, titles in COLUMNS.items() for title in titles):
            size = title.count(" ") + 1
            if [word.text.lower().strip(":.") for word in words[:size]] == title.split():
                found[name] = Cell(tuple(words[:size]))
                del words[:size]
                break
        else:
            return {}
    is_ordered = list(found) == [name for name in COLUMNS if name in found]
    return found if is_ordered and {"description", "amount"} <= set(found) else {}


def section_of(found: re.Match[str]) -> str | None:
    """The section whose name a pattern has found."""
    parts = found.groupdict()
    return next((name for n, name in enumerate(SECTIONS) if parts.get(f"s{n}")), None)
