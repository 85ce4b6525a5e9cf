"""A page as data: JSON of all its tables, CSV of one; by the column names of the marts."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from cx_billing.pages.content import Page, Record, Table
from cx_billing.pages.reading import NotFoundError
from cx_billing.spreadsheets import keep_text

# What pages are drawn and ordered with, and is no data of its own.
HELPERS = {"minor_units", "position", "product_name", "anchor"}


def render_json(page: Page, /, **told: object) -> str:
    """The head of the page and every table, after what is `told` of all of it.

    Decimals are strings, since most readers take a JSON number for floating point.
    """
    document = {
        **told,
        "title": page.title,
        "head": drop_helpers(page.head),
        "tables": {name: list(list_records(table)) for name, table in name_tables(page).items()},
        "notes": page.notes,
    }
    return json.dumps(spell_value(document), ensure_ascii=False, indent=2) + "\n"


def render_csv(page: Page, name: str | None = None) -> str:
    """The table `name`, or the main one. Raises NotFoundError, naming those there are."""
    tables = name_tables(page)
    if not tables:
        raise NotFoundError("The page has no table.")
    if name is None:
        name = next((key for key, table in tables.items() if table.is_main), next(iter(tables)))
    if name not in tables:
        raise NotFoundError(f"The page has no table {name!r}. It has: {', '.join(tables)}.")
    records = [flatten(record) for record in list_records(tables[name])]
    header = list(dict.fromkeys(key for record in records for key in record)) or [
        key
        for column in tables[name].drop_references().columns
        for key in column.keys or (spell_key(column.heading),)
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def name_tables(page: Page) -> dict[str, Table]:
    """The tables of a page by their names, each made of its title where it has none."""
    tables: dict[str, Table] = {}
    for table in page.tables:
        name = table.name or spell_key(table.title) or "table"
        while name in tables:
            name += "_more"
        tables[name] = table
    return tables


def list_records(table: Table) -> Iterator[Record]:
    """The rows of a table as data; of one that has text alone, its cells by their headings."""
    if table.records or not table.rows:
        yield from map(drop_helpers, table.records)
        return
    keys = [spell_key(column.heading) for column in table.columns]
    for row in table.rows:
        if row.kind == "line":
            yield dict(zip(keys, row.cells, strict=True))


def drop_helpers(record: Record) -> Record:
    """A record without what pages are drawn with."""
    return {key: value for key, value in record.items() if key not in HELPERS}


def spell_key(words: str) -> str:
    """Words as the name of a table or of a column: `Peak from (UTC)` is `peak_from_utc`."""
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


def spell_value(value: object) -> object:
    """A value as JSON has it: decimals exact, as strings; instants in UTC, with a Z."""
    if isinstance(value, dict):
        return {str(key): spell_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [spell_value(item) for item in value]
    if isinstance(value, Decimal):
        return spell_decimal(value)
    if isinstance(value, datetime):
        return f"{value.replace(tzinfo=None).isoformat()}Z"
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return str(value)


def spell_decimal(value: Decimal) -> str:
    """Every digit that counts, without an exponent: `1246.85`, `100`."""
    plain = f"{value:f}" if value else "0"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def flatten(record: Record) -> dict[str, str]:
    """A record as the cells of a CSV row: a map is a column per key, a list is JSON.

    No text is a formula to a spreadsheet.
    """
    cells: dict[str, str] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            cells |= flatten({f"{key}.{part}": item for part, item in value.items()})
            continue
        spelled = spell_value(value)
        if isinstance(spelled, bool):
            cells[key] = str(spelled).lower()
        elif isinstance(spelled, list):
            cells[key] = json.dumps(spelled, ensure_ascii=False)
        else:
            cells[key] = "" if spelled is None else str(spelled)
            if isinstance(value, str):
                cells[key] = keep_text(cells[key])
    return cells
