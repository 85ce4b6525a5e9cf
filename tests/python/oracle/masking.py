"""What a rejected row shows of the people it is about: nothing but a number's end or a domain."""

from __future__ import annotations

import re
from unicodedata import category

from oracle.datasets import columns_of
from oracle.values import squeeze

PERSONAL = {
    "users": {"email", "name"},
    "message_interactions": {"customeraccount"},
    "voice_usage": {"origin", "destination", "postalcode"},
    "api_usage": {"clientname"},
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
# A value that is a price or a quantity with decimals.
DECIMAL = re.compile(r"\s*-?(0\.[0-9]+|[1-9][0-9]{0,5}\.[0-9]{1,6})\s*", re.ASCII)
# Digits that are no number to call: ids, dates with their time, dates as people write them.
UNTOUCHED = (
    re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.ASCII | re.IGNORECASE),
    re.compile(
        r"(19|20)[0-9][0-9][-/](0[1-9]|1[012])[-/](0[1-9]|[12][0-9]|3[01])"
        r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?( ?(Z|[-+][0-9]{2}:?[0-9]{2}))?)?\b",
        re.ASCII,
    ),
    re.compile(r"([012]?[0-9]|3[01])[/.]([012]?[0-9]|3[01])[/.](19|20)[0-9][0-9]\b", re.ASCII),
)
NETWORK_ADDRESS = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}")
# A value written like a date, also where no calendar has that day.
DATE_LIKE = re.compile(
    r"\s*(19|20)[0-9]{2}[-/][0-9]{2}[-/][0-9]{2}([T ][0-9]{2}(:[0-9]{2}){1,2}Z?)?\s*", re.ASCII
)
LONGEST_GAP = 4  # separators between two digits of one number
FEWEST_DIGITS = 7


def mask_row(dataset: str, cells: dict[str, str]) -> dict[str, str]:
    """The cells of a row as they are published."""
    return {name: mask_cell(dataset, name, cell) for name, cell in cells.items()}


def mask_cell(dataset: str, name: str, cell: str) -> str:
    """A cell: of a declared column, of one nobody declared, or of text without columns."""
    if name == "parseerror":
        return cell
    if name == "rawtext":
        return draw_shape(cell)
    known = {squeeze(column) for column, *_ in columns_of(dataset)} | UNREAD.get(dataset, set())
    is_public = name in known and name not in PERSONAL.get(dataset, set())
    return mask_text(cell) if is_public else mask_value(cell)


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
    """Text with e-mails, numbers and network addresses masked; decimals and dates have none."""
    if DECIMAL.fullmatch(text) or DATE_LIKE.fullmatch(text):
        return text
    rest = re.sub(r'("[^"]*"|[^\s,;:"<>()@]+)(@|%40)', r"***\2", text, flags=re.ASCII)
    masked = ""
    while rest:
        length, shown = read_part(rest)
        masked, rest = masked + shown, rest[length:]
    return masked


def read_part(text: str) -> tuple[int, str]:
    """The length of what `text` begins with, and how it is shown."""
    for untouched in UNTOUCHED:
        if found := untouched.match(text):
            return found.end(), found[0]
    if found := NETWORK_ADDRESS.match(text):
        return found.end(), "***"
    digits, end, gap = "", 0, 0
    for place, letter in enumerate(text.removeprefix("+"), start=text.startswith("+")):
        if letter.isdecimal():
            digits, end, gap = digits + letter, place + 1, 0
        elif digits and gap < LONGEST_GAP and is_separator(letter):
            gap += 1
        else:
            break
    if any(untouched.fullmatch(text[:end]) for untouched in UNTOUCHED):  # a letter follows
        return end, text[:end]
    return (end, f"***{digits[-2:]}") if len(digits) >= FEWEST_DIGITS else (1, text[0])


def is_separator(letter: str) -> bool:
    """Whether it may stand between two digits of a number: spaces, dashes, brackets and so on."""
    return letter in "().\t/" or category(letter)[0] == "Z" or category(letter) == "Pd"


def draw_shape(text: str) -> str:
    """Letters as x, digits as 9."""
    return "".join("x" if c.isalpha() else "9" if c.isnumeric() else c for c in text)
