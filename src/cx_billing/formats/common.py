"""What every reader shares: its result, its refusal, and the text of SQL."""

from __future__ import annotations

import gzip
import io
import re
from dataclasses import dataclass
from pathlib import Path

CHUNK = 1 << 22
SPREADSHEET_ROWS = (1_048_575, 1_048_576)  # a sheet with and without its header row, TELCO-06


class UnreadableError(Exception):
    """The file is refused as a whole; the message says what is wrong with it and what to do."""


@dataclass(frozen=True)
class Rows:
    """Rows ready to be copied.

    `relation` is what SQL reads from, `columns` maps lake columns to expressions over it,
    `source_row` numbers the rows from 1, `count` is how many rows there must be,
    `parse_errors` how many of them carry one, and `extra` the names kept in `extra_columns`.
    `is_full` says that there are as many as a spreadsheet can hold, `notice` what else the
    deliverer should know, and `snapshot_date` the day of a snapshot, also of an empty one.
    """

    relation: str
    columns: dict[str, str]
    count: int
    parse_errors: int = 0
    extra: tuple[str, ...] = ()
    source_row: str = "row_number() over ()"
    is_full: bool = False
    notice: str | None = None
    snapshot_date: str | None = None


def literal(text: str | None) -> str:
    """An SQL string literal."""
    return "null" if text is None else "'" + text.replace("'", "''") + "'"


def glob_literal(path: Path) -> str:
    """An SQL literal of a path in which `*`, `?` and `[` stand for themselves."""
    return literal(re.sub(r"([*?\[])", r"[\1]", str(path)))


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def open_bytes(path: Path) -> io.BufferedIOBase:
    return gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb")


def open_text(path: Path, errors: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(open_bytes(path), encoding="utf-8-sig", errors=errors, newline="")


def first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
