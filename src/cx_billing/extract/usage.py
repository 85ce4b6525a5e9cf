"""Requests of the public API, a row a day: the usage query, a month each."""

from __future__ import annotations

import json
import time
from functools import partial

from cx_billing.extract.platform import BadRequestError, DeniedError, UnavailableError
from cx_billing.extract.pull import DoubtfulError, Pull, Step, items_of
from cx_billing.extract.windows import DAY, Window, midnight, months
from cx_billing.sidecars import Asked

USAGE = "api_usage"
QUERY = "/api/v2/usage/query"
NEEDS = "usage:organization:view"
GROUPED_BY = ["TemplateUri", "HttpMethod"]  # the same every time, else requests count twice
SETTLES_AFTER = DAY
POLL_SECONDS = 5
POLLS = 120
TRIES = 3


def steps(pull: Pull, needed: Window) -> list[Step]:
    """The months that have not arrived, or could still change when they did; whole days only."""
    today = midnight(pull.now.date())
    return [
        Step(USAGE, f"API usage {month}", partial(_pull, pull, month))
        for month in months(needed)
        if month.start < today and not pull.journal.arrival(USAGE, month).is_done
    ]


def _pull(pull: Pull, month: Window) -> None:
    today = midnight(pull.now.date())
    asked = Window(month.start, min(month.end, today))
    for _ in range(TRIES):
        try:
            pages = _ask(pull, asked)
            break
        except DoubtfulError as error:
            problem = error
    else:
        raise DeniedError(f"incomplete, {problem}, {TRIES} times.")
    about = Asked(pull.now, asked.start, asked.end)
    pull.folder.keep([USAGE], f"api_usage_{month}", pages, about)
    pull.journal.complete(USAGE, month, settled=month.end <= today - SETTLES_AFTER)


def _ask(pull: Pull, asked: Window) -> list[bytes]:
    """All pages of one query; DoubtfulError if they do not fit together."""
    body = {"interval": asked.interval, "granularity": "Day", "groupBy": GROUPED_BY}
    identity = pull.client.post(QUERY, NEEDS, body).value.get("executionId")
    if not identity:
        raise DeniedError(f"POST {QUERY}: no executionId in the answer.")
    path = f"{QUERY}/{identity}/results"
    pages: list[bytes] = []
    seen: set[str] = set()
    parameters: dict[str, object] = {}
    polls = 0
    while True:
        try:
            answer = pull.client.get(path, NEEDS, **parameters)
        except BadRequestError as error:
            raise DoubtfulError(f"the results are gone ({error})") from None
        status = str(answer.value.get("queryStatus") or "Complete")
        if status.lower() in ("failed", "failure", "cancelled"):
            raise DoubtfulError(f"the query is {status}")
        if status.lower() != "complete":
            polls += 1
            if polls >= POLLS:
                raise UnavailableError(f"GET {path}: still {status} after {polls} looks.")
            time.sleep(POLL_SECONDS)
            continue
        rows = {json.dumps(row, sort_keys=True) for row in items_of(answer, "results")}
        cursor = (answer.value.get("cursors") or {}).get("after")
        if seen & rows or f"cursor {cursor}" in seen:
            raise DoubtfulError("a row or a cursor came twice")
        seen |= rows | {f"cursor {cursor}"}
        pages.append(answer.body)
        if not cursor:
            return pages
        parameters["after"] = cursor
