"""A well-formed CSV copy of rows that DuckDB cannot read as they lie."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

from cx_billing.formats.common import Rows, glob_literal, literal


def read_csv(
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


class Stage:
    """A well-formed CSV copy: the given fields, then `parse_error` and `raw_text`."""

    def __init__(self, path: Path, fields: Sequence[str]):
        self._path = path
        self._fields = fields
        self._longest = 0
        self.count = 0
        self.parse_errors = 0

    def __enter__(self) -> Stage:
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
                self._writer.writerow([*(values or ()), None, None])
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
        relation = read_csv(self._path, fields, ",", "\n", longest=self._longest + 1)
        columns = columns | {"parse_error": "parse_error", "raw_text": "raw_text"}
        return Rows(relation, columns, self.count, self.parse_errors, extra)
