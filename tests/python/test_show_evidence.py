"""`cx-billing show evidence`: what a line rests on, as a page."""

from __future__ import annotations

import re

import pytest

from command_line import cells, cx_billing
from cx_billing import pages, warehouse
from cx_billing.pages import evidence
from published_marts import publish_marts


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with published marts."""
    return publish_marts(tmp_path_factory.mktemp("evidence"))


def show(home, *arguments, code=0):
    """What `show evidence` prints."""
    return cx_billing("--home", home, "show", "evidence", *arguments, code=code)


def test_a_line_is_summed_by_kind_and_shown_row_by_row_by_amount(home):
    said = show(home, "acme", "2")
    assert re.search(r"Amount:?\s+1,234.50 USD", said)
    by_kind, rows = said.split("Row by row")
    assert cells(by_kind, "call ")[:4] == ["call", "2", "1,000.1", "1,234.496"]
    assert cells(by_kind, "Total") == ["Total", "3", "1,000.1", "1,234.50"]
    places = [rows.index(key) for key in ("f/2", "f/1", "rounding")]
    assert places == sorted(places)
    assert cells(rows, "call  ")[1:3] == ["f/2", "2026-03-06 11:00:00"]
    assert "Until" not in rows
    assert "A call has its cost as recorded" in said
    assert "taken off" not in said


def test_a_waived_peak_has_its_witness_and_its_users(home):
    said = show(home, "acme", "3")
    assert "The line is waived" in said
    assert "were all on from the start of its witness to its end" in said
    assert "[red]ann <b>" in said
    assert "2026-03-06 09:40:00" in said


@pytest.mark.parametrize("words", [("3",), ("2026-04-05", "--set")])
def test_a_peak_says_which_reading_the_vendors_invoice_agrees_with(home, tmp_path, words):
    if "--set" in words:
        cx_billing("--home", home, "show", "index", "--org", "acme", "--out", tmp_path)
        said = (tmp_path / "evidence-acme-2026-04-05.html").read_text()
    else:
        said = show(home, "acme", *words)
        assert "agrees with" not in show(home, "acme", "2")
    assert "vendor bills 1, which agrees with accumulated and sustained; the" in said


def test_what_is_taken_off_is_said(home):
    assert "What is taken off lowers the quantity" in show(home, "acme", "5")


def test_a_long_line_shows_its_first_rows_and_says_so(home):
    said = show(home, "acme", "2", "--rows", "1")
    assert "The first 1 of 3 rows by amount; --rows 0 shows all." in said
    assert "f/2" in said
    assert "f/1" not in said
    assert cells(said, "Total") == ["Total", "3", "1,000.1", "1,234.50"]
    assert "The first" not in show(home, "acme", "2", "--rows", "0")


@pytest.mark.parametrize("invoice", ["2026-04-05", "acme-2026-04-05"])
def test_an_invoice_lists_its_lines_with_their_ids(home, invoice):
    said = show(home, "acme", invoice)
    assert cells(said, "Outbound")[-1] == "2"
    assert "State tax" in said
    assert "EX " not in said
    assert "cx-billing show evidence acme 'LINE'" in said


def test_a_line_of_another_organization_is_unknown(home):
    said = show(home, "kaze", "2", code=2)
    assert "Organization kaze has no invoice line 2." in said
    assert "invoices of 2026-04-10; cx-billing show evidence kaze INVOICE_DATE" in said
    assert "No organization" in show(home, "nobody", "2", code=2)


def test_html_shows_the_same_and_escapes_it(home, tmp_path):
    file = tmp_path / "page.html"
    show(home, "acme", "3", "--html", file)
    html = file.read_text()
    assert "[red]ann &lt;b&gt;" in html
    assert "user on at the peak" in html


def test_the_page_of_an_invoice_leads_to_its_evidence(home):
    said = cx_billing("--home", home, "show", "invoice", "acme", "2026-04-05")
    assert "cx-billing show evidence acme 2026-04-05." in said


def test_every_kind_has_words(sample_warehouse):
    with warehouse.connect(sample_warehouse) as connection:
        kinds = {
            kind
            for (kind,) in connection.sql(
                "select distinct kind from marts.invoice_line_evidence"
            ).fetchall()
        }
        lines = connection.sql(
            "select org_id, any_value(invoice_line_id) from marts.invoice_lines group by all"
        ).fetchall()
        for org_id, line in lines:
            assert pages.compose_evidence(connection, org_id, line).tables[1].rows
    assert len(kinds) > 10
    assert kinds <= set(evidence.KINDS)
