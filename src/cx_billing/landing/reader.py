"""Reads what was delivered, with whatever that takes: archives, formats, DuckDB.

A `Reader` works in the process that it is made in. Landing has a `BoundedReader` do the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from cx_billing import duck, formats
from cx_billing.formats import literal
from cx_billing.formats.completeness import Invoice
from cx_billing.landing.delivered import Delivered
from cx_billing.landing.writer import Writer

MEMORY_LIMIT = "1500MB"
EXPLAINED = (formats.UnreadableError, OSError, duckdb.Error, ArithmeticError, RecursionError)


class Reader:
    """Reads with a connection of its own, which spills into a folder of `scratch`."""

    def __init__(self, scratch: Path, time_zone: str | None = None):
        self._spill = scratch / "spill_of_reader"
        self._time_zone = time_zone
        self._connect()

    def _connect(self) -> None:
        self._connection = connect(self._spill)
        self._writer = Writer(self._connection, self._time_zone)

    def unpack(
        self, path: Path, folder: Path, watch: formats.Watch = formats.unwatched
    ) -> list[formats.Member]:
        """The files of an archive, unpacked into a folder."""
        return formats.unpack(path, folder)

    def read(self, delivered: Delivered, watch: formats.Watch = formats.unwatched) -> Delivered:
        """Read a file and write it, unless it is an answer."""
        with self._outliving():
            return self._writer.read(delivered, watch)

    def write(
        self,
        read: Delivered,
        lines_of: Mapping[str, Invoice],
        watch: formats.Watch = formats.unwatched,
    ) -> None:
        """Write an answer that was read."""
        with self._outliving():
            self._writer.write(read, watch, lines_of)

    def close(self) -> None:
        """Read no more."""
        self._connection.close()

    @contextmanager
    def _outliving(self) -> Iterator[None]:
        try:
            yield
        except (duckdb.FatalException, duckdb.InternalException):
            self._connect()  # the old connection does nothing more
            raise


def connect(spill: Path) -> duckdb.DuckDBPyConnection:
    """A connection as landing needs it, with the folder for what does not fit into memory."""
    connection = duck.connect()
    connection.execute(
        f"set threads = 2; set memory_limit = '{MEMORY_LIMIT}'; "
        f"set preserve_insertion_order = true; set enable_external_file_cache = false; "
        f"set enable_progress_bar = true; set enable_progress_bar_print = false; "
        f"set temp_directory = {literal(str(spill))}"
    )
    return connection


def explain(error: Exception) -> str:
    """Why a file is refused that raised one of `EXPLAINED`, and what to do."""
    if isinstance(error, duckdb.FatalException | duckdb.InternalException):
        return f"stopped DuckDB ({formats.first_line(error)}); fetch it again"
    if isinstance(error, OSError | duckdb.Error):
        reason = getattr(error, "strerror", None) or formats.first_line(error)
        return f"could not be read or written ({reason}); land it again"
    if isinstance(error, ArithmeticError | RecursionError):
        return f"holds a number, a date or a nesting beyond all bounds ({type(error).__name__})"
    return str(error)
