"""Answers of the platform's API, with any part exchanged for something else."""

from __future__ import annotations

import copy
import json
import random

SESSION = {
    "sessionId": "s1", "mediaType": "message", "messageType": "whatsapp", "direction": "inbound",
    "addressFrom": "from", "addressTo": "to",
    "segments": [{"segmentStart": "2026-01-01T01:00:00Z", "segmentEnd": "2026-01-01T02:00:00Z"}],
}  # fmt: skip
STATES = {
    "userDetails": [
        {
            "userId": "u1",
            "primaryPresence": [
                {"startTime": "2026-01-01T08:00:00.000Z", "endTime": "2026-01-01T09:00:00.000Z",
                 "systemPresence": "AVAILABLE"},
                {"startTime": "2026-01-01T09:00:00.000Z", "systemPresence": "OFFLINE"},
            ],
            "routingStatus": [{"startTime": "2026-01-01T08:00:00Z", "routingStatus": "IDLE"}],
        }
    ],
    "totalHits": 1,
}  # fmt: skip
SHAPES: dict[str, object] = {
    "user_presence": STATES,
    "routing_status": STATES,
    "message_interactions": {
        "conversations": [
            {
                "conversationId": "c1",
                "conversationStart": "2026-01-01T00:00:00Z",
                "participants": [
                    {"purpose": "customer", "externalContactId": "x", "sessions": [SESSION]}
                ],
            }
        ]
    },
    "license_assignments": {"entities": [{"id": "u1", "licenses": ["cx2", {"id": "cx3"}]}]},
    "api_usage": {
        "queryStatus": "Complete",
        "results": [
            {"date": "2026-01-20T00:00:00Z", "templateUri": "/api", "httpMethod": "GET",
             "requests": 12, "status429": 1, "oauthClient": {"id": "c", "name": "bot"},
             "user": {"id": "u"}}
        ],
    },
    "billable_usage_report": {
        "status": "Complete",
        "usages": [{"name": "CX 2", "totalUsage": 2,
                    "resources": [{"name": "ann@x", "date": "2026-01-20"}]}],
    },
    "subscription_overview": {
        "billingPeriodStartDate": "2026-01-15", "billingPeriodEndDate": "2026-02-15",
        "usages": [{"name": "CX 2", "grouping": "user-license", "usageQuantity": "12"}],
    },
    "billing_charges": {
        "id": "b1", "dateStart": "2026-01-15", "dateEnd": "2026-02-15",
        "charges": [{"id": "c1", "product": {"name": "CX 2"}, "actualQuantity": 12.50}],
    },
    "vendor_invoice_lines": [
        {"id": "900137", "dateInvoiced": "2026-03-16", "currencyIsoCode": "USD"},
        {"entities": [{"amount": 12.50, "product": {"name": "CX 2"}, "quantity": 1,
                       "dateStart": "2026-02-15", "dateEnd": "2026-03-15"}]},
    ],
}  # fmt: skip
ODD = (None, 0, 1.5, "", "x", True, [], {}, [None], [[]], ["x"], {"id": None}, {"name": ["x"]},
       "2026-01-20", "\ud800", "9" * 400, [{"id": "x"}], {"entities": []},
       {"usages": [{}]})  # fmt: skip


def draw(rng: random.Random, dataset: str) -> tuple[bytes, str]:
    """An answer, and what was changed in it."""
    answer = copy.deepcopy(SHAPES[dataset])
    changes = rng.choice((0, 1, 1, 2, 5))
    for _ in range(changes):
        _change(rng, answer)
    if rng.random() < 0.2:
        answer = rng.choice(([answer, answer], [[answer]], {"entities": [answer]}))
    text = json.dumps(answer)
    if rng.random() < 0.2:
        text += rng.choice(("\n", " ", "")) + text
    return text.encode(), f"{changes} parts changed"


def _change(rng: random.Random, root: object) -> None:
    places = list(_places(root))
    if not places:
        return
    holder, key = rng.choice(places)
    kind = rng.choice(("odd", "odd", "lost", "double"))
    if kind == "odd":
        holder[key] = copy.deepcopy(rng.choice(ODD))
    elif kind == "lost":
        del holder[key]
    elif isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    else:
        holder[f"{key}_2"] = copy.deepcopy(holder[key])


def _places(value: object):
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in list(items):
        yield value, key
        if isinstance(item, dict | list):
            yield from _places(item)
