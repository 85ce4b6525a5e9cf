"""What an answer of the platform API is made of: pages, and items that hold the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from cx_billing.formats.common import UnreadableError
from cx_billing.formats.completeness import Notes
from cx_billing.formats.makers import refuse_stringified
from cx_billing.formats.names import normalize

# The keys by which answers are taken apart. They are known in any spelling, as headers are:
# client libraries save what they were answered as `user_details` or `UserDetails`.
API_KEYS = (
    "addressFrom addressTo amount balanceConsumption billingPeriodEndDate "
    "billingPeriodStartDate charges conversationEnd conversationId conversations "
    "conversationStart currencyIsoCode cursor dataAvailabilityDate date dateEnd dateInvoiced "
    "dateStart description direction endDate entities externalContactId granularity id "
    "inactivityTimeout licenses lines mediaType messageType name nextUri oauthClient pageCount "
    "pageNumber pageSize participantId participants primaryPresence product purpose quantity "
    "query queryStatus requestCount resources results routingStatus segmentEnd segments "
    "segmentStart selfUri sessionId sessions sku startDate startTime status status429 "
    "templateUri total totalHits totalUsage unitOfMeasure usageQuantity usages user userDetails "
    "userId wallets "
)
_SPELLED = {normalize(key): key for key in API_KEYS.split()}


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
        self._is_known = False
        self._empty: dict | None = None

    def rows(self, value: object) -> Iterator[tuple[object, bool]]:
        """Yield every row, and whether it came flat, as people write it.

        A page without hits (`{}`, only `totalHits`, null for its items) holds no rows, nor does
        an item without its list.
        """
        if isinstance(value, list):
            for item in value:
                yield from self.rows(item)
            return
        if not isinstance(value, dict):
            refuse_stringified(value)
            yield value, True
            return
        for item in value.values():
            refuse_stringified(item)
        answer = spelled(value)
        pages = [key for key in self.pages if key in answer]
        page = next((key for key in pages if isinstance(answer[key], list)), None)
        if page is None and any(answer[key] is None for key in pages):
            page = pages[0]
            answer = answer | {page: []}
        if page is not None:
            self._is_known |= page != "entities"
            self.open_page(answer)
            self.notes.take_page(answer, answer[page], self.answer_id)
            for item in answer[page]:
                yield from self.rows(item)
        elif self.is_item(answer):
            self._is_known = True
            yield from ((row, False) for row in self.item_rows(answer))
        elif self.is_empty_item(answer):
            self._empty = value
        elif "totalHits" in answer:
            self.notes.take_page(answer, [], self.answer_id)
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

    def is_empty_item(self, item: dict) -> bool:
        """Whether an object that holds no rows is an item, if other things are of the API here."""
        return False

    def item_rows(self, item: dict) -> Iterator[dict]:
        """The rows an item holds."""
        raise NotImplementedError

    def rest(self) -> Iterator[tuple[object, bool]]:
        """After the last value: what seemed an empty item in a file without any of the API's."""
        if self._empty is not None and not self._is_known:
            yield self._empty, True

    def finish(self) -> None:
        """Refuse what was incomplete, after the last value."""


def spelled(item: dict) -> dict:
    """An object whose keys of the API are spelled as the API spells them."""
    names = _spellings(tuple(item))
    return item if names is None else dict(zip(names, item.values(), strict=True))


@lru_cache(maxsize=4096)
def _spellings(keys: tuple[str, ...]) -> tuple[str, ...] | None:
    """The same keys as the API spells them; None if they are already, or would be twice there."""
    names = tuple(_SPELLED.get(normalize(key), key) for key in keys)
    return None if names == keys or len(set(names)) < len(names) else names


def objects(parent: dict, key: str) -> list[dict]:
    """The list of objects under a key; none if the key is missing."""
    items = parent.get(key) or []
    for item in items if isinstance(items, list) else [items]:
        refuse_stringified(item)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise UnreadableError(f"is not of the API's shape: {key} is no list of objects")
    return [spelled(item) for item in items]


def part(parent: dict, key: str) -> dict:
    """The object under a key; an empty one if there is none."""
    item = parent.get(key)
    return spelled(item) if isinstance(item, dict) else {}


def without(item: dict, *keys: str) -> dict:
    """An object without some of its keys."""
    return {key: value for key, value in item.items() if key not in keys}


_NO_TIME = re.compile(r"0001-01-01|0?1/0?1/0001")


def is_no_time(text: object) -> bool:
    """Whether a time is the first instant of all, which client libraries write for none."""
    return isinstance(text, str) and bool(_NO_TIME.match(text))


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
