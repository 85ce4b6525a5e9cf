"""Numbers, dates and currencies as invoices print them.

How `1.234` or `03/04/2026` is meant shows only in the company it keeps. So a printed value has
`readings`, one per convention it is valid in, and the values of a document settle the convention
together: it is the one in which all of them can be read. If none or more than one is left, the
document is refused; nothing is guessed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from cx_billing.formats.common import UnreadableError
from cx_billing.lake import PROJECT_DIR

DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2212"
APOSTROPHES = "'\u2019"
BLANKS = " \u00a0\u2009\u202f"
LONGEST_NUMBER = 24  # characters: what can be summed up exactly
CURRENCY_NAMES = {
    "us dollar": "USD",
    "u.s. dollar": "USD",
    "united states dollar": "USD",
    "euro": "EUR",
    "pound sterling": "GBP",
    "british pound": "GBP",
    "australian dollar": "AUD",
    "canadian dollar": "CAD",
    "japanese yen": "JPY",
}
MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)


_CURRENCY = r"(?:[A-Z]{0,2}[$€£¥₹]|[A-Z]{3})"
_CURRENCY_ONLY = re.compile(_CURRENCY)
_NUMBER = re.compile(
    rf"(?P<open>\()?\s*(?P<sign>[{DASHES}])?\s*(?P<before>{_CURRENCY})?\s*(?P<sign2>[{DASHES}])?"
    rf"\s*(?P<open2>\()?(?P<body>\d[\d.,{APOSTROPHES}{BLANKS}]*(?<=\d)|\.\d+)(?P<percent>\s?%)?"
    rf"\s*(?P<after>{_CURRENCY})?\s*(?P<trail>[{DASHES}]|CR)?\s*(?P<close>\))?",
    re.ASCII,
)
_MONTH = r"(?P<{0}>[A-Za-z]{{3,9}})\.?"
DATE = re.compile(
    r"(?<![\w/.])(?:"
    r"(?P<y1>\d{4})(?P<s1>[-/.])(?P<m1>\d{1,2})(?P=s1)(?P<d1>\d{1,2})"
    r"|(?P<a>\d{1,2})(?P<s2>[-/.])(?P<b>\d{1,2})(?P=s2)(?P<y2>\d{4}|\d{2})"
    r"|(?P<d3>\d{1,2})(?:st|nd|rd|th)?[- ]" + _MONTH.format("n3") + r"[-, ] ?(?P<y3>\d{4}|\d{2})"
    r"|" + _MONTH.format("n4") + r"[- ](?P<d4>\d{1,2})(?:st|nd|rd|th)?[-, ] ?(?P<y4>\d{4})"
    r")(?![\w/])",
    re.ASCII,
)


@dataclass(frozen=True)
class Claim:
    """A printed value, where it stands, and what it means by convention."""

    printed: str
    where: str
    readings: dict[str, str]


def settle(claims: Iterable[Claim], what: str, advice: str) -> str | None:
    """The convention in which every claim can be read, None without a claim that needs one.

    Raises UnreadableError that names two claims which contradict each other, or the one that is
    left ambiguous; `what` and `advice` complete the message.
    """
    claims = list(claims)
    if not claims:
        return None
    decisive = claims[0]
    left = set(decisive.readings)
    for claim in claims:
        if not claim.readings:
            raise UnreadableError(
                f"has a {what} that cannot be read: '{claim.printed}' ({claim.where}); {advice}"
            )
        common = left & set(claim.readings)
        if not common:
            raise UnreadableError(
                f"prints more than one kind of {what}: '{decisive.printed}' "
                f"({decisive.where}) and '{claim.printed}' ({claim.where}); {advice}"
            )
        if len(common) < len(left):
            left, decisive = common, claim
    for claim in claims:
        meant = sorted({claim.readings[key] for key in left})
        if len(meant) > 1:
            raise UnreadableError(
                f"leaves open which {what} '{claim.printed}' is ({claim.where}): "
                f"{' or '.join(meant)}; {advice}"
            )
    return min(left)


# Numbers


@dataclass(frozen=True)
class Number:
    """A printed number: its readings by decimal mark, its currency signs, if it is a percentage."""

    readings: dict[str, str]
    currencies: tuple[str, ...]
    is_percentage: bool


def number(text: str) -> Number | None:
    """`$1,234.56`, `1.234,56 EUR`, `(12.00)` or `12.00-`; None if the text is none of that."""
    found = _NUMBER.fullmatch(text.strip())
    if not found:
        return None
    is_in_brackets = bool(found["open"] or found["open2"])
    signs = [found[name] for name in ("sign", "sign2", "trail") if found[name]]
    if is_in_brackets != bool(found["close"]) or (found["open"] and found["open2"]):
        return None
    if len(signs) + is_in_brackets > 1:
        return None
    sign = "-" if signs or is_in_brackets else ""
    readings = {mark: sign + exact for mark in ".," if (exact := _exact(found["body"], mark))}
    if found["percent"]:
        readings = {mark: f"{Decimal(exact).scaleb(-2):f}" for mark, exact in readings.items()}
    currencies = tuple(found[name] for name in ("before", "after") if found[name])
    return Number(readings, currencies, bool(found["percent"]))


def _exact(body: str, mark: str) -> str | None:
    """The digits with a point for `mark` and without groups; None if it cannot be that mark."""
    if len(body) > LONGEST_NUMBER:
        return None
    body = re.sub(rf"[{APOSTROPHES}{BLANKS}]", "'", body)
    whole, has_fraction, fraction = body.partition(mark)
    group = "," if mark == "." else "."
    is_grouped = re.fullmatch(rf"[1-9]\d{{0,2}}(?:(?:\{group}\d{{3}})+|(?:'\d{{3}})+)", whole)
    if not (is_grouped or re.fullmatch(r"\d*", whole)):
        return None
    if has_fraction and not re.fullmatch(r"\d+", fraction):
        return None
    digits = re.sub(r"\D", "", whole) or "0"
    return f"{digits}.{fraction}" if has_fraction else digits


def is_currency(text: str) -> bool:
    """Whether the text is a currency sign or code alone."""
    return bool(_CURRENCY_ONLY.fullmatch(text))


@cache
def _signs() -> dict[str, tuple[str, ...]]:
    """What is printed beside an amount in each currency, by its code."""
    with (PROJECT_DIR / "seeds" / "currencies.csv").open(newline="") as file:
        return {row["currency"]: tuple(row["signs"].split()) for row in csv.DictReader(file)}


def currency(text: str, where: str) -> Claim | None:
    """The currencies that a text may mean by a code, a symbol or a name; None if it has none."""
    codes = [code for code in re.findall(r"\b[A-Z]{3}\b", text) if code in _signs()]
    symbols = re.findall(r"[A-Z]{0,2}[$€£¥₹]", text)
    names = [code for name, code in CURRENCY_NAMES.items() if name in text.lower()]
    meant = codes or [code for sign in symbols[:1] for code in _meaning(sign)] or names
    return Claim(text, where, {code: code for code in meant}) if meant else None


def _meaning(symbol: str) -> list[str]:
    """The currencies of a sign; of one that is not known, those of its last letter."""
    signs = _signs()
    meant = [code for code in signs if symbol in signs[code]]
    return meant or [code for code in signs if symbol[-1] in signs[code]]


# Dates


def dates(text: str, where: str) -> list[Claim]:
    """Every date in a text, with its readings by order: `dmy`, `mdy`."""
    return [Claim(found[0], where, _date_readings(found)) for found in DATE.finditer(text)]


def _date_readings(found: re.Match[str]) -> dict[str, str]:
    part = found.groupdict()
    if part["a"]:
        a, b, year = part["a"], part["b"], part["y2"]
        orders = {"dmy": (year, b, a), "mdy": (year, a, b)}
        if part["s2"] == ".":
            del orders["mdy"]  # nobody writes the month first before a point
    else:
        year, month, day = (
            (part["y1"], part["m1"], part["d1"])
            if part["y1"]
            else (part["y3"], part["n3"], part["d3"])
            if part["y3"]
            else (part["y4"], part["n4"], part["d4"])
        )
        orders = dict.fromkeys(("dmy", "mdy"), (year, month, day))
    readings = {order: _iso(*parts) for order, parts in orders.items()}
    return {order: iso for order, iso in readings.items() if iso}


def _iso(year: str, month: str, day: str) -> str | None:
    if not month.isdigit():
        name = month.lower()
        months = [n for n, full in enumerate(MONTHS, 1) if name in (full, full[:3], full[:4])]
        if not months:
            return None
        month = str(months[0])
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day)).isoformat()
    except ValueError:
        return None
