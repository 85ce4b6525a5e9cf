"""What a build may take of the machine, and what the machine lacks, told from what is wrong with
data: nobody's rows are the cause of it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

THREADS = "CX_BILLING_THREADS"
MEMORY_LIMIT = "CX_BILLING_MEMORY_LIMIT"

LACKS = {
    r"No space left on device|Disk quota exceeded|not enough disk space|max_temp_directory_size": (
        "The disk is full. Free some space (cx-billing status says what the home takes), "
        "then retry."
    ),
    r"Failure while replaying WAL": (
        "A file was not written whole: the disk is full, or broken. Free some space, then retry."
    ),
    r"Read-only file system": (
        "The disk can only be read. Mount it for writing, or use another --home, then retry."
    ),
    r"Input/output error": (
        "The disk cannot be read or written. Check it, and move the home to another one, then "
        "retry."
    ),
    r"Out of Memory Error|could not allocate|failed to allocate|std::bad_alloc": (
        "The memory is not enough. Raise --memory-limit if one is set, end other programs or use "
        "a larger machine, then retry."
    ),
    r"Too many open files": "The system allows too few open files (ulimit -n). Raise it, retry.",
    r"File too large": "The system allows no larger file (ulimit -f). Raise it, then retry.",
}


def find_lack(message: str) -> str | None:
    """What the machine lacks, by the message of a failure, and what to do; None if nothing."""
    return next((words for pattern, words in LACKS.items() if re.search(pattern, message)), None)


@contextmanager
def limits(threads: int | None, memory: str | None) -> Iterator[None]:
    """Limit the builds that begin meanwhile to so many threads and so much memory, like `1GB`.

    What is not given is as the environment says; without that, all processors and 80 % of the
    memory.
    """
    before = dict(os.environ)
    os.environ |= {THREADS: str(threads)} if threads else {}
    os.environ |= {MEMORY_LIMIT: memory} if memory else {}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class Connection(Protocol):
    """What takes a statement."""

    def execute(self, query: str, parameters: object = None) -> object:
        """Run a statement."""


def limit(connection: Connection) -> None:
    """Hold a connection to the limits. What does not fit into memory is put beside its file."""
    if threads := os.environ.get(THREADS):
        connection.execute(f"set threads = {int(threads)}")
    if memory := os.environ.get(MEMORY_LIMIT):
        connection.execute("set memory_limit = ?", [memory])
