"""The oracle's licenses, peaks and hours against the worked examples of the rulebook."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest

from oracle import people
from oracle.money import whole_hours
from oracle.values import parse_duration

EPOCH = datetime(2024, 3, 1)


def timeline(*pieces: tuple[float, float, int]) -> list[people.Segment]:
    """Segments from minutes."""
    return [
        (EPOCH + timedelta(minutes=start), EPOCH + timedelta(minutes=end), count)
        for start, end, count in pieces
    ]


CF_1 = timeline((0, 60, 10), (60, 80, 12), (80, 140, 10), (140, 160, 12), (160, 220, 10))
CF_2 = timeline((0, 60, 10), (60, 89, 12), (89, 200, 10))
CF_2_LONGER = timeline((0, 60, 10), (60, 89 + 59 / 60, 12), (89 + 59 / 60, 200, 10))
CF_3 = timeline((0, 60, 10), (60, 90, 12), (90, 200, 10))
CF_4 = timeline((0, 60, 5), (60, 80, 11), (80, 100, 12), (100, 120, 13), (120, 200, 5))
CF_5 = timeline(
    (0, 60, 480),
    (60, 76, 500),
    (76, 90, 480),
    (90, 105, 500),
    (105, 120, 480),
    (120, 126, 503),
    (126, 200, 480),
)


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        pytest.param(CF_1, (10, 12, 12), id="CF-1_T08"),
        pytest.param(CF_2, (10, 10, 10), id="CF-2_T07"),
        pytest.param(CF_2_LONGER, (10, 10, 10), id="T07_29:59"),
        pytest.param(CF_3, (12, 12, 12), id="CF-3_T07"),
        pytest.param(CF_4, (12, 12, 5), id="CF-4_T10"),
        pytest.param(CF_5, (480, 500, 500), id="CF-5_T09"),
    ],
)
def test_conc06_three_readings(pieces, expected):
    found = people.peaks(pieces)
    readings = found["sustained"], found["accumulated"], found["accumulated_exact"]
    assert readings == expected


def test_conc06_the_witness_is_the_first_stretch_that_supports_the_peak():
    assert people.first_stretch(CF_3, 12) == (
        EPOCH + timedelta(minutes=60),
        EPOCH + timedelta(minutes=90),
    )
    assert people.first_stretch(CF_4, 12) == (
        EPOCH + timedelta(minutes=80),
        EPOCH + timedelta(minutes=120),
    )


def at(minute: float) -> datetime:
    """Minutes after 08:00."""
    return EPOCH + timedelta(hours=8, minutes=minute)


def test_conc07_t12_handover_overlap_is_disregarded():
    window = EPOCH, EPOCH + timedelta(days=1)
    early = {f"e{n}": [(at(0), at(60))] for n in range(10)}
    late = {f"l{n}": [(at(45), at(120))] for n in range(10)}
    found = people.peaks(people.segments({**early, **late}, window))
    assert (found["highest"], found["sustained"]) == (20, 10)


def test_conc07_logout_and_login_at_one_instant_do_not_overlap():
    window = EPOCH, EPOCH + timedelta(days=1)
    users = {"a": [(at(0), at(60))], "b": [(at(60), at(120))]}
    assert people.peaks(people.segments(users, window))["highest"] == 1


def test_conc08_daily_peak_splits_a_stretch_at_midnight():
    night = EPOCH + timedelta(days=1)
    users = {"a": [(night - timedelta(minutes=20), night + timedelta(minutes=10, seconds=30))]}
    pieces = people.segments(users, (EPOCH, EPOCH + timedelta(days=2)))
    assert people.daily_peak(pieces, date(2024, 3, 1)) == (1, 20)
    assert people.daily_peak(pieces, date(2024, 3, 2)) == (1, Fraction(21, 2))


def test_lic03_lic05_highest_license_and_every_addon():
    held = {"cx1", "cx3", "communicate", "cx1_wem_addon"}
    assert people.billed_products(held, "named") == {
        "cx3",
        "cx1_wem_addon",
    }
    assert people.billed_products({"cx2", "cx2_digital"}, "named") == {"cx2"}
    assert people.counting_model("communicate", "concurrent") == "named"


def test_hour02_t19_sum_first_then_round_up():
    hours = Fraction("112.23") + Fraction("110.11")
    assert whole_hours(hours * 3600) == 223
    assert whole_hours(222 * 3600) == 222
    assert whole_hours(0) == 0
    assert parse_duration("7:59:59:999") == Fraction("28799.999")
    assert people.duration_text(Fraction("28799.999")) == "7:59:59:999"
