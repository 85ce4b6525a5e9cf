"""How DuckDB is opened: it fetches no extension, and who only reads reaches no other file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

NO_EXTENSIONS = """
    set autoinstall_known_extensions = false;
    set autoload_known_extensions = false;
"""


def connect(
    database: Path | None = None,
    read_only: bool = False,
    config: Mapping[str, str | bool | int | float | list[str]] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open a database, or one in memory, in UTC and without extensions from elsewhere.

    DuckDB draws no progress of its own between what a command prints.
    """
    connection = duckdb.connect(
        str(database or ":memory:"), read_only=read_only, config=dict(config or {})
    )
    connection.execute(NO_EXTENSIONS)
    connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
    return connection


def connect_reader(
    database: Path, files: Iterable[Path] = (), folders: Iterable[Path] = ()
) -> duckdb.DuckDBPyConnection:
    """Open a database to read it, and no other file than those that are named, or are below the
    folders that are named.
    """
    connection = connect(database, read_only=True)
    if not may_reach(connection):  # this process has the file open for another reader already
        return connection
    paths = [str(path.absolute()) for path in files]
    allowed = [*paths, *(f"{path}.wal" for path in paths)]
    connection.execute(f"set allowed_paths = {literal_list(allowed)}")
    below = [f"{path.absolute()}/" for path in folders]
    connection.execute(f"set allowed_directories = {literal_list(below)}")
    connection.execute("set enable_external_access = false")
    return connection


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C within a statement be a KeyboardInterrupt, as it is elsewhere."""
    try:
        yield
    except RuntimeError as error:  # DuckDB's own errors are others
        if isinstance(error.__cause__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise


def literal_list(texts: Iterable[str]) -> str:
    """Texts as a list in SQL."""
    quoted = ("'" + text.replace("'", "''") + "'" for text in texts)
    return f"[{', '.join(quoted)}]"


def may_reach(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether a connection may read other files."""
    found = connection.execute("select current_setting('enable_external_access')").fetchall()
    return bool(found[0][0])
