"""What the numbers and dates of a document mean, and whether its sums hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from cx_billing.formats.common import UnreadableError
from cx_billing.invoice_pdf.head import Head
from cx_billing.invoice_pdf.table import Table
from cx_billing.invoice_pdf.values import Claim, Number, currency, dates, number, settle
from cx_billing.pdf_lines import Line

DATE_FIELDS = ("invoice_date", "due_date")
MONEY_FIELDS = ("invoice_total", "amount_due")
NOTHING = Decimal(0)


def date_order(head: Head, table: Table, text: Sequence[Line]) -> str:
    """Whether day or month comes first: by the dates that count, and the clear ones elsewhere."""
    claims = [
        claim
        for name in (*DATE_FIELDS, "service_period")
        for claim in dates(head.values.get(name, ""), head.where.get(name, ""))
    ]
    claims += [claim for charge in table.charges for claim in charge.period]
    elsewhere = [claim for line in text for claim in dates(line.text, line.where)]
    claims += [claim for claim in elsewhere if len(claim.readings) == 1]
    advice = "deliver this invoice as a CSV file with dates as 2026-01-31"
    return settle(claims, "date", advice) or ""  # no date, no order


class Money:
    """The numbers of an invoice, with the decimal mark and the currency that all of them share.

    Raises UnreadableError if they do not, or if there is no currency.
    """

    def __init__(self, head: Head, table: Table):
        self._head, self._table = head, table
        marks, currencies = [], list(table.currencies)
        if text := head.values.get("payable_in"):
            where = head.where["payable_in"]
            currencies.insert(0, currency(text, where) or Claim(text, where, {}))
        for printed, where, column in self._printed():
            found = _number(printed)
            if found.is_percentage and column != "rate":
                raise UnreadableError(
                    f"has a percentage for an amount or a quantity: '{printed}' ({where})"
                )
            marks.append(Claim(printed, where, found.readings))
            for sign in found.currencies:
                currencies.append(currency(sign, where) or Claim(sign, where, {}))
        advice = "deliver this invoice as a CSV file with numbers as 1234.56"
        self._mark = settle(marks, "number", advice) or ""  # no number, no mark
        advice = "deliver its lines as a CSV file with the code of their one currency"
        code = settle(currencies, "currency", advice)
        if code is None:
            raise UnreadableError(f"shows no currency at 'Payable in' or its amounts; {advice}")
        self.currency = code

    def _printed(self) -> Iterator[tuple[str, str, str]]:
        """Every number, where it stands, and its column."""
        for name in MONEY_FIELDS:
            if name in self._head.values:
                yield self._head.values[name], self._head.where[name], "amount"
        for charge in self._table.charges:
            for column, printed in charge.printed.items():
                yield printed, charge.line.where, column
        for part in self._table.sums:
            yield part.printed, part.line.where, "amount"

    def exact(self, printed: str) -> str:
        """All the digits of a printed number, as `-1234.56`."""
        return _number(printed).readings[self._mark]

    def total(self) -> Decimal:
        """What the charges add up to; raises UnreadableError unless every printed sum agrees."""
        charges, sums = self._table.charges, self._table.sums
        amounts = [self._decimal(charge.printed["amount"]) for charge in charges]
        total = sum(amounts, NOTHING)
        payments = (part for part in sums if part.kind == "payment")
        paid = sum((abs(self._decimal(part.printed)) for part in payments), NOTHING)
        totals = {"total": total, "due": total - paid}
        for part in sums:
            since = sum(amounts[part.since : part.charges], NOTHING)
            if part.kind in totals:
                self._compare(part.printed, [totals[part.kind]], "the total", part.line.where)
            elif part.kind == "section":
                of_section = (
                    amount
                    for amount, charge in zip(amounts, charges, strict=True)
                    if charge.section == part.section
                )
                section, title = sum(of_section, NOTHING), part.section or "a section"
                self._compare(part.printed, [section, since], title, part.line.where)
            elif part.kind == "subtotal":
                so_far = sum(amounts[: part.charges], NOTHING)
                self._compare(part.printed, [since, so_far], "a subtotal", part.line.where)
        for name, expected in zip(MONEY_FIELDS, totals.values(), strict=True):
            if printed := self._head.values.get(name):
                self._compare(printed, [expected], "the total", self._head.where[name])
        if not any(part.kind in totals for part in sums) and not any(
            name in self._head.values for name in MONEY_FIELDS
        ):
            raise UnreadableError("prints no total to hold its charges against; fetch it again")
        return total

    def _decimal(self, printed: str) -> Decimal:
        return Decimal(self.exact(printed))

    def _compare(self, printed: str, summed: list[Decimal], what: str, where: str) -> None:
        """Refuse a printed sum that its charges make up in none of the ways given."""
        value = self._decimal(printed)
        if value not in summed:
            raise UnreadableError(
                f"prints {value} for {what}, but its charges add up to {summed[0]}: a difference "
                f"of {value - summed[0]} ({where}); fetch it again, or ask the vendor"
            )


def _number(printed: str) -> Number:
    """What a text that was taken for a number can mean."""
    found = number(printed)
    assert found is not None, f"{printed!r} is no number"
    return found
