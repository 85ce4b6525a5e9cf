"""One run: what to ask for, what arrives, and what to remember for the next one."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path

from cx_billing import files
from cx_billing.extract.journal import ExtractError, Journal, lock
from cx_billing.extract.platform import (
    Answer,
    Client,
    DeniedError,
    MissingPermissionError,
    UnavailableError,
)
from cx_billing.extract.windows import DAY, Arrival, Window, instant, midnight, months, plan

SETTLES_AFTER = DAY  # until then the platform may still add to a window
PAGE_SIZE = 100
MOST_HITS = 100_000  # of one conversations query, on all its pages
SHORTEST_WINDOW = timedelta(minutes=1)
IDS_AT_ONCE = 50
POLL_SECONDS = 5
POLLS = 120
ALSO_IN_AN_EMPTY_PAGE = {"totalHits", "aggregations"}


@dataclass(frozen=True)
class Query:
    """A paged query over an interval: where it is asked, and where its pages go."""

    name: str
    datasets: tuple[str, ...]
    path: str
    needs: str
    items: str
    longest: timedelta
    body: dict
    most_hits: int | None = None


USERS_DETAILS = Query(
    name="users_details",
    datasets=("user_presence", "routing_status"),
    path="/api/v2/analytics/users/details/query",
    needs="analytics:userDetail:view",
    items="userDetails",
    longest=7 * DAY,
    body={"order": "asc"},
)
CONVERSATIONS = Query(
    name="conversations",
    datasets=("message_interactions",),
    path="/api/v2/analytics/conversations/details/query",
    needs="analytics:conversationDetail:view",
    items="conversations",
    longest=31 * DAY,
    body={
        "order": "asc",
        "orderBy": "conversationStart",
        "segmentFilters": [
            {
                "type": "or",
                "predicates": [
                    {
                        "type": "dimension",
                        "dimension": "mediaType",
                        "operator": "matches",
                        "value": "message",
                    }
                ],
            }
        ],
    },
    most_hits=MOST_HITS,
)
LICENSES, REPORTS = "license_assignments", "billable_usage_report"
DATASETS = (*USERS_DETAILS.datasets, *CONVERSATIONS.datasets, LICENSES, REPORTS)


@dataclass
class Report:
    """What a run did: `pages` arrived, in `requests`; `denied` says what was refused, and why."""

    pages: int = 0
    requests: int = 0
    open_conversations: int = 0
    denied: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Progress:
    """How far a run is; `at_work` is the next step."""

    done: int
    total: int
    at_work: str


@dataclass(frozen=True)
class _Step:
    """A part of a run; the steps of one `pull` share a permission."""

    pull: str
    label: str
    do: Callable[[], None]


def extract(
    client: Client,
    org_id: str,
    first: date,
    until: date,
    inbox: Path,
    datasets: Collection[str] = DATASETS,
    now: datetime | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Pull the usage of `[first, until)`, in UTC, into `inbox/org_id`; the future is left out.

    Of the license assignments there is only today's state. What the platform denies is reported
    and the rest pulled. Raises ExtractError if the folder is in use, unfit or another
    organization's, CredentialsError if the login fails, and UnavailableError if the platform no
    longer answers: then the next run continues.
    """
    now = now or datetime.now(UTC)
    needed = Window(midnight(first), min(midnight(until), midnight(now.date()) + DAY))
    folder = folder_of(inbox, org_id)
    show = progress or (lambda state: None)
    with lock(folder):
        run = _Run(client, folder, now)
        run.identify()
        steps = run.steps(needed, datasets)
        forbidden: set[str] = set()
        for number, step in enumerate(steps):
            show(Progress(number, len(steps), step.label))
            if step.pull in forbidden:
                continue
            try:
                step.do()
            except DeniedError as error:
                run.report.denied.append(f"{step.label}: {error}")
                if isinstance(error, MissingPermissionError):
                    forbidden.add(step.pull)
        show(Progress(len(steps), len(steps), ""))
    run.report.requests = client.requests_sent
    run.report.open_conversations = len(run.journal.open_conversations)
    return run.report


def folder_of(inbox: Path, org_id: str) -> Path:
    """The organization's folder; ExtractError if landing would not take it for one."""
    if not org_id or "/" in org_id or "\0" in org_id or org_id.startswith((".", "~$")):
        raise ExtractError(
            f"{org_id!r} cannot be the name of an organization's folder: no slash, no dot in front"
        )
    return Path(inbox) / org_id


class _Run:
    """One run: what is known, what arrives."""

    def __init__(self, client: Client, folder: Path, now: datetime):
        self._client = client
        self._folder = folder
        self._now = now
        self._settled_until = midnight((now - SETTLES_AFTER).date())
        self._seen: set[str] = set()  # conversations of this run
        self.journal = Journal(folder)
        self.report = Report()
        for leftover in folder.glob(f"*/.*{files.PARTIAL}"):
            leftover.unlink()

    def identify(self) -> None:
        """Refuse to mix two organizations in one folder."""
        try:
            answer = self._client.get("/api/v2/organizations/me", "organization:organization:view")
        except DeniedError:  # some roles may not know; then nothing can be compared
            return
        found, known = str(answer.value.get("id", "")), self.journal.organization
        if known and found and found != known:
            raise ExtractError(
                f"{self._folder}: was filled from the organization {known}, and the credentials "
                f"are of {answer.value.get('name')} ({found}). Use another ORG_ID for it."
            )
        self.journal.organization = found or known

    def steps(self, needed: Window, datasets: Collection[str]) -> list[_Step]:
        """All there is to do."""
        steps = []
        for query in (USERS_DETAILS, CONVERSATIONS):
            if not set(query.datasets) & set(datasets):
                continue
            known = self.journal.of(query.name)
            for window in plan(needed, known, query.longest, self._settled_until):
                label = f"{query.name} {window}"
                steps.append(_Step(query.name, label, partial(self._pull, query, window)))
        if set(CONVERSATIONS.datasets) & set(datasets):
            label = "conversations that had not ended"
            steps.append(_Step(CONVERSATIONS.name, label, self._follow))
        if LICENSES in datasets:
            steps.append(_Step(LICENSES, "license users", self._licenses))
        if REPORTS in datasets:
            for window in months(needed):
                if not self.journal.of(REPORTS).get(window, Arrival()).is_done:
                    label = f"billable usage {window}"
                    steps.append(_Step(REPORTS, label, partial(self._report, window)))
        return steps

    def _pull(self, query: Query, window: Window) -> None:
        """The pages of a window that have not arrived, until one is empty.

        How many there are is no help: the platform calls its own count approximate.
        """
        arrival = self._begin(query.name, window)
        previous = b""
        for number in count(arrival.pages + 1):
            paging = {"pageSize": PAGE_SIZE, "pageNumber": number}
            asked = {"interval": window.interval, **query.body, "paging": paging}
            answer = self._client.post(query.path, query.needs, asked)
            if query.most_hits and (answer.value.get("totalHits") or 0) > query.most_hits:
                self._split(query, window)
                return
            items = _items(answer, query.items)
            if not items:
                break
            if answer.body == previous:
                raise DeniedError(f"page {number} repeats page {number - 1}; paging does not work")
            previous = answer.body
            if query is CONVERSATIONS:
                self._note(items)
            self._keep(query.datasets, f"{query.name}_{window}_p{number:04}", answer.body)
            arrival.pages = number
            self.journal.save()
            if query.most_hits and number * PAGE_SIZE >= query.most_hits:
                break
        self._complete(query.datasets, query.name, window)

    def _begin(self, name: str, window: Window) -> Arrival:
        """Continue a window, or begin it anew if it could still change when it was begun."""
        arrival = self.journal.of(name).setdefault(window, Arrival())
        if not arrival.settled:
            arrival.pages = 0
        arrival.complete = False
        arrival.settled = window.end <= self._settled_until
        return arrival

    def _complete(self, datasets: Sequence[str], name: str, window: Window) -> None:
        """Note that a window is complete, and drop the pages that it no longer has."""
        arrival = self.journal.of(name)[window]
        self._drop(datasets, f"{name}_{window}", after=arrival.pages)
        arrival.complete = True
        self.journal.save()

    def _split(self, query: Query, window: Window) -> None:
        """Two queries instead of one that has more hits than pages can be turned."""
        if window.end - window.start < 2 * SHORTEST_WINDOW:
            raise DeniedError(f"more than {query.most_hits:,} hits within a minute")
        windows = self.journal.of(query.name)
        del windows[window]
        self._drop(query.datasets, f"{query.name}_{window}", after=0)
        halves = window.halves()
        for half in halves:
            windows.setdefault(half, Arrival())
        self.journal.save()
        for half in halves:
            self._pull(query, half)

    def _note(self, conversations: Sequence[dict]) -> bool:
        """Remember which conversations have not ended; whether one of them has."""
        for conversation in conversations:
            identity = str(conversation.get("conversationId"))
            self._seen.add(identity)
            if conversation.get("conversationEnd"):
                self.journal.open_conversations.discard(identity)
            else:
                self.journal.open_conversations.add(identity)
        return any(conversation.get("conversationEnd") for conversation in conversations)

    def _follow(self) -> None:
        """The conversations that had not ended when they were last seen, by their ids.

        A query finds only what began in its interval, so none would tell that they have ended.
        """
        waiting = sorted(self.journal.open_conversations - self._seen)
        for number, at in enumerate(range(0, len(waiting), IDS_AT_ONCE), start=1):
            identities = waiting[at : at + IDS_AT_ONCE]
            path = "/api/v2/analytics/conversations/details"
            answer = self._client.get(path, CONVERSATIONS.needs, id=",".join(identities))
            found = _items(answer, CONVERSATIONS.items)
            if self._note(found):
                name = f"conversations_ended_{self._now:%Y-%m-%dT%H%M%S}_p{number:04}"
                self._keep(CONVERSATIONS.datasets, name, answer.body)
            gone = set(identities) - self._seen
            self.journal.open_conversations -= gone  # the platform keeps nothing for ever
            self.journal.save()

    def _licenses(self) -> None:
        """Who holds which license now: once a day, and all pages or none."""
        today = midnight(self._now.date())
        window = Window(today, today + DAY)
        if self.journal.of(LICENSES).get(window, Arrival()).complete:
            return
        bodies: list[bytes] = []
        for number in count(1):
            answer = self._client.get(
                "/api/v2/license/users",
                "authorization:license:view",
                pageSize=PAGE_SIZE,
                pageNumber=number,
            )
            users = _items(answer, "entities")
            if users or not bodies:  # nobody is an answer too
                bodies.append(answer.body)
            if not users or number >= answer.value.get("pageCount", number + 1):
                break
        arrival = self._begin(LICENSES, window)
        for arrival.pages, body in enumerate(bodies, start=1):
            self._keep([LICENSES], f"license_users_{today:%Y-%m-%d}_p{arrival.pages:04}", body)
        arrival.complete = True
        self.journal.save()

    def _report(self, window: Window) -> None:
        """The vendor's report of what is billable in a month, once it is ready."""
        ends = min(window.end - timedelta(seconds=1), self._now)
        asked = {"startDate": instant(window.start), "endDate": instant(ends)}
        for _ in range(POLLS):
            answer = self._client.get(
                "/api/v2/billing/reports/billableusage", "billing:subscription:view", **asked
            )
            if answer.value.get("status") != "InProgress":
                break
            time.sleep(POLL_SECONDS)
        else:
            raise UnavailableError(
                f"billable usage {window}: still in progress after {POLLS * POLL_SECONDS} seconds."
            )
        _items(answer, "usages")
        arrival = self._begin(REPORTS, window)
        self._keep([REPORTS], f"billable_usage_{window}", answer.body)
        arrival.pages, arrival.complete = 1, True
        self.journal.save()

    def _keep(self, datasets: Sequence[str], name: str, body: bytes) -> None:
        """Put a page where landing looks."""
        for dataset in datasets:
            files.write(self._folder / dataset / f"{name}.json", body)
        self.report.pages += 1

    def _drop(self, datasets: Sequence[str], name: str, after: int) -> None:
        """Delete the pages of a window that come after the last one it has."""
        for dataset in datasets:
            for path in (self._folder / dataset).glob(f"{name}_p*.json"):
                if int(path.stem.rpartition("_p")[2]) > after:
                    path.unlink()


def _items(answer: Answer, key: str) -> list[dict]:
    """The list an answer is about; DeniedError if it has another shape."""
    items = answer.value.get(key)
    if items is None and set(answer.value) <= ALSO_IN_AN_EMPTY_PAGE:
        return []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise DeniedError(f"the answer holds no list of {key}, but {', '.join(answer.value)}")
    return items
