"""What dbt made of the project, kept per user and project path: a new home need not have it parsed.

dbt keeps a parsed project in the target folder, so in the home, and starts from it the next time.
A copy of it lies in the user's cache folder (or in `CX_BILLING_CACHE`), one per path and state of
the project and kind of run.

dbt compares the checksum that a copy has of each file with the file, not the SQL that it has of
it, so a copy must be right: it is used only with the checksum that it was kept with, and only from
a folder that nobody but this user (or root) can write to. Any other costs time, and changes
nothing.

Only what was parsed in full is shared: after a change dbt parses some files anew and loses the
descriptions of data tests over it.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from tempfile import NamedTemporaryFile

PARSED = "partial_parse.msgpack"  # dbt's name for it
# Settings of the connection that no model and no macro reads: they differ from home to home.
PLACES = ("path", "attach")
FOLDERS = ("models", "seeds", "macros", "analyses", "tests/dbt", "tests/unit")
OURS = re.compile(r"\d[^/_]*_dbt_\d[^/_]*_[0-9a-f]{16}\.parsed")
# A version of the project has one file of 2 MB; who develops has some more.
KEPT_FILES = 10
TEMPORARY = ".cx-billing-"
KILLED_AFTER = 3600  # seconds; no run writes a file for so long


@contextmanager
def start_from_shared(target: Path, project_dir: Path, *kind: object) -> Iterator[None]:
    """Let a dbt run into `target` start from what was parsed of just this project.

    If that is nowhere, what it parses is shared afterwards with the runs of the same `kind`.
    """
    own, shared = target / PARSED, place(project_dir, *kind)
    in_full = not own.exists()
    with suppress(OSError):
        write(own, read(shared))
        in_full = True  # if dbt parses at all: the copy was of no use to it
        shared.touch()  # used lately: others are deleted first
    parsed_at = written_at(own)
    with ignore_places():
        yield
    if in_full and written_at(own) > parsed_at:
        with suppress(OSError):
            share(own, shared)


def place(project_dir: Path, *kind: object) -> Path:
    """The file of a project as it stands and a kind of run, by the installed versions."""
    versions = f"{metadata.version('cx-billing')}_dbt_{metadata.version('dbt-core')}"
    digest = hashlib.sha256(repr([str(project_dir.absolute()), *map(str, kind)]).encode())
    for folder in FOLDERS:
        for file in sorted((project_dir / folder).rglob("*.*")):
            if file.is_file():
                digest.update(f"\n{file} {file.stat().st_size}\n".encode())
                digest.update(file.read_bytes())
    return place_folder() / f"{versions}_{digest.hexdigest()[:16]}.parsed"


def place_folder() -> Path:
    """The folder of all such files."""
    if chosen := os.environ.get("CX_BILLING_CACHE"):
        return Path(chosen).absolute()
    from platformdirs import user_cache_path

    folder = user_cache_path("cx-billing")
    # Of somebody without a home folder it is `~/…`: nothing is kept then.
    return folder if folder.is_absolute() else Path(os.devnull)


def share(own: Path, shared: Path) -> None:
    """Keep what was parsed for other homes; delete what none of them used for long."""
    shared.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_owner(shared.parent.stat())
    content = own.read_bytes()
    write(shared, checksum(shared, content) + content)
    ours = [file for file in shared.parent.iterdir() if OURS.fullmatch(file.name)]
    for file in sorted(ours, key=written_at)[:-KEPT_FILES]:
        file.unlink(missing_ok=True)


def read(shared: Path) -> bytes:
    """What was kept, whole and by somebody trusted; an OSError says what is wrong."""
    check_owner(shared.parent.stat())
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    with os.fdopen(os.open(shared, flags), "rb") as file:
        check_owner(os.fstat(file.fileno()))
        kept = file.read()
    size = hashlib.sha256().digest_size
    if kept[:size] != checksum(shared, kept[size:]):
        raise OSError(f"{shared} is damaged")
    return kept[size:]


def checksum(shared: Path, content: bytes) -> bytes:
    """What a file begins with: of its content, and of what that was parsed from."""
    return hashlib.sha256(shared.name.encode() + b"\0" + content).digest()


def check_owner(status: os.stat_result) -> None:
    """Refuse a file or folder that another user could have written to."""
    if status.st_uid not in (os.geteuid(), 0):
        raise PermissionError("belongs to another user")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError("others may write to it")


def write(to: Path, content: bytes) -> None:
    """Write a file that others may read, or write, at this moment: they see it whole."""
    to.parent.mkdir(parents=True, exist_ok=True)
    for leftover in to.parent.glob(f"{TEMPORARY}*"):
        if time.time_ns() - written_at(leftover) > KILLED_AFTER * 10**9:
            with suppress(OSError):
                leftover.unlink()
    with NamedTemporaryFile(dir=to.parent, prefix=TEMPORARY, delete=False) as aside:
        try:
            aside.write(content)
            aside.close()
            Path(aside.name).replace(to)
        finally:
            Path(aside.name).unlink(missing_ok=True)


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
