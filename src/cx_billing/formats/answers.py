"""What an answer of the platform API is made of: pages, and items that hold the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from cx_billing.formats.common import UnreadableError
from cx_billing.formats.completeness import Notes


class Answer:
    """Takes the answers of one file apart, one value after another.

    By default a value is a row itself, unless it is a page of rows. A dataset whose API answers
    are nested has a class of its own: `pages` are the keys under which a page holds its items,
    `is_item` knows an item that holds rows, and `item_rows` takes it apart.
    """

    pages: tuple[str, ...] = ("entities",)
    snapshot_date: str | None = None

    def __init__(self, name: str):
        """`name` is what the file was delivered as."""
        self._name = name
        self.notes = Notes()

    def rows(self, value: object) -> Iterator[tuple[object, bool]]:
        """Yield every row, and whether it came flat, as people write it.

        A page without hits (`{}`, or only `totalHits`) holds no rows.
        """
        if isinstance(value, list):
            for item in value:
                yield from self.rows(item)
            return
        if not isinstance(value, dict):
            yield value, True
            return
        items = next((value[key] for key in self.pages if isinstance(value.get(key), list)), None)
        if items is not None:
            self.open_page(value)
            self.notes.take_page(value, items, self.answer_id)
            for item in items:
                yield from self.rows(item)
        elif self.is_item(value):
            yield from ((row, False) for row in self.item_rows(value))
        elif "totalHits" in value:
            self.notes.take_page(value, [], self.answer_id)
        elif value:
            yield value, True

    @property
    def answer_id(self) -> str:
        """What the pages at hand are about, where one file holds pages of several things."""
        return ""

    def open_page(self, page: dict) -> None:
        """Look at a page before its items; refuse one that is not complete."""

    def is_item(self, item: dict) -> bool:
        """Whether the object holds rows instead of being one."""
        return False

    def item_rows(self, item: dict) -> Iterator[dict]:
        """The rows an item holds."""
        raise NotImplementedError

    def finish(self) -> None:
        """Refuse what was incomplete, after the last value."""


def objects(parent: dict, key: str) -> list[dict]:
    """The list of objects under a key; none if the key is missing."""
    items = parent.get(key) or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise UnreadableError(f"is not of the API's shape: {key} is no list of objects")
    return items


def part(parent: dict, key: str) -> dict:
    """The object under a key; an empty one if there is none."""
    item = parent.get(key)
    return item if isinstance(item, dict) else {}


def without(item: dict, *keys: str) -> dict:
    """An object without some of its keys."""
    return {key: value for key, value in item.items() if key not in keys}


def day_of(name: str) -> str | None:
    """The one day (YYYY-MM-DD or YYYYMMDD) in a file's name, else the one of its archive."""
    for step in reversed(name.split("/")):
        days = set()
        for match in re.finditer(r"(?<!\d)(\d{4})(-?)(\d\d)\2(\d\d)(?!\d)", step):
            try:
                days.add(date(int(match[1]), int(match[3]), int(match[4])).isoformat())
            except ValueError:
                continue
        if days:
            return days.pop() if len(days) == 1 else None
    return None
