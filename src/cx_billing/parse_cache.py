"""What dbt made of the project, kept once per machine: a new home need not have it parsed anew.

dbt keeps a parsed project in the target folder, so in the home, and starts from it the next time.
A copy of it lies in the user's cache folder (or in `CX_BILLING_CACHE`), one per version, project
and kind of run. dbt checks what it is handed, file by file: a copy that is missing, damaged, of
other files or in a folder that nobody may write to costs time, and changes nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path

PARSED = "partial_parse.msgpack"  # dbt's name for it
# Settings of the connection that no model and no macro reads: they differ from home to home.
PLACES = ("path", "attach")
# A version of the project has one file of 5 MB; who develops has some more.
KEPT_FILES = 10


@contextmanager
def start_from_shared(target: Path, *kind: object) -> Iterator[list[str]]:
    """Options for a dbt run into `target`, so that it starts from what was parsed before.

    What it parsed anew is shared afterwards with the runs of the same `kind`.
    """
    own, shared = target / PARSED, place(*kind)
    parsed_at = written_at(own)
    with ignore_places():
        if written_at(shared) > parsed_at:
            with suppress(OSError):
                shared.touch()  # used lately: others go first
            yield ["--partial-parse-file-path", str(shared)]
        else:
            yield []
    if written_at(own) > parsed_at:
        with suppress(OSError):
            share(own, shared)


def place(*kind: object) -> Path:
    """The file of a kind of run by the installed versions."""
    versions = f"{metadata.version('cx-billing')}_dbt_{metadata.version('dbt-core')}"
    digest = hashlib.sha256(repr([str(part) for part in kind]).encode()).hexdigest()
    return place_folder() / f"{versions}_{digest[:16]}.msgpack"


def place_folder() -> Path:
    """The folder of all such files."""
    if chosen := os.environ.get("CX_BILLING_CACHE"):
        return Path(chosen).absolute()
    from platformdirs import user_cache_path

    return user_cache_path("cx-billing")


def share(own: Path, shared: Path) -> None:
    """Copy a file for others, who see it whole or not at all; delete what was not used for long."""
    shared.parent.mkdir(parents=True, exist_ok=True)
    copy = shared.with_name(f".{shared.name}.{os.getpid()}")
    try:
        shutil.copyfile(own, copy)
        copy.replace(shared)
    finally:
        copy.unlink(missing_ok=True)
    for file in sorted(shared.parent.glob("*.msgpack"), key=written_at)[:-KEPT_FILES]:
        file.unlink(missing_ok=True)


def written_at(file: Path) -> int:
    """When a file was written, in nanoseconds; 0 if there is none."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


@contextmanager
def ignore_places() -> Iterator[None]:
    """Have dbt take a parsed project for another home's database, too.

    dbt parses everything anew where a setting of the connection differs, since Jinja could read
    it. The schema, the name of the database and every other setting stay among those it compares.
    """
    from dbt.adapters.duckdb.credentials import DuckDBCredentials

    list_keys = DuckDBCredentials._connection_keys

    def list_keys_but_places(credentials: DuckDBCredentials) -> tuple[str, ...]:
        keys = list_keys(credentials)  # type: ignore[no-untyped-call]
        return tuple(key for key in keys if key not in PLACES)

    DuckDBCredentials._connection_keys = list_keys_but_places  # type: ignore[method-assign]
    try:
        yield
    finally:
        DuckDBCredentials._connection_keys = list_keys  # type: ignore[method-assign]
