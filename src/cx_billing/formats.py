"""Reads one delivered file of any accepted format into rows that DuckDB can copy to the lake.

Nothing is interpreted: every value stays the text it was, an empty one becomes null. A record
that cannot be split into its columns becomes a row with a `parse_error` and its `raw_text`:

==================== ======================================================================
`wrong_column_count` more or fewer fields than the header (empty ones at the end do not count)
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

import codecs
import csv
import difflib
import gzip
import io
import json
import re
import sys
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from cx_billing.lake import Dataset

TEXT_FORMATS = {".csv": "csv", ".json": "json", ".ndjson": "json", ".jsonl": "json"}
ACCEPTED = ".csv, .json, .ndjson, .jsonl (each also with .gz) and .parquet"
SEPARATORS = ",;\t"
CHUNK = 1 << 22
LONGEST_RECORD = 1 << 22  # characters; a quote that stays open for longer is taken as stray
FOREIGN_STARTS = {  # what a file that is not text begins with, and what to do about it
    b"\x1f\x8b": "is compressed with gzip; add .gz to its name",
    b"PK\x03\x04": "is a zip archive or a spreadsheet; export it as CSV",
    b"\xff\xfe": "is UTF-16; save it as UTF-8",
    b"\xfe\xff": "is UTF-16; save it as UTF-8",
    b"PAR1": "is Parquet; name it .parquet",
}

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


class UnreadableError(Exception):
    """The file is refused as a whole; the message says what is wrong with it and what to do."""


@dataclass(frozen=True)
class Rows:
    """Rows ready to be copied.

    `relation` is what SQL reads from, `columns` maps lake columns to expressions over it,
    `source_row` numbers the rows from 1, `count` is how many rows there must be,
    `parse_errors` how many of them carry one, and `extra` the names kept in `extra_columns`.
    """

    relation: str
    columns: dict[str, str]
    count: int
    parse_errors: int = 0
    extra: tuple[str, ...] = ()
    source_row: str = "row_number() over ()"


def read(
    path: Path, dataset: Dataset, scratch: Path, connection: duckdb.DuckDBPyConnection
) -> Iterator[Rows]:
    """Yield the ways to read `path`, the cheapest first.

    The next is wanted only if a copy of the one before failed or did not write `count` rows.
    Staged copies are written to `scratch`. Raises UnreadableError if the file must be refused,
    OSError if it cannot be opened.
    """
    kind = format_of(path)
    if path.stat().st_size == 0:
        raise UnreadableError("is empty (0 bytes); export it again")
    if kind == "parquet":
        yield _parquet_rows(path, dataset, connection)
        return
    try:
        with _open(path) as stream:
            start = stream.read(4)
        for magic, advice in FOREIGN_STARTS.items():
            if start.startswith(magic):
                raise UnreadableError(advice)
        if kind == "csv":
            yield from _csv_rows(path, dataset, scratch / "staged.csv")
        else:
            yield _json_rows(path, dataset, scratch / "staged.csv")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableError(f"is a damaged or cut off gzip file ({error}); fetch it again") from (
            error
        )


def format_of(path: Path) -> str:
    """`csv`, `json` or `parquet` by the extension; UnreadableError for any other."""
    name = path.name.lower()
    if name.endswith(".parquet"):
        return "parquet"
    suffix = Path(name.removesuffix(".gz")).suffix
    if suffix not in TEXT_FORMATS:
        raise UnreadableError(f"is of no accepted format; accepted are {ACCEPTED}")
    return TEXT_FORMATS[suffix]


def literal(text: str | None) -> str:
    """An SQL string literal."""
    return "null" if text is None else "'" + text.replace("'", "''") + "'"


def glob_literal(path: Path) -> str:
    """An SQL literal of a path in which `*`, `?` and `[` stand for themselves."""
    return literal(re.sub(r"([*?\[])", r"[\1]", str(path)))


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _open(path: Path) -> io.BufferedIOBase:
    return gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb")


def _text(path: Path, errors: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(_open(path), encoding="utf-8-sig", errors=errors, newline="")


# Names


def normalize(name: str) -> str:
    """A header without case, blanks and punctuation: `Duration (Seconds)` = `duration_seconds`."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _match(names: Sequence[str], dataset: Dataset) -> dict[str, int]:
    """Position of every declared column in `names`; refuses doubles and missing required ones."""
    declared = {normalize(column): column for column in dataset.columns}
    positions: dict[str, int] = {}
    for position, name in enumerate(names):
        column = declared.get(normalize(name))
        if column in positions:
            first = names[positions[column]]
            raise UnreadableError(
                f"has two columns for {column}: '{first}' and '{name}'; remove or rename one"
            )
        if column:
            positions[column] = position
    missing = [
        column
        for column in dataset.columns
        if column in dataset.required and column not in positions
    ]
    if missing:
        unknown = {normalize(name): name for name in names if normalize(name) not in declared}
        hints = [
            f"Did you mean '{unknown[close[0]]}' for {column}?"
            for column in missing
            if (close := difflib.get_close_matches(normalize(column), unknown, n=1))
        ]
        found = ", ".join(names) or "none"
        raise UnreadableError(
            " ".join([f"lacks required columns: {', '.join(missing)}; found: {found}.", *hints])
        )
    return positions


def _unique(names: Iterable[str]) -> list[str]:
    """Names for JSON keys: the nameless are numbered, the repeated get a number too."""
    unique: list[str] = []
    for position, name in enumerate(names, start=1):
        base = name.replace("\0", "") or f"column_{position}"
        candidate, copy = base, 1
        while candidate in unique:
            copy += 1
            candidate = f"{base}_{copy}"
        unique.append(candidate)
    return unique


def _json_object(expressions: dict[str, str]) -> str:
    """SQL of the JSON object of all extra columns, null if none has a value."""
    if not expressions:
        return "null"
    pairs = ", ".join(f"{literal(name)}, {sql}" for name, sql in expressions.items())
    is_any = " or ".join(f"{sql} is not null" for sql in expressions.values())
    return f"case when {is_any} then json_object({pairs})::varchar end"


# CSV


@dataclass(frozen=True)
class _Header:
    names: list[str]
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
        return max(self.newlines, key=self.newlines.get)

    def is_regular(self, width: int) -> bool:
        kinds = sum(count > 0 for count in self.newlines.values())
        return self.is_clean and kinds <= 1 and self.separators <= {width - 1}


def _csv_rows(path: Path, dataset: Dataset, staged: Path) -> Iterator[Rows]:
    header = _read_header(path)
    positions = _match(header.names, dataset)
    columns = {column: f"c{position}" for column, position in positions.items()}
    unknown = [
        position for position in range(len(header.names)) if f"c{position}" not in columns.values()
    ]
    names = _unique(header.names[position] for position in unknown)
    extra = {name: f"c{position}" for name, position in zip(names, unknown, strict=True)}
    columns["extra_columns"] = _json_object(extra)
    fields = [f"c{position}" for position in range(len(header.names))]

    scan = _scan(path, header.separator)
    if header.is_first_line and scan.is_regular(len(fields)):
        relation = _read_csv(path, fields, header.separator, scan.newline, skip=1)
        yield Rows(relation, columns, scan.records - 1, extra=tuple(extra))

    with _Stage(staged, fields) as stage, _text(path, "surrogateescape") as stream:
        records = _records(stream, header.separator, len(fields))
        next(records)
        for values, problem, text in records:
            stage.add(values, text, problem)
    yield stage.rows(columns, tuple(extra))


def _read_header(path: Path) -> _Header:
    with _text(path, "surrogateescape") as stream:
        first = next(stream, "")
        line = first if first.strip() else next((line for line in stream if line.strip()), "")
        while line.count('"') % 2 and len(line) < LONGEST_RECORD and (more := next(stream, "")):
            line += more
    outside = re.sub(r'"[^"]*"', "", line)
    separator = max(SEPARATORS, key=outside.count)
    names, problem, text = next(_records(iter([line]), separator, None), (None, None, ""))
    if names is None:
        raise UnreadableError(
            "has a header that cannot be read (malformed quotes)" if problem else "holds no header"
        )
    try:
        "".join(names).encode()
    except UnicodeEncodeError as error:
        raise UnreadableError("has a header that is not UTF-8; save the file as UTF-8") from error
    return _Header(names, separator, is_first_line=text == first.rstrip("\r\n"))


def _scan(path: Path, separator: str) -> _Scan:
    """Count records, and the separators in each, by cutting away what stands in quotes."""
    scan, decoder = _Scan(), codecs.getincrementaldecoder("utf-8")()
    in_quotes, last, rest = False, b"", b""
    mark = separator.encode()
    with _open(path) as stream:
        while chunk := stream.read(CHUNK):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                return _Scan(is_clean=False)
            seam = last + chunk
            if b' "' in seam or b'" ' in seam:
                return _Scan(is_clean=False)
            last = chunk[-1:]
            parts = chunk.split(b'"')
            outside = b"q".join(parts[in_quotes::2])
            was_in_quotes, in_quotes = in_quotes, in_quotes ^ (len(parts) % 2 == 0)
            text = rest + b"q" * was_in_quotes + outside + b"q" * in_quotes
            cut = max(text.rfind(b"\n"), text.rfind(b"\r", 0, -1)) + 1
            _count(scan, text[:cut], mark)
            rest = text[cut:]
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


def _read_csv(
    path: Path,
    fields: Sequence[str],
    separator: str,
    newline: str,
    skip: int = 0,
    longest: int = 0,
) -> str:
    """`read_csv` with nothing left to guess and nothing ignored."""
    columns = ", ".join(f"{name}: 'VARCHAR'" for name in fields)
    # named, so that a lone \r in quotes is not taken for it; \r\n must be left to be found
    new_line = "" if newline == "\r\n" else f", new_line = {newline!r}"
    compression = "gzip" if path.name.lower().endswith(".gz") else "none"
    return (
        f"read_csv({glob_literal(path)}, columns = {{{columns}}}, auto_detect = false, "
        f"header = false, skip = {skip}, delim = {literal(separator)}, quote = '\"', "
        f"escape = '\"', comment = '', nullstr = '', strict_mode = true, null_padding = false, "
        f"ignore_errors = false, hive_partitioning = false, compression = '{compression}', "
        f"max_line_size = {max(2_097_152, longest)}{new_line})"
    )


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


def _records(
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
            if len(values) != width and (len(values) < width or any(values[width:])):
                values, problem = None, "wrong_column_count"
            else:
                del values[width:]
        if problem and any(_stands_alone(line, separator, width) for line in lines.record[1:]):
            lines.keep_first()
            problem = "malformed_quotes"
        yield values, problem, "".join(lines.record).rstrip("\r\n")


def _stands_alone(line: str, separator: str, width: int | None) -> bool:
    try:
        return len(next(csv.reader([line], delimiter=separator, strict=True))) == width
    except csv.Error:
        return False


class _Stage:
    """A well-formed CSV copy: the given fields, then `parse_error` and `raw_text`."""

    def __init__(self, path: Path, fields: Sequence[str]):
        self._path = path
        self._fields = fields
        self._longest = 0
        self.count = 0
        self.parse_errors = 0

    def __enter__(self) -> _Stage:
        self._file = self._path.open("wb")
        self._writer = csv.writer(self, quoting=csv.QUOTE_ALL, lineterminator="\n")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, line: str) -> None:
        """Take one finished line from the CSV writer; raises UnicodeEncodeError before writing."""
        encoded = line.encode()
        self._longest = max(self._longest, len(encoded))
        self._file.write(encoded)

    def add(
        self,
        values: Sequence[str | None] | None,
        text: str | Callable[[], str],
        problem: str | None = None,
    ) -> None:
        """Add one row, or the text of a record that has a problem or cannot be encoded."""
        if problem is None:
            try:
                self._writer.writerow([*values, None, None])
                self.count += 1
                return
            except UnicodeEncodeError:
                problem = "invalid_encoding"
        raw = (text() if callable(text) else text).encode("utf-8", "surrogateescape")
        try:
            raw_text = raw.decode()
        except UnicodeDecodeError:
            problem, raw_text = "invalid_encoding", raw.decode("utf-8", "backslashreplace")
        self._writer.writerow([*[None] * len(self._fields), problem, raw_text])
        self.count += 1
        self.parse_errors += 1

    def rows(self, columns: dict[str, str], extra: tuple[str, ...]) -> Rows:
        """The finished copy as rows."""
        fields = [*self._fields, "parse_error", "raw_text"]
        relation = _read_csv(self._path, fields, ",", "\n", longest=self._longest + 1)
        columns = columns | {"parse_error": "parse_error", "raw_text": "raw_text"}
        return Rows(relation, columns, self.count, self.parse_errors, extra)


# JSON


class _Number(str):
    """A number as it was written."""

    __slots__ = ()


def _json_rows(path: Path, dataset: Dataset, staged: Path) -> Rows:
    declared = {normalize(column): column for column in dataset.columns}
    fields = [*dataset.columns, "extra_columns"]
    names: dict[str, None] = {}  # keys of flat objects, in order of appearance
    has_pages = False
    with _Stage(staged, fields) as stage, _text(path, "strict") as stream:
        for value in _values(stream):
            objects = _page(value, dataset.name, path)
            has_pages |= objects is not None
            for row in [value] if objects is None else objects:
                if not isinstance(row, dict):
                    stage.add(None, json.dumps(row), "not_an_object")
                    continue
                if objects is None:
                    names.update(dict.fromkeys(row))
                known = {column: key for key in row if (column := declared.get(normalize(key)))}
                unknown = {key: row[key] for key in row if normalize(key) not in declared}
                is_double = len(known) + len(unknown) < len(row)
                extra = {key: None if item == "" else item for key, item in unknown.items()}
                values = [_value(row.get(known.get(column))) for column in dataset.columns]
                is_extra = any(item is not None for item in extra.values())
                values.append(_dumps(extra) if is_extra else None)
                problem = "duplicate_column" if is_double else None
                stage.add(values, lambda row=row: json.dumps(row), problem)
    if names or (stage.count and not has_pages):
        _match(list({normalize(name): name for name in names}.values()), dataset)
    extra = tuple(name for name in names if normalize(name) not in declared)
    return stage.rows({name: name for name in fields}, extra)


def _value(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return _dumps(value)


def _dumps(value: object) -> str:
    """JSON text in which numbers stand as they were written."""
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_dumps(key)}:{_dumps(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_dumps, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        double = next(key for key in keys if keys.count(key) > 1)
        raise UnreadableError(f"has an object with the key '{double}' twice; remove one")
    return found


def _values(stream: io.TextIOWrapper) -> Iterator[object]:
    """Yield every element of every array, and every other value, of concatenated documents.

    Only as much as holds one element is in memory.
    """
    decode = json.JSONDecoder(
        parse_int=_Number, parse_float=_Number, parse_constant=str, object_pairs_hook=_distinct
    ).raw_decode
    blank = re.compile(r"[ \t\r\n]*")
    text, position, line = "", 0, 1
    in_array, found, expected = False, False, {"value"}

    def more(at_least: int = CHUNK) -> bool:
        nonlocal text, position, line
        try:
            chunk = stream.read(at_least)
        except UnicodeDecodeError as error:
            raise UnreadableError(f"is not UTF-8 ({error.reason}); save it as UTF-8") from error
        line += text.count("\n", 0, position)
        text, position = text[position:] + chunk, 0
        return bool(chunk)

    while True:
        position = blank.match(text, position).end()
        if position == len(text):
            if more():
                continue
            break
        letter = text[position]
        if not in_array and letter == "[":
            in_array, found, expected = True, True, {"value", "end"}
        elif "end" in expected and letter == "]":
            in_array, expected = False, {"value"}
        elif "comma" in expected and letter == ",":
            expected = {"value"}
        else:
            try:
                if "value" not in expected:
                    raise ValueError("a comma or the end of the array is missing")
                value, end = decode(text, position)
                if end == len(text):  # a number may go on
                    if more():
                        continue
                    end = len(text)
            except ValueError as error:
                if "value" in expected and more(max(CHUNK, 3 * len(text))):
                    continue
                where = line + text.count("\n", 0, position)
                what = getattr(error, "msg", str(error))
                raise UnreadableError(
                    f"is not valid JSON: {what}, in the value that begins on line {where}; "
                    "fetch it again"
                ) from error
            except RecursionError as error:
                raise UnreadableError("is nested too deeply to be read as JSON") from error
            position, found = end, True
            expected = {"comma", "end"} if in_array else {"value"}
            yield value
            continue
        position += 1
    if in_array:
        raise UnreadableError("is not valid JSON: the array is not closed; fetch it again")
    if not found:
        raise UnreadableError("holds no JSON value; export it again")


# JSON of the platform API


def _page(value: object, dataset: str, path: Path) -> list[object] | None:
    """The rows of an API answer, or None if `value` is a row itself.

    A page is taken apart by `_PAGES`; `entities` and arrays are pages of any dataset. A page
    without hits (`{}`, or only `totalHits`) holds no rows.
    """
    key, is_item, rows_of = _PAGES.get(dataset, ("entities", lambda item: False, None))
    if isinstance(value, list):
        items = value
    elif not isinstance(value, dict):
        return None
    elif isinstance(value.get(key), list):
        items = value[key]
    elif isinstance(value.get("entities"), list):
        items = value["entities"]
    elif is_item(value):
        return rows_of(value, dataset, path)
    elif not value or "totalHits" in value:
        return []
    else:
        return None
    rows: list[object] = []
    for item in items:
        parts = _page(item, dataset, path)
        rows.extend([item] if parts is None else parts)
    return rows


_USER_LISTS = {"user_presence": "primaryPresence", "routing_status": "routingStatus"}


def _is_user(item: dict) -> bool:
    return "userId" in item and any(isinstance(item.get(k), list) for k in _USER_LISTS.values())


def _user_rows(user: dict, dataset: str, path: Path) -> list[object]:
    """Users details: the presences or the routing statuses of one user."""
    records = _objects(user, _USER_LISTS[dataset])
    return [{"userId": user["userId"], **record} for record in records]


def _is_conversation(item: dict) -> bool:
    return "conversationId" in item and isinstance(item.get("participants"), list)


def _conversation_rows(conversation: dict, dataset: str, path: Path) -> list[object]:
    """Conversations details: the message sessions of the customer."""
    return [
        _session_row(conversation, participant, session)
        for participant in _objects(conversation, "participants")
        if participant.get("purpose") in ("customer", "external")
        for session in _objects(participant, "sessions")
        if session.get("mediaType") == "message"
    ]


def _session_row(conversation: dict, participant: dict, session: dict) -> dict[str, object]:
    sender, receiver = session.get("addressFrom"), session.get("addressTo")
    is_inbound = session.get("direction") == "inbound"
    customer, integration = (sender, receiver) if is_inbound else (receiver, sender)
    segments = _objects(session, "segments")
    starts = [segment["segmentStart"] for segment in segments if segment.get("segmentStart")]
    ends = [segment["segmentEnd"] for segment in segments if segment.get("segmentEnd")]
    is_ended = segments and len(ends) == len(segments)
    return {
        "conversation_id": conversation["conversationId"],
        "customer_account": customer or participant.get("externalContactId"),
        "platform": session.get("messageType"),
        "integration_id": integration,
        "start_time": min(starts, key=_instant)
        if starts
        else conversation.get("conversationStart"),
        "end_time": max(ends, key=_instant) if is_ended else conversation.get("conversationEnd"),
        "session_id": session.get("sessionId"),
        "participant_id": participant.get("participantId"),
        "direction": session.get("direction"),
    }


def _instant(timestamp: str) -> str:
    """The API's UTC times compare as text, once the Z no longer stands above a fraction."""
    return str(timestamp).rstrip("Z")


def _is_license_user(item: dict) -> bool:
    return "id" in item and isinstance(item.get("licenses"), list)


def _license_rows(user: dict, dataset: str, path: Path) -> list[object]:
    """License users: one row per license, assigned from the day in the file's name."""
    day = _day(path.name)
    return [
        {"user_id": user["id"], "license": name, "assigned_from": day, "snapshot_date": day}
        for name in user["licenses"]
    ]


def _day(name: str) -> str:
    """The one day (YYYY-MM-DD or YYYYMMDD) a file name holds."""
    days = set()
    for match in re.finditer(r"(?<!\d)(\d{4})(-?)(\d\d)\2(\d\d)(?!\d)", name):
        try:
            days.add(date(int(match[1]), int(match[3]), int(match[4])).isoformat())
        except ValueError:
            continue
    if len(days) != 1:
        raise UnreadableError(
            "is a snapshot of licenses without a date of its own; put the day it was taken, and no "
            "other, into its name, like license_users_2026-01-31.json"
        )
    return days.pop()


def _objects(parent: dict, key: str) -> list[dict]:
    items = parent.get(key) or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise UnreadableError(f"is not of the API's shape: {key} is no list of objects")
    return items


_PAGES = {
    "user_presence": ("userDetails", _is_user, _user_rows),
    "routing_status": ("userDetails", _is_user, _user_rows),
    "message_interactions": ("conversations", _is_conversation, _conversation_rows),
    "license_assignments": ("entities", _is_license_user, _license_rows),
}


# Parquet


def _parquet_rows(path: Path, dataset: Dataset, connection: duckdb.DuckDBPyConnection) -> Rows:
    relation = (
        f"read_parquet({glob_literal(path)}, hive_partitioning = false, binary_as_string = true, "
        "file_row_number = true)"
    )
    try:
        described = connection.execute(f"describe select * from {relation}").fetchall()
        count = connection.execute(f"select count(*) from {relation}").fetchone()[0]
    except duckdb.Error as error:
        raise UnreadableError(f"is no readable Parquet file ({_first_line(error)})") from error
    kinds = {name: kind for name, kind, *_ in described if name != "file_row_number"}
    names = list(kinds)
    positions = _match(names, dataset)
    columns = {
        column: _as_text(names[position], kinds[names[position]])
        for column, position in positions.items()
    }
    unknown = [name for position, name in enumerate(names) if position not in positions.values()]
    extra = {name: _as_text(name, kinds[name], "json") for name in unknown}
    columns["extra_columns"] = _json_object(extra)
    return Rows(relation, columns, count, extra=tuple(unknown), source_row="file_row_number + 1")


def _as_text(name: str, kind: str, nested: str = "varchar") -> str:
    column = _identifier(name)
    if kind.startswith(("STRUCT", "MAP", "UNION")) or kind.endswith("]"):
        return f"to_json({column})::{nested}"
    if kind.startswith("TIMESTAMP"):
        return f"replace({column}::varchar, ' ', 'T')"
    return f"nullif({column}::varchar, '')"


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
