"""The random organizations hit every rule of contracts that change, each of them often.

A rule that is never drawn is never compared: warehouse and oracle could both have it wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice, pairwise

import pytest

from oracle import usage
from oracle.calendar import add_months
from oracle.invoices import invoice_lines
from oracle.meter import Meter
from oracle.policies import RANDOM
from oracle.prepaid import Prepaid, prepaid_lines, years
from oracle.reader import Organization, is_ordered_in_time, read_organization
from random_orgs.inbox import draw_organization, write_own_files

ORGS, SEED = 300, 1  # those that test_random_organizations draws
OFTEN = 4  # organizations at least


@pytest.fixture(scope="module")
def hits(tmp_path_factory) -> Counter:
    """In how many organizations each rule decides something."""
    folder = tmp_path_factory.mktemp("terms")
    found: Counter = Counter()
    for index in range(ORGS):
        org = draw_organization(index, SEED)
        write_own_files(org, folder)
        found.update(set(rules_of(read_organization(folder / org.org_id, org.as_of, RANDOM))))
    return found


def rules_of(org: Organization) -> Iterator[str]:
    """What the contracts of an organization decide."""
    lines = prepaid_lines(org)
    for line in lines:
        yield from rules_of_line(line, lines)
    meters = [Meter(org, cycle) for cycle in org.cycles]
    for meter in meters:
        yield from rules_of_cycle(meter)
    yield from rules_of_orders(org)
    yield from rules_of_ends(org)
    if any(line.charged for line in lines):
        taxes = [row for row in invoice_lines(org, meters) if row["charge_type"] == "tax"]
        if any(row["quantity"] < 0 for row in taxes):
            yield "a negative tax"


def rules_of_line(line: Prepaid, lines: list[Prepaid]) -> Iterator[str]:
    """What a prepay line of a year is."""
    contract = line.contract
    dates_of_years = {dated for dated, _ in islice(years(contract), 9)}
    if line.quantity == 0:
        return
    if line.charged:
        is_all = line.first == contract.first_term_cycle
        yield "all given back before the term" if is_all else "given back within a year"
        if line.charged not in dates_of_years:
            yield "a raise given back"
        return
    if line.dated not in dates_of_years:
        same = [
            other for other in lines if (other.contract, other.product) == (contract, line.product)
        ]
        has_year = any(other.dated in dates_of_years and other.quantity > 0 for other in same)
        yield "raised" if has_year else "added"
        if line.first == contract.first_term_cycle:
            yield "raised within the ramp"
        if sum(other.charged is None and other.dated not in dates_of_years for other in same) > 1:
            yield "raised twice"
        return
    if line.months < 12:
        yield "a shorter year"
    if line.period[1] != contract.boundary(line.last):
        yield "a year that ends inside a cycle"
    term_start = contract.boundary(contract.first_term_cycle)
    if term_start not in {contract.effective_date, contract.ramp_end_date}:
        yield "a ramp that ends inside a cycle"
    if line.first > contract.first_term_cycle:
        yield "a second year"
    if line.period[0] != add_months(term_start, line.first - contract.first_term_cycle):
        yield "a year that begins on a clamped boundary"


def rules_of_cycle(meter: Meter) -> Iterator[str]:
    """What prepaid years and ends of terms decide about a cycle."""
    cycle, contract = meter.cycle, meter.cycle.contract
    by_year = contract.billing_option == "annual_prepay"
    if by_year and not cycle.is_ramp and not cycle.is_after_term:
        for row in meter.license_usage:
            prepaid, committed = meter.prepaid(row["product_code"]), row["committed_quantity"]
            if row["actual_quantity"] > committed and prepaid > committed:
                yield "usage of a lowered year"
            if row["actual_quantity"] > prepaid and committed > prepaid:
                yield f"usage of a raise left to {contract.prepay_raise}"
        for row in meter.license_counts:
            if row["prepaid_quantity"] > max(row["committed_quantity"], row["actual_quantity"]):
                yield "an allowance of what is prepaid"
    if cycle.is_after_term:
        for row in meter.license_usage:
            if item := meter.item(row["product_code"]):
                published = item["published_rate"] is not None
                article = "a" if contract.billing_option == "month_to_month" else "an"
                yield f"a license after {article} {contract.billing_option} term"
                yield "a published rate" if published else "no published rate"
        if meter.resource_usage:
            yield "a resource after the term"
    if cycle.end < cycle.whole_end and cycle.end <= meter.org.as_of:
        kinds = {kind for kind, *_ in usage.numbers_held(meter.org, cycle)}
        if any(meter.number_item("mrc", kind)[1] for kind in kinds):
            yield "a number in a cut cycle"


def rules_of_orders(org: Organization) -> Iterator[str]:
    """Orders about the ends of contracts."""
    ends = {contract.cut_date for contract in org.contracts}
    for row in org.landed.get("orders", []):
        if row.reason == "outside_contract" and row["ordered_date"] in ends:
            yield "an order on the end of the term"
        if not row.reason and not row.is_duplicate and row["shipped_date"] and row["is_hardware"]:
            if is_ordered_in_time(org, row):
                yield "hardware shipped after the term"
            if row["ordered_date"] < org.contracts[0].effective_date:
                yield "hardware ordered before the contract"


def rules_of_ends(org: Organization) -> Iterator[str]:
    """How contracts end."""
    for span, following in pairwise([*org.spans, None]):
        contract, end = span.contract, span.contract.term_end_date
        if not end or end >= org.as_of:
            continue
        if not contract.runs_on and span.end == end:
            yield "a term that ends"
        if contract.runs_on and all(c.start != end for c in org.cycles):
            yield "a term that ends inside a cycle and runs on"
        if contract.runs_on and following and following.start > end:
            yield "a successor after the term"


RULES = (
    "raised",
    "raised within the ramp",
    "raised twice",
    "added",
    "usage of a lowered year",
    "usage of a raise left to overage",
    "usage of a raise left to next_year",
    "an allowance of what is prepaid",
    "given back within a year",
    "all given back before the term",
    "a raise given back",
    "a negative tax",
    "a second year",
    "a shorter year",
    "a year that ends inside a cycle",
    "a year that begins on a clamped boundary",
    "a ramp that ends inside a cycle",
    "a license after an annual_prepay term",
    "a license after an annual_prepay_monthly term",
    "a license after a month_to_month term",
    "a resource after the term",
    "a published rate",
    "no published rate",
    "a term that ends",
    "a term that ends inside a cycle and runs on",
    "a successor after the term",
    "a number in a cut cycle",
    "hardware shipped after the term",
    "hardware ordered before the contract",
    "an order on the end of the term",
)


def test_every_rule_of_a_changing_contract_is_drawn_often(hits):
    rare = {rule: hits[rule] for rule in RULES if hits[rule] < OFTEN}
    assert not rare, rare
    assert set(hits) == set(RULES)
