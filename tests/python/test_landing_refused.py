"""Files that cannot be read are refused, each with its reason, and stop no other."""

from __future__ import annotations

import gzip

import pytest

from cx_billing import formats, invoice_pdf, lake
from deliveries import USERS


@pytest.mark.parametrize(
    "content, name, expected",
    [
        (b"", "f.csv", "empty"),
        (b"", "f.json", "empty"),
        (b"", "f.parquet", "empty"),
        (b"\n \n", "f.csv", "no header"),
        (gzip.compress(b"", mtime=0), "f.csv.gz", "no header"),
        (gzip.compress(USERS * 9999, mtime=0)[:-200], "f.csv.gz", "gzip"),
        (gzip.compress(USERS * 9999, mtime=0)[:-4], "f.csv.gz", "gzip"),
        (USERS, "f.csv.gz", "gzip"),
        (gzip.compress(USERS, mtime=0), "f.csv", "add .gz"),
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
        (gzip.compress(b'[{"user_id": "u1", "email": "a"}]', mtime=0)[:-9], "f.json.gz", "gzip"),
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
    [
        ("voice", "voice_usage"),
        ("user", "users"),
        ("contracts_2026", "contracts"),
        ("calls", "voice_usage"),
        ("invoices_2026", "vendor_invoice_lines"),
        ("people", "users"),
    ],
)
def test_a_dataset_that_begins_alike_or_holds_it_is_what_was_meant(warehouse, name, meant):
    assert f"Did you mean {meant}?" in warehouse.refusal(USERS, dataset=name)


def test_refused_file_stops_no_other(warehouse):
    for name in ("a.csv", "c.csv"):
        warehouse.deliver(USERS + name.encode(), name=name)
    warehouse.deliver(b"", name="b.csv")
    report = warehouse.land()
    assert (len(report.landed), len(report.refused)) == (2, 1)


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
