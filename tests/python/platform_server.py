"""A server on this machine that behaves like the vendor's platform API, limits and faults included.

It answers what `cx-billing extract` asks for, out of a small organization whose history it knows
beforehand and tells as far as `now`. What it refuses, the platform refuses: a token it did not
issue, an interval that is too long, a page that is too large or too deep. A `Fault` makes it
misbehave for a number of requests. `asked` holds every request that reached it.
"""

from __future__ import annotations

import base64
import json
import secrets
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

CLIENT_ID = "5a1f-client"
CLIENT_SECRET = "s3cret/of+the=client"  # with characters that are escaped here and there
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
USERS, CONVERSATIONS = "/analytics/users/details/query", "/analytics/conversations/details/query"
FOLLOWED, LICENSES = "/analytics/conversations/details", "/license/users"
REPORT, TOKEN, ME = "/billing/reports/billableusage", "/oauth/token", "/organizations/me"


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
    billable: list[tuple[str, str, datetime]] = field(default_factory=list)
    most_hits: int = 100_000
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

    # What the endpoints know.

    def users_details(self, start: datetime, end: datetime) -> list[dict]:
        """Statuses as stored: once on the day they start and once on the day they end."""
        days = (start.date(), (end - MICROSECOND).date())
        users: dict[str, dict] = {}
        for status in self.statuses:
            ended = status.end <= self.now
            stored = {status.start.date()} | ({status.end.date()} if ended else set())
            copies = sum(days[0] <= day <= days[1] for day in stored)
            if status.start >= self.now or not copies:
                continue
            name = "systemPresence" if status.kind == "primaryPresence" else "routingStatus"
            record = {"startTime": written(status.start), name: status.name}
            if ended:
                record["endTime"] = written(status.end)
            user = users.setdefault(status.user_id, {"userId": status.user_id})
            user.setdefault(status.kind, []).extend([record] * copies)
        return [users[user_id] for user_id in sorted(users)]

    def conversations(self, start: datetime, end: datetime, media: str | None) -> list[dict]:
        """Those at work in the interval that started on a day touched by it."""
        days = (start.date(), (end - MICROSECOND).date())
        return [
            self.conversation(talk)
            for talk in sorted(self.talks, key=lambda talk: (talk.start, talk.conversation_id))
            if days[0] <= talk.start.date() <= days[1]
            and talk.start < min(end, self.now)
            and talk.end >= start
            and media in (None, talk.media)
        ]

    def conversation(self, talk: Talk) -> dict:
        """A conversation as far as it has come."""
        ended = {} if talk.end > self.now else {"conversationEnd": written(talk.end)}
        segment_end = {} if talk.end > self.now else {"segmentEnd": written(talk.end)}
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


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # an answer is sent in two parts
    platform: Platform

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Called by the server."""
        content = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        self._serve("GET", content)

    def do_POST(self) -> None:
        """Called by the server."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._serve("POST", {} if self.path.endswith(TOKEN) else json.loads(body))

    def _serve(self, method: str, content: dict) -> None:
        path = urlsplit(self.path).path
        self.platform.asked.append((method, path, content))
        fault = self.platform.fault_of(path)
        if fault and fault.kind.isdigit():
            self._refuse(int(fault.kind), fault.message, fault.headers)
        elif fault and getattr(self, f"_fault_{fault.kind}")():
            return
        elif path.endswith(TOKEN):
            self._token()
        elif self.headers.get("Authorization", "").removeprefix("Bearer ") not in (
            self.platform.tokens
        ):
            self._refuse(401, "Invalid login credentials.")
        else:
            routes = {
                ("POST", USERS): self._users,
                ("POST", CONVERSATIONS): self._conversations,
                ("GET", FOLLOWED): self._followed,
                ("GET", LICENSES): self._licenses,
                ("GET", REPORT): self._report,
                ("GET", ME): lambda content: self._answer(
                    {"id": self.platform.organization, "name": "Acme Air"}
                ),
            }
            route = routes.get((method, path.removeprefix("/api/v2")))
            route(content) if route else self._refuse(404, "not found")

    # Answers.

    def _answer(self, value: object, status: int = 200, headers: dict | None = None) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, status: int, message: str, headers: dict | None = None) -> None:
        echo = self.headers.get("Authorization", "")
        value = {"message": message.replace("<ECHO>", echo), "status": status}
        self._answer(value, status, {"ININ-Correlation-Id": "c0ffee", **(headers or {})})

    def _token(self) -> None:
        pair = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {pair}":
            value = {"error": "invalid_client", "description": "client not found", "error_uri": ""}
            self._answer(value, 400)
            return
        token = secrets.token_urlsafe(24)
        self.platform.tokens.add(token)
        self.platform.issued.append(token)
        self._answer({"access_token": token, "token_type": "bearer", "expires_in": 86399})

    def _interval(self, content: dict, longest: timedelta) -> tuple[datetime, datetime] | None:
        start, end = map(datetime.fromisoformat, content["interval"].split("/"))
        if not start < end:
            self._refuse(400, "The interval is empty.")
        elif end - start > longest:
            self._refuse(400, f"The interval must not exceed {longest.days} days.")
        else:
            return start, end
        return None

    def _page(self, items: list, content: dict, most_hits: int | None = None) -> list | None:
        size, number = content["paging"]["pageSize"], content["paging"]["pageNumber"]
        if size > 100:
            self._refuse(400, "pageSize must not exceed 100.")
        elif most_hits and size * number > most_hits:
            self._refuse(400, f"Paging must not exceed {most_hits} results.")
        else:
            return items[size * (number - 1) : size * number]
        return None

    def _users(self, content: dict) -> None:
        filtered = content.get("userFilters")
        if (interval := self._interval(content, 31 * DAY if filtered else 7 * DAY)) is None:
            return
        items = self.platform.users_details(*interval)
        if (page := self._page(items, content)) is not None:
            hits = {"totalHits": len(items) * 9 // 10}  # approximate
            self._answer({"userDetails": page, **hits} if page else hits)

    def _conversations(self, content: dict) -> None:
        if (interval := self._interval(content, 31 * DAY)) is None:
            return
        media = None
        for filters in content.get("segmentFilters", []):
            for predicate in filters["predicates"]:
                assert predicate["dimension"] == "mediaType", predicate
                media = predicate["value"]
        items = self.platform.conversations(*interval, media)
        if (page := self._page(items, content, self.platform.most_hits)) is not None:
            hits = {"totalHits": len(items)}
            self._answer({"conversations": page, **hits} if page else {})

    def _followed(self, content: dict) -> None:
        identities = content.get("id", "").split(",")
        if len(identities) > 100:
            self._refuse(400, "too many ids")
            return
        known = {talk.conversation_id: talk for talk in self.platform.talks}
        self._answer(
            {
                "conversations": [
                    self.platform.conversation(known[identity])
                    for identity in identities
                    if identity in known
                ]
            }
        )

    def _licenses(self, content: dict) -> None:
        size, number = int(content.get("pageSize", 25)), int(content.get("pageNumber", 1))
        users = sorted(self.platform.licenses)
        shown = users[size * (number - 1) : size * number]
        self._answer(
            {
                "entities": [{"id": u, "licenses": self.platform.licenses[u]} for u in shown],
                "pageSize": size,
                "pageNumber": number,
                "pageCount": -(-len(users) // size),
                "total": len(users),
            }
        )

    def _report(self, content: dict) -> None:
        before = [asked for asked in self.platform.asked_of(REPORT) if asked == content]
        if len(before) <= self.platform.in_progress:
            self._answer({"id": "r", "status": "InProgress", "usages": []})
            return
        start, end = (datetime.fromisoformat(content[key]) for key in ("startDate", "endDate"))
        usages: dict[str, dict] = {}
        for charge, entity, day in self.platform.billable:
            if start <= day <= end:
                usage = usages.setdefault(charge, {"name": charge, "resources": []})
                usage["resources"].append({"name": entity, "date": written(day)})
        for usage in usages.values():
            usage["totalUsage"] = str(len(usage["resources"]))
        self._answer({"id": "r", "status": "Complete", "usages": list(usages.values())})

    # Faults: each says whether the request has been dealt with.

    def _fault_expired(self) -> bool:
        """The tokens issued so far are worth nothing any more."""
        self.platform.tokens.clear()
        return False

    def _fault_reset(self) -> bool:
        """The connection is reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True
        return True

    def _fault_truncated(self) -> bool:
        """Less arrives than was announced."""
        self.send_response(200)
        self.send_header("Content-Length", "5000")
        self.end_headers()
        self.wfile.write(b'{"userDetails": [')
        self.close_connection = True
        return True

    def _fault_no_json(self) -> bool:
        """Something else arrives, and says it is fine."""
        self.send_response(200)
        self.send_header("Content-Length", "21")
        self.end_headers()
        self.wfile.write(b"<html>gateway</html>\n")
        return True

    def _fault_list(self) -> bool:
        """JSON, but no object."""
        self._answer([])
        return True

    def _fault_unknown(self) -> bool:
        """A JSON object of another shape."""
        self._answer({"results": [{"userId": "u"}]})
        return True

    def _fault_redirect(self) -> bool:
        """Somebody else is to get the token."""
        self._answer({}, 307, {"Location": "http://127.0.0.1:9/elsewhere"})
        return True

    def _fault_hang(self) -> bool:
        """Nothing arrives until the test releases it."""
        self.platform.hung.set()
        self.platform.release.wait(30)
        self.close_connection = True
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """A client that goes away is part of the tests."""


def serve(platform: Platform) -> Iterator[Platform]:
    """Serve the platform on a free port of this machine, as a fixture does."""
    handler = type("Handler", (_Handler,), {"platform": platform})
    with _Server(("127.0.0.1", 0), handler) as server:
        platform.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        thread.start()
        try:
            yield platform
        finally:
            platform.release.set()
            server.shutdown()
            thread.join()


def small_organization(now: datetime) -> Platform:
    """200 users, a quarter of a year (2025-01-10 to 2025-04-01), and what is hard about it."""
    platform = Platform(now)
    first = at("2025-01-10")
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
