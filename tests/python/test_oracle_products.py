"""The oracle's newer products, and those of one organization alone, against the examples."""

from __future__ import annotations

from decimal import Decimal

import pytest

from oracle import people, usage
from oracle.marts import calculate
from random_orgs import declared
from random_orgs.inbox import write_inbox
from small_inbox import Inbox

AS_OF = "2026-04-15"


@pytest.fixture
def inbox(tmp_path) -> Inbox:
    """An inbox with a contract from March on."""
    return Inbox(tmp_path).named()


def lines_of(marts: dict, day: str) -> list[tuple]:
    """Product, charge type, quantity, amount and section of the lines of one invoice."""
    return [
        (r["product_code"], r["charge_type"], r["quantity"], r["amount"], r["section"])
        for r in marts["invoice_lines"]
        if str(r["invoice_date"]) == day
    ]


def unbilled_of(marts: dict, day: str) -> list[tuple]:
    """Product, reason and quantity of what was not billed of the cycle that begins on a day."""
    return [
        (r["product_code"], r["reason"], r["quantity"])
        for r in marts["unbilled_usage"]
        if str(r["cycle_start_date"]) == day
    ]


@pytest.mark.parametrize("model", ["named", "concurrent", "hourly"])
def test_fu14_what_an_organization_has_by_itself(model):
    assert usage.included("cases", [], model) == 150
    assert usage.included("wallboard_account", [], model) == 1
    assert usage.included("decision_executions", [], model) == 50_000


def test_fu14_cases_above_the_allowance_are_overage(inbox):
    inbox.file("contract_items", "c1,cases,0,0,0.10,,")
    inbox.file("resource_usage", "2026-03-05,cases,100", "2026-03-06,cases,70")
    marts = inbox.marts(AS_OF)
    assert lines_of(marts, "2026-04-01") == [("cases", "overage", 20, Decimal("2.00"), "resources")]
    assert unbilled_of(marts, "2026-03-01") == [("cases", "within_allowance", 150)]


def test_lic11_wallboards_are_counted_as_assigned_less_the_free_one(inbox):
    inbox.file("contract_items", "c1,wallboard_account,0,15,18,,")
    inbox.file(
        "license_assignments",
        "w1,wallboard_account,2026-01-01,",
        "w2,wallboard_account,2026-03-31,2026-04-01",
        "w3,wallboard account,2026-03-10,2026-03-11",
        "w3,wallboard_account,2026-03-20,2026-03-21",
        "w4,wallboard_account,2026-04-01,",
    )
    inbox.file("user_presence", "w1,AVAILABLE,2026-03-05T10:00:00Z,2026-03-05T11:00:00Z")
    marts = inbox.marts(AS_OF)
    expected = ("wallboard_account", "overage", 2, Decimal("36.00"), "core_services")
    assert lines_of(marts, "2026-04-01") == [expected]
    assert lines_of(marts, "2026-05-01") == [(*expected[:2], 1, Decimal("18.00"), expected[-1])]
    assert unbilled_of(marts, "2026-03-01") == [("wallboard_account", "within_allowance", 1)]
    assert marts["billable_users"] == []


@pytest.mark.parametrize(
    ("licenses", "amount"), [("waived", Decimal(0)), ("actuals", Decimal("18.00"))]
)
def test_lic11_wallboards_are_waived_in_the_ramp_as_licenses_are(tmp_path, licenses, amount):
    terms = f",,,{licenses},waived,"
    inbox = Inbox(tmp_path).contract("named", "month_to_month", "2026-03-01", "2026-06-01", terms)
    inbox.file("contract_items", "c1,wallboard_account,0,15,18,,")
    held = ("w1,wallboard_account,2026-01-01,", "w2,wallboard_account,2026-01-01,")
    inbox.file("license_assignments", *held)
    [line] = lines_of(inbox.marts(AS_OF), "2026-04-01")
    assert line == ("wallboard_account", "overage", 1, amount, "core_services")


def test_lic09_of_the_workforce_addon_and_analytics_the_workforce_addon_is_billed():
    both = {"cx2", "sta_addon", "cx2_wem_addon"}
    assert people.billed_products(both, "named") == {"cx2", "cx2_wem_addon"}
    assert people.billed_products({"cx2", "sta_addon"}, "concurrent") == {"cx2", "sta_addon"}
    designated = {*both, "hourly_interacting"}
    assert people.billed_products(designated, "named") == {"cx2_hourly", "cx2_wem_addon_hourly"}
    alone = {"cx2", "sta_addon", "hourly_interacting"}
    assert people.billed_products(alone, "named") == {"cx2_hourly", "sta_addon"}


def test_conv12_fu18_templates_are_messages_and_speech_counts_in_millions(inbox):
    inbox.contract("named", "month_to_month", "2026-03-01", "2026-06-01")
    inbox.file(
        "contract_items",
        "c1,whatsapp_template_marketing,0,0,0.05,,",
        "c1,whatsapp_template_utility,0,0,0.01,,",
        "c1,tts_characters,0,0,20,,",
    )
    inbox.file(
        "resource_usage",
        "2026-03-05,whatsapp_template_marketing,100",
        "2026-03-06,whatsapp_template_utility,30",
        "2026-03-06,whatsapp_template_authentication,7",
        "2026-03-06,tts_characters,0.45",
    )
    marts = inbox.marts(AS_OF)
    assert lines_of(marts, "2026-04-01") == [
        ("tts_characters", "overage", Decimal("0.45"), 0, "resources"),
        ("whatsapp_template_marketing", "usage", 100, Decimal("5.00"), "resources"),
        ("whatsapp_template_utility", "usage", 30, Decimal("0.30"), "resources"),
    ]
    waived = {r["product_code"]: r["is_waived"] for r in marts["invoice_lines"]}
    assert waived["tts_characters"]
    assert not waived["whatsapp_template_utility"]
    assert unbilled_of(marts, "2026-03-01") == [
        ("whatsapp_template_authentication", "no_contract_item", 7)
    ]


def test_an_app_that_nobody_is_assigned_bills_its_commitment(tmp_path):
    inbox = Inbox(tmp_path).contract("named", "annual_prepay_monthly", "2026-03-01")
    inbox.file("contract_items", "c1,cx2,1,100,150,,", "c1,acme_wallboard,10,5,7,,")
    aliases = "Acme Wallboard (AppFoundry);Acme Board"
    inbox.file("product_catalogue", f"acme_wallboard,Acme Wallboard,app,user,{aliases}")
    period = "2026-04-01,2026-05-01"
    inbox.file(
        "vendor_invoice_lines",
        f"1,2026-04-01,{period},Genesys Cloud CX 2 User - Prepay,1,100,100.00,USD,",
        f"1,2026-04-01,{period},Acme Wallboard (AppFoundry) User - Prepay,10,5,50.00,USD,",
    )
    marts = inbox.marts(AS_OF)
    assert lines_of(marts, "2026-04-01") == [
        ("acme_wallboard", "prepay", 10, 50, "core_services_prepay"),
        ("cx2", "prepay", 1, 100, "core_services_prepay"),
    ]
    reasons = {
        r["product_code"]: r["reason"]
        for r in marts["invoice_reconciliation"]
        if r["invoice_number"]
    }
    assert reasons == {"cx2": "matched", "acme_wallboard": "matched"}


def test_an_app_counts_like_an_addon_where_it_is_assigned(inbox):
    inbox.file("contract_items", "c1,Acme Board,1,5,7,,", "c1,acme_minutes,0,0,0.5,,")
    inbox.file(
        "product_catalogue",
        "acme_board,Acme Board,app,user,Board by Acme",
        "acme_minutes,Acme Minutes,resource,minute,",
        "cx2,Seat,license_addon,,Contact Seat Gold",
        "broken,Broken,gadget,,Broken Thing",
    )
    inbox.file("product_catalogue", "acme_board,Acme Board II,app,user,", name="b.csv")
    inbox.file(
        "license_assignments",
        "a,Board by Acme,2026-03-01,",
        "b,acme_board,2026-03-01,",
        "c,Acme Board II,2026-03-01,",
        "d,Contact Seat Gold,2026-03-01,",
        "e,Broken Thing,2026-03-01,",
        "f,Seat,2026-03-01,",
        "g,acme_minutes,2026-03-01,",
    )
    login = "2026-03-05T10:00:00Z,2026-03-05T11:00:00Z"
    inbox.file("user_presence", *(f"{user},BUSY,{login}" for user in "abd"))
    inbox.file("resource_usage", "2026-03-05,Acme Minutes,10")
    marts = inbox.marts(AS_OF)
    billed = {(r["user_id"], r["product_code"]) for r in marts["billable_users"]}
    assert billed == {("a", "acme_board"), ("b", "acme_board"), ("d", "cx2")}
    assert lines_of(marts, "2026-04-01") == [
        ("acme_board", "committed", 1, 5, "core_services"),
        ("acme_board", "overage", 1, 7, "core_services"),
        ("acme_minutes", "overage", 10, 5, "resources"),
    ]
    assert [(r["dataset"], r["source_row"], r["reason"]) for r in marts["rejected_rows"]] == [
        ("product_catalogue", 4, "unknown_value"),
        ("license_assignments", 5, "unknown_license"),
        ("license_assignments", 6, "unknown_license"),
        ("license_assignments", 7, "unknown_license"),
    ]


def test_what_one_organization_calls_its_products_no_other_knows(tmp_path):
    for org in ("one", "two"):
        inbox = Inbox(tmp_path, org).named()
        inbox.file("license_assignments", "a,Acme Board,2026-03-01,")
        inbox.file("user_presence", "a,BUSY,2026-03-05T10:00:00Z,2026-03-05T11:00:00Z")
    Inbox(tmp_path, "one").file("product_catalogue", "acme,Acme Board,app,user,")
    marts = inbox.marts(AS_OF)
    assert [(r["org_id"], r["product_code"]) for r in marts["billable_users"]] == [("one", "acme")]
    assert [(r["org_id"], r["reason"]) for r in marts["rejected_rows"]] == [
        ("two", "unknown_license")
    ]


def test_random_organizations_have_products_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(declared, "is_declared", lambda *_: True)
    marts = calculate(tmp_path, write_inbox(tmp_path, 40, 7))
    own = {"acme_board", "acme_coaching"}
    assert own <= {r["product_code"] for r in marts["billable_users"]}
    own |= {"acme_minutes", "acme_push", "acme_lamp", "acme_setup"}
    assert own <= {r["product_code"] for r in marts["invoice_lines"]}
    foreign = {r["unmapped_name"] for r in marts["unmapped_names"]}
    assert {"Acme Board", "acme_minutes"} <= foreign
