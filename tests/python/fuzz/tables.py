"""Tables as an export could hold them, with values that are hard to keep."""

from __future__ import annotations

import random
from dataclasses import dataclass

from cx_billing import lake

NUMBERS = (
    "0", "-0", "1", "1.50", "-12.5", "1e309", "1E-400", "NaN", "Infinity", "-inf", "1,5",
    "1.234,56", "0x1F", "9" * 40, "0.1" + "0" * 30 + "1", "007", "+5", ".5", "5.", "1_000", "½",
)  # fmt: skip
TIMES = (
    "2026-01-31", "2026-01-31T09:00:00Z", "2026-01-31 09:00", "2026-01-31T09:00:00.123456789Z",
    "2026-01-31T23:59:60Z", "2026-02-30", "2026-01-31T09:00:00+05:30", "31.01.2026", "01/31/2026",
    "1769850000", "1769850000000", "9999-12-31T23:59:59Z", "0000-00-00", "-0044-03-15",
    "20260131T090000Z", "2026-W05-6", "2026-01-31T24:00:00Z", "infinity", "8:00:00:000",
)  # fmt: skip
WORDS = (
    "", "", "a", "NULL", "null", "\\N", "N/A", "true", "#1", "=1+1", "@x", "-", "'", "--", "/*",
    " padded ", "Zoë", "東京", "e\u0301", "\u202eabc", "🙂", "a\u2028b", "a\x85b", "a\x0bb",
    "\x1b[31m", "a\\b", "a\\", "%s", "{x}", "$1", "[1]", "{}", "\ufeffx", "x\ufffd", "user_id",
    "header",
)  # fmt: skip
AWKWARD = ("a,b", "a;b", "a\tb", 'say "hi"', '"', '""', '","', "a\nb", "a\r\nb", "\n", "\r", "a\0b")


@dataclass(frozen=True)
class Table:
    """The names of columns as delivered, which of them mean what, and rows of text."""

    dataset: lake.Dataset
    columns: tuple[str, ...]  # of the dataset; else the name of an unknown one
    names: tuple[str, ...]  # as they are spelled
    rows: tuple[tuple[str, ...], ...]


def draw(rng: random.Random, dataset: lake.Dataset, is_plain: bool = False) -> Table:
    """A table; a plain one has no value that CSV must quote."""
    columns = [
        column for column in dataset.columns if column in dataset.required or rng.random() < 0.4
    ]
    columns += rng.sample(["Team", "Größe", "note 2"], rng.choice((0, 0, 0, 1, 2)))
    rng.shuffle(columns)
    names = tuple(_spelled(rng, column, dataset) for column in columns)
    rows = tuple(
        tuple(value(rng, is_plain) for _ in columns) for _ in range(rng.choice((0, 1, 2, 3, 5, 9)))
    )
    return Table(dataset, tuple(columns), names, rows)


def value(rng: random.Random, is_plain: bool = False) -> str:
    kinds = (NUMBERS, TIMES, WORDS) if is_plain else (NUMBERS, TIMES, WORDS, AWKWARD)
    found = rng.choice(rng.choice(kinds))
    if is_plain and any(mark in found for mark in ',;\t"\r\n\0'):
        return "x"
    if rng.random() < 0.01:
        return found + "x" * rng.choice((300, 5_000, 70_000))
    return found


def _spelled(rng: random.Random, column: str, dataset: lake.Dataset) -> str:
    if column not in dataset.columns:
        return column
    name = rng.choice([column, column, *dataset.header_aliases.get(column, ())])
    return rng.choice(
        (str, str.upper, str.title, lambda text: text.replace("_", " "), lambda text: f" {text}.")
    )(name)
