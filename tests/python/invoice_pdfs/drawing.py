"""Draws an invoice as a PDF file; a `Style` says what it looks like."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from fpdf import FPDF

from invoice_pdfs.invoices import Charge, Invoice, Section

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
        self._add_page()

    def bytes(self) -> bytes:
        self._draw_head()
        for number, section in enumerate(self._invoice.sections):
            self._draw_section(section, is_first=number == 0)
        self._draw_total()
        self._repeat = None
        for note in ("Remit to:", *VENDOR, "Memo:", *self._style.notes):
            self._draw_line([(note, self._left)])
        return bytes(self._pdf.output())

    # Places

    def _add_page(self) -> None:
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
            self._draw_line([(f"Invoice Number: {self._invoice.number}", self._left)], style="B")
            self._y += style.size

    def _make_room(self, height: float) -> None:
        """Go to the next page if less than `height` is left on this one."""
        if self._y + height <= self._bottom:
            return
        self._add_page()
        if self._repeat:
            self._repeat()

    def _draw_line(self, texts, style: str = "", gap: float = 0) -> None:
        self._make_room(self._style.size * 1.2 + gap)
        self._y += self._style.size * 1.2 + gap
        self._put_texts(texts, style)

    def _put_texts(self, texts, style: str = "") -> None:
        self._pdf.set_font(self._style.font, style, self._style.size)
        for text, x in texts:
            self._pdf.text(x, self._y, text)
        self._pdf.set_font(self._style.font, "", self._style.size)

    # Values

    def _format_number(self, text: str, decimals: int = 0) -> str:
        """A number with all its digits, grouped as the style wants."""
        mark, group = NUMBER_FORMATS[self._style.numbers]
        whole, _, fraction = text.removeprefix("-").partition(".")
        whole = f"{int(whole):,}".replace(",", group) if len(whole) > 3 else whole
        printed = f"{whole}{mark}{fraction}" if fraction else whole
        return printed

    def _format_amount(self, text: str) -> str:
        printed = self._format_number(text)
        code = self._invoice.currency
        printed = SIGNS[self._style.sign].format(printed, symbol=SYMBOLS[code], code=code)
        return CREDITS[self._style.credits].format(printed) if text.startswith("-") else printed

    def _format_date(self, text: str) -> str:
        layout, day = DATE_FORMATS[self._style.dates], date.fromisoformat(text)
        return layout(day) if callable(layout) else day.strftime(layout)

    def _format_period(self, period: tuple[str, str]) -> str:
        return " to ".join(map(self._format_date, period))

    # Parts

    def _draw_head(self) -> None:
        invoice, style = self._invoice, self._style
        for number, text in enumerate(VENDOR):
            self._draw_line([(text, self._left)], style="B" if number == 0 else "")
        self._draw_line([("INVOICE", self._right - 100)], style="B")
        fields = {
            "Invoice Number": invoice.number,
            "Invoice Date": self._format_date(invoice.date),
            "Due Date": invoice.due_date and self._format_date(invoice.due_date),
            "Amount Due": self._format_amount(self._errors.total or str(invoice.total)),
            "Payable in": style.payable_in and style.payable_in.format(code=invoice.currency),
            "Payment Terms": invoice.terms,
            "PO Number": invoice.po_number,
            "Master Order": invoice.master_order,
            "Service Period": invoice.period and self._format_period(invoice.period),
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
                self._draw_line([(label, x) for (label, _), x in part], style="B", gap=4)
                self._draw_line([(value, x) for (_, value), x in part])
        else:
            for label, value in shown:
                if style.head == "inline":
                    self._draw_line([(f"{label}: {value}", middle)])
                else:
                    self._draw_line([(label, middle), (value, middle + 110)])
        self._draw_line([("Bill To", self._left), ("Ship To", middle)], style="B", gap=10)
        for pair in zip(*blocks.values(), strict=True):
            self._draw_line(list(zip(pair, (self._left, middle), strict=True)))
        self._y += 10

    def _draw_titles(self) -> None:
        self._draw_line(
            [(title, self._place(title, title)) for title in self._titles], style="B", gap=4
        )
        self._y += 2

    def _place(self, column: str, text: str) -> float:
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
        self._make_room(style.size * 8)
        if is_first and not style.header_per_section:
            self._titles = titles
            self._draw_titles()
        self._titles = titles
        self._draw_line([(section.name, self._left)], style="B", gap=8)

        def repeat() -> None:
            if style.header_per_page:
                self._draw_titles()
            if style.title_per_page:
                self._draw_line([(f"{section.name} (continued)", self._left)], style="B", gap=4)

        if section.period:
            self._draw_line(
                [(f"Service Period: {self._format_period(section.period)}", self._left)]
            )
        if style.header_per_section or (is_changed and not is_first):
            self._draw_titles()
        self._repeat = repeat
        for charge in section.charges:
            self._draw_charge(charge)
        for text in self._errors.stray.get(section.name, ()):
            self._draw_line([(text, self._left)], gap=style.padding)
        self._repeat = None
        if style.subtotals:
            printed = self._errors.subtotals.get(section.name, str(section.total))
            self._draw_sum(f"Subtotal {section.name}", printed)

    def _draw_charge(self, charge: Charge) -> None:
        texts = self._wrap(charge.description)
        height = self._style.size * 1.2
        self._make_room(len(texts) * height + self._style.padding)
        numbers = {
            "Qty": charge.qty and self._format_signed(charge.qty),
            "Rate": charge.rate and self._format_number(charge.rate),
            "Amount": self._errors.amounts.get(
                charge.description, self._format_amount(charge.amount)
            ),
        }
        self._y += height + self._style.padding
        shown = [(value, self._place(name, value)) for name, value in numbers.items() if value]
        self._put_texts([(texts[0], self._left), *shown])
        for text in texts[1:]:
            self._y += height
            self._put_texts([(text, self._left)])

    def _format_signed(self, text: str) -> str:
        printed = self._format_number(text)
        return f"-{printed}" if text.startswith("-") else printed

    def _wrap(self, text: str) -> list[str]:
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
        self._draw_sum(self._style.total_label, self._errors.total or str(self._invoice.total))

    def _draw_sum(self, label: str, amount: str) -> None:
        printed = self._format_amount(amount)
        self._make_room(self._style.size * 3)
        self._y += self._style.size * 1.2 + self._style.padding
        self._pdf.set_font(self._style.font, "B", self._style.size)
        self._put_texts([(label, self._left), (printed, self._place("Amount", printed))], style="B")
