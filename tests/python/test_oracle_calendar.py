"""The oracle's money and calendar against the worked examples of the rulebook."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from oracle.calendar import Contract, add_months, billing_cycles, contracts_in_force
from oracle.money import money, round_half_up
from oracle.values import parse_end


def contract(effective: date, **terms) -> Contract:
    """A named month-to-month contract, changed by `terms`."""
    defaults = {
        "contract_id": "c1",
        "license_model": "named",
        "billing_option": "month_to_month",
        "currency": "USD",
        "billing_account_id": "org",
        "ramp_end_date": None,
        "term_end_date": None,
        "peak_rule": "sustained",
        "ramp_license_billing": "waived",
        "ramp_resource_billing": "waived",
        "payment_terms_days": 30,
    }
    return Contract(effective_date=effective, **{**defaults, **terms})


def starts(as_of: date, *contracts: Contract) -> list[date]:
    """The cycle starts of an org with these contracts."""
    return [c.start for c in billing_cycles(contracts_in_force(list(contracts), as_of), as_of)]


def test_rounding_is_half_up_and_exact():
    assert round_half_up(Decimal("0.005"), 2) == Decimal("0.01")
    assert round_half_up(Decimal("-0.005"), 2) == Decimal("-0.01")
    assert round_half_up(Fraction(1, 3), 6) == Decimal("0.333333")
    assert money(Decimal("100.5"), "JPY") == 101
    assert money(Decimal("1.0005"), "KWD") == Decimal("1.001")


def test_cyc07_t06_the_31st_comes_back_after_february():
    assert starts(date(2024, 5, 1), contract(date(2024, 1, 31))) == [
        date(2024, 1, 31),
        date(2024, 2, 29),
        date(2024, 3, 31),
        date(2024, 4, 30),
    ]
    assert add_months(date(2023, 1, 31), 1) == date(2023, 2, 28)


def test_cyc02_t05_a_cycle_is_half_open_and_seen_until_as_of():
    [first] = billing_cycles(
        contracts_in_force([contract(date(2017, 10, 21))], date(2017, 11, 20)), date(2017, 11, 20)
    )
    assert first.window(date(2017, 11, 20)) == (datetime(2017, 10, 21), datetime(2017, 11, 20))
    assert first.end == date(2017, 11, 21)
    assert starts(date(2024, 2, 16), contract(date(2024, 1, 15)))[1] == date(2024, 2, 15)
    assert len(starts(date(2024, 2, 15), contract(date(2024, 1, 15)))) == 1


def test_two_contracts_cut_each_other_and_number_on():
    first = contract(date(2024, 1, 31), term_end_date=date(2024, 3, 10))
    second = contract(date(2024, 3, 5), contract_id="c2")
    cycles = billing_cycles(contracts_in_force([second, first], date(2024, 4, 6)), date(2024, 4, 6))
    assert [(c.number, c.start, c.end) for c in cycles] == [
        (1, date(2024, 1, 31), date(2024, 2, 29)),
        (2, date(2024, 2, 29), date(2024, 3, 5)),
        (3, date(2024, 3, 5), date(2024, 4, 5)),
        (4, date(2024, 4, 5), date(2024, 5, 5)),
    ]


def test_ramp04_phase_follows_the_cycle_start():
    terms = contract(date(2018, 7, 1), ramp_end_date=date(2018, 9, 1))
    cycles = billing_cycles(contracts_in_force([terms], date(2018, 9, 2)), date(2018, 9, 2))
    assert [(c.is_ramp, c.is_last_ramp) for c in cycles] == [
        (True, False),
        (True, True),
        (False, False),
    ]


def test_cyc03_a_vendor_end_of_23_59_59_means_the_next_day():
    assert parse_end("2018-08-31T23:59:59.999Z") == date(2018, 9, 1)
    assert parse_end("2018-08-31T23:59:59Z") == date(2018, 9, 1)
    assert parse_end("2026-02-14T11:59:59Z") == date(2026, 2, 15)
    assert parse_end("2026-02-14T11:59:58Z") == date(2026, 2, 14)
    assert parse_end("2018-09-01") == date(2018, 9, 1)
