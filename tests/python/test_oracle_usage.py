"""The oracle's allowances, calls and numbers against the worked examples of the rulebook."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from oracle import usage
from oracle.files import Row
from oracle.meter import overage
from oracle.money import line_amount

# Commitments and allowances


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


@pytest.mark.parametrize(
    ("license_usage", "model", "expected"),
    [
        pytest.param(licensed("cx1", 3) + licensed("cx2", 4), "named", 0, id="nobody holds it"),
        pytest.param(
            licensed("cx1", 3) + licensed("cx2", 4) + licensed("cx1_wem_addon", 1),
            "named",
            5000,
            id="one of seven holds it",
        ),
        pytest.param(licensed("cx2_wem_addon", 2, 3), "concurrent", 19_500, id="committed"),
        pytest.param(licensed("cx3", 2), "concurrent", 13_000, id="cx3 has its own"),
        pytest.param(licensed("cx4", 2) + licensed("ex", 2), "named", 0, id="cx4 and ex have none"),
        pytest.param(
            licensed("communicate", 2) + licensed("cx2_wem_addon", 1),
            "concurrent",
            6700,
            id="communicate keeps its own",
        ),
        pytest.param(licensed("cx1", 111) + licensed("cx2", 222), "hourly", 0, id="hours alone"),
        pytest.param(licensed("cx1_wem_addon", 222), "hourly", 10_000, id="hours of the add-on"),
        pytest.param(licensed("cx2_wem_addon_hourly", 111), "named", 5000, id="designated"),
        pytest.param(licensed("cx3", 1), "hourly", Decimal("45.045045"), id="an hour of cx3"),
    ],
)
def test_fu05_transcription_comes_with_the_workforce_addon_only(license_usage, model, expected):
    assert usage.included("voice_transcription_minutes", license_usage, model) == expected


def test_fu16_legacy_transcription_has_no_allowance():
    users = licensed("cx3", 9) + licensed("cx2_wem_addon", 9)
    for kind in ("native", "extended"):
        resource = f"voice_transcription_legacy_{kind}_minutes"
        assert usage.included(resource, users, "named") == 0


# Voice and numbers


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
