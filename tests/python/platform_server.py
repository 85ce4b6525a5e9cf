"""A server on this machine that behaves like the vendor's platform API, limits and faults included.

It answers what `cx-billing extract` asks for, out of a `Platform` whose history it tells as far as
`now`. What it refuses, the platform refuses: a token it did not issue, an interval that is too
long, a page that is too large or too deep. A `Fault` makes it misbehave for a number of requests.
"""

from __future__ import annotations

import base64
import json
import secrets
import socket
import struct
import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from platform_billing import PDF, BillingAnswers
from platform_details import DetailsAnswers
from platform_history import Platform, written

CLIENT_ID = "5a1f-client"
CLIENT_SECRET = "s3cret/of+the=client"  # with characters that are escaped here and there
USERS, CONVERSATIONS = "/analytics/users/details/query", "/analytics/conversations/details/query"
USER_JOBS, TALK_JOBS = "/analytics/users/details/jobs", "/analytics/conversations/details/jobs"
FOLLOWED, LICENSES = "/analytics/conversations/details", "/license/users"
PEOPLE, DEFINITIONS = "/api/v2/users", "/license/definitions"
REPORT, TOKEN, ME = "/billing/reports/billableusage", "/oauth/token", "/organizations/me"


class _Handler(DetailsAnswers, BillingAnswers, BaseHTTPRequestHandler):
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
        self.bent = ""
        self.platform.asked.append((method, path, content))
        fault = self.platform.fault_of(path)
        if fault and fault.kind.isdigit():
            self._refuse(int(fault.kind), fault.message, fault.headers)
        elif fault and getattr(self, f"_fault_{fault.kind}")():
            return
        elif path.endswith(TOKEN):
            self._token()
        elif path.startswith("/documents/"):
            assert "Authorization" not in self.headers
            self._send(PDF if self.bent != "empty" else b"<html>", 200, {})
        elif self.headers.get("Authorization", "").removeprefix("Bearer ") not in (
            self.platform.tokens
        ):
            self._refuse(401, "Invalid login credentials.")
        else:
            routes = {
                ("POST", USERS): self._users_details,
                ("POST", CONVERSATIONS): self._conversations,
                ("GET", FOLLOWED): self._followed,
                ("GET", LICENSES): self._licenses,
                ("GET", "/users"): self._people,
                ("GET", DEFINITIONS): self._definitions,
                ("GET", REPORT): self._report,
                ("GET", ME): lambda content: self._answer(
                    {"id": self.platform.organization, "name": "Acme Air"}
                ),
            }
            asked = path.removeprefix("/api/v2")
            if route := routes.get((method, asked)):
                route(content)
            elif not self._job(method, asked, content) and not self._billing(
                method, asked, content
            ):
                self._refuse(404, "not found")

    # Answers.

    def _answer(self, value: object, status: int = 200, headers: dict | None = None) -> None:
        self._send(json.dumps(value).encode(), status, headers or {})

    def _send(self, body: bytes, status: int, headers: dict) -> None:
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", **headers}.items():
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

    def _licenses(self, content: dict) -> None:
        holders = sorted(self.platform.licenses.items())
        self._listed([{"id": user, "licenses": held} for user, held in holders], content)

    def _people(self, content: dict) -> None:
        shown = sorted(self.platform.licenses)
        if content.get("state") != "any":
            shown = [user for user in shown if user not in self.platform.deleted]
        people = [
            {
                "id": user,
                "name": user.title(),
                "email": f"{user}@acme.example",
                "state": "deleted" if user in self.platform.deleted else "active",
                "division": {"id": "d-1", "name": "Home"},
            }
            for user in shown
        ]
        self._listed(people, content)

    def _definitions(self, content: dict) -> None:
        held = sorted({license for held in self.platform.licenses.values() for license in held})
        self._answer([{"id": license, "description": license.upper()} for license in held])

    def _listed(self, items: list[dict], content: dict) -> None:
        size, number = int(content.get("pageSize", 25)), int(content.get("pageNumber", 1))
        shown = [] if self.bent == "empty" else self._cut(items, size, number)
        pages = {"pageSize": size, "pageNumber": number, "pageCount": -(-len(items) // size)}
        self._answer({"entities": shown, **pages, "total": len(items)})

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

    def _fault_empty(self) -> bool:
        """The page holds nothing, whatever it says there is."""
        self.bent = "empty"
        return False

    def _fault_repeated(self) -> bool:
        """The page before comes again."""
        self.bent = "repeated"
        return False

    def _fault_shifted(self) -> bool:
        """Something was added in front: the last item of the page before comes again."""
        self.bent = "shifted"
        return False

    def _fault_lacking(self) -> bool:
        """The first item is not there."""
        self.bent = "lacking"
        return False

    def _fault_short(self) -> bool:
        """The last items are not there."""
        self.bent = "short"
        return False

    def _fault_overtold(self) -> bool:
        """The total is too high."""
        self.bent = "overtold"
        return False

    def _fault_failed(self) -> bool:
        """The job did not work out."""
        self.bent = "FAILED"
        return False

    def _fault_slow(self) -> bool:
        """The job is at work for ever."""
        self.bent = "RUNNING"
        return False

    def _fault_behind(self) -> bool:
        """The results reach less far than was said."""
        self.bent = "behind"
        return False

    def _fault_circular(self) -> bool:
        """The cursor leads to where it came from."""
        self.bent = "circular"
        return False

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
