"""Organizations that are set aside, so that what is wrong with one stops no other's bill.

Where a data test or a constraint of a build fails for rows of an organization, the build starts
over without its files, and its rows of the build that is published stay. `<home>/parked.json`
says which organizations those are, since when and why. A build tries one again once files of it
were landed or withdrawn, or after an update of the software; `unpark` forgets it.

A failure that no organization is the cause of parks nobody: it stops the build.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import duckdb

from cx_billing import duck, files
from cx_billing.formats.common import identifier, literal

FILE = "parked.json"


@dataclass(frozen=True)
class Parked:
    """An organization that is set aside: since when (UTC), what failed, and by which version.

    `is_damaged` says that a file of it is not as it was written.
    """

    org_id: str
    since: str
    reason: str
    version: str
    is_damaged: bool = False


def read(home: Path) -> dict[str, Parked]:
    """The organizations that are set aside, by id."""
    path = home / FILE
    if not path.exists():
        return {}
    return {row["org_id"]: Parked(**row) for row in json.loads(path.read_text("utf-8"))}


def write(home: Path, parked: Mapping[str, Parked]) -> None:
    """Remember which organizations are set aside."""
    if parked or (home / FILE).exists():
        rows = [asdict(parked[org_id]) for org_id in sorted(parked)]
        files.write(home / FILE, json.dumps(rows, indent=2, ensure_ascii=False).encode())


def park(
    reasons: Mapping[str, str], since: datetime, is_damaged: bool = False
) -> dict[str, Parked]:
    """Organizations that a build which began at `since` sets aside, and why."""
    at = since.isoformat(timespec="microseconds")
    return {
        org_id: Parked(org_id, at, reason, version("cx-billing"), is_damaged)
        for org_id, reason in reasons.items()
    }


def list_files(lake: Path) -> dict[str, list[Path]]:
    """The files of the lake by organization."""
    from cx_billing.landing.landed_files import list_landed

    found: dict[str, list[Path]] = {}
    with duck.connect() as connection:
        for file in list_landed(lake, connection):
            found.setdefault(file.facts["org_id"], []).append(file.path)
    return found


def keep_parked(
    home: Path, parked: Mapping[str, Parked], damaged: Collection[str]
) -> dict[str, Parked]:
    """Those that stay set aside: no file of theirs is new or withdrawn, nor is the software new;
    for a damaged file, while it is."""
    if not parked:
        return {}
    of_organization = list_files(home / "lake")

    def is_as_before(known: Parked) -> bool:
        if known.is_damaged:
            return known.org_id in damaged
        since = datetime.fromisoformat(f"{known.since}+00:00").timestamp()
        paths = of_organization.get(known.org_id, ())
        return known.version == version("cx-billing") and all(
            path.stat().st_mtime < since for path in paths
        )

    return {org_id: known for org_id, known in parked.items() if is_as_before(known)}


def find_culprits(
    organizations: Sequence[str], fails: Callable[[Sequence[str]], bool]
) -> list[str]:
    """Which organizations make a build fail: those with which alone it fails.

    Half of them at a time; none if it fails without any, or only with several together.
    """
    if fails(()):
        return []

    def search(suspects: Sequence[str]) -> list[str]:
        if not suspects or not fails(suspects):
            return []
        if len(suspects) == 1:
            return list(suspects)
        middle = len(suspects) // 2
        return search(suspects[:middle]) + search(suspects[middle:])

    return search(organizations)


def carry_over(database: Path, published: Path | None, parked: Iterable[Parked]) -> None:
    """Bring the rows of parked organizations from the published build into a new one, marked.

    All rows of an organization or none: none if it was never published, or if the marts of this
    release do not take what an earlier one wrote. A column of which the published build knows
    nothing is empty.
    """
    with duck.connect(database) as connection:
        if published:
            connection.execute(f"attach {literal(str(published))} as before (read_only)")
        tables = list_shared_columns(connection) if published else []
        for known in parked:
            connection.execute("begin")
            try:
                for table, columns in tables:
                    names = ", ".join(map(identifier, columns))
                    connection.execute(
                        f"insert into marts.{identifier(table)} ({names}) "
                        f"select {names} from before.marts.{identifier(table)} where org_id = ?",
                        [known.org_id],
                    )
            except duckdb.ConstraintException:
                connection.execute("rollback")
                continue
            connection.execute(
                "update marts.organizations set is_parked = true, "
                "parked_since = ?::timestamp, parked_reason = ? where org_id = ?",
                [known.since, known.reason, known.org_id],
            )
            connection.execute("commit")


def list_shared_columns(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, list[str]]]:
    """The tables of marts that both builds have, and their columns."""
    return connection.execute(
        """
        select new.table_name, list(new.column_name order by new.column_index)
        from duckdb_columns() as new
        inner join duckdb_columns() as old using (schema_name, table_name, column_name)
        where
            new.database_name = current_database()
            and old.database_name = 'before'
            and new.schema_name = 'marts'
            and new.table_name in (
                select table_name from duckdb_tables() where database_name = current_database()
            )
        group by new.table_name
        having list_contains(list(new.column_name), 'org_id')
        order by new.table_name
        """
    ).fetchall()
