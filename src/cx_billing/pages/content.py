"""What a page consists of: title, facts, pictures, tables, notes. Neutral of how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Record = dict[str, Any]


@dataclass(frozen=True)
class Link:
    """Where more is said: a place of this page, of the page that a command shows, or a rule.

    `page` is the words of the command behind `show` (`("invoice", "acme", "2026-04-05")`), none
    for this page; `rule` is a rule id. A link to what is not written is not drawn.
    """

    page: tuple[str, ...] = ()
    anchor: str = ""
    rule: str = ""


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, and how a record becomes its cell.

    A cell of a column that `is_whole` stays on one line where the page can scroll. `keys` are the
    columns of the marts that it shows. `link` says where more is said of a cell, `mark` whether it
    is to be noticed: `differs` or nothing. A column that `is_reference` is there for its links, and
    is not drawn where there are none.
    """

    heading: str
    cell: Callable[[Record], str]
    is_number: bool = False
    is_whole: bool = False
    keys: tuple[str, ...] = ()
    link: Callable[[Record], Link | None] | None = None
    mark: Callable[[Record], str] | None = None
    is_reference: bool = False


@dataclass(frozen=True)
class Row:
    """The cells of a row; `kind` is `line`, `section` (a heading), `subtotal` or `total`.

    `links` and `marks` are those of its cells, or empty; `anchor` is what links to the row name.
    """

    cells: tuple[str, ...]
    kind: str = "line"
    links: tuple[Link | None, ...] = ()
    marks: tuple[str, ...] = ()
    anchor: str = ""


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
        return self.keep_columns(
            [at for at in range(len(self.columns)) if any(row.cells[at] for row in self.rows)]
        )

    def drop_references(self) -> Table:
        """The table without the columns that are there for their links."""
        return self.keep_columns(
            [at for at, column in enumerate(self.columns) if not column.is_reference]
        )

    def keep_columns(self, kept: Sequence[int]) -> Table:
        """The table with the columns at these places."""
        return replace(
            self,
            columns=tuple(self.columns[at] for at in kept),
            rows=tuple(
                replace(
                    row,
                    cells=pick(row.cells, kept),
                    links=pick(row.links, kept),
                    marks=pick(row.marks, kept),
                )
                for row in self.rows
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
    """Everything a page shows, in order; `head` is what its facts say, as data.

    `lead` is what it says in a sentence. `fact_links` are, by the label of a fact, the words of it
    that more is said of, and where.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    head: Record = field(default_factory=dict)
    fact_links: dict[str, tuple[tuple[str, Link], ...]] = field(default_factory=dict)
    lead: str = ""


def fill_rows(
    columns: Sequence[Column],
    records: Iterable[Record],
    anchor: Callable[[Record], str] = lambda record: "",
) -> tuple[Row, ...]:
    """One row per record; `anchor` names each."""
    return tuple(
        Row(
            tuple(column.cell(record) for column in columns),
            links=tuple(column.link(record) if column.link else None for column in columns),
            marks=tuple(column.mark(record) if column.mark else "" for column in columns),
            anchor=anchor(record),
        )
        for record in records
    )


def pick(items: tuple[Any, ...], places: Iterable[int]) -> tuple[Any, ...]:
    """The items at these places; none of none."""
    return tuple(items[at] for at in places) if items else ()
