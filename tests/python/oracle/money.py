"""Exact arithmetic: rounding half up, minor units of currencies, whole hours."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

MINOR_UNITS = {"JPY": 0, "USD": 2, "EUR": 2, "GBP": 2, "KWD": 3}


def round_half_up(value: Decimal | Fraction | int, places: int) -> Decimal:
    """`value` with `places` decimals; a half goes away from zero."""
    scaled = Fraction(value) * 10**places
    whole = floor(abs(scaled) + Fraction(1, 2))
    return Decimal(whole if scaled >= 0 else -whole).scaleb(-places)


def money(value: Decimal | Fraction | int, currency: str) -> Decimal:
    """`value` rounded half up to the minor units of `currency`."""
    return round_half_up(value, MINOR_UNITS[currency])


def line_amount(quantity: Decimal | int, unit_price: Decimal, currency: str) -> Decimal:
    """Interface 5: the amount of a line is quantity x unit price, rounded once."""
    return money(Fraction(quantity) * Fraction(unit_price), currency)


def whole_hours(seconds: Fraction | Decimal | int) -> int:
    """HOUR-02: the summed seconds of a cycle, rounded up to a whole hour."""
    return ceil(Fraction(seconds) / 3600)
