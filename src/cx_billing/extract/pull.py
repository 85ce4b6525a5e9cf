"""What the parts of a run share: the platform, the folder, what is known and what was done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cx_billing.extract.folder import Folder
from cx_billing.extract.journal import Journal
from cx_billing.extract.platform import Answer, Client, DeniedError

PAGE_SIZE = 100
ALSO_IN_AN_EMPTY_PAGE = {"totalHits", "aggregations", "cursor", "dataAvailabilityDate"}


@dataclass
class Report:
    """What a run did: `pages` arrived, in `requests`; `denied` says what was refused, and why.

    `notes` are what else there is to know, and `available` says up to when the platform's data is
    complete, query by query.
    """

    pages: int = 0
    requests: int = 0
    open_conversations: int = 0
    notes: list[str] = field(default_factory=list)
    available: dict[str, datetime] = field(default_factory=dict)
    denied: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Step:
    """A part of a run; the steps of one `name` share a permission.

    What is `optional` does not exist everywhere: where it does not, that is no failure.
    """

    name: str
    label: str
    do: Callable[[], None]
    optional: bool = False


class DoubtfulError(Exception):
    """What arrived cannot be all there is; the message says why."""


@dataclass
class Pull:
    """One run into one folder; `trustor` is the customer whose overview a partner asks for.

    `facts` are what one part learned that another can use.
    """

    client: Client
    folder: Folder
    journal: Journal
    now: datetime
    trustor: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    report: Report = field(default_factory=Report)


def items_of(answer: Answer, key: str) -> list[dict]:
    """The list an answer is about; DeniedError if it has another shape."""
    items = answer.value.get(key)
    if items is None and set(answer.value) <= ALSO_IN_AN_EMPTY_PAGE:
        return []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise DeniedError(f"the answer holds no list of {key}, but {', '.join(answer.value)}")
    return items


def each(pull: Pull, label: str, do: Callable[..., None], *given: object) -> None:
    """One of many: what is denied of it is reported and does not cost the others."""
    try:
        do(pull, *given)
    except (DeniedError, ValueError) as error:
        pull.report.denied.append(f"{label}: {error}")
