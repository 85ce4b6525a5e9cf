"""The known answer: a small inbox shipped with the package, and what its bill has to be.

============================  ================================================================
`known_answer/inbox`          three organizations that together touch every rule area
`known_answer/AS_OF`          the day the bill is seen on
`known_answer/expected`       one CSV per mart: the columns that are compared, every row
============================  ================================================================

`run` builds the inbox in a temporary home with whatever is installed here, and holds every line
of every mart against its file, both ways. No home of the user is read or written.
"""

from __future__ import annotations

import csv
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import duckdb

from cx_billing import landing, warehouse
from cx_billing.failures import Failure

KNOWN_ANSWER = Path(__file__).resolve().parent / "known_answer"
PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb")


@dataclass(frozen=True)
class Difference:
    """A line that is expected and not built, or built and not expected (`line` is None).

    `line` is its number in the file, the header being line 1. `values` are the columns of the row
    as text; `built` those columns in which the built row that is most like it differs.
    """

    mart: str
    line: int | None
    values: dict[str, str | None]
    built: dict[str, str | None] | None = None


@dataclass(frozen=True)
class Comparison:
    """A mart compared with its file."""

    mart: str
    lines: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Result:
    """What a check found. `failures` tells why there is nothing to compare, if so."""

    comparisons: tuple[Comparison, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything was built and every line is as expected."""
        return not self.failures and not self.differences

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Every line that differs, mart by mart."""
        return tuple(found for mart in self.comparisons for found in mart.differences)


def run(
    on_event: Callable[[warehouse.Step], None] = lambda _step: None,
    known_answer: Path | None = None,
) -> Result:
    """Build the known answer in a temporary home, with all data tests, and compare it.

    Raises LandingError if the shipped inbox cannot be read; a build that fails raises nothing.
    """
    known_answer = known_answer or KNOWN_ANSWER
    as_of = date.fromisoformat((known_answer / "AS_OF").read_text().strip())
    with tempfile.TemporaryDirectory(prefix="cx-billing-check-") as folder:
        home = Path(folder) / "home"
        landing.land(known_answer / "inbox", home)
        built = warehouse.build(home, as_of, on_event=on_event)
        if not built.passed:
            return Result(failures=built.failures)
        with warehouse.connect(home) as connection:
            files = sorted((known_answer / "expected").glob("*.csv"))
            return Result(tuple(compare(connection, file) for file in files))


def read_versions() -> dict[str, str]:
    """The installed versions that an answer depends on."""
    return {package: version(package) for package in PACKAGES}


def compare(connection: duckdb.DuckDBPyConnection, file: Path) -> Comparison:
    """Hold the mart of a file against it: equal rows as often as expected, and no other row."""
    mart = file.stem
    with file.open(encoding="utf-8", newline="") as lines:
        header, *rows = csv.reader(lines)
    names = ", ".join(f'"{name}"' for name in header)
    types = connection.sql(f"select {names} from marts.{mart} limit 0").types
    # As text of the mart's own types: 10 in the file is 10.000000 in a DECIMAL(38, 6).
    typed = ", ".join(f"cast(cast(? as {kind}) as varchar)" for kind in types)
    expected = [
        expected_row
        for row in rows
        for expected_row in connection.execute(
            f"select {typed}", [value or None for value in row]
        ).fetchall()
    ]
    actual = connection.execute(
        f"select cast(columns(*) as varchar) from (select {names} from marts.{mart}) order by all"
    ).fetchall()

    surplus = Counter(actual) - Counter(expected)
    missing = Counter(expected) - Counter(actual)
    differences = []
    for line, row in enumerate(expected, start=2):
        if missing[row]:
            missing[row] -= 1
            nearest = find_most_alike(row, surplus)
            if nearest:
                surplus[nearest] -= 1
            values = dict(zip(header, row, strict=True))
            differences.append(Difference(mart, line, values, find_differing(values, nearest)))
    for row in surplus.elements():
        differences.append(Difference(mart, None, dict(zip(header, row, strict=True))))
    return Comparison(mart, len(expected), tuple(differences))


def find_most_alike(row: tuple, others: Counter) -> tuple | None:
    """The built row that differs least from an expected one, if they share more than half."""

    def alike(other: tuple) -> int:
        return sum(mine == theirs for mine, theirs in zip(row, other, strict=True))

    nearest = max((other for other, count in others.items() if count), key=alike, default=None)
    return nearest if nearest and alike(nearest) * 2 > len(row) else None


def find_differing(
    values: dict[str, str | None], built: tuple | None
) -> dict[str, str | None] | None:
    """The columns of a built row that are not as expected, as they were built."""
    if built is None:
        return None
    pairs = zip(values.items(), built, strict=True)
    return {name: found for (name, expected), found in pairs if found != expected}
