"""What answers say of themselves: whether there is more of them, and until when they hold.

A page names how many pages or items there are, or where the next one is; an invoice of the
contract API names its total, its lines come in an answer of their own. Together with all other
pages of one answer, in whatever files, it is complete or not.
"""

from __future__ import annotations

import hashlib
import json
import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal, InvalidOperation
from urllib.parse import parse_qs, urlsplit

from cx_billing.formats.names import normalize
from cx_billing.formats.periods import period_of

LINES = "?"  # begins what pages are about that hold the lines of an invoice from elsewhere
MOST_DIGITS = 18  # of an amount, before or after its point
IDENTITIES = ("id", "userid", "conversationid")  # of an item, the first that it has


def _hashes(identities: Iterable[str] = ()) -> array[int]:
    """Eight bytes for each."""
    return array("Q", (int.from_bytes(_digest(text), "big") for text in identities))


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()


@dataclass(frozen=True)
class Page:
    """What one page says. `of` is the invoice whose lines it holds.

    `ids` are hashes of those of its items, `unnamed` is how many of them have none; `next_number`
    and `leads_on` say that a page follows, whose number is known or not.
    """

    of: str = ""
    number: int | None = None
    page_count: int | None = None
    total: int | None = None
    next_number: int | None = None
    leads_on: bool = False
    ids: array[int] = field(default_factory=_hashes)
    unnamed: int = 0

    @property
    def is_counted(self) -> bool:
        """Whether it says how many pages or items there are."""
        return self.page_count is not None or self.total is not None

    @property
    def is_linked(self) -> bool:
        """Whether it says that another page follows."""
        return self.leads_on or self.next_number is not None


@dataclass(frozen=True)
class Invoice:
    """An invoice of the contract API: its total, and the amount of each line by its id.

    Without a head there are only lines, whose invoice is in another file; `number` is then what
    the pages call it, which may be nothing. `has_lines` says that the answer with the lines is
    here, also of an invoice that has none.
    """

    number: str
    amount: str
    lines: dict[str, str]
    date: str | None = None
    currency: str | None = None
    has_head: bool = True
    has_lines: bool = True

    @property
    def total(self) -> Decimal | None:
        """Its amount, if it can be summed."""
        return Decimal(self.amount) if is_amount(self.amount) else None

    @property
    def landed(self) -> Decimal:
        """What its lines sum to."""
        return sum(map(Decimal, self.lines.values()), Decimal(0))

    def joined(self, other: Invoice) -> Invoice:
        """With the lines of another file; of two heads the other's."""
        head = other if other.has_head else self
        return replace(
            head,
            lines=self.lines | other.lines,
            has_head=self.has_head or other.has_head,
            has_lines=self.has_lines or other.has_lines,
        )


@dataclass(frozen=True)
class Said:
    """What the answers of a file, or of several, say."""

    pages: tuple[Page, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    available_to: str | None = None
    period: tuple[str, str] | None = None

    def dumps(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), default=list)

    @classmethod
    def loads(cls, text: str) -> Said:
        """From JSON."""
        kept = json.loads(text)
        return cls(
            tuple(Page(**{**page, "ids": array("Q", page["ids"])}) for page in kept["pages"]),
            tuple(Invoice(**invoice) for invoice in kept["invoices"]),
            kept["available_to"],
            tuple(kept["period"]) if kept["period"] else None,
        )


@dataclass
class Notes:
    """Takes down what the answers of a file say, one after another."""

    pages: list[Page] = field(default_factory=list)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    available_to: str | None = None
    _periods: set[tuple[str, str]] = field(default_factory=set)

    def take_page(self, page: dict, items: Sequence[object], of: str = "") -> None:
        """A page and its items."""
        said = {normalize(key): value for key, value in page.items()}
        total = _number(said.get("total"))
        next_uri = said.get("nexturi")
        next_number = _number_of_next(next_uri)
        identities = [_identity(item) for item in items]
        ids = _hashes(identity for identity in identities if identity is not None)
        self.pages.append(
            Page(
                of=of,
                number=_number(said.get("pagenumber")),
                page_count=_number(said.get("pagecount")),
                total=total if total is not None else _number(said.get("totalhits")),
                next_number=next_number,
                leads_on=bool(said.get("cursor") or (next_uri and next_number is None)),
                ids=ids,
                unnamed=len(identities) - len(ids),
            )
        )
        if isinstance(available := said.get("dataavailabilitydate"), str) and available:
            self.available_to = max(self.available_to or available, available)

    def take_period(self, start: str, end: str) -> None:
        """The period that a report names; of reports that name several, none holds for all."""
        if period := period_of(start, end):
            self._periods.add(period)

    def take_invoice(self, head: Invoice) -> None:
        """An invoice, without its lines."""
        before = self.invoices.get(head.number)
        self.invoices[head.number] = replace(before, has_head=True) if before else head

    def take_lines(self, number: str) -> None:
        """A page of lines of an invoice; of one from elsewhere `number` begins with `LINES`."""
        if number in self.invoices:
            self.invoices[number] = replace(self.invoices[number], has_lines=True)
        elif number.startswith(LINES):
            name = number.removeprefix(LINES)
            self.invoices[number] = Invoice(name, "", {}, has_head=False)

    def take_line(self, number: str, line_id: object, amount: object) -> None:
        """A line of an invoice."""
        self.take_lines(number)
        lines = self.invoices[number].lines
        lines[str(line_id or f"#{len(lines)}")] = str(amount) if is_amount(amount) else "0"

    def said(self) -> Said:
        """All of it."""
        period = next(iter(self._periods)) if len(self._periods) == 1 else None
        return Said(tuple(self.pages), tuple(self.invoices.values()), self.available_to, period)


def is_whole(said: Said) -> bool:
    """Whether what is complete proves it: it counts its pages or items, or begins and ends.

    Pages that lead on to each other begin with the first, or with one that has no number.
    """
    if any(page.is_counted for page in said.pages):
        return True
    numbers = [page.number for page in said.pages if page.number is not None]
    return any(page.is_linked for page in said.pages) and min(numbers, default=1) <= 1


def without_counts(said: Said) -> Said:
    """What a complete file says to others than its own: it may be the page that they lead to."""
    if is_whole(said):
        return Said()
    return Said(tuple(replace(page, ids=_hashes(), unnamed=0) for page in said.pages[-1:]))


def join(parts: Iterable[Said]) -> Said:
    """What several files say, as if they were one."""
    pages: list[Page] = []
    invoices: dict[str, Invoice] = {}
    available = None
    for place, part in enumerate(parts):
        pages += part.pages
        for invoice in part.invoices:
            lines = {
                f"{line_id} of {place}" if line_id.startswith("#") else line_id: amount
                for line_id, amount in invoice.lines.items()
            }
            told = replace(invoice, lines=lines)
            before = invoices.get(invoice.number)
            invoices[invoice.number] = before.joined(told) if before else told
        if part.available_to:
            available = max(available or part.available_to, part.available_to)
    return Said(tuple(pages), tuple(invoices.values()), available)


def find_missing(said: Said, is_one_answer: bool = False) -> str | None:
    """What is missing of the answers, in words; None if they are complete.

    `is_one_answer`: all pages are of one answer, so counts of hits that differ are approximate.
    """
    for invoice in said.invoices:
        if missing := _missing_of_invoice(invoice):
            return missing
    for of in dict.fromkeys(page.of for page in said.pages):
        pages = [page for page in said.pages if page.of == of]
        answers: dict[str, list[Page]] = {}
        for page in pages:
            if page.is_counted:
                count = f"{page.page_count} pages" if page.total is None else f"{page.total} items"
                answers.setdefault("" if is_one_answer or of else count, []).append(page)
        if len(answers) == 1:  # then what says nothing of how many there are belongs to it
            answers = dict.fromkeys(answers, pages)
        for counted in answers.values():
            if missing := _missing_of_counted(counted):
                return missing
        if missing := _missing_of_linked(pages):
            return missing
    return None


def _missing_of_invoice(invoice: Invoice) -> str | None:
    """Of an invoice: its head, its lines, or some of them."""
    if not invoice.has_head:
        of = f"invoice {invoice.number}" if invoice.number else "an invoice"
        return f"lines of {of} are here, but no invoice before them" if invoice.lines else None
    if not invoice.has_lines:
        return f"there is invoice {invoice.number} without its lines (GET .../{{id}}/lines)"
    if invoice.total is not None and invoice.landed != invoice.total:
        return (
            f"the lines of invoice {invoice.number} sum to {invoice.landed}, its total is "
            f"{invoice.amount}"
        )
    return None


def _missing_of_counted(pages: Sequence[Page]) -> str | None:
    """Of pages that say how many there are, or how many items."""
    count = max((page.page_count for page in pages if page.page_count is not None), default=0)
    total = max((page.total for page in pages if page.total is not None), default=None)
    items = len({identity for page in pages for identity in page.ids})
    items += sum(page.unnamed for page in pages)
    if total is not None:
        return f"{items:,} of {total:,} items are here" if items < total else None
    numbers = {page.number for page in pages} - {None}
    found = len(numbers) + sum(page.number is None for page in pages)
    return f"{found} of {count} pages are here" if found < count else None


def _missing_of_linked(pages: Sequence[Page]) -> str | None:
    """Of pages that lead to the next one: by its number, or by a cursor to what follows.

    They do so whatever they count. A page without a number that counts is any of those counted.
    """
    numbers = {page.number for page in pages}
    unknown = any(page.number is None and page.is_counted for page in pages[1:])
    for page in pages:
        if page.next_number is not None and page.next_number not in numbers and not unknown:
            return f"page {page.next_number}, to which the answer leads, is not here"
    if pages[-1].leads_on:
        return "the last page leads on to a page that is not here (cursor or nextUri)"
    return None


def _identity(item: object) -> str | None:
    """What an item is counted by."""
    named = {normalize(key): value for key, value in item.items()} if isinstance(item, dict) else {}
    return next((str(named[key]) for key in IDENTITIES if named.get(key)), None)


def _number(value: object) -> int | None:
    return int(str(value)) if re.fullmatch(r"\d{1,12}", str(value)) else None


def _number_of_next(uri: object) -> int | None:
    """The number of the page that `nextUri` leads to."""
    if not uri:
        return None
    asked = parse_qs(urlsplit(str(uri)).query)
    return next((_number(values[0]) for key, values in asked.items() if key == "pageNumber"), None)


def is_amount(value: object) -> bool:
    """Whether an amount can be summed."""
    try:
        amount = Decimal(str(value))
        return amount.is_finite() and abs(amount.adjusted()) < MOST_DIGITS
    except InvalidOperation:
        return False
