"""What is published is not computed again, unless something that it was made from has changed."""

from __future__ import annotations

from datetime import date
from functools import partial
from hashlib import sha256

import pytest

from cx_billing import parking, warehouse
from stand_in import StandIn
from test_parking import deliver
from test_parking import stand_in as orders

DAY = date(2026, 5, 5)
__all__ = ["orders"]


@pytest.fixture
def stand_in(tmp_path) -> StandIn:
    return StandIn(tmp_path).says(42)


def again(stand_in: StandIn, **options) -> bool:
    """Whether a build computes anything."""
    result = stand_in.build(**{"as_of": DAY, "only_if_new": True} | options)
    assert result.passed and result.published
    return result.is_new


def test_a_build_of_the_same_is_not_computed_again(stand_in):
    assert again(stand_in)
    result = stand_in.build(as_of=DAY, only_if_new=True)
    assert (result.is_new, result.nodes, result.passed) == (False, 0, True)
    assert result.database == (stand_in.home / "cx_billing.duckdb").resolve()
    assert stand_in.builds() == ["1"] and stand_in.published() == 42


@pytest.mark.parametrize(
    "change",
    [
        partial(StandIn.says, answer=43),
        lambda stand_in: (stand_in.home / "customer_key").write_text(sha256(b"x").hexdigest()),
        lambda stand_in: (stand_in.home / "lake" / "users" / "new.parquet").write_bytes(b"new"),
        lambda stand_in: (stand_in.home / "lake" / "users" / "old.parquet").write_bytes(b"was old"),
        lambda stand_in: (stand_in.home / "lake" / "users" / "old.parquet").unlink(),
    ],
)
def test_whatever_a_build_rests_on_makes_it_new(stand_in, change):
    old = stand_in.home / "lake" / "users" / "old.parquet"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"old")
    assert again(stand_in) and not again(stand_in)
    change(stand_in)
    assert again(stand_in) and not again(stand_in)


@pytest.mark.parametrize(
    "option",
    [
        {"as_of": date(2026, 5, 6)},
        {"full_refresh": True},
        {"accept_changes": True},
        {"show_personal_data": True},
        {"only_if_new": False},
    ],
)
def test_whoever_asks_for_something_else_has_it_built(stand_in, option):
    assert again(stand_in)
    assert again(stand_in, **option)


def test_what_is_landed_during_a_build_is_in_the_next(stand_in):
    def land(_step: warehouse.Step) -> None:
        file = stand_in.home / "lake" / "users" / "late.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.write_bytes(b"late")

    assert again(stand_in, on_event=land)
    assert again(stand_in)
    assert not again(stand_in)


def test_a_warning_that_may_not_be_is_told_of_what_is_published_too(stand_in):
    assert again(stand_in)
    result = stand_in.build(as_of=DAY, only_if_new=True, refuse=lambda _connection: ["no"])
    assert [failure.message for failure in result.failures] == ["no"]
    assert stand_in.published() == 42


def test_who_is_parked_stays_so_until_it_is_tried_again(orders):
    deliver(orders, "zeta", "first", 1)
    deliver(orders, "acme", "wrong", 100)
    parked = orders.build(as_of=DAY).parked
    assert [known.org_id for known in parked] == ["acme"]
    result = orders.build(as_of=DAY, only_if_new=True)
    assert not result.is_new and result.parked == parked
    parking.write(orders.home, {})
    assert orders.build(as_of=DAY, only_if_new=True).is_new


def test_what_is_refused_where_nothing_is_new_was_not_built(stand_in):
    assert again(stand_in)
    result = stand_in.build(as_of=DAY, only_if_new=True, refuse=lambda _reader: ["no"])
    assert [failure.message for failure in result.failures] == ["no"]
    assert result.database is None and result.published is None
    assert stand_in.builds() == ["1"] and stand_in.published() == 42
