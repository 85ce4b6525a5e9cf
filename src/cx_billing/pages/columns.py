"""Kinds of columns, and the rows between the lines: headings, subtotals, totals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from cx_billing.pages.content import Column, Link, Record, Row, Table, fill_rows
from cx_billing.pages.formatting import (
    format_instant,
    format_number,
    format_period,
    format_text,
)
from cx_billing.pages.words import spell_code

Linking = Callable[[Record], Link | None]


def text_column(heading: str, key: str, link: Linking | None = None) -> Column:
    """A column of text."""
    return Column(heading, lambda record: format_text(record[key]), keys=(key,), link=link)


def words_column(heading: str, key: str, link: Linking | None = None) -> Column:
    """A column of codes, in words."""
    return Column(heading, lambda record: spell_code(record[key]), keys=(key,), link=link)


def product_column(heading: str, link: Linking | None = None) -> Column:
    """A column of products by their names (`Names.add`)."""
    return Column(
        heading,
        lambda record: format_text(record["product_name"]),
        keys=("product_code",),
        link=link,
    )


def yes_column(heading: str, key: str) -> Column:
    """A column of what is true or not."""
    said = {True: "yes", False: "no", None: ""}
    return Column(heading, lambda record: said[record[key]], keys=(key,))


def date_column(heading: str, key: str, link: Linking | None = None) -> Column:
    """A column of dates."""
    return Column(
        heading, lambda record: format_text(record[key]), is_whole=True, keys=(key,), link=link
    )


def instant_column(heading: str, key: str) -> Column:
    """A column of instants in UTC."""
    return Column(heading, lambda record: format_instant(record[key]), is_whole=True, keys=(key,))


def quantity_column(heading: str, key: str, link: Linking | None = None) -> Column:
    """A column of quantities."""
    return Column(
        heading, lambda record: format_number(record[key]), is_number=True, keys=(key,), link=link
    )


def billed_column(heading: str, key: str, link: Linking | None = None) -> Column:
    """A column of what is billed: a quantity, or, of a tax, the money that it is on."""

    def spell(record: Record) -> str:
        is_money = record.get("charge_type") == "tax"
        return format_number(record[key], (record["minor_units"] or 0) if is_money else 0)

    return Column(heading, spell, is_number=True, keys=(key,), link=link)


def money_column(heading: str, key: str, link: Linking | None = None) -> Column:
    """A column of money, shown with the record's `minor_units`."""
    return Column(
        heading,
        lambda record: format_number(record[key], record["minor_units"] or 0),
        is_number=True,
        keys=(key,),
        link=link,
    )


def difference_column(heading: str, key: str, link: Linking | None = None) -> Column:
    """A column of money that is to be noticed where it is not zero."""
    return replace(
        money_column(heading, key, link), mark=lambda record: "differs" if record[key] else ""
    )


def rule_column() -> Column:
    """The rule behind a record, named by its key `rule`."""
    return Column(
        "Rule",
        lambda record: format_text(record["rule"]),
        is_whole=True,
        link=lambda record: Link(rule=record["rule"]) if record["rule"] else None,
        is_reference=True,
    )


SERVICE_PERIOD = Column(
    "Service period",
    lambda record: format_period(record["service_period_start"], record["service_period_end"]),
    is_whole=True,
    keys=("service_period_start", "service_period_end"),
)


def name_organization(org_id: str | None) -> tuple[Column, ...]:
    """The column that names the organization, where a page is not of one alone."""
    return (text_column("Organization", "org_id"),) if org_id is None else ()


def label_row(columns: Sequence[Column], kind: str, label: str, **values: object) -> Row:
    """A row with a label in front and only the values given."""
    unlinked = [replace(column, link=None) for column in columns]
    (row,) = fill_rows(unlinked, [defaultdict(lambda: None, values)])
    return replace(row, cells=(label, *row.cells[1:]), kind=kind)


def add_up(records: Iterable[Record], key: str) -> Decimal:
    """The exact sum of what is there."""
    return sum((record[key] for record in records if record[key] is not None), Decimal(0))


def tabulate(title: str, records: Sequence[Record]) -> Table:
    """A table of records as they are."""
    columns = tuple(text_column(format_text(key), key) for key in records[0])
    return Table.of_records(title, columns, records)
