"""The files of the ledger beside the chain, and how they appear together with an entry.

An entry's files are written under hidden names, then the entry is added, then they get their names:
a process that ends in between leaves hidden files without an entry, which are deleted, or an entry
with hidden files, which `settle` finishes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb

from cx_billing import duck, files, lake
from cx_billing.checksums import hash_file
from cx_billing.formats.common import literal
from cx_billing.ledger.chain import CHAIN, FOLDER, Entry, read_chain

SCHEMA = "_empty.parquet"
STAMPS = "stamps"
DECLARATION = lake.PROJECT_DIR / "models" / "staging" / "_ledger.yml"


def columns() -> dict[str, str]:
    """The columns of a file of lines and their types, as `models/staging/_ledger.yml` has them."""
    [source] = lake.read_yaml(DECLARATION)["sources"]
    [table] = source["tables"]
    return {column["name"]: column["data_type"] for column in table["columns"]}


def ensure(home: Path) -> Path:
    """Create the ledger below `home` with an empty file of lines, so that a build finds one."""
    ledger = home / FOLDER
    empty = ledger / SCHEMA
    known = columns()
    with duck.connect() as connection:
        if empty.exists():
            found = connection.execute("select name from parquet_schema(?)", [str(empty)])
            if [name for [name] in found.fetchall()[1:]] == list(known):
                return ledger
        ledger.mkdir(parents=True, exist_ok=True)
        selected = ", ".join(f'null::{kind} as "{name}"' for name, kind in known.items())
        fresh = hide(ledger / f"{SCHEMA}.{os.getpid()}")
        connection.execute(f"copy (select {selected} limit 0) to ? (format parquet)", [str(fresh)])
        files.replace(fresh, empty)
    return ledger


def hide(path: Path) -> Path:
    """The name of a file whose entry is not there yet."""
    return path.with_name(f".{path.name}{files.PARTIAL}")


def settle(home: Path) -> None:
    """Finish what a process that ended halfway through an entry has left.

    Raises LedgerError if the chain is not as it was written.
    """
    ledger = home / FOLDER
    hidden = sorted(ledger.glob(f"**/.*{files.PARTIAL}"))
    if not hidden:
        return
    stated = {path: known for entry in read_chain(home) for path, known in entry.files.items()}
    for path in hidden:
        named = path.with_name(path.name[1 : -len(files.PARTIAL)])
        known = stated.get(named.relative_to(ledger).as_posix())
        if known == hash_file(path) and not named.exists():
            files.replace(path, named)
        else:
            path.unlink()


def place(home: Path, entry: Entry) -> None:
    """Give the files of an entry, which is in the chain now, their names."""
    for name in entry.files:
        path = home / FOLDER / name
        files.replace(hide(path), path)


def list_files(home: Path) -> list[Path]:
    """The files of lines and reopenings that the entries name: what a build reads."""
    return [
        home / FOLDER / name
        for entry in read_chain(home)
        for name in entry.files
        if name.endswith(".parquet")
    ]


def find_damaged(home: Path) -> dict[str, str]:
    """What is wrong with the files of an organization, by its id."""
    return {
        entry.org_id: f"ledger: {wrong}"
        for entry in read_chain(home)
        for wrong in describe_damage(home, entry)
    }


def describe_damage(home: Path, entry: Entry) -> Iterator[str]:
    """The files of an entry that are not there, or not as they were written."""
    for name, known in entry.files.items():
        path = home / FOLDER / name
        if not path.exists():
            yield f"{name} is missing"
        elif hash_file(path) != known:
            yield f"{name} is not as it was written"


def list_strange(home: Path, entries: Iterable[Entry]) -> list[Path]:
    """What lies in the ledger and no entry names; time stamps aside."""
    ledger = home / FOLDER
    known = {ledger / name for entry in entries for name in entry.files}
    known |= {ledger / CHAIN, ledger / SCHEMA}
    return sorted(
        path
        for path in ledger.glob("**/*")
        if not path.is_dir() and path not in known and path.parent != ledger / STAMPS
    )


def write_table(
    connection: duckdb.DuckDBPyConnection, path: Path, query: str, values: list[Any]
) -> None:
    """Write what a query gives to a hidden Parquet file, in one row group and one order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(
        f"copy ({query}) to {literal(str(hide(path)))} (format parquet, compression zstd)",
        values,
    )
    files.sync(hide(path))
