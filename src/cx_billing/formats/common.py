"""What every reader shares: its result, its refusal, and the text of SQL."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from cx_billing.formats.completeness import Said

CHUNK = 1 << 22
BUFFER = 1 << 17
SEPARATORS = ",;\t"
LONGEST_SHOWN = 60  # letters of a name in a message
MOST_SHOWN = 40  # names in a message
# A number with a decimal point that beside text could be taken for one with thousands: 505.992.
AMBIGUOUS = r"^(-?[1-9]\d{0,2}\.\d{3})$"
SPREADSHEET_ROWS = (1_048_575, 1_048_576)  # a sheet with and without its header row, TELCO-06


LARGEST = 1 << 34  # bytes of what is unpacked, of one file or of an archive
LARGEST_RATIO = 250  # unpacked to packed; text of one letter over and over reaches 1,000
SMALL = 1 << 26  # bytes up to which the ratio does not matter
MOST_COLUMNS = 1000
LONGEST_LINE = 1 << 26  # bytes; a file with a longer one is no CSV, and would fill the memory

Watch = Callable[[str, float], None]  # hears what is done to the file, and how far it is: 0 to 1
Opened = io.BufferedReader | gzip.GzipFile


class UnreadableError(Exception):
    """The file is refused as a whole; the message says what is wrong with it and what to do."""


@dataclass(frozen=True)
class Rows:
    """Rows ready to be copied.

    `relation` is what SQL reads from, `columns` maps lake columns to expressions over it,
    `source_row` numbers the rows from 1, `count` is how many rows there must be,
    `parse_errors` how many of them carry one, and `extra` the names kept in `extra_columns`.
    `is_full` says that there are as many as a spreadsheet can hold, `notice` what else the
    deliverer should know, `snapshot_date` the day of a snapshot, also of an empty one, and `said`
    what answers say of themselves.
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
    said: Said | None = None


def unmistakable(number: str) -> str:
    """What a file holds as a number, and not as text, with a point that is seen to be decimal."""
    return re.sub(AMBIGUOUS, r"\g<1>0", number)


def literal(text: str | None) -> str:
    """An SQL string literal."""
    return "null" if text is None else "'" + text.replace("'", "''") + "'"


def glob_literal(path: Path) -> str:
    """An SQL literal of a path in which `*`, `?` and `[` stand for themselves."""
    return literal(re.sub(r"([*?\[])", r"[\1]", str(path)))


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def shown(names: Iterable[str]) -> str:
    """Names for a message, bounded: they come from outside."""
    names = list(names)
    texts = [
        "".join(letter if letter.isprintable() else "?" for letter in name[:LONGEST_SHOWN])
        for name in names[:MOST_SHOWN]
    ]
    more = len(names) - len(texts)
    return ", ".join(texts) + (f" and {more:,} more" if more else "")


def unwatched(step: str, share: float) -> None:
    """Tell nobody."""


class _Watched(io.FileIO):
    """A file on the disk that tells how far it was read."""

    def __init__(self, path: Path, tell: Callable[[float], None]):
        super().__init__(path)
        self._size = max(1, path.stat().st_size)
        self._tell = tell

    def readinto(self, buffer: WriteableBuffer) -> int:
        count = super().readinto(buffer)
        self._tell(min(1.0, self.tell() / self._size))
        return count


class _Unpacked(gzip.GzipFile):
    """What a gzip file unpacks to, as long as that is no more than its kind can be."""

    def __init__(self, raw: io.BufferedReader, size: int):
        super().__init__(fileobj=raw)
        self.myfileobj = raw  # type: ignore[assignment]  # closed together
        self._most = min(LARGEST, max(SMALL, LARGEST_RATIO * size))
        self._unpacked = 0

    def read(self, size: int | None = -1) -> bytes:
        return self._counted(super().read(size))

    def read1(self, size: int = -1) -> bytes:
        return self._counted(super().read1(size))

    def _counted(self, chunk: bytes) -> bytes:
        self._unpacked += len(chunk)
        if self._unpacked > self._most:
            raise UnreadableError(
                f"unpacks to more than {self._most:,} bytes, which is more than its kind can be; "
                "export it again, in parts if it is large"
            )
        return chunk


def open_raw(path: Path, step: str = "reading", watch: Watch = unwatched) -> io.BufferedReader:
    """The bytes of a file as it lies; `watch` hears of the step while they are read."""
    return io.BufferedReader(_Watched(path, partial(watch, step)), BUFFER)


def open_bytes(path: Path, step: str = "reading", watch: Watch = unwatched) -> Opened:
    raw = open_raw(path, step, watch)
    if not path.name.lower().endswith(".gz"):
        return raw
    return _Unpacked(raw, path.stat().st_size)


def open_text(
    path: Path, errors: str, step: str = "reading", watch: Watch = unwatched
) -> io.TextIOWrapper:
    stream = open_bytes(path, step, watch)
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors=errors, newline="")


def first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def lines_of(stream: io.TextIOWrapper) -> Iterator[str]:
    """The lines of a text, each in memory as it comes; one beyond all bounds refuses the file."""
    while line := stream.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise UnreadableError(
                f"has a line of more than {LONGEST_LINE:,} characters, which no row is; export it "
                "again as CSV"
            )
        yield line
