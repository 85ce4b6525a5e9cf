"""Finds the declared columns of a dataset among the names a file gives."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import NoReturn

from cx_billing.formats.common import MOST_COLUMNS, UnreadableError, literal, shown
from cx_billing.formats.makers import remedy_of_header
from cx_billing.lake import Dataset


class DoubleColumnError(UnreadableError):
    """Two names mean one column."""


def normalize(name: str) -> str:
    """A header without case, blanks and punctuation: `Duration (Seconds)` = `duration_seconds`."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def spellings(column: str, dataset: Dataset) -> list[str]:
    """What a column is called, normalized, the best first: also with its zone, `End Time (UTC)`."""
    known = [normalize(name) for name in (column, *dataset.header_aliases.get(column, ()))]
    return [*known, *(f"{name}utc" for name in known)]


def is_utc(names: Sequence[str], positions: dict[str, int], dataset: Dataset) -> bool:
    """Whether a header says that its times are UTC, and no column says of which zone they are."""
    return (
        "time_zone" in dataset.columns
        and "time_zone" not in positions
        and any(normalize(names[position]).endswith("utc") for position in positions.values())
    )


def locate(names: Sequence[str], dataset: Dataset) -> dict[str, int]:
    """Position in `names` of every declared column that is there.

    A column goes by its own name, else by the first of its `header_aliases` that is there; what
    another alias names is an extra column then. Raises DoubleColumnError if a name is there twice.
    """
    found: dict[str, int] = {}
    doubles: dict[str, int] = {}
    for position, name in enumerate(names):
        first = found.setdefault(normalize(name), position)
        if first != position:
            doubles.setdefault(normalize(name), position)
    positions = {}
    for column in dataset.columns:
        key = next((name for name in spellings(column, dataset) if name in found), None)
        if key is None:
            continue
        if key in doubles:
            raise DoubleColumnError(
                f"has two columns for {column}: '{shown([names[found[key]]])}' and "
                f"'{shown([names[doubles[key]]])}'; remove or rename one"
            )
        positions[column] = found[key]
    return positions


def match(names: Sequence[str], dataset: Dataset, row: int = 1) -> dict[str, int]:
    """Position of every declared column in `names`; refuses doubles and missing required ones.

    `row` is the one of the file that the names stand in.
    """
    if len(names) > MOST_COLUMNS:
        refuse_columns(len(names))
    positions = locate(names, dataset)
    missing = [
        column
        for column in dataset.columns
        if column in dataset.required and column not in positions
    ]
    if missing:
        unknown = {
            normalize(name): name
            for position, name in enumerate(names)
            if position not in positions.values()
        }
        hints = [
            f"Did you mean '{shown([unknown[close[0]]])}' for {column}?"
            for column in missing
            if (close := difflib.get_close_matches(normalize(column), unknown, n=1))
        ]
        hints += [
            f"{column} is found in {dataset.found_in[column]}."
            for column in missing
            if column in dataset.found_in
        ]
        if remedy := remedy_of_header(names):
            hints = [f"{remedy}."]
        found = shown(names) or "none"
        where = f" in row {row}, which is closest to a header" if row > 1 else ""
        lacking = f"lacks required columns: {', '.join(missing)}; found{where}: {found}."
        hints.append("A column that may be empty has to be there, too.")
        raise UnreadableError(" ".join([lacking, *hints]))
    return positions


def refuse_columns(count: int) -> NoReturn:
    """Refuse a file with more columns than any export has."""
    raise UnreadableError(
        f"has a header of {count:,} columns, which no export has; export it again"
    )


def unique(names: Iterable[str]) -> list[str]:
    """Names for JSON keys: the nameless are numbered, the repeated get a number too."""
    unique: list[str] = []
    for position, name in enumerate(names, start=1):
        base = name.replace("\0", "") or f"column_{position}"
        candidate, copy = base, 1
        while candidate in unique:
            copy += 1
            candidate = f"{base}_{copy}"
        unique.append(candidate)
    return unique


def json_object(expressions: dict[str, str]) -> str:
    """SQL of the JSON object of all extra columns, null if none has a value."""
    if not expressions:
        return "null"
    pairs = ", ".join(f"{literal(name)}, {sql}" for name, sql in expressions.items())
    is_any = " or ".join(f"{sql} is not null" for sql in expressions.values())
    return f"case when {is_any} then json_object({pairs})::varchar end"


def fields(
    names: Sequence[str], positions: dict[str, int], dataset: Dataset
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Lake columns over the staged fields `c0`, `c1` ..., and the names of the extra ones."""
    columns = {column: f"c{position}" for column, position in positions.items()}
    if is_utc(names, positions, dataset):
        columns["time_zone"] = literal("UTC")
    unknown = [position for position in range(len(names)) if position not in positions.values()]
    named = zip(unique(names[position] for position in unknown), unknown, strict=True)
    extra = {name: f"c{position}" for name, position in named}
    columns["extra_columns"] = json_object(extra)
    return columns, tuple(extra)
