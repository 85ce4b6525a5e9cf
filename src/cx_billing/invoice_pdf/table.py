"""The table of an invoice: sections, service periods, charges and sums, as they are printed.

Every line must be understood as one of the things that `_STEPS` lists, or the file is refused:
a charge must not be lost because its line looks unusual.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from cx_billing.formats.common import UnreadableError
from cx_billing.invoice_pdf.head import ADVICE, PAGE_NUMBER, Head
from cx_billing.invoice_pdf.values import DASHES, DATE, Claim, currency, dates, is_currency, number
from cx_billing.invoice_pdf.wording import (
    CONTINUED,
    GROUPS,
    NOTES,
    PERIOD_LINE,
    SECTION_LINE,
    SUM_LINES,
    TAXES,
    UNKNOWN_SUM,
    columns_of,
    section_of,
)
from cx_billing.pdf_lines import Cell, Line

SAME_EDGE = 1.0  # points between the left edges of two descriptions, at most
OUTDENT = 0.5  # line heights that a description may stand to the left of its title
FAR = 2.5  # line heights from one line of a description to the next that it never has
CLOSE = 0.85  # of the distance of two charges: only a line of the same charge is closer
WIDEST_BLANK = 0.6  # line heights
HALF = re.compile(r"(?:^|\W)(?:genesys cloud|purecloud)$", re.IGNORECASE)  # without a product
QUALIFIER = re.compile(rf"[{DASHES}]\s*[^\W\d]")  # `- Committed`


@dataclass
class Charge:
    """A line of the table as it is printed; what it does not print is None."""

    section: str
    description: str
    printed: dict[str, str]  # qty, rate, amount
    period: tuple[Claim, ...]
    line: Line


@dataclass(frozen=True)
class Sum:
    """A printed sum, of the section or of the first `charges` charges."""

    kind: str
    section: str | None
    printed: str
    line: Line
    charges: int
    since: int  # charges before the part that a subtotal sums up


@dataclass(frozen=True)
class _Below:
    """A line below a charge that looks like its description."""

    line: Line
    is_taken: bool  # as such
    distance: float  # 0 from page to page
    end: float  # of the line above, if this one's first word stood there
    is_half: bool = False  # neither it nor the line above could stand alone


@dataclass
class Table:
    """Takes the lines below the head one by one."""

    head: Head
    repeated: frozenset[tuple[str, int]]  # lines that stand on every page at the same height
    period: tuple[Claim, ...] = ()  # of the head: where a section has none of its own
    charges: list[Charge] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)
    currencies: list[Claim] = field(default_factory=list)
    _section: str | None = None
    _own_period: tuple[Claim, ...] = ()
    _columns: dict[str, Cell] = field(default_factory=dict)
    _texts_from: float | None = None  # of charges left of their title, which is centred or right
    _last: Line | None = None  # of a charge, as long as its description may go on
    _last_end: float = 0  # where the description in it ends
    _pitches: list[float] = field(default_factory=list)  # from charge to charge
    _below: list[_Below] = field(default_factory=list)
    _widest: float = 0  # where the longest description ends
    _page: int = 0
    _is_page_head: bool = False  # no part of the table has been seen on this page
    _has_header: bool = False  # nothing but the column names has been seen on this page
    _stage: str = "table"  # "table", "total" once it is printed, "notes"

    def take(self, line: Line) -> None:
        """Understand a line; raises UnreadableError that shows it if that is not possible."""
        if line.page != self._page:
            self._page, self._is_page_head, self._has_header = line.page, True, False
        below = self._look_below(line)
        for step, is_furniture, is_title in _STEPS:
            if step(self, line):
                if below and is_title and below.distance > 0:
                    self._below.append(replace(below, is_taken=False))
                self._is_page_head &= is_furniture
                return
        raise _refusal("has a line that is no known part of an invoice", line)

    def finish(self) -> None:
        """Raise UnreadableError if a line below a charge may be taken for what it is not.

        A line of a description stands no farther from the one above than charges from each other,
        and if it stands no closer either, its first word must not have fitted there, or one of the
        two says nothing alone. A charge has a service period if another has; an invoice may print
        none at all.
        """
        if any(charge.period for charge in self.charges):
            for charge in self.charges:
                if not charge.period and charge.section != TAXES:
                    raise _refusal("has a charge that has no service period", charge.line)
        pitch = min(self._pitches, default=None)
        for below in self._below:
            height = below.line.words[0].height
            is_near = below.distance <= (pitch or 1.6 * height) + 0.5
            is_close = pitch is not None and below.distance < CLOSE * pitch
            fits = below.end + WIDEST_BLANK * height <= self._widest
            if below.is_taken != (is_near and (is_close or not fits or below.is_half)):
                raise _refusal(
                    "has a line that may go on with a charge or be something else", below.line
                )

    def _take_page_number(self, line: Line) -> bool:
        text = PAGE_NUMBER.sub("", line.text).strip()
        return not text or bool(CONTINUED.fullmatch(text))

    def _take_header(self, line: Line) -> bool:
        columns = columns_of(line)
        if not columns:
            return False
        for word in line.words:
            if is_currency(word.text.strip("()")):
                self._claim_currency(word.text, line)
        self._columns, self._stage, self._has_header = columns, "table", True
        self._texts_from = None
        return True

    def _take_section(self, line: Line) -> bool:
        found = SECTION_LINE.fullmatch(line.text)
        if not found:
            return False
        section = section_of(found)
        if section != self._section:
            self._section, self._own_period = section, ()
        if found["period"]:
            self._own_period = _period(found["period"], line)
        self._stage, self._last = "table", None
        return True

    def _take_notes(self, line: Line) -> bool:
        is_charge = {"qty", "rate", "amount"} <= set(self._split(line)[1])
        if any(NOTES.fullmatch(cell.text) for cell in line.cells) and not is_charge:
            self._stage, self._last = "notes", None
        elif self._stage == "notes" and is_charge:
            raise _refusal("has a charge among its notes", line)
        elif self._stage == "notes" and self._is_page_head:
            self.head.refuse_another(line)
        return self._stage == "notes"

    def _take_period(self, line: Line) -> bool:
        found = PERIOD_LINE.fullmatch(line.text)
        if not found:
            return False
        if not self._own_period and self._charges_of(self._section):
            raise _refusal("has a service period below charges, not above them", line)
        self._own_period, self._last = _period(found["period"], line), None
        return True

    def _take_sum(self, line: Line) -> bool:
        for kind, pattern in SUM_LINES.items():
            found = pattern.fullmatch(line.text)
            if found and number(found["amount"]):
                return self._add_sum(kind, found, line)
        return False

    def _add_sum(self, kind: str, found: re.Match[str], line: Line) -> bool:
        if kind == "payment" and self._stage != "total":
            return False
        section = {"section": section_of(found), "taxes": TAXES}.get(kind)
        if section and section == self._section and not self._charges_of(section):
            return False  # the only charge of a section may be called like it
        if found["currency"]:
            self._claim_currency(found["currency"], line)
        parts = [total.charges for total in self.sums if total.kind in ("section", "subtotal")]
        kind = "section" if section else kind
        self.sums.append(
            Sum(kind, section, found["amount"], line, len(self.charges), max(parts, default=0))
        )
        if kind in ("total", "due"):
            self._stage = "total"
        self._last = None
        return True

    def _take_charge(self, line: Line) -> bool:
        texts, printed = self._split(line)
        if not printed:
            return False
        is_left = bool(texts) and not self._is_below_description(texts[0])
        if is_left and (len(texts) > 1 or "amount" not in printed):
            return False
        description = " ".join(cell.text for cell in texts)
        period = self._own_period or self.period
        problems = {
            "stands below the total": self._stage != "table",
            "stands in no section": self._section is None,
            "has no description": not texts,
            "has no amount": "amount" not in printed,
            "has text among its numbers": any(cell.x0 >= self._numbers_from for cell in texts),
            "has a rate and no quantity": "qty" in self._columns
            and "rate" in printed
            and "qty" not in printed,
            "looks like a sum, but of what": "qty" not in printed
            and bool(UNKNOWN_SUM.match(description)),
        }
        for problem, is_so in problems.items():
            if is_so:
                raise _refusal(f"has a charge that {problem}", line)
        if self._last and self._last.page == line.page:
            self._pitches.append(line.bottom - self._last.bottom)
        if is_left:
            self._texts_from = min(texts[0].x0, self._texts_from or texts[0].x0)
        assert self._section is not None, "refused above"
        self.charges.append(Charge(self._section, description, printed, period, line))
        self._describe(line, texts[-1].x1)
        return True

    def _describe(self, line: Line, end: float) -> None:
        self._last, self._last_end, self._has_header = line, end, False
        self._widest = max(self._widest, end)

    def _split(self, line: Line) -> tuple[list[Cell], dict[str, str]]:
        """The texts of a line, and its numbers by the columns whose titles they stand below."""
        texts, printed = list(line.cells), {}
        columns = [name for name in self._columns if name != "description"]
        while texts and columns and number(texts[-1].text):
            cell = texts[-1]
            column = min(columns, key=lambda name: _distance(cell, self._columns[name]))
            title = self._columns[column]
            is_below = cell.x0 < title.x1 and title.x0 < cell.x1
            if not is_below and _distance(cell, title) > cell.words[0].height:
                # Numbers to the right below a title to the left: until the next title, and only
                # beside numbers that are below theirs, so that none can be of another column.
                places = list(self._columns)
                after = places[places.index(column) + 1 :][:1]
                is_between = after and title.x1 <= cell.x0 and cell.x1 <= self._columns[after[0]].x0
                if not is_between or after[0] not in printed:
                    break
            del columns[columns.index(column) :], texts[-1]
            printed[column] = cell.text
            if texts and is_currency(texts[-1].text):
                printed[column] = f"{texts.pop().text} {cell.text}"
        return texts, printed

    def _look_below(self, line: Line) -> _Below | None:
        """What the line is if the last charge goes on here: below it, or on top of a new page."""
        last = self._last
        if last is None:
            return None
        first, distance = line.words[0], line.bottom - last.bottom
        if line.page > last.page:
            if line.page > last.page + 1 or not self._has_header:
                return None
            distance = 0
        is_alike = {word.font for word in line.words} <= {word.font for word in last.words}
        is_alike &= abs(first.height - last.words[0].height) < 0.5
        is_inside = self._is_below_description(line.cells[0])
        is_inside &= line.words[-1].x1 <= self._numbers_from
        if not (is_alike and is_inside and distance <= FAR * first.height):
            return None
        return _Below(line, True, distance, self._last_end + first.x1 - first.x0)

    def _take_continuation(self, line: Line) -> bool:
        below = self._look_below(line)
        if below is None:
            return False
        above = self.charges[-1].description
        is_half = bool(HALF.search(above) or QUALIFIER.match(line.text))
        self._below.append(replace(below, is_half=is_half))
        self.charges[-1].description = _join(above, line.text)
        self._describe(line, line.words[-1].x1)
        return True

    def _take_group(self, line: Line) -> bool:
        if line.text.strip(": ").lower() not in GROUPS:
            return False
        self._last = None
        return True

    def _take_repeated(self, line: Line) -> bool:
        return place(line) in self.repeated

    def _take_page_head(self, line: Line) -> bool:
        return self._is_page_head and line.page > 1 and self.head.repeats(line)

    def _take_rest(self, line: Line) -> bool:
        """What follows the total, up to the notes; but no other invoice."""
        if self._stage == "total":
            self.head.refuse_another(line)
        return self._stage == "total"

    def _charges_of(self, section: str | None) -> list[Charge]:
        return [charge for charge in self.charges if charge.section == section]

    def _claim_currency(self, text: str, line: Line) -> None:
        if claim := currency(text, line.where):
            self.currencies.append(claim)

    def _is_below_description(self, cell: Cell) -> bool:
        if self._texts_from is not None and cell.x0 >= self._texts_from - SAME_EDGE:
            return True
        return cell.x0 >= self._columns["description"].x0 - OUTDENT * cell.words[0].height

    @property
    def _numbers_from(self) -> float:
        return min(cell.x0 for name, cell in self._columns.items() if name != "description")


_STEPS = (  # in this order; may it head a further page, could its words end a description
    (Table._take_header, False, True),
    (Table._take_section, False, True),
    (Table._take_notes, True, True),
    (Table._take_period, False, True),
    (Table._take_sum, False, False),
    (Table._take_charge, False, False),
    (Table._take_group, False, True),
    (Table._take_page_number, True, True),
    (Table._take_repeated, True, True),
    (Table._take_continuation, False, False),
    (Table._take_page_head, True, False),
    (Table._take_rest, True, False),
)


def starts(line: Line) -> bool:
    """Whether a line is the first of a table: a section's title or the names of columns."""
    return bool(columns_of(line) or SECTION_LINE.fullmatch(line.text))


def place(line: Line) -> tuple[str, int]:
    """A line's text without its page number, and its height on the page."""
    return PAGE_NUMBER.sub("", line.text).strip(), round(line.bottom)


def repeated(lines: Sequence[Line]) -> frozenset[tuple[str, int]]:
    """Lines that stand on all of several pages, or on all but the first, at the same height.

    They must be the first or the last of each page: what stands below a charge belongs to it.
    """
    pages = defaultdict(list)
    for line in lines:
        pages[line.page].append(place(line))
    count = Counter(key for page in pages.values() for key in set(page))
    often = {key for key, times in count.items() if times >= max(2, len(pages) - 1)}
    often -= {place(line) for line in lines if number(line.cells[-1].text)}
    for page in pages.values():
        first = takewhile(often.__contains__, page)
        last = takewhile(often.__contains__, reversed(page))
        often -= set(page) - {*first, *last}
    return frozenset(often)


def _distance(cell: Cell, title: Cell) -> float:
    """How far a number is from being aligned with a title: right, left, or on its middle."""
    return min(
        abs(cell.x1 - title.x1),
        abs(cell.x0 - title.x0),
        abs(cell.x0 + cell.x1 - title.x0 - title.x1) / 2,
    )


def _period(text: str, line: Line) -> tuple[Claim, ...]:
    """The two dates of a service period, and nothing else but what joins them."""
    found = dates(text, line.where)
    rest = DATE.sub("", text).strip(f" ,:(){DASHES}").lower()
    if len(found) != 2 or rest not in ("", "to", "through", "until"):
        raise _refusal("has a service period that cannot be read", line)
    return tuple(found)


def _join(description: str, more: str) -> str:
    """A description and its next line; a hyphen at the end of a word joins without a blank."""
    if description.endswith("\u00ad"):
        return description[:-1] + more
    return description + ("" if re.search(r"\w-$", description) else " ") + more


def _refusal(problem: str, line: Line) -> UnreadableError:
    return UnreadableError(f"{problem} ({line.where}); {ADVICE}")
