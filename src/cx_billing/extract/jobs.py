"""Asynchronous jobs for details: submitted, waited for, and read page by page along a cursor.

A job that fails, is cancelled or whose results or cursor expire is submitted again, a few times.
Its results are complete when a page has no cursor; a cursor or an item that comes twice is no
result, and neither is a job that has less than the query said there is.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cx_billing.extract.platform import BadRequestError, Client, DeniedError, UnavailableError
from cx_billing.extract.pull import DoubtfulError, Pull, items_of
from cx_billing.extract.queries import CONVERSATIONS, Query
from cx_billing.extract.windows import Window

JOB_PAGE_SIZE = 1000
POLL_SECONDS = 5
POLLS = 360  # half an hour
TRIES = 3  # of one job


@dataclass
class Contents:
    """The items of a window that have arrived, and how many the platform says there are."""

    query: Query
    told: int = 0
    ids: set[str] = field(default_factory=set)
    _items: set[str] = field(default_factory=set)

    def add(self, items: list[dict], told: int | None) -> None:
        """Take in a page; DoubtfulError if it repeats an item of another page."""
        self.told = max(self.told, told or 0)
        ids = {str(item.get(self.query.identity)) for item in items}
        if again := self.ids & ids:
            raise DoubtfulError(f"{len(again)} items came on two pages")
        self.ids |= ids

    def add_of_job(self, items: list[dict]) -> None:
        """The same for a job, which may tell of a user day by day: only the same item is twice."""
        same = {json.dumps(item, sort_keys=True) for item in items}
        ids = {str(item.get(self.query.identity)) for item in items}
        if self._items & same or (self.query is CONVERSATIONS and self.ids & ids):
            raise DoubtfulError("an item came on two pages")
        self._items |= same
        self.ids |= ids

    def are_short(self) -> bool:
        """Whether less has arrived than there is."""
        return len(self.ids) < self.told


def availability(client: Client, query: Query, now: datetime) -> datetime:
    """Up to when the platform's data is complete, today at the latest."""
    answer = client.get(f"{query.jobs}/availability", query.needs)
    told = _date(answer.value.get("dataAvailabilityDate"))
    if told is None:
        raise DeniedError(f"no dataAvailabilityDate in the answer of {query.jobs}/availability.")
    return min(told, now)


def run(
    pull: Pull, query: Query, asked: Window, name: str, told: Contents
) -> tuple[int, datetime | None]:
    """Hold the results of a job as pages; how many, and up to when its data is complete.

    `told` is what the query knew. DeniedError if there is no such job, or none that is complete.
    """
    for _ in range(TRIES):
        pull.folder.forget(name)
        contents = Contents(query)
        try:
            found = _read(pull, query, _submit(pull.client, query, asked), name, contents)
            if not told.ids <= contents.ids:
                raise DoubtfulError("the job lacks items that the query has")
            if len(contents.ids) < told.told and contents.ids != told.ids:
                raise DoubtfulError(f"{len(contents.ids)} of {told.told} items arrived")
            return found
        except DoubtfulError as error:
            problem = error
    raise DeniedError(f"{problem}, {TRIES} times.")


def _submit(client: Client, query: Query, asked: Window) -> str:
    """The path of a job that has been fulfilled."""
    body = {"interval": asked.interval, **query.body}
    identity = client.post(query.jobs, query.needs, body).value.get("jobId")
    if not identity:
        raise DeniedError(f"POST {query.jobs}: no jobId in the answer.")
    path = f"{query.jobs}/{identity}"
    for _ in range(POLLS):
        answer = client.get(path, query.needs)
        state = str(answer.value.get("state")).upper()
        if state == "FULFILLED":
            return path
        if state in ("FAILED", "CANCELLED", "EXPIRED"):
            raise DoubtfulError(
                f"the job is {state}: {answer.value.get('errorMessage') or 'no reason given'}"
            )
        time.sleep(POLL_SECONDS)
    raise UnavailableError(f"GET {path}: still {state} after {POLLS * POLL_SECONDS} seconds.")


def _read(
    pull: Pull, query: Query, path: str, name: str, contents: Contents
) -> tuple[int, datetime | None]:
    cursors: set[str] = set()
    parameters: dict[str, object] = {"pageSize": JOB_PAGE_SIZE}
    reaches: list[datetime] = []
    pages = 0
    while True:
        try:
            answer = pull.client.get(f"{path}/results", query.needs, **parameters)
        except BadRequestError as error:
            raise DoubtfulError(f"the results are gone ({error})") from None
        items = items_of(answer, query.items)
        contents.add_of_job(items)
        if told := _date(answer.value.get("dataAvailabilityDate")):
            reaches.append(told)
        pages += 1
        pull.folder.hold(name, pages, answer.body)
        cursor = answer.value.get("cursor")
        if not cursor:
            return pages, min(reaches, default=None)
        if cursor in cursors:
            raise DoubtfulError("a cursor came twice")
        cursors.add(cursor)
        parameters["cursor"] = cursor


def _date(text: object) -> datetime | None:
    """A time as the platform writes it; None if it is none."""
    try:
        told = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)
