"""The oracle's coverage, open rows and notes of invoices against the worked examples."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from oracle.compare import Naming, same
from oracle.marts import calculate
from random_orgs import declared
from random_orgs.inbox import write_inbox
from small_inbox import Inbox

AS_OF = "2026-06-18"


@pytest.fixture
def inbox(tmp_path) -> Inbox:
    """An inbox with a contract from March on."""
    return Inbox(tmp_path).named()


def coverage_of(marts: dict) -> list[tuple[str, str, str, str]]:
    """Dataset, basis and bounds of every interval."""
    return [
        (r["dataset"], r["basis"], f"{r['covered_from']}", f"{r['covered_to']}")
        for r in marts["coverage"]
    ]


def judged(marts: dict) -> dict[str, tuple[bool, list[str] | None]]:
    """Per invoice date whether it is covered, and the datasets its note names."""
    return {
        str(r["invoice_date"]): (r["is_covered"], sorted(note.days) if note else None)
        for r in marts["invoices"]
        for note in [r["coverage_note"]]
    }


def users_by_cycle(marts: dict) -> list[tuple[str, str]]:
    """Cycle and user of every billable user."""
    return [(str(r["cycle_start_date"]), r["user_id"]) for r in marts["billable_users"]]


def conversations_by_cycle(marts: dict) -> list[str]:
    """The cycle of every conversation."""
    return [str(r["cycle_start_date"]) for r in marts["conversations"]]


def test_a_declared_dataset_covers_the_invoices_up_to_its_end(inbox):
    inbox.file("contract_items", "c1,cx2,1,100,150,,").file(
        "license_assignments", "a,cx2,2026-03-01,"
    )
    inbox.file("user_presence", "a,ON_QUEUE,2026-03-20T09:00:00Z,2026-03-20T10:00:00Z")
    inbox.file(
        "coverage",
        "user_presence,2026-03-01,2026-04-01",
        "license_assignments,2026-03-01,2026-04-01",
    )
    marts = inbox.marts(AS_OF)
    assert coverage_of(marts) == [
        ("user_presence", "declared", "2026-03-01 00:00:00", "2026-04-01 00:00:00"),
        ("license_assignments", "declared", "2026-03-01 00:00:00", "2026-04-01 00:00:00"),
    ]
    found = judged(marts)
    assert found["2026-04-01"] == (True, None)
    assert found["2026-05-01"] == found["2026-06-01"] == (False, ["user_presence"])


def test_an_answer_reaches_as_far_as_its_data_was_available(inbox):
    inbox.file("license_assignments", "u1,cx2,2026-01-15,", "u2,cx2,2026-01-15,")
    first, status = "2026-03-20T09:00:00.000Z", {"systemPresence": "ON_QUEUE"}
    ended = {**status, "startTime": first, "endTime": "2026-03-20T12:00:00.000Z"}
    inbox.json(
        "user_presence",
        {"userDetails": [{"userId": "u1", "primaryPresence": [ended]}], "cursor": "abc=="},
        {
            "userDetails": [{"userId": "u2", "primaryPresence": [{**status, "startTime": first}]}],
            "dataAvailabilityDate": "2026-03-20T13:56:28.000Z",
        },
    )
    marts = inbox.marts(AS_OF)
    assert ("user_presence", "query", "2026-03-20 09:00:00", "2026-03-20 13:56:28") in coverage_of(
        marts
    )
    assert users_by_cycle(marts) == [("2026-03-01", "u1"), ("2026-03-01", "u2")]
    seconds = {r["user_id"]: r["logged_in_seconds"] for r in marts["billable_users"]}
    assert seconds == {"u1": 3 * 3600, "u2": 4 * 3600 + 56 * 60 + 28}


def test_an_open_thread_ends_with_the_day_of_the_last_instant(inbox):
    inbox.file(
        "message_interactions",
        "t1,A,facebook,i,2026-03-20T10:00:00Z,",
        "t2,B,facebook,i,2026-03-24T07:00:00Z,2026-03-24T08:00:00Z",
    )
    marts = inbox.marts(AS_OF)
    assert conversations_by_cycle(marts) == ["2026-03-01", "2026-03-01"]
    assert coverage_of(marts) == [
        ("message_interactions", "observed", "2026-03-20 10:00:00", "2026-03-25 00:00:00")
    ]


def test_threads_left_open_in_an_answer_end_with_their_day(inbox):
    inbox.file("contract_items", "c1,conversation_whatsapp,0,0,0.50,,")
    start = "2026-03-30T10:00:00.000Z"

    def thread(number: int) -> dict:
        session = {
            "mediaType": "message",
            "messageType": "whatsapp",
            "direction": "inbound",
            "addressFrom": f"4915550000{number}",
            "addressTo": "in-1",
            "segments": [{"segmentStart": start, "segmentType": "interact"}],
        }
        customer = {"purpose": "customer", "sessions": [session]}
        agent = {"purpose": "agent", "sessions": [session]}
        return {"conversationId": f"w{number}", "participants": [customer, agent]}

    inbox.json("message_interactions", {"conversations": [thread(n) for n in range(5)]})
    marts = inbox.marts(AS_OF)
    assert conversations_by_cycle(marts) == ["2026-03-01"] * 5
    assert [r["amount"] for r in marts["invoice_lines"]] == [pytest.approx(2.5)]


def test_a_thread_with_an_inactivity_timeout_ends_there_if_that_is_earlier(inbox):
    def thread(name: str, timeout: str) -> dict:
        session = {
            "mediaType": "message",
            "messageType": "line",
            "direction": "outbound",
            "addressFrom": "us",
            "addressTo": name,
            "segments": [{"segmentStart": "2026-03-30T10:00:00Z"}],
        }
        customer = {"purpose": "customer", "sessions": [session]}
        conversation = {"conversationId": name, "participants": [customer]}
        return {**conversation, "inactivityTimeout": timeout}

    early, late = thread("early", "2026-03-31T10:00:00Z"), thread("late", "2026-05-31T10:00:00Z")
    inbox.json("message_interactions", {"conversations": [early, late]})
    inbox.file("coverage", "message_interactions,2026-03-01,2026-04-20")
    rows = inbox.marts(AS_OF)["conversations"]
    found = [(str(r["cycle_start_date"]), r["integration_id"]) for r in rows]
    assert found == [("2026-03-01", "us"), ("2026-03-01", "us"), ("2026-04-01", "us")]


@pytest.mark.parametrize(
    ("intervals", "expected"),
    [
        pytest.param([], "2026-05-06", id="observed"),
        pytest.param([("2026-03-01", "2026-06-01")], "2026-06-01", id="declared further"),
        pytest.param([("2026-03-01", "2026-07-01")], AS_OF, id="at the latest at as-of"),
        pytest.param([("2026-03-01", "2026-04-01")], "2026-05-05 10:00:00", id="last instant"),
        pytest.param(
            [("2026-03-01", "2026-03-25"), ("2026-04-01", "2026-06-01")],
            "2026-03-25",
            id="interval that holds the start",
        ),
        pytest.param(
            [("2026-03-01", "2026-03-05"), ("2026-03-06", "2026-06-01")], "2026-06-01", id="last"
        ),
        pytest.param(
            [("2026-03-01", "2026-04-01"), ("2026-03-25T06:00:00Z", "2026-06-01")],
            "2026-06-01",
            id="no gap",
        ),
        pytest.param(
            [("2026-03-01", "2026-03-05"), ("2026-04-01", "2026-06-01")],
            "2026-06-01",
            id="starts in a gap",
        ),
    ],
)
def test_where_an_open_status_ends(inbox, intervals, expected):
    inbox.file("license_assignments", "a,cx2,2026-03-01,")
    inbox.file(
        "user_presence",
        "a,ON_QUEUE,2026-03-20T00:00:00Z,",
        "b,ON_QUEUE,2026-05-05T09:00:00Z,2026-05-05T10:00:00Z",
    )
    inbox.file("coverage", *(f"user_presence,{start},{end}" for start, end in intervals))
    days = [
        (r["usage_date"], r["logged_in_seconds"])
        for r in inbox.marts(AS_OF)["user_hours_daily"]
        if r["user_id"] == "a"
    ]
    end = datetime.fromisoformat(expected)
    assert sum(seconds for _, seconds in days) == (end - datetime(2026, 3, 20)).total_seconds()


def test_the_next_row_of_the_user_ends_an_open_status_before_the_interval_does(inbox):
    inbox.file(
        "user_presence",
        "a,ON_QUEUE,2026-03-20T00:00:00Z,",
        "a,OFFLINE,2026-03-21T00:00:00Z,",
        "b,ON_QUEUE,2026-03-20T00:00:00Z,",
        "b,OFFLINE,2026-05-01T00:00:00Z,",
    )
    inbox.file(
        "coverage",
        "user_presence,2026-03-01,2026-03-25",
        "user_presence,2026-04-25,2026-05-25",
    )
    hours = inbox.marts(AS_OF)["user_hours_daily"]
    days = [(r["user_id"], r["usage_date"].day) for r in hours]
    assert days == [("a", 20), *(("b", day) for day in range(20, 25))]


def test_license_assignments_without_an_end_run_on(inbox):
    inbox.file("license_assignments", "a,cx2,2026-03-01,")
    inbox.file("coverage", "license_assignments,2026-03-01,2026-03-02")
    inbox.file("user_presence", "a,BUSY,2026-06-05T09:00:00Z,2026-06-05T10:00:00Z")
    assert users_by_cycle(inbox.marts(AS_OF)) == [("2026-06-01", "a")]


def test_observed_is_the_first_instant_to_the_end_of_the_day_of_the_last(inbox):
    inbox.file("resource_usage", "2026-02-05,ivr_minutes,1", "2026-03-07,ivr_minutes,1", "x,x,1")
    inbox.file(
        "user_presence",
        "a,BUSY,2026-03-05T09:00:00Z,2026-03-07T00:00:00Z",
        "a,BUSY,2027-03-05T09:00:00Z,2027-03-07T00:00:00Z",
    )
    inbox.file("routing_status", "a,IDLE,2026-06-17T09:00:00Z,2026-06-20T09:00:00Z")
    tail = "60,0.01,0.01,USD"
    call = f"s1,a,b,G,G,Outbound,Outbound,2026-03-31T23:59:30Z,,60,{tail}"
    inbox.file("voice_usage", call)
    assert coverage_of(inbox.marts(AS_OF)) == [
        ("user_presence", "observed", "2026-03-05 09:00:00", "2026-03-08 00:00:00"),
        ("routing_status", "observed", "2026-06-17 09:00:00", "2026-06-18 00:00:00"),
        ("resource_usage", "observed", "2026-02-05 00:00:00", "2026-03-08 00:00:00"),
        ("voice_usage", "observed", "2026-03-31 23:59:30", "2026-04-02 00:00:00"),
    ]


def test_intervals_of_one_basis_that_touch_are_one_and_a_later_landing_supersedes(inbox):
    inbox.file(
        "coverage",
        "voice_usage,2026-03-01,2026-04-01T07:00:00Z",
        "voice_usage,2026-04-01T07:00:00Z,2026-05-01",
        "voice_usage,2026-05-02,2026-05-03",
        "voice_usage,2026-06-02,2026-06-01",
        "queues,2026-06-02,2026-06-03",
    )
    inbox.file("coverage", "voice_usage,2026-05-02,2026-05-05", name="b.csv")
    marts = inbox.marts(AS_OF)
    assert coverage_of(marts) == [
        ("voice_usage", "declared", "2026-03-01 00:00:00", "2026-05-01 00:00:00"),
        ("voice_usage", "declared", "2026-05-02 00:00:00", "2026-05-05 00:00:00"),
    ]
    reasons = [(r["source_row"], r["reason"]) for r in marts["rejected_rows"]]
    assert reasons == [(4, "end_before_start"), (5, "unknown_value")]


def test_an_invoice_is_covered_if_every_dataset_ever_delivered_reaches_the_end_of_its_cycle(inbox):
    inbox.file("contract_items", "c1,cx2,1,100,150,,")
    inbox.file("orders", "o1,phone,1,9,2026-04-10,,false")
    inbox.file("user_presence", "a,BUSY,2026-03-05T09:00:00Z,2026-05-01T00:00:00Z")
    inbox.file("message_interactions", "m,A,line,i,2026-03-05T09:00:00Z,2026-05-02T00:00:00Z")
    tail = "60,60,0.01,0.01,USD"
    calls = ("2026-04-01T07:00:00Z", "2026-05-01T06:59:00Z")
    inbox.file(
        "voice_usage",
        *(f"s{n},a,b,G,G,Outbound,Outbound,{start},,{tail}" for n, start in enumerate(calls)),
    )
    inbox.file("coverage", "message_interactions,2026-03-01,2026-05-01")
    assert judged(inbox.marts(AS_OF)) == {
        "2026-04-01": (True, ["user_presence", "voice_usage"]),
        "2026-04-10": (True, None),
        "2026-05-01": (False, ["user_presence", "voice_usage"]),
        "2026-06-01": (False, ["message_interactions", "user_presence", "voice_usage"]),
        "2026-07-01": (False, ["message_interactions", "user_presence", "voice_usage"]),
    }


def test_the_calls_declared_to_midnight_do_not_close_a_cycle(inbox):
    inbox.file("contract_items", "c1,cx2,1,100,150,,")
    inbox.file("voice_usage", "s,a,b,G,G,Outbound,Outbound,2026-03-02T07:00:00Z,,1,6,1,0.1,USD")
    inbox.file("coverage", "voice_usage,2026-03-01,2026-04-01")
    assert judged(inbox.marts(AS_OF))["2026-04-01"] == (False, ["voice_usage"])
    inbox.file("coverage", "voice_usage,2026-03-01,2026-04-01T07:00:00Z", name="b.csv")
    assert judged(inbox.marts(AS_OF))["2026-04-01"] == (True, None)


def test_the_first_invoice_of_a_prepaid_contract_is_covered(tmp_path):
    inbox = Inbox(tmp_path).contract("named", "annual_prepay_monthly", "2026-06-01")
    inbox.file("contract_items", "c1,cx2,1,100,150,,")
    inbox.file("user_presence", "a,BUSY,2026-06-05T09:00:00Z,2026-06-05T10:00:00Z")
    assert judged(inbox.marts(AS_OF))["2026-06-01"] == (True, None)


def test_a_note_is_compared_by_the_datasets_and_days_it_names():
    note = Naming(
        {"user_presence": date(2026, 4, 1), "voice_usage": None}, among=("user_presence",)
    )
    assert not same(note, "user_presence ends on 2026-04-01")
    note = Naming({"user_presence": date(2026, 4, 1)}, among=("user_presence", "voice_usage"))
    assert same(note, "user_presence ends before 2026-04-01")
    assert same(note, "the last day of user_presence is 2026-03-31")
    assert not same(note, "user_presence ends on 2026-04-02")
    assert not same(note, "user_presence and voice_usage end on 2026-04-01")
    assert not same(note, None)


def test_random_organizations_declare_coverage_in_every_shape(tmp_path, monkeypatch):
    monkeypatch.setattr(declared, "is_declared", lambda *_: True)
    marts = calculate(tmp_path, write_inbox(tmp_path, 40, 7))
    assert {r["basis"] for r in marts["coverage"]} == {"observed", "declared", "query"}
    notes = [(r["is_covered"], r["coverage_note"] is None) for r in marts["invoices"]]
    assert set(notes) == {(True, True), (True, False), (False, False)}
    parts = [(r["org_id"], r["dataset"]) for r in marts["coverage"]]
    assert len(parts) > len(set(parts)), "no dataset has a gap"
