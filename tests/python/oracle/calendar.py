"""Contracts in force, billing cycles and the two clocks (CYC-01 .. CYC-07, RAMP-04).

Where interface and rulebook leave a choice, this is what the oracle does:

1. A cycle is the last of the ramp if it starts before the ramp end and ends at or after it; a cycle
   cut off before the ramp end is not.
2. A cycle that starts before the ramp end is a cycle of the ramp, even where the term is over.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import count, zip_longest

CLOCKS = {"core": timedelta(0), "voice": timedelta(hours=7)}  # CYC-03, CYC-04


def midnight(day: date) -> datetime:
    """00:00 UTC of `day`."""
    return datetime.combine(day, time.min)


def add_months(day: date, months: int) -> date:
    """CYC-07: `day` plus `months` months, clamped to the last day of the month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True)
class Contract:
    """One accepted row of `contracts`, with the defaults of interface 3 filled in."""

    contract_id: str
    license_model: str
    billing_option: str
    currency: str
    effective_date: date
    billing_account_id: str
    ramp_end_date: date | None
    term_end_date: date | None
    peak_rule: str
    ramp_license_billing: str
    ramp_resource_billing: str
    payment_terms_days: int
    tax_jurisdiction: str | None = None
    org_name: str | None = None
    region: str | None = None
    hourly_model: str = "logged_in"
    minimum_monthly_amount: Decimal | None = None
    messaging_pricing_model: str = "per_conversation"
    after_term: str = "ends"
    prepay_raise: str = "co_term"
    hourly_switch: str = "latest"

    def boundary(self, number: int) -> date:
        """CYC-07: where the cycle after `number` cycles begins, were the contract never cut."""
        return add_months(self.effective_date, number)

    @property
    def first_term_cycle(self) -> int:
        """How many cycles the ramp has: one in which it ends is ramp as a whole."""
        ramp_end = self.ramp_end_date or self.effective_date
        return next(n for n in count() if self.boundary(n) >= ramp_end)

    @property
    def runs_on(self) -> bool:
        """Whether it is billed month to month when its term is over."""
        return self.after_term == "month_to_month"

    @property
    def cut_date(self) -> date | None:
        """Where its cycles stop by its own words."""
        return None if self.runs_on else self.term_end_date

    def in_term(self, number: int) -> bool:
        """Whether a cycle begins before the term is over."""
        return self.term_end_date is None or self.boundary(number) < self.term_end_date


@dataclass(frozen=True)
class InForce:
    """A contract and the days on which it is the one in force: `[start, end)`, end None = open."""

    contract: Contract
    start: date
    end: date | None


def contracts_in_force(contracts: list[Contract], as_of: date) -> list[InForce]:
    """One contract at any instant: the latest effective date not after it; term ends end it,
    unless it runs on from month to month.

    Contracts that take effect on or after `as_of` are not looked at.
    """
    known = sorted(
        (c for c in contracts if c.effective_date < as_of), key=lambda c: c.effective_date
    )
    spans = []
    for contract, following in zip_longest(known, known[1:]):
        ends = [following.effective_date] if following else []
        ends += [contract.cut_date] if contract.cut_date else []
        spans.append(InForce(contract, contract.effective_date, min(ends, default=None)))
    return spans


@dataclass(frozen=True)
class Cycle:
    """One billing cycle of an org, `[start, end)` in dates; the clock adds the hour of day.

    `whole_end` is where it would end if neither the term nor another contract cut it.
    """

    number: int
    contract: Contract
    start: date
    end: date
    whole_end: date

    @property
    def is_ramp(self) -> bool:
        """RAMP-04: a cycle is ramp if it starts before the ramp ends."""
        ramp_end = self.contract.ramp_end_date
        return ramp_end is not None and self.start < ramp_end

    @property
    def is_last_ramp(self) -> bool:
        """RAMP-02: the ramp cycle in which, or at whose end, the ramp ends."""
        return self.is_ramp and self.end >= self.contract.ramp_end_date

    @property
    def is_after_term(self) -> bool:
        """Whether it is billed month to month: it starts on or after the end of the term."""
        term_end = self.contract.term_end_date
        return term_end is not None and self.start >= term_end and not self.is_ramp

    @property
    def whole_days(self) -> int:
        """NUM-01: the days of the whole monthly cycle, also of one that is cut short."""
        return (self.whole_end - self.start).days

    def bounds(self, clock: str = "core") -> tuple[datetime, datetime]:
        """The full cycle on `clock`."""
        return midnight(self.start) + CLOCKS[clock], midnight(self.end) + CLOCKS[clock]

    def window(self, as_of: date, clock: str = "core") -> tuple[datetime, datetime]:
        """The cycle on `clock` as far as `as_of` lets it be seen."""
        start, end = self.bounds(clock)
        return start, min(end, midnight(as_of))


def billing_cycles(spans: list[InForce], as_of: date) -> list[Cycle]:
    """CYC-01, CYC-07: months counted from each effective date; numbered on over the org."""
    cycles: list[Cycle] = []
    for span in spans:
        month = 0
        while True:
            start = span.contract.boundary(month)
            if start >= as_of or (span.end and start >= span.end):
                break
            whole_end = span.contract.boundary(month + 1)
            end = min(whole_end, span.end) if span.end else whole_end
            cycles.append(Cycle(len(cycles) + 1, span.contract, start, end, whole_end))
            month += 1
    return cycles


Interval = tuple[datetime, datetime]


def clip(interval: Interval, window: Interval) -> Interval | None:
    """The part of `interval` inside `window`, or None when no time is left."""
    start, end = max(interval[0], window[0]), min(interval[1], window[1])
    return (start, end) if start < end else None


def touches(interval: Interval, window: Interval) -> bool:
    """CONV-02, CONV-06: overlaps the window; an instant belongs where it lies."""
    start, end = interval
    if start == end:
        return window[0] <= start < window[1]
    return start < window[1] and end > window[0]


def merge(intervals: list[Interval]) -> list[Interval]:
    """CONC-07: the union of intervals as disjoint ones in order; zero-length ones count nothing."""
    merged: list[Interval] = []
    for start, end in sorted(i for i in intervals if i[0] < i[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
