"""Checksums of the lake: a file that a disk has damaged is named, and not billed.

`<home>/lake/checksums.tsv` is only ever added to: a line for each time a file was written, with its
SHA-256, its path below the lake and its organization. The line is on the disk before the file has
its name, so that a file never lacks one; a file is right if it is as any of its lines says. Files
that were landed before there were checksums have none, and are not looked at.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from cx_billing import files

FILE = "checksums.tsv"


def put(temporary: Path, path: Path, org_id: str) -> None:
    """Give a finished file its name in the lake, once its checksum is on record."""
    lake = path.parent.parent
    line = f"{hash_file(temporary)}\t{path.relative_to(lake)}\t{org_id}\n"
    record = lake / FILE
    with record.open("ab+") as file:  # one write: whole or, if the power fails now, cut
        if file.tell():
            file.seek(-1, os.SEEK_END)
        begins = b"" if file.read(1) in (b"", b"\n") else b"\n"
        file.write(begins + line.encode("utf-8", "surrogateescape"))
        file.flush()
        os.fsync(file.fileno())
    files.replace(temporary, path)


def hash_file(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(lake: Path) -> dict[Path, tuple[str, set[str]]]:
    """The organization of each file, and the checksums it may have."""
    known: dict[Path, tuple[str, set[str]]] = {}
    record = lake / FILE
    if not record.exists():
        return known
    for line in record.read_text("utf-8", errors="surrogateescape").split("\n"):
        if line.count("\t") == 2:
            checksum, name, org_id = line.split("\t")
            known.setdefault(lake / name, (org_id, set()))[1].add(checksum)
    return known


def is_damaged(path: Path, known: Mapping[Path, tuple[str, set[str]]]) -> bool:
    """Whether a file is not as it was written, by what `read` knows."""
    return path in known and hash_file(path) not in known[path][1]


def find_damaged(lake: Path) -> Iterator[tuple[Path, str]]:
    """The files that are not as they were written, each with its organization.

    One that is not there may have a line as well: the run that landed it has ended too early.
    """
    known = read(lake)
    for path, (org_id, _) in known.items():
        if path.exists() and is_damaged(path, known):
            yield path, org_id
