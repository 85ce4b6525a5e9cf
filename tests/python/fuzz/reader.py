"""Reads well-formed CSV and JSON the plain way, to compare landing with."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator

SEPARATORS = ",;\t"
LEFT_OUT = frozenset(SEPARATORS + '"\ufeff')


class NotPlainError(Exception):
    """The text is not plain enough to say what must become of it."""


class Token(str):
    """A number, or what JSON does not know as one, as it was written."""

    __slots__ = ()


def csv_rows(text: str, width: int, separator: str) -> list[list[str]]:
    """The rows below the header, if all of them are as wide as it is."""
    try:
        found = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise NotPlainError from error
    rows = [row for row in found if row][1:]
    if any(len(row) != width for row in rows):
        raise NotPlainError
    return rows


def letters(text: str) -> Counter:
    """What no reader of CSV may lose: everything but blanks, separators and quotes."""
    return Counter(letter for letter in text if not letter.isspace() and letter not in LEFT_OUT)


def json_rows(text: str) -> list[object]:
    """All values of documents one after another, those of arrays and `entities` one by one.

    ValueError if it is no JSON, or if an object has a key twice.
    """
    decoder = json.JSONDecoder(
        parse_int=Token, parse_float=Token, parse_constant=Token, object_pairs_hook=_distinct
    )
    found, position = [], 0
    text = text.removeprefix("\ufeff").rstrip(" \t\r\n")
    while position < len(text):
        position += len(text[position:]) - len(text[position:].lstrip(" \t\r\n"))
        value, position = decoder.raw_decode(text, position)
        found += _flat(value)
    if not text:
        raise ValueError("nothing")
    return found


def json_text(value: object) -> str | None:
    """What a value of a column must become."""
    if value is None or value == "":
        return None
    return str(value) if isinstance(value, str) else compact(value)


def compact(value: object) -> str:
    """JSON in which numbers stand as they were written."""
    if isinstance(value, Token):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{compact(key)}:{compact(value[key])}" for key in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(compact, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _flat(value: object) -> Iterator[object]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    elif isinstance(value, dict) and isinstance(value.get("entities"), list):
        yield from _flat(value["entities"])
    elif not isinstance(value, dict) or (value and "totalHits" not in value):
        yield value


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)
