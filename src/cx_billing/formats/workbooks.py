"""Excel workbooks: the one sheet that has the dataset's header, its cells as exact text."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import reduce
from itertools import islice
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from cx_billing.formats.archives import opened
from cx_billing.formats.common import (
    CHUNK,
    SPREADSHEET_ROWS,
    Rows,
    UnreadableError,
    first_line,
    unmistakable,
)
from cx_billing.formats.completeness import Said
from cx_billing.formats.names import fields, locate, match
from cx_billing.formats.periods import find_period
from cx_billing.formats.second_headers import SecondHeaders
from cx_billing.formats.staged import Stage
from cx_billing.lake import Dataset

LARGEST = 1 << 31  # bytes, unpacked; the reader holds all of it in memory
TITLE_ROWS = 50  # how far down a header is looked for
LARGEST_LOOKED_AT = 1 << 25  # bytes of a sheet in which formulas are looked for
MOST_CELLS = 50_000_000  # of the rectangle around all that are filled
LONGEST_CELL = 200  # bytes of its beginning
COLUMN_OF_ANY, ROW_OF_ANY = rb' r="([A-Z]{1,9})', rb' r="[A-Z]{1,9}(\d{1,12})'
FILLED = rb'<(?:\w+:)?c\s(?:[^<>]*\s)?r="%s"[^<>]*(?<!/)>\s*<'
COLUMN_OF_FILLED = FILLED % rb"([A-Z]{1,9})\d+"
ROW_OF_FILLED = FILLED % rb"[A-Z]+(\d{1,12})"
NUMBER_LIKE = re.compile(r"[-+(]?[^\w\s]?[\d.,' ]*\d[\d.,' ]*\)?%?")
# A cell with a formula and no value, as its sheet is written.
WITHOUT_VALUE = re.compile(
    rb"<(?:\w+:)?f\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?"
    rb"\s*</(?:\w+:)?c>"
)


def rows(path: Path, dataset: Dataset, staged: Path) -> Rows:
    """The rows below the header, blank ones left out.

    Raises UnreadableError if no sheet has the header, or more than one, or if the file is no
    workbook that can be read. Hidden sheets are not looked at, but named. What cells that are
    merged below each other say is said of each of their rows, unless it is a number to add up.
    """
    formulas = 0
    if zipfile.is_zipfile(path):
        with opened(path, LARGEST) as archive:  # it can be opened, and is not too large
            for part in archive.infolist():
                _look_at(archive, part)
            formulas = sum(
                len(WITHOUT_VALUE.findall(archive.read(part)))
                for part in archive.infolist()
                if part.filename.startswith("xl/worksheets/")
                and part.file_size <= LARGEST_LOOKED_AT
            )
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            sheets = [one for one in workbook.sheets_metadata if one.typ is SheetTypeEnum.WorkSheet]
            names = [one.name for one in sheets if one.visible is SheetVisibleEnum.Visible]
            hidden = [f"'{one.name}'" for one in sheets if one.name not in names]
            sheet, skipped = _find(workbook, names, dataset)
            found = _stage(sheet, skipped, dataset, staged)
    except PasswordError as error:
        raise UnreadableError("is locked with a password; save it without one") from error
    except CalamineError as error:
        raise UnreadableError(
            f"is no readable workbook ({first_line(error)}); save it again as .xlsx or CSV"
        ) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of Rust; it is no Exception
            raise
        raise UnreadableError(f"is no readable workbook ({error}); save it as CSV") from None
    others = [f"'{name}'" for name in names if name != sheet.name]
    notices = [f"sheet '{sheet.name}' was read"]
    if others:
        notices.append(f"without this header: {', '.join(others)}")
    if hidden:
        notices.append(f"hidden and not looked at: {', '.join(hidden)}")
    if formulas:
        notices.append(
            f"{formulas:,} formula{'s have' if formulas > 1 else ' has'} no value, since no "
            "spreadsheet program computed it: open the workbook in one, save it, and land that"
        )
    return replace(found, notice="; ".join(notices)) if len(notices) > 1 else found


def _look_at(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse a part that is damaged, or a sheet whose cells lie so far apart that those between
    them would fill the memory: the reader keeps a place for each.
    """
    try:
        is_wide = _span(archive, part, COLUMN_OF_ANY, ROW_OF_ANY) > MOST_CELLS
    except zipfile.BadZipFile as error:
        raise UnreadableError(f"is a damaged workbook ({part.filename}); save it again") from error
    if is_wide and _span(archive, part, COLUMN_OF_FILLED, ROW_OF_FILLED) > MOST_CELLS:
        raise UnreadableError(
            f"has cells so far apart that more than {MOST_CELLS:,} lie between them; delete what "
            "stands far below or beside the table, or save it as CSV"
        )


def _span(archive: zipfile.ZipFile, part: zipfile.ZipInfo, column: bytes, row: bytes) -> int:
    """How many cells the rectangle has around those that are found; reads all of the part."""
    right, bottom, rest = b"", 0, b""
    with archive.open(part) as stream:
        while chunk := stream.read(CHUNK):
            text = rest + chunk
            right = max((right, *set(re.findall(column, text))), key=lambda c: (len(c), c))
            bottom = max((bottom, *map(int, set(re.findall(row, text)))))
            rest = text[-LONGEST_CELL:]
    return reduce(lambda number, letter: 26 * number + letter - 64, right, 0) * bottom


def _find(
    workbook: CalamineWorkbook, names: Sequence[str], dataset: Dataset
) -> tuple[CalamineSheet, int]:
    """The sheet that has the header, and how many rows stand above it."""
    matching, candidates = [], []
    for name in names:
        sheet = workbook.get_sheet_by_name(name)
        for skipped, cells in enumerate(islice(sheet.iter_rows(), TITLE_ROWS)):
            header = _header(cells)
            positions = locate(header, dataset)
            if dataset.required <= set(positions):
                matching.append((sheet, skipped))
                break
            candidates.append((len(positions), header, skipped + 1))
    if len(matching) == 1:
        return matching[0]
    if matching:
        sheets = ", ".join(f"'{sheet.name}'" for sheet, _ in matching)
        raise UnreadableError(
            f"has the header on {len(matching)} sheets: {sheets}; deliver one workbook for each"
        )
    named = [candidate for candidate in candidates if any(candidate[1])]
    _, closest, row = max(named, key=lambda candidate: candidate[0], default=(0, [], 1))
    try:
        match(closest, dataset, row)
    except UnreadableError as error:
        if any(workbook.get_sheet_by_name(name).total_height > TITLE_ROWS for name in names):
            raise UnreadableError(
                f"{error} The header was looked for in the first {TITLE_ROWS} rows; delete titles "
                "above it"
            ) from error
        raise
    raise UnreadableError("holds no header")


def _stage(sheet: CalamineSheet, skipped: int, dataset: Dataset, staged: Path) -> Rows:
    lines = islice(sheet.iter_rows(), skipped, None)
    header = _header(next(lines))
    positions = match(header, dataset)
    columns, extra = fields(header, positions, dataset)
    headers = SecondHeaders(header, dataset)
    with Stage(staged, [f"c{position}" for position in range(len(header))]) as stage:
        merged = _Merged(sheet, skipped + 1, {positions.get(key) for key in dataset.natural_key})
        for cells in _filled(merged.fill(lines)):
            rest = cells[len(header) :]
            text = "\t".join(cells).rstrip("\t")
            again = headers.is_possible(text) and headers.problem(cells, stage.count + 1)
            problem = again or ("wrong_column_count" if any(rest) else None)
            stage.add(cells[: len(header)], text, problem)
    is_full = sheet.total_height + 1 >= max(SPREADSHEET_ROWS)
    above = (" ".join(map(as_text, cells)) for cells in islice(sheet.iter_rows(), skipped))
    said = Said(period=find_period(above))
    return replace(stage.rows(columns, extra), is_full=is_full, said=said)


class _Merged:
    """What the rows of a sheet from `first` on have in cells that are merged below each other.

    A number is filled in only in the columns `keys`: elsewhere it would be added up again.
    """

    def __init__(self, sheet: CalamineSheet, first: int, keys: set[int | None]):
        self._first, self._keys = first, keys
        self._columns: dict[int, list[tuple[int, int]]] = {}  # by the row that it begins in
        for (top, left), (bottom, _right) in sheet.merged_cell_ranges or ():
            if bottom > top:
                self._columns.setdefault(top, []).append((left, bottom))

    def fill(self, lines: Iterator[Sequence[object]]) -> Iterator[Sequence[object]]:
        """The rows with what they have in merged cells."""
        held: dict[int, tuple[int, object]] = {}  # by column: to which row, and what
        for number, cells in enumerate(lines, start=self._first):
            shown = list(cells)
            is_blank = not any(as_text(cell).strip() for cell in cells)
            for column, (bottom, value) in held.items():
                if (
                    not is_blank
                    and number <= bottom
                    and column < len(shown)
                    and shown[column] == ""
                ):
                    shown[column] = value
            for column, bottom in self._columns.get(number, ()):
                if column < len(cells) and self._may_fill(column, cells[column]):
                    held[column] = bottom, cells[column]
            yield shown

    def _may_fill(self, column: int, cell: object) -> bool:
        return column in self._keys or not NUMBER_LIKE.fullmatch(as_text(cell).strip())


def _header(cells: Sequence[object]) -> list[str]:
    names = [as_text(cell) for cell in cells]
    while names and not names[-1].strip():
        names.pop()
    return names


def _filled(lines: Iterator[Sequence[object]]) -> Iterator[list[str]]:
    for cells in lines:
        texts = [as_text(cell) for cell in cells]
        if any(text.strip() for text in texts):
            yield texts


def as_text(cell: object) -> str:
    """A cell's value as text, without its display format.

    Whole numbers have no decimal point and no number has an exponent; dates and times are ISO
    8601, a time without a date is a duration `H:MM:SS:mmm`.
    """
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        if cell.is_integer():
            return f"{cell:.0f}"
        return unmistakable(f"{Decimal(repr(cell)):f}")
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, time):
        cell = datetime.combine(date.min, cell) - datetime.min
    if isinstance(cell, timedelta):
        milliseconds = cell // timedelta(milliseconds=1)
        seconds, rest = divmod(milliseconds, 1000)
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}:{rest:03}"
    return "" if cell is None else str(cell)
