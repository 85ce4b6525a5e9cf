"""The oracle's names of presences, platforms, licenses and accounts against the examples."""

from __future__ import annotations

from decimal import Decimal

import pytest

from oracle import labels
from random_orgs.files import pascal_case, snake_case, spell_keys
from small_inbox import Inbox

AS_OF = "2026-04-15"


@pytest.fixture
def inbox(tmp_path) -> Inbox:
    """An inbox with a contract from March on."""
    return Inbox(tmp_path).named()


def unbilled_of(marts: dict) -> list[tuple]:
    """Product, reason and quantity of what was not billed in the first cycle."""
    return [
        (r["product_code"], r["reason"], r["quantity"])
        for r in marts["unbilled_usage"]
        if str(r["cycle_start_date"]) == "2026-03-01"
    ]


def test_name02_one_platform_by_many_names_is_one_conversation(inbox):
    inbox.file(
        "contract_items",
        *(f"c1,conversation_{name},0,0,0.15,," for name in ("facebook", "twitter")),
    )
    names = ("facebook", "Facebook Messenger", "FACEBOOK MESSENGER", "X", "Twitter", "X (Twitter)")
    inbox.file(
        "message_interactions",
        *(
            f"x{n},+13175550001,{name},int,2026-03-0{n}T10:00:00Z,2026-03-0{n}T10:01:00Z"
            for n, name in enumerate(names, start=1)
        ),
    )
    marts = inbox.marts(AS_OF)
    assert [r["platform"] for r in marts["conversations"]] == ["facebook", "twitter"]
    assert [(r["product_code"], r["amount"]) for r in marts["invoice_lines"]] == [
        ("conversation_facebook", Decimal("0.15")),
        ("conversation_twitter", Decimal("0.15")),
    ]
    assert marts["unmapped_names"] == []


@pytest.mark.parametrize(
    ("name", "platform"),
    [
        ("WhatsApp Messaging", "whatsapp"),
        ("apple messages for business", "apple"),
        ("Open-Messaging", "open"),
        ("INSTAGRAM DIRECT", "instagram"),
        ("Web Messaging", "webmessaging"),
        ("Kakao Talk", "kakaotalk"),
    ],
)
def test_name02_display_names_of_platforms(inbox, name, platform):
    times = "2026-03-05T10:00:00Z,2026-03-05T10:01:00Z"
    inbox.file("message_interactions", f"m,A,{name},i,{times}")
    assert [r["platform"] for r in inbox.marts(AS_OF)["conversations"]] == [platform]


def test_name02_presences_as_screens_print_them(inbox):
    offline = ("Offline", "off line", *labels.OFFLINE)
    names = ("On Queue", "on-queue", "ON_QUEUE", "Napping", *offline)
    inbox.file("license_assignments", *(f"u{n},cx2,2026-03-01," for n in range(len(names))))
    inbox.file(
        "user_presence",
        *(f"u{n},{name},2026-03-05T09:00:00Z,2026-03-05T17:00:00Z" for n, name in enumerate(names)),
    )
    marts = inbox.marts(AS_OF)
    assert [r["user_id"] for r in marts["billable_users"]] == ["u0", "u1", "u2", "u3"]
    assert [r["unmapped_name"] for r in marts["unmapped_names"]] == ["NAPPING"]


def test_name02_the_same_presence_by_two_names_is_one_row(inbox):
    inbox.file(
        "user_presence",
        "a,On Queue,2026-03-05T09:00:00Z,2026-03-05T10:00:00Z",
        "a,ON_QUEUE,2026-03-05T09:00:00Z,",
    )
    marts = inbox.marts(AS_OF)
    [audit] = [r for r in marts["load_audit"] if r["dataset"] == "user_presence"]
    assert (audit["rows_accepted"], audit["rows_duplicate"]) == (1, 1)
    assert [r["logged_in_seconds"] for r in marts["user_hours_daily"]] == [3600]


def test_name01_the_platforms_own_ids_of_licenses(inbox):
    held = {
        "u1": ("cloudCX2", "gc2WEMupgrade", "predictiveEngagementLicense"),
        "u2": ("cloudCX2",),
        "u3": ("collaboratePro",),
        "u4": ("cloudCX1", "gcSTAupgrade"),
        "u5": ("predictiveEngagementLicense",),
        "u6": ("predictiveEngagementLicense",),
    }
    rows = [f"{user},{name},2026-03-01," for user, names in held.items() for name in names]
    inbox.file("license_assignments", *rows)
    login = "2026-03-20T09:00:00Z,2026-03-20T17:00:00Z"
    inbox.file("user_presence", *(f"u{n},ON_QUEUE,{login}" for n in range(1, 6)))
    marts = inbox.marts(AS_OF)
    used = {r["product_code"]: r["actual_quantity"] for r in marts["license_usage"]}
    assert used == {"cx1": 1, "cx2": 2, "cx2_wem_addon": 1, "collaborate": 1, "sta_addon": 1}
    assert marts["rejected_rows"] == []
    assert marts["unmapped_names"] == []
    assert ("predictiveEngagementLicense", "not_billable_license", 2) in unbilled_of(marts)
    assert "user_without_license" not in {reason for _, reason, _ in unbilled_of(marts)}
    later = [r for r in marts["unbilled_usage"] if str(r["cycle_start_date"]) == "2026-04-01"]
    assert later == []  # nobody logged in


@pytest.mark.parametrize(
    ("platform", "accounts", "count"),
    [
        ("whatsapp", ("15550100001", "+15550100001", "+1 (555) 010-0001"), 1),
        ("whatsapp", ("15550100001", "+15550100002"), 2),
        ("whatsapp", ("ann1", "+1", "1"), 2),
        ("line", ("15550100001", "+15550100001"), 2),
    ],
)
def test_phone_accounts_are_compared_by_their_digits(inbox, platform, accounts, count):
    rows = [
        f"c{n},{account},{platform},i,2026-03-20T09:00:00Z,2026-03-20T09:30:00Z"
        for n, account in enumerate(accounts)
    ]
    inbox.file("message_interactions", *rows)
    assert len(inbox.marts(AS_OF)["conversations"]) == count


def test_sms_sessions_are_no_conversations(inbox):
    inbox.file("contract_items", "c1,conversation_sms,0,0,1,,", "c1,conversation_line,0,0,1,,")
    times = "2026-03-20T09:00:00Z,2026-03-20T09:30:00Z"
    inbox.file(
        "message_interactions",
        f"c1,+15550100001,sms,i,{times}",
        f"c2,15550100001,SMS,i,{times}",
        f"c3,+15550100001,line,i,{times}",
    )
    marts = inbox.marts(AS_OF)
    assert [r["platform"] for r in marts["conversations"]] == ["line"]
    assert [r["product_code"] for r in marts["invoice_lines"]] == ["conversation_line"]
    assert unbilled_of(marts) == [("conversation_sms", "not_billable_service", 2)]


def test_a_zero_time_as_an_end_is_no_end(inbox):
    inbox.file("license_assignments", "a,cx2,2026-03-01,0001-01-01")
    inbox.file("user_presence", "a,BUSY,2026-03-05T23:00:00Z,0001-01-01T00:00:00Z")
    marts = inbox.marts(AS_OF)
    assert [r["logged_in_seconds"] for r in marts["billable_users"]] == [3600]
    assert marts["rejected_rows"] == []


@pytest.mark.parametrize("respell", [str, snake_case, pascal_case])
def test_answers_as_an_sdk_writes_them(inbox, respell):
    login = {
        "systemPresence": "ON_QUEUE",
        "startTime": "2026-03-20 09:00:00+00:00",
        "endTime": "2026-03-20 17:00:00+00:00",
    }
    details = [
        {"userId": name, "primaryPresence": [login], "routingStatus": None} for name in ("u1", "u2")
    ]
    answer = {"userDetails": details, "aggregations": None, "totalHits": 2}
    inbox.json("user_presence", spell_keys(answer, respell))
    found = [(r["user_id"], r["logged_in_seconds"]) for r in inbox.marts(AS_OF)["user_hours_daily"]]
    assert found == [("u1", 8 * 3600), ("u2", 8 * 3600)]


def test_lic01_people_by_e_mail_and_by_id_do_not_meet(inbox):
    inbox.file("license_assignments", "a@x.example,cx3,2026-03-01,", "u2,cx3,2026-03-01,")
    inbox.file(
        "user_presence",
        "u1,AVAILABLE,2026-03-02T08:00:00Z,2026-03-02T09:00:00Z",
        "b@x.example,AVAILABLE,2026-03-02T08:00:00Z,2026-03-02T09:00:00Z",
    )
    inbox.file("users", "u1,A@x.example,", "u2,b@x.example,", "u3,b@x.example,")
    rows = inbox.marts(AS_OF)["unmapped_names"]
    assert [(r["dataset"], r["effect"], r["names_count"], r["names_in_users"]) for r in rows] == [
        ("license_assignments", "holder_without_presence", 1, 1),
        ("user_presence", "presence_without_license", 1, 0),
    ]
