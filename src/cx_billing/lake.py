"""The lake: one Parquet file per landed file, every value as text.

`<home>/lake/<dataset>/<file_id>.parquet` holds the declared columns of the dataset
(`models/staging/_sources.yml`) as VARCHAR and, for every row:

======================  =========  ==========================================================
`extra_columns`         VARCHAR    JSON object of the columns the declaration does not know
`parse_error`           VARCHAR    why the row could not be split into columns, else null
`raw_text`              VARCHAR    the text of such a row, else null
`org_id`                VARCHAR    the folder the file came from
`file_id`               VARCHAR    hash of org, dataset and content
`source_file`           VARCHAR    path below the inbox
`source_row`            BIGINT     1 = first data row
`landed_at`             TIMESTAMP  UTC; strictly increasing from file to file
`withdrawn_at`          TIMESTAMP  when the file was taken back, UTC, else null
======================  =========  ==========================================================

The same facts about the file itself are key-value metadata of the Parquet footer, so a file
of no rows leaves a trace too; that of a snapshot has its `snapshot_date` as well.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from cx_billing import access, duck, files

PACKAGE = Path(__file__).resolve().parent
# The dbt project: in an installed package a part of it, in a checkout the checkout.
PROJECT_DIR = installed if (installed := PACKAGE / "project").is_dir() else PACKAGE.parents[1]
SOURCES_FILE = PROJECT_DIR / "models" / "staging" / "_sources.yml"
PROVENANCE = {
    "extra_columns": "VARCHAR",
    "parse_error": "VARCHAR",
    "raw_text": "VARCHAR",
    "org_id": "VARCHAR",
    "file_id": "VARCHAR",
    "source_file": "VARCHAR",
    "source_row": "BIGINT",
    "landed_at": "TIMESTAMP",
    "withdrawn_at": "TIMESTAMP",
}
FOOTER_FACTS = ("org_id", "dataset", "source_file", "sha256", "landed_at", "rows_in_file")


@dataclass(frozen=True)
class Dataset:
    """A raw dataset as declared in `models/staging/_sources.yml`."""

    name: str
    description: str
    columns: tuple[str, ...]
    required: frozenset[str]
    natural_key: tuple[str, ...]
    header_aliases: dict[str, tuple[str, ...]]
    found_in: dict[str, str]


def read_yaml(file: Path) -> Any:
    """What a YAML file says, by the parser in C where there is one: ten times as fast."""
    return yaml.load(file.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def declaration() -> dict[str, Any]:
    """The source of the raw datasets as `models/staging/_sources.yml` declares it."""
    [source] = read_yaml(SOURCES_FILE)["sources"]
    return dict(source)


@cache
def datasets() -> dict[str, Dataset]:
    """Every declared dataset by name, in the order of the declaration."""
    declared = {}
    for table in declaration()["tables"]:
        if "columns" not in table:  # landed_files describes files, it is not landed itself
            continue
        columns = {column["name"]: column for column in table["columns"]}
        declared[table["name"]] = Dataset(
            name=table["name"],
            description=table["description"],
            columns=tuple(columns),
            required=frozenset(
                name
                for name, column in columns.items()
                if column.get("config", {}).get("meta", {}).get("required")
            ),
            natural_key=tuple(table["config"]["meta"]["natural_key"]),
            header_aliases={
                name: tuple(aliases)
                for name, column in columns.items()
                if (aliases := column.get("config", {}).get("meta", {}).get("header_aliases"))
            },
            found_in={
                name: source
                for name, column in columns.items()
                if (source := column.get("config", {}).get("meta", {}).get("found_in"))
            },
        )
    return declared


def ensure(home: Path) -> Path:
    """Create the lake below `home` with an empty file per dataset; a read never finds nothing.

    The empty file has the columns that are declared today, so older files need not.
    """
    lake = home / "lake"
    with access.private_files(), duck.connect() as connection:
        for dataset in datasets().values():
            empty = lake / dataset.name / "_empty.parquet"
            columns = {name: "VARCHAR" for name in dataset.columns} | PROVENANCE
            if empty.exists() and _columns(empty, connection) == list(columns):
                continue
            empty.parent.mkdir(parents=True, exist_ok=True)
            selected = ", ".join(f'null::{kind} as "{name}"' for name, kind in columns.items())
            fresh = empty.with_name(f"{empty.name}.{os.getpid()}")
            connection.execute(
                f"copy (select {selected} limit 0) to ? (format parquet)", [str(fresh)]
            )
            files.replace(fresh, empty)
    return lake


def _columns(file: Path, connection: duckdb.DuckDBPyConnection) -> list[str]:
    described = connection.execute("select name from parquet_schema(?)", [str(file)]).fetchall()
    return [name for [name] in described[1:]]
