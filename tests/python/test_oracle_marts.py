"""The oracle's marts of whole organizations against the worked examples of the rulebook."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from small_inbox import Inbox


@pytest.fixture
def inbox(tmp_path) -> Inbox:
    """An empty inbox."""
    return Inbox(tmp_path)


def lines_of(marts: dict, invoice_date: str) -> list[tuple]:
    """Product, charge type, quantity and amount of the lines of one invoice."""
    return [
        (r["product_code"], r["charge_type"], r["quantity"], r["amount"])
        for r in marts["invoice_lines"]
        if r["invoice_date"] == date.fromisoformat(invoice_date)
    ]


def message(number: int, account: str, platform: str, integration: str, start: str, end: str):
    """A row of message_interactions."""
    return f"m{number},{account},{platform},{integration},{start},{end}"


def test_conv03_t01_to_t04_scenarios(inbox):
    inbox.contract("named", "month_to_month", "2024-01-15").file(
        "message_interactions",
        message(1, "a", "facebook", "i1", "2024-01-16T10:00:00Z", "2024-01-16T10:05:00Z"),
        message(2, "b", "facebook", "i1", "2024-01-16T10:00:00Z", "2024-01-20T10:05:00Z"),
        message(3, "c", "facebook", "i1", "2024-01-16T10:00:00Z", "2024-01-16T10:05:00Z"),
        message(4, "c", "facebook", "i1", "2024-01-19T10:00:00Z", "2024-01-19T10:05:00Z"),
        message(5, "d", "facebook", "i1", "2024-02-14T23:00:00Z", "2024-02-15T01:00:00Z"),
        message(6, "e", "facebook", "i1", "2024-01-16T10:00:00Z", "2024-01-16T11:00:00Z"),
        message(6, "e", "whatsapp", "i2", "2024-01-16T10:00:00Z", "2024-01-16T11:00:00Z"),
        message(7, "f", "facebook", "i1", "2024-01-16T10:00:00Z", "2024-01-16T11:00:00Z"),
        message(7, "f", "facebook", "i3", "2024-01-16T10:00:00Z", "2024-01-16T11:00:00Z"),
        message(8, "t02-customer", "line", "i4", "2024-01-16T10:00:00Z", "2024-01-16T11:00:00Z"),
        message(8, "t02-manager", "line", "i4", "2024-01-16T11:00:00Z", "2024-01-16T12:00:00Z"),
        message(9, "t03", "apple", "i5", "2024-01-16T10:00:00Z", "2024-03-16T11:00:00Z"),
        message(10, "t04-old", "open", "i6", "2024-02-14T10:00:00Z", "2024-02-15T00:00:00Z"),
        message(11, "t04-new", "open", "i6", "2024-02-15T00:00:00Z", "2024-02-15T00:00:00Z"),
        message(12, "", "twitter", "i7", "2024-01-16T10:00:00Z", "2024-02-16T10:00:00Z"),
        message(13, "", "twitter", "i7", "2024-01-16T10:00:00Z", "2024-01-16T10:01:00Z"),
    )
    marts = inbox.marts("2024-04-01")
    by_cycle = [
        (r["cycle_start_date"].isoformat(), r["platform"], r["integration_id"])
        for r in marts["conversations"]
    ]
    first, second, third = "2024-01-15", "2024-02-15", "2024-03-15"
    assert by_cycle.count((first, "facebook", "i1")) == 6
    assert by_cycle.count((first, "facebook", "i3")) == 1
    assert by_cycle.count((first, "whatsapp", "i2")) == 1
    assert by_cycle.count((second, "facebook", "i1")) == 1
    assert by_cycle.count((first, "line", "i4")) == 2
    assert [by_cycle.count((c, "apple", "i5")) for c in (first, second, third)] == [1, 1, 1]
    assert [by_cycle.count((c, "open", "i6")) for c in (first, second, third)] == [1, 1, 0]
    anonymous = [
        (r["cycle_start_date"].isoformat(), r["quantity"])
        for r in marts["unbilled_usage"]
        if r["reason"] == "no_customer_account"
    ]
    assert anonymous == [(first, 2), (second, 1)]


def test_t11_t14_t15_t16_named_users(inbox):
    inbox.contract("named", "month_to_month", "2024-01-01")
    inbox.file("contract_items", "c1,cx3,0,10,12.5,,", "c1,cx1,0,10,12.5,,")
    inbox.file(
        "license_assignments",
        "changed,cx1,2023-12-01,2024-01-10",
        "changed,cx3,2024-01-10,2024-01-11",
        "changed,cx1,2024-01-11,",
        "second,cx1,2024-01-01,2024-01-02",
        "offline,cx1,2024-01-01,",
        "devices,cx1,2024-01-01,",
    )
    inbox.file(
        "user_presence",
        "changed,AVAILABLE,2024-01-20T10:00:00Z,2024-01-20T10:00:01Z",
        "second,AVAILABLE,2024-01-20T10:00:00Z,2024-01-20T10:00:01Z",
        "offline,OFFLINE,2024-01-01T00:00:00Z,",
        "devices,AVAILABLE,2024-01-20T23:00:00Z,2024-01-21T01:00:00Z",
        "devices,AVAILABLE,2024-01-20T23:00:00Z,2024-01-21T01:00:00Z",
        "devices,BUSY,2024-01-20T23:30:00Z,2024-01-21T00:30:00Z",
        "nobody,AWAY,2024-01-05T00:00:00Z,2024-01-05T01:00:00Z",
        "empty,AWAY,2024-01-05T00:00:00Z,2024-01-05T00:00:00Z",
    )
    marts = inbox.marts("2024-02-02")
    used = {r["product_code"]: r["actual_quantity"] for r in marts["license_usage"]}
    assert used == {"cx1": 2, "cx3": 1}
    assert lines_of(marts, "2024-02-01") == [
        ("cx1", "overage", 2, Decimal("25.00")),
        ("cx3", "overage", 1, Decimal("12.50")),
    ]
    devices = [
        r["logged_in_seconds"] for r in marts["user_hours_daily"] if r["user_id"] == "devices"
    ]
    assert devices == [3600, 3600]
    [unlicensed] = [r for r in marts["unbilled_usage"] if r["reason"] == "user_without_license"]
    assert unlicensed["quantity"] == 1


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        pytest.param(
            "annual_prepay",
            {
                "2024-01-01": [("cx2", "prepay", 240, 2400)],
                "2024-02-01": [("cx2", "usage", 1, 0)],
                "2024-03-01": [("cx2", "usage", 1, 0)],
                "2024-04-01": [],
            },
            id="annual_prepay",
        ),
        pytest.param(
            "annual_prepay_monthly",
            {
                "2024-01-01": [],
                "2024-02-01": [("cx2", "usage", 1, 0)],
                "2024-03-01": [("cx2", "usage", 1, 0), ("cx2", "prepay", 20, 200)],
                "2024-04-01": [("cx2", "prepay", 20, 200)],
            },
            id="annual_prepay_monthly",
        ),
        pytest.param(
            "month_to_month",
            {
                "2024-01-01": [],
                "2024-02-01": [("cx2", "usage", 1, 0)],
                "2024-03-01": [("cx2", "usage", 1, 0)],
                "2024-04-01": [("cx2", "committed", 20, 200)],
            },
            id="month_to_month",
        ),
    ],
)
def test_inv05_ramp02_t18_what_each_invoice_holds(inbox, option, expected):
    inbox.contract("named", option, "2024-01-01", "2024-02-29T23:59:59Z")
    inbox.file("contract_items", "c1,cx2,20,10,12,,", "c1,conversation_open,0,0,0.15,,")
    inbox.file("license_assignments", "u,cx2,2024-01-01,")
    inbox.file("user_presence", "u,AVAILABLE,2024-01-02T10:00:00Z,2024-03-20T10:00:00Z")
    marts = inbox.marts("2024-04-02")
    assert {day: lines_of(marts, day) for day in expected} == expected


@pytest.mark.parametrize(
    ("term_end", "replaced", "expected"),
    [
        pytest.param("", "", [("2023-01-31", 120), ("2024-01-31", 120)], id="whole_years"),
        pytest.param("2024-04-15", "", [("2023-01-31", 120), ("2024-01-31", 30)], id="shorter"),
        pytest.param("", "2024-01-31", [("2023-01-31", 120)], id="replaced"),
    ],
)
def test_inv05_annual_prepay_a_year_at_a_time(inbox, term_end, replaced, expected):
    rows = [f"c1,Org,eu-west-1,named,annual_prepay,USD,2023-01-31,,,{term_end},,,,"]
    rows += [f"c2,Org,eu-west-1,named,month_to_month,USD,{replaced},,,,,,,"] if replaced else []
    inbox.file("contracts", *rows).file("contract_items", "c1,cx1,10,5,6,,")
    lines = inbox.marts("2024-02-02")["invoice_lines"]
    assert [(str(r["invoice_date"]), r["quantity"]) for r in lines] == expected


def test_ramp01_actuals_are_billed_at_the_prepay_rate(inbox):
    extra = ",,,actuals,,"
    inbox.contract("named", "month_to_month", "2024-01-01", "2024-03-01", extra)
    inbox.file("contract_items", "c1,cx2,20,10.005,12,,")
    inbox.file("license_assignments", "u,cx2,2024-01-01,")
    inbox.file("user_presence", "u,AVAILABLE,2024-01-02T10:00:00Z,2024-01-02T11:00:00Z")
    lines = lines_of(inbox.marts("2024-02-02"), "2024-02-01")
    assert lines == [("cx2", "usage", 1, Decimal("10.01"))]


def test_inv01_t17_committed_20_used_10_is_billed_20(inbox):
    inbox.contract("named", "month_to_month", "2024-01-01")
    inbox.file("contract_items", "c1,cx2,20,10,12,,")
    users = [f"u{n}" for n in range(10)]
    inbox.file("license_assignments", *(f"{u},cx2,2024-01-01," for u in users))
    rows = (f"{u},AVAILABLE,2024-01-02T10:00:00Z,2024-01-02T11:00:00Z" for u in users)
    inbox.file("user_presence", *rows)
    marts = inbox.marts("2024-02-02")
    assert lines_of(marts, "2024-02-01") == [("cx2", "committed", 20, 200)]
    [line] = inbox.marts("2024-02-01")["invoice_lines"]
    assert line["invoice_status"] == "accruing"  # not final before the 2nd
    [within] = marts["unbilled_usage"]
    assert (within["reason"], within["quantity"]) == ("within_commitment", 10)


def test_cyc04_t24_the_voice_cycle_begins_at_seven(inbox):
    inbox.contract("named", "month_to_month", "2024-01-01")
    tail = "60,60,0.0100,0.0100,USD"
    inbox.file(
        "voice_usage",
        f"s1,a,b,G,G,Outbound,Outbound,2024-01-01T06:59:59Z,,{tail}",
        f"s2,a,b,G,G,Outbound,Outbound,2024-01-01T07:00:00Z,,{tail}",
        f"s3,a,b,G,G,Outbound,Outbound,2024-02-01T06:59:59Z,,{tail}",
        f"s4,a,b,G,G,Outbound,Outbound,2024-02-01T07:00:00Z,,{tail}",
        f"s4,a,b,G,G,Outbound,Outbound,2024-02-01T07:00:00Z,,{tail}",
        f"s5,a,b,G,G,Outbound,Outbound,2024-02-02T07:00:00Z,,{tail.replace('USD', 'EUR')}",
    )
    marts = inbox.marts("2024-02-03")
    calls = [(r["cycle_start_date"].month, r["sip_call_id"]) for r in marts["calls"]]
    assert calls == [(1, "s2"), (1, "s3"), (2, "s4")]
    assert [(r["source_row"], r["reason"]) for r in marts["rejected_rows"]] == [
        (1, "outside_contract"),
        (6, "currency_mismatch"),
    ]
    [audit] = [r for r in marts["load_audit"] if r["dataset"] == "voice_usage"]
    assert (audit["rows_in_file"], audit["rows_accepted"]) == (6, 3)
    assert (audit["rows_duplicate"], audit["rows_rejected"]) == (1, 2)
    assert lines_of(marts, "2024-02-01") == [
        ("telco_outbound", "usage", Decimal("2"), Decimal("0.02"))
    ]


def test_num01_num02_t25_number_lines(inbox):
    inbox.contract("named", "month_to_month", "2024-04-01")
    inbox.file("contract_items", "c1,number_mrc,0,0,1.00,,", "c1,number_nrc,0,0,0.50,,")
    early = [f"+1{n:02},local,2024-04-10,,US,false" for n in range(3)]
    late = [f"+2{n:02},local,2024-04-15,,US,false" for n in range(20)]
    inbox.file("phone_numbers", *early, *late)
    assert lines_of(inbox.marts("2024-05-02"), "2024-05-01") == [
        ("number_mrc", "recurring", 3, Decimal("2.10")),
        ("number_mrc", "recurring", 20, Decimal("10.67")),
        ("number_nrc", "one_time", 3, Decimal("1.50")),
        ("number_nrc", "one_time", 20, Decimal("10.00")),
    ]


def test_num02_a_number_bought_between_contracts_is_set_up_in_the_next(inbox):
    inbox.file(
        "contracts",
        "c1,Org,eu-west-1,named,month_to_month,USD,2024-01-01,,,2024-02-01",
        "c2,Org,eu-west-1,named,month_to_month,USD,2024-04-01",
    )
    inbox.file("contract_items", "c1,number_nrc,0,0,0.40,,", "c2,number_nrc,0,0,0.50,,")
    inbox.file("phone_numbers", "+1,local,2024-02-20,,US,false", "+2,local,2023-12-20,,US,false")
    marts = inbox.marts("2024-06-02")
    assert lines_of(marts, "2024-05-01") == [("number_nrc", "one_time", 1, Decimal("0.50"))]
    assert [str(row["invoice_date"]) for row in marts["invoice_lines"]] == ["2024-05-01"]


def test_inv06_hardware_waits_for_shipping(inbox):
    inbox.contract("named", "month_to_month", "2024-01-01")
    inbox.file(
        "orders",
        "o1,phone,2,99.5,2024-01-10,,false",
        "o2,phone,1,99.5,2024-01-10,2024-01-12,true",
        "o3,phone,1,99.5,2024-01-10,,true",
    )
    marts = inbox.marts("2024-01-12")
    assert [str(r["invoice_date"]) for r in marts["invoice_lines"]] == ["2024-01-10"]
    marts = inbox.marts("2024-01-13")
    assert [str(r["invoice_date"]) for r in marts["invoices"]] == ["2024-01-10", "2024-01-12"]
    assert str(marts["invoices"][0]["due_date"]) == "2024-02-09"


def test_a_status_delivered_open_and_closed_is_one_row(inbox):
    inbox.contract("hourly", "month_to_month", "2024-01-01")
    inbox.file("license_assignments", "u,cx1,2024-01-01,", "v,cx1,2024-01-01,")
    closed = "u,AVAILABLE,2024-01-02T10:00:00Z,2024-01-02T11:00:00Z"
    inbox.file(
        "user_presence", closed, "v,AWAY,2024-01-31T12:00:00Z,", "w,OFFLINE,2024-02-02T09:00:00Z,"
    )
    inbox.file("user_presence", "u,AVAILABLE,2024-01-02T10:00:00Z,", name="b.csv")
    marts = inbox.marts("2024-02-03")
    hours = [(r["cycle_start_date"].month, r["logged_in_hours"]) for r in marts["license_usage"]]
    assert hours == [(1, 13), (2, 48)]
    audit = {r["source_file"]: r["rows_duplicate"] for r in marts["load_audit"]}
    assert audit["org/user_presence/b.csv"] == 1


def test_an_open_status_lasts_until_the_next_row_or_the_end_of_the_data(inbox):
    inbox.contract("hourly", "month_to_month", "2024-01-01")
    inbox.file(
        "user_presence",
        "u,AVAILABLE,2024-01-02T10:00:00Z,",
        "u,OFFLINE,2024-01-02T12:00:00Z,",
        "u,BUSY,2024-01-03T22:30:00Z,",
    )
    days = [
        (r["usage_date"].day, r["logged_in_duration"])
        for r in inbox.marts("2024-01-05")["user_hours_daily"]
    ]
    assert days == [(2, "2:00:00:000"), (3, "1:30:00:000")]


@pytest.mark.parametrize(
    ("switch", "hourly", "named"),
    [
        pytest.param("", {"b", "end"}, {"a", "gap", "late"}, id="latest by default"),
        pytest.param("latest", {"b", "end"}, {"a", "gap", "late"}, id="latest"),
        pytest.param("any", {"a", "b", "end", "gap"}, {"late"}, id="any"),
    ],
)
def test_hour05_which_designation_of_the_cycle_decides(inbox, switch, hourly, named):
    terms = "," * 13 + switch
    inbox.file("contracts", f"c1,Org,eu,named,month_to_month,USD,2026-03-01,{terms}")
    inbox.file("contract_items", "c1,cx1,0,1,2,,", "c1,cx1_hourly,0,0.4,0.6,,")
    designated = {
        "a": "2026-03-01,2026-03-10",
        "b": "2026-03-25,",
        "end": "2026-03-31,2026-04-01",
        "gap": "2026-03-20,2026-03-31",
        "late": "2026-04-01,",
    }
    held = [f"{user},cx1,2020-01-01," for user in designated]
    held += [f"{user},billing:user:hourlyInteracting,{days}" for user, days in designated.items()]
    inbox.file("license_assignments", *held)
    times = "2026-03-05T08:00:00Z,2026-03-05T10:00:00Z"
    inbox.file("user_presence", *(f"{user},ON_QUEUE,{times}" for user in designated))
    inbox.file("routing_status", *(f"{user},INTERACTING,{times}" for user in designated))
    marts = inbox.marts("2026-04-15")
    billed = {(r["product_code"], r["user_id"]) for r in marts["billable_users"]}
    assert billed == {("cx1_hourly", u) for u in hourly} | {("cx1", u) for u in named}
    quantities = {r["product_code"]: r["quantity"] for r in marts["invoice_lines"]}
    assert quantities == {"cx1": len(named), "cx1_hourly": 2 * len(hourly)}


def test_hour05_a_designation_that_holds_at_as_of_decides_so_far(inbox):
    inbox.contract("named", "month_to_month", "2026-03-01")
    days = "2026-03-05,2026-03-12"
    inbox.file("license_assignments", "a,cx1,2020-01-01,", f"a,hourly_interacting,{days}")
    inbox.file("user_presence", "a,BUSY,2026-03-05T08:00:00Z,2026-03-05T10:00:00Z")
    found = {
        as_of: [r["product_code"] for r in inbox.marts(as_of)["billable_users"]]
        for as_of in ("2026-03-12", "2026-03-13")
    }
    assert found == {"2026-03-12": ["cx1_hourly"], "2026-03-13": ["cx1"]}


@pytest.mark.parametrize(
    ("messages", "others", "licenses", "expected"),
    [
        (160_000, 0, "waived", [(150, 300, False)]),
        (160_000, 17, "waived", [(151, 302, False)]),
        (160_000, 4420, "waived", [(400, 800, False), (10, 0, True)]),
        (40_000, 0, "waived", []),
        (0, 4267, "waived", [(1, 0, True)]),
        (160_000, 4420, "actuals", [(410, 820, False)]),
    ],
)
def test_ramp05_the_tokens_of_messages_are_billed_in_the_ramp(
    inbox, messages, others, licenses, expected
):
    terms = f",,,{licenses},,,,,,per_token"
    inbox.contract("named", "month_to_month", "2026-03-01", "2026-05-01", terms)
    inbox.file("contract_items", "c1,ai_tokens,0,1,2,,")
    inbox.file(
        "resource_usage",
        f"2026-03-05,messages_whatsapp,{messages}",
        f"2026-03-05,voice_bot_minutes,{others}",
    )
    lines = [
        (r["quantity"], r["amount"], r["is_waived"])
        for r in inbox.marts("2026-04-02")["invoice_lines"]
    ]
    assert lines == expected
