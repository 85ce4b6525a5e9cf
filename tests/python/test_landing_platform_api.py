"""Answers of the platform API: details of users and conversations, licenses, numbers."""

from __future__ import annotations

import json

import pytest

from deliveries import archive

# Users and their statuses


def test_users_of_the_platform(warehouse):
    page = {"entities": [{"id": "u1", "name": "Ann", "email": "a@x", "state": "active"}]}
    warehouse.landed(page, "f.json")
    assert warehouse.rows("user_id, email, name, extra_columns") == [
        ("u1", "a@x", "Ann", '{"state":"active"}')
    ]


USER_DETAILS = {
    "userDetails": [
        {
            "userId": "u1",
            "primaryPresence": [
                {
                    "startTime": "2026-01-01T08:00:00.000Z",
                    "endTime": "2026-01-01T09:00:00.000Z",
                    "systemPresence": "AVAILABLE",
                    "organizationPresenceId": "p1",
                },
                {"startTime": "2026-01-01T09:00:00.000Z", "systemPresence": "OFFLINE"},
            ],
            "routingStatus": [{"startTime": "2026-01-01T08:00:00.000Z", "routingStatus": "IDLE"}],
        },
        {"userId": "u2", "routingStatus": []},
    ],
    "totalHits": 2,
}


def test_users_details_presence(warehouse):
    warehouse.landed(USER_DETAILS, name="f.json", dataset="user_presence")
    assert warehouse.rows("user_id, system_presence, start_time, end_time, extra_columns") == [
        ("u1", "AVAILABLE", "2026-01-01T08:00:00.000Z", "2026-01-01T09:00:00.000Z",
         '{"organizationPresenceId":"p1"}'),
        ("u1", "OFFLINE", "2026-01-01T09:00:00.000Z", None, None),
    ]  # fmt: skip


def test_users_details_routing_status(warehouse):
    pages = [USER_DETAILS, {"totalHits": 2}, {}]
    warehouse.landed(pages, name="f.json", dataset="routing_status")
    assert warehouse.rows("user_id, routing_status, start_time, end_time") == [
        ("u1", "IDLE", "2026-01-01T08:00:00.000Z", None)
    ]


def test_users_details_pages_one_after_another(warehouse):
    text = json.dumps(USER_DETAILS) * 2 + json.dumps(USER_DETAILS["userDetails"])
    assert warehouse.landed(text, name="f.json", dataset="user_presence").rows == 6


def test_flat_routing_status_is_no_page(warehouse):
    flat = {"userId": "u1", "routingStatus": "IDLE", "startTime": "2026-01-01T08:00:00Z"}
    warehouse.landed(flat, name="f.json", dataset="routing_status")
    assert warehouse.rows("user_id, routing_status") == [("u1", "IDLE")]


# Conversations


def conversation(direction="inbound", segments=(), **participant):
    session = {
        "sessionId": "s1",
        "mediaType": "message",
        "messageType": "whatsapp",
        "direction": direction,
        "addressFrom": "from",
        "addressTo": "to",
        "segments": [dict(zip(["segmentStart", "segmentEnd"], pair, strict=False))
                     for pair in segments],
    }  # fmt: skip
    session.update(participant.pop("session", {}))
    return {
        "conversationId": "c1",
        "conversationStart": "2026-01-01T00:00:00Z",
        "conversationEnd": "2026-01-02T00:00:00Z",
        "participants": [
            {"purpose": "customer", "externalContactId": "contact", "sessions": [session]}
            | participant
        ],
    }


@pytest.mark.parametrize(
    "given, account, integration, start, end",
    [
        (conversation(segments=[("2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z")]),
         "from", "to", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"),
        (conversation("outbound"), "to", "from", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
        (conversation(session={"addressFrom": None}),
         "contact", "to", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
        (conversation(segments=[("2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"),
                                ("2026-01-01T02:00:00Z",)]),
         "from", "to", "2026-01-01T01:00:00Z", "2026-01-02T00:00:00Z"),
        (conversation(segments=[("2026-01-01T01:00:00.5Z", "2026-01-01T02:00:00.5Z"),
                                ("2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z")]),
         "from", "to", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00.5Z"),
        (conversation(purpose="external"),
         "from", "to", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
    ],
)  # fmt: skip
def test_conversations_details(warehouse, given, account, integration, start, end):
    warehouse.landed({"conversations": [given]}, name="f.json", dataset="message_interactions")
    assert warehouse.rows(
        "conversation_id, customer_account, platform, integration_id, start_time, end_time"
    ) == [("c1", account, "whatsapp", integration, start, end)]


@pytest.mark.parametrize(
    "given", [conversation(purpose="agent"), conversation(session={"mediaType": "voice"})]
)
def test_conversations_details_leave_out_other_legs(warehouse, given):
    place = {"name": "f.json", "dataset": "message_interactions"}
    assert warehouse.landed({"conversations": [given]}, **place).rows == 0


def test_conversations_details_of_a_wrong_shape_are_refused(warehouse):
    given = conversation() | {"participants": ["x"]}
    message = warehouse.refusal(
        {"conversations": [given]}, name="f.json", dataset="message_interactions"
    )
    assert "participants is no list of objects" in message


# License users


LICENSE_USERS = [{"id": "u1", "licenses": ["cx2", "collaborate"]}, {"id": "u2", "licenses": []}]


@pytest.mark.parametrize("content", [LICENSE_USERS, {"entities": LICENSE_USERS, "pageCount": 1}])
@pytest.mark.parametrize("name", ["licenses_2026-01-31.json", "20260131.json", "x20260131-v2.json"])
def test_license_users_are_dated_by_the_file_name(warehouse, content, name):
    warehouse.landed(content, name=name, dataset="license_assignments")
    assert warehouse.rows("user_id, license, assigned_from, assigned_to, snapshot_date") == [
        ("u1", "cx2", "2026-01-31", None, "2026-01-31"),
        ("u1", "collaborate", "2026-01-31", None, "2026-01-31"),
    ]


@pytest.mark.parametrize("name", ["f.json", "2026-13-01.json", "2026-01-01_2026-01-31.json"])
def test_license_users_without_one_day_are_refused(warehouse, name):
    message = warehouse.refusal(LICENSE_USERS, name=name, dataset="license_assignments")
    assert "license_users_2026-01-31.json" in message


@pytest.mark.parametrize(
    "content",
    [{"entities": []}, [], [{"entities": []}, {"entities": []}], [{"id": "u", "licenses": []}]],
    ids=["page", "list", "pages", "nobody"],
)
def test_an_empty_snapshot_leaves_its_day_in_the_footer(warehouse, content):
    landed = warehouse.landed(content, "licenses_2026-01-31.json", "license_assignments")
    assert landed.rows == 0
    assert warehouse.facts()[landed.file_id]["snapshot_date"] == "2026-01-31"


def test_a_snapshot_of_an_archive_is_dated_by_either_name(warehouse):
    page = json.dumps({"entities": [{"id": "u1", "licenses": [{"id": "cx2"}]}]}).encode()
    place = {"dataset": "license_assignments"}
    warehouse.deliver(archive({"2026-01-30.json": page}), name="2026-02-01.zip", **place)
    warehouse.deliver(archive({"page.json": page + b" "}), name="2026-01-31.zip", **place)
    assert warehouse.land().refused == []
    assert warehouse.rows("license, snapshot_date") == [
        ("cx2", "2026-01-31"), ("cx2", "2026-01-30")
    ]  # fmt: skip


def test_an_empty_snapshot_without_a_day_is_refused(warehouse):
    message = warehouse.refusal({"entities": []}, "licenses.json", "license_assignments")
    assert "license_users_2026-01-31.json" in message


def test_an_organization_called_like_a_day_dates_no_snapshot(warehouse):
    page = {"entities": [{"id": "u1", "licenses": ["cx2"]}]}
    place = {"dataset": "license_assignments", "org": "2026-01-31"}
    assert "without a date" in warehouse.refusal(page, "licenses.json", **place)


def test_plain_assignments_are_no_snapshot(warehouse):
    landed = warehouse.landed(
        [{"user_id": "u1", "license": "cx2", "assigned_from": "2026-01-01"}],
        "2026-01-31.json", "license_assignments",
    )  # fmt: skip
    assert "snapshot_date" not in warehouse.facts()[landed.file_id]


# Phone numbers


def test_numbers_for_messages_have_type_and_dates(warehouse):
    number = {
        "phoneNumber": "+13175550100",
        "phoneNumberType": "tollfree",
        "countryCode": "US",
        "purchaseDate": "2026-01-05T10:00:00Z",
        "dateCreated": "2026-01-04T10:00:00Z",
    }
    released = number | {"cancellationDate": "2026-02-05T10:00:00Z"}
    warehouse.landed({"entities": [number, released]}, "f.json", "phone_numbers")
    assert warehouse.rows("phone_number, number_type, country, purchased_date, released_date") == [
        ("+13175550100", "tollfree", "US", "2026-01-05T10:00:00Z", None),
        ("+13175550100", "tollfree", "US", "2026-01-05T10:00:00Z", "2026-02-05T10:00:00Z"),
    ]


def test_numbers_that_tell_no_type_are_refused(warehouse):
    did = {"phoneNumber": "+13175550100", "dateCreated": "2026-01-05T10:00:00Z", "didPool": {}}
    assert "number_type" in warehouse.refusal({"entities": [did]}, "f.json", "phone_numbers")
