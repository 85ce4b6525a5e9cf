"""Vendor invoices as PDF: what does not fit, or may mean two things, is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fpdf import FPDF

import invoice_pdfs as pdfs
from invoice_pdfs import CORE, TAXES, TELCO, Errors, Style
from invoice_pdfs.reading import HEAD, INVOICE, SHORT, TITLES, charge, page, parsed, refusal


@pytest.mark.parametrize(
    ("style", "errors", "message"),
    [
        (
            {},
            {"total": "4123.88"},
            "prints 4123.88 for the total, but its charges add up to 4122.88: a difference of 1.00",
        ),
        ({}, {"subtotals": {CORE: "3000.00"}}, "prints 3000.00 for Core Services and Fees, but"),
        ({}, {"missing": ("Invoice Number",)}, "shows no invoice number"),
        ({}, {"missing": ("Invoice Date",)}, "shows no invoice date"),
        ({"payable_in": None}, {}, "shows no currency"),
        ({"payable_in": None, "sign": "symbol"}, {}, "leaves open which currency '$' is"),
        ({"payable_in": "EUR", "sign": "symbol"}, {}, "prints more than one kind of currency"),
        (
            {},
            {"amounts": {"Genesys Cloud CX 2": "EUR 3,000.00"}},
            "prints more than one kind of currency: 'USD' (page 1: 'Payable in USD') and",
        ),
        (
            {},
            {"amounts": {"Genesys Cloud CX 2": "3.000,00"}},
            "prints more than one kind of number",
        ),
        ({}, {"amounts": {"Genesys Cloud CX 2": "30,00,0"}}, "has a number that cannot be read"),
        ({}, {"amounts": {"Genesys Cloud CX 2": "n/a"}}, "'Genesys Cloud CX 2 25 120.00 n/a'"),
        ({}, {"amounts": {"Genesys Cloud CX 2": "waived"}}, "(page 1: 'Genesys Cloud CX 2 25 "),
        (
            {},
            {"stray": {CORE: ("Prices rose on 1 March",)}},
            "be something else (page 1: 'Prices rose on 1 March')",
        ),
        (
            {"subtotals": False},
            {"stray": {CORE: ("Service Period: 15 Feb 2026",)}},
            "has a service period that cannot be read",
        ),
        ({"padding": 0}, {"stray": {TELCO: ("Professional Services",)}}, "be something else"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, style, errors, message):
    content = pdfs.draw(INVOICE, Style(**style), Errors(**errors))
    assert message in refusal(content, tmp_path)


@pytest.mark.parametrize("dates", pdfs.AMBIGUOUS)
def test_the_order_of_day_and_month_needs_a_date_that_tells(tmp_path, dates):
    style = Style(dates=dates)
    assert (
        parsed(pdfs.draw(SHORT, style), tmp_path).charges[0]["service_period_end"] == "2026-05-04"
    )
    silent = replace(SHORT, date="2026-05-06")
    assert "leaves open which date '0" in refusal(pdfs.draw(silent, style), tmp_path)
    telling = Style(dates=dates, watermark=None, footer="Printed on 06/17/2026")
    if dates == "us":
        assert parsed(pdfs.draw(silent, telling), tmp_path).date == "2026-05-06"
    else:
        assert parsed(pdfs.draw(silent, telling), tmp_path).date == "2026-06-05"


def test_dates_that_contradict_each_other_are_refused(tmp_path):
    head = ["Invoice Number: 7", "Invoice Date: 16/03/2026", "Due Date: 04/30/2026", *HEAD[2:]]
    lines = [*head, TITLES, CORE, charge("Call", "1", "9.00", "9.00"), "Total 9.00"]
    assert "prints more than one kind of date: '16/03/2026'" in refusal(page(lines), tmp_path)


def test_a_number_that_may_be_two_is_refused(tmp_path):
    lines = [*HEAD, TITLES, CORE, charge("Call", "1", "9", "1,234"), "Total 1,234"]
    assert "number '1,234' is" in refusal(page(lines), tmp_path)
    lines = [*HEAD, TITLES, CORE, charge("Call", "1", "9.5", "1,234"), "Total 1,234"]
    assert parsed(page(lines), tmp_path).total == "1234"


CALL = charge("Call", "1", "9.00", "9.00")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([TITLES, CORE, CALL], "prints no total"),
        ([TITLES, CORE, "Total 0.00"], "holds no charges"),
        ([CALL, "Total 9.00"], "none of the sections"),
        ([TITLES, CALL, "Total 9.00"], "stands in no section"),
        ([CORE, CALL, "Total 9.00"], "no known part of an invoice (page 1: 'Call 1 9.00 9.00')"),
        ([TITLES, CORE, CALL, "Total 9.00", CALL], "stands below the total"),
        ([TITLES, CORE, CALL, "Total 9.00", "Memo:", CALL], "has a charge among its notes"),
        ([TITLES, CORE, CALL, "1 of 2", "Total 9.00"], "be something else"),
        ([TITLES, CORE, CALL, TAXES, CALL, "Total 18.00"], "be something else"),
        ([TITLES, CORE, CALL[:3], "Total 9.00"], "has no amount"),
        ([TITLES, CORE, (CALL[0], *CALL[2:]), "Total 9.00"], "a rate and no quantity"),
        ([TITLES, CORE, CALL[1:], "Total 9.00"], "has no description"),
        ([TITLES, CORE, ((20, "Call"), *CALL[1:3])], "no known part of an invoice"),
        ([TITLES, CORE, ((20, "1"), *CALL)], "no known part of an invoice"),
        ([TITLES, CORE, (CALL[0], (400, "1"), CALL[3]), "Total 9.00"], "among its numbers"),
        ([TITLES, CORE, charge("Call", "1", "nine", "9.00"), "Total 9.00"], "among its numbers"),
        ([TITLES, CORE, charge("Call", "5%", "1", "9.00"), "Total 9.00"], "has a percentage"),
        ([TITLES, CORE, ((40, "Total discount"), (520, "9.00"))], "looks like a sum"),
        (
            [TITLES, CORE, CALL, "Service Period: 1 May 2026 to 1 June 2026", "Total 9.00"],
            "has a service period below charges",
        ),
        (
            [(*TITLES[:1], (200, "Tax code"), *TITLES[1:]), CORE, CALL, "Total 9.00"],
            "no known part",
        ),
        (
            [TITLES, CORE, CALL, "Total 9.00", "Invoice Number: 8"],
            "holds two invoices, 7 and 8",
        ),
    ],
)
def test_lines_that_are_not_understood_are_refused(tmp_path, lines, message):
    assert message in refusal(page([*HEAD, *lines]), tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Invoice Date: 2026-03-17", "two values for invoice date: '2026-03-16'"),
        ("Service Period: February 2026", "has a service period that cannot be read"),
    ],
)
def test_a_head_that_leaves_a_doubt_is_refused(tmp_path, line, message):
    lines = [*HEAD, line, TITLES, TAXES, CALL, "Total 9.00"]
    assert message in refusal(page(lines), tmp_path)


def test_an_address_ends_where_its_lines_do(tmp_path):
    lines = ["Bill To", "Acme", " ", " ", "Ref 12", *HEAD, TITLES, CORE, CALL, "Total 9.00"]
    assert parsed(page(lines), tmp_path).details["bill_to"] == "Acme"


def test_a_charge_without_a_service_period_beside_one_with_it_is_refused(tmp_path):
    period = "Service Period: 2026-02-15 to 2026-03-15"
    telco, taxes = [TELCO, period, CALL, "Subtotal 9.00"], [TAXES, CALL, "Total 27.00"]
    core = [CORE, CALL, "Subtotal 9.00"]
    lines = [*HEAD[:3], TITLES, *telco, *core, *taxes]
    assert "has no service period (page 1: 'Call 1 9.00 9.00')" in refusal(page(lines), tmp_path)
    core.insert(1, period)
    lines = [*HEAD[:3], TITLES, *telco, *core, *taxes]
    assert len(parsed(page(lines), tmp_path).charges) == 3


@pytest.mark.parametrize("section", [CORE, TAXES])
def test_an_invoice_may_print_no_service_period_at_all(tmp_path, section):
    lines = [*HEAD[:3], TITLES, section, CALL, "Total 9.00"]
    [row] = parsed(page(lines), tmp_path).charges
    assert row["service_period_start"] is row["service_period_end"] is None


def test_two_invoices_in_one_file_are_refused(tmp_path):
    first = [*HEAD, TITLES, CORE, CALL, "Total 9.00", "Memo: none"]
    second = ["Invoice Number: 8", *HEAD[1:], TITLES, CORE, CALL, "Total 9.00"]
    pdf = FPDF(unit="pt", format="letter")
    for lines in (first, second):
        pdf.add_page()
        pdf.set_font("helvetica", size=9)
        for number, line in enumerate(lines):
            for x, text in [(40, line)] if isinstance(line, str) else line:
                pdf.text(x, 60 + 14 * number, text)
    assert "holds two invoices, 7 and 8" in refusal(bytes(pdf.output()), tmp_path)


def test_letters_without_a_meaning_are_refused(tmp_path):
    lines = [*HEAD, TITLES, CORE, charge("(cid:12)(cid:13)", "1", "9.00", "9.00"), "Total 9.00"]
    assert "stand for no character" in refusal(page(lines), tmp_path)


@pytest.mark.parametrize(
    ("first", "second"),
    [("Genesys Cloud", "CX 2 User"), ("PureCloud", "2 User"), ("Communicate User", "- Committed")],
)
def test_half_a_name_goes_on_in_the_next_line(tmp_path, first, second):
    long = charge("A description that leaves room for more words", "1", "9.00", "9.00")
    lines = [*HEAD, TITLES, CORE, long, charge(first, "1", "9.00", "9.00"), second, long]
    read = parsed(page([*lines, "Total 27.00"]), tmp_path)
    assert [row["description"] for row in read.charges][1] == f"{first} {second}"


@pytest.mark.parametrize(
    ("first", "second"), [("Genesys Cloud CX 2", "Overage"), ("Call", "-- 5"), ("Clouds", "CX 2")]
)
def test_a_whole_name_and_words_below_it_are_refused(tmp_path, first, second):
    long = charge("A description that leaves room for more words", "1", "9.00", "9.00")
    lines = [*HEAD, TITLES, CORE, long, charge(first, "1", "9.00", "9.00"), second, long]
    assert "be something else" in refusal(page([*lines, "Total 27.00"]), tmp_path)
