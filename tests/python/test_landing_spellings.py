"""Answers of the platform API as client libraries save them: other keys, other times, same rows."""

from __future__ import annotations

import ast
import inspect
import re

import pytest

from cx_billing import lake
from cx_billing.formats import answers, billing_api, platform_api

ANSWERS = {
    "user_presence": {
        "userDetails": [
            {
                "userId": "u1",
                "primaryPresence": [
                    {"startTime": "2026-01-20T09:00:00Z", "systemPresence": "BUSY"},
                    {"startTime": "2026-01-20T10:00:00Z", "endTime": "2026-01-20T11:00:00Z",
                     "systemPresence": "AWAY", "organizationPresenceId": "p"},
                ],
                "routingStatus": None,
            }
        ],
        "totalHits": 1,
    },
    "routing_status": {
        "userDetails": [
            {
                "userId": "u1",
                "routingStatus": [{"startTime": "2026-01-20T09:00:00Z", "routingStatus": "IDLE"}],
            }
        ]
    },
    "message_interactions": {
        "conversations": [
            {
                "conversationId": "c1",
                "conversationStart": "2026-01-20T09:00:00Z",
                "participants": [
                    {
                        "participantId": "p1",
                        "purpose": "external",
                        "externalContactId": "e1",
                        "sessions": [
                            {
                                "sessionId": "s1",
                                "mediaType": "message",
                                "messageType": "whatsapp",
                                "direction": "inbound",
                                "addressFrom": "15550100001",
                                "addressTo": "wa",
                                "segments": [
                                    {
                                        "segmentStart": "2026-01-20T09:01:00Z",
                                        "segmentEnd": "2026-01-20T09:05:00Z",
                                    }
                                ],
                            }
                        ],
                    }
                ],
            }
        ]
    },
    "license_assignments": {"entities": [{"id": "u1", "licenses": ["cloudCX2"]}], "pageCount": 1},
    "api_usage": {
        "queryStatus": "Complete",
        "query": {"granularity": "Day"},
        "results": [
            {
                "date": "2026-01-20",
                "templateUri": "/api/v2/users",
                "requests": 5,
                "oauthClient": {"id": "o1", "name": "Bot"},
                "user": {"id": "u1"},
            }
        ],
    },
    "billable_usage_report": {
        "status": "Complete",
        "startDate": "2026-01-01T00:00:00Z",
        "endDate": "2026-01-31T23:59:59Z",
        "usages": [
            {"name": "CX 2", "totalUsage": "1", "resources": [{"name": "a@x", "date": "2026"}]}
        ],
    },
    "subscription_overview": {
        "billingPeriodStartDate": "2026-01-01T00:00:00Z",
        "billingPeriodEndDate": "2026-01-31T23:59:59Z",
        "currency": "USD",
        "usages": [{"name": "CX 2", "grouping": "g", "usageQuantity": "3", "partNumber": "n"}],
    },
    "billing_charges": {
        "id": "p1",
        "dateStart": "2026-01-01",
        "dateEnd": "2026-02-01",
        "status": "Closed",
        "charges": [
            {
                "id": "x1",
                "actualQuantity": 4,
                "product": {"name": "CX 2", "sku": "s", "unitOfMeasure": "user"},
            }
        ],
        "wallets": [
            {"id": "w1", "name": "AI", "balanceConsumption": 240, "product": {"name": "Tokens"}},
        ],
    },
    "vendor_invoice_lines": [
        {"id": "900", "dateInvoiced": "2026-02-01", "currencyIsoCode": "USD"},
        {
            "entities": [
                {
                    "id": "l1",
                    "dateStart": "2026-01-01",
                    "dateEnd": "2026-02-01",
                    "quantity": 4,
                    "amount": 12.5,
                    "product": {"name": "CX 2"},
                }
            ]
        },
    ],
    "users": {"entities": [{"id": "u1", "name": "Ann", "email": "a@x"}]},
}  # fmt: skip


def snake(key: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", key).lower()


def pascal(key: str) -> str:
    return key[0].upper() + key[1:]


def respelled(value, spell):
    """A value with every key, at every depth, spelled another way."""
    if isinstance(value, dict):
        return {spell(key): respelled(item, spell) for key, item in value.items()}
    return [respelled(item, spell) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("spell", [snake, pascal, str.upper], ids=lambda spell: spell.__name__)
@pytest.mark.parametrize("dataset", ANSWERS)
def test_keys_are_matched_at_every_depth(warehouse, dataset, spell):
    columns = ", ".join(f'"{column}"' for column in lake.datasets()[dataset].columns)
    answer = ANSWERS[dataset]
    warehouse.landed(answer, name="2026-01-20.json", dataset=dataset)
    expected = warehouse.rows(columns)
    assert expected
    other = respelled(answer, spell)
    warehouse.landed(other, name="2026-01-20.json", dataset=dataset, org="other")
    assert sorted(warehouse.rows(columns), key=str) == sorted(expected * 2, key=str)
    covered = [fact.get("covered_to") for fact in warehouse.facts().values() if "dataset" in fact]
    assert len(covered) == 2 and len(set(covered)) == 1


# Words of the modules that take answers apart which are no keys: what values are compared with,
# and columns of ours.
NO_KEYS = {
    "cancelled", "clientId", "clientName", "complete", "currency", "customer", "entity", "external",
    "failed", "failure", "inbound", "inprogress", "license", "message", "month", "pending",
    "platform", "qty", "queued", "rate", "running", "timestamp", "uri", "week",
}  # fmt: skip


@pytest.mark.parametrize("module", [answers, billing_api, platform_api])
def test_every_key_that_is_read_by_name_is_known_in_any_spelling(module):
    words = {
        node.value
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if re.fullmatch(r"[a-z]+([A-Z0-9][a-z0-9]*)*", node.value)
    }
    assert words - NO_KEYS <= set(answers.API_KEYS.split())


def test_an_object_with_a_key_in_two_spellings_is_read_by_the_right_one(warehouse):
    page = {"userDetails": [{"userId": "u1", "user_id": "u2", "primaryPresence": [
        {"systemPresence": "BUSY", "startTime": "2026-01-20T09:00:00Z"}]}]}  # fmt: skip
    warehouse.landed(page, name="f.json", dataset="user_presence")
    assert warehouse.rows("user_id") == [("u1",)]


def test_a_user_of_whom_nothing_was_found_has_no_rows(warehouse):
    page = {"user_details": [
        {"user_id": "u1", "primary_presence": None, "routing_status": None},
        {"user_id": "u2", "primary_presence": [
            {"system_presence": "BUSY", "start_time": "2026-01-20 09:00:00+00:00"}],
         "routing_status": None},
    ]}  # fmt: skip
    warehouse.landed(page, name="f.json", dataset="user_presence")
    assert warehouse.rows("user_id, start_time") == [("u2", "2026-01-20 09:00:00+00:00")]


LICENSES = {
    "by_user": [{"user": {"id": "u1", "name": "Ann"}, "licenses": ["cloudCX2", "gc2WEMupgrade"]}],
    "by_user_of_a_library": [
        {"User": {"Id": "u1"}, "Licenses": [{"Id": "cloudCX2"}, {"Id": "gc2WEMupgrade"}]}
    ],
    "by_id_of_the_user": {"u1": ["cloudCX2", "gc2WEMupgrade"]},
    "by_id_of_several_users": {"u1": ["cloudCX2", "gc2WEMupgrade"], "u2": []},
    "by_id_of_the_user_with_objects": {"u1": [{"id": "cloudCX2"}, {"id": "gc2WEMupgrade"}]},
    "by_id_on_pages": [{"u1": ["cloudCX2"]}, {"u1": ["gc2WEMupgrade"]}],
    "in_a_page": {"entities": [{"user": {"id": "u1"}, "licenses": ["cloudCX2", "gc2WEMupgrade"]}]},
    "by_text_of_the_user": {"user": "u1", "licenses": ["cloudCX2", "gc2WEMupgrade"]},
}


@pytest.mark.parametrize("content", LICENSES.values(), ids=list(LICENSES))
def test_license_users_in_their_other_shapes(warehouse, content):
    warehouse.landed(content, name="licenses 2026-01-20.json", dataset="license_assignments")
    assert warehouse.rows("user_id, license, assigned_from, snapshot_date") == [
        ("u1", "cloudCX2", "2026-01-20", "2026-01-20"),
        ("u1", "gc2WEMupgrade", "2026-01-20", "2026-01-20"),
    ]


def test_users_without_licenses_are_a_snapshot_too(warehouse):
    warehouse.landed({"u1": []}, name="2026-01-20.json", dataset="license_assignments")
    assert warehouse.rows("user_id") == []
    [facts] = warehouse.facts().values()
    assert facts["snapshot_date"] == "2026-01-20"


def test_licenses_of_nobody_are_refused(warehouse):
    warehouse.refusal(
        {"licenses": ["cloudCX2"]}, name="2026-01-20.json", dataset="license_assignments"
    )


@pytest.mark.parametrize("none", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00", None])
def test_the_first_instant_of_all_is_no_time(warehouse, none):
    page = {"conversations": [{
        "conversationId": "c1", "conversationStart": "2026-01-20T08:00Z", "conversationEnd": none,
        "participants": [{"purpose": "customer", "sessions": [{
            "mediaType": "message", "messageType": "open", "direction": "inbound",
            "addressFrom": "a", "addressTo": "i",
            "segments": [
                {"segmentStart": "2026-01-20T09:00:00Z", "segmentEnd": "2026-01-20T09:05:00Z"},
                {"segmentStart": none, "segmentEnd": none},
            ]}]}]}]}  # fmt: skip
    warehouse.landed(page, name="f.json", dataset="message_interactions")
    assert warehouse.rows("start_time, end_time") == [("2026-01-20T09:00:00Z", None)]
