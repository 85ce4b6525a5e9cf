"""What a page consists of: title, facts, pictures, tables, notes. Neutral of how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Record = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, and how a record becomes its cell.

    A cell of a column that `is_whole` stays on one line where the page can scroll. `keys` are the
    columns of the marts that it shows.
    """

    heading: str
    cell: Callable[[Record], str]
    is_number: bool = False
    is_whole: bool = False
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """The cells of a row; `kind` is `line`, `section` (a heading), `subtotal` or `total`."""

    cells: tuple[str, ...]
    kind: str = "line"


@dataclass(frozen=True)
class Table:
    """A table of text; `if_empty` is said instead when it has no rows.

    `records` are the rows as data, by the column names of the marts, without the rows between
    them; `name` is what `--json` and `--csv` call the table. The main table of a page is the one
    that `--csv` writes (the first, where none is marked).
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    if_empty: str = "None."
    name: str = ""
    records: tuple[Record, ...] = ()
    is_main: bool = False

    @classmethod
    def of_records(
        cls,
        title: str,
        columns: tuple[Column, ...],
        records: Iterable[Record],
        if_empty: str = "None.",
        name: str = "",
    ) -> Table:
        """A table of one row per record."""
        records = tuple(records)
        return cls(title, columns, fill_rows(columns, records), if_empty, name, records)

    def drop_empty_columns(self) -> Table:
        """The table without the columns in which no row says anything."""
        kept = [at for at in range(len(self.columns)) if any(row.cells[at] for row in self.rows)]
        return replace(
            self,
            columns=tuple(self.columns[at] for at in kept),
            rows=tuple(
                replace(row, cells=tuple(row.cells[at] for at in kept)) for row in self.rows
            ),
        )


@dataclass(frozen=True)
class Picture:
    """A drawing, what it shows in words, and the table of what is drawn.

    `draw` makes SVG of a width in pixels, `sketch` lines for a terminal of a width in
    characters; both are called only where the picture is shown.
    """

    title: str
    words: str
    table: Table
    draw: Callable[[int], str]
    sketch: Callable[[int], Sequence[str]]


@dataclass(frozen=True)
class Page:
    """Everything a page shows, in order; `head` is what its facts say, as data."""

    title: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    head: Record = field(default_factory=dict)


def fill_rows(columns: Sequence[Column], records: Iterable[Record]) -> tuple[Row, ...]:
    """One row per record."""
    return tuple(Row(tuple(column.cell(record) for column in columns)) for record in records)
