"""Formats: workbooks, archives and the answers of the platform API become the rows they hold."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import zipfile
from datetime import date, datetime, time, timedelta

import openpyxl
import pytest

from cx_billing import formats, invoice_pdf, lake
from cx_billing.formats import archives, workbooks
from test_landing import USERS, Warehouse


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path)


# Workbooks


def workbook(**sheets: list[list[object]]) -> bytes:
    """An Excel workbook; a sheet whose name ends in `_hidden` is hidden."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        if name.endswith("_hidden"):
            sheet.sheet_state = "hidden"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


HEADER = ["User ID", "E-mail", "name"]


def test_a_workbook_says_the_same_as_csv(warehouse):
    landed = warehouse.landed(
        workbook(Users=[HEADER, ["u1", "a@x", "Ann"], [None] * 3, ["u2", None, "Bob"]]),
        name="f.xlsx",
    )
    assert (landed.source_file, landed.rows, landed.parse_errors) == ("acme/users/f.xlsx", 2, 0)
    assert warehouse.rows("user_id, email, name, extra_columns, source_row") == [
        ("u1", "a@x", "Ann", None, 1),
        ("u2", None, "Bob", None, 2),
    ]


@pytest.mark.parametrize(
    "cell, text",
    [
        (1, "1"),
        (1.0, "1"),
        (0.1, "0.1"),
        (-12.5, "-12.5"),
        (0.0119, "0.0119"),
        (0.0000001, "0.0000001"),
        (13175550100, "13175550100"),
        (900137000000001, "900137000000001"),
        (1e21, "1000000000000000000000"),
        (True, "true"),
        ("0049", "0049"),
        ("1e5", "1e5"),
        (" padded ", " padded "),
        ("tab\tand\nnewline", "tab\tand\nnewline"),
        ('say "hi"', 'say "hi"'),
        (date(2026, 1, 31), "2026-01-31"),
        (datetime(2026, 1, 31, 9, 5, 1), "2026-01-31T09:05:01"),
        (datetime(2026, 1, 31, 9, 5, 1, 250000), "2026-01-31T09:05:01.250000"),
        (time(8, 0), "8:00:00:000"),
        (timedelta(hours=30, minutes=1, seconds=5, milliseconds=7), "30:01:05:007"),
        (None, None),
    ],
)
def test_a_cell_becomes_exact_text(warehouse, cell, text):
    warehouse.landed(workbook(S=[HEADER, ["u1", "e", cell]]), name="f.xlsx")
    assert warehouse.rows("name") == [(text,)]


def test_the_display_format_of_a_cell_does_not_matter(warehouse):
    book = openpyxl.Workbook()
    for row in (HEADER, ["u1", 0.15, 46053]):
        book.active.append(row)
    book.active["B2"].number_format = "0%"
    book.active["C2"].number_format = "dd.mm.yyyy"
    book.save(warehouse.deliver(b"", name="f.xlsx"))
    assert warehouse.land().refused == []
    assert warehouse.rows("email, name") == [("0.15", "2026-01-31")]


def test_titles_above_the_header_and_other_sheets_are_passed_over(warehouse):
    rows = [["Report of users"], [], ["created", date(2026, 1, 31)], HEADER, ["u1", "a", "Ann"]]
    warehouse.deliver(
        workbook(Notes=[["read me"]], Data=rows, Empty=[], Old_hidden=[HEADER, ["u9", "z", "Z"]]),
        name="f.xlsx",
    )
    report = warehouse.land()
    assert warehouse.rows("user_id, source_row") == [("u1", 1)]
    [warning] = report.warnings
    assert warning == (
        "acme/users/f.xlsx: sheet 'Data' was read; without this header: 'Notes', 'Empty'; "
        "hidden and not looked at: 'Old_hidden'"
    )


def test_cells_without_a_header_make_the_row_a_bad_one(warehouse):
    landed = warehouse.landed(
        workbook(S=[HEADER, ["u1", "a", "Ann", "stray"], ["u2", "b", "Bob"]]), name="f.xlsx"
    )
    assert landed.parse_errors == 1
    assert warehouse.rows("user_id, parse_error, raw_text") == [
        (None, "wrong_column_count", "u1\ta\tAnn\tstray"),
        ("u2", None, None),
    ]


def test_unknown_columns_of_a_workbook_are_kept_and_reported(warehouse):
    warehouse.deliver(workbook(S=[[*HEADER, "Team"], ["u1", "a", "Ann", "red"]]), name="f.xlsx")
    assert "Team" in warehouse.land().warnings[0]
    assert warehouse.rows("extra_columns") == [('{"Team":"red"}',)]


@pytest.mark.parametrize(
    "content, expected",
    [
        (workbook(A=[HEADER], B=[HEADER]), "has the header on 2 sheets: 'A', 'B'"),
        (workbook(A=[["x"], ["user_id", "e_mial"]]), "Did you mean 'e_mial' for email?"),
        (workbook(A=[]), "lacks required columns: user_id, email; found: none"),
        (workbook(A_hidden=[HEADER], B=[["x"]]), "found: x"),
        (workbook(A=[["user_id", "User ID", "email"]]), "'user_id' and 'User ID'"),
        (USERS, "no readable workbook"),
        (workbook(A=[HEADER])[:-99], "no readable workbook"),
    ],
    ids=["two sheets", "misspelled", "empty", "hidden", "double", "text", "cut"],
)
def test_a_workbook_that_cannot_be_read_is_refused(warehouse, content, expected):
    message = warehouse.refusal(content, name="f.xlsx")
    assert expected in message and "acme/users/f.xlsx" in message


def test_a_full_sheet_is_suspected(warehouse, monkeypatch):
    monkeypatch.setattr(workbooks, "SPREADSHEET_ROWS", (3, 4))
    warehouse.deliver(workbook(S=[["title"], HEADER, ["u1", "a", ""], ["u2", "b", ""]]), "f.xlsx")
    assert ["probably cut" in warning for warning in warehouse.land().warnings] == [True]


def test_a_workbook_that_would_fill_the_memory_is_refused(warehouse, monkeypatch):
    monkeypatch.setattr(workbooks, "LARGEST", 1000)
    assert "would unpack to" in warehouse.refusal(workbook(S=[HEADER]), name="f.xlsx")


# Archives


def archive(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return file.getvalue()


MORE = b"user_id,email,name\nu3,c@x,Cy\n"


def test_every_file_of_an_archive_lands_for_itself(warehouse):
    members = {
        "2026/jan.csv": USERS,
        "more.CSV.gz": gzip.compress(MORE),
        "users.json": b'{"user_id": "u4", "email": "d"}',
        "book.xlsx": workbook(S=[HEADER, ["u5", "e", "Eve"]]),
        "2026/": b"",
        "__MACOSX/._jan.csv": b"junk",
        ".DS_Store": b"junk",
        "x/~$book.xlsx": b"junk",
    }
    warehouse.deliver(archive(members), name="all.zip")
    report = warehouse.land()
    assert report.refused == []
    assert [(landed.source_file, landed.rows) for landed in report.landed] == [
        ("acme/users/all.zip/2026/jan.csv", 2),
        ("acme/users/all.zip/more.CSV.gz", 1),
        ("acme/users/all.zip/users.json", 1),
        ("acme/users/all.zip/book.xlsx", 1),
    ]
    assert warehouse.sql("select distinct source_file from lake where user_id = 'u3'") == [
        ("acme/users/all.zip/more.CSV.gz",)
    ]
    assert list(warehouse.home.glob(".scratch-*")) == []
    again = warehouse.land()
    assert (again.landed, len(again.already_landed)) == ([], 4)


def test_a_file_is_the_same_within_an_archive_and_beside_it(warehouse):
    warehouse.landed(USERS)
    warehouse.deliver(archive({"f.csv": USERS}), name="f.zip")
    assert len(warehouse.land().already_landed) == 2


def test_names_within_an_archive_lead_nowhere(warehouse):
    names = ["../../evil.csv", "/tmp/evil.csv", "C:\\evil.csv", "a/../../../evil.csv"]
    members = {name: MORE + name.encode() + b",,\n" for name in names}
    warehouse.deliver(archive(members), name="f.zip")
    assert len(warehouse.land().landed) == 4
    assert not list(warehouse.inbox.parent.rglob("evil*"))


def test_a_bad_file_of_an_archive_stops_no_other(warehouse):
    members = {"a.txt": b"x", "b.csv": b"name\nx\n", "c.csv": USERS, "d.zip": archive({"u": USERS})}
    warehouse.deliver(archive(members), name="f.zip")
    report = warehouse.land()
    assert [landed.source_file for landed in report.landed] == ["acme/users/f.zip/c.csv"]
    said = {refused.source_file: refused.message for refused in report.refused}
    assert formats.ACCEPTED in said["acme/users/f.zip/a.txt"]
    assert "lacks required columns" in said["acme/users/f.zip/b.csv"]
    assert "archive within an archive" in said["acme/users/f.zip/d.zip"]


def encrypted() -> bytes:
    content = bytearray(archive({"f.csv": USERS}))
    content[6] |= 1  # the flags of the file itself and of the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def damaged() -> bytes:
    content = bytearray(archive({"a.csv": MORE, "f.csv": USERS * 99}))
    content[content.rindex(b"f.csv", 0, content.index(b"PK\x01\x02")) + 9] ^= 0xFF
    return bytes(content)


@pytest.mark.parametrize(
    "content, expected",
    [
        (encrypted(), "encrypted archive; pack it without a password"),
        (damaged(), "damaged archive"),
        (archive({"f.csv": USERS})[:-30], "damaged archive"),
        (USERS, "damaged archive"),
        (archive({"\xfc.csv": USERS}).replace("\xfc".encode(), b"\xff\xff"), "damaged archive"),
        (archive({}), "without files"),
        (archive({".hidden.csv": USERS}), "without files"),
        (archive({"f.csv": b"a" * (1 << 27)}), "would unpack to 134,217,728 bytes"),
    ],
    ids=["encrypted", "damaged", "cut", "text", "name", "empty", "hidden", "bomb"],
)
def test_an_archive_is_refused_whole(warehouse, content, expected):
    message = warehouse.refusal(content, name="f.zip")
    assert expected in message and "acme/users/f.zip (dataset users)" in message


def test_an_archive_whose_directory_hides_a_file_is_refused(warehouse):
    content = bytearray(archive({"a.csv": USERS, "b.csv": MORE}))
    first = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", first + 4)
    content[first + 32] = content.index(b"PK\x05\x06") - second  # the second as a comment
    assert "damaged archive" in warehouse.refusal(bytes(content), name="f.zip")


def test_a_workbook_with_a_damaged_part_is_refused(warehouse):
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(A=[HEADER, ["u1", "a", "Ann"]]))) as book,
        zipfile.ZipFile(file, "w") as stored,
    ):
        for part in book.infolist():
            stored.writestr(part.filename, book.read(part))
    content = file.getvalue().replace(b"Ann", b"Eve")
    assert "damaged workbook" in warehouse.refusal(content, name="f.xlsx")


def test_the_header_again_in_a_workbook_is_a_rejected_row(warehouse):
    landed = warehouse.landed(
        workbook(A=[HEADER, ["u1", "a", "Ann"], HEADER, ["u2", "b", "Bob"]]), name="f.xlsx"
    )
    assert (landed.rows, landed.parse_errors) == (3, 1)
    assert warehouse.rows("name, parse_error, raw_text")[1] == (
        None, "repeated_header", "User ID\tE-mail\tname"
    )  # fmt: skip


def test_no_byte_of_an_archive_can_stop_a_run(tmp_path):
    content = archive({"a.csv": USERS, "b.csv": MORE})
    path = tmp_path / "f.zip"
    for position in range(len(content)):
        path.write_bytes(content[:position] + b"\x99" + content[position + 1 :])
        with contextlib.suppress(formats.UnreadableError, OSError):
            formats.unpack(path, tmp_path)


def test_an_archive_beyond_the_bounds_is_refused(warehouse, monkeypatch):
    monkeypatch.setattr(archives, "MOST_MEMBERS", 1)
    content = archive({"a.csv": USERS, "b.csv": MORE})
    assert "more than 1 files" in warehouse.refusal(content, name="f.zip")
    monkeypatch.setattr(archives, "LARGEST", 50)
    assert "would unpack to" in warehouse.refusal(content, name="f.zip")


def test_an_archive_in_no_dataset_is_refused_once(warehouse):
    message = warehouse.refusal(archive({"a.csv": USERS, "b.csv": MORE}), "f.zip", "user")
    assert "no dataset" in message


# Header aliases


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
    assert found == {
        column: None if number in missing else str(number)
        for number, column in enumerate(lake.datasets()["voice_usage"].columns, start=1)
    }


def test_no_alias_is_the_name_of_another_column():
    for dataset in lake.datasets().values():
        own = {formats.normalize(column) for column in dataset.columns}
        aliases = [
            formats.normalize(alias) for found in dataset.header_aliases.values() for alias in found
        ]
        assert not own.intersection(aliases), dataset.name
        assert len(set(aliases)) == len(aliases), dataset.name


def test_the_documentation_names_every_alias():
    text = (lake.PROJECT_DIR / "docs" / "datasets.md").read_text()
    for dataset in lake.datasets().values():
        section = text.split(f"### `{dataset.name}`\n")[1].split("\n### ")[0]
        aliases = [alias for found in dataset.header_aliases.values() for alias in found]
        assert [alias for alias in aliases if f"`{alias}`" not in section] == [], dataset.name


# License users


def test_users_of_the_platform(warehouse):
    page = {"entities": [{"id": "u1", "name": "Ann", "email": "a@x", "state": "active"}]}
    warehouse.landed(page, "f.json")
    assert warehouse.rows("user_id, email, name, extra_columns") == [
        ("u1", "a@x", "Ann", '{"state":"active"}')
    ]


@pytest.mark.parametrize(
    "content",
    [{"entities": []}, [], [{"entities": []}, {"entities": []}], [{"id": "u", "licenses": []}]],
    ids=["page", "list", "pages", "nobody"],
)
def test_an_empty_snapshot_leaves_its_day_in_the_footer(warehouse, content):
    landed = warehouse.landed(content, "licenses_2026-01-31.json", "license_assignments")
    assert landed.rows == 0
    assert warehouse.facts()[landed.file_id]["snapshot_date"] == "2026-01-31"


def test_a_snapshot_of_an_archive_is_dated_by_either_name(warehouse):
    page = json.dumps({"entities": [{"id": "u1", "licenses": [{"id": "cx2"}]}]}).encode()
    place = {"dataset": "license_assignments"}
    warehouse.deliver(archive({"2026-01-30.json": page}), name="2026-02-01.zip", **place)
    warehouse.deliver(archive({"page.json": page + b" "}), name="2026-01-31.zip", **place)
    assert warehouse.land().refused == []
    assert warehouse.rows("license, snapshot_date") == [
        ("cx2", "2026-01-31"), ("cx2", "2026-01-30")
    ]  # fmt: skip


def test_an_empty_snapshot_without_a_day_is_refused(warehouse):
    message = warehouse.refusal({"entities": []}, "licenses.json", "license_assignments")
    assert "license_users_2026-01-31.json" in message


def test_an_organization_called_like_a_day_dates_no_snapshot(warehouse):
    page = {"entities": [{"id": "u1", "licenses": ["cx2"]}]}
    place = {"dataset": "license_assignments", "org": "2026-01-31"}
    assert "without a date" in warehouse.refusal(page, "licenses.json", **place)


def test_plain_assignments_are_no_snapshot(warehouse):
    landed = warehouse.landed(
        [{"user_id": "u1", "license": "cx2", "assigned_from": "2026-01-01"}],
        "2026-01-31.json", "license_assignments",
    )  # fmt: skip
    assert "snapshot_date" not in warehouse.facts()[landed.file_id]


# Billable usage


def billable_usage(**changes) -> dict:
    report = {
        "id": "r",
        "startDate": "2026-01-15T00:00:00Z",
        "endDate": "2026-02-14T23:59:59Z",
        "status": "Complete",
        "usages": [
            {
                "name": "Genesys Cloud CX 2",
                "totalUsage": "2.0",
                "resources": [
                    {"name": "ann@x", "date": "2026-01-16T08:00:00Z"},
                    {"name": "bob@x", "date": "2026-01-17T08:00:00Z"},
                ],
            },
            {"name": "Data Storage Overage", "totalUsage": "42.5", "resources": []},
            {"name": "IVR Overage", "totalUsage": "0.0"},
        ],
    }
    return report | changes


def test_billable_usage_is_a_row_per_charge_and_resource(warehouse):
    warehouse.landed(billable_usage(), "f.json", "billable_usage_report")
    assert warehouse.rows("charge_name, entity, timestamp, extra_columns") == [
        ("Genesys Cloud CX 2", "ann@x", "2026-01-16T08:00:00Z", '{"totalUsage":"2.0"}'),
        ("Genesys Cloud CX 2", "bob@x", "2026-01-17T08:00:00Z", '{"totalUsage":"2.0"}'),
        ("Data Storage Overage", None, None, '{"totalUsage":"42.5"}'),
    ]


def test_billable_usage_in_progress_is_refused(warehouse):
    given = [billable_usage(), billable_usage(status="InProgress")]
    message = warehouse.refusal(given, "f.json", "billable_usage_report")
    assert "InProgress; fetch it again when it is Complete" in message


# Subscription overview


def overview(**changes) -> dict:
    return {
        "id": "o",
        "currency": "USD",
        "subscriptionType": "MONTH_TO_MONTH",
        "billingPeriodStartDate": "2026-01-15T00:00:00Z",
        "billingPeriodEndDate": "2026-02-14T23:59:59.999Z",
        "inRampPeriod": False,
        "usages": [
            {
                "name": "PureCloud 2 Concurrent User",
                "partNumber": "PC-170-NV-USR2C",
                "grouping": "user-license",
                "unitOfMeasureType": "seat",
                "usageQuantity": "0",
                "overagePrice": "23.74",
                "prepayQuantity": "2",
                "prepayPrice": "20.00",
                "isCancellable": True,
                "isThirdParty": False,
            },
            {"name": "Data Storage", "grouping": "fair-use", "usageQuantity": "500"},
        ],
    } | changes


def test_a_subscription_overview_is_a_row_per_usage(warehouse):
    warehouse.landed([overview()], "f.ndjson", "subscription_overview")
    assert warehouse.rows(
        "name, part_number, grouping, unit_of_measure_type, usage_quantity, overage_price, "
        "prepay_quantity, prepay_price, is_cancellable, is_third_party, currency, in_ramp_period, "
        "billing_period_start_date, billing_period_end_date"
    ) == [
        ("PureCloud 2 Concurrent User", "PC-170-NV-USR2C", "user-license", "seat", "0", "23.74",
         "2", "20.00", "true", "false", "USD", "false", "2026-01-15T00:00:00Z",
         "2026-02-14T23:59:59.999Z"),
        ("Data Storage", None, "fair-use", None, "500", None, None, None, None, None, "USD",
         "false", "2026-01-15T00:00:00Z", "2026-02-14T23:59:59.999Z"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "content, dataset, expected",
    [
        (overview(billingPeriodStartDate=None), "subscription_overview", "no billing period"),
        (overview(), "billable_usage_report", "dataset subscription_overview"),
        (billable_usage(), "subscription_overview", "billable_usage_report"),
    ],
)
def test_reports_in_the_wrong_place_are_refused(warehouse, content, dataset, expected):
    assert expected in warehouse.refusal(content, "f.json", dataset)


# API usage


API_ROW = {
    "clientId": "c1",
    "clientName": "bot",
    "organizationId": "o",
    "userId": "u1",
    "templateUri": "/api/v2/users",
    "httpMethod": "GET",
    "status200": 70,
    "status300": 0,
    "status400": 30,
    "status500": 0,
    "status429": 25,
    "requests": 100,
    "date": "2026-01-20T00:00:00Z",
}


def test_a_usage_query_is_landed_as_it_is(warehouse):
    warehouse.landed({"results": [API_ROW], "queryStatus": "Complete"}, "f.json", "api_usage")
    assert warehouse.rows(
        "date, client_id, client_name, user_id, template_uri, http_method, requests, status200, "
        "status400, status429, extra_columns"
    ) == [("2026-01-20T00:00:00Z", "c1", "bot", "u1", "/api/v2/users", "GET", "100", "70", "30",
           "25", '{"organizationId":"o"}')]  # fmt: skip


def test_the_newer_usage_aggregates_are_landed(warehouse):
    row = {
        "date": "2026-01-20",
        "platform": "public-api",
        "httpMethod": "GET",
        "templateUri": "/api/v2/users",
        "requestCount": 100,
        "oauthClient": {"id": "c1", "name": "bot"},
        "user": {"id": "u1"},
    }
    warehouse.landed({"entities": [row], "queryStatus": "Complete"}, "f.json", "api_usage")
    assert warehouse.rows("date, platform, client_id, client_name, user_id, requests") == [
        ("2026-01-20", "public-api", "c1", "bot", "u1", "100")
    ]


@pytest.mark.parametrize(
    "page, expected",
    [
        ({"queryStatus": "Running"}, "status is Running"),
        ({"queryStatus": "Failed"}, "status is Failed"),
        ({"granularity": "Week"}, "one row a week"),
        ({"query": {"granularity": "Month"}}, "one row a month"),
        ({"results": [API_ROW | {"date": "2026-01"}]}, "'2026-01', which is no day"),
        ({"results": [API_ROW | {"date": "2026-01-20T05:00:00Z"}]}, "no day"),
        ({"results": [API_ROW | {"date": None}]}, "no day"),
    ],
)
def test_a_usage_query_that_is_not_by_day_or_not_done_is_refused(warehouse, page, expected):
    message = warehouse.refusal({"results": [API_ROW]} | page, "f.json", "api_usage")
    assert expected in message


# Contract and billing API


INVOICE = {
    "id": "INV-1",
    "dateInvoiced": "2026-03-15",
    "currencyIsoCode": "USD",
    "amount": 3000.00,
    "paymentStatus": "Unpaid",
}
LINE = {
    "id": "l1",
    "product": {"id": "p", "sku": "GC-170", "name": "Genesys Cloud CX 2"},
    "description": "Genesys Cloud CX 2 User \u2013 Prepay",
    "dateTransacted": "2026-03-15",
    "dateStart": "2026-03-15",
    "dateEnd": "2026-04-14",
    "organization": {"id": "o"},
    "quantity": 25,
    "unitOfMeasure": "User",
    "amount": 3000.10,
}
PAGE = {"entities": [LINE], "nextUri": None}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(INVOICE) + "\n" + json.dumps(PAGE) + "\n" + json.dumps({"entities": []}),
        json.dumps([INVOICE, LINE]),
        json.dumps(INVOICE | {"lines": PAGE}),
        json.dumps({"entities": [INVOICE | {"lines": [LINE]}]}),
        json.dumps(INVOICE | {"id": "INV-0", "lines": []}) + json.dumps(INVOICE) + json.dumps(PAGE),
    ],
    ids=["pages", "array", "page within", "listing", "an invoice without charges before"],
)
def test_the_lines_of_an_invoice_take_its_number_and_date(warehouse, text):
    warehouse.landed(text, "f.json", "vendor_invoice_lines")
    assert warehouse.rows(
        "invoice_number, invoice_date, service_period_start, service_period_end, description, qty, "
        "rate, amount, currency"
    ) == [("INV-1", "2026-03-15", "2026-03-15", "2026-04-14", LINE["description"], "25", None,
           "3000.1", "USD")]  # fmt: skip
    [[extra]] = warehouse.rows("extra_columns")
    assert json.loads(extra)["product"]["sku"] == "GC-170"


def test_an_invoice_may_have_no_lines(warehouse):
    assert warehouse.landed([INVOICE, {"entities": []}], "f.json", "vendor_invoice_lines").rows == 0


@pytest.mark.parametrize(
    "content, expected",
    [
        ([PAGE], "no invoice before them"),
        ([INVOICE], "invoice INV-1 without its lines"),
        ({"entities": [INVOICE, INVOICE | {"id": "INV-2"}]}, "invoice INV-1 without its lines"),
        ([INVOICE | {"lines": ["x"]}], "no list of objects"),
    ],
)
def test_invoices_and_lines_apart_are_refused(warehouse, content, expected):
    assert expected in warehouse.refusal(content, "f.json", "vendor_invoice_lines")


@pytest.mark.parametrize("prefix", ["", "get"])
def test_a_billing_period_is_a_row_per_charge(warehouse, prefix):
    charge = {
        "id": "c",
        "product": {"id": "p", "sku": "s", "name": "Genesys Cloud CX 2", "unitOfMeasure": "User"},
        "organizations": [{"id": "o"}],
        f"{prefix}prepaidQuantity": 10,
        f"{prefix}fairuseQuantity": 0,
        f"{prefix}actualQuantity": 12,
        f"{prefix}overageQuantity": 2,
        "overageRate": 120.50,
        "overageCharge": 241.00,
        "overageCurrency": "USD",
    }
    period = {
        "id": "b1",
        "dateStart": "2026-01-15",
        "dateEnd": "2026-02-14",
        "status": "Open",
        "charges": [charge],
        "wallets": [],
    }
    content = json.dumps(period).replace("241.0", "241.00").replace("120.5", "120.50")
    warehouse.landed(content, "f.json", "billing_charges")
    assert warehouse.rows(
        "billing_period_id, period_start, period_end, period_status, product, sku, "
        "prepaid_quantity, fairuse_quantity, actual_quantity, overage_quantity, overage_rate, "
        "overage_charge, overage_currency, organizations, extra_columns"
    ) == [("b1", "2026-01-15", "2026-02-14", "Open", "Genesys Cloud CX 2", "s", "10", "0", "12",
           "2", "120.50", "241.00", "USD", '[{"id":"o"}]', None)]  # fmt: skip


def test_a_contract_of_the_api_tells_too_little(warehouse):
    contract = {"id": "c", "status": "Active", "dateStart": "2026-01-15", "plans": []}
    message = warehouse.refusal(contract, "f.json", "contracts")
    assert "lacks required columns" in message and "license_model" in message


# Phone numbers


def test_numbers_for_messages_have_type_and_dates(warehouse):
    number = {
        "phoneNumber": "+13175550100",
        "phoneNumberType": "tollfree",
        "countryCode": "US",
        "purchaseDate": "2026-01-05T10:00:00Z",
        "dateCreated": "2026-01-04T10:00:00Z",
    }
    released = number | {"cancellationDate": "2026-02-05T10:00:00Z"}
    warehouse.landed({"entities": [number, released]}, "f.json", "phone_numbers")
    assert warehouse.rows("phone_number, number_type, country, purchased_date, released_date") == [
        ("+13175550100", "tollfree", "US", "2026-01-05T10:00:00Z", None),
        ("+13175550100", "tollfree", "US", "2026-01-05T10:00:00Z", "2026-02-05T10:00:00Z"),
    ]


def test_numbers_that_tell_no_type_are_refused(warehouse):
    did = {"phoneNumber": "+13175550100", "dateCreated": "2026-01-05T10:00:00Z", "didPool": {}}
    assert "number_type" in warehouse.refusal({"entities": [did]}, "f.json", "phone_numbers")


# PDF


def test_a_pdf_is_the_lines_of_an_invoice(warehouse, monkeypatch):
    charge = {"invoice_number": "1", "description": "CX 2", "amount": "3000.10", "qty": "25"}
    invoice = invoice_pdf.Invoice("1", "2026-03-15", "USD", "3000.10", (charge,), {"due": "soon"})
    monkeypatch.setattr(invoice_pdf, "read", lambda path: invoice)
    warehouse.landed(b"%PDF", "f.pdf", "vendor_invoice_lines")
    assert warehouse.rows("invoice_number, description, qty, amount, rate, extra_columns") == [
        ("1", "CX 2", "25", "3000.10", None, '{"due":"soon"}')
    ]


def test_a_pdf_of_anything_else_is_refused(warehouse):
    assert "only vendor_invoice_lines" in warehouse.refusal(b"%PDF", "f.pdf", "users")


# Upgrades


def test_a_dataset_that_gains_a_column_can_be_read_at_once(tmp_path):
    lake.ensure(tmp_path)
    empty = tmp_path / "lake" / "users" / "_empty.parquet"
    written = empty.read_bytes()
    empty.write_bytes((tmp_path / "lake" / "orders" / "_empty.parquet").read_bytes())
    lake.ensure(tmp_path)
    assert empty.read_bytes() == written
    before = empty.stat().st_mtime_ns
    lake.ensure(tmp_path)
    assert empty.stat().st_mtime_ns == before


def test_records_with_rows_of_every_kind_of_file_agree(warehouse):
    """The same three rows in every format, one organization each."""
    rows = [["u1", "a@x", "Ann"], ["u2", "b@x", "Bob"], ["u3", "", "Cy"]]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([HEADER, *rows])
    objects = [dict(zip(["userId", "email", "name"], row, strict=True)) for row in rows]
    contents = {
        "f.csv": text.getvalue().encode(),
        "f.csv.gz": gzip.compress(text.getvalue().encode()),
        "f.json": json.dumps(objects).encode(),
        "f.ndjson": "\n".join(map(json.dumps, objects)).encode(),
        "f.xlsx": workbook(S=[HEADER, *rows]),
        "f.zip": archive({"f.csv": text.getvalue().encode()}),
    }
    for name, content in contents.items():
        warehouse.deliver(content, name=name, org=name)
    assert warehouse.land().refused == []
    assert warehouse.sql(
        "select count(distinct org_id), count(distinct (user_id, email, name)), count(*) from lake"
    ) == [(len(contents), 3, 3 * len(contents))]
