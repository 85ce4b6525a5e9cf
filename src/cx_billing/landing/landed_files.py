"""The files of a lake: what their footers say, and how one is written anew.

The files of one answer that came in several have its `answer_id` and `answer_parts`, how many
they are. None of them counts until all are there and none is withdrawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cx_billing import checksums, formats
from cx_billing.formats import literal
from cx_billing.landing.facts import metadata
from cx_billing.landing.report import LandingError

TEMPORARY = ".landing"  # suffix of unfinished files, outside of the lake's *.parquet


@dataclass(frozen=True)
class LandedFile:
    """A file of the lake: where it lies, and what its footer says."""

    path: Path
    facts: dict[str, str]

    @property
    def source_file(self) -> str:
        """The path below the inbox it came from."""
        return self.facts["source_file"]

    @property
    def file_id(self) -> str:
        """Hash of organization, dataset and content."""
        return self.path.stem

    @property
    def withdrawn_at(self) -> str | None:
        """When it was taken back."""
        return self.facts.get("withdrawn_at")

    @property
    def answer_id(self) -> str | None:
        """Of which answer in several files it is a part."""
        return self.facts.get("answer_id")

    @property
    def answer_parts(self) -> int:
        """How many files its answer has."""
        return int(self.facts.get("answer_parts", 1))


def list_landed(lake: Path, connection: duckdb.DuckDBPyConnection) -> list[LandedFile]:
    """The files of a lake in the order they were landed, without what their answers say.

    A file that is damaged, so that it cannot be read, is none of them.
    """
    everything = formats.glob_literal(lake).removesuffix("'") + "/*/*.parquet'"
    try:
        rows = read_footers(everything, connection)
    except duckdb.Error as error:
        damaged = {path for path, _ in checksums.find_damaged(lake)}
        if not damaged:
            raise LandingError(f"{lake}: the lake cannot be read: {error}") from error
        whole = [path for path in lake.glob("*/*.parquet") if path not in damaged]
        rows = [
            row for path in whole for row in read_footers(formats.glob_literal(path), connection)
        ]
    facts: dict[str, dict[str, str]] = {}
    for name, key, value in rows:
        facts.setdefault(name, {})[key] = value
    landed = [LandedFile(Path(name), told) for name, told in facts.items() if "org_id" in told]
    return sorted(landed, key=lambda file: file.facts["landed_at"])


def read_footers(files: str, connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str]]:
    """The facts in the footers of files: the file, the name, the value."""
    return connection.execute(
        f"select file_name, decode(key), decode(value) from parquet_kv_metadata({files}) "
        "where key <> 'said'::blob"
    ).fetchall()


def read_facts(path: Path, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The whole footer of a file."""
    return dict(
        connection.execute(
            "select decode(key), decode(value) "
            f"from parquet_kv_metadata({formats.glob_literal(path)})"
        ).fetchall()
    )


def find_split_answers(landed: Iterable[LandedFile]) -> frozenset[str]:
    """The answers of which a part is missing or withdrawn."""
    counting: Counter[str] = Counter()
    expected: dict[str, int] = {}
    for file in landed:
        if file.answer_id:
            counting[file.answer_id] += not file.withdrawn_at
            expected[file.answer_id] = file.answer_parts
    return frozenset(answer for answer, parts in expected.items() if counting[answer] < parts)


def write_anew(
    source: Path,
    target: Path,
    facts: Mapping[str, str],
    columns: Mapping[str, str],
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Copy a file under an unfinished name, with other facts and columns, and rename the copy.

    `columns` maps those that change to expressions over the file's.
    """
    relation = f"read_parquet({formats.glob_literal(source)})"
    found = connection.execute(f"select column_name from (describe from {relation})").fetchall()
    selected = [
        *(f'"{name}"' for [name] in found if name not in columns),
        *(f'{expression} as "{name}"' for name, expression in columns.items()),
    ]
    temporary = target.with_suffix(TEMPORARY)
    try:
        connection.execute(
            f"copy (select {', '.join(selected)} from {relation}) to {literal(str(temporary))} "
            "(format parquet, compression zstd, use_tmp_file false, "
            f"kv_metadata {{{metadata(dict(facts))}}})"
        )
        checksums.put(temporary, target, facts["org_id"])
    finally:
        temporary.unlink(missing_ok=True)
