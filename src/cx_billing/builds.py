"""The folders of builds in a home: which is published, which are kept, what lies in them.

==========================  ==================================================================
`<home>/cx_billing.duckdb`  the published warehouse, a relative link into the newest good build
`<home>/builds/<n>/`        good builds, the newest `KEPT_BUILDS` of them; n only grows
`<home>/builds/failed/`     what the last failed build left, to look into
`<home>/builds/selected/`   what the last build of a selection left; never published
`<home>/builds/earlier/`    the last build as of an earlier day than the published one
==========================  ==================================================================

`cx_billing.duckdb` of a build holds the marts and reference data: it is what the link points to.
`cx_billing_private.duckdb` holds staging and intermediate, with raw text, addresses and numbers; of
the good builds only the newest keeps it. `made_from` tells a build of the same (`unchanged.py`).
Since the published file has one name in every build, its catalog is always `cx_billing`, whatever
build the link points to.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from cx_billing import duck, files

PUBLISHED = "cx_billing.duckdb"
PRIVATE = "private"  # the name under which profiles/profiles.yml attaches the private file
KEPT_BUILDS = 3


def publish(home: Path, database: Path) -> Path:
    """Point `<home>/cx_billing.duckdb` at a good build, in one step for every reader."""
    link = home / PUBLISHED
    new = home / f".{PUBLISHED}.new"
    new.unlink(missing_ok=True)
    new.symlink_to(database.relative_to(home))
    files.replace(new, link)
    return link


def keep(working: Path, folder: Path) -> Path | None:
    """Make the folder of a build `folder`; its file, or None if the build wrote none."""
    folder.with_suffix(".duckdb").unlink(missing_ok=True)  # what version 0.1 left
    shutil.rmtree(folder, ignore_errors=True)
    if not working.exists():
        return None
    files.replace(working.parent, folder)
    return folder / working.name


def prune(home: Path) -> None:
    """Delete all but the newest good builds, never the published one.

    Only the newest keeps its private file.
    """
    builds = list_good_builds(home / "builds")
    published = (home / PUBLISHED).resolve()
    for build in builds[:-KEPT_BUILDS]:
        if published in (build.resolve(), (build / PUBLISHED).resolve()):
            continue
        if build.is_dir():
            shutil.rmtree(build)
        else:
            build.unlink()
    for build in filter(Path.is_dir, builds[:-1]):
        place_private_file(build / PUBLISHED).unlink(missing_ok=True)


def list_good_builds(builds: Path) -> list[Path]:
    """The numbered builds, oldest first: folders, and the single files that version 0.1 wrote."""
    numbered = (build for build in builds.glob("*") if build.stem.isdecimal())
    return sorted(numbered, key=lambda build: int(build.stem))


def find_build_before(home: Path) -> Path | None:
    """The file of the good build before the published one; None if it is the only one kept."""
    published = find_published(home)
    earlier = [b for b in list_good_builds(home / "builds") if int(b.stem) < published]
    if not earlier:
        return None
    return earlier[-1] / PUBLISHED if earlier[-1].is_dir() else earlier[-1]


def find_published(home: Path) -> int:
    """The number of the build that the link points into."""
    return number_of((home / PUBLISHED).resolve())


def number_of(database: Path) -> int:
    """The number of the build that a file is of."""
    return int(database.parent.name if database.name == PUBLISHED else database.stem)


def choose_number(builds: Path) -> int:
    """One more than the newest build."""
    return max((int(build.stem) for build in list_good_builds(builds)), default=0) + 1


def place_private_file(database: Path) -> Path:
    """The file beside a database that holds what is not published, named as in profiles.yml."""
    return database.with_name(f"{database.stem}_private{database.suffix}")


def connect_with_private(database: Path, read_only: bool = True) -> duckdb.DuckDBPyConnection:
    """Open the file of a build with its private one attached, as dbt's compiled queries need it."""
    connection = duck.connect(database, read_only)
    if (private := place_private_file(database)).exists():
        mode = " (read_only)" if read_only else ""
        connection.execute(f"attach '{private}' as {PRIVATE}{mode}")
    return connection
