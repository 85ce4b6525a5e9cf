"""Vendor invoices as PDF: what is drawn is what is read, exactly."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from fpdf import FPDF
from fpdf.enums import VAlign

import invoice_pdfs as pdfs
from conftest import SAMPLE
from cx_billing import builds, dbt_runs, landing
from cx_billing.invoice_pdf import values
from invoice_pdfs import CORE, PREPAY, TAXES, Errors, Style
from invoice_pdfs.reading import HEAD, INVOICE, LONG, TITLES, charge, page, parsed, refusal

NUMBERS = ((430, "3.00"), (520, "9.00"))

# What is drawn is read


@pytest.mark.parametrize("seed", range(100))
def test_random_invoices_are_read_as_they_were_drawn(tmp_path, seed):
    invoice, style = pdfs.random_invoice(seed), pdfs.random_style(seed)
    read = parsed(pdfs.draw(invoice, style), tmp_path)
    assert list(read.charges) == pdfs.rows(invoice)
    assert (read.number, read.date, read.currency) == (
        invoice.number,
        invoice.date,
        invoice.currency,
    )
    assert Decimal(read.total) == invoice.total


def test_drawing_is_deterministic():
    assert pdfs.draw(INVOICE) == pdfs.draw(INVOICE)


def test_the_head_is_kept(tmp_path):
    for head in ("pairs", "stacked", "inline"):
        read = parsed(pdfs.draw(INVOICE, Style(head=head)), tmp_path)
        assert read.details == {
            "due_date": "2026-04-15",
            "amount_due": "4122.88",
            "payable_in": "USD",
            "payment_terms": "Net 30",
            "po_number": "PO-7781",
            "master_order": "MO-55021",
            "bill_to": "Northwind Support Ltd, 12 Harbour Street, Leeds LS1 4AP",
            "ship_to": "Northwind Support Ltd, Unit 4, Canal Road, Leeds LS2 8QJ",
        }, head


@pytest.mark.parametrize("numbers", pdfs.NUMBER_FORMATS)
@pytest.mark.parametrize("credits", pdfs.CREDITS)
def test_numbers_keep_all_their_digits(tmp_path, numbers, credits):
    style = Style(numbers=numbers, credits=credits, sign="symbol")
    assert list(parsed(pdfs.draw(INVOICE, style), tmp_path).charges) == pdfs.rows(INVOICE)


@pytest.mark.parametrize("dates", pdfs.DATE_FORMATS)
def test_dates_are_read_in_every_format(tmp_path, dates):
    read = parsed(pdfs.draw(INVOICE, Style(dates=dates)), tmp_path)
    assert list(read.charges) == pdfs.rows(INVOICE)


def test_a_rate_in_percent_is_a_factor(tmp_path):
    lines = [*HEAD, TITLES, TAXES, charge("State Tax", "80.00", "5.25%", "4.20"), "Total 4.20"]
    [row] = parsed(page(lines), tmp_path).charges
    assert (row["qty"], row["rate"], row["amount"]) == ("80.00", "0.0525", "4.20")


def test_a_number_of_letters_alone_is_read_behind_its_label(tmp_path):
    lines = [
        *(line.replace("Number: 7", "Number: PA") for line in HEAD),
        *(TITLES, CORE, charge("Call", "1", "9.00", "9.00"), "Total 9.00"),
    ]
    assert parsed(page(lines), tmp_path).number == "PA"
    other = [*lines, "Invoice Number: PB"]
    assert "holds two invoices, PA and PB" in refusal(page(other), tmp_path)
    for value in ("see above", "pending", "Draft"):
        none = [HEAD[0].replace("7", value), *lines[1:]]
        assert "shows no invoice number" in refusal(page(none), tmp_path)


@pytest.mark.parametrize("title", [40, 150, 240])
@pytest.mark.parametrize("qty", [350, 362, 400])
def test_titles_may_be_left_right_or_in_the_middle_of_wide_columns(tmp_path, title, qty):
    titles = ((title, TITLES[0][1]), *TITLES[1:])
    lines = [
        *(*HEAD, titles, CORE),
        ((40, "Genesys Cloud CX 2 Concurrent User with an option of"), (qty, "3"), *NUMBERS),
        ((40, "a long name"),),
        ((40, "Phone"), (qty, "1"), (430, "0.02"), (520, "0.02")),
        "Total 9.02",
    ]
    read = parsed(page(lines), tmp_path)
    assert [(row["description"], row["qty"], row["rate"]) for row in read.charges] == [
        ("Genesys Cloud CX 2 Concurrent User with an option of a long name", "3", "3.00"),
        ("Phone", "1", "0.02"),
    ]


def test_a_charge_may_have_minutes_and_no_one_rate(tmp_path):
    lines = [
        *(*HEAD, TITLES, CORE, charge("Phone", "1", "9.00", "9.00")),
        ((40, "Outbound Calling Service"), (350, "92"), (520, "1.10")),
        "Total 10.10",
    ]
    assert [(row["qty"], row["rate"]) for row in parsed(page(lines), tmp_path).charges] == [
        ("1", "9.00"),
        ("92", None),
    ]
    assert "a difference of 1.00" in refusal(page([*lines[:-1], "Total 11.10"]), tmp_path)


def test_payments_lower_what_is_due_not_the_total(tmp_path):
    lines = [*HEAD, TITLES, CORE, charge("Call", "1", "9.00", "9.00"), "Total 9.00"]
    paid = [*lines, "Payments received (5.00)", "Amount Due $4.00"]
    assert parsed(page(paid), tmp_path).total == "9.00"
    wrong = [*lines, "Payments received (5.00)", "Amount Due $9.00"]
    assert "a difference of 5.00" in refusal(page(wrong), tmp_path)


def table(align: VAlign, times: int) -> bytes:
    """Charges in a table that the library lays out: lines as far apart as rows, text in bold."""
    pdf = FPDF(format="letter")
    pdf.add_page()
    pdf.set_font("times", size=11)
    head = ("Invoice #** 7001", "Invoice Date:** March 16, 2026", "Currency:** US Dollars")
    for text in (*head, "Service Dates:** Feb 15, 2026 - Mar 15, 2026", f"{CORE}**"):
        pdf.cell(text=f"**{text}", markdown=True, new_x="LMARGIN", new_y="NEXT")
    rows = [(LONG, "1,000", "$1.50", "$1,500.00"), ("Call", "2", "$0.50", "$1.00")] * times
    widths, numbers = (50, 15, 15, 20), ("RIGHT",) * 3
    with pdf.table(col_widths=widths, text_align=("LEFT", *numbers), v_align=align) as drawn:
        for texts in [("Description", "Quantity", "Unit Price", "Amount (USD)"), *rows]:
            row = drawn.row()
            for text in texts:
                row.cell(text)
    pdf.cell(text=f"**Invoice Total: ${1501 * times:,}.00**", markdown=True)
    return bytes(pdf.output())


@pytest.mark.parametrize("times", [1, 30])
def test_tables_that_another_layout_draws_are_read(tmp_path, times):
    read = parsed(table(VAlign.T, times), tmp_path)
    assert [(row["description"], row["amount"]) for row in read.charges] == [
        (LONG, "1500.00"),
        ("Call", "1.00"),
    ] * times
    assert (read.charges[0]["service_period_end"], read.currency) == ("2026-03-15", "USD")


def test_numbers_beside_no_line_of_their_description_are_refused(tmp_path):
    assert "no known part of an invoice" in refusal(table(VAlign.M, 1), tmp_path)


def test_titles_of_groups_and_other_spellings_are_known(tmp_path):
    lines = [
        *HEAD,
        "Core Services & Fees - Prepay",
        "(Service Period: 15-Mar-2026 - 15-Apr-2026)",
        TITLES,
        "Resource Usage",
        charge("Call", "1", "9.00", "9.00"),
        "Total for Core Services & Fees - Prepay: 9.00",
        "Remit to:",
        "Total amount is not due",
    ]
    lines.insert(-2, "Invoice total (USD) 9.00")
    [row] = parsed(page(lines), tmp_path).charges
    assert (row["section"], row["service_period_end"]) == (PREPAY, "2026-04-15")


def test_a_sign_at_the_left_of_its_column_belongs_to_the_number(tmp_path):
    line = ((40, "Call"), (350, "1"), (415, "$"), (430, "9.00"), (490, "$"), (520, "9.00"))
    [row] = parsed(page([*HEAD, TITLES, CORE, line, "Total 9.00"]), tmp_path).charges
    assert (row["description"], row["rate"], row["amount"]) == ("Call", "9.00", "9.00")


def test_letters_drawn_twice_to_look_bold_are_read_once(tmp_path):
    line = charge("Call", "1", "9.00", "9.00")
    twice = line + tuple((x + 0.3, text) for x, text in line)
    [row] = parsed(page([*HEAD, TITLES, CORE, twice, "Total 9.00"]), tmp_path).charges
    assert (row["description"], row["amount"]) == ("Call", "9.00")


@pytest.mark.parametrize(
    ("printed", "readings"),
    [
        ("1,234.56", {".": "1234.56"}),
        ("1.234,56 EUR", {",": "1234.56"}),
        ("1 234,56", {",": "1234.56"}),
        ("1'234.50", {".": "1234.50"}),
        ("($ 12.00)", {".": "-12.00"}),
        ("-$12.00", {".": "-12.00"}),
        ("$(12.00)", {".": "-12.00"}),
        ("12.00-", {".": "-12.00"}),
        ("12.00 CR", {".": "-12.00"}),
        ("\u2212.50", {".": "-0.50"}),
        ("0.006", {".": "0.006"}),
        ("1,234", {".": "1234", ",": "1.234"}),
        ("1,234,567", {".": "1234567"}),
        ("007", {".": "007", ",": "007"}),
        ("12,34,56", {}),
        ("1,234 567", {}),
        ("9" * 30, {}),
        ("-(12.00)", None),
        ("(12.00", None),
        ("12.00 each", None),
        ("\uff11\uff12", None),
        ("1e5", None),
    ],
)
def test_numbers_are_read_by_the_mark(printed, readings):
    found = values.number(printed)
    assert (found and found.readings) == readings


# Landing


def deliver(folder: Path, content: bytes, dataset="vendor_invoice_lines", name="inv.pdf") -> Path:
    file = folder / "acme" / dataset / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return folder


def rows_of(database: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.sql(query).fetchall()


def test_landing_keeps_the_head_in_extra_columns(tmp_path):
    report = landing.land(deliver(tmp_path / "in", pdfs.draw(INVOICE)), tmp_path / "home")
    assert report.refused == []
    [file] = report.landed
    assert (file.rows, file.parse_errors) == (7, 0)
    [(qty, extra)] = duckdb.sql(
        f"select qty, extra_columns from '{tmp_path}/home/lake/vendor_invoice_lines/*.parquet' "
        "where source_row = 2"
    ).fetchall()
    assert qty == "1234.5"
    assert json.loads(extra)["payment_terms"] == "Net 30"


def test_landing_refuses_with_the_difference_and_other_datasets_at_all(tmp_path):
    folder = deliver(tmp_path / "in", pdfs.draw(INVOICE, errors=Errors(total="1.00")))
    deliver(folder, pdfs.draw(INVOICE), dataset="users")
    report = landing.land(folder, tmp_path / "home")
    assert report.landed == []
    [users, invoice] = sorted(refused.message for refused in report.refused)
    assert users.startswith("acme/users/inv.pdf (dataset users): is a PDF")
    assert "a difference of -4121.88 (page 1: 'Total 1.00')" in invoice


def test_the_sample_is_reconciled_alike_from_pdf_and_csv(sample_warehouse, tmp_path):
    """Staging and every mart below it, row for row; ids that follow from the file left out."""
    inbox, home = tmp_path / "inbox", tmp_path / "home"
    for file in (SAMPLE / "inbox").glob("*/vendor_invoice_lines/*.csv"):
        target = inbox / file.relative_to(SAMPLE / "inbox").with_suffix(".pdf")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(pdfs.draw(pdfs.from_csv(file)))
    report = landing.land(inbox, home)
    assert (len(report.landed), report.refused, report.warnings) == (6, [], [])

    before = (sample_warehouse / builds.PUBLISHED).resolve()
    after = tmp_path / builds.PUBLISHED
    shutil.copytree(before.parent, tmp_path, dirs_exist_ok=True)
    for folder in filter(Path.is_dir, (sample_warehouse / "lake").iterdir()):
        if folder.name != "vendor_invoice_lines":
            shutil.copytree(folder, home / "lake" / folder.name, dirs_exist_ok=True)
    as_of = (SAMPLE / "AS_OF").read_text().strip()
    select = ["--select", "stg_vendor_invoice_lines+", "--exclude", "load_audit+"]
    variables = ["--vars", json.dumps({"as_of": as_of})]
    assert dbt_runs.run(["run", *select, *variables], home, after).success

    tables = {
        "private.staging.stg_vendor_invoice_lines": "file_id, source_file, landed_at",
        "marts.invoice_reconciliation": "reconciliation_id",
        "marts.telco_reconciliation": None,
    }
    for table, provenance in tables.items():
        columns = f"* exclude ({provenance})" if provenance else "*"
        csv, pdf = (
            builds.connect_with_private(file).sql(f"select {columns} from {table}").fetchall()
            for file in (before, after)
        )
        assert csv, table
        assert sorted(map(str, pdf)) == sorted(map(str, csv)), table
