"""Files that appear whole or not at all, and locks that end with their process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

PARTIAL = ".part"  # suffix of a hidden file that is being written
NOT_LANDED = "not_landed"  # folder of an organization: pulled for people, left alone by landing


@contextmanager
def lock(path: Path, refuse: Callable[[str], Exception], wait: float = 0) -> Iterator[None]:
    """Hold the lock that `path` stands for. It ends with its process, however that ends.

    If another holds it after `wait` seconds, raises what `refuse` makes of the holder.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    held = FileLock(path, fallback_to_soft=False)
    try:
        held.acquire(timeout=wait)
    except Timeout:
        holder = path.read_text().strip() or "a process that has just started"
        raise refuse(holder) from None
    try:
        path.write_text(f"process {os.getpid()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n")
        yield
    finally:
        held.release()


def write(path: Path, body: bytes) -> None:
    """Write a file that nobody sees before it is whole."""
    write_lines(path, [body], b"")


def write_lines(path: Path, lines: Iterable[bytes], end: bytes = b"\n") -> None:
    """Write a file line by line that nobody sees before it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = path.with_name(f".{path.name}{PARTIAL}")
    with hidden.open("wb") as file:
        for line in lines:
            file.write(line + end)
    replace(hidden, path)


def replace(new: Path, path: Path) -> None:
    """Give a finished file, folder or link the name of another, also if the power fails now."""
    sync(new)
    new.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Have the operating system write a file or a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
