"""Workbooks: the one sheet with the header, its cells as exact text."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time, timedelta

import duckdb
import openpyxl
import pytest

from cx_billing.formats import workbooks
from deliveries import HEADER, USERS, workbook


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
        (505.992, "505.9920"),
        (-1.125, "-1.1250"),
        (0.125, "0.125"),
        (1234.125, "1234.125"),
        ("505.992", "505.992"),
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


LINES = [
    *("Invoice No", "Invoice Date", "Service Start", "Service End"),
    *("Description", "Qty", "Rate", "Amount"),
]


def invoice_book(*rows, merged=()):
    book = openpyxl.Workbook()
    for row in ([], ["Invoice V-7"], [], LINES, *rows):
        book.active.append(row)
    for cells in merged:
        book.active.merge_cells(cells)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_what_merged_cells_say_is_said_of_each_row_but_no_amount_twice(warehouse):
    day = date(2026, 5, 7)
    content = invoice_book(
        [71, day, None, None, "CX 2", 1, 5, 5],
        [None, None, None, None, "CX 3", 1, 6, None],
        [],
        [None, None, None, None, None, 2, 7, 14],
        ["Subtotal", None, None, None, None, None, None, 19],
        merged=("A5:A8", "B5:B8", "E6:E8", "H5:H6", "A2:H2", "A9:C9"),
    )
    landed = warehouse.landed(content, dataset="vendor_invoice_lines", name="f.xlsx")
    assert landed.rows == 4
    columns = "invoice_number, invoice_date, description, qty, amount"
    file = warehouse.home / "lake" / "vendor_invoice_lines" / f"{landed.file_id}.parquet"
    assert duckdb.sql(f"select {columns} from '{file}' order by source_row").fetchall() == [
        ("71", "2026-05-07", "CX 2", "1", "5"),
        ("71", "2026-05-07", "CX 3", "1", None),
        ("71", "2026-05-07", "CX 3", "2", "14"),
        ("Subtotal", None, None, None, "19"),
    ]


def test_formulas_that_were_never_computed_are_told(warehouse):
    line = ["V-7", date(2026, 5, 7), None, None, "CX 2", 1, 5]
    content = invoice_book([*line, "=F5*G5"], [*line, "=F6*G6"], [*line, 5])
    warehouse.deliver(content, dataset="vendor_invoice_lines", name="f.xlsx")
    (warning,) = warehouse.land().warnings
    assert "2 formulas have no value, since no spreadsheet program computed it" in warning
    computed = workbook(Users=[HEADER, ["u1", "a@x", "Ann"]])
    warehouse.deliver(computed, name="g.xlsx")
    assert warehouse.land().warnings == []


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
