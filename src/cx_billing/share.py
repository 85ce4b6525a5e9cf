"""A part of the published warehouse that holds one tenant only: what is handed on to it.

The file has the same schemas, tables, keys and comments as the published one. Of a table with a
column `org_id` it has the rows of the tenant; the others hold nobody's rows (`NOBODYS`, and
reference data). The table `main.shared` says of whom it is, and of which build.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cx_billing import access, duck, files
from cx_billing.formats.common import identifier, literal

NOBODYS = {("marts", "build")}
REFERENCE = "reference"
PUBLISHED = "published"


class NotSharedError(ValueError):
    """The part cannot be written; the message says why, and what to do."""


@dataclass(frozen=True)
class Shared:
    """What was written: the organizations, and how many rows of theirs.

    `others` are the organizations of the billing account of the same name, which are not in it.
    """

    organizations: tuple[str, ...]
    rows: int
    others: tuple[str, ...] = ()


def write_share(database: Path, tenant: str, file: Path, is_account: bool = False) -> Shared:
    """Write the part of an organization, or of the organizations of a billing account.

    `tenant` is the id of an organization, or else of a billing account, or with `is_account` of an
    account only. A file that is there already is replaced if it is such a part of the same tenant.
    Raises NotSharedError.
    """
    check_place(file, tenant)
    beside = file.with_name(f".{file.name}{files.PARTIAL}")
    for leftover in (beside, beside.with_name(f"{beside.name}.wal")):
        leftover.unlink(missing_ok=True)
    try:
        with access.private_files():
            shared = copy_part(database, tenant, beside, is_account)
        files.replace(beside, file)
    finally:
        beside.unlink(missing_ok=True)
    return shared


def check_place(file: Path, tenant: str) -> None:
    """Refuse to write where something else is."""
    if not file.absolute().parent.is_dir():
        raise NotSharedError(f"{file}: there is no folder {file.parent}. Create it.")
    if not file.exists() and not file.is_symlink():
        return
    if file.is_symlink() or not file.is_file():
        raise NotSharedError(f"{file} is no plain file. Choose another --out.")
    if find_tenant(file) != tenant:
        raise NotSharedError(
            f"{file} is there already, and is no part that was shared with {tenant}. Choose "
            "another --out, or move it away."
        )


def find_tenant(file: Path) -> str | None:
    """Of whom a part is, None of any other file."""
    try:
        with duck.connect(file, read_only=True) as connection:
            found = connection.execute("select tenant from main.shared").fetchall()
    except duckdb.Error:
        return None
    return str(found[0][0]) if found else None


def copy_part(database: Path, tenant: str, file: Path, is_account: bool) -> Shared:
    """Copy the tables of a published file, of the tenant only, into a new one."""
    with duck.connect(file) as connection:
        connection.execute(f"attach {literal(str(database))} as {PUBLISHED} (read_only)")
        organizations, others = find_organizations(connection, tenant, is_account)
        for schema in ("marts", REFERENCE):
            connection.execute(f"create schema {schema}")
        rows = 0
        for schema, table, query, has_tenants in list_tables(connection):
            if not has_tenants and schema != REFERENCE and (schema, table) not in NOBODYS:
                raise NotSharedError(
                    f"{schema}.{table} does not say of whom its rows are; nothing was written."
                )
            connection.execute(query)
            name = f"{identifier(schema)}.{identifier(table)}"
            insert = f"insert into {name} select * from {PUBLISHED}.{name}"
            if has_tenants:
                insert += " where list_contains($1::varchar[], org_id)"
                [[count]] = connection.execute(insert, [organizations]).fetchall()
                rows += count
            else:
                connection.execute(insert)
        for query in (*list_views(connection), *list_comments(connection)):
            connection.execute(query)
        connection.execute(
            f"create table main.shared as select $1 as tenant, unnest($2::varchar[]) as org_id, "
            f"build.* from {PUBLISHED}.marts.build as build",
            [tenant, organizations],
        )
        connection.execute(f"detach {PUBLISHED}")
        connection.execute("checkpoint")
    return Shared(tuple(organizations), rows, tuple(others))


def find_organizations(
    connection: duckdb.DuckDBPyConnection, tenant: str, is_account: bool
) -> tuple[list[str], list[str]]:
    """The organizations of a tenant, and those of the account of that name that are not meant."""
    known = connection.execute(
        f"""
        select org_id, any_value(billing_account_id)
        from (
            select org_id, billing_account_id from {PUBLISHED}.marts.organizations
            union all
            select distinct org_id, null from {PUBLISHED}.marts.load_audit
        )
        group by org_id
        order by org_id
        """
    ).fetchall()
    of_account = [org_id for org_id, account in known if account == tenant]
    if is_account or tenant not in dict(known):
        if not of_account:
            raise NotSharedError(
                f"There is no {'' if is_account else 'organization or '}billing account {tenant!r} "
                "in the published warehouse. cx-billing show index lists the organizations."
            )
        return of_account, []
    return [tenant], [org_id for org_id in of_account if org_id != tenant]


def list_tables(
    connection: duckdb.DuckDBPyConnection,
) -> Sequence[tuple[str, str, str, bool]]:
    """The tables of the published file, how each is created, and whether its rows are tenants'."""
    return connection.execute(
        f"""
        select
            tables.schema_name,
            tables.table_name,
            tables.sql,
            bool_or(columns.column_name = 'org_id')
        from duckdb_tables() as tables
        inner join duckdb_columns() as columns using (database_name, schema_name, table_name)
        where tables.database_name = '{PUBLISHED}'
        group by all
        order by all
        """
    ).fetchall()


def list_views(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """How the views of the published file are created; they read its tables only."""
    found = connection.execute(
        f"select sql from duckdb_views() where database_name = '{PUBLISHED}' and not internal "
        "order by schema_name, view_name"
    ).fetchall()
    return [sql for [sql] in found]


def list_comments(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What the published file says of its tables, views and columns."""
    found = connection.execute(
        f"""
        with relations as (
            select 'table' as kind, schema_name, table_name as name, comment
            from duckdb_tables() where database_name = '{PUBLISHED}'
            union all
            select 'view', schema_name, view_name, comment
            from duckdb_views() where database_name = '{PUBLISHED}' and not internal
        )
        select kind, schema_name, name, null as column_name, comment from relations
        where comment is not null
        union all
        select 'column', schema_name, table_name, column_name, comment from duckdb_columns()
        where database_name = '{PUBLISHED}' and comment is not null
        """
    ).fetchall()
    return [
        f"comment on {kind} {'.'.join(map(identifier, filter(None, names)))} is {literal(comment)}"
        for kind, *names, comment in found
    ]
