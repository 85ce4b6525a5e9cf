"""Pages as data: `--json` and `--csv` of every page, for programs to read."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from command_line import cx_billing
from cx_billing import pages, spreadsheets
from cx_billing.cli.show import show
from cx_billing.pages.content import Column, Page, Row, Table
from cx_billing.pages.data import spell_decimal
from published_marts import publish_marts

SHOWN = {
    "index": (),
    "rules": (),
    "invoice": ("acme", "2026-04-05"),
    "invoices": (),
    "reconciliation": ("acme", "2026-04-05"),
    "vendor-invoice": ("acme", "V-77"),
    "peak": ("acme", "2026-03-05"),
    "telco": (),
    "rejected": (),
    "unbilled": (),
    "files": (),
    "calls": ("acme", "2026-03-05"),
    "inventory": ("acme", "2026-03-05"),
    "evidence": ("acme", "2"),
    "disputes": (),
    "calendar": (),
}


def as_json(home: Path, *words: str) -> dict:
    """The document that a page prints."""
    return json.loads(cx_billing("--home", home, "show", *words, "--json"))


def as_csv(home: Path, *words: str) -> list[dict[str, str]]:
    """The rows that a page prints."""
    said = cx_billing("--home", home, "show", *words, "--csv")
    return list(csv.DictReader(io.StringIO(said)))


@pytest.mark.parametrize("page", show.commands)
def test_every_page_is_json_and_csv(home, page):
    words = (page, *SHOWN[page])
    document = as_json(home, *words)
    assert document["page"] == page
    assert document["build"] == 7
    assert document["usage_through_at"] == "2026-04-20T00:00:00Z"
    assert document["title"] in cx_billing("--home", home, "show", *words)
    for name, records in document["tables"].items():
        rows = list(
            csv.DictReader(
                io.StringIO(cx_billing("--home", home, "show", *words, "--csv", "--table", name))
            )
        )
        assert len(rows) == len(records)
        assert not {"minor_units", "position"} & {key for record in records for key in record}


def test_the_keys_are_columns_of_the_marts_and_amounts_exact(home):
    document = as_json(home, "vendor-invoice", "acme", "V-77")
    assert document["head"]["variance_amount"] == "-154.9"
    assert document["head"]["is_agreed"] is False
    first = document["tables"]["lines"][0]
    assert (first["org_id"], first["invoice_number"]) == ("acme", "V-77")
    assert first["expected_quantity"] == "1000.1"
    assert first["line_number"] == 1
    total = sum(Decimal(row["amount"]) for row in document["tables"]["differences"])
    assert total == Decimal(document["head"]["variance_amount"])


@pytest.mark.parametrize(
    ("page", "table", "columns"),
    [
        ("calls", "calls", {"call_id", "finding", "service", "claim_amount"}),
        ("calls", "findings", {"finding", "calls_count", "claim_amount"}),
        ("inventory", "compared", {"finding", "product_code", "held_quantity", "amount"}),
        ("inventory", "never_used", {"phone_number", "purchased_date"}),
        ("evidence", "kinds", {"kind", "rows_count", "quantity", "amount"}),
        ("evidence", "evidence", {"kind", "evidence_key", "started_at", "amount"}),
        ("disputes", "disputes", {"dispute_id", "status", "claimed_amount", "open_amount"}),
        ("disputes", "not_disputed", {"dispute_id", "open_days"}),
        ("disputes", "unmatched_credits", {"unmatched_credit_amount"}),
        ("disputes", "ageing", {"is_not_opened", "over_90"}),
        ("calendar", "missing", {"expected_date", "status", "days_overdue"}),
        ("calendar", "calendar", {"invoice_id", "vendor_invoice_numbers"}),
    ],
)
def test_codes_are_data_and_words_are_not(home, page, table, columns):
    records = as_json(home, page, *SHOWN[page])["tables"][table]
    assert records
    for record in records:
        assert columns <= set(record)
        assert not {"title", "says", "kind_title", "key_title", "claimed", "anchor"} & set(record)


def test_csv_is_the_main_table_without_totals(home):
    rows = as_csv(home, "vendor-invoice", "acme", "V-77")
    assert [row["line_number"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert rows[0]["is_printed"] == "true"
    assert rows[1]["expected_amount"] == ""
    assert as_csv(home, "invoices")[0]["section_amounts.telco"] == "1234.5"


def test_an_empty_table_is_its_header(home):
    said = cx_billing(
        *("--home", home, "show", "vendor-invoice", "kaze", "V-77", "--csv"),
        *("--table", "differences"),
    )
    assert said == "title,amount,product_code,explanation,caused_by,claim_amount\n"


def test_an_instant_is_of_utc(home):
    peaks = as_json(home, "peak", "acme", "2026-03-05")["tables"]["peaks"]
    assert peaks[1]["peak_ended_at"] == "2026-03-09T15:31:00.500000Z"
    assert peaks[1]["cycle_start_date"] == "2026-03-05"
    named = as_json(home, "peak", "kaze", "2026-03-10")["tables"]["peaks"]
    assert named[0]["peak_rule"] == "sustained", "the data, not the words of the page"


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_the_file_may_be_named_or_not(home, tmp_path, kind):
    option, file = f"--{kind}", tmp_path / f"page.{kind}"
    shown = ("--home", home, "show", "invoice")
    printed = cx_billing(*shown, "acme", "2026-04-05", option)
    assert cx_billing(*shown, option, "acme", "2026-04-05") == printed
    assert cx_billing(*shown, "acme", option, "2026-04-05") == printed
    assert cx_billing(*shown, "acme", "2026-04-05", option, "-") == printed
    for words in (
        ("acme", "2026-04-05", option, file),
        (option, file, "acme", "2026-04-05"),
        ("acme", "2026-04-05", f"{option}={file}"),
    ):
        assert cx_billing(*shown, *words) == f"Wrote {file}.\n"
        assert file.read_bytes().decode() == printed
        file.unlink()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--json", "--csv"), "--json and --csv: give one of them"),
        (("--html", "page.html", "--json"), "--html and --json: give one of them"),
        (("--json", "--table", "lines"), "give it with --csv"),
        (("--csv", "--table", "line"), "no table 'line'. It has: invoices."),
        (("--csv", "gone/page.csv"), "there is no folder gone"),
    ],
)
def test_what_cannot_be_done_at_once_is_refused(home, words, said):
    assert said in cx_billing("--home", home, "show", "invoices", *words, code=2)


def test_status_is_data_too(home):
    assert json.loads(cx_billing("--home", home, "status", "--json"))["head"]["invoices"] == 3


def test_what_comes_from_the_data_stays_as_it_is(tmp_path):
    publish_marts(
        tmp_path,
        changed="update marts.invoice_lines set description = 'a,\"b\"' || chr(10) || 'ç'",
    )
    assert as_csv(tmp_path, "invoice", "kaze", "2026-04-10")[0]["description"] == 'a,"b"\nç'
    lines = as_json(tmp_path, "invoice", "kaze", "2026-04-10")["tables"]["lines"]
    assert lines[0]["description"] == 'a,"b"\nç'


def test_no_text_of_a_csv_is_a_formula_to_a_spreadsheet(tmp_path):
    formulas = ["=1+1", "+49 30 1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0+1"]
    formulas += ["\uff1d1", "\ufeff=1", "\u22121+1", "-1e3+1", '=HYPERLINK("http://x.example")']
    plain = ["-5", "-1,234.50", "a=1", "", " a", "a\t=1"]
    bad = formulas + plain
    told = [f"'{text}" for text in formulas] + plain
    assert [spreadsheets.keep_text(text) for text in bad] == told
    sql = f"select {spreadsheets.keep_text_sql('text')} from (select unnest($1::varchar[]) as text)"
    assert [text for (text,) in duckdb.execute(sql, [bad]).fetchall()] == told
    publish_marts(
        tmp_path, changed="update marts.invoice_lines set description = '=1+1', amount=-1"
    )
    (line,) = as_csv(tmp_path, "invoice", "kaze", "2026-04-10")
    assert (line["description"], line["amount"]) == ("'=1+1", "-1")
    lines = as_json(tmp_path, "invoice", "kaze", "2026-04-10")["tables"]["lines"]
    assert lines[0]["description"] == "=1+1"


def test_a_table_of_text_alone_has_its_headings_as_keys():
    column = Column("Peak from (UTC)", str)
    rows = (Row(("a section",), "section"), Row(("now",)))
    page = Page("", (), (Table("By day", (column,), rows),))
    assert json.loads(pages.render_json(page))["tables"] == {"by_day": [{"peak_from_utc": "now"}]}
    assert pages.render_csv(page) == "peak_from_utc\nnow\n"


@pytest.mark.parametrize(
    ("value", "spelled"),
    [("1246.8500", "1246.85"), ("100", "100"), ("0.000", "0"), ("-0.0", "0"), ("1E+3", "1000")],
)
def test_a_decimal_has_every_digit_that_counts(value, spelled):
    assert spell_decimal(Decimal(value)) == spelled
