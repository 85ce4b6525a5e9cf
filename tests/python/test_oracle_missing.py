"""What the oracle says an organization did not deliver, against worked examples."""

from __future__ import annotations

import pytest

from oracle.marts import calculate
from random_orgs import declared
from random_orgs.inbox import write_inbox
from small_inbox import Inbox

AS_OF = "2026-06-18"
PRESENCE = "a,ON_QUEUE,2026-03-20T09:00:00Z,2026-03-20T10:00:00Z"
CX2 = "Genesys Cloud CX 2 User"


@pytest.fixture
def inbox(tmp_path) -> Inbox:
    """An inbox with a contract from March on."""
    return Inbox(tmp_path).named()


def told(inbox: Inbox, *findings: str) -> dict[str, tuple]:
    """Per finding the dataset, the count, the instants and the note; only of some if asked."""
    return {
        row["finding"]: (
            row["dataset"],
            row["items_count"],
            *(str(row[name]) if row[name] else None for name in ("first_at", "last_at")),
            row["note"],
        )
        for row in inbox.marts(AS_OF)["missing_data"]
        if not findings or row["finding"] in findings
    }


def missing(name: str, first: str | None = None) -> tuple:
    """A dataset that is missing."""
    return name, None, first, None, None


def test_licenses_presence_and_users_need_each_other(inbox):
    inbox.file("license_assignments", "a,cx2,2026-03-02,")
    assert told(inbox) == {
        "no_users": missing("users"),
        "no_license_before": missing("license_assignments", "2026-03-02 00:00:00"),
        "no_presence": missing("user_presence"),
    }


def test_a_declaration_alone_delivers_nothing_and_an_answer_with_rows_does(inbox):
    inbox.file("users", "a,a@x.example,A").file("user_presence", PRESENCE)
    inbox.file("coverage", "license_assignments,2026-03-01,2026-06-18")
    assert told(inbox, "no_license") == {"no_license": missing("license_assignments")}
    inbox.file("license_assignments", "a,cx2,2026-05-01,")
    assert told(inbox, "no_license", "no_license_before") == {}


def test_reports_by_email_need_users(inbox):
    inbox.file("user_hour_report", "a@x.example,2026-03-10,1:00:00:000")
    rows = inbox.marts(AS_OF)["missing_data"]
    assert [(row["finding"], row["is_bill_affected"]) for row in rows] == [
        ("no_usage", True),
        ("no_users_for_reports", True),
    ]


def test_a_bill_without_any_usage_rests_on_the_contract_alone(inbox):
    inbox.file("phone_numbers", "+15550100001,local,2026-03-02,")
    assert told(inbox, "no_usage") == {"no_usage": missing("all")}
    inbox.file("resource_usage", "2026-03-02,api_requests,5")
    assert told(inbox, "no_usage") == {}


def test_designated_users_need_routing(inbox):
    inbox.file("license_assignments", "a,cx2,2026-03-01,", "a,hourly_interacting,2026-03-01,")
    inbox.file("user_presence", PRESENCE)
    assert told(inbox, "no_routing") == {"no_routing": missing("routing_status")}
    inbox.file("routing_status", "a,IDLE,2026-03-20T09:00:00Z,2026-03-20T10:00:00Z")
    assert told(inbox, "no_routing") == {}


def test_gaps_are_counted_and_a_late_beginning_is_told_apart(inbox):
    inbox.file("user_presence", PRESENCE)
    parts = ("2026-03-10,2026-03-21", "2026-03-25,2026-04-01", "2026-04-01,2026-05-01")
    late = ("user_presence", 1, "2026-03-01 00:00:00", "2026-03-10 00:00:00", None)
    gaps = ("user_presence", 2, "2026-03-21 00:00:00", "2026-03-25 00:00:00", None)
    ends = ("2026-05-02,2026-06-01",)
    inbox.file("coverage", *(f"user_presence,{part}" for part in (*parts, *ends)))
    assert told(inbox, "begins_late", "gaps") == {"begins_late": late, "gaps": gaps}


@pytest.mark.parametrize(("day", "is_told"), [("2026-03-31", False), ("2026-04-01", True)])
def test_where_nobody_said_a_beginning_only_a_whole_cycle_is_missed(inbox, day, is_told):
    inbox.file("user_presence", f"a,ON_QUEUE,{day}T00:00:00Z,{day}T10:00:00Z")
    inbox.file("routing_status", "a,IDLE,2026-05-20T09:00:00Z,2026-05-20T10:00:00Z")
    late = ("user_presence", 1, "2026-03-01 00:00:00", f"{day} 00:00:00", None)
    assert told(inbox, "begins_late") == ({"begins_late": late} if is_told else {})


def test_a_gap_over_the_time_between_two_contracts_is_one(tmp_path):
    first = "c1,Org,eu-west-1,named,month_to_month,USD,2026-01-01,,,2026-03-01"
    second = "c2,Org,eu-west-1,named,month_to_month,USD,2026-04-01,,,"
    inbox = Inbox(tmp_path).file("contracts", first, second)
    inbox.file("user_presence", "a,ON_QUEUE,2026-02-01T09:00:00Z,2026-02-01T10:00:00Z")
    known = "user_presence,2026-01-01,2026-02-15"
    inbox.file("coverage", known, "user_presence,2026-04-20,2026-06-01")
    gap = ("user_presence", 1, "2026-02-15 00:00:00", "2026-04-20 00:00:00", None)
    assert told(inbox, "gaps", "begins_late") == {"gaps": gap}
    inbox.file(
        "coverage", "user_presence,2026-01-01,2026-03-01", "user_presence,2026-04-01,2026-06-01"
    )
    assert told(inbox, "gaps", "begins_late") == {}


def test_rows_after_the_term_are_counted_and_not_those_before_the_contract(tmp_path):
    contract = "c1,Org,eu-west-1,named,month_to_month,USD,2026-03-01,,,2026-05-01"
    inbox = Inbox(tmp_path).file("contracts", contract)
    days = ("2026-02-28", "2026-04-30", "2026-05-01", "2026-05-02", "2026-07-01")
    inbox.file("resource_usage", *(f"{day},ivr_minutes,1" for day in days))
    assert told(inbox, "after_term") == {
        "after_term": ("all", 2, "2026-05-01 00:00:00", None, None)
    }


def test_people_by_email_are_told_with_how_many_users_knows(inbox):
    inbox.file("license_assignments", "a@x.example,cx2,2026-03-01,", "b@x.example,cx2,2026-03-01,")
    inbox.file("users", "a,a@x.example,A").file("user_presence", PRESENCE)
    assert told(inbox, "holder_without_presence", "presence_without_license") == {
        "holder_without_presence": ("license_assignments", 2, None, None, "1")
    }


def test_an_invoice_of_the_vendor_that_meets_none_of_ours_stands_alone(inbox):
    inbox.file("contract_items", "c1,cx2,1,100,150,,")

    def line(number: str, day: str, since: str, until: str, currency: str = "USD") -> str:
        return f"{number},{day},{since},{until},{CX2},1,100,100,{currency},"

    inbox.file(
        "vendor_invoice_lines",
        line("met", "2026-04-02", "2026-03-01", "2026-04-01"),
        line("ours by its date", "2026-05-01", "2026-01-10", "2026-02-10"),
        line("later", "2026-02-10", "2026-01-10", "2026-02-10"),
        line("alone", "2026-02-09", "2026-01-09", "2026-02-09"),
        line("euro", "2026-06-01", "2026-05-01", "2026-06-01", "EUR"),
    )
    assert told(inbox, "vendor_invoice_alone", "vendor_invoice_in_other_currency") == {
        "vendor_invoice_alone": ("vendor_invoice_lines", 2, "2026-02-09 00:00:00", None, "alone"),
        "vendor_invoice_in_other_currency": (
            *("vendor_invoice_lines", 1, "2026-06-01 00:00:00", None, "euro"),
        ),
    }


def test_of_an_organization_without_contract_no_dataset_is_missing(tmp_path):
    inbox = Inbox(tmp_path).file("license_assignments", "a,cx2,2026-03-02,")
    inbox.file("vendor_invoice_lines", f"V-1,2026-04-01,2026-03-01,2026-04-01,{CX2},1,1,1,USD,")
    marts = inbox.marts(AS_OF)
    assert marts["missing_data"] == []
    assert {row["reason"] for row in marts["rejected_rows"]} == {"no_contract"}
    assert len(marts["rejected_rows"]) == 2


def test_random_organizations_lack_data_in_every_way(tmp_path, monkeypatch):
    monkeypatch.setattr(declared, "is_declared", lambda *_: True)
    marts = calculate(tmp_path, write_inbox(tmp_path, 60, 2))
    assert {row["finding"] for row in marts["missing_data"]} == {
        "no_users_for_reports",
        "no_license",
        "no_license_before",
        "no_presence",
        "no_routing",
        "holder_without_presence",
        "presence_without_license",
        "uncovered_invoices",
        "begins_late",
        "gaps",
        "after_term",
        "vendor_invoice_alone",
        "vendor_invoice_in_other_currency",
    }
