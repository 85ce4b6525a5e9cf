"""Where plans of builds are kept: one per user, project path and state of the project.

A plan is SQL that is run as it is, so it must be right: it is used only with the checksum that it
was kept with, and only from a folder that nobody but this user (or root) can write to. Any other is
none: dbt makes it anew, which costs time and changes nothing.

The folder is the user's cache folder, or `CX_BILLING_CACHE`.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from tempfile import NamedTemporaryFile

# All of a project that what dbt asks could depend on.
FILES = (
    *("dbt_project.yml", "profiles/*", "tests/*.sql"),
    *(f"{folder}/**/*.*" for folder in ("models", "seeds", "macros", "tests/dbt")),
)
VERSIONS = ("cx-billing", "dbt-core", "dbt-adapters", "dbt-duckdb", "duckdb")
OURS = re.compile(r"\d[^/_]*_dbt_\d[^/_]*_[0-9a-f]{16}\.plan")
# A version of the project has one file of 2 MB; who develops has some more.
KEPT_FILES = 10
TEMPORARY = ".cx-billing-"
KILLED_AFTER = 3600  # seconds; no run writes a file for so long


def place(project_dir: Path) -> Path:
    """The file of a project as it stands, by the installed versions and what dbt is told by the
    environment."""
    versions = {name: metadata.version(name) for name in VERSIONS}
    asked = sorted(item for item in os.environ.items() if item[0].startswith("DBT_"))
    digest = hashlib.sha256(repr([str(project_dir.absolute()), versions, asked]).encode())
    for pattern in FILES:
        for file in sorted(project_dir.glob(pattern)):
            if file.is_file():
                digest.update(f"\n{file} {file.stat().st_size}\n".encode())
                digest.update(file.read_bytes())
    kind = f"{versions['cx-billing']}_dbt_{versions['dbt-core']}"
    return place_folder() / f"{kind}_{digest.hexdigest()[:16]}.plan"


def place_folder() -> Path:
    """The folder of all such files."""
    if chosen := os.environ.get("CX_BILLING_CACHE"):
        return Path(chosen).absolute()
    from platformdirs import user_cache_path

    folder = user_cache_path("cx-billing")
    # Of somebody without a home folder it is `~/…`: nothing is kept then.
    return folder if folder.is_absolute() else Path(os.devnull)


def keep(content: bytes, place: Path) -> None:
    """Keep a plan for other builds; delete those that none of them used for long."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_owner(place.parent.stat())
    write(place, checksum(place, content) + content)
    ours = [file for file in place.parent.iterdir() if OURS.fullmatch(file.name)]
    for file in sorted(ours, key=written_at)[:-KEPT_FILES]:
        file.unlink(missing_ok=True)


def read(place: Path) -> bytes:
    """The plan that was kept, whole and by somebody trusted; an OSError says what is wrong."""
    check_owner(place.parent.stat())
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    with os.fdopen(os.open(place, flags), "rb") as file:
        check_owner(os.fstat(file.fileno()))
        kept = file.read()
    size = hashlib.sha256().digest_size
    if kept[:size] != checksum(place, kept[size:]):
        raise OSError(f"{place} is damaged")
    with suppress(OSError):
        place.touch()  # used lately: others are deleted first
    return kept[size:]


def checksum(place: Path, content: bytes) -> bytes:
    """What a file begins with: of its content, and of what that was made from."""
    return hashlib.sha256(place.name.encode() + b"\0" + content).digest()


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
