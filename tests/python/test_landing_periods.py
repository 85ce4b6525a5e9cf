"""The period that an export names above its header, or in a report's own fields."""

from __future__ import annotations

import gzip
from datetime import date

import pytest

from cx_billing import landing
from cx_billing.formats.periods import find_period, period_of
from deliveries import workbook

ROWS = "Date,Peak concurrent users,Minutes at peak\n2026-03-09,44,12\n"
MARCH = ("2026-03-01T00:00:00", "2026-04-01T00:00:00")


def shortened(period: tuple[str, str] | None) -> tuple[str, str] | None:
    return period and (period[0][:19], period[1][:19])


@pytest.mark.parametrize(
    "line",
    [
        "Period: 2026-03-01 - 2026-03-31",
        "Period: 2026-03-01 - 2026-04-01",
        "2026-03-01T00:00:00Z/2026-03-31T23:59:59Z",
        "2026-03-01T01:00:00+01:00 to 2026-03-31T23:59:59.999Z",
        "2026-03-01 00:00 - 2026-04-01 00:00",
        "Mar 1, 2026 - March 31, 2026",
        "1 March 2026 to 31. Mar 2026",
        "03/01/2026 - 03/31/2026",
        "01/03/2026 - 31/03/2026",
    ],
)
def test_two_dates_of_a_line_are_a_period(line):
    assert shortened(find_period(["Acme Air", line, "Printed 2026-04-02"])) == MARCH


def test_a_period_may_stand_in_two_lines():
    lines = ["Start date: 2026-03-01", "End date: 2026-03-31", "Printed on 2026-04-02"]
    assert shortened(find_period(lines)) == MARCH


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["Acme Air"],
        ["Printed 2026-04-02"],
        ["2026-03-31 - 2026-03-01"],
        ["01/03/2026 - 02/03/2026"],
        ["2026-03-01 - 2026-03-31", "2026-04-01 - 2026-04-30"],
        ["2026-02-30 - 2026-03-31"],
        ["2026-03-01, 2026-03-02, 2026-03-03"],
        ["Order 12026-03-01 of 2026-03-31"],
        ["31/02/2026 - 12/13/2026"],
    ],
)
def test_what_is_no_period_or_could_be_two_is_none(lines):
    assert find_period(lines) is None


def test_the_last_day_is_the_last():
    assert shortened(period_of("2026-03-15", "2026-03-15")) == (
        "2026-03-15T00:00:00",
        "2026-03-16T00:00:00",
    )
    assert shortened(period_of("2026-03-15", "2026-05-15"))[1] == "2026-05-15T00:00:00"


def covered(warehouse) -> list[tuple[str, ...]]:
    [facts] = warehouse.facts().values()
    names = ("coverage_basis", "covered_from", "covered_to")
    return [facts[name][:19] for name in names if name in facts]


@pytest.mark.parametrize(
    "above",
    ["Period: 2026-03-01 - 2026-03-31\n", "\ufeffPeak, all\r\n\r\n2026-03-01;2026-03-31\r\n"],
)
@pytest.mark.parametrize("name", ["f.csv", "f.csv.gz"])
def test_a_csv_file_covers_the_period_above_its_header(above, name, warehouse):
    content = (above + ROWS).encode()
    content = gzip.compress(content) if name.endswith(".gz") else content
    assert warehouse.landed(content, name, "concurrent_usage_report").rows == 1
    assert covered(warehouse) == ["report", *MARCH]
    assert warehouse.rows("date, source_row") == [("2026-03-09", 1)]


def test_lines_without_a_period_above_a_header_are_no_header(warehouse):
    message = warehouse.refusal("Peak, all\n" + ROWS, "f.csv", "concurrent_usage_report")
    assert "lacks required columns" in message


def test_another_export_above_a_header_is_no_title(warehouse):
    other = "Date,from,to\n2026-03-08,2026-03-01,2026-03-31\n"
    message = warehouse.refusal(other + ROWS, "f.csv", "concurrent_usage_report")
    assert "lacks required columns" in message


def test_a_workbook_covers_the_period_above_its_header(warehouse):
    rows = [line.split(",") for line in ROWS.splitlines()]
    content = workbook(Peak=[["Period", date(2026, 3, 1), date(2026, 3, 31)], [], *rows])
    assert warehouse.landed(content, "f.xlsx", "concurrent_usage_report").rows == 1
    assert covered(warehouse) == ["report", *MARCH]


def test_a_file_that_names_no_period_covers_none(warehouse):
    warehouse.landed(ROWS, "2026-03-01_2026-03-31.csv", "concurrent_usage_report")
    assert covered(warehouse) == []


def test_a_period_without_end_refuses_its_file_alone(warehouse):
    warehouse.deliver(ROWS, "good.csv", "concurrent_usage_report")
    never = "Period,2026-01-01,9999-12-31\n" + ROWS
    warehouse.deliver(never, "never.csv", "concurrent_usage_report")
    report = warehouse.land()
    assert [landed.source_file for landed in report.landed] == [
        "acme/concurrent_usage_report/good.csv"
    ]
    (refused,) = report.refused
    assert "beyond all bounds" in refused.message


STATES = "user_id,system_presence,start_time{}\nu1,AVAILABLE,2026-03-09 09:00{}\n"


@pytest.mark.parametrize(
    ("rows", "zone", "expected"),
    [
        (("", ""), None, [*MARCH]),
        (("", ""), "America/New_York", ["2026-03-01T05:00:00", "2026-04-01T04:00:00"]),
        ((",time_zone", ",europe/berlin"), None, ["2026-02-28T23:00:00", "2026-03-31T22:00:00"]),
        ((",time_zone", ",Asia/Tokyo"), "UTC", ["2026-02-28T15:00:00", "2026-03-31T15:00:00"]),
        ((",time_zone", ","), "Asia/Tokyo", ["2026-02-28T15:00:00", "2026-03-31T15:00:00"]),
        ((",time_zone", ",UTC\nu2,BUSY,2026-03-09,Asia/Tokyo"), None, []),
        ((",time_zone", ",Mars"), None, []),
    ],
)
def test_a_period_is_of_the_zone_of_its_file(rows, zone, expected, warehouse):
    text = "Period: 2026-03-01 - 2026-03-31\n" + STATES.format(*rows)
    warehouse.deliver(text, "f.csv", "user_presence")
    report = landing.land(warehouse.inbox, warehouse.home, time_zone=zone)
    assert len(report.landed) == 1
    assert covered(warehouse) == (["report", *expected] if expected else [])


def test_a_period_with_offsets_and_one_of_days_stay_in_utc(warehouse):
    text = "Period: 2026-03-01T00:00Z - 2026-04-01T00:00Z\n" + STATES.format("", "")
    warehouse.deliver(text, "f.csv", "user_presence")
    warehouse.deliver(
        "Period: 2026-03-01 - 2026-03-31\n" + ROWS, "f.csv", "concurrent_usage_report"
    )
    landing.land(warehouse.inbox, warehouse.home, time_zone="Asia/Tokyo")
    for facts in warehouse.facts().values():
        assert facts["covered_from"][:19] == MARCH[0]


@pytest.mark.parametrize(
    "stated", ["2026-03-01 - 2026-03-31", "2026-03-01T00:00Z - 2026-04-01T00:00Z"]
)
def test_a_period_goes_with_the_zone_that_a_file_is_taken_back_in_with(stated, warehouse):
    text = f"Period: {stated}\n" + STATES.format("", "")
    warehouse.deliver(text, "f.csv", "user_presence")
    landing.land(warehouse.inbox, warehouse.home, time_zone="Asia/Tokyo")
    landing.withdraw(warehouse.home, "acme/user_presence/f.csv")
    landing.restore(warehouse.home, "acme/user_presence/f.csv", "America/New_York")
    local = ["2026-03-01T05:00:00", "2026-04-01T04:00:00"]
    assert covered(warehouse) == ["report", *(MARCH if "Z" in stated else local)]
