"""The rows of one raw file, each with its values or the reason why it has none."""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass
from pathlib import Path

from oracle.datasets import USER_DETAILS, columns_of
from oracle.values import BadRow, parse_row, squeeze


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


def read_file(path: Path, dataset: str, source_file: str) -> list[Row] | None:
    """The rows of one file, or None if it lacks a required column and is refused whole."""
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
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
    """The rows of a JSON array, of an object per line, or of a users-details answer."""
    if content.startswith(b"["):
        objects = json.loads(content)
    elif content.startswith(b'{"userDetails"'):
        objects = [
            {"user_id": user["userId"], **status}
            for user in json.loads(content)["userDetails"]
            for status in user[USER_DETAILS[dataset]]
        ]
    else:
        objects = [json.loads(line) for line in content.splitlines()]
    rows = []
    for cells in objects:
        row = Row(source_file, len(rows) + 1, {})
        rows.append(row)
        texts = {squeeze(name): str(cell) for name, cell in cells.items() if cell is not None}
        judge(row, dataset, texts)
    return rows


def judge(row: Row, dataset: str, cells: dict[str, str]) -> None:
    """Keep the cells of a row as text, and its values or the reason why it has none."""
    row.text = {name: cell for name, cell in cells.items() if cell}
    try:
        row.values = parse_row(dataset, cells)
    except BadRow as bad:
        row.reason, row.column = str(bad), bad.column
