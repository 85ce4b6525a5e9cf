"""The rows of one raw file, each with its values or the reason why it has none."""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from oracle.answers import find_availability, read_documents, read_rows
from oracle.datasets import columns_of
from oracle.values import BadRow, parse_row, parse_time, squeeze


@dataclass
class Row:
    """One landed row: where it lies, what it says, and what became of it."""

    file: str
    number: int
    values: dict
    reason: str | None = None
    column: str | None = None  # the one to blame for the reason
    is_duplicate: bool = False
    text: dict | None = None

    def __getitem__(self, name):
        return self.values.get(name)


def read_content(path: Path) -> bytes:
    """The bytes of a file, unpacked."""
    content = path.read_bytes()
    return gzip.decompress(content) if path.suffix == ".gz" else content


def read_availability(path: Path) -> datetime | None:
    """API-01: up to when the data of a saved answer was available, if it tells."""
    if ".csv" in path.suffixes:
        return None
    available = find_availability(read_documents(read_content(path)))
    return parse_time(available) if available else None


def read_file(path: Path, dataset: str, source_file: str) -> list[Row] | None:
    """The rows of one file, or None if it lacks a required column and is refused whole."""
    content = read_content(path)
    if ".csv" not in path.suffixes:
        return read_objects(content, dataset, source_file)
    text = content.decode("utf-8-sig", errors="surrogateescape")
    text_lines = text.split("\n")
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=max(",;\t", key=text_lines[0].count)
    )
    header = [squeeze(name) for name in next(reader)]
    if any(mark and squeeze(name) not in header for name, _, mark in columns_of(dataset)):
        return None
    rows = []
    for cells in (line for line in reader if line):
        row = Row(source_file, len(rows) + 1, {})
        rows.append(row)
        if any("\udc80" <= letter <= "\udcff" for cell in cells for letter in cell):
            row.reason = "invalid_encoding"
        elif len(cells) != len(header):
            row.reason = "wrong_column_count"
        else:
            judge(row, dataset, dict(zip(header, cells, strict=True)))
            continue
        raw = text_lines[reader.line_num - 1].encode(errors="surrogateescape")
        row.text = {"parseerror": row.reason, "rawtext": raw.decode(errors="backslashreplace")}
    return rows


def read_objects(content: bytes, dataset: str, source_file: str) -> list[Row]:
    """The rows of a JSON array, of an object per line, or of answers of the platform's API."""
    rows = []
    for cells in read_rows(read_documents(content), dataset):
        row = Row(source_file, len(rows) + 1, {})
        rows.append(row)
        texts = {name: str(cell) for name, cell in cells.items() if cell is not None}
        judge(row, dataset, texts)
    return rows


def judge(row: Row, dataset: str, cells: dict[str, str]) -> None:
    """Keep the cells of a row as text, and its values or the reason why it has none."""
    row.text = {name: cell for name, cell in cells.items() if cell}
    try:
        row.values = parse_row(dataset, cells)
    except BadRow as bad:
        row.reason, row.column = str(bad), bad.column
