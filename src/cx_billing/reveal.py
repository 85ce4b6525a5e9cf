"""Whom a masked id or a key of the marts stands for: only the owner of the key can tell.

A keyed hash cannot be turned around. With the key, though, every value of the lake can be hashed
again, and one that gives the same is the one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import jinja2

from cx_billing import duck, lake, parking
from cx_billing.customer_key import VARIABLE, find_key
from cx_billing.formats.common import identifier, literal
from cx_billing.masking import personal_columns

KEY = re.compile(r"[0-9a-f]{64}")
MASKED_ID = re.compile(r"(?:.*~)?([0-9a-f]{12})(?:@\*\*\*)?", re.DOTALL)
OF_SEVERAL = re.compile(r"[0-9a-f]{32}")
MACROS = ("masked", "keyed_hash", "phone_account")
BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(160)"


class NotRevealedError(ValueError):
    """It cannot be told; the message says why."""


@dataclass(frozen=True)
class Revealed:
    """A value that gives the key, and where it is: the first file of a dataset with it."""

    value: str
    dataset: str
    column: str
    source_file: str


def reveal(home: Path, org_id: str, masked: str) -> list[Revealed]:
    """The values of an organization that a key, or a masked id, stands for.

    Raises NotRevealedError if there is no key, or no such value.
    """
    key = find_key(home)
    if key is None:
        raise NotRevealedError(
            f"There is no key: {VARIABLE} is not set, and {home} holds none. Who has it can tell."
        )
    beginning = find_beginning(masked)
    paths = parking.list_files(home / "lake").get(org_id, [])
    if not paths:
        raise NotRevealedError(f"No file of {org_id} is in the lake of {home}.")
    with duck.connect() as connection:
        connection.execute("set variable customer_key = $1", [key])
        define(connection)
        found = [
            revealed
            for dataset, columns in list_columns(is_whole=len(beginning) == len("0" * 64))
            for revealed in search(connection, org_id, dataset, columns, paths, beginning)
        ]
    if not found:
        raise NotRevealedError(
            f"Nothing that was landed of {org_id} has this key. It is of another organization, or "
            "was made with another key, or by a version whose keys were the same in all "
            "organizations: build again, and look it up in what is published then."
        )
    return found


def find_beginning(masked: str) -> str:
    """The hash, or how it begins, in a key or a masked id. Raises NotRevealedError if none is."""
    text = masked.strip()
    if KEY.fullmatch(text):
        return text
    if found := MASKED_ID.fullmatch(text):
        return found[1]
    if OF_SEVERAL.fullmatch(text):
        raise NotRevealedError(
            "conversation_key and number_pair_key are of several values. Give the "
            "customer_account_key, origin_key or destination_key of the row."
        )
    raise NotRevealedError(
        f"{masked!r} is no key and no masked id: a key has 64 hexadecimal digits, and a masked id "
        "ends in a tilde and twelve, like ***@x.example~0a1b2c3d4e5f."
    )


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Make DuckDB know how a value is hashed, and how a number is spelled for it."""
    texts = ((lake.PROJECT_DIR / "macros" / f"{name}.sql").read_text("utf-8") for name in MACROS)
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)  # it is SQL
    connection.execute(
        environment.from_string(
            "\n".join(texts)
            + """
            create temp macro keyed_hash(value, org_id) as {{ keyed_hash('value', 'org_id') }};
            create temp macro phone_account(value) as {{ phone_account('value') }};
            create temp macro may_be_personal(value) as {{ may_be_personal('value') }};
            """
        ).render()
    )


def list_columns(is_whole: bool) -> Iterator[tuple[str, Sequence[str]]]:
    """The columns that such a hash can be of: a whole one is of a personal column."""
    for dataset in lake.datasets().values():
        columns = [
            column for column in dataset.columns if not is_whole or column in personal_columns()
        ]
        if columns:
            yield dataset.name, columns


def search(
    connection: duckdb.DuckDBPyConnection,
    org_id: str,
    dataset: str,
    columns: Sequence[str],
    paths: Sequence[Path],
    beginning: str,
) -> list[Revealed]:
    """The values of a dataset that give a hash, as they are or as staging spells them."""
    of_dataset = [path for path in paths if path.parent.name == dataset]
    if not of_dataset:
        return []
    empty = of_dataset[0].with_name("_empty.parquet")  # has every column
    listed = ", ".join(literal(str(path)) for path in (*of_dataset, empty))
    names = ", ".join(map(identifier, columns))
    trimmed = ", ".join(
        f"nullif(trim({name}, {BLANKS}), '') as {name}" for name in map(identifier, columns)
    )
    found = connection.execute(
        f"""
        with landed as (
            select source_file, {trimmed}
            from read_parquet([{listed}], union_by_name = true)
            where org_id = $org_id
        ),
        cells as (
            select of_column as name, cell as value, min(source_file) as source_file
            from (unpivot landed on {names} into name of_column value cell)
            group by of_column, cell
        )
        select distinct value, name, source_file
        from cells, unnest([
            value, lower(value), phone_account(value), split_part(value, '@', 1)
        ]) as spelled (spelling)
        where
            (may_be_personal(value) or list_contains($personal, name))
            and starts_with(keyed_hash(spelling, $org_id), $beginning)
        order by all
        """,
        {"org_id": org_id, "beginning": beginning, "personal": sorted(personal_columns())},
    ).fetchall()
    return [Revealed(value, dataset, name, file) for value, name, file in found]
