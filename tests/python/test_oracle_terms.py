"""The oracle on contracts that change: prepaid years, ends of terms, and what comes after them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from oracle.datasets import columns_of
from test_oracle_marts import Inbox, lines_of

YEARLY, MONTHLY, IN_ARREARS = "annual_prepay", "annual_prepay_monthly", "month_to_month"
AS_OF = "2026-06-18"


class Terms(Inbox):
    """A small inbox whose contracts, items and users are written by what matters of them."""

    def contracts(self, *contracts: dict) -> Terms:
        """Named contracts A, B, ... in USD, prepaid by the year unless they say otherwise."""
        rows = []
        for name, contract in zip("ABC", contracts, strict=False):
            usual = {
                "contract_id": name,
                "org_name": "Org",
                "region": "us-east-1",
                "license_model": "named",
                "billing_option": YEARLY,
                "currency": "USD",
            }
            rows.append(csv_row("contracts", {**usual, **contract}))
        self.file("contracts", *rows)
        return self

    def items(self, *rows: str) -> Terms:
        """`A cx2 10 100 150 2026-03-10 170`: contract, product, commitment, prepay and overage
        rate, then, if they matter, the first day and the published rate."""
        names = "contract_id product_code committed_quantity prepay_rate overage_rate"
        names += " effective_from published_rate"
        cells = (dict(zip(names.split(), row.split(), strict=False)) for row in rows)
        self.file("contract_items", *(csv_row("contract_items", row) for row in cells))
        return self

    def users(self, count: int, *days: str, product: str = "cx2") -> Terms:
        """So many users of a license, each logged in for an hour on some days."""
        users = [f"u{n}" for n in range(count)]
        self.file("license_assignments", *(f"{user},{product},2020-01-01," for user in users))
        hour = "{0}T09:00:00Z,{0}T10:00:00Z"
        rows = (f"{user},ON_QUEUE,{hour.format(day)}" for user in users for day in days)
        self.file("user_presence", *rows)
        return self


def csv_row(dataset: str, values: dict) -> str:
    """A row by column."""
    names = [name for name, *_ in columns_of(dataset)]
    assert set(values) <= set(names)
    return ",".join(str(values.get(name, "")) for name in names)


@pytest.fixture
def inbox(tmp_path: Path) -> Terms:
    """An empty inbox."""
    return Terms(tmp_path)


def prepaid(marts: dict) -> list[tuple]:
    """Date, product, quantity, amount and period of every prepay line."""
    return [
        (
            str(line["invoice_date"]),
            line["product_code"],
            line["quantity"],
            line["amount"],
            f"{line['service_period_start']}..{line['service_period_end']}",
        )
        for line in marts["invoice_lines"]
        if line["charge_type"] == "prepay"
    ]


def charged(marts: dict, charge_type: str, product: str = "cx2") -> list[tuple]:
    """Date, quantity and amount of the lines of a product."""
    return [
        (str(line["invoice_date"]), line["quantity"], line["amount"])
        for line in marts["invoice_lines"]
        if (line["charge_type"], line["product_code"]) == (charge_type, product)
    ]


def usage(marts: dict) -> list[tuple]:
    """Committed, actual and overage quantity of each cycle, as the license usage shows them."""
    return [
        (row["committed_quantity"], row["actual_quantity"], row["overage_quantity"])
        for row in marts["license_usage"]
    ]


DAYS_OF_2026 = ("2026-01-12", "2026-02-12", "2026-03-12", "2026-04-12", "2026-05-12")


# ---------------------------------------------------------------- a prepaid year that changes


def test_inv11_a_raise_is_one_more_line_for_the_cycles_left_of_the_year(inbox):
    inbox.contracts({"effective_date": "2026-01-10"}).users(15, *DAYS_OF_2026)
    inbox.items("A cx2 10 100 150", "A cx2 15 110 150 2026-03-10")
    marts = inbox.marts(AS_OF)
    assert prepaid(marts) == [
        ("2026-01-10", "cx2", 120, 12000, "2026-01-10..2027-01-10"),
        ("2026-03-10", "cx2", 50, 5500, "2026-03-10..2027-01-10"),
    ]
    assert charged(marts, "overage") == [("2026-02-10", 5, 750), ("2026-03-10", 5, 750)]
    assert usage(marts)[:3] == [(10, 15, 5), (10, 15, 5), (15, 15, 0)]


def test_inv11_a_raise_inside_a_cycle_waits_for_the_next_cycle_start(inbox):
    inbox.contracts({"effective_date": "2026-01-10"})
    inbox.items("A cx2 10 100 150", "A cx2 12.5 100 150 2026-03-11")
    assert prepaid(inbox.marts("2026-04-10"))[1:] == []
    assert prepaid(inbox.marts("2026-04-11"))[1:] == [
        ("2026-04-10", "cx2", Decimal("22.5"), 2250, "2026-04-10..2027-01-10")
    ]


def test_inv11_a_product_added_within_the_year_is_prepaid_to_its_end(inbox):
    inbox.contracts({"effective_date": "2026-01-10"})
    inbox.items("A cx2 10 100 150", "A cx3 4 130 200 2026-05-10")
    assert prepaid(inbox.marts(AS_OF))[1:] == [
        ("2026-05-10", "cx3", 32, 4160, "2026-05-10..2027-01-10")
    ]


def test_inv11_what_is_paid_of_a_lowered_year_covers_overage_until_the_next(inbox):
    inbox.contracts({"effective_date": "2025-03-10"}).users(12, *DAYS_OF_2026)
    inbox.items("A cx2 10 100 150", "A cx2 4 100 150 2026-01-10")
    marts = inbox.marts(AS_OF)
    assert prepaid(marts) == [
        ("2025-03-10", "cx2", 120, 12000, "2025-03-10..2026-03-10"),
        ("2026-03-10", "cx2", 48, 4800, "2026-03-10..2027-03-10"),
    ]
    assert [quantity for _, quantity, _ in charged(marts, "overage")] == [2, 2, 8, 8, 8]
    assert [row for row in usage(marts) if row[1]] == [(4, 12, 2)] * 2 + [(4, 12, 8)] * 3
    within = [r for r in marts["unbilled_usage"] if r["reason"] == "within_commitment"]
    assert [row["quantity"] for row in within] == [10, 10, 4, 4, 4]


def test_inv11_lowered_and_raised_again_pays_only_what_is_above_the_prepaid(inbox):
    inbox.contracts({"effective_date": "2026-01-10"})
    inbox.items(
        "A cx2 10 100 150",
        "A cx2 4 100 150 2026-02-10",
        "A cx2 9 100 150 2026-03-10",
        "A cx2 11 100 150 2026-04-10",
        "A cx2 13 100 150 2026-05-10",
    )
    assert [(day, quantity) for day, _, quantity, *_ in prepaid(inbox.marts(AS_OF))] == [
        ("2026-01-10", 120),
        ("2026-04-10", 9),
        ("2026-05-10", 16),
    ]


@pytest.mark.parametrize(
    ("prepay_raise", "overage"),
    [
        pytest.param("overage", [3, 3], id="above_what_is_prepaid"),
        pytest.param("next_year", [1, 1], id="above_the_raised_commitment"),
    ],
)
def test_inv11_a_contract_can_leave_a_raise_to_overage_or_to_the_next_year(
    inbox, prepay_raise, overage
):
    terms = {"effective_date": "2025-05-10", "prepay_raise": prepay_raise}
    inbox.contracts(terms).users(6, "2026-02-15", "2026-03-15", "2026-04-15", "2026-05-15")
    inbox.items("A cx2 3 100 150", "A cx2 5 100 150 2026-03-10")
    marts = inbox.marts(AS_OF)
    assert [(day, quantity) for day, _, quantity, *_ in prepaid(marts)] == [
        ("2025-05-10", 36),
        ("2026-05-10", 60),
    ]
    assert [quantity for _, quantity, _ in charged(marts, "overage")] == [3, *overage, 1]
    assert [row for row in usage(marts) if row[1]][1] == (5, 6, overage[0])


@pytest.mark.parametrize("option", [MONTHLY, IN_ARREARS])
def test_inv11_the_way_of_a_raise_matters_to_prepaid_years_alone(inbox, option):
    terms = {"effective_date": "2026-01-10", "billing_option": option}
    inbox.contracts({**terms, "prepay_raise": "overage"}).users(6, *DAYS_OF_2026)
    inbox.items("A cx2 3 100 150", "A cx2 5 100 150 2026-03-10")
    quantities = [quantity for _, quantity, _ in charged(inbox.marts(AS_OF), "overage")]
    assert quantities == [3, 3, 1, 1, 1]


def test_fu02_an_allowance_counts_the_greatest_of_prepaid_committed_and_used(inbox):
    inbox.contracts({"effective_date": "2026-01-10"}).users(3, *DAYS_OF_2026)
    inbox.items("A cx2 10 100 150", "A cx2 0 100 150 2026-03-10", "A cx2 12 100 150 2026-05-10")
    days = ("2026-02-12", "2026-03-12", "2026-05-12")
    inbox.file("resource_usage", *(f"{day},ivr_minutes,1" for day in days))
    included = [r["included_quantity"] for r in inbox.marts(AS_OF)["resource_usage"]]
    assert included == [10 * 2500, 10 * 2500, 12 * 2500]


def test_fu02_what_is_prepaid_and_no_more_used_or_committed_brings_its_allowance(inbox):
    inbox.contracts({"effective_date": "2026-01-10"})
    inbox.items("A cx2 10 100 150", "A cx2 0 100 150 2026-03-10")
    inbox.file("resource_usage", "2026-03-12,ivr_minutes,1")
    marts = inbox.marts(AS_OF)
    assert [r["included_quantity"] for r in marts["resource_usage"]] == [25000]
    assert [str(r["cycle_start_date"]) for r in marts["license_usage"]] == [
        "2026-01-10",
        "2026-02-10",
    ]


def test_inv09_further_lines_of_a_year_count_for_the_minimum_month_by_month(inbox):
    inbox.contracts({"effective_date": "2026-01-10", "minimum_monthly_amount": 1600})
    inbox.items("A cx2 10 100 150", "A cx2 15 110 150 2026-03-10")
    lacking = [
        (str(line["invoice_date"]), line["amount"])
        for line in inbox.marts("2026-04-11")["invoice_lines"]
        if line["product_code"] == "minimum_monthly_amount"
    ]
    assert lacking == [
        ("2026-02-10", 600),
        ("2026-03-10", 600),
        ("2026-04-10", 50),
        ("2026-05-10", 50),
    ]


# ---------------------------------------------------------------- a successor


@pytest.mark.parametrize(
    ("successor", "expected"),
    [
        pytest.param("2026-03-10", [(-70, "2026-03-10..2026-10-10")], id="on_a_boundary"),
        pytest.param("2026-03-11", [(-60, "2026-04-10..2026-10-10")], id="inside_a_cycle"),
        pytest.param("2026-09-11", [], id="in_the_last_cycle"),
        pytest.param("2026-10-10", [], id="after_a_whole_year"),
    ],
)
def test_inv05_a_successor_gives_back_the_cycles_that_never_begin(inbox, successor, expected):
    inbox.contracts({"effective_date": "2025-10-10"}, {"effective_date": successor})
    inbox.items("A cx2 10 100 150", "B cx2 20 90 120")
    given = [row for row in prepaid(inbox.marts("2026-10-11")) if row[2] < 0]
    assert given == [(successor, "cx2", q, q * 100, period) for q, period in expected]
    charged_by_successor = [row for row in prepaid(inbox.marts("2026-10-11")) if row[2] > 120]
    assert [row[:3] for row in charged_by_successor] == [(successor, "cx2", 240)]


def test_inv05_each_line_that_is_undone_is_given_back_at_its_own_price(inbox):
    inbox.contracts({"effective_date": "2025-10-10"}, {"effective_date": "2026-02-20"})
    inbox.items("A cx2 10 100 150", "A cx2 15 110 150 2025-12-10", "A ivr_minutes 99 0.05 0.06")
    marts = inbox.marts(AS_OF)
    assert [row for row in prepaid(marts) if row[2] < 0] == [
        ("2026-02-20", "cx2", -70, -7000, "2026-03-10..2026-10-10"),
        ("2026-02-20", "cx2", -35, -3850, "2026-03-10..2026-10-10"),
        ("2026-02-20", "ivr_minutes", -693, Decimal("-34.65"), "2026-03-10..2026-10-10"),
    ]
    units = {(r["product_code"], r["unit_of_measure"]) for r in marts["invoice_lines"]}
    assert units == {("cx2", "user-month"), ("ivr_minutes", "minute")}
    ids = [line["invoice_line_id"] for line in marts["invoice_lines"]]
    assert len(ids) == len(set(ids))


def test_inv05_all_is_given_back_if_the_successor_begins_before_the_term(inbox):
    terms = {"effective_date": "2025-10-10", "ramp_end_date": "2026-01-10"}
    inbox.contracts(terms, {"effective_date": "2025-12-01", "billing_option": IN_ARREARS})
    inbox.items("A cx2 10 100 150")
    assert prepaid(inbox.marts(AS_OF)) == [
        ("2025-10-10", "cx2", 120, 12000, "2026-01-10..2027-01-10"),
        ("2025-12-01", "cx2", -120, -12000, "2026-01-10..2027-01-10"),
    ]


def test_inv05_neither_monthly_prepay_nor_a_term_that_is_over_gives_back(inbox):
    over = {"effective_date": "2025-01-10", "term_end_date": "2025-03-10"}
    monthly = {"effective_date": "2025-06-10", "billing_option": MONTHLY}
    inbox.contracts(over, monthly, {"effective_date": "2025-08-01", "billing_option": IN_ARREARS})
    inbox.items("A cx2 10 100 150", "B cx2 10 100 150")
    assert [(day, quantity) for day, _, quantity, *_ in prepaid(inbox.marts(AS_OF))] == [
        ("2025-01-10", 20),
        ("2025-06-10", 10),
        ("2025-07-10", 10),
    ]


def test_tax01_what_is_given_back_is_taxed_by_the_contract_that_prepaid_it(inbox):
    taxed = {"effective_date": "2025-10-10", "tax_jurisdiction": "EXAMPLE-US"}
    inbox.contracts(taxed, {"effective_date": "2026-03-10"})
    inbox.items("A cx2 10 100 150", "B cx2 20 90 120")
    marts = inbox.marts(AS_OF)
    taxes = [r for r in lines_of(marts, "2026-03-10") if r[1] == "tax"]
    assert taxes == [
        ("tax_federal", "tax", -7000, -350),
        ("tax_state", "tax", -7000, -280),
        ("tax_local", "tax", -7000, -70),
    ]
    [invoice] = [r for r in marts["invoices"] if str(r["invoice_date"]) == "2026-03-10"]
    assert (invoice["subtotal_amount"], invoice["tax_amount"]) == (21600 - 7000, -700)


# ---------------------------------------------------------------- years and their ends


def test_inv05_a_year_ends_with_the_term_and_its_partial_cycle_is_whole(inbox):
    inbox.contracts({"effective_date": "2026-01-15", "term_end_date": "2026-04-01"})
    inbox.users(12, "2026-01-20", "2026-02-20", "2026-03-20", "2026-04-02")
    inbox.items("A cx2 10 100 150", "A number_mrc 0 0 3.10")
    inbox.file("phone_numbers", "+13170000001,local,2026-01-15,,US,false")
    marts = inbox.marts(AS_OF)
    assert prepaid(marts) == [("2026-01-15", "cx2", 30, 3000, "2026-01-15..2026-04-01")]
    assert charged(marts, "overage")[-1] == ("2026-04-01", 2, 300)
    assert charged(marts, "recurring", "number_mrc") == [
        ("2026-02-15", 1, Decimal("3.10")),
        ("2026-03-15", 1, Decimal("3.10")),
        ("2026-04-01", 1, Decimal("1.70")),
    ]
    assert len(marts["rejected_rows"]) == 12


def test_inv11_a_raise_in_the_last_cycle_of_a_term_pays_it_whole(inbox):
    inbox.contracts({"effective_date": "2026-01-15", "term_end_date": "2026-04-01"})
    inbox.items("A cx2 10 100 150", "A cx2 11 100 150 2026-03-15")
    assert prepaid(inbox.marts(AS_OF))[1:] == [
        ("2026-03-15", "cx2", 1, 100, "2026-03-15..2026-04-01")
    ]


def test_cyc07_years_from_a_clamped_boundary_are_counted_in_cycles(inbox):
    inbox.contracts(
        {
            "effective_date": "2024-01-31",
            "ramp_end_date": "2024-02-29",
            "term_end_date": "2025-05-31",
        }
    ).items("A cx2 3 100 150")
    assert prepaid(inbox.marts(AS_OF)) == [
        ("2024-01-31", "cx2", 36, 3600, "2024-02-29..2025-02-28"),
        ("2025-02-28", "cx2", 9, 900, "2025-02-28..2025-05-31"),
    ]


def test_cyc07_a_second_year_can_begin_a_day_later_in_february(inbox):
    inbox.contracts({"effective_date": "2022-12-31", "ramp_end_date": "2023-02-28"})
    inbox.items("A cx2 3 100 150")
    assert [row[-1] for row in prepaid(inbox.marts("2025-03-01"))] == [
        "2023-02-28..2024-02-29",
        "2024-02-29..2025-02-28",
        "2025-02-28..2026-02-28",
    ]


def test_ramp04_a_ramp_that_ends_inside_a_cycle_moves_the_year_to_the_next_boundary(inbox):
    inbox.contracts({"effective_date": "2026-01-10", "ramp_end_date": "2026-02-20"})
    inbox.users(4, *DAYS_OF_2026)
    inbox.items("A cx2 3 100 150", "A cx2 5 120 150 2026-02-10", "A cx1 1 50 60 2026-02-20")
    marts = inbox.marts(AS_OF)
    assert prepaid(marts) == [
        ("2026-03-10", "cx1", 12, 600, "2026-03-10..2027-03-10"),
        ("2026-01-10", "cx2", 36, 3600, "2026-03-10..2027-03-10"),
        ("2026-03-10", "cx2", 24, 2880, "2026-03-10..2027-03-10"),
    ]
    assert charged(marts, "usage") == [("2026-02-10", 4, 0), ("2026-03-10", 4, 0)]
    assert [row["phase"] for row in marts["billing_cycles"][::2]] == ["ramp", "ramp", *["term"] * 4]


def test_ramp04_a_commitment_lowered_within_the_ramp_was_paid_for_a_year(inbox):
    inbox.contracts({"effective_date": "2026-01-10", "ramp_end_date": "2026-02-10"})
    inbox.users(4, *DAYS_OF_2026)
    inbox.items("A cx2 3 100 150", "A cx2 1 100 150 2026-02-10")
    marts = inbox.marts(AS_OF)
    assert [row[:3] for row in prepaid(marts)] == [("2026-01-10", "cx2", 36)]
    assert [quantity for _, quantity, _ in charged(marts, "overage")] == [1, 1, 1, 1]


# ---------------------------------------------------------------- after the term


def after_april(**terms: str) -> dict:
    """A contract of March 2026 that runs on from month to month."""
    usual = {"effective_date": "2026-03-01", "term_end_date": "2026-04-01"}
    return {**usual, "after_term": "month_to_month", **terms}


@pytest.mark.parametrize("option", [YEARLY, MONTHLY, IN_ARREARS])
def test_after_the_term_all_use_is_overage_at_the_published_rate(inbox, option):
    inbox.contracts(after_april(billing_option=option)).users(2, "2026-03-05", "2026-04-05")
    inbox.items("A cx2 1 100 150 2026-03-01 170")
    marts = inbox.marts(AS_OF)
    assert charged(marts, "overage") == [("2026-04-01", 1, 150), ("2026-05-01", 2, 340)]
    paid = [str(r["invoice_date"]) for r in marts["invoice_lines"] if r["charge_type"] != "overage"]
    assert paid == ["2026-04-01" if option == IN_ARREARS else "2026-03-01"]
    assert [row["phase"] for row in marts["billing_cycles"][::2]] == ["term"] * 4
    assert usage(marts) == [(1, 2, 1), (0, 2, 2)]
    assert marts["rejected_rows"] == []


def test_after_the_term_every_price_is_the_published_one_if_there_is_one(inbox):
    inbox.contracts(after_april(minimum_monthly_amount="500"))
    inbox.items(
        "A number_mrc 0 0 3.10 2026-03-01 6.20",
        "A phone 0 0 4 2026-03-01 5",
        "A edge_virtual 0 0 40",
        "A sms_messages 100 0.01 0.02 2026-03-01 0.03",
        "A ivr_minutes 10 0.01 0.02 2026-03-01 0.03",
    )
    inbox.file("phone_numbers", "+1,local,2026-01-01,,US,false")
    inbox.file("devices", "d1,phone,2026-01-01,", "d2,edge_virtual,2026-01-01,")
    inbox.file("resource_usage", "2026-04-02,sms_messages,50", "2026-04-02,ivr_minutes,20")
    assert lines_of(inbox.marts(AS_OF), "2026-05-01") == [
        ("ivr_minutes", "overage", 20, Decimal("0.60")),
        ("sms_messages", "usage", 50, Decimal("1.50")),
        ("number_mrc", "recurring", 1, Decimal("6.20")),
        ("edge_virtual", "recurring", 1, 40),
        ("phone", "recurring", 1, 5),
    ]


def test_a_term_that_ends_inside_a_cycle_does_not_cut_it_if_the_contract_runs_on(inbox):
    inbox.contracts(after_april(term_end_date="2026-04-10"))
    inbox.users(2, "2026-03-05", "2026-04-25", "2026-05-05")
    inbox.items("A cx2 1 100 150 2026-03-01 170", "A number_mrc 0 0 3.10")
    inbox.file("phone_numbers", "+1,local,2026-01-01,,US,false")
    marts = inbox.marts(AS_OF)
    assert prepaid(marts) == [("2026-03-01", "cx2", 2, 200, "2026-03-01..2026-05-01")]
    assert charged(marts, "overage") == [
        ("2026-04-01", 1, 150),
        ("2026-05-01", 1, 150),
        ("2026-06-01", 2, 340),
    ]
    assert {amount for *_, amount in charged(marts, "recurring", "number_mrc")} == {
        Decimal("3.10"),
        Decimal("1.76"),  # seen through the 17th of June
    }


def test_a_contract_that_runs_on_is_cut_by_its_successor(inbox):
    inbox.contracts(after_april(), {"effective_date": "2026-05-16", "billing_option": IN_ARREARS})
    inbox.users(2, "2026-05-15", "2026-05-16")
    inbox.items("A cx2 1 100 150 2026-03-01 170", "B cx2 0 100 120", "A number_mrc 0 0 3.10")
    inbox.file("phone_numbers", "+1,local,2026-01-01,,US,false")
    marts = inbox.marts(AS_OF)
    assert charged(marts, "overage") == [("2026-05-16", 2, 340), ("2026-06-16", 2, 240)]
    assert charged(marts, "recurring", "number_mrc")[-1] == ("2026-05-16", 1, Decimal("1.50"))


def test_a_term_that_ends_takes_no_more(inbox):
    inbox.contracts(after_april(after_term="", billing_option=MONTHLY))
    inbox.users(2, "2026-03-05", "2026-04-05").items("A cx2 1 100 150 2026-03-01 170")
    marts = inbox.marts(AS_OF)
    assert [r["reason"] for r in marts["rejected_rows"]] == ["outside_contract"] * 2
    assert max(str(r["invoice_date"]) for r in marts["invoices"]) == "2026-04-01"


# ---------------------------------------------------------------- numbers and orders


def test_num01_a_cut_cycle_has_the_days_of_the_whole_month(inbox):
    inbox.contracts(
        {"effective_date": "2026-03-01", "billing_option": IN_ARREARS},
        {"effective_date": "2026-03-16", "billing_option": IN_ARREARS},
    ).items("A number_mrc 0 0 3.10", "B number_mrc 0 0 3.10")
    inbox.file("phone_numbers", "+1,local,2026-01-01,,US,false")
    assert charged(inbox.marts("2026-04-17"), "recurring", "number_mrc") == [
        ("2026-03-16", 1, Decimal("1.50")),
        ("2026-04-16", 1, Decimal("3.10")),
        ("2026-05-16", 1, Decimal("0.10")),
    ]


@pytest.mark.parametrize(
    ("ordered", "shipped", "is_hardware", "invoiced"),
    [
        pytest.param("2026-03-20", "2026-04-01", "true", "2026-04-01", id="on_the_last_invoice"),
        pytest.param("2026-03-20", "2026-04-05", "true", "2026-04-05", id="after_the_term"),
        pytest.param("2026-04-01", "2026-04-05", "true", None, id="ordered_too_late"),
        pytest.param("2026-04-01", "", "false", None, id="on_the_end_date"),
        pytest.param("2026-03-31", "", "false", "2026-03-31", id="on_the_last_day"),
        pytest.param("2026-03-20", "2026-04-05", "false", "2026-03-20", id="no_hardware"),
        pytest.param("2026-02-20", "2026-03-05", "true", "2026-03-05", id="ordered_before"),
        pytest.param("2026-02-20", "2026-04-05", "true", None, id="neither_within"),
    ],
)
def test_inv06_hardware_counts_by_its_shipped_date(inbox, ordered, shipped, is_hardware, invoiced):
    terms = {"effective_date": "2026-03-01", "term_end_date": "2026-04-01"}
    inbox.contracts({**terms, "billing_option": IN_ARREARS})
    inbox.file("orders", f"o1,phone,1,85.00,{ordered},{shipped},{is_hardware}")
    marts = inbox.marts(AS_OF)
    dates = [str(line["invoice_date"]) for line in marts["invoice_lines"]]
    assert dates == ([invoiced] if invoiced else [])
    reasons = [row["reason"] for row in marts["rejected_rows"]]
    assert reasons == ([] if invoiced else ["outside_contract"])


def test_inv06_hardware_ordered_but_not_shipped_is_neither_billed_nor_rejected(inbox):
    inbox.contracts({"effective_date": "2026-03-01", "term_end_date": "2026-04-01"})
    inbox.file("orders", "o1,phone,1,85.00,2026-03-20,,true")
    marts = inbox.marts(AS_OF)
    assert marts["invoice_lines"] == marts["rejected_rows"] == []
