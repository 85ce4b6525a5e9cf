"""A page in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import rich.box
import rich.table
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from cx_billing.pages.content import Page, Picture, Row, Table

STYLES = {"section": "bold", "subtotal": "italic", "total": "bold"}
MARKS = {"differs": "bold red"}
# Blanks and rule beside each column: as it is drawn where there is room, and where it is tight.
COLUMN_MARGIN, TIGHT_MARGIN = 3, 2
TIGHT_PADDING = (0, 1, 0, 0)


def print_page(page: Page, console: Console) -> None:
    """Draw a page in a terminal."""
    console.print(Text(page.title, style="bold underline"))
    if page.lead:
        console.print(Text(page.lead))
    width = max((len(label) for label, _ in page.facts), default=0)
    for label, value in page.facts:
        console.print(Text(f"{label:<{width}}  {value}"))
    for picture in page.pictures:
        print_picture(picture, console)
    for table in page.tables:
        console.print()
        print_table(table, console)
    for note in page.notes:
        console.print(Text(note, style="dim"))


def print_picture(picture: Picture, console: Console) -> None:
    """Draw a picture where a terminal can show its blocks; elsewhere its words say it.

    A picture of a table that the page has anyway is left out there.
    """
    is_drawn = console.is_terminal and console.encoding.startswith("utf")
    if not is_drawn and not picture.table.rows:
        return
    console.print()
    console.print(Text(picture.title, style="bold"))
    if is_drawn:
        for line in picture.sketch(console.width):
            console.print(Text(line), no_wrap=True, overflow="crop")
    console.print(Text(picture.words))


def print_table(table: Table, console: Console) -> None:
    """Draw a table in a terminal, without its empty columns.

    To fit, cells break between words, never within. A table that is still too wide is drawn
    record by record in a terminal; elsewhere it runs over the width. No digit is ever cut.
    """
    if not table.rows:
        console.print(Text.assemble((table.title, "bold"), f": {table.if_empty}"))
        return
    table = table.drop_references().drop_empty_columns()
    cells = [
        (column.heading, *(row.cells[at] for row in table.rows))
        for at, column in enumerate(table.columns)
    ]
    least = [max(cell_len(word) for cell in column for word in cell.split()) for column in cells]
    room = console.width - sum(least)
    is_tight = room < COLUMN_MARGIN * len(least) + 1
    spare = room - (TIGHT_MARGIN * len(least) if is_tight else COLUMN_MARGIN * len(least) + 1)
    if spare < 0 and console.is_terminal:
        print_records(table, console)
        return
    drawn = rich.table.Table(
        title=Text(table.title, style="bold"),
        title_justify="left",
        box=rich.box.SIMPLE_HEAD,
        padding=TIGHT_PADDING if is_tight else (0, 1),
        pad_edge=not is_tight,
        show_edge=not is_tight,
    )
    widths = share_out(spare, least, cells)
    for column, width in zip(table.columns, widths, strict=True):
        drawn.add_column(
            Text(column.heading),
            justify="right" if column.is_number else "left",
            width=width,
        )
    for row in table.rows:
        drawn.add_row(*style_cells(row), style=STYLES.get(row.kind))
    console.width += max(0, -spare)
    console.print(drawn)


def share_out(spare: int, least: Sequence[int], cells: Sequence[Sequence[str]]) -> list[int]:
    """The widths of columns: what is spare goes, blank by blank, to the column that runs longest.

    A column runs as long as its longest cell has lines; none grows wider than its longest cell.
    """
    widths, most = list(least), [max(map(cell_len, column)) for column in cells]
    for _ in range(max(0, spare)):
        at = max(range(len(widths)), key=lambda at: most[at] / widths[at])
        if most[at] <= widths[at]:
            break
        widths[at] += 1
    return widths


def style_cells(row: Row) -> Iterator[Text]:
    """The cells of a row, those to be noticed in colour where there is any."""
    for at, cell in enumerate(row.cells):
        yield Text(cell, style=MARKS.get(row.marks[at], "") if row.marks else "")


def print_records(table: Table, console: Console) -> None:
    """Draw a table as one paragraph a row: what names it, and below, each value by its heading."""
    console.print(Text(table.title, style="bold"))
    is_value = [column.is_number for column in table.columns]
    values_from = is_value.index(True) if any(is_value) else len(is_value)
    for row in table.rows:
        cells = list(style_cells(row))
        names = [cell for cell in cells[:values_from] if cell]
        values = [
            Text.assemble(f"{column.heading} ", cell)
            for column, cell in zip(table.columns[values_from:], cells[values_from:], strict=True)
            if cell
        ]
        style = STYLES.get(row.kind, "")
        for parts, indent in ((names, 2), (values, 6)):
            for line in pack_lines(parts, console.width - indent):
                console.print(Text.assemble(" " * indent, line, style=style), soft_wrap=True)


def pack_lines(parts: Iterable[Text], width: int) -> Iterator[Text]:
    """Lines of as many parts as fit side by side; a part is broken only if it is longer."""
    line = Text()
    for part in parts:
        longer = Text.assemble(line, "   ", part) if line else part
        if line and longer.cell_len > width:
            yield line
            longer = part
        line = longer
    if line:
        yield line
