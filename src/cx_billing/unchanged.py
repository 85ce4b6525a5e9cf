"""Whether a build would say what is published already: then nothing has to be computed.

Beside the file of a build lies `made_from`: one hash of all that it was made from. A lake file is
known by its name, size and time of change; that its content is as it was landed is checked apart
(`checksums.py`). One hash for all: nobody can tell from it what a home holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from cx_billing import files
from cx_billing.builds import PUBLISHED
from cx_billing.rules import hash_rules

FILE = "made_from"
# What decides whether a build is published, beside what it computes.
CHECKS = ("tests/dbt", "profiles")


def list_lake(home: Path) -> list[tuple[str, int, int]]:
    """The files of the lake as they are now: path, size and time of change."""
    lake = home / "lake"
    return [
        (path.relative_to(lake).as_posix(), status.st_size, status.st_mtime_ns)
        for path in sorted(lake.glob("*/[!_]*.parquet"))  # not what stands for no file at all
        for status in (path.stat(),)
    ]


def describe(
    lake: Iterable[tuple[str, int, int]],
    parked: Iterable[str],
    project_dir: Path,
    key: str,
    variables: Mapping[str, Any],
) -> str:
    """One hash of everything a build depends on.

    `lake` is what `list_lake` found before the build looked at it, `key` the customer key, and
    `variables` are those of the SQL session that are not different in every build.
    """
    known = {
        **variables,
        "duckdb": duckdb.__version__,
        "project": (project_dir / "dbt_project.yml").read_text("utf-8"),
        "checks": hash_rules(project_dir, CHECKS),
        "key": key,
        "parked": sorted(parked),
        "lake": list(lake),
    }
    return hashlib.sha256(ascii(sorted(known.items())).encode()).hexdigest()


def note(database: Path, made_from: str) -> None:
    """Keep beside the file of a build what it was made from."""
    files.write(database.with_name(FILE), f"{made_from}\n".encode())


def is_published(home: Path, made_from: str) -> bool:
    """Whether the published build was made from just that."""
    noted = (home / PUBLISHED).resolve().with_name(FILE)
    return noted.is_file() and noted.read_text("utf-8", "replace").strip() == made_from
