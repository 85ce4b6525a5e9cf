"""An organization on the vendor's platform: its history, and how its server behaves."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)


def at(text: str) -> datetime:
    """A time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def written(moment: datetime) -> str:
    """A time as the platform writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


@dataclass(frozen=True)
class Status:
    """What a user was from `start` to `end`: a presence or a routing status."""

    user_id: str
    kind: str  # primaryPresence or routingStatus
    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Talk:
    """A conversation of one customer over one integration."""

    conversation_id: str
    media: str
    platform: str
    customer: str
    start: datetime
    end: datetime


@dataclass
class Fault:
    """What the next `times` requests whose path ends with `path` get, after `after` good ones."""

    path: str
    kind: str  # a status code, or the name of a method `_fault_<kind>` of the handler
    times: int = 1
    after: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "injected"


@dataclass
class Platform:
    """An organization, its history, and how the server in front of it behaves."""

    now: datetime
    organization: str = "org-1"
    statuses: list[Status] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)
    licenses: dict[str, list[str]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    billable: list[tuple[str, str, datetime]] = field(default_factory=list)
    available: datetime | None = None  # up to when the data is complete; up to now if not said
    most_hits: int = 100_000
    job_page: int = 1000  # results of a job on a page, however many are asked for
    jobs: list[tuple[str, dict]] = field(default_factory=list)
    usage_queries: list[tuple[datetime, datetime]] = field(default_factory=list)
    in_progress: int = 0  # answers to each report before it is ready
    faults: list[Fault] = field(default_factory=list)
    asked: list[tuple[str, str, dict]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    issued: list[str] = field(default_factory=list)
    hung: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def fault_of(self, path: str) -> Fault | None:
        """The fault that is due, if any."""
        for fault in self.faults:
            if path.endswith(fault.path) and fault.times:
                if fault.after:
                    fault.after -= 1
                    return None
                fault.times -= 1
                return fault
        return None

    def asked_of(self, path: str) -> list[dict]:
        """What was asked of a path."""
        return [content for _, asked, content in self.asked if asked.endswith(path)]

    # What the endpoints know; jobs only up to a horizon, the queries up to now.

    @property
    def reaches(self) -> datetime:
        """Up to when the platform says that its data is complete."""
        return self.available or self.now

    def users_details(
        self, start: datetime, end: datetime, horizon: datetime | None = None
    ) -> list[dict]:
        """Statuses as stored: once on the day they start and once on the day they end."""
        now = horizon or self.now
        days = (start.date(), (end - MICROSECOND).date())
        users: dict[str, dict] = {}
        for status in self.statuses:
            ended = status.end <= now
            stored = {status.start.date()} | ({status.end.date()} if ended else set())
            copies = sum(days[0] <= day <= days[1] for day in stored)
            if status.start >= now or not copies:
                continue
            name = "systemPresence" if status.kind == "primaryPresence" else "routingStatus"
            record = {"startTime": written(status.start), name: status.name}
            if ended:
                record["endTime"] = written(status.end)
            user = users.setdefault(status.user_id, {"userId": status.user_id})
            user.setdefault(status.kind, []).extend([record] * copies)
        return [users[user_id] for user_id in sorted(users)]

    def conversations(
        self,
        start: datetime,
        end: datetime,
        media: str | None,
        horizon: datetime | None = None,
    ) -> list[dict]:
        """Those at work in the interval that started on a day touched by it."""
        now = horizon or self.now
        days = (start.date(), (end - MICROSECOND).date())
        return [
            self.conversation(talk, now)
            for talk in sorted(self.talks, key=lambda talk: (talk.start, talk.conversation_id))
            if days[0] <= talk.start.date() <= days[1]
            and talk.start < min(end, now)
            and talk.end >= start
            and media in (None, talk.media)
        ]

    def conversation(self, talk: Talk, now: datetime) -> dict:
        """A conversation as far as it had come by `now`."""
        ended = {} if talk.end > now else {"conversationEnd": written(talk.end)}
        segment_end = {} if talk.end > now else {"segmentEnd": written(talk.end)}
        session = {
            "sessionId": f"session-{talk.conversation_id}",
            "mediaType": talk.media,
            "messageType": talk.platform,
            "direction": "inbound",
            "addressFrom": talk.customer,
            "addressTo": f"integration-{talk.platform}",
            "segments": [{"segmentStart": written(talk.start), **segment_end}],
        }
        return {
            "conversationId": talk.conversation_id,
            "conversationStart": written(talk.start),
            **ended,
            "participants": [
                {"participantId": "p1", "purpose": "customer", "sessions": [session]},
                {"participantId": "p2", "purpose": "agent", "userId": "u-001", "sessions": []},
            ],
        }


def small_organization(now: datetime) -> Platform:
    """200 users, a quarter of a year (2025-01-10 to 2025-04-01), and what is hard about it."""
    platform = Platform(now)
    first = at("2025-01-10")
    platform.deleted = {"u-013", "u-170"}
    for number in range(200):
        user = f"u-{number:03}"
        platform.licenses[user] = ["cx3" if number % 3 else "cx1"]
        platform.billable.append(("cx3", f"{user}@acme.example", first + number * DAY / 4))
        start = first + timedelta(hours=7 + number % 5) + (number % 11) * DAY
        while start < at("2025-04-01"):
            # past midnight, over three days, and over the end of a week's window
            length = timedelta(hours=(8, 20, 60, 9)[number % 4], milliseconds=number)
            end = start + length
            platform.statuses.append(Status(user, "primaryPresence", "ON_QUEUE", start, end))
            platform.statuses.append(
                Status(user, "routingStatus", "INTERACTING", start, end - timedelta(hours=5))
            )
            platform.statuses.append(
                Status(user, "primaryPresence", "OFFLINE", end, start + 9 * DAY)
            )
            start += 9 * DAY
    for number in range(330):
        begin = first + number * timedelta(hours=5)
        lasts = (timedelta(minutes=20), timedelta(hours=30), 25 * DAY)[number % 3]
        platform.talks.append(
            Talk(
                f"c-{number:03}",
                "voice" if number % 10 == 7 else "message",
                ("whatsapp", "webmessaging")[number % 2],
                f"customer-{number % 50}",
                begin,
                begin + lasts,
            )
        )
    return platform
