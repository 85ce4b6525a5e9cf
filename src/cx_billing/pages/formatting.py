"""Values as the text of a page."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal


def format_text(value: object) -> str:
    """Any value, without characters that would steer a terminal; empty for none."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for character in ("" if value is None else str(value))
    )


def format_number(value: Decimal | int | None, least_digits: int = 0) -> str:
    """A number in full: every digit that counts, and at least so many after the point."""
    if value is None:
        return ""
    exponent = Decimal(value).normalize().as_tuple().exponent
    assert isinstance(exponent, int), "not a number"
    return f"{value:,.{max(least_digits, -exponent)}f}"


def format_instant(value: datetime | None) -> str:
    """An instant in UTC, to the second, finer only where it is."""
    return "" if value is None else value.isoformat(sep=" ")


def format_period(start: date | None, end: date | None) -> str:
    """The half-open `[start, end)` with its last day; a single day stands alone."""
    if start is None or end is None:
        return format_text(start or end)
    last = max(start, end - timedelta(days=1))
    return str(start) if last == start else f"{start} to {last}"
