"""Parking: what is wrong with one organization stops no other's bill."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from command_line import cx_billing
from cx_billing import landing, parking, warehouse
from small_inbox import Inbox
from stand_in import StandIn

ORDERS = """
select org_id, product_code, {{ amount }} as amount
from read_parquet('{{ env_var("CX_BILLING_HOME") }}/lake/orders/*.parquet')
"""
AMOUNT = "try_cast(unit_price as decimal(18, 2))"
ORGANIZATIONS = """
select distinct
    org_id,
    false as is_parked,
    null::timestamp as parked_since,
    null::varchar as parked_reason
from {{ ref('answers') }}
"""


@pytest.fixture
def stand_in(tmp_path, monkeypatch) -> StandIn:
    """A project of orders and their organizations, of which a test allows up to 99."""
    monkeypatch.setenv("CX_BILLING_CACHE", str(tmp_path / "cache"))  # ten projects are kept in one
    stand_in = StandIn(tmp_path)
    (stand_in.project / "models" / "organizations.sql").write_text(ORGANIZATIONS)
    test = stand_in.project / "tests" / "answers_are_small.sql"
    test.write_text("select org_id, amount from {{ ref('answers') }} where amount > 99")
    return reads(stand_in, AMOUNT)


def reads(stand_in: StandIn, amount: str) -> StandIn:
    return stand_in.says(ORDERS.replace("{{ amount }}", amount))


def deliver(stand_in: StandIn, org_id: str, name: str, amount: object) -> None:
    """Land an order of an organization."""
    file = stand_in.home.parent / "inbox" / org_id / "orders" / f"{name}.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        "order_id,product_code,quantity,unit_price,ordered_date\n"
        f"{name},phone,1,{amount},2026-01-01\n"
    )
    report = landing.land(stand_in.home.parent / "inbox", stand_in.home)
    assert not report.refused


def published(stand_in: StandIn) -> tuple[set[tuple], dict[str, bool]]:
    """The orders that readers see, and whether their organizations are parked."""
    with warehouse.connect(stand_in.home) as reader:
        orders = reader.sql("select org_id, amount::int from marts.answers").fetchall()
        marked = reader.sql("select org_id, is_parked from marts.organizations").fetchall()
    return set(orders), dict(marked)


def test_what_is_wrong_with_one_organization_stops_no_other(stand_in):
    for org_id in ("acme", "zeta"):
        deliver(stand_in, org_id, "first", 1)
    assert stand_in.build().parked == ()
    deliver(stand_in, "acme", "second", 100)
    deliver(stand_in, "zeta", "second", 2)
    before = datetime.now()

    result = stand_in.build()

    assert result.passed and result.published
    [parked] = result.parked
    assert parked.org_id == "acme"
    assert parked.reason == "answers_are_small: No answer is above 99."
    assert published(stand_in) == (
        {("acme", 1), ("zeta", 1), ("zeta", 2)},
        {"acme": True, "zeta": False},
    )
    with warehouse.connect(stand_in.home) as reader:
        [told] = reader.sql(
            "select parked_since, parked_reason from marts.organizations where is_parked"
        ).fetchall()
    assert told == (datetime.fromisoformat(parked.since), parked.reason)
    assert abs(told[0] - before) < timedelta(hours=15)  # the clock of the machine is of any zone


def test_a_parked_organization_stays_so_until_something_of_it_is_new(stand_in):
    deliver(stand_in, "zeta", "first", 1)
    deliver(stand_in, "acme", "wrong", 100)
    first = stand_in.build().parked
    assert published(stand_in) == ({("zeta", 1)}, {"zeta": False})

    deliver(stand_in, "zeta", "second", 2)
    assert stand_in.build().parked == first

    landing.withdraw(stand_in.home, "acme/orders/wrong.csv")
    reads(stand_in, f"if(withdrawn_at is null, {AMOUNT}, 0)")
    assert stand_in.build().parked == ()
    assert published(stand_in)[1] == {"acme": False, "zeta": False}
    assert parking.read(stand_in.home) == {}


def test_an_organization_that_fails_again_is_parked_since_then(stand_in):
    deliver(stand_in, "zeta", "first", 1)
    deliver(stand_in, "acme", "wrong", 100)
    [first] = stand_in.build().parked
    deliver(stand_in, "acme", "right", 3)
    [again] = stand_in.build().parked
    assert again.since > first.since
    assert published(stand_in)[0] == {("zeta", 1)}


def test_the_software_is_new_so_all_are_tried_again(stand_in, monkeypatch):
    deliver(stand_in, "zeta", "first", 1)
    deliver(stand_in, "acme", "first", 100)
    assert stand_in.build().parked
    reads(stand_in, f"least({AMOUNT}, 99)")
    assert stand_in.build().parked
    monkeypatch.setattr(parking, "version", lambda name: "99")
    assert stand_in.build().parked == ()


def test_the_organizations_with_which_a_model_fails_are_found(stand_in):
    everybody, broken = {f"a{number}" for number in range(6)}, {"a0", "a4"}
    for org_id in everybody:
        deliver(stand_in, org_id, "first", "boom" if org_id in broken else 1)
    reads(stand_in, f"if(unit_price = 'boom', error('boom ' || org_id)::int, {AMOUNT})")

    result = stand_in.build()

    assert result.passed
    assert {known.org_id for known in result.parked} == broken
    assert all(known.reason.startswith("answers: ") for known in result.parked)
    assert set(published(stand_in)[1]) == everybody - broken


def test_what_no_organization_is_the_cause_of_stops_the_build(stand_in):
    for org_id in ("acme", "zeta"):
        deliver(stand_in, org_id, "first", 1)
    stand_in.build()
    deliver(stand_in, "zeta", "second", 2)
    for wrong in ("no_such_column", "error('always')"):
        result = reads(stand_in, wrong).build()
        assert not result.passed and not result.published and result.parked == ()
    test = stand_in.project / "tests" / "answers_are_small.sql"
    test.write_text("select 1 from (select count(*) as n from {{ ref('answers') }}) where n < 99")
    result = reads(stand_in, AMOUNT).build()
    assert result.parked == () and not result.published
    with duckdb.connect(str(result.database), read_only=True) as connection:  # all that failed
        assert connection.sql("select count(*) from marts.answers").fetchall() == [(3,)]
    assert published(stand_in)[0] == {("acme", 1), ("zeta", 1)}


def test_a_test_whose_rows_name_nobody_is_tried_without_each(stand_in):
    test = stand_in.project / "tests" / "answers_are_small.sql"
    test.write_text("select amount from {{ ref('answers') }} where amount > 99")
    for org_id, amount in {"acme": 100, "zeta": 1, "beta": 2}.items():
        deliver(stand_in, org_id, "first", amount)
    assert [known.org_id for known in stand_in.build().parked] == ["acme"]
    assert published(stand_in)[0] == {("beta", 2), ("zeta", 1)}


def test_where_everybody_fails_the_build_stops(stand_in):
    deliver(stand_in, "acme", "first", 100)
    deliver(stand_in, "zeta", "first", 200)
    result = stand_in.build()
    assert not result.passed
    assert result.parked == ()
    assert parking.read(stand_in.home) == {}


def test_rows_that_a_mart_takes_no_more_are_all_left_out(stand_in):
    """A mart may have become stricter since: an organization is published whole or not at all."""
    deliver(stand_in, "acme", "first", 1)
    deliver(stand_in, "zeta", "first", 1)
    stand_in.build()
    deliver(stand_in, "acme", "second", 100)
    (stand_in.project / "models" / "_models.yml").write_text(
        json.dumps(
            {
                "models": [
                    {
                        "name": "organizations",
                        "config": {"contract": {"enforced": True}},
                        "columns": [
                            {"name": "org_id", "data_type": "varchar"},
                            {"name": "is_parked", "data_type": "boolean"},
                            {"name": "parked_since", "data_type": "timestamp"},
                            {"name": "parked_reason", "data_type": "varchar"},
                            {
                                "name": "is_new",
                                "data_type": "boolean",
                                "constraints": [{"type": "not_null"}],
                            },
                        ],
                    }
                ]
            }
        )
    )
    model = stand_in.project / "models" / "organizations.sql"
    model.write_text(
        ORGANIZATIONS.replace("from {{", ", true as is_new\nfrom {{").replace(
            "as parked_reason\n,", "as parked_reason,"
        )
    )
    assert [known.org_id for known in stand_in.build().parked] == ["acme"]
    assert published(stand_in) == ({("zeta", 1)}, {"zeta": False})


def test_commands_say_who_is_parked(tmp_path):
    home, inbox = tmp_path / "home", tmp_path / "inbox"
    for org_id in ("acme", "zeta"):
        orders = Inbox(inbox, org_id).named()
        orders.file("orders", "o0,phone,1,7,2026-03-10,,,")
    landing.land(inbox, home)
    build = ("--home", home, "build", "--as-of", "2026-05-05")
    assert cx_billing(*build, code=0)
    Inbox(inbox, "zeta").file("orders", "o1,phone,1,100,2026-04-10,,,", name="b.csv")
    landing.land(inbox, home)
    why = "assert_x: No line is \x1b[31mwrong."
    parking.write(home, parking.park({"acme": why}, datetime.now(UTC).replace(tzinfo=None)))

    said = cx_billing(*build, code=3)

    assert "Published" in said
    assert "Parked: acme, since " in said and "assert_x: No line is" in said
    assert "\x1b" not in said and "unpark ORG_ID" in said
    told = "acme is parked since"
    show = ("--home", home, "show")
    assert "assert_x: No line is" in cx_billing("--home", home, "status", code=0)
    assert told in cx_billing(*show, "index", code=0)
    assert told in cx_billing(*show, "invoice", "acme", "2026-03-10", code=0)
    assert told not in cx_billing(*show, "invoice", "zeta", "2026-04-10", code=0)
    with warehouse.connect(home) as reader:
        rows = reader.sql("select org_id, is_parked from marts.organizations order by 1").fetchall()
        assert rows == [("acme", True), ("zeta", False)]
        [[lines]] = reader.sql(
            "select count(*) from marts.invoice_lines where org_id = 'zeta' and amount = 100"
        ).fetchall()
        assert lines == 1

    refused = cx_billing("--home", home, "unpark", "zeta", code=2)
    assert "zeta is not parked. Parked are: acme." in refused
    assert "Published" in cx_billing(
        "--home", home, "unpark", "acme", "--as-of", "2026-05-05", code=0
    )
    assert parking.read(home) == {}
    assert told not in cx_billing(*show, "invoice", "acme", "2026-03-10", code=0)


@pytest.mark.parametrize("culprits", [{0}, {11}, {3, 8}, set(range(12)), set()], ids=str)
def test_culprits_are_found_by_halves(culprits):
    asked = []

    def fails(organizations):
        asked.append(organizations)
        return bool(culprits & {int(name) for name in organizations})

    everybody = [str(number) for number in range(12)]
    assert {int(name) for name in parking.find_culprits(everybody, fails)} == culprits
    assert len(asked) <= 2 + 2 * max(1, len(culprits)) * 4


def test_nobody_is_a_culprit_of_what_fails_without_anybody():
    assert parking.find_culprits(["a", "b"], lambda organizations: True) == []


def test_two_that_fail_only_together_are_no_culprits():
    assert parking.find_culprits(["a", "b"], lambda organizations: len(organizations) == 2) == []
