"""CSV files of every dialect, well written or not: no row is lost."""

from __future__ import annotations

import csv
import gzip
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cx_billing import formats
from deliveries import USERS, Warehouse

# Dialects and values


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "bom"])
@pytest.mark.parametrize("end", ["", "newline", "blank lines"])
def test_csv_dialects_say_the_same(warehouse, separator, newline, mark, end):
    lines = ["User ID,E-Mail,name", "u1,a@x,Ann", "u2,b@x,Bob"]
    text = newline.join(line.replace(",", separator) for line in lines)
    text += {"": "", "newline": newline, "blank lines": newline * 3}[end]
    warehouse.landed(mark + text)
    assert warehouse.rows("user_id, email, name") == [("u1", "a@x", "Ann"), ("u2", "b@x", "Bob")]


@pytest.mark.parametrize(
    "value",
    ["NULL", "null", "NaN", "\\N", "0049", "+4930123", " padded ", "#1", "1e5", "a\\b", "ü東", 
     "true", ' "x"', "a\u2028b", "a\x0bb", "a\x85b", 'x"y', "-", "2026-01-01T00:00:00Z"],
)  # fmt: skip
@pytest.mark.parametrize("is_careful", [False, True], ids=["fast", "careful"])
def test_value_is_kept_as_it_is(warehouse, value, is_careful):
    ragged = "u,\n" if is_careful else ""
    warehouse.landed(f"user_id,email,name\n{value},{value},x\nu2,,{value}\n{ragged}")
    assert warehouse.rows("user_id, email, name")[:2] == [(value, value, "x"), ("u2", None, value)]


@pytest.mark.parametrize(
    "quoted, value",
    [
        ('"a,b"', "a,b"),
        ('"a\nb"', "a\nb"),
        ('"a\r\n\r\nb"', "a\r\n\r\nb"),
        ('"say ""hi"""', 'say "hi"'),
        ('""', None),
        ('" a "', " a "),
        ('"a;\t"', "a;\t"),
    ],
)
@pytest.mark.parametrize("is_careful", [False, True], ids=["fast", "careful"])
def test_quoted_value(warehouse, quoted, value, is_careful):
    ragged = "u\n" if is_careful else ""
    warehouse.landed(f"user_id,email,name\nu1,{quoted},x\nu2,b,{quoted}\n{ragged}")
    assert warehouse.rows("user_id, email, name")[:2] == [("u1", value, "x"), ("u2", "b", value)]


def test_shuffled_quoting_says_the_same(warehouse):
    expected = [tuple(f"{row}{column}" for column in "abc") for row in range(9)]
    lines = [
        ",".join(f'"{text}"' if (row >> bit) & 1 else text for bit, text in enumerate(values))
        for row, values in enumerate(expected)
    ]
    warehouse.landed("\n".join(["user_id,email,name", *lines]))
    assert warehouse.rows("user_id, email, name") == expected


values = st.text(st.sampled_from('ab ,;\t"\n\r\0é'), max_size=6)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(st.tuples(values, values, values), max_size=6),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    separator=st.sampled_from(formats.SEPARATORS),
    ragged_at=st.none() | st.integers(0, 6),
)
def test_any_well_written_csv_comes_back(tmp_path_factory, rows, quoting, separator, ragged_at):
    warehouse = Warehouse(tmp_path_factory.mktemp("any"))
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=quoting, delimiter=separator)
    writer.writerow(["user_id", "email", "name"])
    for number, row in enumerate(rows):
        if number == ragged_at:
            writer.writerow(["ragged"])
        writer.writerow([f"u{row[0]}", *row[1:]])
    warehouse.landed(file.getvalue())
    found = warehouse.sql(
        "select user_id, email, name from lake where parse_error is null order by source_row"
    )
    assert found == [(f"u{first}", second or None, third or None) for first, second, third in rows]


def test_nul_bytes_lose_no_row(warehouse):
    assert warehouse.landed(b"user_id,email,name\nu1,\0,A\0B\n\0,b,\nu3,c,d\n").rows == 3
    assert warehouse.rows("user_id, email, name") == [
        ("u1", "\0", "A\0B"),
        ("\0", "b", None),
        ("u3", "c", "d"),
    ]


def test_very_long_value(warehouse):
    text = "x" * 9_000_000
    warehouse.landed(f"user_id,email,name\nu1,a,{text}\nu2,b,Bob\n")
    assert warehouse.rows("length(name)") == [(9_000_000,), (3,)]


@pytest.mark.parametrize("name", ["f.csv.gz", "F.CSV.GZ"])
def test_gzip(warehouse, name):
    warehouse.landed(gzip.compress(USERS), name=name)
    assert warehouse.rows("user_id") == [("u1",), ("u2",)]


def test_gzip_of_several_members(warehouse):
    assert (
        warehouse.landed(gzip.compress(USERS) + gzip.compress(b"u3,c,\n"), name="f.csv.gz").rows
        == 3
    )


@pytest.mark.parametrize("is_malformed", [False, True])
@pytest.mark.parametrize("is_cut, rows", [(True, 1_048_575), (True, 1_048_576), (False, 1_048_574)])
def test_file_as_long_as_a_spreadsheet_is_suspected(warehouse, is_cut, rows, is_malformed):
    text = b"user_id,email\n" + b"u,e\n" * (rows - is_malformed) + b"u\n" * is_malformed
    warehouse.deliver(text)
    found = warehouse.land().warnings
    assert ["probably cut" in warning for warning in found] == [True] * is_cut


# Rows that are not as wide as the header


@pytest.mark.parametrize(
    "bad, raw_text",
    [
        ("u9,short", "u9,short"),
        ("u9", "u9"),
        ("u9,a,b,too long", "u9,a,b,too long"),
        ('u9,"a,b"', 'u9,"a,b"'),
        ('u9,"a\nb"', 'u9,"a\nb"'),
    ],
)
@pytest.mark.parametrize("position", ["first", "middle", "last"])
def test_ragged_row_is_kept_with_its_text(warehouse, bad, raw_text, position):
    good = ["u1,a,Ann", "u2,b,Bob"]
    good.insert({"first": 0, "middle": 1, "last": 2}[position], bad)
    landed = warehouse.landed("\n".join(["user_id,email,name", *good]) + "\n")
    assert (landed.rows, landed.parse_errors) == (3, 1)
    assert warehouse.sql(
        "select parse_error, raw_text, user_id from lake where raw_text <> ''"
    ) == [("wrong_column_count", raw_text, None)]
    assert warehouse.sql("select name from lake where parse_error is null order by source_row") == [
        ("Ann",),
        ("Bob",),
    ]


def test_ragged_row_deep_in_a_large_file_loses_nothing(warehouse):
    many = 200_000  # more than one of DuckDB's buffers of 32 MB
    body = b"user_id,email,name\n" + b"u,e," + b"x" * 200 + b"\n"
    body += body[19:] * (many - 1)
    landed = warehouse.landed(body + b"short\n" + b"u2,b,Bob\n" * 5)
    assert (landed.rows, landed.parse_errors) == (many + 6, 1)
    assert warehouse.sql(
        "select max(source_row), min(source_row) from lake where name = 'Bob'"
    ) == [(many + 6, many + 2)]


def test_empty_fields_at_the_end_of_a_row_are_no_error(warehouse):
    landed = warehouse.landed("user_id,email,name\nu1,a,Ann,\nu2,b,Bob,,\n")
    assert landed.parse_errors == 0
    assert warehouse.rows("name, extra_columns") == [("Ann", None), ("Bob", None)]


def test_blank_lines_are_no_rows(warehouse):
    assert warehouse.landed("\n\nuser_id,email\n\nu1,a\n  \n\r\nu2,b\n\n").rows == 2


def test_row_of_empty_fields_is_a_row(warehouse):
    landed = warehouse.landed("user_id\temail\tname\n\t\t\nu1\ta\tAnn\n")
    assert (landed.rows, landed.parse_errors) == (2, 0)


@pytest.mark.parametrize(
    "lines, bad",
    [
        (['u1,"a,Ann', "u2,b,Bob", "u3,c,Cy"], 'u1,"a,Ann'),
        (['u1,"a"x,Ann', "u2,b,Bob", "u3,c,Cy"], 'u1,"a"x,Ann'),
        (["u2,b,Bob", "u3,c,Cy", 'u1,a,"Ann'], 'u1,a,"Ann'),
        (['u1,"a,Ann', 'u2,"b",Bob', "u3,c,Cy"], 'u1,"a,Ann'),
    ],
)
def test_stray_quote_swallows_no_other_row(warehouse, lines, bad):
    landed = warehouse.landed("\n".join(["user_id,email,name", *lines]) + "\n")
    assert (landed.rows, landed.parse_errors) == (3, 1)
    assert warehouse.sql("select parse_error, raw_text from lake where raw_text is not null") == [
        ("malformed_quotes", bad)
    ]
    assert warehouse.sql("select count(*) from lake where name in ('Bob', 'Cy')") == [(2,)]


def test_a_row_below_a_stray_quote_may_have_empty_fields_behind(warehouse):
    landed = warehouse.landed('user_id,email\nu1,"a\nu2,b,,\n')
    assert (landed.rows, landed.parse_errors) == (2, 1)


def test_bytes_that_are_not_utf8_are_shown_as_escapes(warehouse):
    landed = warehouse.landed(b"user_id,email,name\nu1,a,J\xfcrgen\nu2,b,Bob\n")
    assert (landed.rows, landed.parse_errors) == (2, 1)
    assert warehouse.rows("user_id, parse_error, raw_text") == [
        (None, "invalid_encoding", "u1,a,J\\xfcrgen"),
        ("u2", None, None),
    ]
