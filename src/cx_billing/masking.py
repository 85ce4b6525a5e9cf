"""What is personal in words that are shown or kept: hidden by the macros every build hides it by.

Rows that break a test, messages of DuckDB that quote a value, and why a file was refused go to
terminals, logs and files that are not the lake.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import duckdb
import jinja2

from cx_billing import duck, lake

MACROS = lake.PROJECT_DIR / "macros" / "masked.sql"
# Errors of DuckDB that quote a value, and not the query.
OF_VALUES = re.compile(
    r"\b(?:Conversion|Constraint|Invalid Input|Out of Range|Mismatch Type) Error"
)
# From where on the query stands below such an error.
QUERY = re.compile(r"\s*\n\s*LINE \d+:.*", re.DOTALL)
QUOTED = re.compile(r"'.*'|\".*\"", re.DOTALL)
BARE = re.compile(r"\bvalue (?!')(?!\")\S+")
HIDDEN = "***"
# Without any of this there is nothing to mask; DuckDB is asked only where there is.
SUSPICIOUS = re.compile(r"@|%40|\d(?:[\W_]{0,4}\d){6}|\d{1,3}(?:\.\d{1,3}){3}")
# What such columns are called between the lake and the marts.
PERSONAL_COLUMNS = {"user_name", "calling_number", "called_number", "raw_row", "raw_text"}
PLAIN_COLUMNS = {"org_id", "file_id", "source_file", "dataset"}


def define(connection: duckdb.DuckDBPyConnection, scope: str = "temp") -> None:
    """Make DuckDB know `masked(value)` of a number or address, and of words `masked_text(value)`,
    `numbers_in(value)` and, of a sentence with figures of its own, `masked_sentence(value, among)`.
    """
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)  # it is SQL
    template = environment.from_string(
        MACROS.read_text("utf-8")
        + """
        create or replace {{ scope }} macro masked(value) as {{ masked('value') }};
        create or replace {{ scope }} macro masked_text(value) as {{ masked_text('value') }};
        create or replace {{ scope }} macro masked_sentence(value, among) as
            {{ masked_text('value', among='among') }};
        create or replace {{ scope }} macro numbers_in(value) as {{ numbers_in('value') }};
        """
    )
    connection.execute(template.render(scope=scope))


@cache
def _connect() -> duckdb.DuckDBPyConnection:
    connection = duck.connect()
    connection.execute("set threads = 1")
    define(connection, scope="")  # a cursor for each thread
    return connection


def mask_words(text: str) -> str:
    """Words without the e-mails, numbers and network addresses in them."""
    if not SUSPICIOUS.search(text):
        return text
    with _connect().cursor() as cursor:
        [[masked]] = cursor.execute("select masked_text($1)", [text]).fetchall()
    return str(masked)


def mask_error(text: str) -> str:
    """A message of a build or a reader without the values that it quotes.

    What a query has wrong is quoted too, and stays: it is no value.
    """
    if OF_VALUES.search(text):
        text = QUERY.sub("", text)
        text = QUOTED.sub(lambda found: found[0][0] + HIDDEN + found[0][0], text)
        text = BARE.sub(f"value {HIDDEN}", text)
    return mask_words(text)


def mask_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row of a private model, as it may be shown."""
    return {name: mask_cell(name, value) for name, value in row.items()}


def mask_cell(name: str, value: Any) -> Any:
    """A value of a column, nothing of it if the column is personal."""
    if value is None or name in PLAIN_COLUMNS:
        return value
    if name in personal_columns():
        return HIDDEN
    if isinstance(value, (list, dict)):
        return mask_words(str(value))
    return mask_words(value) if isinstance(value, str) else value


@cache
def personal_columns() -> frozenset[str]:
    """The columns that are declared to be personal, and what they are called afterwards."""
    declared = {
        name
        for table in lake.declaration()["tables"]
        for column in table.get("columns", ())
        if (meta := column.get("config", {}).get("meta", {})).get("personal")
        for name in (column["name"], meta.get("staged_as", column["name"]))
    }
    return frozenset(declared | PERSONAL_COLUMNS)
