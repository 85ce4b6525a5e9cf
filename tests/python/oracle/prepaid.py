"""Prepaid years: what a contract charges ahead, and how much of it counts for each cycle.

Years are counted in cycles of the contract, so each begins and ends on a cycle boundary; the last
one holds the cycles that begin before the term ends, a partial one whole.

Where interface and rulebook leave a choice, this is what the oracle does:

1. The item of a year's line is the one in force on the day the line is dated: of the first year on
   the effective date, of a later one on its first day.
2. A further line is charged only at starts of cycles that begin: before as-of, and before the
   successor.
3. The last cycle of a term that ends inside it is paid to where the cycle ends: to the end of the
   term, or to the next boundary if the contract runs on from month to month.
4. Only a successor gives back: what a contract prepaid and its own term cut off never was charged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count, pairwise

from oracle.calendar import Contract, InForce
from oracle.contract_items import committable_products, item_in_force
from oracle.reader import Organization

ZERO = Decimal(0)
CYCLES_OF_A_YEAR = 12


@dataclass(frozen=True)
class Prepaid:
    """A commitment charged ahead for the cycles `[first, last)` of a contract.

    `charged` is the day of the line that a give-back undoes, else None.
    """

    contract: Contract
    product: str
    dated: date
    first: int
    last: int
    quantity: Decimal
    rate: Decimal
    charged: date | None = None

    @property
    def period(self) -> tuple[date, date]:
        """Its service period: from boundary to boundary, or to where the term cuts the last."""
        end, cut = self.contract.boundary(self.last), self.contract.cut_date
        return self.contract.boundary(self.first), min(end, cut) if cut else end

    @property
    def months(self) -> int:
        """The cycles it pays."""
        return self.last - self.first


def years(contract: Contract) -> Iterator[tuple[date, range]]:
    """The prepaid years of a term: the day each is charged, and its cycles."""
    for first in count(contract.first_term_cycle, CYCLES_OF_A_YEAR):
        cycles = [n for n in range(first, first + CYCLES_OF_A_YEAR) if contract.in_term(n)]
        if not cycles:
            return
        is_first = first == contract.first_term_cycle
        dated = contract.effective_date if is_first else contract.boundary(first)
        yield dated, range(first, cycles[-1] + 1)


def charged(org: Organization, span: InForce) -> Iterator[Prepaid]:
    """Every line of a contract that is charged ahead: a year at a time, and what is added to it."""
    contract = span.contract

    def is_charged(day: date) -> bool:
        return day < org.as_of and (span.end is None or day < span.end)

    for dated, cycles in years(contract):
        if not is_charged(dated):
            return
        for product in committable_products(org, contract):
            prepaid = ZERO
            if item := item_in_force(org, contract, product, dated):
                prepaid, rate = item["committed_quantity"], item["prepay_rate"]
                yield Prepaid(contract, product, dated, cycles[0], cycles.stop, prepaid, rate)
            if contract.prepay_raise != "co_term":
                continue
            for number in cycles:
                start = contract.boundary(number)
                item = item_in_force(org, contract, product, start)
                more = item["committed_quantity"] - prepaid if item else ZERO
                if is_charged(start) and more > 0:
                    rate = item["prepay_rate"]
                    yield Prepaid(contract, product, start, number, cycles.stop, more, rate)
                    prepaid += more


def given_back(lines: list[Prepaid], successor: date) -> Iterator[Prepaid]:
    """What a successor gives back: of each line the cycles that never begin."""
    for line in lines:
        never = [n for n in range(line.first, line.last) if line.contract.boundary(n) >= successor]
        if never:
            yield Prepaid(
                line.contract,
                line.product,
                successor,
                never[0],
                line.last,
                -line.quantity,
                line.rate,
                charged=line.dated,
            )


def prepaid_lines(org: Organization) -> list[Prepaid]:
    """The lines of all contracts that are prepaid by the year, and what successors give back."""
    if org.prepaid is not None:
        return org.prepaid
    found: list[Prepaid] = []
    for span, following in pairwise([*org.spans, None]):
        if span.contract.billing_option == "annual_prepay":
            lines = list(charged(org, span))
            found += lines
            found += given_back(lines, following.start) if following else []
    org.prepaid = found
    return found


def prepaid_for(lines: list[Prepaid], contract: Contract, product: str, start: date) -> Decimal:
    """What has been charged ahead for the cycle of a contract that starts on `start`."""
    return sum(
        (
            line.quantity
            for line in lines
            if (line.contract, line.product) == (contract, product)
            and line.period[0] <= start < line.period[1]
        ),
        ZERO,
    )
