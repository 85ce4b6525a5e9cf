"""PDF files without text, too large, endless or damaged are refused in time."""

from __future__ import annotations

import random
import time
import zlib
from decimal import Decimal

import pytest
from fpdf import FPDF
from fpdf.enums import EncryptionMethod

import invoice_pdfs as pdfs
from cx_billing import invoice_pdf, pdf_lines
from cx_billing.formats import UnreadableError
from invoice_pdfs.reading import HEAD, INVOICE, page, parsed, refusal


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
