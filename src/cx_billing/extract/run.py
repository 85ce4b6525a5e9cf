"""One run: what to ask for, what arrives, and what to remember for the next one."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path

from cx_billing import files
from cx_billing.extract import listings
from cx_billing.extract.folder import Folder, folder_of
from cx_billing.extract.journal import ExtractError, Journal, lock
from cx_billing.extract.platform import (
    Client,
    DeniedError,
    MissingPermissionError,
    UnavailableError,
)
from cx_billing.extract.pull import PAGE_SIZE, Pull, Report, Step, items_of
from cx_billing.extract.windows import DAY, Arrival, Window, instant, midnight, months, plan

SETTLES_AFTER = DAY  # until then the platform may still add to a window
MOST_HITS = 100_000  # of one conversations query, on all its pages
SHORTEST_WINDOW = timedelta(minutes=1)
IDS_AT_ONCE = 50
POLL_SECONDS = 5
POLLS = 120


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
REPORTS = "billable_usage_report"
DATASETS = (
    *USERS_DETAILS.datasets,
    *CONVERSATIONS.datasets,
    listings.LICENSES,
    listings.USERS,
    REPORTS,
)


@dataclass(frozen=True)
class Progress:
    """How far a run is; `at_work` is the next step."""

    done: int
    total: int
    at_work: str


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
    path = folder_of(inbox, org_id)
    show = progress or (lambda state: None)
    with lock(path):
        pull = Pull(client, Folder(path), Journal(path), now)
        report = pull.report
        _identify(pull)
        steps = _Run(pull).steps(needed, datasets)
        steps += listings.steps(pull, set(datasets))
        forbidden: set[str] = set()
        for number, step in enumerate(steps):
            show(Progress(number, len(steps), step.label))
            if step.name in forbidden:
                continue
            try:
                step.do()
            except DeniedError as error:
                report.denied.append(f"{step.label}: {error}")
                if isinstance(error, MissingPermissionError):
                    forbidden.add(step.name)
        show(Progress(len(steps), len(steps), ""))
    report.pages = pull.folder.kept
    report.requests = client.requests_sent
    report.open_conversations = len(pull.journal.open_conversations)
    return report


def _identify(pull: Pull) -> None:
    """Refuse to mix two organizations in one folder."""
    try:
        answer = pull.client.get("/api/v2/organizations/me", "organization:organization:view")
    except DeniedError:  # some roles may not know; then nothing can be compared
        return
    found, known = str(answer.value.get("id", "")), pull.journal.organization
    if known and found and found != known:
        raise ExtractError(
            f"{pull.folder.path}: was filled from the organization {known}, and the credentials "
            f"are of {answer.value.get('name')} ({found}). Use another ORG_ID for it."
        )
    pull.journal.organization = found or known


class _Run:
    """One run: what is known, what arrives."""

    def __init__(self, pull: Pull):
        self._client = pull.client
        self._folder = pull.folder.path
        self._pages = pull.folder
        self._now = pull.now
        self._settled_until = midnight((pull.now - SETTLES_AFTER).date())
        self._seen: set[str] = set()  # conversations of this run
        self.journal = pull.journal

    def steps(self, needed: Window, datasets: Collection[str]) -> list[Step]:
        """All there is to do."""
        steps = []
        for query in (USERS_DETAILS, CONVERSATIONS):
            if not set(query.datasets) & set(datasets):
                continue
            known = self.journal.of(query.name)
            for window in plan(needed, known, query.longest, self._settled_until):
                label = f"{query.name} {window}"
                steps.append(Step(query.name, label, partial(self._pull, query, window)))
        if set(CONVERSATIONS.datasets) & set(datasets):
            label = "conversations that had not ended"
            steps.append(Step(CONVERSATIONS.name, label, self._follow))
        if REPORTS in datasets:
            for window in months(needed):
                if not self.journal.of(REPORTS).get(window, Arrival()).is_done:
                    label = f"billable usage {window}"
                    steps.append(Step(REPORTS, label, partial(self._report, window)))
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
            items = items_of(answer, query.items)
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
            found = items_of(answer, CONVERSATIONS.items)
            if self._note(found):
                name = f"conversations_ended_{self._now:%Y-%m-%dT%H%M%S}_p{number:04}"
                self._keep(CONVERSATIONS.datasets, name, answer.body)
            gone = set(identities) - self._seen
            self.journal.open_conversations -= gone  # the platform keeps nothing for ever
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
        items_of(answer, "usages")
        arrival = self._begin(REPORTS, window)
        self._keep([REPORTS], f"billable_usage_{window}", answer.body)
        arrival.pages, arrival.complete = 1, True
        self.journal.save()

    def _keep(self, datasets: Sequence[str], name: str, body: bytes) -> None:
        """Put a page where landing looks."""
        for dataset in datasets:
            files.write(self._folder / dataset / f"{name}.json", body)
        self._pages.kept += 1

    def _drop(self, datasets: Sequence[str], name: str, after: int) -> None:
        """Delete the pages of a window that come after the last one it has."""
        for dataset in datasets:
            for path in (self._folder / dataset).glob(f"{name}_p*.json"):
                if int(path.stem.rpartition("_p")[2]) > after:
                    path.unlink()
