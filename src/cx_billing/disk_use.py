"""How much of the disk a home takes, by what lies in it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

PARTS = ("lake", "builds", "parts", "ledger", "logs", "target")


@dataclass(frozen=True)
class Use:
    """The files of a part of a home, and their bytes."""

    part: str
    files_count: int
    bytes_count: int


def measure(home: Path) -> list[Use]:
    """The parts that are there, the largest first, `other` for what else lies in the home.

    A file with several names counts once.
    """
    seen: set[tuple[int, int]] = set()
    found = {part: [0, 0] for part in (*PARTS, "other")}
    for folder, _, names in os.walk(home):
        below = Path(folder).relative_to(home).parts
        use = found[below[0] if below and below[0] in PARTS else "other"]
        for name in names:
            try:
                status = Path(folder, name).lstat()
            except FileNotFoundError:  # a build or a landing goes on meanwhile
                continue
            if (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                use[0] += 1
                use[1] += status.st_size
    uses = [Use(part, count, size) for part, (count, size) in found.items() if count]
    return sorted(uses, key=lambda use: -use.bytes_count)


def find_free_bytes(home: Path) -> int:
    """What is left on the disk of a home."""
    return shutil.disk_usage(home).free
