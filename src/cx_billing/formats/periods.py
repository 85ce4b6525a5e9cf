"""The period that an export names: printed above its header, or in a report's own fields.

Two dates in one line are a period, or one after `from` and one after `to`. A date that ends it is
its last day, unless the period is of whole months up to it; an end of `23:59:59` is the end of
that day. What can be read in two ways names no period.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

ABOVE = 50  # rows or lines at most, above a header
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = rf"({'|'.join(MONTHS)})[a-z]*\.?"
_ISO = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?: ?(?:Z|[+-]\d\d:?\d\d))?)?"
_DATE = re.compile(
    rf"(?<![\w-])(?:(?P<iso>{_ISO})"
    r"|(?P<slashed>\d{1,2}/\d{1,2}/\d{4})"
    rf"|(?P<day_first>\d{{1,2}}\.? {_MONTH},? \d{{4}})"
    rf"|(?P<month_first>{_MONTH} \d{{1,2}},? \d{{4}}))(?![\w-])",
    re.IGNORECASE,
)
_FROM = re.compile(r"\b(from|start|begin)", re.IGNORECASE)
_TO = re.compile(r"\b(to|until|end|through)", re.IGNORECASE)

_ANY_DATE = re.compile(  # also what is ambiguous, of other countries, or a month alone
    r"\d{1,4}([./-])\d{1,2}(?:\1\d{1,4})?"
    r"|\d{1,2}\.? ?[^\W\d]+\.?,? \d{4}"
    r"|[^\W\d]+\.? (\d{1,2},? )?\d{4}"
)
_ANY_TIME = re.compile(r"[T ]?\d{1,2}:\d\d(:\d\d(\.\d+)?)?( ?(Z|[AP]M|UTC|[+-]\d\d:?\d\d))?")


def is_about_time(values: Iterable[str]) -> bool:
    """Whether a line above a header names dates, and no more than what they are.

    It may be a period that cannot be read: `Zeitraum,01.03.2026,31.03.2026`.
    """
    filled = [value for value in map(str.strip, values) if value]
    rests = [_ANY_TIME.sub("", _ANY_DATE.sub("", value)) for value in filled]
    dated = [value for value, rest in zip(filled, rests, strict=True) if value != rest]
    is_worded = not any(letter.isdecimal() or letter == "@" for rest in rests for letter in rest)
    return is_worded and len(filled) - len(dated) <= len(dated) <= 2 and bool(dated)


def find_period(lines: Iterable[str]) -> tuple[str, str] | None:
    """First instant and first instant after the one period that lines name.

    One that was written without an offset ends without `Z`: it is of the zone of its file.
    """
    found = []
    start: list[str] = []
    end: list[str] = []
    for line in lines:
        dates = [match.group() for match in _DATE.finditer(line)]
        if len(dates) == 2:
            found.append((dates[0], dates[1]))
        elif len(dates) == 1 and _FROM.search(line):
            start += dates
        elif len(dates) == 1 and _TO.search(line):
            end += dates
    if not found and len(start) == len(end) == 1:
        found = [(start[0], end[0])]
    return period_of(*found[0]) if len(found) == 1 else None


def period_of(start: str, end: str) -> tuple[str, str] | None:
    """A period between two dates or instants as they are written; None if it is none."""
    slashed = [text for text in (start, end) if "/" in text]
    begins, ends = (_read(text, slashed) for text in (start, end))
    if begins is None or ends is None:
        return None
    if isinstance(ends, datetime):
        if ends.microsecond or ends.second == 59:
            ends = ends.replace(microsecond=0) + timedelta(seconds=1)
        until = ends
    else:
        first_day = begins.date() if isinstance(begins, datetime) else begins
        is_whole_months = ends.day == first_day.day and ends > first_day
        until = _midnight(ends if is_whole_months else ends + timedelta(days=1))
    since = begins if isinstance(begins, datetime) else _midnight(begins)
    return (_written(since), _written(until)) if _as_utc(since) < _as_utc(until) else None


def _read(text: str, slashed: Sequence[str]) -> date | datetime | None:
    """A date, an instant in UTC, or one without a zone."""
    text = text.strip()
    try:
        if "/" in text:
            return _read_slashed(text, slashed)
        if not text[:4].isdecimal():
            words = re.findall(r"\d+|[a-z]+", text.lower())
            month = next(word for word in words if word.isalpha())
            day, year = (int(word) for word in words if word.isdecimal())
            return date(year, MONTHS.index(month[:3]) + 1, day)
        if len(text) == len("2026-01-31"):
            return date.fromisoformat(text)
        at = datetime.fromisoformat(text.replace(" Z", "Z"))
        return at.astimezone(UTC) if at.tzinfo else at
    except (ValueError, StopIteration):
        return None


def _read_slashed(text: str, all_of_them: Sequence[str]) -> date | None:
    """A slashed date, if one of them proves what stands first: the month or the day."""
    parts = [[int(part) for part in other.split("/")] for other in all_of_them]
    day_first = any(first > len(MONTHS) for first, _, _ in parts)
    month_first = any(second > len(MONTHS) for _, second, _ in parts)
    if day_first == month_first:
        return None
    first, second, year = (int(part) for part in text.split("/"))
    return date(year, second, first) if day_first else date(year, first, second)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _as_utc(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _written(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}{'Z' if at.tzinfo else ''}"
