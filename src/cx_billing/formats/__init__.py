"""Reads one delivered file of any accepted format into rows that DuckDB can copy to the lake.

Nothing is interpreted: every value stays the text it was, an empty one becomes null. A record
that cannot be split into its columns becomes a row with a `parse_error` and its `raw_text`:

==================== ======================================================================
`wrong_column_count` more or fewer fields than the header (empty ones at the end do not count)
`repeated_header`    the header again, as exports have it that were put one behind the other
`malformed_quotes`   a quote that is never closed, or text after a closing quote
`invalid_encoding`   bytes that are not UTF-8; `raw_text` shows them as backslash escapes
`duplicate_column`   a JSON object with two keys for one column
`not_an_object`      a JSON value where an object was expected
==================== ======================================================================

A CSV file is scanned first. If it is regular, DuckDB reads it as it lies. If not, or if DuckDB
does not find the scanned number of records, Python splits it record by record and stages a
well-formed copy: slower, but no record gets lost. (DuckDB 1.5 may end silently at a malformed
row deep in a large file, so its own errors are not proof enough.)
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import duckdb

from cx_billing.formats import csv_files, json_files, parquet_files, pdf_files, workbooks
from cx_billing.formats.answers import day_of
from cx_billing.formats.archives import Member, unpack
from cx_billing.formats.common import (
    SEPARATORS,
    Rows,
    UnreadableError,
    Watch,
    first_line,
    glob_literal,
    literal,
    open_bytes,
    open_raw,
    shown,
    unwatched,
)
from cx_billing.formats.names import match, normalize
from cx_billing.lake import Dataset

__all__ = [
    "ACCEPTED",
    "SEPARATORS",
    "Member",
    "Rows",
    "UnreadableError",
    "Watch",
    "day_of",
    "first_line",
    "format_of",
    "glob_literal",
    "literal",
    "match",
    "normalize",
    "open_raw",
    "read",
    "shown",
    "unpack",
    "unwatched",
]

TEXT_FORMATS = {".csv": "csv", ".json": "json", ".ndjson": "json", ".jsonl": "json"}
OTHER_FORMATS = {".parquet": "parquet", ".xlsx": "workbook", ".pdf": "pdf", ".zip": "archive"}
ACCEPTED = (
    ".csv, .json, .ndjson, .jsonl (each also with .gz), .parquet, .xlsx, .pdf for "
    "vendor_invoice_lines, and .zip archives of these"
)
FOREIGN_STARTS = {  # what a file that is not text begins with, and what to do about it
    b"\x1f\x8b": "is compressed with gzip; add .gz to its name",
    b"PK\x03\x04": "is a zip archive or a spreadsheet; name it .zip or .xlsx",
    b"\xff\xfe": "is UTF-16; save it as UTF-8",
    b"\xfe\xff": "is UTF-16; save it as UTF-8",
    b"PAR1": "is Parquet; name it .parquet",
}


def read(
    path: Path,
    dataset: Dataset,
    scratch: Path,
    connection: duckdb.DuckDBPyConnection,
    name: str | None = None,
    watch: Watch = unwatched,
) -> Iterator[Rows]:
    """Yield the ways to read `path`, the cheapest first.

    The next is wanted only if a copy of the one before failed or did not write `count` rows.
    Staged copies are written to `scratch`. `name` is what the file was delivered as, `a.zip/b.json`
    if it comes from an archive; `watch` hears how far the reading is. Raises UnreadableError if the
    file must be refused, OSError if it cannot be opened.
    """
    kind = format_of(path)
    staged = scratch / "staged.csv"
    if path.stat().st_size == 0:
        raise UnreadableError("is empty (0 bytes); export it again")
    if kind == "archive":
        raise UnreadableError("is an archive within an archive; unpack it")
    if kind == "parquet":
        yield parquet_files.rows(path, dataset, connection)
        return
    if kind == "workbook":
        yield workbooks.rows(path, dataset, staged)
        return
    if kind == "pdf":
        yield pdf_files.rows(path, dataset, staged)
        return
    try:
        with open_bytes(path) as stream:
            start = stream.read(4)
        for magic, advice in FOREIGN_STARTS.items():
            if start.startswith(magic):
                raise UnreadableError(advice)
        if kind == "csv":
            yield from csv_files.rows(path, dataset, staged, watch)
        else:
            yield json_files.rows(path, dataset, staged, name or path.name, watch)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableError(f"is a damaged or cut off gzip file ({error}); fetch it again") from (
            error
        )


def format_of(path: Path | PurePosixPath) -> str:
    """`csv`, `json`, `parquet`, `workbook`, `pdf` or `archive` by the extension.

    UnreadableError for any other.
    """
    name = path.name.lower()
    kind = OTHER_FORMATS.get(Path(name).suffix) or TEXT_FORMATS.get(
        Path(name.removesuffix(".gz")).suffix
    )
    if kind is None:
        raise UnreadableError(f"is of no accepted format; accepted are {ACCEPTED}")
    return kind
