"""Knows a header below the first one, as it stands where exports were put one behind the other."""

from __future__ import annotations

import csv
import string
from collections.abc import Sequence

from cx_billing.formats.common import SEPARATORS, UnreadableError, shown
from cx_billing.formats.names import normalize, spellings
from cx_billing.lake import Dataset

_LOWER = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
_PUNCTUATION = bytes(byte for byte in range(256) if byte > 127 or not chr(byte).isalnum())


def folded(text: bytes) -> bytes:
    """The letters and digits of a text as `normalize` leaves them, of ASCII alone."""
    return text.translate(_LOWER, _PUNCTUATION)


class SecondHeaders:
    """Tells the header's repetition, and another header, from rows.

    `marks` are the folded names of one required column: what holds none of them, holds no header.
    They are as long as can be, since every row is searched for them.
    """

    def __init__(self, names: Sequence[str], dataset: Dataset):
        self._names = _normalized(names)
        self._required = [set(spellings(column, dataset)) for column in sorted(dataset.required)]
        longest = max(self._required, key=lambda names: min(map(len, names)))
        self.marks = [name.encode() for name in sorted(longest)]

    def is_possible(self, text: str) -> bool:
        """Whether a text could be a header: cheap, and sometimes wrong."""
        letters = folded(text.encode("ascii", "ignore"))
        return any(mark in letters for mark in self.marks)

    def problem(self, fields: Sequence[str], row: int) -> str | None:
        """`repeated_header`, or None of a row that is none.

        Raises UnreadableError at a header with other columns or another order: what stands below
        it would get into the wrong columns.
        """
        if not self._is_header(fields):
            return None
        if _normalized(fields) != self._names:
            raise UnreadableError(
                f"has another header in row {row:,}, whose columns differ or stand in another "
                f"order: {shown(fields)}. Two exports were put together; deliver each for itself"
            )
        return "repeated_header"

    def problem_of_text(self, text: str, separator: str, row: int) -> str | None:
        """The same of the text of a CSV record; with other separators it is another header."""
        if problem := self.problem(_split(text, separator), row):
            return problem
        for other in SEPARATORS.replace(separator, ""):
            if self._is_header(_split(text, other)):
                raise UnreadableError(
                    f"has another header in row {row:,}, with other separators: {shown([text])}. "
                    "Two exports were put together; deliver each for itself"
                )
        return None

    def _is_header(self, fields: Sequence[str]) -> bool:
        """Whether every required column is named."""
        names = set(map(normalize, fields))
        return all(required & names for required in self._required)


def _split(text: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=separator, strict=True), [])
    except csv.Error:
        return []


def _normalized(names: Sequence[str]) -> list[str]:
    found = [normalize(name) for name in names]
    while found and not found[-1]:
        found.pop()
    return found
