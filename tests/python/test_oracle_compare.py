"""Two tables are compared as they should be, and random organizations hit every reason."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from oracle.compare import ANYTHING, Between, compare, report
from oracle.marts import calculate
from random_orgs.inbox import write_inbox

EPOCH = datetime(2024, 3, 1)


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


def test_compare_takes_a_number_within_bounds():
    rows = [{"org_id": "a", "n": Between(2, 3)}]
    for number, is_found in ((1, True), (2, False), (3, False), (4, True), (None, True)):
        found = compare("mart", rows, [{"org_id": "a", "n": number}], ("org_id",))
        assert bool(found) == is_found
    assert Between(2, None).is_met_by(99)


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
        "not_billable_license",
    }
    audit = marts["load_audit"]
    assert all(
        r["rows_in_file"] == r["rows_accepted"] + r["rows_duplicate"] + r["rows_rejected"]
        for r in audit
    )
