"""Rows that come as objects, from JSON or from a reader of our own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from cx_billing.formats.common import MOST_COLUMNS, Rows, UnreadableError, unmistakable
from cx_billing.formats.makers import refuse_foreign_time
from cx_billing.formats.names import (
    DoubleColumnError,
    is_utc,
    locate,
    match,
    normalize,
)
from cx_billing.formats.staged import Stage
from cx_billing.lake import Dataset

MOST_NESTED = 100  # brackets within each other, in what is kept of an object
TOO_DEEP = (
    "is nested too deeply to be read as JSON, which no answer of the platform is; fetch it again"
)


class Number(str):
    """A number as it was written."""

    __slots__ = ()


class Objects:
    """Stages objects one after another; keys the dataset does not know go to `extra_columns`."""

    def __init__(self, path: Path, dataset: Dataset):
        self._dataset = dataset
        self._fields = [*dataset.columns, "extra_columns"]
        self._stage = Stage(path, self._fields)
        self._flat: dict[str, str] = {}  # keys of objects that came as rows, by normalized name
        self._is_bare = False
        self._positions: dict[tuple[str, ...], dict[str, int] | None] = {}
        self._in_utc: set[tuple[str, ...]] = set()

    def __enter__(self) -> Objects:
        self._stage.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._stage.__exit__(*error)

    def add(self, row: object, is_flat: bool) -> None:
        """Add one row; of a flat one the keys must hold the required columns in the end."""
        self._is_bare |= is_flat
        if not isinstance(row, dict):
            self._stage.add(None, dumps(row, ascii=True), "not_an_object")
            return
        keys = tuple(row)
        if is_flat:
            for key in keys:
                self._flat.setdefault(normalize(key), key)
            if len(self._flat) > MOST_COLUMNS:
                raise UnreadableError(
                    f"has objects with more than {MOST_COLUMNS:,} different keys, which no export "
                    "has; export it again"
                )
        if keys not in self._positions:
            try:
                self._positions[keys] = found = locate(keys, self._dataset)
                if is_utc(keys, found, self._dataset):
                    self._in_utc.add(keys)
            except DoubleColumnError:
                self._positions[keys] = None
        positions = self._positions[keys]
        if positions is None:
            self._stage.add(None, lambda: dumps(row, ascii=True), "duplicate_column")
            return
        known = {column: keys[position] for column, position in positions.items()}
        taken = set(known.values())
        extra = {key: None if item == "" else item for key, item in row.items() if key not in taken}
        values = [_text(row.get(known.get(column))) for column in self._dataset.columns]
        if keys in self._in_utc:
            values[self._fields.index("time_zone")] = "UTC"
        for value in values:
            refuse_foreign_time(value)
        is_extra = any(item is not None for item in extra.values())
        values.append(dumps(extra) if is_extra else None)
        self._stage.add(values, lambda: dumps(row, ascii=True))

    def rows(self) -> Rows:
        """What was added; refuses rows that came flat and lack required columns."""
        names = list(self._flat.values())
        if self._is_bare:
            match(names, self._dataset)
        known = locate(names, self._dataset).values()
        extra = tuple(name for position, name in enumerate(names) if position not in known)
        return self._stage.rows({name: name for name in self._fields}, extra)


def staged(rows: Iterable[dict], path: Path, dataset: Dataset) -> Rows:
    """Stage rows of our own making."""
    with Objects(path, dataset) as objects:
        for row in rows:
            objects.add(row, is_flat=False)
    return objects.rows()


def dumps(value: object, ascii: bool = False, depth: int = 0) -> str:
    """JSON text in which numbers stand as they were written."""
    if isinstance(value, Number):
        return str(value)
    if depth > MOST_NESTED:
        raise UnreadableError(TOO_DEEP)
    if isinstance(value, dict):
        pairs = (
            f"{dumps(key, ascii)}:{dumps(item, ascii, depth + 1)}" for key, item in value.items()
        )
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(dumps(item, ascii, depth + 1) for item in value) + "]"
    return json.dumps(value, ensure_ascii=ascii)


def _text(value: object) -> str | None:
    if isinstance(value, Number):
        return unmistakable(value)
    if value is None or isinstance(value, str):
        return value
    return dumps(value)
