"""What stands above the table of an invoice: labels, and their values beside or below them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from cx_billing.formats.common import UnreadableError
from cx_billing.invoice_pdf.values import currency, dates, number
from cx_billing.pdf_lines import Cell, Line

PAGE_NUMBER = re.compile(
    r"page\s*:?\s*\d+(?:\s*(?:of|/)\s*\d+)?|^\d+\s*(?:of|/)\s*\d+$", re.IGNORECASE
)
ADVICE = "deliver this invoice as a CSV file, and report the layout"
BLOCK_GAP = 2.2  # line heights between two lines of one address, at most
BLOCK_EDGE = 3.0  # points between the left edges of two lines of one address, at most


def _is_identifier(text: str) -> bool:
    return bool(re.fullmatch(r"[#\w][\w./ -]{0,39}", text) and re.search(r"\d", text))


def _is_word(text: str) -> bool:
    """Whether it may be a number that has letters alone."""
    return bool(re.fullmatch(r"[A-Z][A-Z./#-]{0,19}", text))


def _is_text(text: str) -> bool:
    return bool(text)


def _is_date(text: str) -> bool:
    return len(dates(text, "")) == 1


def _is_period(text: str) -> bool:
    return len(dates(text, "")) == 2


def _is_money(text: str) -> bool:
    return number(text) is not None


def _is_currency(text: str) -> bool:
    return currency(text, "") is not None


@dataclass(frozen=True)
class _Kind:
    """How a field is labelled, and what its value looks like."""

    label: str
    is_value: Callable[[str], bool]
    is_block: bool = False  # several lines below each other


FIELDS = {
    "invoice_number": _Kind(r"invoice\s+(?:number|no\b\.?|id)|invoice\s*#", _is_identifier),
    "invoice_date": _Kind(r"invoice\s+date", _is_date),
    "due_date": _Kind(r"(?:payment\s+)?due\s+date", _is_date),
    "invoice_total": _Kind(r"invoice\s+(?:total|amount)|total\s+amount(?!\s+due)", _is_money),
    "amount_due": _Kind(r"(?:total\s+)?amount\s+due|total\s+due|balance\s+due", _is_money),
    "payment_terms": _Kind(r"payment\s+terms", _is_text),
    "payable_in": _Kind(r"payable\s+in|(?:invoice\s+)?currency", _is_currency),
    "po_number": _Kind(
        r"(?:customer\s+)?(?:p\.?o\.?|purchase\s+order)(?:\s*(?:number|no\b\.?|#)|(?=\s*:))",
        _is_text,
    ),
    "master_order": _Kind(r"master\s+order(?:\s*(?:number|no\b\.?|#))?", _is_text),
    "service_period": _Kind(r"service\s+(?:periods?|dates?)", _is_period),
    "bill_to": _Kind(r"bill\s+to|billing\s+address", _is_text, is_block=True),
    "ship_to": _Kind(r"ship\s+to|shipping\s+address", _is_text, is_block=True),
}
REQUIRED = {"invoice_number": "invoice number", "invoice_date": "invoice date"}

_LABEL = re.compile(
    r"\b(?:" + "|".join(rf"(?P<{name}>{kind.label})" for name, kind in FIELDS.items()) + r")"
    r"\s*(?P<colon>:)?\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Label:
    """A label, the text behind it in its cell, and the place of that cell."""

    name: str
    value: str
    has_colon: bool
    row: int
    column: int


@dataclass
class Head:
    """The fields of an invoice as they are printed, and where."""

    values: dict[str, str] = field(default_factory=dict)
    where: dict[str, str] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)  # of all cells, by which page heads are known

    def repeats(self, line: Line) -> bool:
        """Whether a line only repeats what the head says, as the head of a further page does.

        Raises UnreadableError if it names another invoice.
        """
        self.refuse_another(line)
        return all(self._repeats(cell.text) for cell in line.cells)

    def refuse_another(self, line: Line) -> None:
        """Raise UnreadableError if the line names another invoice behind its label."""
        for label in _labels([line]):
            if label.name == "invoice_number":
                own = self.values[label.name]
                value = next(_candidates(label, [line]), own)
                is_number = _is_identifier(value) or (_is_word(own) and _is_word(value))
                if is_number and value != own:
                    raise UnreadableError(
                        f"holds two invoices, {own} and {value} ({line.where}); split it"
                    )

    def _repeats(self, text: str) -> bool:
        text = PAGE_NUMBER.sub("", text).strip(" |-")
        text = re.sub(r"\(?continued\)?", "", text, flags=re.IGNORECASE).strip()
        if text in self.texts:
            return True
        rest = _LABEL.sub("\0", text)
        rest = re.sub(r"^invoice\b", "", rest, flags=re.IGNORECASE)
        return all(not part.strip() or part.strip() in self.texts for part in rest.split("\0"))


def read(lines: Sequence[Line]) -> Head:
    """Find the fields in the lines above the table; raises UnreadableError if one is missing."""
    head = Head(texts={cell.text for line in lines for cell in line.cells})
    for label in _labels(lines):
        kind = FIELDS[label.name]
        found = _block(label, lines) if kind.is_block else _candidates(label, lines)
        value = next(filter(kind.is_value, found), None)
        if value is None and label.name == "invoice_number" and label.has_colon:
            value = next(filter(_is_word, _beside(label, lines)), None)
        if value is None and label.name == "service_period":
            raise UnreadableError(
                f"has a service period that cannot be read ({lines[label.row].where}); {ADVICE}"
            )
        if value is None:
            continue
        before = head.values.setdefault(label.name, value)
        where = head.where.setdefault(label.name, lines[label.row].where)
        if before != value and not kind.is_block:
            raise UnreadableError(
                f"prints two values for {label.name.replace('_', ' ')}: '{before}' ({where}) and "
                f"'{value}' ({lines[label.row].where}); split it if it holds two invoices"
            )
    for name, what in REQUIRED.items():
        if name not in head.values:
            raise UnreadableError(f"shows no {what} above its charges; {ADVICE}")
    head.texts.update(head.values.values())
    return head


def _labels(lines: Iterable[Line]) -> Iterator[_Label]:
    for row, line in enumerate(lines):
        for column, cell in enumerate(line.cells):
            yield from _labels_in(cell, row, column)


def _labels_in(cell: Cell, row: int = 0, column: int = 0) -> Iterator[_Label]:
    """Labels at the start of a cell, and those with a colon anywhere in it."""
    found = [m for m in _LABEL.finditer(cell.text) if m.start() == 0 or m["colon"]]
    ends = [match.start() for match in found[1:]] + [len(cell.text)] * bool(found)
    for match, end in zip(found, ends, strict=True):
        name = next(name for name in FIELDS if match[name])
        value = PAGE_NUMBER.sub("", cell.text[match.end() : end]).strip()
        yield _Label(name, value, bool(match["colon"]), row, column)


def _is_labelled(cell: Cell) -> bool:
    return any(True for _ in _labels_in(cell))


def _candidates(label: _Label, lines: Sequence[Line]) -> Iterator[str]:
    """What may be the value, the likelier first: behind the label, beside it, below it."""
    yield from _beside(label, lines)
    if label.value:
        return
    own = lines[label.row].cells[label.column]
    for line in lines[label.row + 1 : label.row + 3]:
        for cell in line.cells:
            if cell.x0 < own.x1 and own.x0 < cell.x1 and not _is_labelled(cell):
                yield cell.text


def _beside(label: _Label, lines: Sequence[Line]) -> Iterator[str]:
    """What stands behind a label, or beside it."""
    if label.value:
        yield label.value
        return
    beside = lines[label.row].cells[label.column + 1 : label.column + 2]
    if beside and not _is_labelled(beside[0]):
        yield beside[0].text


def _block(label: _Label, lines: Sequence[Line]) -> Iterator[str]:
    """An address: what stands behind or beside the label, and what stands aligned below that."""
    first = lines[label.row]
    own, beside = first.cells[label.column], first.cells[label.column + 1 : label.column + 2]
    parts, edges, last = [], {own.x0}, first
    if label.value:
        parts.append(label.value)
        edges.update(word.x0 for word in own.words if label.value.startswith(word.text))
    elif label.has_colon and beside and not _is_labelled(beside[0]):
        parts.append(beside[0].text)
        edges = {beside[0].x0}
    for line in lines[label.row + 1 :]:
        height = line.words[0].height
        if line.page != last.page or line.words[0].top - last.bottom > BLOCK_GAP * height:
            break
        aligned = [
            cell for cell in line.cells if any(abs(cell.x0 - x) <= BLOCK_EDGE for x in edges)
        ]
        if aligned and _is_labelled(aligned[0]):
            break
        if aligned:
            parts.append(aligned[0].text)
            last = line
    if parts:
        yield ", ".join(parts)
