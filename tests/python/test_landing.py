"""Landing: every row of a delivered file arrives in the lake, as it was, or the file is refused."""

from __future__ import annotations

import csv
import fcntl
import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import invoice_pdfs
from cx_billing import formats, lake, landing

USERS = b"user_id,email,name\nu1,a@x,Ann\nu2,b@x,Bob\n"


class Warehouse:
    """An inbox and a home in one folder, and what a test asks of them."""

    def __init__(self, folder: Path):
        self.inbox = folder / "inbox"
        self.home = folder / "home"

    def deliver(self, content: bytes | str | object, name="f.csv", dataset="users", org="acme"):
        path = self.inbox / org / dataset / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, bytes | str):
            content = json.dumps(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def land(self) -> landing.Report:
        return landing.land(self.inbox, self.home)

    def landed(self, *delivery, **place) -> landing.Landed:
        """Deliver one file, land it, and check the counts of report, footer and rows."""
        self.deliver(*delivery, **place)
        report = self.land()
        assert report.refused == []
        [landed] = report.landed
        assert self.facts()[landed.file_id]["rows_in_file"] == str(landed.rows)
        [[rows]] = self.sql(f"select count(*) from lake where file_id = '{landed.file_id}'")
        assert rows == landed.rows
        return landed

    def refusal(self, *delivery, **place) -> str:
        self.deliver(*delivery, **place)
        report = self.land()
        assert report.landed == []
        [refused] = report.refused
        assert self.files() == []
        return refused.message

    def files(self) -> list[Path]:
        found = (self.home / "lake").glob("*/*")
        return sorted(path for path in found if path.name != "_empty.parquet")

    def rows(self, columns: str) -> list[tuple]:
        return self.sql(f"select {columns} from lake order by landed_at, source_row")

    def sql(self, query: str) -> list[tuple]:
        with duckdb.connect() as connection:
            connection.execute(
                "create view lake as select * from "
                f"read_parquet('{self.home}/lake/*/*.parquet', union_by_name = true)"
            )
            return connection.execute(query).fetchall()

    def facts(self) -> dict[str, dict[str, str]]:
        facts: dict[str, dict[str, str]] = {}
        for name, key, value in self.sql(
            f"select * from parquet_kv_metadata('{self.home}/lake/*/*.parquet')"
        ):
            facts.setdefault(Path(name).stem, {})[key.decode()] = value.decode()
        return facts


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path)


# What is in the lake


def test_row_keeps_its_values_and_its_origin(warehouse):
    landed = warehouse.landed(USERS, name="from hr.csv")
    assert warehouse.rows(
        "user_id, email, name, extra_columns, parse_error, raw_text, org_id, file_id, "
        "source_file, source_row"
    ) == [
        ("u1", "a@x", "Ann", *[None] * 3, "acme", landed.file_id, "acme/users/from hr.csv", 1),
        ("u2", "b@x", "Bob", *[None] * 3, "acme", landed.file_id, "acme/users/from hr.csv", 2),
    ]


def test_file_has_the_declared_layout_and_its_facts_in_the_footer(warehouse):
    landed = warehouse.landed(USERS)
    [file] = warehouse.files()
    described = dict(
        row[:2] for row in warehouse.sql(f"describe select * from read_parquet('{file}')")
    )
    assert described == dict.fromkeys(["user_id", "email", "name"], "VARCHAR") | lake.PROVENANCE
    facts = warehouse.facts()[landed.file_id]
    assert set(facts) == set(lake.FOOTER_FACTS)
    [[landed_at]] = warehouse.sql("select distinct landed_at from lake")
    assert facts["landed_at"] == landed_at.isoformat(timespec="microseconds")
    assert facts["dataset"] == "users"


def test_landed_at_follows_path_order_and_earlier_runs(warehouse):
    warehouse.deliver(USERS, name="z.csv")
    warehouse.land()
    for name in ("c.csv", "a.csv", "b.csv"):
        warehouse.deliver(USERS + f"{name},,\n".encode(), name=name)
    warehouse.land()
    times = warehouse.sql(
        "select source_file, any_value(landed_at) as landed_at from lake group by 1 order by 2"
    )
    assert [name[-5:] for name, _ in times] == ["z.csv", "a.csv", "b.csv", "c.csv"]
    assert len({at for _, at in times}) == 4


def test_landed_at_increases_although_the_clock_stands_in_the_past(warehouse, monkeypatch):
    warehouse.landed(USERS)

    class Past(landing.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2001, 1, 1, tzinfo=tz)

    monkeypatch.setattr(landing, "datetime", Past)
    warehouse.deliver(USERS + b"u3,,\n", name="later.csv")
    warehouse.land()
    assert warehouse.sql("select max_by(source_file, landed_at) from lake") == [
        ("acme/users/later.csv",)
    ]


# Idempotence and identity


def test_landing_twice_changes_nothing(warehouse):
    landed = warehouse.landed(USERS)
    before = [(path, path.stat().st_mtime_ns) for path in warehouse.files()]
    report = warehouse.land()
    assert report.landed == []
    assert [already.file_id for already in report.already_landed] == [landed.file_id]
    assert [(path, path.stat().st_mtime_ns) for path in warehouse.files()] == before


def test_same_content_under_another_name_is_the_same_file(warehouse):
    warehouse.deliver(USERS, name="a.csv")
    warehouse.deliver(USERS, name="b.csv")
    report = warehouse.land()
    assert [landed.source_file for landed in report.landed] == ["acme/users/a.csv"]
    assert [already.source_file for already in report.already_landed] == ["acme/users/b.csv"]


def test_the_same_license_answer_of_another_day_is_another_file(warehouse):
    answer = b'{"entities": [{"id": "u1", "licenses": ["cx2"]}]}'
    for name in ("2026-02-16.json", "2026-02-18.json", "2026-02-16_again.json"):
        warehouse.deliver(answer, dataset="license_assignments", name=name)
    report = warehouse.land()
    assert [landed.source_file.rpartition("/")[2] for landed in report.landed] == [
        "2026-02-16.json",
        "2026-02-18.json",
    ]
    assert len(report.already_landed) == 1


def test_same_content_elsewhere_is_another_file(warehouse):
    content = b"user_id,system_presence,routing_status,start_time\nu1,AVAILABLE,IDLE,2026-01-01\n"
    warehouse.deliver(content, dataset="user_presence")
    warehouse.deliver(content, dataset="routing_status")
    warehouse.deliver(content, dataset="user_presence", org="other")
    assert len({landed.file_id for landed in warehouse.land().landed}) == 3


@pytest.mark.parametrize(
    "org", ["o'brien", 'say "hi"', "Zoë & Söhne 東京", "a=b", "100% [x]*?", "a;b --", "{x}", "$1"]
)
def test_org_may_be_called_anything(warehouse, org):
    warehouse.landed(USERS, org=org)
    assert warehouse.rows("org_id, source_file")[0] == (org, f"{org}/users/f.csv")
    assert [facts["org_id"] for facts in warehouse.facts().values()] == [org]


def test_file_name_with_pattern_letters_reads_only_itself(warehouse):
    warehouse.deliver(USERS, name="u*.csv")
    warehouse.deliver(USERS + b"u3,,\n", name="u[1].csv")
    warehouse.deliver(USERS + b"u4,,\n", name="u1.csv")
    assert {landed.source_file: landed.rows for landed in warehouse.land().landed} == {
        "acme/users/u*.csv": 2,
        "acme/users/u[1].csv": 3,
        "acme/users/u1.csv": 3,
    }


# CSV


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


def test_separators_alone_above_the_header_are_blank(warehouse):
    assert warehouse.landed("\t\nuser_id\temail\tname\nu1\ta\tAnn\nu2\tb\n").rows == 2
    assert warehouse.rows("name, parse_error") == [("Ann", None), (None, "wrong_column_count")]


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


@pytest.mark.parametrize("is_malformed", [False, True])
@pytest.mark.parametrize("is_cut, rows", [(True, 1_048_575), (True, 1_048_576), (False, 1_048_574)])
def test_file_as_long_as_a_spreadsheet_is_suspected(warehouse, is_cut, rows, is_malformed):
    text = b"user_id,email\n" + b"u,e\n" * (rows - is_malformed) + b"u\n" * is_malformed
    warehouse.deliver(text)
    found = warehouse.land().warnings
    assert ["probably cut" in warning for warning in found] == [True] * is_cut


@pytest.mark.parametrize("name", ["f.csv.gz", "F.CSV.GZ"])
def test_gzip(warehouse, name):
    warehouse.landed(gzip.compress(USERS), name=name)
    assert warehouse.rows("user_id") == [("u1",), ("u2",)]


def test_gzip_of_several_members(warehouse):
    assert (
        warehouse.landed(gzip.compress(USERS) + gzip.compress(b"u3,c,\n"), name="f.csv.gz").rows
        == 3
    )


# Refused files


@pytest.mark.parametrize(
    "content, name, expected",
    [
        (b"", "f.csv", "empty"),
        (b"", "f.json", "empty"),
        (b"", "f.parquet", "empty"),
        (b"\n \n", "f.csv", "no header"),
        (gzip.compress(b""), "f.csv.gz", "no header"),
        (gzip.compress(USERS * 9999)[:-200], "f.csv.gz", "gzip"),
        (gzip.compress(USERS * 9999)[:-4], "f.csv.gz", "gzip"),
        (USERS, "f.csv.gz", "gzip"),
        (gzip.compress(USERS), "f.csv", "add .gz"),
        (b"PK\x03\x04....", "f.csv", "spreadsheet"),
        ("user_id,email\n".encode("utf-16"), "f.csv", "UTF-16"),
        (b"user_id,email,\xff\nu,e,x\n", "f.csv", "header that is not UTF-8"),
        ("user_id,email\nu,e\n".encode("utf-16-le"), "f.csv", "UTF-16"),
        ("user_id,email\nu,e\n".encode("utf-16-be"), "f.csv", "UTF-16"),
        (b"user_id,email\n" + b"x" * ((1 << 26) + 1), "f.csv", "67,108,864 bytes"),
        (b"," * 1000 + b"\nu,e\n", "f.csv", "header of 1,001 columns"),
        (b'{"user_id": ' + b"[" * 600 + b"]" * 600 + b', "email": 1}', "f.json", "nested too"),
        (b'"user_id,email\n', "f.csv", "header"),
        (USERS, "f.parquet", "Parquet"),
        (b"PAR1" + USERS + b"PAR1", "f.parquet", "Parquet"),
        (USERS, "f.xls", formats.ACCEPTED),
        (USERS, "f", formats.ACCEPTED),
        (USERS, "f.parquet.gz", formats.ACCEPTED),
        (b"user_id,name\nu1,Ann\n", "f.csv", "email; found: user_id, name"),
        (b"user_id,e_mial\nu1,a\n", "f.csv", "Did you mean 'e_mial' for email?"),
        (b"user_id,User ID,email\nu1,u1,a\n", "f.csv", "'user_id' and 'User ID'"),
        (b'{"user_id": "u1"', "f.json", "line 1"),
        (b'[\n{"user_id": "u1"},\n{"email" "a"}]', "f.json", "line 3"),
        (b'[{"user_id": "u1"},]', "f.json", "JSON"),
        (b'[{"user_id": "u1"} {"user_id": "u2"}]', "f.json", "comma"),
        (b'[{"user_id": "u1"}', "f.json", "not closed"),
        (b'{"user_id": "u1", "email": "a"}\n<html>', "f.ndjson", "line 2"),
        (b'{"user_id": "u1", "user_id": "u2", "email": "a"}', "f.json", "'user_id' twice"),
        (b'{"user_id": "u1", "email": "\xff"}', "f.json", "UTF-8"),
        (b'[{"user_id": "u1", "mail": 1}]', "f.json", "Did you mean 'mail' for email?"),
        (b"[1, 2]", "f.json", "user_id, email"),
        (b" \n", "f.json", "no JSON"),
        (b"[" * 99999, "f.json", "JSON"),
        (gzip.compress(b'[{"user_id": "u1", "email": "a"}]')[:-9], "f.json.gz", "gzip"),
    ],
)  # fmt: skip
def test_unreadable_file_is_refused_with_its_reason(warehouse, content, name, expected):
    message = warehouse.refusal(content, name=name)
    assert f"acme/users/{name}" in message
    assert "dataset users" in message
    assert expected in message


def test_unknown_dataset_is_refused_with_a_hint(warehouse):
    message = warehouse.refusal(USERS, dataset="User-Presense")
    assert "acme/User-Presense/f.csv" in message
    assert "Did you mean user_presence?" in message
    assert all(name in message for name in lake.datasets())


@pytest.mark.parametrize(
    ("name", "meant"),
    [("voice", "voice_usage"), ("user", "users"), ("contracts_2026", "contracts")],
)
def test_a_dataset_that_begins_alike_is_what_was_meant(warehouse, name, meant):
    assert f"Did you mean {meant}?" in warehouse.refusal(USERS, dataset=name)


def test_refused_file_stops_no_other(warehouse):
    for name in ("a.csv", "c.csv"):
        warehouse.deliver(USERS + name.encode(), name=name)
    warehouse.deliver(b"", name="b.csv")
    report = warehouse.land()
    assert (len(report.landed), len(report.refused)) == (2, 1)


# The inbox


def test_inbox_must_hold_organizations(warehouse):
    with pytest.raises(landing.InboxError, match="no such inbox"):
        warehouse.land()
    warehouse.inbox.mkdir()
    (warehouse.inbox / "f.csv").write_bytes(USERS)
    with pytest.raises(landing.InboxError, match="no organization folder"):
        warehouse.land()
    with pytest.raises(landing.InboxError, match="no folder"):
        landing.land(warehouse.inbox / "f.csv", warehouse.home)


def test_the_folder_of_one_organization_is_no_inbox(warehouse):
    (warehouse.deliver(USERS).parent / "old").mkdir()
    with pytest.raises(landing.InboxError, match=r"one organization's folder.*land its parent"):
        landing.land(warehouse.inbox / "acme", warehouse.home)
    assert not warehouse.home.exists()


def test_an_organization_with_a_slash_is_refused(warehouse):
    warehouse.deliver(USERS)
    (warehouse.inbox / "acme" / "emea" / "users").mkdir(parents=True)
    (warehouse.inbox / "acme" / "emea" / "users" / "u.csv").write_bytes(USERS)
    report = warehouse.land()
    assert len(report.landed) == 1
    assert [refused.source_file for refused in report.refused] == ["acme/emea/users"]
    assert "its id cannot hold a slash" in report.refused[0].message


def test_an_organization_may_be_called_like_a_dataset(warehouse):
    assert warehouse.landed(USERS, org="users").org_id == "users"


@pytest.mark.parametrize("place", ["home", "acme/home"])
def test_a_home_within_the_inbox_is_skipped(warehouse, place):
    warehouse.deliver(USERS)
    warehouse.home = warehouse.inbox / place
    assert len(warehouse.land().landed) == 1
    again = warehouse.land()
    assert (again.landed, again.refused, len(again.already_landed)) == ([], [], 1)
    assert again.warnings == [f"{place}: skipped, it is a home of cx-billing"]


def test_a_home_is_no_inbox(warehouse):
    warehouse.landed(USERS)
    with pytest.raises(landing.InboxError, match="is a home"):
        landing.land(warehouse.home, warehouse.home)


def test_another_home_within_the_inbox_is_skipped(warehouse):
    warehouse.deliver(USERS)
    for folder in ("lake/users", "builds"):
        (warehouse.inbox / "old" / folder).mkdir(parents=True)
    report = warehouse.land()
    assert report.refused == []
    assert report.warnings == ["old: skipped, it is a home of cx-billing"]


@pytest.mark.parametrize("place", ["acme", "acme/users"])
def test_a_folder_that_cannot_be_read_stops_no_other(warehouse, monkeypatch, place):
    locked = warehouse.deliver(USERS).parents[1] / place.removeprefix("acme").strip("/")
    warehouse.deliver(USERS, org="zeta")
    listed = landing._visible

    def visible(folder):
        if folder == locked:
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(landing, "_visible", visible)
    report = warehouse.land()
    assert [landed.org_id for landed in report.landed] == ["zeta"]
    [refused] = report.refused
    assert refused.message.startswith(f"{place}: the folder could not be read (Permission denied)")


def test_what_is_not_read_is_warned_of(warehouse):
    warehouse.deliver(USERS)
    for folder in ("acme/devices", "acme/users/old"):
        (warehouse.inbox / folder).mkdir()
    warehouse.deliver(USERS, name="old/f2.csv")
    for name in ("lost.csv", "acme/lost.csv"):
        (warehouse.inbox / name).write_bytes(USERS)
    for name in (".DS_Store", "~$f.csv", ".f.csv.swp"):
        warehouse.deliver(b"?", name=name)
    report = warehouse.land()
    assert (len(report.landed), report.refused) == (1, [])
    assert [warning.split(":")[0] for warning in report.warnings] == [
        "lost.csv", "acme/devices", "acme/lost.csv", "acme/users/old"
    ]  # fmt: skip


def test_progress_counts_files_and_bytes(warehouse):
    for name in ("a.csv", "b.csv"):
        warehouse.deliver(USERS + name.encode(), name=name)
    seen = []
    landing.land(warehouse.inbox, warehouse.home, seen.append)
    size = len(USERS) + 5
    assert [state for state in seen if state.step is None] == [
        landing.Progress(0, 2, 0, 2 * size, "acme/users/a.csv"),
        landing.Progress(1, 2, size, 2 * size, "acme/users/b.csv"),
        landing.Progress(2, 2, 2 * size, 2 * size, None),
    ]


LINES = "".join(f"u{number},a@x,Ann\n" for number in range(300_000))
JSON_LINES = '{"user_id": "u1", "email": "a"}\n' * 60_000


@pytest.mark.parametrize(
    "name, content, steps",
    [
        ("f.csv", f"user_id,email,name\n{LINES}", {"hashing", "checking", "writing"}),
        ("f.csv.gz", gzip.compress(f"user_id,email,name\n{LINES}".encode(), 1),
         {"hashing", "checking", "writing"}),
        ("f.csv", f"user_id,email,name\n{LINES}short\n", {"checking", "splitting", "writing"}),
        ("f.ndjson", JSON_LINES, {"hashing", "splitting", "writing"}),
        ("f.ndjson.gz", gzip.compress(JSON_LINES.encode(), 1), {"splitting", "writing"}),
    ],
)  # fmt: skip
def test_progress_is_told_within_a_file(warehouse, monkeypatch, name, content, steps):
    monkeypatch.setattr(landing, "SECONDS_BETWEEN_LOOKS", 0.0)
    warehouse.deliver(content, name=name)
    seen = []
    landing.land(warehouse.inbox, warehouse.home, seen.append)
    within = [state for state in seen if state.step]
    assert {state.step for state in within} >= steps
    assert all(0 <= state.share <= 1 for state in within)
    for step in steps - {"writing"}:
        shares = [state.share for state in within if state.step == step]
        assert shares == sorted(shares) and shares[-1] > 0.5
    assert {state.source_file for state in within} == {f"acme/users/{name}"}


# Interruption


KILLED = """
import os, pathlib, signal, sys
from cx_billing import landing

landed = 0

class Dying(type(pathlib.Path())):
    def replace(self, target):
        global landed
        if pathlib.PurePath(target).name.startswith("_empty"):  # the lake itself, no delivery
            return os.replace(self, target)
        if landed == int(sys.argv[4]):
            if sys.argv[3] == "after":
                os.replace(self, target)
            os.kill(os.getpid(), signal.SIGKILL)
        landed += 1
        return os.replace(self, target)

landing.Path = Dying
landing.land(pathlib.Path(sys.argv[1]), Dying(sys.argv[2]))
"""


def packed(*contents: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{number}.csv", content)
    return file.getvalue()


def invoice() -> bytes:
    return invoice_pdfs.draw(invoice_pdfs.random_invoice(1), invoice_pdfs.random_style(1))


@pytest.mark.parametrize(
    "name, dataset, content, files",
    [
        ("f.csv", "users", lambda: USERS, 1),
        ("f.csv.gz", "users", lambda: gzip.compress(USERS), 1),
        ("f.zip", "users", lambda: packed(USERS, USERS + b"u3,c,\n", USERS + b"u4,d,\n"), 3),
        ("f.pdf", "vendor_invoice_lines", invoice, 1),
    ],
    ids=["csv", "gzip", "zip", "pdf"],
)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_run_leaves_all_of_a_file_or_nothing(
    warehouse, moment, name, dataset, content, files
):
    warehouse.deliver(content(), name=name, dataset=dataset)
    killed_at = files // 2
    arguments = [sys.executable, "-c", KILLED, warehouse.inbox, warehouse.home, moment, killed_at]
    assert subprocess.run(list(map(str, arguments))).returncode == -signal.SIGKILL
    whole = killed_at + (moment == "after")
    facts = warehouse.facts().values()
    assert len([fact for fact in facts if "sha256" in fact]) == whole
    assert len(warehouse.files()) == killed_at + 1  # the last may be a leftover

    report = warehouse.land()
    assert (len(report.landed), len(report.already_landed)) == (files - whole, whole)
    assert [path.suffix for path in warehouse.files()] == [".parquet"] * files
    facts = warehouse.facts().values()
    [[rows]] = warehouse.sql("select count(*) from lake")
    assert rows == sum(int(fact["rows_in_file"]) for fact in facts if "sha256" in fact) > 0
    assert list(warehouse.home.glob(".scratch-*")) == []
    again = warehouse.land()
    assert (again.landed, len(again.already_landed)) == ([], files)


def test_a_file_that_stops_duckdb_is_refused_and_the_next_lands(warehouse, monkeypatch):
    warehouse.deliver(USERS, name="a.csv")
    warehouse.deliver(USERS + b"u3,,\n", name="b.csv")
    genuine = formats.read

    def read(path, *others):
        if path.name == "a.csv":
            raise duckdb.InternalException("Assertion failed")
        return genuine(path, *others)

    monkeypatch.setattr(formats, "read", read)
    report = warehouse.land()
    assert [landed.source_file for landed in report.landed] == ["acme/users/b.csv"]
    assert ["stopped DuckDB" in refused.message for refused in report.refused] == [True]


def test_two_runs_exclude_each_other(warehouse):
    warehouse.landed(USERS)
    with (warehouse.home / ".land.lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(landing.BusyError, match="another run"):
            warehouse.land()
    assert len(warehouse.land().already_landed) == 1


@pytest.mark.parametrize("counts, rows", [((1, 2), 2), ((3, 2), 2), ((1, 3), None)])
def test_copy_with_another_number_of_rows_is_not_taken(warehouse, monkeypatch, counts, rows):
    relation = "(values ('u1', 'a'), ('u2', 'b')) as given (user_id, email)"
    ways = [formats.Rows(relation, {"user_id": "user_id"}, count) for count in counts]
    monkeypatch.setattr(formats, "read", lambda *_: iter(ways))
    warehouse.deliver(USERS)
    report = warehouse.land()
    assert [landed.rows for landed in report.landed] == ([rows] if rows else [])
    assert ["2 of 3 rows" in refused.message for refused in report.refused] == [True] * (not rows)


def test_file_that_changes_while_it_is_read_is_refused(warehouse, monkeypatch):
    path = warehouse.deliver(USERS)

    def grow(*_):
        os.utime(path, ns=(0, 0))
        return genuine(*_)

    genuine = formats.read
    monkeypatch.setattr(formats, "read", grow)
    [refused] = warehouse.land().refused
    assert "changed while it was read" in refused.message
    assert warehouse.files() == []


# JSON


OBJECTS = [{"User Id": "u1", "email": "a"}, {"userId": "u2", "EMAIL": "b"}]


@pytest.mark.parametrize(
    "name, text",
    [
        ("f.json", json.dumps(OBJECTS)),
        ("f.json", json.dumps(OBJECTS, indent=2)),
        ("f.json", "\ufeff" + json.dumps(OBJECTS)),
        ("f.json", "\n".join(map(json.dumps, OBJECTS))),
        ("f.json", "".join(map(json.dumps, OBJECTS))),
        ("f.json", json.dumps(OBJECTS[:1]) + "\n" + json.dumps(OBJECTS[1:])),
        ("f.json", json.dumps([OBJECTS[:1], OBJECTS[1:]])),
        ("f.json", json.dumps({"entities": OBJECTS, "total": 2})),
        ("f.ndjson", "\n".join(map(json.dumps, OBJECTS)) + "\n\n"),
        ("f.jsonl", "\r\n".join(map(json.dumps, OBJECTS))),
    ],
)
@pytest.mark.parametrize("is_zipped", [False, True])
def test_json_shapes_say_the_same(warehouse, name, text, is_zipped):
    content = gzip.compress(text.encode()) if is_zipped else text
    warehouse.landed(content, name=name + ".gz" * is_zipped)
    assert warehouse.rows("user_id, email, source_row") == [("u1", "a", 1), ("u2", "b", 2)]


def test_single_json_object_is_one_row(warehouse):
    assert warehouse.landed(OBJECTS[0], name="f.json").rows == 1


@pytest.mark.parametrize("text", ["[]", "{}", '{"entities": []}', "[] []"])
def test_json_without_objects_lands_no_rows(warehouse, text):
    assert warehouse.landed(text, name="f.json").rows == 0


def test_json_values_keep_their_text(warehouse):
    warehouse.landed(
        '[{"user_id": 1234567890123456789012.10, "email": "x"}]'
        + '{"user_id": true, "email": "", "name": null, "n": 0.10, "deep": {"a": [1.50, "ü"]}}'
        + '{"user_id": "a\\u0000b\\n", "email": {"x": 1.0}, "n": null}',
        name="f.json",
    )
    assert warehouse.rows("user_id, email, name, extra_columns") == [
        ("1234567890123456789012.10", "x", None, None),
        ("true", None, None, '{"n":0.10,"deep":{"a":[1.50,"ü"]}}'),
        ("a\0b\n", '{"x":1.0}', None, None),
    ]


def test_json_rows_that_are_none_are_kept_with_their_text(warehouse):
    landed = warehouse.landed(
        '[{"user_id": "u1", "email": "a"}, 5, {"user_id": "u", "User ID": "v", "email": "a"},'
        ' {"user_id": "\\ud800", "email": "a"}]',
        name="f.json",
    )
    assert (landed.rows, landed.parse_errors) == (4, 3)
    assert warehouse.rows("parse_error") == [
        (None,), ("not_an_object",), ("duplicate_column",), ("invalid_encoding",)
    ]  # fmt: skip
    assert "\\ud800" in warehouse.rows("raw_text")[3][0]


def test_large_json_is_read_across_chunks(warehouse, monkeypatch):
    monkeypatch.setattr(formats.csv_files, "CHUNK", 7)
    monkeypatch.setattr(formats.json_files, "CHUNK", 7)
    objects = [{"user_id": number, "email": "x" * (number % 30)} for number in range(300)]
    warehouse.deliver(objects, name="a.json")
    warehouse.deliver("\n".join(map(json.dumps, objects)), name="b.ndjson")
    warehouse.deliver("user_id,email\r\n" + '1,"a\r\nb"\r\n' * 300, name="c.csv")
    assert [landed.rows for landed in warehouse.land().landed] == [300, 300, 300]
    assert warehouse.sql("select sum(user_id::int) from lake where email is distinct from 'a\r\nb'")


def test_json_is_read_in_pieces_that_do_not_grow(monkeypatch):
    monkeypatch.setattr(formats.json_files, "CHUNK", 100)
    asked = []

    class Stream(io.StringIO):
        def read(self, size):
            asked.append(size)
            return super().read(size)

    text = '{"user_id": "u1", "email": "someone@example.org"}\n' * 500
    assert len(list(formats.json_files._values(Stream(text)))) == 500
    assert max(asked) < 500


def test_numbers_of_rows_that_are_none_are_kept_as_they_are(warehouse):
    text = '[{"user_id": "u", "email": "e"}, 1.50, [{"user_id": 1.0, "USER_ID": 2, "email": 1e2}]]'
    assert warehouse.landed(text, name="f.json").parse_errors == 2
    assert warehouse.rows("raw_text")[1:] == [
        ("1.50",), ('{"user_id":1.0,"USER_ID":2,"email":1e2}',)
    ]  # fmt: skip


USER_DETAILS = {
    "userDetails": [
        {
            "userId": "u1",
            "primaryPresence": [
                {
                    "startTime": "2026-01-01T08:00:00.000Z",
                    "endTime": "2026-01-01T09:00:00.000Z",
                    "systemPresence": "AVAILABLE",
                    "organizationPresenceId": "p1",
                },
                {"startTime": "2026-01-01T09:00:00.000Z", "systemPresence": "OFFLINE"},
            ],
            "routingStatus": [{"startTime": "2026-01-01T08:00:00.000Z", "routingStatus": "IDLE"}],
        },
        {"userId": "u2", "routingStatus": []},
    ],
    "totalHits": 2,
}


def test_users_details_presence(warehouse):
    warehouse.landed(USER_DETAILS, name="f.json", dataset="user_presence")
    assert warehouse.rows("user_id, system_presence, start_time, end_time, extra_columns") == [
        ("u1", "AVAILABLE", "2026-01-01T08:00:00.000Z", "2026-01-01T09:00:00.000Z",
         '{"organizationPresenceId":"p1"}'),
        ("u1", "OFFLINE", "2026-01-01T09:00:00.000Z", None, None),
    ]  # fmt: skip


def test_users_details_routing_status(warehouse):
    pages = [USER_DETAILS, {"totalHits": 2}, {}]
    warehouse.landed(pages, name="f.json", dataset="routing_status")
    assert warehouse.rows("user_id, routing_status, start_time, end_time") == [
        ("u1", "IDLE", "2026-01-01T08:00:00.000Z", None)
    ]


def test_users_details_pages_one_after_another(warehouse):
    text = json.dumps(USER_DETAILS) * 2 + json.dumps(USER_DETAILS["userDetails"])
    assert warehouse.landed(text, name="f.json", dataset="user_presence").rows == 6


def test_flat_routing_status_is_no_page(warehouse):
    flat = {"userId": "u1", "routingStatus": "IDLE", "startTime": "2026-01-01T08:00:00Z"}
    warehouse.landed(flat, name="f.json", dataset="routing_status")
    assert warehouse.rows("user_id, routing_status") == [("u1", "IDLE")]


def conversation(direction="inbound", segments=(), **participant):
    session = {
        "sessionId": "s1",
        "mediaType": "message",
        "messageType": "whatsapp",
        "direction": direction,
        "addressFrom": "from",
        "addressTo": "to",
        "segments": [dict(zip(["segmentStart", "segmentEnd"], pair, strict=False))
                     for pair in segments],
    }  # fmt: skip
    session.update(participant.pop("session", {}))
    return {
        "conversationId": "c1",
        "conversationStart": "2026-01-01T00:00:00Z",
        "conversationEnd": "2026-01-02T00:00:00Z",
        "participants": [
            {"purpose": "customer", "externalContactId": "contact", "sessions": [session]}
            | participant
        ],
    }


@pytest.mark.parametrize(
    "given, account, integration, start, end",
    [
        (conversation(segments=[("2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z")]),
         "from", "to", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"),
        (conversation("outbound"), "to", "from", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
        (conversation(session={"addressFrom": None}),
         "contact", "to", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
        (conversation(segments=[("2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"),
                                ("2026-01-01T02:00:00Z",)]),
         "from", "to", "2026-01-01T01:00:00Z", "2026-01-02T00:00:00Z"),
        (conversation(segments=[("2026-01-01T01:00:00.5Z", "2026-01-01T02:00:00.5Z"),
                                ("2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z")]),
         "from", "to", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00.5Z"),
        (conversation(purpose="external"),
         "from", "to", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
    ],
)  # fmt: skip
def test_conversations_details(warehouse, given, account, integration, start, end):
    warehouse.landed({"conversations": [given]}, name="f.json", dataset="message_interactions")
    assert warehouse.rows(
        "conversation_id, customer_account, platform, integration_id, start_time, end_time"
    ) == [("c1", account, "whatsapp", integration, start, end)]


@pytest.mark.parametrize(
    "given", [conversation(purpose="agent"), conversation(session={"mediaType": "voice"})]
)
def test_conversations_details_leave_out_other_legs(warehouse, given):
    place = {"name": "f.json", "dataset": "message_interactions"}
    assert warehouse.landed({"conversations": [given]}, **place).rows == 0


def test_conversations_details_of_a_wrong_shape_are_refused(warehouse):
    given = conversation() | {"participants": ["x"]}
    message = warehouse.refusal(
        {"conversations": [given]}, name="f.json", dataset="message_interactions"
    )
    assert "participants is no list of objects" in message


LICENSE_USERS = [{"id": "u1", "licenses": ["cx2", "collaborate"]}, {"id": "u2", "licenses": []}]


@pytest.mark.parametrize("content", [LICENSE_USERS, {"entities": LICENSE_USERS, "pageCount": 1}])
@pytest.mark.parametrize("name", ["licenses_2026-01-31.json", "20260131.json", "x20260131-v2.json"])
def test_license_users_are_dated_by_the_file_name(warehouse, content, name):
    warehouse.landed(content, name=name, dataset="license_assignments")
    assert warehouse.rows("user_id, license, assigned_from, assigned_to, snapshot_date") == [
        ("u1", "cx2", "2026-01-31", None, "2026-01-31"),
        ("u1", "collaborate", "2026-01-31", None, "2026-01-31"),
    ]


@pytest.mark.parametrize("name", ["f.json", "2026-13-01.json", "2026-01-01_2026-01-31.json"])
def test_license_users_without_one_day_are_refused(warehouse, name):
    message = warehouse.refusal(LICENSE_USERS, name=name, dataset="license_assignments")
    assert "license_users_2026-01-31.json" in message


# Parquet


def write_parquet(warehouse, query, dataset="users"):
    path = warehouse.deliver(b"", name="f.parquet", dataset=dataset)
    with duckdb.connect() as connection:
        connection.execute(f"copy ({query}) to '{path}' (format parquet)")
    return path.read_bytes()


def test_parquet_values_become_text(warehouse):
    content = write_parquet(
        warehouse,
        "select 7 as \"User ID\", '' as email, 1.50::decimal(9, 2) as name, "
        "timestamp '2026-01-01 08:00:00.25' as at, timestamptz '2026-01-01 08:00:00+02' as tz, "
        "date '2026-01-31' as day, [1, 2] as list, {'a': 'x'} as \"o'b\", true as flag, "
        "'b'::blob as bytes_are_text",
    )
    warehouse.landed(content, name="f.parquet")
    [row] = warehouse.rows("user_id, email, name, extra_columns")
    assert row[:3] == ("7", None, "1.50")
    assert json.loads(row[3]) == {
        "at": "2026-01-01T08:00:00.25",
        "tz": "2026-01-01T06:00:00+00",
        "day": "2026-01-31",
        "list": [1, 2],
        "o'b": {"a": "x"},
        "flag": "true",
        "bytes_are_text": "b",
    }


def test_parquet_rows_keep_their_order(warehouse):
    content = write_parquet(
        warehouse, "select i as user_id, 'e' as email from range(500000) t(i) order by i"
    )
    assert warehouse.landed(content, name="f.parquet").rows == 500_000
    assert warehouse.sql("select count(*) from lake where user_id::int + 1 <> source_row") == [(0,)]


def test_parquet_without_a_required_column_is_refused(warehouse):
    content = write_parquet(warehouse, "select 'u' as user_id, 'x' as mail")
    message = warehouse.refusal(content, name="f.parquet")
    assert "Did you mean 'mail' for email?" in message


# What docs/datasets.md says


DATASETS = (lake.PROJECT_DIR / "docs" / "datasets.md").read_text()


@pytest.mark.parametrize("dataset", lake.datasets().values(), ids=lambda dataset: dataset.name)
def test_the_documentation_has_every_dataset_with_its_columns(dataset):
    [section] = re.findall(rf"^### `{dataset.name}`\n(.*?)(?=^##|\Z)", DATASETS, re.M | re.S)
    documented = dict(re.findall(r"^\| `(\w+)` \| (yes|no) \|", section, re.M))
    assert documented == {
        column: "yes" if column in dataset.required else "no" for column in dataset.columns
    }
    [key] = re.findall(r"^Key: (.*)", section, re.M)
    assert re.findall(r"`(\w+)`", key) == list(dataset.natural_key)
    header, example = re.search(r"^```csv\n(.*)\n(.*)\n", section, re.M).groups()
    positions = formats.match(header.split(","), dataset)
    assert dataset.required <= set(positions)
    assert len(next(csv.reader([example]))) == len(header.split(","))


def test_the_documentation_explains_every_reason():
    declared = (lake.PROJECT_DIR / "models/marts/quality/rejected_rows.yml").read_text()
    [reasons] = re.findall(r"values: \[(wrong_column_count[^]]*)]", declared)
    assert re.findall(r"^\| `(\w+)` \| \D", DATASETS.split("## Reasons")[1], re.M) == (
        reasons.split(", ")
    )


def test_the_documentation_has_every_product_and_alias():
    for seed in ("products", "product_aliases", "billing_option_names"):
        with (lake.PROJECT_DIR / "seeds" / f"{seed}.csv").open() as file:
            names = [next(iter(row.values())) for row in csv.DictReader(file)]
        assert [name for name in names if f"`{name}`" not in DATASETS] == []
