"""What a machine lacks, told from what is wrong with data: nobody's rows are the cause of it."""

from __future__ import annotations

import re

LACKS = {
    r"No space left on device|Disk quota exceeded|not enough disk space|max_temp_directory_size": (
        "The disk is full. Free some space (cx-billing status says what the home takes), "
        "then retry."
    ),
    r"Read-only file system": (
        "The disk can only be read. Mount it for writing, or use another --home, then retry."
    ),
    r"Input/output error": (
        "The disk cannot be read or written. Check it, and move the home to another one, then "
        "retry."
    ),
    r"Out of Memory Error|could not allocate|failed to allocate|std::bad_alloc": (
        "The memory of the machine is not enough. End other programs or use a larger machine, then "
        "retry."
    ),
    r"Too many open files": "The system allows too few open files (ulimit -n). Raise it, retry.",
    r"File too large": "The system allows no larger file (ulimit -f). Raise it, then retry.",
}


def find_lack(message: str) -> str | None:
    """What the machine lacks, by the message of a failure, and what to do; None if nothing."""
    return next((words for pattern, words in LACKS.items() if re.search(pattern, message)), None)
