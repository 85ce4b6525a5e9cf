"""Headers: which column is meant, and what a second header in a file is."""

from __future__ import annotations

import json

import pytest

from cx_billing import formats, lake, landing
from deliveries import workbook

# The header of a file


def test_header_only_lands_no_rows(warehouse):
    landed = warehouse.landed("user_id,email")
    assert landed.rows == 0
    assert warehouse.facts()[landed.file_id]["rows_in_file"] == "0"


def test_header_of_the_vendor_report_matches(warehouse):
    warehouse.landed(
        "SIP Call Id,Origin,Destination,Usage Group,Call Type,Direction,Start time,End Time,"
        "Duration (Seconds),Adjusted Duration (seconds),Usage Rate Per Minute,Total cost,Currency\n"
        "c1,+491,+492,g,Outbound,Outbound,2026-01-01,2026-01-01,61,66,0.0123,0.0135,USD\n",
        dataset="voice_usage",
    )
    assert warehouse.rows(
        "sip_call_id, duration_seconds, adjusted_duration_seconds, usage_rate_per_minute, "
        "adjusted_duration_minutes, extra_columns"
    ) == [("c1", "61", "66", "0.0123", None, None)]


def test_header_may_be_quoted_and_span_lines(warehouse):
    warehouse.landed('"user\nid";"e,mail"\nu1;a,b\n')
    assert warehouse.rows("user_id, email") == [("u1", "a,b")]


def test_separators_alone_above_the_header_are_blank(warehouse):
    assert warehouse.landed("\t\nuser_id\temail\tname\nu1\ta\tAnn\nu2\tb\n").rows == 2
    assert warehouse.rows("name, parse_error") == [("Ann", None), (None, "wrong_column_count")]


@pytest.mark.parametrize("is_careful", [False, True], ids=["fast", "careful"])
def test_unknown_columns_are_kept_and_reported(warehouse, is_careful):
    ragged = "u\n" if is_careful else ""
    warehouse.deliver(f"Team's,user_id,,email,X,X\nred,u1,,a,1,2\n,u2,,b,,\n{ragged}")
    report = warehouse.land()
    first, second = warehouse.rows("extra_columns")[:2]
    assert json.loads(first[0]) == {"Team's": "red", "column_2": None, "X": "1", "X_2": "2"}
    assert second == (None,)
    [warning] = report.warnings
    assert "Team's, column_2, X, X_2" in warning and "acme/users/f.csv" in warning


IN_UTC = {
    "brackets": "User Id,System Presence,Start Time (UTC),End Time (UTC)",
    "square brackets": "User Id,System Presence,Start Time [UTC],End Time [UTC]",
    "no brackets": "user_id,system_presence,start_time_utc,endTimeUtc",
    "one of them": "user_id,system_presence,start_time,End Time (UTC)",
}
TIMES = ("2026-01-20 09:00:00", "2026-01-20 10:00:00")


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
@pytest.mark.parametrize("kind", ["csv", "json", "xlsx", "careful.csv"])
@pytest.mark.parametrize("case", IN_UTC)
def test_a_column_may_say_that_its_times_are_utc(case, kind, zone, warehouse):
    names = IN_UTC[case].split(",")
    row = ["u1", "BUSY", *TIMES]
    text = f"{IN_UTC[case]}\n{','.join(row)}\n" + "u2\n" * (kind == "careful.csv")
    content = {"json": dict(zip(names, row, strict=True)), "xlsx": workbook(a=[names, row])}
    warehouse.deliver(content.get(kind, text), f"f.{kind}", "user_presence")
    report = landing.land(warehouse.inbox, warehouse.home, time_zone=zone)
    assert len(report.landed) == 1 and report.warnings == []
    [found, *_] = warehouse.rows("start_time, end_time, extra_columns, time_zone")
    assert found == (*TIMES, None, "UTC")


def test_a_column_without_its_zone_in_its_name_comes_first(warehouse):
    text = "user_id,system_presence,start_time,Start Time (UTC)\nu1,BUSY,2026-01-20,2026-01-19\n"
    warehouse.landed(text, dataset="user_presence")
    assert warehouse.rows("start_time, extra_columns, time_zone") == [
        ("2026-01-20", '{"Start Time (UTC)":"2026-01-19"}', None)
    ]


def test_a_zone_in_a_column_stands_above_the_one_in_a_header(warehouse):
    text = "user_id,system_presence,Start Time (UTC),time_zone\nu1,BUSY,2026-01-20,Asia/Tokyo\n"
    warehouse.landed(text, dataset="user_presence")
    assert warehouse.rows("start_time, time_zone") == [("2026-01-20", "Asia/Tokyo")]


# A header again


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "again", ["user_id,email,name", '"USER ID","e_mail",Name', "\ufeffuser_id,email,name"]
)
def test_the_header_again_is_a_rejected_row(warehouse, again, newline):
    text = newline.join(["user_id,email,name", "u1,a,Ann", again, "u2,b,Bob", ""])
    landed = warehouse.landed(text)
    assert (landed.rows, landed.parse_errors) == (3, 1)
    assert warehouse.rows("user_id, parse_error, raw_text") == [
        ("u1", None, None), (None, "repeated_header", again), ("u2", None, None)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "again",
    ["email,user_id,name", "user_id,email", "user_id,email,name,team", "user_id;email;name",
     "id,User Email,Full name", "user_id,email,email"],
)  # fmt: skip
def test_another_header_refuses_the_file(warehouse, again):
    message = warehouse.refusal(f"user_id,email,name\nu1,a,Ann\n{again}\nx,y,z\n")
    assert "another header in row 2" in message and "deliver each for itself" in message


def test_another_header_behind_an_open_quote_refuses_the_file(warehouse):
    text = 'user_id,email,name\nu1,"a,Ann\nuser_id;email;name\nu2;b;Bob\n'
    assert "with other separators" in warehouse.refusal(text)


def test_a_second_header_is_found_where_two_chunks_meet(warehouse, monkeypatch):
    for size in range(5, 60, 3):
        monkeypatch.setattr(formats.csv_files, "CHUNK", size)
        path = warehouse.deliver(f"user_id,email\nu{size},a\nuser_id,email\nu2,b\n", f"{size}.csv")
        assert warehouse.land().landed[-1].parse_errors == 1, size
        path.unlink()


def test_words_of_the_header_within_values_are_no_header(warehouse):
    landed = warehouse.landed("user_id,email,name\nuser_id,user_id,email of Ann\nu2,email,x\n")
    assert landed.parse_errors == 0


# Other names of columns


@pytest.mark.parametrize(
    "dataset, header, column, value",
    [
        ("billable_usage_report", "Charge Type,User,First login", "entity", "2"),
        ("billable_usage_report", "Charge name,Email,Timestamp (UTC)", "entity", "2"),
        ("billable_usage_report", "License type,User,Email,Timestamp", "entity", "3"),
        ("concurrent_usage_report", "Day,Peak Users,Minutes", "peak_concurrent_users", "2"),
        ("resources_usage_report", "DAY,Billable resource,Usage", "resource", "2"),
        ("user_hour_report", "User,Day,Logged-in duration", "duration", "3"),
        ("user_hour_report", "user_email,date,DURATION", "user", "1"),
        ("phone_numbers", "Number,Type,Purchase date", "purchased_date", "3"),
        ("users", "id,email,name", "user_id", "1"),
        (
            "vendor_invoice_lines",
            "Invoice,Invoice date,Service start,Service end,Description,Quantity,Unit price,Amount",
            "qty",
            "6",
        ),
    ],
)
def test_older_and_other_headers_are_understood(warehouse, dataset, header, column, value):
    values = ",".join(str(position) for position in range(1, header.count(",") + 2))
    warehouse.landed(f"{header}\n{values}\n", dataset=dataset)
    assert warehouse.rows(column) == [(value,)]


def test_the_name_of_a_column_goes_before_its_aliases(warehouse):
    warehouse.deliver("User,Entity,Charge name,Timestamp\nAnn,ann@x,CX 2,2026\n", "f.csv",
                      "billable_usage_report")  # fmt: skip
    assert "User" in warehouse.land().warnings[0]
    assert warehouse.rows("entity, extra_columns") == [("ann@x", '{"User":"Ann"}')]


R4 = [
    "SIP Call Id",
    "Origin",
    "Destination",
    "Usage Group",
    "Usage Group Display",
    "Call Type",
    "Direction",
    "Start time",
    "End Time",
    "Duration (Seconds)",
    "Adjusted Duration (seconds)",
    "Adjusted Duration (minutes)",
    "Usage Rate Per Minute",
    "Total cost",
    "Currency",
    "Rate Sheet",
    "Postal Code",
]
OFTEN_MISSING = {4, 5, 9, 11, 12, 16, 17}


@pytest.mark.parametrize("missing", [set(), *({number} for number in OFTEN_MISSING), OFTEN_MISSING])
def test_call_records_of_every_version_land(warehouse, missing):
    columns = [(n, name) for n, name in enumerate(R4, start=1) if n not in missing]
    content = "\n".join(";".join(map(str, row)) for row in zip(*columns, strict=True))
    header, values = content.split("\n")[::-1]
    warehouse.landed(f"{header}\n{values}\n", dataset="voice_usage")
    found = dict(zip(lake.datasets()["voice_usage"].columns, warehouse.rows(
        ", ".join(lake.datasets()["voice_usage"].columns))[0], strict=True))  # fmt: skip
    assert found.pop("time_zone") is None, "no version of the vendor has it"
    assert found == {
        column: None if number in missing else str(number)
        for number, column in enumerate(found, start=1)
    }


def test_no_alias_is_the_name_of_another_column():
    for dataset in lake.datasets().values():
        own = {formats.normalize(column) for column in dataset.columns}
        aliases = [
            formats.normalize(alias) for found in dataset.header_aliases.values() for alias in found
        ]
        assert not own.intersection(aliases), dataset.name
        assert len(set(aliases)) == len(aliases), dataset.name


@pytest.mark.parametrize(
    "above", ["Users of January\n", "Users of January,,\n,,\n", "\n\n# 2 users\n"]
)
def test_titles_above_the_header_are_passed_over(warehouse, above):
    assert warehouse.landed(above + "user_id,email,name\nu1,a@x,Ann\n", name="f.csv").rows == 1
    assert warehouse.rows("user_id, source_row") == [("u1", 1)]


@pytest.mark.parametrize(
    "above",
    [
        "From: 01/03/2026,,\n",
        "From:,01/03/2026,\nTo:,02/03/2026,\n",
        "Zeitraum,01.03.2026,31.03.2026\n",
        "Zeitraum: 01.03.2026,bis 31.03.2026\n",
        "Intervalle,01-03-2026 00:00,02-03-2026 00:00\n",
        "Periode,mars 2026\nImprim\u00e9,2026-04-02 10:15:00\n",
        "Du,1 mars 2026\n",
    ],
)
def test_a_period_that_cannot_be_read_refuses_nothing_and_is_not_known(warehouse, above):
    landed = warehouse.landed(above + "user_id,email,name\nu1,a@x,Ann\n", name="f.csv")
    assert landed.rows == 1
    assert "covered_to" not in warehouse.facts()[landed.file_id]


@pytest.mark.parametrize(
    "above",
    [
        "u1,2026-03-01,\n",
        "ann@x,2026-03-01,2026-04-01x7\n",
        "Ann,BUSY,2026-03-01\n",
        "01.03.2026,tokens,240\n",
        "01.03.2026,02.03.2026,03.03.2026\n",
        "Total,3,\n",
        "Acme,Users,\n",
    ],
)
def test_what_could_be_a_row_is_no_period(warehouse, above):
    text = above + "user_id,email,name\nu1,a@x,Ann\n"
    assert "more than a title" in warehouse.refusal(text, name="f.csv")


def test_what_is_more_than_a_title_refuses_the_file_and_says_where_the_header_is(warehouse):
    message = warehouse.refusal("u1,a@x,Ann\nuser_id,email,name\nu2,b@x,Bob\n", name="f.csv")
    assert "the header stands in line 2. Delete the lines above it" in message


@pytest.mark.parametrize("name", ["f.csv", "f.xlsx"])
def test_below_a_title_the_closest_row_is_named(warehouse, name):
    rows = [["Users of January"], [], ["user_id", "mail", "name"], ["u1", "a@x", "Ann"]]
    text = "\n".join(",".join(row) for row in rows)
    message = warehouse.refusal(workbook(S=rows) if name.endswith("xlsx") else text, name=name)
    assert "lacks required columns: email; found in row 3, which is closest to a header" in message


def test_how_far_down_a_header_is_looked_for_is_said(warehouse):
    rows = [["note"]] * 51 + [["user_id", "email"], ["u1", "a@x"]]
    message = warehouse.refusal(workbook(S=rows), name="f.xlsx")
    assert "looked for in the first 50 rows; delete titles above it" in message


def test_a_people_export_is_told_where_the_ids_are(warehouse):
    message = warehouse.refusal("Name,Email,Division\nAnn,a@x,Home\n", name="f.csv")
    assert "lacks required columns: user_id" in message
    assert "user_id is found in GET /api/v2/users" in message and "extract" in message
