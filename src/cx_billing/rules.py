"""Which rules a build computes by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

RULES = ("models", "macros", "seeds")


def hash_rules(project_dir: Path, folders: Iterable[str] = RULES) -> str:
    """What tells the models, macros and seeds of a project (or some of them) from any others."""
    found = hashlib.sha256()
    for folder in folders:
        for file in sorted((project_dir / folder).rglob("*")):
            if file.suffix in {".sql", ".yml", ".csv"}:
                found.update(f"{file.relative_to(project_dir)}\0".encode() + file.read_bytes())
    return found.hexdigest()
