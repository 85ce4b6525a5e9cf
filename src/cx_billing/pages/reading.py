"""Reading the published warehouse: the queries of `queries/`, and what is asked for by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cache
from importlib import resources

import duckdb

from cx_billing.pages.content import Record
from cx_billing.pages.formatting import format_text

SUGGESTIONS = 5


class NotFoundError(LookupError):
    """What was asked for is not in the warehouse; the message says what is."""


@cache
def load_query(name: str) -> str:
    """The text of `queries/<name>.sql`."""
    return resources.files(__package__).joinpath("queries", f"{name}.sql").read_text("utf-8")


def read(connection: duckdb.DuckDBPyConnection, name: str, **parameters: object) -> list[Record]:
    """The rows of the query `name`, by column name; `parameters` are its `$names`."""
    result = connection.execute(load_query(name), parameters)
    columns = [column[0] for column in result.description]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def find_organization(connection: duckdb.DuckDBPyConnection, org_id: str) -> Record:
    """The organization. Raises NotFoundError, naming the closest ones, if there is none."""
    known = {record["org_id"]: record for record in read(connection, "organizations")}
    if org_id in known:
        return known[org_id]
    if read(connection, "landed_files", org_id=org_id):
        raise NotFoundError(
            f"Organization {format_text(org_id)!r} has files but no contract: see show rejected."
        )
    by_spelling = {
        spelling.casefold(): key
        for key, record in known.items()
        for spelling in (key, record["org_name"] or key)
    }
    close = difflib.get_close_matches(org_id.casefold(), by_spelling, n=SUGGESTIONS, cutoff=0)
    listed = ", ".join(dict.fromkeys(by_spelling[spelling] for spelling in close))
    raise NotFoundError(
        f"No organization {format_text(org_id)!r}. "
        + (f"The closest of {len(known)}: {listed}." if known else "No contract has been landed.")
    )


def require(wanted: object, available: Iterable[object], what: str, org_id: str) -> None:
    """Raise NotFoundError, listing what is available, unless it holds what is wanted."""
    available = list(available)
    if wanted not in available:
        listed = ", ".join(map(str, available)) or "none"
        raise NotFoundError(f"Organization {org_id} has no {what} {wanted}. It has: {listed}.")


def is_listed(name: str, names: str | None) -> bool:
    """Whether a name is among names joined by a comma and a blank; it may hold them itself."""
    return f", {name}, " in f", {names or ''}, "
