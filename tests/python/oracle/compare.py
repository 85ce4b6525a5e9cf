"""Two tables, row by row: what is expected, what is there, and the first differences in words."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal


class Anything:
    """Equals every value: a column the rules leave to the warehouse."""

    def __repr__(self) -> str:
        return "anything"


ANYTHING = Anything()


@dataclass(frozen=True)
class Naming:
    """Equals a text that names just these words of some, each with its day; its wording is free.

    A day may be told as the exclusive end or as the last day before it; None asks for no day.
    """

    days: dict[str, date | None]
    among: tuple[str, ...]

    def is_met_by(self, text: object) -> bool:
        """Whether `text` is one that names them."""
        if not isinstance(text, str):
            return False
        named = {word for word in self.among if re.search(rf"\b{word}\b", text)}
        return named == set(self.days) and all(
            str(day) in text or str(day - timedelta(days=1)) in text
            for day in self.days.values()
            if day
        )


@dataclass(frozen=True)
class Between:
    """Equals a whole number from `least` to `most`, both included; None leaves the end open."""

    least: int
    most: int | None

    def is_met_by(self, number: object) -> bool:
        """Whether `number` is one of them."""
        return isinstance(number, int) and (
            self.least <= number and (self.most is None or number <= self.most)
        )


@dataclass(frozen=True)
class Difference:
    """One row that differs: expected is None for a surplus row, actual None for a missing one."""

    mart: str
    key: tuple
    expected: dict | None
    actual: dict | None

    @property
    def org_id(self) -> str:
        """The org of the row."""
        return (self.expected or self.actual)["org_id"]

    def __str__(self) -> str:
        name = f"{self.mart} {' '.join(str(part) for part in self.key)}"
        if self.actual is None:
            return f"{name}\n    missing, expected {format_row(self.expected)}"
        if self.expected is None:
            return f"{name}\n    not expected, got {format_row(self.actual)}"
        lines = [
            f"    {column}: expected {value}, got {self.actual.get(column)}"
            for column, value in self.expected.items()
            if not same(value, self.actual.get(column))
        ]
        return "\n".join([name, *lines])


def format_row(row: dict) -> str:
    """A row as text."""
    return ", ".join(f"{column}={value}" for column, value in row.items())


def plain(value):
    """A value as it is compared: numbers exact, times naive UTC; floating point stays itself."""
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return value


def same(expected, actual) -> bool:
    """Whether two values are equal and of one kind; a float never equals an exact number."""
    if isinstance(expected, Anything):
        return True
    if isinstance(expected, Naming | Between):
        return expected.is_met_by(actual)
    expected, actual = plain(expected), plain(actual)
    return type(expected) is type(actual) and expected == actual


def same_row(expected: dict, actual: dict) -> bool:
    """Whether every expected column has its value."""
    return distance(expected, actual) == 0


def distance(expected: dict, actual: dict) -> int:
    """In how many columns two rows differ."""
    return sum(not same(value, actual.get(column)) for column, value in expected.items())


def by_key(rows: list[dict], key: tuple[str, ...]) -> dict[tuple, list[dict]]:
    """Rows grouped by key, in order."""
    groups: dict[tuple, list[dict]] = defaultdict(list)
    for row in rows:
        groups[tuple(row.get(column) for column in key)].append(row)
    return groups


def compare(
    mart: str, expected_rows: list[dict], actual_rows: list[dict], key: tuple[str, ...]
) -> list[Difference]:
    """Every row in which the two tables differ; rows of one key are compared as a bag."""
    differences = []
    expected_groups, actual_groups = by_key(expected_rows, key), by_key(actual_rows, key)
    for identity in sorted({*expected_groups, *actual_groups}, key=str):
        surplus = list(actual_groups.get(identity, []))
        missing = []
        for row in expected_groups.get(identity, []):
            match = next((other for other in surplus if same_row(row, other)), None)
            if match is None:
                missing.append(row)
            else:
                surplus.remove(match)
        for row in missing:
            nearest = min(surplus, key=lambda other, row=row: distance(row, other), default=None)
            differences.append(Difference(mart, identity, row, nearest))
            surplus = [other for other in surplus if other is not nearest]
        differences += [Difference(mart, identity, None, other) for other in surplus]
    return differences


def report(differences: list[Difference], sizes: dict[str, int], limit: int = 5) -> str:
    """The first differences in words, those of the smallest organization first."""
    ordered = sorted(differences, key=lambda d: (sizes.get(d.org_id, 0), d.org_id))
    organizations = len({difference.org_id for difference in differences})
    head = f"{len(differences)} rows differ in {organizations} organizations; the first:"
    return "\n".join([head, *(f"  {difference}" for difference in ordered[:limit])])
