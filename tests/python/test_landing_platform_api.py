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


# Items and pages without hits. Each content holds one row or none, and more that holds none.

STATUS = {"startTime": "2026-01-01T08:00:00.000Z", "systemPresence": "BUSY"}
USER = {"userId": "u1", "primaryPresence": [STATUS]}
HOLDER = {"id": "u1", "licenses": ["cx2"]}
BARE = {"conversationId": "c0", "conversationStart": "2026-01-01T00:00:00Z"}
WITHOUT_HITS = {
    "a user without lists": ("user_presence", {"userDetails": [USER, {"userId": "u2"}]}, 1),
    "before the others": ("user_presence", [{"userId": "u2"}, USER], 1),
    "a user with one list of null": (
        "user_presence",
        {"userDetails": [{"userId": "u2", "primaryPresence": None}, USER]},
        1,
    ),
    "nobody has any": ("user_presence", {"userDetails": [{"userId": "u2"}], "totalHits": 1}, 0),
    "a holder of null": ("license_assignments", [HOLDER, {"id": "u2", "licenses": None}], 1),
    "a holder of null alone": ("license_assignments", [{"id": "u2", "licenses": None}], 0),
    "a holder without the key": ("license_assignments", {"entities": [{"id": "u2"}, HOLDER]}, 1),
    "a holder by a library": (
        "license_assignments",
        [{"User": {"Id": "u2"}, "Licenses": None}, HOLDER],
        1,
    ),
    "null by the user's id": ("license_assignments", {"u1": ["cx2"], "u2": None}, 1),
    "a conversation without participants": (
        "message_interactions",
        {"conversations": [BARE, conversation()]},
        1,
    ),
    "a conversation with null": (
        "message_interactions",
        {"conversations": [BARE | {"participants": None}, conversation()]},
        1,
    ),
    "a page of null": ("license_assignments", {"entities": None, "total": 0}, 0),
    "a page of null among others": ("user_presence", [{"user_details": None}, USER], 1),
    "users of null": ("users", {"entities": None, "total": 0}, 0),
    "a query of null": ("api_usage", {"results": None, "queryStatus": "Complete"}, 0),
    "a report of null": ("billable_usage_report", {"status": "Complete", "usages": None}, 0),
    "a period of null": (
        "billing_charges",
        {"id": "p", "date_start": "2026-01-01", "charges": None, "wallets": None},
        0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WITHOUT_HITS)
def test_what_has_no_hits_has_no_rows_and_refuses_nothing(case, warehouse):
    dataset, content, rows = WITHOUT_HITS[case]
    assert warehouse.landed(content, name="x_2026-01-31.json", dataset=dataset).rows == rows
    assert rows or "license" not in dataset or warehouse.facts().popitem()[1]["snapshot_date"]


@pytest.mark.parametrize(
    "dataset, content",
    [
        ("user_presence", {"userId": "u1"}),
        ("user_presence", {"entities": [{"id": "u1", "name": "Ann"}]}),
        ("user_presence", {"userDetails": [USER, {"userId": "u2", "name": "Ann"}]}),
        ("user_presence", {"conversations": [BARE]}),
        ("routing_status", {"userId": "u1", "routingStatus": None}),
        ("license_assignments", {"entities": [{"id": "u1"}]}),
        ("license_assignments", {"entities": [HOLDER, {"id": "u2", "email": "a@x"}]}),
        ("license_assignments", {"u2": None}),
        ("message_interactions", [BARE]),
        ("message_interactions", {"entities": [{"id": "c1"}]}),
        ("billing_charges", {"charges": None}),
    ],
)
def test_what_is_of_another_kind_is_no_item_without_hits(dataset, content, warehouse):
    message = warehouse.refusal(content, name="x_2026-01-31.json", dataset=dataset)
    assert "lacks required columns" in message


def test_a_page_of_null_counts_its_items(warehouse):
    page = {"entities": None, "total": 3}
    message = warehouse.refusal(page, name="x_2026-01-31.json", dataset="license_assignments")
    assert "incomplete_answer" in message
