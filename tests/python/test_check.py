"""`cx-billing check`: its expected files are right by other means, and a wrong line stops it."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from cx_billing import check, cli, failures, lake
from known_answer import COLUMNS, as_text, judged_by_hand, known_answer


def expected_rows(mart: str) -> list[dict]:
    """The rows of an expected file."""
    with (check.KNOWN_ANSWER / "expected" / f"{mart}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def only(mart: str, **values: str) -> dict:
    """The one expected row with these values."""
    (row,) = [row for row in expected_rows(mart) if values.items() <= row.items()]
    return row


def as_rows(rows: list[dict]) -> Counter:
    """Rows of any kind, as text, in any order."""
    return Counter(tuple(as_text(value) for value in row.values()) for row in rows)


@pytest.fixture(scope="module")
def oracle() -> dict[str, list[dict]]:
    """The known answer without the warehouse."""
    return known_answer()


# What is expected.


def test_there_is_a_file_for_every_mart_of_the_oracle_and_no_other():
    files = {file.stem for file in (check.KNOWN_ANSWER / "expected").iterdir()}
    assert files == set(COLUMNS)


@pytest.mark.parametrize("mart", COLUMNS)
def test_expected_lines_are_those_of_the_oracle(mart, oracle):
    rows = expected_rows(mart)
    assert rows, f"the known answer leaves {mart} empty"
    assert list(rows[0]) == COLUMNS[mart].split()
    assert as_rows(rows) == as_rows(oracle[mart])


def test_the_vendors_invoice_is_judged_as_a_person_judged_it(oracle):
    for mart, rows in judged_by_hand().items():
        assert as_rows(rows) == as_rows(oracle[mart])


# By hand, once more and without the oracle: what anybody can work out from the inbox.


def test_the_peaks_are_those_of_their_timelines():
    readings = ("sustained_users", "accumulated_users", "accumulated_exact_users")
    for cycle, peaks in (("2024-02-01", "4 6 6"), ("2024-03-01", "5 5 2")):
        row = only("concurrency_peaks", cycle_start_date=cycle, pool="cx3")
        assert [row[reading] for reading in readings] == peaks.split()


def test_hours_are_summed_over_the_cycle_and_rounded_up_once():
    row = only("license_usage", product_code="cx1", cycle_start_date="2024-02-29")
    assert (row["logged_in_hours"], row["actual_quantity"]) == ("222.34", "223")
    row = only(
        "invoice_lines", product_code="cx1", charge_type="overage", invoice_date="2024-03-31"
    )
    assert (row["quantity"], row["amount"]) == ("173", "52160")  # 52,159.5 yen, half up


def test_sixteen_short_calls_of_a_hundred_are_surcharged():
    row = only("short_call_surcharges", cycle_start_date="2024-03-15")
    figures = ("completed_calls", "short_calls", "surcharge_quantity", "amount")
    assert [row[name] for name in figures] == ["100", "16", "16", "0.19"]


def test_an_invoice_is_what_its_prices_say():
    products = {
        row["product_code"]: row["amount"]
        for row in expected_rows("invoice_lines")
        if row["invoice_id"] == "known-named-2024-04-15" and row["charge_type"] != "prepay"
    }
    assert products["cx1_digital_addon"] == "12.5"
    assert products["edge_virtual"] == "99.98"  # 2 x 49.99
    assert products["data_storage_gb"] == "3.78"  # (120.125 - 4 x 25 - 5) x 0.25 = 3.78125
    assert products["ivr_minutes"] == "7.51"  # (11000.5 - 4 x 2500 - 500) x 0.015 = 7.5075
    assert products["sms_messages"] == "2.5"  # 333 x 0.0075 = 2.4975
    assert products["telco_toll_free"] == "0.19"  # 0.0030 + 0.1875
    assert products["number_mrc_tollfree"] == "0.81"  # 2.50 x 10 / 31


# What the command does.


@pytest.fixture
def elsewhere(tmp_path, monkeypatch) -> Path:
    """Another working directory, and a home that nobody may create."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CX_BILLING_HOME", str(tmp_path / "home"))
    return tmp_path


def test_this_installation_computes_right_and_leaves_nothing_behind(elsewhere):
    result = CliRunner().invoke(cli.main, ["check"])
    assert result.exit_code == 0, result.output
    lines = sum(len(expected_rows(mart)) for mart in COLUMNS)
    assert f"All {lines} lines are as expected." in result.output
    assert f"duckdb {duckdb.__version__}" in result.output
    assert all(mart in result.output for mart in COLUMNS)
    assert list(elsewhere.iterdir()) == []


def test_a_wrong_line_is_named_and_stops_what_follows(elsewhere, monkeypatch):
    known = elsewhere / "known"
    shutil.copytree(check.KNOWN_ANSWER, known)
    file = known / "expected" / "license_usage.csv"
    lines = file.read_text().splitlines()
    wrong = next(number for number, line in enumerate(lines, start=1) if "222.34" in line)
    lines[wrong - 1] = lines[wrong - 1].replace(",223,", ",224,")
    file.write_text("\n".join(lines) + "\n")
    monkeypatch.setattr(check, "KNOWN_ANSWER", known)

    result = CliRunner().invoke(cli.main, ["check"])
    assert result.exit_code == 1, result.output
    assert f"expected/license_usage.csv, line {wrong}: " in result.output
    assert "actual_quantity is 223.000000, expected 224.000000" in result.output
    assert "as expected." not in result.output


def test_a_build_that_fails_is_told_and_exits_with_one(elsewhere, monkeypatch):
    failure = failures.Failure("some_model", "models/some_model.sql", "", "broken")
    monkeypatch.setattr(check, "run", lambda *_: check.Result(failures=(failure,)))
    result = CliRunner().invoke(cli.main, ["check"])
    assert result.exit_code == 1
    assert "FAILED some_model (models/some_model.sql)" in result.output


# How lines are compared.

MART = """
create schema marts;
create table marts.lines as from (values
    ('a', 1::decimal(38, 6), date '2024-01-01'), ('a', 1, '2024-01-01'), ('b', 2, null)
) t(org_id, quantity, cycle_start_date)
"""


def differences_of(tmp_path: Path, *rows: str) -> list[tuple]:
    """The differences of a file with these rows against the mart above."""
    file = tmp_path / "lines.csv"
    file.write_text("\n".join(["org_id,quantity,cycle_start_date", *rows]) + "\n")
    with duckdb.connect() as connection:
        connection.execute(MART)
        found = check.compare(connection, file).differences
    return [(difference.line, difference.built) for difference in found]


RIGHT = ("a,1,2024-01-01", "b,2.0,", "a,1.000,2024-01-01")


def test_equal_lines_in_any_order_do_not_differ(tmp_path):
    assert differences_of(tmp_path, *RIGHT) == []


def test_a_value_that_differs_is_told_with_what_was_built(tmp_path):
    assert differences_of(tmp_path, "b,3,", *RIGHT[::2]) == [(2, {"quantity": "2.000000"})]


def test_empty_is_null_and_null_alone(tmp_path):
    found = differences_of(tmp_path, *RIGHT[:1], "b,2,2024-01-01", RIGHT[2])
    assert found == [(3, {"cycle_start_date": None})]


def test_a_line_too_many_and_a_line_too_few_are_told(tmp_path):
    assert differences_of(tmp_path, *RIGHT, "c,9,2024-09-09") == [(5, None)]
    assert differences_of(tmp_path, *RIGHT[:2]) == [(None, None)]
    assert differences_of(tmp_path, *RIGHT, RIGHT[0]) == [(2, None)]  # one of three equal lines


def test_the_known_answer_lies_within_the_package():
    assert check.KNOWN_ANSWER.is_relative_to(lake.PROJECT_DIR / "src" / "cx_billing")
