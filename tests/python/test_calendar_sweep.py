"""Every anchor day of a leap year and 60 months from it, on both clocks.

The months are counted here once more, in terms of year, month and day, and shared with nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from cx_billing import landing, warehouse

MONTHS = 60
ANCHORS = [date(2020, 1, 1) + timedelta(days=n) for n in range(366)]
AS_OF = date(2026, 1, 15)  # more than 60 months after the last anchor
STARTS_AT = {"core": time(0), "voice": time(7)}
INSTANT = timedelta(microseconds=1)
HEADER = (
    "contract_id,org_name,region,license_model,billing_option,currency,effective_date,"
    "ramp_end_date,term_end_date\n"
)


def month_after(anchor: date, months: int) -> date:
    """The anchor's day in a later month, or the last day of a month that is too short."""
    year, month = anchor.year + (anchor.month - 1 + months) // 12, (anchor.month - 1 + months) % 12
    return date(year, month + 1, min(anchor.day, monthrange(year, month + 1)[1]))


def contracts_of(anchor: date) -> list[tuple[date, date | None, date | None]]:
    """Effective date, ramp end and term end of the contracts of the org with this anchor.

    Of seven neighbours four have one contract without an end; the others have a term end on a
    boundary, one inside a cycle and a second contract after a gap, or a second contract that
    begins inside a cycle of the first, on any of the 31 days.
    """
    kind = anchor.toordinal() % 7
    ramp_end = month_after(anchor, anchor.toordinal() % 4)
    if kind == 1:
        return [(anchor, ramp_end, month_after(anchor, 24))]
    if kind == 2:
        end = month_after(anchor, 13) + timedelta(days=10)
        return [(anchor, None, end), (end + timedelta(days=anchor.day), None, None)]
    if kind == 3:
        second = month_after(anchor, 5) + timedelta(days=anchor.day)
        return [(anchor, ramp_end, None), (second, None, month_after(second, 30))]
    return [(anchor, ramp_end, None)]


def spans_of(anchor: date) -> list[tuple[date, date | None, date]]:
    """The contracts of an org with ramp end and the day on which each stops: its end, the next
    contract, or as-of."""
    contracts = contracts_of(anchor)
    following = [start for start, *_ in contracts[1:]]
    return [
        (start, ramp_end, min(day for day in (term_end, after, AS_OF) if day))
        for (start, ramp_end, term_end), after in zip(contracts, [*following, None], strict=True)
    ]


@pytest.fixture(scope="module")
def cycles(tmp_path_factory) -> dict[tuple[date, str], list[dict]]:
    """The cycles of every anchor and clock, in the order of their numbers."""
    folder = tmp_path_factory.mktemp("calendar")
    for anchor in ANCHORS:
        path = folder / "inbox" / f"anchor-{anchor}" / "contracts" / "contracts.csv"
        path.parent.mkdir(parents=True)
        rows = [
            f"c{n},Anchor,us-east-1,named,month_to_month,USD,{start},{ramp_end or ''},{end or ''}\n"
            for n, (start, ramp_end, end) in enumerate(contracts_of(anchor))
        ]
        path.write_text(HEADER + "".join(rows))
    return built(folder)


def built(folder: Path) -> dict[tuple[date, str], list[dict]]:
    landing.land(folder / "inbox", folder / "home")
    result = warehouse.build(folder / "home", as_of=AS_OF)
    assert result.passed, "\n".join(str(failure) for failure in result.failures)
    found = defaultdict(list)
    with duckdb.connect(str(result.database)) as connection:
        cursor = connection.execute("from marts.billing_cycles order by cycle_number")
        columns = [column for column, *_ in cursor.description]
        for values in cursor.fetchall():
            row = dict(zip(columns, values, strict=True))
            anchor = date.fromisoformat(row["org_id"].removeprefix("anchor-"))
            found[anchor, row["clock"]].append(row)
    return found


def test_both_clocks_of_every_anchor_have_cycles_numbered_from_one(cycles):
    assert set(cycles) == {(anchor, clock) for anchor in ANCHORS for clock in STARTS_AT}
    for found in cycles.values():
        assert [row["cycle_number"] for row in found] == list(range(1, len(found) + 1))
    open_ended = [
        len(found)
        for (anchor, _), found in cycles.items()
        if len(contracts_of(anchor)) == 1 and spans_of(anchor)[0][-1] == AS_OF
    ]
    assert len(open_ended) > 366 and min(open_ended) >= MONTHS


@pytest.mark.parametrize("clock", STARTS_AT)
def test_cycles_have_no_gap_and_no_overlap(cycles, clock):
    """Each cycle begins where the last one ended, but after a contract's end."""
    for anchor in ANCHORS:
        gaps = [
            (end, start) for (*_, end), (start, *_) in pairwise(spans_of(anchor)) if end < start
        ]
        found = cycles[anchor, clock]
        for one, following in pairwise(found):
            meeting = one["cycle_end_date"], following["cycle_start_date"]
            assert meeting[0] == meeting[1] or meeting in gaps, (anchor, meeting)
        for row in found:
            for side in ("start", "end"):
                day, at = row[f"cycle_{side}_date"], row[f"cycle_{side}_at"]
                assert at == datetime.combine(day, STARTS_AT[clock]), (anchor, row)


@pytest.mark.parametrize("clock", STARTS_AT)
def test_the_anchor_day_comes_back_after_a_short_month(cycles, clock):
    """The 31st of January, the 28th of February, the 31st of March; never a day lost for good."""
    short_months = 0
    for anchor in ANCHORS:
        spans = spans_of(anchor)
        for row in cycles[anchor, clock]:
            day = row["cycle_start_date"]
            began = max((start for start, *_ in spans if start <= day), default=None)
            assert began, f"{anchor}: a cycle starts on {day}, before the contract"
            last = monthrange(day.year, day.month)[1]
            assert day.day == min(began.day, last), (anchor, day)
            short_months += began.day > last
    assert short_months > 200


@pytest.mark.parametrize("clock", STARTS_AT)
def test_cycles_are_the_months_counted_from_the_effective_date(cycles, clock):
    """Start, end and phase of every cycle; the last one of a contract stops with it."""
    for anchor in ANCHORS:
        expected = []
        for start, ramp_end, end in spans_of(anchor):
            stops = end < AS_OF
            for n in range(1200):
                begins, ends = month_after(start, n), month_after(start, n + 1)
                if begins >= end:
                    break
                phase = "ramp" if ramp_end and begins < ramp_end else "term"
                expected.append((begins, min(ends, end) if stops else ends, phase))
        found = [
            (row["cycle_start_date"], row["cycle_end_date"], row["phase"])
            for row in cycles[anchor, clock]
        ]
        assert found == expected, anchor


@pytest.mark.parametrize("clock", STARTS_AT)
def test_every_instant_of_a_contract_lies_in_exactly_one_cycle(cycles, clock):
    """Counted at each boundary, an instant before and after it, and at the edges of contracts."""
    instants = 0
    for anchor in ANCHORS:
        bounds = [(row["cycle_start_at"], row["cycle_end_at"]) for row in cycles[anchor, clock]]
        starts, ends = sorted(s for s, _ in bounds), sorted(e for _, e in bounds)
        spans = [
            [datetime.combine(day, STARTS_AT[clock]) for day in (start, end)]
            for start, _, end in spans_of(anchor)
        ]
        edges = {at for pair in (*bounds, *spans) for at in pair}
        # A cycle that is not over goes on after as-of.
        horizon = datetime.combine(AS_OF, STARTS_AT[clock])
        for instant in (edge + step for edge in edges for step in (-INSTANT, 0 * INSTANT, INSTANT)):
            if instant >= horizon:
                continue
            holding = bisect_right(starts, instant) - bisect_right(ends, instant)
            within = any(start <= instant < end for start, end in spans)
            assert holding == within, (anchor, clock, instant, holding)
            instants += 1
    assert instants > 50_000
