"""`record-dispute`, `show disputes` and `show calendar`: what is recorded and what is shown."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from command_line import cells, cx_billing
from cx_billing.cli.options import today
from published_marts import publish_marts


@pytest.fixture
def home(tmp_path) -> Path:
    return publish_marts(tmp_path)


def list_events(home: Path) -> list[tuple]:
    return duckdb.sql(
        "select org_id, invoice_number, event, event_date, recorded_by, amount, product_code, note "
        f"from read_parquet('{home}/lake/disputes/*.parquet', union_by_name = true) "
        "order by landed_at"
    ).fetchall()


def test_an_event_is_a_row_of_the_dataset_and_said_twice_is_one(home):
    record = ("--home", home, "record-dispute", "acme", "V-77")
    said = cx_billing(*record, "opened", "--by", "Ana", "--date", "2026-05-10")
    assert "Invoice V-77 is opened as of 2026-05-10 from the next build on" in said
    assert "is recorded already" in cx_billing(
        *record, "Opened", "--by", " Ana", "--date", "2026-05-10"
    )
    cx_billing(*record, "refused", "--amount", "20.50", "--product", "cx3", "--note", "by\nphone")
    assert list_events(home) == [
        ("acme", "V-77", "opened", "2026-05-10", "Ana", None, None, None),
        ("acme", "V-77", "refused", str(today()), None, "20.50", "cx3", "by phone"),
    ]


def test_the_invoice_goes_by_each_of_its_numbers(home):
    said = cx_billing("--home", home, "record-dispute", "acme", "V-77-PDF", "sent")
    assert "Invoice V-77 is sent" in said


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["acmee", "V-77", "opened"], "No organization 'acmee'"),
        (["acme", "V-79", "opened"], "Organization acme has no vendor invoice V-79. It has: V-77"),
        (["acme", "V-77", "paid"], "'paid' is not one of 'opened', 'sent'"),
        (["acme", "V-77", "opened", "--product", "cx1"], "has no difference on invoice V-77"),
        (["acme", "V-77", "opened", "--amount", "0"], "'0' is not above 0"),
        (["acme", "V-77", "opened", "--amount", "NaN"], "'NaN' is not above 0"),
        (["acme", "V-77", "opened", "--amount", "ten"], "'ten' is no amount"),
        (["acme", "V-77", "opened", "--amount", "0.00001"], "too many digits"),
        (["acme", "V-77", "opened", "--date", str(today() + timedelta(days=1))], "yet to come"),
        (["acme", "V-77", "opened", "--date", "2026-02-30"], "no such day"),
    ],
)
def test_what_cannot_be_recorded_is_refused_and_lands_nothing(home, arguments, reason):
    said = cx_billing("--home", home, "record-dispute", *arguments, code=2)
    assert reason in said
    assert not list((home / "lake").glob("disputes/[!_]*.parquet"))


def test_disputes_are_shown_with_their_sums_and_age(home):
    said = cx_billing("--home", home, "show", "disputes")
    assert cells(said, "disputed")[1:] == ["USD", "2", "45.00", "7.00", "52.00"]
    assert cells(said, "not disputed yet")[1:] == ["USD", "1", "3.00", "3.00"]
    assert cells(said, "Total JPY") == ["Total JPY", "500", "500", "0", "0"]
    assert cells(said, "Total USD") == ["Total USD", "107.00", "40.00", "15.00", "52.00"]
    assert "Partly recovered" in said
    unmatched = said[said.index("Credits that settle no dispute") :]
    assert cells(unmatched, "acme") == ["acme", "V-78", "2026-05-07", "12.50", "USD"]


def test_the_disputes_of_one_organization(home):
    said = cx_billing("--home", home, "show", "disputes", "--org", "kaze")
    assert "Disputes of kaze" in said
    assert "Nothing is open" in said
    assert "V-70" not in said
    assert "No organization" in cx_billing("--home", home, "show", "disputes", "--org", "x", code=2)


def test_a_page_of_disputes_escapes_what_was_typed(home, tmp_path):
    page = tmp_path / "disputes.html"
    cx_billing("--home", home, "show", "disputes", "--html", page)
    assert "&lt;script&gt;" in page.read_text()
    assert "<script>" not in page.read_text()


def test_the_calendar_says_what_should_have_come_and_a_silent_organization_once(home):
    said = cx_billing("--home", home, "show", "calendar")
    missing = said[said.index("Missing") : said.index("All")]
    assert cells(missing, "acme") == ["acme", "2026-03-05", "missing", "61", "10.00", "USD"]
    assert said.count("kaze") == 1
    assert "kaze never delivered an invoice of the vendor: none of its 1 is compared" in said
    of_one = cx_billing("--home", home, "show", "calendar", "--org", "acme")
    assert cells(of_one, "2026-04-05")[-3:] == ["V-77", "2026-04-07", "1,334.60"]
    assert cells(of_one, "2026-05-05")[1] == "not yet due"
