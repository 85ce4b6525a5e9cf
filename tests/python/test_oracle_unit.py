"""The oracle against the worked examples of the rulebook: it must be right before it judges."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from oracle import people, usage
from oracle.calendar import Contract, add_months, billing_cycles, contracts_in_force
from oracle.compare import ANYTHING, compare, report
from oracle.files import Row
from oracle.marts import calculate
from oracle.meter import overage
from oracle.money import line_amount, money, round_half_up, whole_hours
from oracle.values import parse_duration, parse_end
from random_orgs.files import header_of
from random_orgs.inbox import write_inbox

EPOCH = datetime(2024, 3, 1)


def contract(effective: date, **terms) -> Contract:
    """A named month-to-month contract, changed by `terms`."""
    defaults = {
        "contract_id": "c1",
        "license_model": "named",
        "billing_option": "month_to_month",
        "currency": "USD",
        "billing_account_id": "org",
        "ramp_end_date": None,
        "term_end_date": None,
        "peak_rule": "sustained",
        "ramp_license_billing": "waived",
        "ramp_resource_billing": "waived",
        "payment_terms_days": 30,
    }
    return Contract(effective_date=effective, **{**defaults, **terms})


def starts(as_of: date, *contracts: Contract) -> list[date]:
    """The cycle starts of an org with these contracts."""
    return [c.start for c in billing_cycles(contracts_in_force(list(contracts), as_of), as_of)]


class Inbox:
    """A small inbox of one org, written dataset by dataset; rows are CSV text."""

    def __init__(self, folder: Path):
        self.folder = folder

    def file(self, dataset: str, *rows: str, name: str = "a.csv") -> Inbox:
        """Write a file of `rows` below the org; the last columns of contracts may be left out."""
        path = self.folder / "org" / dataset / name
        path.parent.mkdir(parents=True, exist_ok=True)
        header = ",".join(header_of(dataset))
        if dataset == "contracts":
            rows = [row + "," * (header.count(",") - row.count(",")) for row in rows]
        path.write_text("\n".join([header, *rows]) + "\n")
        return self

    def contract(self, model: str, option: str, effective: str, ramp_end: str = "", extra=",,,,,"):
        """The only contract, c1."""
        return self.file(
            "contracts", f"c1,Org,eu-west-1,{model},{option},USD,{effective},,{ramp_end}{extra}"
        )

    def marts(self, as_of: str) -> dict[str, list[dict]]:
        """The marts of the inbox."""
        return calculate(self.folder, date.fromisoformat(as_of))


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


# ---------------------------------------------------------------- money and calendar


def test_rounding_is_half_up_and_exact():
    assert round_half_up(Decimal("0.005"), 2) == Decimal("0.01")
    assert round_half_up(Decimal("-0.005"), 2) == Decimal("-0.01")
    assert round_half_up(Fraction(1, 3), 6) == Decimal("0.333333")
    assert money(Decimal("100.5"), "JPY") == 101
    assert money(Decimal("1.0005"), "KWD") == Decimal("1.001")


def test_cyc07_t06_the_31st_comes_back_after_february():
    assert starts(date(2024, 5, 1), contract(date(2024, 1, 31))) == [
        date(2024, 1, 31),
        date(2024, 2, 29),
        date(2024, 3, 31),
        date(2024, 4, 30),
    ]
    assert add_months(date(2023, 1, 31), 1) == date(2023, 2, 28)


def test_cyc02_t05_a_cycle_is_half_open_and_seen_until_as_of():
    [first] = billing_cycles(
        contracts_in_force([contract(date(2017, 10, 21))], date(2017, 11, 20)), date(2017, 11, 20)
    )
    assert first.window(date(2017, 11, 20)) == (datetime(2017, 10, 21), datetime(2017, 11, 20))
    assert first.end == date(2017, 11, 21)
    assert starts(date(2024, 2, 16), contract(date(2024, 1, 15)))[1] == date(2024, 2, 15)
    assert len(starts(date(2024, 2, 15), contract(date(2024, 1, 15)))) == 1


def test_two_contracts_cut_each_other_and_number_on():
    first = contract(date(2024, 1, 31), term_end_date=date(2024, 3, 10))
    second = contract(date(2024, 3, 5), contract_id="c2")
    cycles = billing_cycles(contracts_in_force([second, first], date(2024, 4, 6)), date(2024, 4, 6))
    assert [(c.number, c.start, c.end) for c in cycles] == [
        (1, date(2024, 1, 31), date(2024, 2, 29)),
        (2, date(2024, 2, 29), date(2024, 3, 5)),
        (3, date(2024, 3, 5), date(2024, 4, 5)),
        (4, date(2024, 4, 5), date(2024, 5, 5)),
    ]


def test_ramp04_phase_follows_the_cycle_start():
    terms = contract(date(2018, 7, 1), ramp_end_date=date(2018, 9, 1))
    cycles = billing_cycles(contracts_in_force([terms], date(2018, 9, 2)), date(2018, 9, 2))
    assert [(c.is_ramp, c.is_last_ramp) for c in cycles] == [
        (True, False),
        (True, True),
        (False, False),
    ]


def test_cyc03_a_vendor_end_of_23_59_59_means_the_next_day():
    assert parse_end("2018-08-31T23:59:59.999Z") == date(2018, 9, 1)
    assert parse_end("2018-08-31T23:59:59Z") == date(2018, 9, 1)
    assert parse_end("2026-02-14T11:59:59Z") == date(2026, 2, 15)
    assert parse_end("2026-02-14T11:59:58Z") == date(2026, 2, 14)
    assert parse_end("2018-09-01") == date(2018, 9, 1)


# ---------------------------------------------------------------- concurrency


def timeline(*pieces: tuple[float, float, int]) -> list[people.Segment]:
    """Segments from minutes."""
    return [
        (EPOCH + timedelta(minutes=start), EPOCH + timedelta(minutes=end), count)
        for start, end, count in pieces
    ]


CF_1 = timeline((0, 60, 10), (60, 80, 12), (80, 140, 10), (140, 160, 12), (160, 220, 10))
CF_2 = timeline((0, 60, 10), (60, 89, 12), (89, 200, 10))
CF_2_LONGER = timeline((0, 60, 10), (60, 89 + 59 / 60, 12), (89 + 59 / 60, 200, 10))
CF_3 = timeline((0, 60, 10), (60, 90, 12), (90, 200, 10))
CF_4 = timeline((0, 60, 5), (60, 80, 11), (80, 100, 12), (100, 120, 13), (120, 200, 5))
CF_5 = timeline(
    (0, 60, 480),
    (60, 76, 500),
    (76, 90, 480),
    (90, 105, 500),
    (105, 120, 480),
    (120, 126, 503),
    (126, 200, 480),
)


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        pytest.param(CF_1, (10, 12, 12), id="CF-1_T08"),
        pytest.param(CF_2, (10, 10, 10), id="CF-2_T07"),
        pytest.param(CF_2_LONGER, (10, 10, 10), id="T07_29:59"),
        pytest.param(CF_3, (12, 12, 12), id="CF-3_T07"),
        pytest.param(CF_4, (12, 12, 5), id="CF-4_T10"),
        pytest.param(CF_5, (480, 500, 500), id="CF-5_T09"),
    ],
)
def test_conc06_three_readings(pieces, expected):
    found = people.peaks(pieces)
    readings = found["sustained"], found["accumulated"], found["accumulated_exact"]
    assert readings == expected


def test_conc06_the_witness_is_the_first_stretch_that_supports_the_peak():
    assert people.first_stretch(CF_3, 12) == (
        EPOCH + timedelta(minutes=60),
        EPOCH + timedelta(minutes=90),
    )
    assert people.first_stretch(CF_4, 12) == (
        EPOCH + timedelta(minutes=80),
        EPOCH + timedelta(minutes=120),
    )


def at(minute: float) -> datetime:
    """Minutes after 08:00."""
    return EPOCH + timedelta(hours=8, minutes=minute)


def test_conc07_t12_handover_overlap_is_disregarded():
    window = EPOCH, EPOCH + timedelta(days=1)
    early = {f"e{n}": [(at(0), at(60))] for n in range(10)}
    late = {f"l{n}": [(at(45), at(120))] for n in range(10)}
    found = people.peaks(people.segments({**early, **late}, window))
    assert (found["highest"], found["sustained"]) == (20, 10)


def test_conc07_logout_and_login_at_one_instant_do_not_overlap():
    window = EPOCH, EPOCH + timedelta(days=1)
    users = {"a": [(at(0), at(60))], "b": [(at(60), at(120))]}
    assert people.peaks(people.segments(users, window))["highest"] == 1


def test_conc08_daily_peak_splits_a_stretch_at_midnight():
    night = EPOCH + timedelta(days=1)
    users = {"a": [(night - timedelta(minutes=20), night + timedelta(minutes=10, seconds=30))]}
    pieces = people.segments(users, (EPOCH, EPOCH + timedelta(days=2)))
    assert people.daily_peak(pieces, date(2024, 3, 1)) == (1, 20)
    assert people.daily_peak(pieces, date(2024, 3, 2)) == (1, Fraction(21, 2))


def test_lic03_lic05_highest_license_and_every_addon():
    held = {"cx1", "cx3", "communicate", "cx1_wem_addon"}
    assert people.billed_products(held, "named") == {
        "cx3",
        "cx1_wem_addon",
    }
    assert people.billed_products({"cx2", "cx2_digital"}, "named") == {"cx2"}
    assert people.counting_model("communicate", "concurrent") == "named"


def test_hour02_t19_sum_first_then_round_up():
    hours = Fraction("112.23") + Fraction("110.11")
    assert whole_hours(hours * 3600) == 223
    assert whole_hours(222 * 3600) == 222
    assert whole_hours(0) == 0
    assert parse_duration("7:59:59:999") == Fraction("28799.999")
    assert people.duration_text(Fraction("28799.999")) == "7:59:59:999"


# ---------------------------------------------------------------- commitment, resources


@pytest.mark.parametrize(
    ("committed", "actual", "over"), [(20, 10, 0), (10, 35, 25), (80, 138, 58), (10, 15, 5)]
)
def test_inv03_t17_overage(committed, actual, over):
    assert overage(actual, Decimal(committed)) == over


def test_inv07_t25_metered_examples():
    assert line_amount(1000, Decimal("0.25"), "USD") == 250
    assert line_amount(overage(1250, Decimal(1000)), Decimal("0.25"), "USD") == Decimal("62.50")
    assert line_amount(12, Decimal("100"), "USD") == 1200


def licensed(product: str, actual: int, committed: int = 0) -> list[dict]:
    """License usage of one product."""
    return [
        {
            "product_code": product,
            "actual_quantity": Decimal(actual),
            "committed_quantity": Decimal(committed),
        }
    ]


def test_fu06_t20_t21_allowances():
    assert usage.included("ivr_minutes", licensed("cx2", 20), "named") == 50_000
    assert usage.included("data_storage_gb", licensed("cx2", 20), "named") == 500
    assert line_amount(overage(600, Decimal(500)), Decimal("0.25"), "USD") == 25
    concurrent = usage.included("api_requests", licensed("cx3", 1), "concurrent")
    assert overage(505_992, concurrent) == 323_992
    both = licensed("communicate", 1000) + licensed("cx3", 1500)
    assert usage.included("byoc_minutes", both, "named") == 8_500_000
    assert usage.included("ivr_minutes", licensed("cx2", 10, 20), "named") == 50_000
    assert usage.included("ivr_minutes", licensed("cx2", 30, 20), "named") == 75_000
    assert overage(100, Decimal(500)) == 0


@pytest.mark.parametrize(
    ("license_code", "resource", "expected"),
    [
        ("cx1", "ivr_minutes", "15.765766"),
        ("cx1", "data_storage_gb", "0.157658"),
        ("cx1", "api_requests", "675.675676"),
        ("cx2", "ivr_minutes", "22.522523"),
        ("cx3", "ivr_minutes", "29.279279"),
        ("cx3", "byoc_minutes", "45.045045"),
        ("cx3_digital", "data_storage_gb", "0.135135"),
    ],
)
def test_fu05_hourly_allowance_is_named_by_111(license_code, resource, expected):
    found = usage.included(resource, licensed(license_code, 1), "hourly")
    assert found == Decimal(expected)


def test_fu04_communicate_and_ex_keep_the_named_column_and_addons_bring_nothing():
    assert usage.included("ivr_minutes", licensed("communicate", 2), "concurrent") == 1000
    assert usage.included("data_storage_gb", licensed("ex", 2), "hourly") == 35
    assert usage.included("byoc_minutes", licensed("ex", 2), "named") == 0
    assert usage.included("ivr_minutes", licensed("cx1_wem_addon", 9), "named") == 0


# ---------------------------------------------------------------- voice, numbers


@pytest.mark.parametrize(
    ("rate", "duration", "adjusted", "cost"),
    [
        ("0.0119", 34, 36, "0.0071"),
        ("0.0181", 55, 60, "0.0181"),
        ("0.0470", 113, 114, "0.0893"),
        ("0.0259", 130, 132, "0.0570"),
        ("0.0150", 11, 12, "0.0030"),
        ("0.0150", 749, 750, "0.1875"),
        ("0.015", 45, 48, "0.0120"),
        ("0.015", 0, 0, "0"),
    ],
)
def test_voice03_t22_price_examples(rate, duration, adjusted, cost):
    assert usage.rated_seconds(duration) == adjusted
    assert usage.rated_cost(duration, Decimal(rate)) == Decimal(cost)


@pytest.mark.parametrize(
    ("completed", "short", "quantity"),
    [(100, 10, 0), (100, 20, 20), (99, 99, 0), (100, 15, 15), (200, 29, 0), (0, 0, 0)],
)
def test_sdc03_t23_surcharge(completed, short, quantity):
    assert usage.surcharge_quantity(completed, short) == quantity


def call(call_type: str, direction: str, seconds: int = 60, group: str = "") -> Row:
    """A call row."""
    values = {"call_type": call_type, "direction": direction, "usage_group": group}
    return Row("f", 1, {**values, "duration_seconds": Decimal(seconds)})


def test_telco03_services_and_completed_calls():
    rows = [
        call("Inbound", "Inbound", 3),
        call("Outbound", "Outbound", 0),
        call("Outbound", "Outbound", 6),
        call("Outbound", "Outbound", 7),
        call("Extended Outbound", "Outbound", 1),
        call("Toll-Free Inbound", "Inbound", 5),
        call("Outbound", "Outbound", 5, "BYOC_CLOUD"),
    ]
    services = ["inbound", "outbound", "outbound", "outbound", "extended_outbound", "toll_free"]
    assert [usage.service(row) for row in rows] == [*services, "byoc"]
    assert usage.short_calls(rows) == (3, 2)


def test_num01_t25_prorated_by_days_held():
    start, end = date(2024, 4, 1), date(2024, 5, 1)
    assert usage.days_held(date(2024, 4, 10), None, start, end) == 21
    assert usage.days_held(date(2024, 4, 15), None, start, end) == 16
    assert usage.days_held(date(2024, 3, 10), date(2024, 4, 11), start, end) == 10
    assert usage.prorated_price(Decimal("1"), 21, 30) == Decimal("0.7")
    assert usage.prorated_price(Decimal("1"), 16, 30) == Decimal("0.533333")


# ---------------------------------------------------------------- whole organizations


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
        pytest.param("2024-04-15", "", [("2023-01-31", 120), ("2024-01-31", 20)], id="shorter"),
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
    inbox.file("user_presence", closed, "v,AWAY,2024-01-31T12:00:00Z,")
    inbox.file("user_presence", "u,AVAILABLE,2024-01-02T10:00:00Z,", name="b.csv")
    marts = inbox.marts("2024-02-03")
    hours = [(r["cycle_start_date"].month, r["logged_in_hours"]) for r in marts["license_usage"]]
    assert hours == [(1, 13), (2, 48)]
    audit = {r["source_file"]: r["rows_duplicate"] for r in marts["load_audit"]}
    assert audit["org/user_presence/b.csv"] == 1


def test_an_open_status_lasts_until_the_next_row_or_as_of(inbox):
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
    assert days == [(2, "2:00:00:000"), (3, "1:30:00:000"), (4, "24:00:00:000")]


# ---------------------------------------------------------------- comparison and generator


def test_compare_finds_nothing_in_equal_tables_whatever_the_order():
    rows = [{"org_id": "a", "n": Decimal("1.0")}, {"org_id": "a", "n": Decimal(2)}]
    actual = [{"org_id": "a", "n": 2, "more": "x"}, {"org_id": "a", "n": Decimal(1), "more": "y"}]
    assert compare("mart", rows, actual, ("org_id",)) == []


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ([{"org_id": "a", "n": 1}], []),
        ([], [{"org_id": "a", "n": 1}]),
        ([{"org_id": "a", "n": 1}], [{"org_id": "a", "n": 2}]),
        ([{"org_id": "a", "n": 1}], [{"org_id": "a", "n": 1}, {"org_id": "a", "n": 1}]),
        ([{"org_id": "a", "n": 1}], [{"org_id": "a", "n": None}]),
        ([{"org_id": "a", "n": Decimal(1)}], [{"org_id": "a", "n": 1.0}]),
        ([{"org_id": "a", "n": EPOCH.date()}], [{"org_id": "a", "n": EPOCH}]),
    ],
)
def test_compare_finds_every_kind_of_difference(expected, actual):
    [difference] = compare("mart", expected, actual, ("org_id",))
    assert difference.org_id == "a"


def test_compare_leaves_open_what_the_rules_leave_open():
    expected, actual = [{"org_id": "a", "n": ANYTHING}], [{"org_id": "a", "n": None}]
    assert compare("mart", expected, actual, ("org_id",)) == []


def test_report_names_row_and_values_of_the_smallest_org_first():
    expected = [{"org_id": "big", "n": 1}, {"org_id": "small", "n": 1}]
    actual = [{"org_id": "big", "n": 2}, {"org_id": "small", "n": 3}]
    differences = compare("mart", expected, actual, ("org_id",))
    text = report(differences, {"big": 100, "small": 1}, limit=1)
    assert "2 rows differ in 2 organizations" in text
    assert "mart small\n    n: expected 1, got 3" in text
    assert "big" not in text


def test_generator_is_deterministic_and_hits_every_reason(tmp_path):
    as_of = write_inbox(tmp_path / "one", 40, 7)
    write_inbox(tmp_path / "two", 40, 7)
    files = [p.relative_to(tmp_path / "one") for p in sorted((tmp_path / "one").rglob("*.csv"))]
    contents = [[(tmp_path / side / f).read_bytes() for f in files] for side in ("one", "two")]
    assert contents[0] == contents[1]
    marts = calculate(tmp_path / "one", as_of)
    assert {r["reason"] for r in marts["rejected_rows"]} == {
        "wrong_column_count",
        "invalid_encoding",
        "missing_value",
        "not_a_timestamp",
        "not_a_number",
        "unknown_value",
        "unknown_license",
        "unknown_product",
        "end_before_start",
        "negative_quantity",
        "overlapping_contract",
        "unknown_contract",
        "currency_mismatch",
        "no_contract",
        "outside_contract",
    }
    assert {r["reason"] for r in marts["unbilled_usage"]} == {
        "no_contract_item",
        "within_allowance",
        "within_commitment",
        "user_without_license",
        "not_logged_in",
        "no_customer_account",
        "peak_disregarded",
        "below_threshold",
        "not_billable_service",
    }
    audit = marts["load_audit"]
    assert all(
        r["rows_in_file"] == r["rows_accepted"] + r["rows_duplicate"] + r["rows_rejected"]
        for r in audit
    )
