"""CSV of any dialect, the fast way if the file is regular and record by record if not."""

from __future__ import annotations

import codecs
import csv
import re
import shutil
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from cx_billing.formats.common import (
    CHUNK,
    LONGEST_LINE,
    MOST_COLUMNS,
    SEPARATORS,
    SPREADSHEET_ROWS,
    Rows,
    UnreadableError,
    Watch,
    lines_of,
    open_bytes,
    open_text,
)
from cx_billing.formats.completeness import Said
from cx_billing.formats.makers import remedy_of_header
from cx_billing.formats.names import fields, locate, match, refuse_columns
from cx_billing.formats.periods import ABOVE, find_period, is_about_time
from cx_billing.formats.second_headers import SecondHeaders, folded
from cx_billing.formats.staged import Stage, read_csv
from cx_billing.lake import Dataset

LONGEST_RECORD = 1 << 22  # characters; a quote that stays open for longer is taken as stray
LONGEST_TITLE = 10_000  # characters of a line above a header
FEWEST_COLUMNS = 3  # of a header that is told from a title by one name

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


@dataclass(frozen=True)
class _Header:
    names: list[str]
    text: str
    separator: str
    is_first_line: bool


@dataclass
class _Scan:
    """What a CSV file holds, judged without splitting it into fields."""

    records: int = 0
    separators: set[int] = field(default_factory=set)  # per record
    newlines: dict[str, int] = field(default_factory=lambda: {"\r\n": 0, "\r": 0, "\n": 0})
    is_clean: bool = True  # UTF-8, quotes closed and not next to a blank

    @property
    def newline(self) -> str:
        return max(self.newlines, key=self.newlines.__getitem__)

    def is_regular(self, width: int) -> bool:
        kinds = sum(count > 0 for count in self.newlines.values())
        return self.is_clean and kinds <= 1 and self.separators <= {width - 1}


def rows(path: Path, dataset: Dataset, staged: Path, watch: Watch) -> Iterator[Rows]:
    """The file as it lies if it is regular, then a well-formed copy of it."""
    above = _lines_above_header(path, dataset)
    period = find_period(above)
    if above:
        path = _without(path, "".join(above), staged.with_suffix(".untitled"))
    for found in _rows(path, dataset, staged, watch):
        yield replace(found, said=Said(period=period)) if period else found


def _lines_above_header(path: Path, dataset: Dataset) -> list[str]:
    """The lines above the first that has all required columns; none if that is the first line.

    They are titles, of one field each, or name a period, whether it can be read or not. Others are
    refused, and so is a file with a header of another export above, or with none: what is above a
    header would be lost.
    """
    above: list[str] = []
    closest: tuple[int, list[str], int] = (0, [], 1)
    with open_text(path, "surrogateescape") as stream:
        while len(above) <= ABOVE and (line := stream.readline(LONGEST_TITLE)):
            separator = max(SEPARATORS, key=line.count)
            names = next(csv.reader([line], delimiter=separator), [])
            try:
                known = set(locate(names, dataset))
            except UnreadableError:
                return []
            if dataset.required <= known:
                if find_period(above) or all(_is_title(title, separator) for title in above):
                    return above
                raise UnreadableError(
                    f"lacks required columns in its first line; the header stands in line "
                    f"{len(above) + 1}. Delete the lines above it: they are more than a title"
                )
            if remedy_of_header(names):
                return []
            if len(known) > closest[0]:
                closest = (len(known), names, len(above) + 1)
            if known and len(names) >= FEWEST_COLUMNS:
                break
            above.append(line)
    if closest[2] > 1:
        match(closest[1], dataset, closest[2])
    return []


def _is_title(line: str, separator: str) -> bool:
    fields = next(csv.reader([line], delimiter=separator), [])
    return sum(bool(field.strip()) for field in fields) <= 1 or is_about_time(fields)


def _without(path: Path, start: str, copy: Path) -> Path:
    """A copy of a file without the text it starts with."""
    with open_bytes(path) as stream, copy.open("wb") as rest:
        mark = len(codecs.BOM_UTF8) * (stream.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8)
        stream.seek(mark + len(start.encode("utf-8", "surrogateescape")))
        shutil.copyfileobj(stream, rest, CHUNK)
    return copy


def _rows(path: Path, dataset: Dataset, staged: Path, watch: Watch) -> Iterator[Rows]:
    header = _read_header(path)
    columns, extra = fields(header.names, match(header.names, dataset), dataset)
    places = [f"c{position}" for position in range(len(header.names))]
    headers = SecondHeaders(header.names, dataset)

    scan = _scan(path, header, headers, watch)
    if header.is_first_line and scan.is_regular(len(places)):
        relation = read_csv(path, places, header.separator, scan.newline, skip=1)
        count = scan.records - 1
        yield Rows(relation, columns, count, extra=extra, is_full=count in SPREADSHEET_ROWS)

    with (
        Stage(staged, places) as stage,
        open_text(path, "surrogateescape", "splitting", watch) as stream,
    ):
        found = records(lines_of(stream), header.separator, len(places))
        next(text for _, _, text in found if text.strip())  # the header
        for values, problem, text in found:
            if headers.is_possible(text):
                # an open quote can have swallowed a header of another kind
                for line in text.splitlines() if problem else [text]:
                    if headers.problem_of_text(line, header.separator, stage.count + 1):
                        values, problem = None, "repeated_header"
            stage.add(values, text, problem)
    yield replace(stage.rows(columns, extra), is_full=stage.count in SPREADSHEET_ROWS)


def _read_header(path: Path) -> _Header:
    with open_text(path, "surrogateescape") as stream:
        lines = lines_of(stream)
        first = next(lines, "")
        line = first if first.strip() else next((line for line in lines if line.strip()), "")
        while line.count('"') % 2 and len(line) < LONGEST_RECORD and (more := next(lines, "")):
            line += more
    outside = re.sub(r'"[^"]*"', "", line)
    separator = max(SEPARATORS, key=outside.count)
    if (columns := outside.count(separator) + 1) > MOST_COLUMNS:
        refuse_columns(columns)
    names, problem, text = next(records(iter([line]), separator, None), (None, None, ""))
    if names is None:
        raise UnreadableError(
            "has a header that cannot be read (malformed quotes)" if problem else "holds no header"
        )
    if "\0" in text:
        raise UnreadableError(
            "has a header with NUL bytes: it is UTF-16, or no text at all; save it as UTF-8"
        )
    try:
        "".join(names).encode()
    except UnicodeEncodeError as error:
        raise UnreadableError("has a header that is not UTF-8; save the file as UTF-8") from error
    return _Header(names, text, separator, is_first_line=text == first.rstrip("\r\n"))


def _scan(path: Path, header: _Header, headers: SecondHeaders, watch: Watch) -> _Scan:
    """Count records, and the separators in each, by cutting away what stands in quotes."""
    scan, decoder = _Scan(), codecs.getincrementaldecoder("utf-8")()
    in_quotes, last, rest = False, b"", b""
    mark = header.separator.encode()
    overlap = max(map(len, headers.marks)) - 1
    signs_left = sum(map(folded(header.text.encode()).count, headers.marks))
    with open_bytes(path, "checking", watch) as stream:
        while chunk := stream.read(CHUNK):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                return _Scan(is_clean=False)
            letters = last + folded(chunk)
            signs_left -= sum(map(letters.count, headers.marks))
            if signs_left < 0:
                return _Scan(is_clean=False)
            last = letters[-overlap:]
            parts = chunk.split(b'"')
            outside = b'"'.join(parts[in_quotes::2])  # a quote stands for all that was quoted
            was_in_quotes, in_quotes = in_quotes, in_quotes ^ (len(parts) % 2 == 0)
            text = rest + b'"' * was_in_quotes + outside + b'"' * in_quotes
            if b' "' in text or b'" ' in text:
                return _Scan(is_clean=False)
            cut = max(text.rfind(b"\n"), text.rfind(b"\r", 0, -1)) + 1
            _count(scan, text[:cut], mark)
            rest = text[cut:]
            if len(rest) > LONGEST_LINE:
                raise UnreadableError(
                    f"has a line of more than {LONGEST_LINE:,} bytes, which no row is; export it "
                    "again as CSV"
                )
    _count(scan, rest, mark)
    scan.is_clean = not (in_quotes or decoder.getstate()[0])
    return scan


def _count(scan: _Scan, text: bytes, mark: bytes) -> None:
    lines = [line for line in text.splitlines() if line]
    scan.records += len(lines)
    scan.separators.update({line.count(mark) for line in lines})
    pairs = text.count(b"\r\n")
    scan.newlines["\r\n"] += pairs
    scan.newlines["\r"] += text.count(b"\r") - pairs
    scan.newlines["\n"] += text.count(b"\n") - pairs


class _Lines:
    """Lines of a stream that can be given back, for a record that turns out to be malformed."""

    def __init__(self, stream: Iterator[str]):
        self._stream = stream
        self._returned: deque[str] = deque()
        self._size = 0
        self.record: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._size > LONGEST_RECORD:
            raise StopIteration
        line = self._returned.popleft() if self._returned else next(self._stream)
        self.record.append(line)
        self._size += len(line)
        return line

    def start_record(self) -> None:
        self.record, self._size = [], 0

    def keep_first(self) -> None:
        self._returned.extendleft(reversed(self.record[1:]))
        del self.record[1:]


def records(
    stream: Iterator[str], separator: str, width: int | None
) -> Iterator[tuple[list[str] | None, str | None, str]]:
    """Yield (fields, problem, text) of every record that is not blank, the header included.

    `width` None takes the first record as it is. A stray quote must not swallow the good rows
    after it: if one of the following lines is well-formed on its own, only the first is bad.
    """
    lines = _Lines(stream)
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        lines.start_record()
        values, problem = None, None
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error:
            problem = "malformed_quotes"
        if values is not None:
            if len(values) <= 1 and not "".join(lines.record).strip():
                continue
            width = width or len(values)
            if not _fits(values, width):
                values, problem = None, "wrong_column_count"
            else:
                del values[width:]
        rest = lines.record[1:]
        if problem and width and any(_stands_alone(line, separator, width) for line in rest):
            lines.keep_first()
            problem = "malformed_quotes"
        yield values, problem, "".join(lines.record).rstrip("\r\n")


def _fits(values: list[str], width: int) -> bool:
    """Whether there is a value for each column; empty ones behind them do not count."""
    return len(values) >= width and not any(values[width:])


def _stands_alone(line: str, separator: str, width: int) -> bool:
    try:
        return _fits(next(csv.reader([line], delimiter=separator, strict=True)), width)
    except csv.Error:
        return False
