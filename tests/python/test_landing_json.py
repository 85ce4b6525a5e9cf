"""JSON and Parquet files: shapes that say the same, values that keep their text."""

from __future__ import annotations

import gzip
import io
import json

import duckdb
import pytest

from cx_billing import formats

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


# A number that a file holds as a number has a decimal point, whatever its texts look like.


@pytest.mark.parametrize(
    "number, text",
    [("505.992", "505.9920"), ("-1.125", "-1.1250"), ("0.125", "0.125"), ("1.5", "1.5")],
)
@pytest.mark.parametrize("name", ["f.json", "f.parquet"])
def test_the_point_of_a_number_is_seen_to_be_decimal(warehouse, name, number, text):
    content = f'[{{"user_id": {number}, "email": "505.992"}}]'
    if name == "f.parquet":
        query = f"select {number}::double as user_id, '505.992' as email"
        content = write_parquet(warehouse, query)
    warehouse.landed(content, name=name)
    assert warehouse.rows("user_id, email") == [(text, "505.992")]


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
