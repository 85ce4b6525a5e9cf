"""Parquet, whose values become text."""

from __future__ import annotations

from pathlib import Path

import duckdb

from cx_billing.formats.common import (
    AMBIGUOUS,
    Rows,
    UnreadableError,
    first_line,
    glob_literal,
    identifier,
    literal,
)
from cx_billing.formats.names import is_utc, json_object, match
from cx_billing.lake import Dataset


def rows(path: Path, dataset: Dataset, connection: duckdb.DuckDBPyConnection) -> Rows:
    relation = (
        f"read_parquet({glob_literal(path)}, hive_partitioning = false, binary_as_string = true, "
        "file_row_number = true)"
    )
    try:
        described = connection.execute(f"describe select * from {relation}").fetchall()
        [[count]] = connection.execute(f"select count(*) from {relation}").fetchall()
    except duckdb.Error as error:
        raise UnreadableError(f"is no readable Parquet file ({first_line(error)})") from error
    kinds = {name: kind for name, kind, *_ in described if name != "file_row_number"}
    names = list(kinds)
    positions = match(names, dataset)
    columns = {
        column: _as_text(names[position], kinds[names[position]])
        for column, position in positions.items()
    }
    if is_utc(names, positions, dataset):
        columns["time_zone"] = literal("UTC")
    unknown = [name for position, name in enumerate(names) if position not in positions.values()]
    extra = {name: _as_text(name, kinds[name], "json") for name in unknown}
    columns["extra_columns"] = json_object(extra)
    return Rows(relation, columns, count, extra=tuple(unknown), source_row="file_row_number + 1")


def _as_text(name: str, kind: str, nested: str = "varchar") -> str:
    column = identifier(name)
    if kind.startswith(("STRUCT", "MAP", "UNION")) or kind.endswith("]"):
        return f"to_json({column})::{nested}"
    if kind.startswith("TIMESTAMP"):
        return f"replace({column}::varchar, ' ', 'T')"
    if kind.startswith(("DOUBLE", "FLOAT", "DECIMAL")):
        return f"regexp_replace({column}::varchar, '{AMBIGUOUS}', '\\10')"
    return f"nullif({column}::varchar, '')"
