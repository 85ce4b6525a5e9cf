"""Vendor invoices as PDF: what is drawn is what is read, exactly, or the file is refused."""

from __future__ import annotations

import json
import random
import shutil
import time
import zlib
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from fpdf import FPDF
from fpdf.enums import EncryptionMethod, VAlign

import invoice_pdfs as pdfs
from cx_billing import invoice_pdf, lake, landing, pdf_lines, warehouse
from cx_billing.formats import UnreadableError
from cx_billing.invoice_pdf import values
from invoice_pdfs import CORE, PREPAY, TAXES, TELCO, Charge, Errors, Invoice, Section, Style

SAMPLE = lake.PROJECT_DIR / "sample"
PERIOD, COMING = ("2026-02-15", "2026-03-15"), ("2026-03-15", "2026-04-15")
LONG = "Genesys Cloud CX 2 Concurrent with an option that has to be named in full on two lines"
INVOICE = Invoice(
    "900137",
    "2026-03-16",
    "USD",
    (
        Section(
            CORE,
            PERIOD,
            (
                Charge("Genesys Cloud CX 2", "25", "120.00", "3000.00"),
                Charge(LONG, "1234.5", "0.0095", "11.73"),
                Charge("Credit for an outage", "-1", "12.00", "-12.00"),
            ),
        ),
        Section(
            PREPAY, COMING, (Charge("Genesys Cloud User \u2013 Prepay", "10", "100.00", "1000.00"),)
        ),
        Section(TELCO, None, (Charge("Inbound Calling Service", "4", "0.0045", "0.02"),)),
        Section(
            TAXES,
            None,
            (Charge("Federal Tax", None, None, "124.13"), Charge("Refund", None, None, "-1.00")),
        ),
    ),
    period=(PERIOD[0], COMING[1]),
    due_date="2026-04-15",
)
SHORT = Invoice(
    "A-1",
    "2026-05-17",
    "USD",
    (Section(CORE, None, (Charge("Call", "2", "1.50", "3.00"),)),),
    period=("2026-04-03", "2026-05-04"),
)


def parsed(content: bytes, folder: Path) -> invoice_pdf.Invoice:
    """Read in this process: the one that bounds time and memory is tested apart."""
    file = folder / "invoice.pdf"
    file.write_bytes(content)
    return invoice_pdf.parse(pdf_lines.extract(file))


def refusal(content: bytes, folder: Path) -> str:
    with pytest.raises((UnreadableError, pdf_lines.PdfError)) as refused:
        parsed(content, folder)
    return str(refused.value)


def page(lines: list[str | tuple[tuple[float, str], ...]]) -> bytes:
    """A page of lines, each one text or several with their places."""
    pdf = FPDF(unit="pt", format="letter")
    pdf.core_fonts_encoding = "windows-1252"
    pdf.add_page()
    pdf.set_font("helvetica", size=9)
    for number, line in enumerate(lines):
        for x, text in [(40, line)] if isinstance(line, str) else line:
            pdf.text(x, 60 + 14 * number, text)
    return bytes(pdf.output())


HEAD = (
    "Invoice Number: 7",
    "Invoice Date: 2026-03-16",
    "Payable in: USD",
    "Service Period: 2026-02-15 to 2026-03-15",
)
TITLES = ((40, "Description"), (350, "Qty"), (430, "Rate"), (520, "Amount"))


def charge(description: str, qty: str, rate: str, amount: str):
    return ((40, description), (350, qty), (430, rate), (520, amount))


# ---------------------------------------------------------------- what is drawn is read


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


# ---------------------------------------------------------------- what is refused


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
    silent = pdfs.replace(SHORT, date="2026-05-06")
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
        ([TITLES, CORE, (CALL[0], *CALL[2:]), "Total 9.00"], "a quantity or a rate alone"),
        ([TITLES, CORE, CALL[1:], "Total 9.00"], "has no description"),
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


def test_no_service_period_is_refused_except_for_taxes(tmp_path):
    lines = [*HEAD[:3], TITLES, CORE, CALL, "Total 9.00"]
    assert "has no service period" in refusal(page(lines), tmp_path)
    lines[lines.index(CORE)] = TAXES
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


# ---------------------------------------------------------------- files that are no text


def scan() -> bytes:
    pdf = FPDF(unit="pt", format="letter")
    pdf.add_page()
    pixel = b"\x89PNG\r\n\x1a\n"
    for kind, body in (
        (b"IHDR", b"\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00"),
        (b"IDAT", zlib.compress(b"\x00\x7f")),
        (b"IEND", b""),
    ):
        pixel += len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)
    pdf.image(pixel, 0, 0, 612, 792)
    return bytes(pdf.output())


def encrypted(**passwords: str) -> bytes:
    pdf = FPDF()
    pdf.set_encryption(encryption_method=EncryptionMethod.AES_128, **passwords)
    pdf.add_page()
    pdf.set_font("helvetica")
    pdf.cell(text="Secret")
    return bytes(pdf.output())


def blank() -> bytes:
    pdf = FPDF()
    pdf.add_page()
    return bytes(pdf.output())


def objects(*bodies: bytes) -> bytes:
    """A PDF file of the given objects, the first of which is its root."""
    content, places = b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return content + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Root 1 0 R /Size %d >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, table, len(bodies) + 1, len(content))
    )


def bomb() -> bytes:
    """A small file whose page unfolds to very much text."""
    text = b"BT /F1 9 Tf 40 700 Td " + b"(an endless invoice) Tj " * 3_000_000 + b"ET"
    packed = zlib.compress(text, 9)
    return objects(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources "
        b"<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed),
    )


def endless_tree() -> bytes:
    return objects(
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 9 >>"
    )


def many_pages() -> bytes:
    kids = b" ".join(b"%d 0 R" % number for number in range(3, 404))
    leaf = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>"
    return objects(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count 401 >>" % kids,
        *[leaf] * 401,
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (scan, "holds a picture but no text on page 1"),
        (blank, "holds no text"),
        (lambda: encrypted(owner_password="o", user_password="u"), "wants a password"),
        (lambda: pdfs.draw(INVOICE)[:-2000], "was cut off"),
        (lambda: b"%PDF-1.7\nnothing\n%%EOF\n", "is no readable PDF"),
        (lambda: b"PK\x03\x04 an archive", "is no PDF, in spite of its name"),
        (endless_tree, "holds no text"),
        (many_pages, "has 401 pages, more than 300"),
        (lambda: b"%PDF-" + bytes(pdf_lines.MOST_BYTES), "more than 20,971,520"),
    ],
)
def test_files_without_text_are_refused(tmp_path, content, message):
    file = tmp_path / "invoice.pdf"
    file.write_bytes(content())
    with pytest.raises(UnreadableError, match=message):
        invoice_pdf.read(file)


@pytest.mark.parametrize(
    ("bound", "message"),
    [("MOST_WORDS", "holds more than 5 words"), ("LONGEST_LINE", "has a line of 17 characters")],
)
def test_texts_beyond_any_size_are_refused(tmp_path, monkeypatch, bound, message):
    monkeypatch.setattr(pdf_lines, bound, 5)
    assert message in refusal(page(list(HEAD)), tmp_path)


def test_a_file_that_opens_without_a_password_is_read(tmp_path):
    (tmp_path / "invoice.pdf").write_bytes(encrypted(owner_password="o"))
    assert [line.text for line in pdf_lines.extract(tmp_path / "invoice.pdf")] == ["Secret"]


def test_a_file_that_takes_too_long_is_stopped(tmp_path):
    file = tmp_path / "invoice.pdf"
    file.write_bytes(bomb())
    started = time.monotonic()
    with pytest.raises(pdf_lines.PdfError, match="more than 2 seconds or 2 GiB"):
        pdf_lines.read(file, seconds=2)
    assert time.monotonic() - started < 30


def test_damaged_files_are_refused_or_read_as_they_add_up(tmp_path):
    whole, rng = pdfs.draw(INVOICE), random.Random(1)
    for _ in range(60):
        broken = bytearray(whole)
        for _ in range(rng.choice((1, 5, 50))):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        if rng.random() < 0.3:
            del broken[rng.randrange(len(broken)) :]
        try:
            read = parsed(bytes(broken), tmp_path)
        except (UnreadableError, pdf_lines.PdfError):
            continue
        assert sum(Decimal(row["amount"]) for row in read.charges) == Decimal(read.total)


# ---------------------------------------------------------------- landing


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

    before = (sample_warehouse / warehouse.PUBLISHED).resolve()
    after = tmp_path / warehouse.PUBLISHED
    shutil.copytree(before.parent, tmp_path, dirs_exist_ok=True)
    for folder in (sample_warehouse / "lake").iterdir():
        if folder.name != "vendor_invoice_lines":
            shutil.copytree(folder, home / "lake" / folder.name, dirs_exist_ok=True)
    as_of = (SAMPLE / "AS_OF").read_text().strip()
    select = ["--select", "stg_vendor_invoice_lines+", "--exclude", "load_audit+"]
    variables = ["--vars", json.dumps({"as_of": as_of})]
    assert warehouse.run(["run", *select, *variables], home, after).success

    tables = {
        "private.staging.stg_vendor_invoice_lines": "file_id, source_file, landed_at",
        "marts.invoice_reconciliation": "reconciliation_id",
        "marts.telco_reconciliation": None,
    }
    for table, provenance in tables.items():
        columns = f"* exclude ({provenance})" if provenance else "*"
        csv, pdf = (
            warehouse.connect_with_private(file).sql(f"select {columns} from {table}").fetchall()
            for file in (before, after)
        )
        assert csv, table
        assert sorted(map(str, pdf)) == sorted(map(str, csv)), table
