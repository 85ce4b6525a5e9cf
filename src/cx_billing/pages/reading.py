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
CLOSE = 0.6  # as difflib counts it
MOST_LISTED = 40


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
    close = find_close(org_id, by_spelling)
    listed = ", ".join(dict.fromkeys(by_spelling[spelling] for spelling in close))
    if not known:
        hint = "No contract has been landed."
    elif listed:
        hint = f"The closest of {len(known)}: {listed}."
    elif len(known) <= SUGGESTIONS:
        hint = f"There {'are' if len(known) > 1 else 'is'}: {', '.join(known)}."
    else:
        hint = f"cx-billing show index lists the {len(known)} there are."
    raise NotFoundError(f"No organization {format_text(org_id)!r}. {hint}")


def find_close(wanted: str, spellings: Iterable[str]) -> list[str]:
    """The few spellings that are close to what is wanted, or hold it; the closest first."""
    texts = dict.fromkeys(spellings)
    by_case = {text.casefold(): text for text in reversed(texts)}
    key = wanted.casefold()
    close = difflib.get_close_matches(key, by_case, n=SUGGESTIONS, cutoff=CLOSE)
    holding = [text for text in by_case if len(key) > 1 and key in text]
    return [by_case[text] for text in dict.fromkeys([*close, *holding])][:SUGGESTIONS]


def spell_plainly(text: object) -> str:
    """A number or name without what is only how it is written: `#810 013` is `810013`."""
    return "".join(letter for letter in str(text).casefold() if letter.isalnum())


def require(wanted: object, available: Iterable[object], what: str, org_id: str) -> None:
    """Raise NotFoundError, listing what is available, unless it holds what is wanted."""
    available = list(available)
    if wanted not in available:
        listed = list(map(str, available))
        if len(listed) > MOST_LISTED:
            close = find_close(str(wanted), listed) or listed[-SUGGESTIONS:]
            listed = [*close, f"and {len(listed) - len(close):,} more"]
        raise NotFoundError(
            f"Organization {org_id} has no {what} {wanted}. It has: {', '.join(listed) or 'none'}."
        )


def is_listed(name: str, names: str | None) -> bool:
    """Whether a name is among names joined by a comma and a blank; it may hold them itself."""
    return f", {name}, " in f", {names or ''}, "
