"""Draws vendor invoices (report R6) as PDF files, in many layouts, the same bytes every time.

`draw(invoice, style)` returns the bytes, `rows(invoice)` what a reader must find in them. Values of
an `Invoice` are exact texts as in the CSV files: `2026-01-31`, `-1234.56`; a `Style` says how they
are printed.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from fpdf import FPDF

CORE = "Core Services and Fees"
PREPAY = "Core Services and Fees \u2013 Prepay"
TELCO = "Telco Services \u2013 Per Unit Fees"
TAXES = "Taxes and Fees"
SECTIONS = (CORE, PREPAY, TELCO, TAXES)
VENDOR = ("Cloud Vendor Services, Inc.", "1302 Example Road, Suite 300", "Daly City, CA 94014")

NUMBER_FORMATS = {  # decimal mark, mark between groups
    "us": (".", ","),
    "eu": (",", "."),
    "blank": (",", " "),
    "no-break": (",", "\u00a0"),
    "swiss": (".", "\u2019"),
    "plain": (".", ""),
}
DATE_FORMATS = {
    "us words": lambda day: f"{day:%b} {day.day}, {day.year}",
    "long words": lambda day: f"{day:%B} {day.day}, {day.year}",
    "day first words": "%d-%b-%Y",
    "day first blanks": "%d %B %Y",
    "iso": "%Y-%m-%d",
    "us": "%m/%d/%Y",
    "eu": "%d/%m/%Y",
    "dots": "%d.%m.%Y",
    "dashes": "%d-%m-%Y",
}
AMBIGUOUS = ("us", "eu", "dashes")  # unless another date decides
CREDITS = {"minus": "-{}", "brackets": "({})", "trailing": "{}-", "credit": "{} CR"}
SIGNS = {"": "{}", "symbol": "{symbol}{}", "code": "{code} {}", "code behind": "{} {code}"}
SYMBOLS = {"USD": "$", "EUR": "\u20ac", "GBP": "\u00a3", "AUD": "A$"}


@dataclass(frozen=True)
class Charge:
    """A line; quantity and rate may be missing, as they may among taxes."""

    description: str
    qty: str | None
    rate: str | None
    amount: str


@dataclass(frozen=True)
class Section:
    """Charges below one title; without a period of its own, the invoice's is theirs."""

    name: str
    period: tuple[str, str] | None
    charges: tuple[Charge, ...]

    @property
    def total(self) -> Decimal:
        return sum((Decimal(charge.amount) for charge in self.charges), Decimal(0))


@dataclass(frozen=True)
class Invoice:
    """What is printed, whatever it looks like."""

    number: str
    date: str
    currency: str
    sections: tuple[Section, ...]
    period: tuple[str, str] | None = None
    due_date: str | None = None
    terms: str = "Net 30"
    po_number: str = "PO-7781"
    master_order: str = "MO-55021"
    bill_to: tuple[str, ...] = ("Northwind Support Ltd", "12 Harbour Street", "Leeds LS1 4AP")
    ship_to: tuple[str, ...] = ("Northwind Support Ltd", "Unit 4, Canal Road", "Leeds LS2 8QJ")

    @property
    def total(self) -> Decimal:
        return sum((section.total for section in self.sections), Decimal(0))


@dataclass(frozen=True)
class Style:
    """How an invoice looks."""

    paper: tuple[float, float] = (612, 792)
    font: str = "helvetica"
    size: float = 9
    numbers: str = "us"
    dates: str = "us words"
    credits: str = "minus"
    sign: str = ""
    head: str = "pairs"  # "pairs" beside each other, "stacked" below, "inline" in one text
    align: str = "right"
    subtotals: bool = True
    header_per_section: bool = False
    header_per_page: bool = True
    title_per_page: bool = True
    running_head: bool = True
    footer: str | None = "Questions about this invoice? billing@vendor.example"
    description_width: float = 0.5  # of the page
    padding: float = 6  # points between rows, beyond a line
    notes: tuple[str, ...] = ("Thank you for your business.",)
    watermark: str | None = None
    total_label: str = "Total"
    payable_in: str | None = "{code}"


@dataclass(frozen=True)
class Errors:
    """What a broken invoice prints instead."""

    total: str | None = None
    subtotals: dict[str, str] = field(default_factory=dict)
    stray: dict[str, tuple[str, ...]] = field(default_factory=dict)  # lines at the end of a section
    amounts: dict[str, str] = field(default_factory=dict)  # by description, printed as it is
    missing: tuple[str, ...] = ()  # labels of the head


def rows(invoice: Invoice) -> list[dict[str, str | None]]:
    """The rows of dataset vendor_invoice_lines that the invoice holds."""
    found = []
    for section in invoice.sections:
        start, end = section.period or invoice.period or (None, None)
        for charge in section.charges:
            found.append(
                {
                    "invoice_number": invoice.number,
                    "invoice_date": invoice.date,
                    "service_period_start": start,
                    "service_period_end": end,
                    "description": charge.description,
                    "qty": charge.qty,
                    "rate": charge.rate,
                    "amount": charge.amount,
                    "currency": invoice.currency,
                    "section": section.name,
                }
            )
    return found


def from_csv(path: Path) -> Invoice:
    """The invoice that a delivered CSV file holds."""
    with path.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    sections = []
    for (name, start, end), group in groupby(
        lines,
        key=lambda line: tuple(
            line[key] for key in ("Section", "Service period start", "Service period end")
        ),
    ):
        charges = tuple(
            Charge(line["Description"], line["Qty"], line["Rate"], line["Amount"]) for line in group
        )
        sections.append(Section(name, (start, end), charges))
    first = lines[0]
    issued = date.fromisoformat(first["Invoice date"])
    return Invoice(
        first["Invoice number"],
        issued.isoformat(),
        first["Currency"],
        tuple(sections),
        due_date=(issued + timedelta(30)).isoformat(),
    )


def draw(invoice: Invoice, style: Style | None = None, errors: Errors | None = None) -> bytes:
    """The PDF file of an invoice."""
    return _Drawing(invoice, style or Style(), errors or Errors()).bytes()


class _Drawing:
    def __init__(self, invoice: Invoice, style: Style, errors: Errors):
        self._invoice, self._style, self._errors = invoice, style, errors
        self._pdf = FPDF(unit="pt", format=style.paper)
        self._pdf.core_fonts_encoding = "windows-1252"
        self._pdf.set_creation_date(datetime(2026, 1, 1, tzinfo=UTC))
        self._pdf.set_auto_page_break(False)
        width = style.paper[0]
        self._left, self._right = 40.0, width - 40.0
        self._bottom = style.paper[1] - 60
        zone = self._right - self._left - style.description_width * width
        start = self._left + style.description_width * width
        self._columns = {
            "Description": (self._left, start),
            "Qty": (start, start + zone * 0.3),
            "Rate": (start + zone * 0.3, start + zone * 0.55),
            "Amount": (start + zone * 0.55, self._right),
        }
        self._titles = list(self._columns)
        self._section = self._repeat = None
        self._page()

    def bytes(self) -> bytes:
        self._head()
        for number, section in enumerate(self._invoice.sections):
            self._draw_section(section, is_first=number == 0)
        self._draw_total()
        self._repeat = None
        for note in ("Remit to:", *VENDOR, "Memo:", *self._style.notes):
            self._line([(note, self._left)])
        return bytes(self._pdf.output())

    # Places

    def _page(self) -> None:
        style, pdf = self._style, self._pdf
        pdf.add_page()
        pdf.set_font(style.font, size=style.size)
        self._y = 50.0
        page = pdf.page_no()
        if style.footer:
            pdf.set_font(style.font, size=style.size - 2)
            pdf.text(self._left, style.paper[1] - 25, style.footer)
            pdf.text(self._right - 50, style.paper[1] - 25, f"Page {page}")
            pdf.set_font(style.font, size=style.size)
        if style.watermark:
            with pdf.rotation(45, style.paper[0] / 2, style.paper[1] / 2):
                pdf.set_font(style.font, size=60)
                pdf.text(style.paper[0] / 4, style.paper[1] / 2, style.watermark)
            pdf.set_font(style.font, size=style.size)
        if page > 1 and style.running_head:
            self._line([(f"Invoice Number: {self._invoice.number}", self._left)], style="B")
            self._y += style.size

    def _room(self, height: float) -> None:
        """Go to the next page if less than `height` is left on this one."""
        if self._y + height <= self._bottom:
            return
        self._page()
        if self._repeat:
            self._repeat()

    def _line(self, texts, style: str = "", gap: float = 0) -> None:
        self._room(self._style.size * 1.2 + gap)
        self._y += self._style.size * 1.2 + gap
        self._put(texts, style)

    def _put(self, texts, style: str = "") -> None:
        self._pdf.set_font(self._style.font, style, self._style.size)
        for text, x in texts:
            self._pdf.text(x, self._y, text)
        self._pdf.set_font(self._style.font, "", self._style.size)

    # Values

    def _number(self, text: str, decimals: int = 0) -> str:
        """A number with all its digits, grouped as the style wants."""
        mark, group = NUMBER_FORMATS[self._style.numbers]
        whole, _, fraction = text.removeprefix("-").partition(".")
        whole = f"{int(whole):,}".replace(",", group) if len(whole) > 3 else whole
        printed = f"{whole}{mark}{fraction}" if fraction else whole
        return printed

    def _amount(self, text: str) -> str:
        printed = self._number(text)
        code = self._invoice.currency
        printed = SIGNS[self._style.sign].format(printed, symbol=SYMBOLS[code], code=code)
        return CREDITS[self._style.credits].format(printed) if text.startswith("-") else printed

    def _date(self, text: str) -> str:
        layout, day = DATE_FORMATS[self._style.dates], date.fromisoformat(text)
        return layout(day) if callable(layout) else day.strftime(layout)

    def _period(self, period: tuple[str, str]) -> str:
        return " to ".join(map(self._date, period))

    # Parts

    def _head(self) -> None:
        invoice, style = self._invoice, self._style
        for number, text in enumerate(VENDOR):
            self._line([(text, self._left)], style="B" if number == 0 else "")
        self._line([("INVOICE", self._right - 100)], style="B")
        fields = {
            "Invoice Number": invoice.number,
            "Invoice Date": self._date(invoice.date),
            "Due Date": invoice.due_date and self._date(invoice.due_date),
            "Amount Due": self._amount(self._errors.total or str(invoice.total)),
            "Payable in": style.payable_in and style.payable_in.format(code=invoice.currency),
            "Payment Terms": invoice.terms,
            "PO Number": invoice.po_number,
            "Master Order": invoice.master_order,
            "Service Period": invoice.period and self._period(invoice.period),
        }
        shown = [
            (label, value)
            for label, value in fields.items()
            if value and label not in self._errors.missing
        ]
        blocks = {"Bill To": invoice.bill_to, "Ship To": invoice.ship_to}
        middle = (self._left + self._right) / 2
        if style.head == "stacked":
            third = (self._right - self._left) / 3
            for start in range(0, len(shown), 3):
                part = [(pair, self._left + n * third) for n, pair in enumerate(shown[start:][:3])]
                self._line([(label, x) for (label, _), x in part], style="B", gap=4)
                self._line([(value, x) for (_, value), x in part])
        else:
            for label, value in shown:
                if style.head == "inline":
                    self._line([(f"{label}: {value}", middle)])
                else:
                    self._line([(label, middle), (value, middle + 110)])
        self._line([("Bill To", self._left), ("Ship To", middle)], style="B", gap=10)
        for pair in zip(*blocks.values(), strict=True):
            self._line(list(zip(pair, (self._left, middle), strict=True)))
        self._y += 10

    def _header(self) -> None:
        self._line([(title, self._x(title, title)) for title in self._titles], style="B", gap=4)
        self._y += 2

    def _x(self, column: str, text: str) -> float:
        left, right = self._columns[column]
        if column == "Description":
            return left
        width = self._pdf.get_string_width(text)
        return {"right": right - width, "left": left + 8, "center": (left + right - width) / 2}[
            self._style.align
        ]

    def _draw_section(self, section: Section, is_first: bool) -> None:
        style = self._style
        needs_numbers = any(charge.qty is not None for charge in section.charges)
        titles = list(self._columns) if needs_numbers else ["Description", "Amount"]
        is_changed = titles != self._titles
        self._room(style.size * 8)
        if is_first and not style.header_per_section:
            self._titles = titles
            self._header()
        self._titles = titles
        self._line([(section.name, self._left)], style="B", gap=8)

        def repeat() -> None:
            if style.header_per_page:
                self._header()
            if style.title_per_page:
                self._line([(f"{section.name} (continued)", self._left)], style="B", gap=4)

        if section.period:
            self._line([(f"Service Period: {self._period(section.period)}", self._left)])
        if style.header_per_section or (is_changed and not is_first):
            self._header()
        self._repeat = repeat
        for charge in section.charges:
            self._draw_charge(charge)
        for text in self._errors.stray.get(section.name, ()):
            self._line([(text, self._left)], gap=style.padding)
        self._repeat = None
        if style.subtotals:
            printed = self._errors.subtotals.get(section.name, str(section.total))
            self._sum(f"Subtotal {section.name}", printed)

    def _draw_charge(self, charge: Charge) -> None:
        texts = self._wrapped(charge.description)
        height = self._style.size * 1.2
        self._room(len(texts) * height + self._style.padding)
        numbers = {
            "Qty": charge.qty and self._signed(charge.qty),
            "Rate": charge.rate and self._number(charge.rate),
            "Amount": self._errors.amounts.get(charge.description, self._amount(charge.amount)),
        }
        self._y += height + self._style.padding
        shown = [(value, self._x(name, value)) for name, value in numbers.items() if value]
        self._put([(texts[0], self._left), *shown])
        for text in texts[1:]:
            self._y += height
            self._put([(text, self._left)])

    def _signed(self, text: str) -> str:
        printed = self._number(text)
        return f"-{printed}" if text.startswith("-") else printed

    def _wrapped(self, text: str) -> list[str]:
        left, right = self._columns["Description"]
        lines: list[str] = []
        for word in text.split(" "):
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self._pdf.get_string_width(longer) <= right - left - 10:
                lines[-1] = longer
            else:
                lines.append(word)
        return lines

    def _draw_total(self) -> None:
        self._sum(self._style.total_label, self._errors.total or str(self._invoice.total))

    def _sum(self, label: str, amount: str) -> None:
        printed = self._amount(amount)
        self._room(self._style.size * 3)
        self._y += self._style.size * 1.2 + self._style.padding
        self._pdf.set_font(self._style.font, "B", self._style.size)
        self._put([(label, self._left), (printed, self._x("Amount", printed))], style="B")


# Random invoices

PRODUCTS = (
    "Genesys Cloud CX 2 Concurrent",
    "Genesys Cloud CX 3",
    "PureCloud 2 Concurrent User",
    "Genesys Cloud Collaborate User with an option that takes a second line to be named in full",
    "Data Storage Overage",
    "Call",
    "SMS Rate Class 2026",
    "Physical Edge (model 3, refurbished) - Credit for 12 days",
    "Outbound Calling Service - U.S.",
    "Total Care Add-on, per seat and month, of the second year of the agreement",
)


def random_invoice(seed: int) -> Invoice:
    """An invoice of one to four sections with up to forty charges each; some are credits."""
    rng = random.Random(seed)
    start = date(rng.randint(2024, 2027), rng.randint(1, 12), rng.randint(1, 28))
    end, after = start + timedelta(30), start + timedelta(60)
    period = (start.isoformat(), end.isoformat())
    names = [name for name in SECTIONS if rng.random() < 0.7] or [CORE]
    sections = [
        Section(
            name,
            (end.isoformat(), after.isoformat())
            if name == PREPAY
            else rng.choice((None, period))
            if name != TAXES
            else None,
            tuple(_random_charges(rng, name)),
        )
        for name in names
    ]
    issued = end + timedelta(rng.randint(1, 5))
    return Invoice(
        rng.choice((str(rng.randint(100_000, 999_999)), f"EU{rng.randint(1000, 9999)}")),
        issued.isoformat(),
        rng.choice(tuple(SYMBOLS)),
        tuple(sections),
        period=(start.isoformat(), after.isoformat()),
        due_date=(issued + timedelta(30)).isoformat(),
    )


def _random_charges(rng: random.Random, section: str) -> Iterator[Charge]:
    has_numbers = section != TAXES or rng.random() < 0.5
    for _ in range(rng.choice((1, 2, 5, 12, 40))):
        cents = rng.choice((1, 99, 1_000, 250_000, 123_456_789))
        amount = Decimal(rng.randint(0, cents)).scaleb(-2)
        amount = -amount if rng.random() < 0.1 and amount else amount
        name = rng.choice(PRODUCTS)
        if section == TAXES:
            name = rng.choice(("Federal Taxes and Fees", "State Sales Tax", "E911 Fee"))
        if section == PREPAY:
            name += " \u2013 Prepay"
        qty = Decimal(rng.randint(0, 5_000_000)).scaleb(-rng.choice((0, 0, 1, 3)))
        rate = Decimal(rng.randint(0, 99_999)).scaleb(-rng.choice((0, 2, 4, 5)))
        yield Charge(
            name,
            f"{qty:f}" if has_numbers else None,
            f"{rate:f}" if has_numbers else None,
            f"{amount:f}",
        )


def random_style(seed: int) -> Style:
    """A layout in which an invoice can still be read without a guess."""
    rng = random.Random(f"style {seed}")
    header_per_section = rng.random() < 0.4
    return Style(
        paper=rng.choice(((612, 792), (595, 842), (842, 595), (612, 420))),
        font=rng.choice(("helvetica", "times", "courier")),
        size=rng.choice((7, 8, 9, 10)),
        numbers=rng.choice(tuple(NUMBER_FORMATS)),
        dates=rng.choice(
            tuple(name for name in DATE_FORMATS if name not in ("us", "eu", "dashes"))
        ),
        credits=rng.choice(tuple(CREDITS)),
        sign=rng.choice(tuple(SIGNS)),
        head=rng.choice(("pairs", "stacked", "inline")),
        align=rng.choice(("right", "right", "left", "center")),
        subtotals=rng.random() < 0.7,
        header_per_section=header_per_section,
        header_per_page=rng.random() < 0.8,
        title_per_page=rng.random() < 0.8,
        running_head=rng.random() < 0.7,
        footer=rng.choice((None, "Questions about this invoice? billing@vendor.example")),
        description_width=rng.choice((0.35, 0.45)),
        padding=rng.choice((1, 3, 6)),
        watermark=rng.choice((None, None, "COPY")),
        total_label=rng.choice(("Total", "Invoice Total", "Total Due", "Grand Total:")),
    )


__all__ = [
    "Charge",
    "Errors",
    "Invoice",
    "Section",
    "Style",
    "draw",
    "from_csv",
    "random_invoice",
    "random_style",
    "replace",
    "rows",
]
