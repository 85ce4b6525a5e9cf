"""Lands files, and tells what landing did that it must not do."""

from __future__ import annotations

import json
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from cx_billing import lake, landing
from fuzz import reader
from fuzz.cases import Bad, Case
from fuzz.files import draw_case

MOST_SECONDS = 60  # for one file, on a machine that is busy with something else
REASONS = {
    "wrong_column_count", "repeated_header", "malformed_quotes", "invalid_encoding",
    "duplicate_column", "not_an_object",
}  # fmt: skip


@dataclass
class Outcome:
    """What became of some files; `complaints` are what must not have."""

    files: int = 0
    landed: int = 0
    refused: int = 0
    rows: int = 0
    rejected: int = 0
    slowest: float = 0.0
    complaints: list[str] = field(default_factory=list)

    def __iadd__(self, other: Outcome) -> Outcome:
        for name in ("files", "landed", "refused", "rows", "rejected"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.slowest = max(self.slowest, other.slowest)
        self.complaints += other.complaints
        return self


class HangError(BaseException):
    """A file took too long; no handler of errors may catch it."""


def drawn(seed: int, numbers: Sequence[int]) -> dict[str, Case]:
    """Cases by organization: a file's number and the seed alone decide what it is."""
    return {f"f{number}": draw_case(random.Random(f"{seed}/{number}")) for number in numbers}


def judge(cases: dict[str, Case], folder: Path) -> Outcome:
    """Land every case as the file of an organization of its own, and look what came of it."""
    inbox, home = folder / "inbox", folder / "home"
    for org, case in cases.items():
        path = inbox / org / case.dataset / case.name
        path.parent.mkdir(parents=True)
        path.write_bytes(case.content)
    clock = _Clock()
    try:
        with clock:
            report = landing.land(inbox, home, clock.tick)
    except (Exception, HangError) as error:
        complaint = f"{clock.at_work}: {type(error).__name__}: {error}"
        return Outcome(len(cases), complaints=[told(cases, clock.org, complaint)])
    found = _lake(home)
    refused: dict[str, list[str]] = {}
    for refusal in report.refused:
        refused.setdefault(refusal.source_file.split("/")[0], []).append(refusal.message)
    counts: Counter = Counter()
    for landed in report.landed:
        counts[landed.org_id] += landed.rows
    reported = {landed.org_id for landed in report.landed}
    outcome = Outcome(len(cases), len(reported), len(refused), sum(counts.values()))
    outcome.slowest = clock.slowest
    for org, case in cases.items():
        rows = found.get(org, [])
        outcome.rejected += sum(isinstance(row, Bad) for row in rows)
        messages = refused.get(org, [])
        try:
            _hold(case, rows, counts[org], messages, org in reported)
        except AssertionError as error:
            outcome.complaints.append(told(cases, org, str(error)))
    return outcome


def told(cases: dict[str, Case], org: str, complaint: str) -> str:
    case = cases.get(org)
    if case is None:
        return complaint
    return (
        f"{org} {case.dataset}/{case.name} ({case.recipe}): {complaint}\n  {case.content[:600]!r}"
    )


class _Clock:
    """Measures each file, and stops one that takes too long."""

    def __init__(self):
        self.slowest, self.org, self.at_work = 0.0, "", ""
        self._since = time.monotonic()

    def __enter__(self):
        self._before = signal.signal(signal.SIGALRM, self._stop)
        return self

    def __exit__(self, *_):
        signal.alarm(0)
        signal.signal(signal.SIGALRM, self._before)

    def tick(self, at: landing.Progress) -> None:
        if at.step is not None:
            return
        now = time.monotonic()
        if self.at_work:
            self.slowest = max(self.slowest, now - self._since)
        self._since = now
        self.at_work = at.source_file or ""
        self.org = self.at_work.split("/")[0]
        signal.alarm(MOST_SECONDS)

    def _stop(self, *_):
        raise HangError(f"took more than {MOST_SECONDS} seconds")


def _lake(home: Path) -> dict[str, list[dict[str, str] | Bad]]:
    """The rows of every organization, in order; of good ones what is not empty."""
    found: dict[str, list[dict[str, str] | Bad]] = {}
    with duckdb.connect() as connection:
        for dataset in lake.datasets().values():
            cursor = connection.execute(
                "select * from read_parquet(?, union_by_name = true) "
                "order by landed_at, source_row",
                [str(home / "lake" / dataset.name / "*.parquet")],
            )
            names = [column[0] for column in cursor.description]
            last: dict[str, int] = {}
            for values in cursor.fetchall():
                row = dict(zip(names, values, strict=True))
                last[row["file_id"]] = last.get(row["file_id"], 0) + 1
                assert row["source_row"] == last[row["file_id"]], "rows are not numbered"
                found.setdefault(row["org_id"], []).append(_row(row, dataset))
    return found


def _row(row: dict[str, object], dataset: lake.Dataset) -> dict[str, str] | Bad:
    known = {column: row[column] for column in dataset.columns if row[column] is not None}
    if row["parse_error"] is not None:
        assert not known and row["extra_columns"] is None, f"a rejected row with values: {row}"
        assert row["raw_text"] is not None, f"a rejected row without its text: {row}"
        return Bad(row["parse_error"], row["raw_text"])
    assert row["raw_text"] is None, f"a good row with a text: {row}"
    extra = json.loads(
        row["extra_columns"] or "{}",
        parse_int=reader.Token, parse_float=reader.Token, parse_constant=reader.Token,
    )  # fmt: skip
    for name, value in extra.items():
        if (text := reader.json_text(value)) is not None:
            known[f"+{name}" if name in dataset.columns else name] = text
    return known


def _hold(
    case: Case, rows: list[dict[str, str] | Bad], count: int, messages: list[str], has_landed: bool
) -> None:
    """Raise AssertionError at the first claim that does not hold."""
    assert has_landed or messages, "neither landed nor refused"
    assert len(rows) == count, f"{count} rows were reported, {len(rows)} are there"
    for message in messages:
        assert case.name in message and case.dataset in message, f"says nothing: {message}"
    for row in rows:
        assert isinstance(row, dict) or row.reason in REASONS, f"unknown reason {row}"
    if case.refused is not None:
        assert bool(messages) == case.refused, f"refused or not: {messages or rows}"
    if has_landed and not messages:
        if case.rows is not None:
            if case.name == "f.pdf":
                columns = lake.datasets()[case.dataset].columns
                rows = [{name: row[name] for name in columns if name in row} for row in rows]
            _same(case.rows, rows)
        elif case.name == "f.csv" and case.separator:
            _plain_csv(case, rows)
        elif case.recipe.startswith("spoiled_json"):
            _plain_json(case, rows)
        if case.name == "f.csv" and case.separator:
            _letters(case, rows)


def _same(expected: list[dict[str, str] | Bad], found: list[dict[str, str] | Bad]) -> None:
    assert len(expected) == len(found), f"{len(expected)} rows expected, found {len(found)}"
    for number, (wanted, row) in enumerate(zip(expected, found, strict=True), start=1):
        if isinstance(wanted, Bad) and isinstance(row, Bad) and wanted.text is None:
            wanted = Bad(wanted.reason, row.text)
        assert wanted == row, f"row {number}: expected {wanted}, found {row}"


def _letters(case: Case, rows: list[dict[str, str] | Bad]) -> None:
    text = case.content.decode("utf-8", "backslashreplace").removeprefix("\ufeff").lstrip()
    try:
        header = next(reader.csv.reader(reader.io.StringIO(text, newline=""),
                                        delimiter=case.separator, strict=True), [])  # fmt: skip
    except reader.csv.Error:
        return
    delivered = reader.letters(text) - reader.letters("".join(header))
    landed: Counter = Counter()
    for row in rows:
        for value in [row.text] if isinstance(row, Bad) else row.values():
            landed += reader.letters(value)
    assert delivered == landed, f"lost {delivered - landed}, made up {landed - delivered}"


def _plain_csv(case: Case, rows: list[dict[str, str] | Bad]) -> None:
    try:
        text = case.content.decode().removeprefix("\ufeff")
        text = re.sub(r"\A(\s*[\r\n])*", "", text)
        header = re.split(r"[\r\n]", text)[0]
        separator = max(reader.SEPARATORS, key=header.count)
        if '"' in header:
            return
        width = header.count(separator) + 1
        expected = reader.csv_rows(text, width, separator)
    except (reader.NotPlainError, UnicodeDecodeError):
        return
    assert len(expected) == len(rows), f"{len(expected)} plain rows, found {len(rows)}"
    for number, (wanted, row) in enumerate(zip(expected, rows, strict=True), start=1):
        if isinstance(row, Bad):
            assert row.reason == "repeated_header", f"row {number}: {row}, but it is plain"
            continue
        wanted_values = Counter(filter(None, wanted))
        assert wanted_values == Counter(row.values()), f"row {number}: {wanted}, found {row}"


def _plain_json(case: Case, rows: list[dict[str, str] | Bad]) -> None:
    try:
        expected = reader.json_rows(case.content.decode())
    except (ValueError, RecursionError) as error:
        raise AssertionError(f"landed, but is no JSON: {error}") from error
    assert len(expected) == len(rows), f"{len(expected)} plain rows, found {len(rows)}"
    for number, (wanted, row) in enumerate(zip(expected, rows, strict=True), start=1):
        if isinstance(row, Bad) or not isinstance(wanted, dict):
            assert isinstance(row, Bad), f"row {number}: {wanted}, found {row}"
            continue
        texts = Counter(filter(None, map(reader.json_text, wanted.values())))
        assert texts == Counter(row.values()), f"row {number}: {wanted}, found {row}"
