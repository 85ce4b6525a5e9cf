"""Details of users and of conversations: windows of them, each complete or not there.

A window is asked for by a query, page by page. Three things end that: a query that has too many
hits or whose deep pages are refused (API-03), a page that is empty though the platform says there
is more, and a page that repeats what came before. Then an asynchronous job is asked for the same
window (`jobs`), and where that is not possible either, a window with too many hits is halved.

The platform says up to when its data is complete (API-01). Nothing is asked for beyond that, and a
window is settled when that date has passed it, whatever the clock says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count

from cx_billing.extract import jobs
from cx_billing.extract.jobs import Contents
from cx_billing.extract.platform import BadRequestError, DeniedError, MissingPermissionError
from cx_billing.extract.pull import PAGE_SIZE, DoubtfulError, Pull, Step, items_of
from cx_billing.extract.queries import CONVERSATIONS, Query
from cx_billing.extract.windows import DAY, Window, midnight, plan, until
from cx_billing.sidecars import Asked

SETTLES_AFTER = DAY  # by the clock: days from then on are asked for one by one
MOST_HITS = 10_000  # of one query; what has more is left to a job (API-03)
SHORTEST_WINDOW = timedelta(minutes=1)
IDS_AT_ONCE = 50


class TooDeepError(DoubtfulError):
    """More hits than pages can be turned."""


@dataclass
class Details:
    """The windows of one query."""

    pull: Pull
    query: Query

    def __post_init__(self) -> None:
        self._seen: set[str] = set()  # items of this run
        self._available: datetime | None = None

    def steps(self, needed: Window) -> list[Step]:
        """All that is missing of an interval, as far as the platform has the data."""
        query, pull = self.query, self.pull
        settled_until = midnight((pull.now - SETTLES_AFTER).date())
        try:
            self._available = jobs.availability(pull.client, query, pull.now)
        except DeniedError as error:
            pull.report.denied.append(
                f"{query.name}: how far the data reaches: {error} Until the platform tells it, "
                "nothing counts as settled, and all is asked for again."
            )
        else:
            settled_until = midnight(self._available.date())
            needed = Window(needed.start, min(needed.end, until(self._available)))
            pull.report.available[query.name] = self._available
        steps = [
            Step(query.name, f"{query.name} {window}", partial(self._pull, window))
            for window in plan(needed, pull.journal.of(query.name), query.longest, settled_until)
        ]
        if query is CONVERSATIONS:
            steps.append(Step(query.name, "conversations that had not ended", self._follow))
        return steps

    def _pull(self, window: Window) -> None:
        """A window: by a query, else by a job, else in halves."""
        asked = Window(window.start, min(window.end, self._available or window.end))
        if asked.start >= asked.end:
            return
        contents = Contents(self.query)
        reaches = self._available
        try:
            self._ask(window, asked, contents)
        except DoubtfulError as reason:
            self._forget_pages(window)
            try:
                reaches = self._ask_by_job(window, asked, contents)
            except DeniedError as error:
                self._forget_pages(window)
                if isinstance(reason, TooDeepError):
                    self._split(window)
                    return
                raise DeniedError(f"incomplete, {reason}, and by a job: {error}") from None
        self._complete(window, asked, reaches)

    def _ask(self, window: Window, asked: Window, contents: Contents) -> None:
        """The pages of a window that have not arrived, until one is empty."""
        pull, query = self.pull, self.query
        arrival = pull.journal.begin(query.name, window, self._is_settled(window, self._available))
        name = self._name(window)
        for page in pull.folder.held(name, arrival.pages):
            contents.add(items_of(page, query.items), page.value.get("totalHits"))
        for number in count(arrival.pages + 1):
            paging = {"pageSize": PAGE_SIZE, "pageNumber": number}
            body = {"interval": asked.interval, **query.body, "paging": paging}
            try:
                answer = pull.client.post(query.path, query.needs, body)
            except BadRequestError as error:
                if number == 1:
                    raise
                raise TooDeepError(f"page {number} is refused ({error})") from None
            items = items_of(answer, query.items)
            contents.add(items, answer.value.get("totalHits"))
            if contents.told > MOST_HITS:
                raise TooDeepError(f"{contents.told:,} hits are more than can be turned")
            if items or number == 1:  # that there is nothing is an answer too
                pull.folder.hold(name, number, answer.body)
                arrival.pages = number
                pull.journal.save()
            if not items:
                break
        if contents.are_short():
            raise DoubtfulError(
                f"page {number} is empty and {len(contents.ids)} of {contents.told} items arrived"
            )

    def _ask_by_job(self, window: Window, asked: Window, contents: Contents) -> datetime | None:
        """The same as one job; how far that reaches."""
        arrival = self.pull.journal.begin(self.query.name, window, settled=False)
        arrival.pages, told = jobs.run(
            self.pull, self.query, asked, self._name(window), told=contents
        )
        return min(filter(None, (self._available, told)), default=None)

    def _complete(self, window: Window, asked: Window, reaches: datetime | None) -> None:
        """Put a window where landing looks, and note that it is complete."""
        pull, query, name = self.pull, self.query, self._name(window)
        arrival = pull.journal.arrival(query.name, window)
        if query is CONVERSATIONS:
            for page in pull.folder.held(name, arrival.pages):
                self._note(items_of(page, query.items))
        # Where the platform does not tell how far its data reaches, nothing is said to be covered.
        about = Asked(pull.now, asked.start, asked.end, reaches) if reaches else Asked(pull.now)
        pull.folder.keep_held(query.datasets, name, arrival.pages, about)
        pull.journal.complete(query.name, window, self._is_settled(window, reaches))
        pull.folder.forget(name)

    def _is_settled(self, window: Window, reaches: datetime | None) -> bool:
        """Whether a window could not change any more."""
        return reaches is not None and window.end <= reaches

    def _split(self, window: Window) -> None:
        """Two windows instead of one that has more hits than pages can be turned."""
        if window.end - window.start < 2 * SHORTEST_WINDOW:
            raise DeniedError(f"more than {MOST_HITS:,} hits within a minute")
        windows = self.pull.journal.of(self.query.name)
        del windows[window]
        self.pull.folder.drop(self.query.datasets, self._name(window))
        halves = window.halves()
        for half in halves:
            self.pull.journal.begin(self.query.name, half, settled=False)
        self.pull.journal.save()
        for half in halves:
            try:
                self._pull(half)
            except MissingPermissionError:
                raise
            except DeniedError as error:  # it does not cost the other half
                self.pull.report.denied.append(f"{self.query.name} {half}: {error}")

    def _forget_pages(self, window: Window) -> None:
        """Begin a window anew."""
        self.pull.folder.forget(self._name(window))
        self.pull.journal.begin(self.query.name, window, settled=False)
        self.pull.journal.save()

    def _name(self, window: Window) -> str:
        return f"{self.query.name}_{window}"

    def _note(self, conversations: Sequence[dict]) -> bool:
        """Remember which conversations have not ended; whether one of them has."""
        waiting = self.pull.journal.open_conversations
        for conversation in conversations:
            identity = str(conversation.get("conversationId"))
            self._seen.add(identity)
            if conversation.get("conversationEnd"):
                waiting.discard(identity)
            else:
                waiting.add(identity)
        return any(conversation.get("conversationEnd") for conversation in conversations)

    def _follow(self) -> None:
        """The conversations that had not ended when they were last seen, by their ids.

        A query finds only what began in its interval, so none would tell that they have ended.
        """
        pull = self.pull
        waiting = sorted(pull.journal.open_conversations - self._seen)
        for number, at in enumerate(range(0, len(waiting), IDS_AT_ONCE), start=1):
            identities = waiting[at : at + IDS_AT_ONCE]
            path = "/api/v2/analytics/conversations/details"
            answer = pull.client.get(path, self.query.needs, id=",".join(identities))
            if self._note(items_of(answer, self.query.items)):
                name = f"conversations_ended_{pull.now:%Y-%m-%dT%H%M%S}_p{number:04}"
                pull.folder.keep(self.query.datasets, name, [answer.body], Asked(pull.now))
            gone = set(identities) - self._seen
            pull.journal.open_conversations -= gone  # the platform keeps nothing for ever
            pull.journal.save()
