"""What a rejected row shows of the people it is about: nothing but a number's end or a domain."""

from __future__ import annotations

import re

from oracle.datasets import columns_of
from oracle.values import squeeze

PERSONAL = {
    "users": {"email", "name"},
    "message_interactions": {"customeraccount"},
    "voice_usage": {"origin", "destination"},
    "phone_numbers": {"phonenumber"},
    "billable_usage_report": {"entity"},
    "user_hour_report": {"user"},
}
# Columns that have a name but no say in the bill.
UNREAD = {
    "voice_usage": {
        *("endtime", "adjusteddurationseconds", "adjusteddurationminutes"),
        *("ratesheet", "postalcode"),
    },
    "phone_numbers": {"country", "ported"},
    "license_assignments": {"snapshotdate"},
}
NUMBERS = re.compile(
    r"\+[0-9][0-9 ().-]{4,}([0-9]{2})"
    r"|[0-9]{5,}([0-9]{2})"
    r"|\(?[0-9]{3}\)?[ .-][0-9]{3}[ .-][0-9]{2}([0-9]{2})"
)


def mask_row(dataset: str, cells: dict[str, str]) -> dict[str, str]:
    """The cells of a row as they are published."""
    return {name: mask_cell(dataset, name, cell) for name, cell in cells.items()}


def mask_cell(dataset: str, name: str, cell: str) -> str:
    """A cell: of a personal column, of one nobody declared, of text without columns, or other."""
    personal = PERSONAL.get(dataset, set())
    if name in personal:
        return mask_value(cell)
    if name == "rawtext":
        return draw_shape(cell) if personal else mask_text(cell)
    known = {squeeze(column) for column, *_ in columns_of(dataset)} | UNREAD.get(dataset, set())
    if name == "parseerror" or name in known:
        return cell
    return mask_value(cell) if personal else mask_text(cell)


def mask_value(cell: str) -> str:
    """`***`, and the domain of an e-mail or the last four of nine digits and more."""
    if not cell.strip():
        return cell
    name, _, domain = cell.strip().rpartition("@")
    labels = domain.split(".")
    if name and len(labels) > 1 and domain[0].isalpha() and labels[-1].isalpha():
        return f"***@{domain}"
    digits = "".join(letter for letter in cell if letter in "0123456789")
    return "***" + (digits[-4:] if len(digits) >= 9 else "")


def mask_text(text: str) -> str:
    """Text whose e-mails and numbers are masked."""
    without_names = re.sub(r'[^\s,;:"<>()@]+@', "***@", text)
    return NUMBERS.sub(lambda found: "***" + "".join(filter(None, found.groups())), without_names)


def draw_shape(text: str) -> str:
    """Letters as x, digits as 9."""
    return "".join("x" if c.isalpha() else "9" if c.isnumeric() else c for c in text)
