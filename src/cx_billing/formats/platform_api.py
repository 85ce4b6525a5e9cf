"""Answers of the platform API about people, conversations, licenses and requests."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cx_billing.formats.answers import Answer, day_of, is_no_time, objects, part, spelled, without
from cx_billing.formats.billing_api import (
    BillableUsage,
    BillingPeriods,
    InvoiceLines,
    SubscriptionOverview,
)
from cx_billing.formats.common import UnreadableError
from cx_billing.formats.names import normalize


class UserStates(Answer):
    """Users details: the presences or the routing statuses of every user."""

    pages = ("userDetails", "entities")
    lists = ("primaryPresence", "routingStatus")
    states: str

    def is_item(self, item: dict) -> bool:
        """Whether it is a user with lists; an object of a library has those of nothing as null."""
        lists = [item[key] for key in self.lists if key in item]
        return "userId" in item and (
            any(isinstance(states, list) for states in lists)
            or (len(lists) == len(self.lists) and not any(lists))
        )

    def is_empty_item(self, item: dict) -> bool:
        others = without(item, "userId", *self.lists)
        return "userId" in item and not others and not any(map(item.get, self.lists))

    def item_rows(self, item: dict) -> Iterator[dict]:
        for record in objects(item, self.states):
            yield {"userId": item["userId"], **record}


class Presences(UserStates):
    """Users details, `primaryPresence`."""

    states = "primaryPresence"


class RoutingStatuses(UserStates):
    """Users details, `routingStatus`."""

    states = "routingStatus"


class Conversations(Answer):
    """Conversations details: the message sessions of the customer."""

    pages = ("conversations", "entities")

    def is_item(self, item: dict) -> bool:
        return "conversationId" in item and isinstance(item.get("participants"), list)

    def is_empty_item(self, item: dict) -> bool:
        return (
            {"conversationId", "conversationStart"} <= item.keys()
            and item.get("participants") is None
            and "platform" not in map(normalize, item)
        )

    def item_rows(self, item: dict) -> Iterator[dict]:
        for participant in objects(item, "participants"):
            if _word(participant.get("purpose")) in ("customer", "external"):
                for session in objects(participant, "sessions"):
                    if _word(session.get("mediaType")) == "message":
                        yield _interaction(item, participant, session)


def _interaction(conversation: dict, participant: dict, session: dict) -> dict:
    sender, receiver = session.get("addressFrom"), session.get("addressTo")
    is_inbound = _word(session.get("direction")) == "inbound"
    customer, integration = (sender, receiver) if is_inbound else (receiver, sender)
    segments = objects(session, "segments")
    starts = [start for segment in segments if (start := _time(segment, "segmentStart"))]
    ends = [end for segment in segments if (end := _time(segment, "segmentEnd"))]
    is_ended = segments and len(ends) == len(segments)
    return {
        "conversation_id": conversation["conversationId"],
        "customer_account": customer or participant.get("externalContactId"),
        "platform": session.get("messageType"),
        "integration_id": integration,
        "start_time": min(starts, key=_instant)
        if starts
        else _time(conversation, "conversationStart"),
        "end_time": max(ends, key=_instant) if is_ended else _time(conversation, "conversationEnd"),
        "inactivity_timeout": _time(conversation, "inactivityTimeout"),
        "session_id": session.get("sessionId"),
        "participant_id": participant.get("participantId"),
        "direction": session.get("direction"),
    }


def _word(value: object) -> str:
    """A word of the API; libraries write some in capitals."""
    return str(value).lower()


def _time(item: dict, key: str) -> str | None:
    """A time, None if there is none or a library wrote its first instant for none."""
    return None if is_no_time(item.get(key)) else item.get(key)


def _instant(timestamp: str) -> str:
    """The API's UTC times compare as text, once the Z no longer stands above a fraction."""
    return str(timestamp).removesuffix("+00:00").rstrip("Z").replace("T", " ")


class LicenseUsers(Answer):
    """License users: one row per license, assigned from the day in the file's name.

    An answer without users is a snapshot too: on that day no license was held.
    """

    def __init__(self, name: str):
        super().__init__(name)
        self._is_empty = True

    def rows(self, value: object) -> Iterator[tuple[object, bool]]:
        for row, is_flat in super().rows(value):
            self._is_empty = False
            yield row, is_flat

    def open_page(self, page: dict) -> None:
        if page["entities"] == []:
            self._take()

    def is_item(self, item: dict) -> bool:
        """Whether it is a user with licenses, or users and their licenses by the user's id."""
        if "licenses" in item:
            is_named = "id" in item or "user" in item
            return is_named and (isinstance(item["licenses"], list) or self.is_empty_item(item))
        lists = [licenses for licenses in item.values() if licenses is not None]
        return bool(lists) and all(map(_is_list_of_licenses, lists))

    def is_empty_item(self, item: dict) -> bool:
        others = without(item, "id", "user", "licenses", "selfUri")
        return ("id" in item or "user" in item) and not (others or item.get("licenses"))

    def item_rows(self, item: dict) -> Iterator[dict]:
        day = self._take()
        users = item
        if "licenses" in item:
            user = item["id"] if "id" in item else part(item, "user").get("id", item["user"])
            users = {user: item["licenses"]}
        for user, licenses in users.items():
            for license in licenses or ():
                yield {
                    "user_id": user,
                    "license": part({"": license}, "").get("id", license),
                    "assigned_from": day,
                    "snapshot_date": day,
                }

    def finish(self) -> None:
        if self._is_empty:
            self.snapshot_date = day_of(self._name)

    def _take(self) -> str:
        self.snapshot_date = day_of(self._name)
        if self.snapshot_date is None:
            raise UnreadableError(
                "is a snapshot of licenses without a date of its own; put the day it was taken, "
                "and no other, into its name, like license_users_2026-01-31.json"
            )
        return self.snapshot_date


def _is_list_of_licenses(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, str) or (isinstance(item, dict) and "id" in spelled(item))
        for item in value
    )


_DAY = re.compile(r"\d{4}-\d\d-\d\d([T ]00:00(:00(\.0+)?)?(Z|\+00:?00)?)?")


class ApiUsage(Answer):
    """Usage query, and the newer public API usage of an organization or its clients, by day."""

    pages = ("results", "entities")
    unfinished = ("running", "queued", "pending", "inprogress", "failed", "failure", "cancelled")

    def open_page(self, page: dict) -> None:
        status = str(page.get("queryStatus") or "")
        if status.lower() in self.unfinished:
            raise UnreadableError(
                f"is the answer of a query whose status is {status}; fetch it again when it is "
                "Complete"
            )
        granularity = _word(page.get("granularity") or part(page, "query").get("granularity"))
        if granularity in ("week", "month"):
            raise UnreadableError(
                f"has one row a {granularity}, which no billing cycle can be cut from; "
                "query with granularity Day"
            )

    def is_item(self, item: dict) -> bool:
        return "templateUri" in item or "requestCount" in item or "status429" in item

    def item_rows(self, item: dict) -> Iterator[dict]:
        if not _DAY.fullmatch(str(item.get("date"))):
            raise UnreadableError(
                f"has requests dated '{item.get('date')}', which is no day; query with "
                "granularity Day"
            )
        client, user = part(item, "oauthClient"), part(item, "user")
        yield (
            without(item, *["oauthClient"] * bool(client), *["user"] * bool(user))
            | ({"clientId": client.get("id"), "clientName": client.get("name")} if client else {})
            | ({"userId": user.get("id")} if user else {})
        )


_ANSWERS: dict[str, type[Answer]] = {
    "user_presence": Presences,
    "routing_status": RoutingStatuses,
    "message_interactions": Conversations,
    "license_assignments": LicenseUsers,
    "api_usage": ApiUsage,
    "billable_usage_report": BillableUsage,
    "subscription_overview": SubscriptionOverview,
    "billing_charges": BillingPeriods,
    "vendor_invoice_lines": InvoiceLines,
}


def answer_of(dataset: str, name: str) -> Answer:
    """What takes the answers for a dataset apart; `name` is what the file was delivered as."""
    return _ANSWERS.get(dataset, Answer)(name)
