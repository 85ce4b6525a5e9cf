"""Texts become values: times, numbers, names of products, and the reason why one cannot be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache

from oracle import catalogue, labels
from oracle.datasets import (
    CHOICES,
    COLUMNS,
    ENDS,
    INTERVALS,
    LOWER_CASE,
    NOT_NEGATIVE,
    UPPER_CASE,
    columns_of,
)
from oracle.products import (
    DESIGNATION,
    LICENSE_RANK,
    METERS,
    OPEN_PRODUCTS,
    PRODUCTS,
    WALLBOARD,
)

NO_TIME = "0001-01-01"  # how some tools write that there is none
LONG_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
MONTHS = {
    spelled: number
    for number, name in enumerate(LONG_MONTHS, start=1)
    for spelled in (name, name[:3], "sept" if name == "september" else name)
}


class BadRow(Exception):  # noqa: N818 - a finding about data, not a failure of the program
    """A row that cannot be used; the message is the reason, `column` is the one to blame."""

    column: str | None = None


@cache
def squeeze(name: str) -> str:
    """A header without case, blanks and punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def parse_time(text: str) -> datetime:
    """ISO 8601 with T or blank; without offset it is UTC. Returns naive UTC."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise BadRow("not_a_timestamp") from None
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


def parse_moment(text: str) -> datetime:
    """A time, or a date whose month may be called by its English name beside a day and a year."""
    part = r"([a-z]+|\d\d?(?:st|nd|rd|th)?)[-/., \xa0]{1,2}"
    if found := re.fullmatch(rf"{part}{part}(\d{{4}})([t ]\d.*)?", text, re.IGNORECASE):
        first, second, year, rest = found.groups("")
        name, day = (second, first) if first[0].isdigit() else (first, second)
        if (month := MONTHS.get(name.lower())) and day[0].isdigit():
            text = f"{year}-{month:02}-{int(re.sub(r'[^0-9]', '', day)):02}{rest}"
    return parse_time(text)


def parse_end(text: str) -> date:
    """CYC-03: a vendor end of 23:59:59 (with or without fraction) means the next day.

    So does 11:59:59, which the vendor's texts write for it.
    """
    value = parse_moment(re.sub(r"(?<=[Tt ])11:59:59", "23:59:59", text))
    return value.date() + timedelta(days=value.time() >= time(23, 59, 59))


def parse_number(text: str) -> Decimal:
    """A plain decimal number."""
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", text):
        raise BadRow("not_a_number")
    return Decimal(text)


def parse_duration(text: str) -> Fraction:
    """HOUR-04: the seconds of `H:M:S:ms`, padded or not."""
    if not re.fullmatch(r"\d+:\d{1,2}:\d{1,2}:\d{1,3}", text):
        raise BadRow("not_a_number")
    hours, minutes, seconds, milliseconds = (int(part) for part in text.split(":"))
    return hours * 3600 + minutes * 60 + seconds + Fraction(milliseconds, 1000)


def parse_flag(text: str) -> bool:
    """A yes or no."""
    return text.lower() in {"true", "t", "yes", "y", "1"}


def parse_license(text: str) -> str:
    """A license, add-on or designation by one of its names, or one that is not billed."""
    if labels.is_not_billed(text):
        return text
    product = catalogue.product_named(text) or labels.BARE_LICENSES.get(labels.bare(text))
    if product not in LICENSE_RANK.keys() | catalogue.addons() | {DESIGNATION, WALLBOARD}:
        raise BadRow("unknown_license")
    return product


def parse_product(text: str) -> str:
    """A product of the catalogue by its code or another name."""
    product = catalogue.product_named(text) or text.lower()
    is_open = OPEN_PRODUCTS.fullmatch(product) or catalogue.own_kind(product)
    if product not in PRODUCTS and not is_open:
        raise BadRow("unknown_product")
    return product


def parse_priced(text: str) -> str:
    """A product that a contract can price: a meter takes tokens and has no price of its own."""
    product = parse_product(text)
    if product in METERS:
        raise BadRow("unknown_product")
    return product


def parse_ordered(text: str) -> str:
    """What is bought once, known or not; calls, taxes and the like follow from usage and terms."""
    product = parse_name(text)
    is_listed = product in PRODUCTS and not catalogue.own_kind(product)
    kind = catalogue.listed(product)["kind"] if is_listed else None
    if kind in {"call", "surcharge", "tax", "minimum", "designation"}:
        raise BadRow("unknown_product")
    return product


def parse_name(text: str) -> str:
    """What a report is about: a product by any name, or what nobody knows, as it stands."""
    return catalogue.product_named(text) or text.lower()


def parse_platform(text: str) -> str:
    """A messaging platform: case and punctuation are no part of its name."""
    return labels.BARE_PLATFORMS.get(labels.bare(text), squeeze(text))


def parse_dataset(text: str) -> str:
    """One of the raw datasets."""
    if text.lower() not in COLUMNS:
        raise BadRow("unknown_value")
    return text.lower()


PARSERS = {
    "text": str,
    "code": str.lower,
    "dataset": parse_dataset,
    "time": parse_time,
    "moment": parse_moment,
    "date": lambda text: parse_moment(text).date(),
    "end": parse_end,
    "number": parse_number,
    "flag": parse_flag,
    "duration": parse_duration,
    "license": parse_license,
    "ordered": parse_ordered,
    "product": parse_product,
    "priced": parse_priced,
    "platform": parse_platform,
    "presence": labels.read_presence,
    "name": parse_name,
    "phone": labels.read_phone,
    "email": str.lower,
}


def parse_row(dataset: str, cells: dict[str, str]) -> dict:
    """The values of one row by column; raises BadRow with the first reason found."""
    values = {}
    for name, kind, mark in columns_of(dataset):
        with blaming(name):
            values[name] = parse_cell(name, kind, mark, cells)
            if name in NOT_NEGATIVE and values[name] is not None and values[name] < 0:
                raise BadRow("negative_quantity")
    if values.get("customer_account"):
        values["customer_account"] = labels.read_account(
            values["platform"], values["customer_account"]
        )
    for start, end in INTERVALS.get(dataset, []):
        with blaming(end):
            if values[start] and values[end] and values[end] < values[start]:
                raise BadRow("end_before_start")
    return values


def parse_cell(name: str, kind: str, mark: str, cells: dict[str, str]) -> object:
    """The value of one column, None if it is empty and may be."""
    text = cells.get(squeeze(name), "").strip()
    text = "" if name in ENDS and text.startswith(NO_TIME) else text
    text = text.lower() if name in LOWER_CASE else text
    text = text.upper() if name in UPPER_CASE else text
    if not text and mark == "!":
        raise BadRow("missing_value")
    value = PARSERS[kind](text) if text else None
    if text and name in CHOICES and text not in CHOICES[name]:
        raise BadRow("unknown_value")
    return value


def parse_key(dataset: str, cells: dict[str, str], key: list[str]) -> tuple | None:
    """The natural key of a row, also of one that is rejected; None if it cannot be read."""
    values = {}
    for name, kind, mark in columns_of(dataset):
        if name in key:
            try:
                values[name] = parse_cell(name, kind, mark, cells)
            except BadRow:
                return None
    if values.get("customer_account"):
        values["customer_account"] = labels.read_account(
            values["platform"], values["customer_account"]
        )
    return tuple(values[name] for name in key)


@contextmanager
def blaming(column: str) -> Iterator[None]:
    """A row that is bad is bad for this column."""
    try:
        yield
    except BadRow as bad:
        bad.column = column
        raise
